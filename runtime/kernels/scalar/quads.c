#include "runtime/kernels/scalar/quads.h"

#include "runtime/kernels/product.h"
#include "runtime/kernels/scalar/lanes.h"

#include <string.h>

/* Pairs of elements of an unrolled turn, and bytes of code of one: fifteen instructions. */
#define TURN 4u
#define PAIR_CODE 30u

uint32_t mrt_scalar_quads_skip(uint32_t pairs)
{
    const uint32_t left = pairs % TURN;
    return ((left == 0u) ? 0u : (TURN - left)) * PAIR_CODE;
}

#if MRT_SCALAR_ASSEMBLY == 1

#define MEMBER(name) MRT_SCALAR_MEMBER(mrt_scalar_quads_t, name)
#define SHARED(name) [name] "i"(offsetof(mrt_scalar_quads_t, shared.name))

/* Two weights of each of two channels times two elements. An arithmetic shift by 16 leaves the low lane's sign in the
 * carry: added, it makes the high lane whole. */
#define PAIR(total, high) /* MISRA D4 */ \
    "    ldm     r1!, {r4, r5}\n" \
    "    muls    r4, r2\n" \
    "    muls    r5, r3\n" \
    "    adds    r4, r4, r5\n" \
    "    add     " total ", r4\n" \
    "    asrs    r4, r4, #16\n" \
    "    adcs    " high ", r4\n"

/* The same within a window of eight. */
#define INSIDE(sum) /* MISRA D4 */ \
    "    ldm     r1!, {r5, %[s]}\n" \
    "    muls    r5, r2\n" \
    "    muls    %[s], r3\n" \
    "    adds    " sum ", " sum ", r5\n" \
    "    adds    " sum ", " sum ", %[s]\n"

/* The output of the sum in r2 by the record at r6, to place `n` of a group. */
#define OUTPUT(n) /* MISRA D4 */ \
    "    ldm     r6!, {r3, r4}\n" \
    "    subs    r3, r2, r3\n" \
    "    cmp     r3, r4\n" \
    "    bhi     3" n "f\n" \
    "    ldm     r6!, {r3, r4, r5}\n" \
    "    asrs    r1, r2, #4\n" \
    "    muls    r1, r3\n" \
    "    asrs    r1, r1, #12\n" \
    "    muls    r2, r4\n" \
    "    adds    r2, r2, r1\n" \
    "    adds    r2, r2, r5\n" \
    "    cmp     r2, lr\n" \
    "    blt     5" n "f\n" \
    "6" n ": asrs    r2, r2, #24\n" \
    "7" n ": strb    r2, [r0, #" n "]\n"

/* What few sums need, behind the outputs; `step` is how far a channel's step lies behind its record. */
#define OUTSIDE(n, step) /* MISRA D4 */ \
    "3" n ": adds    r6, #12\n" \
    "    ldr     r2, [%[s], %[least]]\n" \
    "    cmp     r3, #0\n" \
    "    blt     7" n "b\n" \
    "    ldr     r2, [%[s], %[most]]\n" \
    "    b       7" n "b\n" \
    "5" n ": ldr     r3, [r6, #" step "]\n" \
    "    adds    r2, r2, r3\n" \
    "    b       6" n "b\n"

/* Whole groups. The loop needs every register, also the one that holds the state's address, which r12 keeps meanwhile.
 * r11 is the group, r10 the end of words, lr the zero point as a scaled sum. */
static MRT_NOINLINE void multiply_groups(mrt_scalar_quads_t *quads)
{
    mrt_scalar_quads_t *s = quads;
    __asm volatile( /* MISRA D5 */
        "    .syntax unified\n"
        "    mov     r12, %[s]\n"
        "    ldr     r3, [%[s], %[words_end]]\n"
        "    mov     r10, r3\n"
        "    ldr     r3, [%[s], %[group]]\n"
        "    mov     r11, r3\n"
        "    ldr     r3, [%[s], %[middle]]\n"
        "    mov     lr, r3\n"
        "1:\n"
        "    mov     r1, r11\n"
        "    adds    r1, #96\n"
        "    ldm     r1!, {r3}\n"
        "    ldr     r0, [%[s], %[words]]\n"
        "    movs    r6, #0\n"
        "    mov     r8, r6\n"
        "    mov     r9, r6\n"
        "    cmp     r3, #0\n"
        "    bne     4f\n"
        "    ldr     r2, [%[s], %[skip]]\n"
        "    movs    %[s], #0\n"
        "    add     pc, r2\n" /* two bytes; pc reads as the address of the loop */
        "    nop\n"
        "2:\n"
        "    .rept   4\n"
        "    ldm     r0!, {r2, r3}\n"
        PAIR("r8", "r6") PAIR("r9", "%[s]")
        "    .endr\n"
        "    cmp     r0, r10\n"
        "    bne     2b\n"
        "    b       8f\n"
        "4:\n" /* windows of eight: the group gives up its register, and the zero point too */
        "    mov     r3, r11\n"
        "    str     r3, [%[s], %[group]]\n"
        "    mov     r11, r6\n"
        "    mov     lr, r6\n"
        "5:\n"
        "    ldm     r0!, {r2, r3}\n"
        "    ldm     r1!, {r4, r5, r6, %[s]}\n"
        "    muls    r4, r2\n"
        "    muls    r5, r3\n"
        "    muls    r6, r2\n"
        "    muls    %[s], r3\n"
        "    adds    r4, r4, r5\n"
        "    adds    r6, r6, %[s]\n"
        "    .rept   3\n"
        "    ldm     r0!, {r2, r3}\n"
        INSIDE("r4") INSIDE("r6")
        "    .endr\n"
        "    add     r8, r4\n"
        "    movs    r5, #0\n"
        "    asrs    r4, r4, #16\n"
        "    adcs    r4, r5\n"
        "    add     r11, r4\n"
        "    add     r9, r6\n"
        "    asrs    r6, r6, #16\n"
        "    adcs    r6, r5\n"
        "    add     lr, r6\n"
        "    cmp     r0, r10\n"
        "    bne     5b\n"
        "    mov     r6, r11\n"
        "    mov     %[s], lr\n"
        "    mov     r2, r12\n"
        "    ldr     r3, [r2, %[group]]\n"
        "    mov     r11, r3\n"
        "    ldr     r3, [r2, %[middle]]\n"
        "    mov     lr, r3\n"
        "8:\n" /* high lanes are in r6 and s; what the sums of words are more than those is the sum of low lanes */
        "    lsls    r3, r6, #16\n"
        "    mov     r2, r8\n"
        "    subs    r2, r2, r3\n"
        "    lsls    r3, %[s], #16\n"
        "    mov     r4, r9\n"
        "    subs    r4, r4, r3\n"
        "    mov     r8, r6\n"
        "    mov     r9, r4\n"
        "    mov     r5, %[s]\n"
        "    mov     %[s], r12\n"
        "    str     r5, [%[s], %[sum]]\n"
        "    mov     r6, r11\n"
        "    mov     r11, r1\n"
        "    ldr     r0, [%[s], %[output]]\n"
        OUTPUT("0")
        "    mov     r2, r8\n"
        OUTPUT("1")
        "    mov     r2, r9\n"
        OUTPUT("2")
        "    ldr     r2, [%[s], %[sum]]\n"
        OUTPUT("3")
        "    adds    r0, #4\n"
        "    str     r0, [%[s], %[output]]\n"
        "    ldr     r1, [%[s], %[end]]\n"
        "    cmp     r0, r1\n"
        "    beq     9f\n"
        "    b       1b\n"
        OUTSIDE("0", "60") OUTSIDE("1", "44") OUTSIDE("2", "28") OUTSIDE("3", "12")
        "9:\n"
        "    mov     r3, r11\n"
        "    str     r3, [%[s], %[group]]\n"
        : [s] "+l"(s)
        : SHARED(middle), SHARED(least), SHARED(most),
          MEMBER(words), MEMBER(words_end), MEMBER(skip), MEMBER(group), MEMBER(output), MEMBER(end), MEMBER(sum)
        : "r0", "r1", "r2", "r3", "r4", "r5", "r6", "r8", "r9", "r10", "r11", "r12", "lr", "cc", "memory");
}

#else

/* The sums of two channels: `weights` are those of A or, two words further, of B. */
static inline void dot(const mrt_scalar_quads_t *quads, const uint32_t *weights, uint32_t window, int32_t sums[2])
{
    uint32_t low = 0u;
    uint32_t high = 0u;
    uint32_t products = 0u;
    uint32_t left = window;
    const uint32_t *w = weights;
    for (const uint32_t *x = quads->words; x != quads->words_end; x = &x[2]) {
        products += (x[0] * w[0]) + (x[1] * w[1]);
        w = &w[MRT_SCALAR_QUAD];
        left -= 2u;
        if (left == 0u) {
            mrt_scalar_part_exactly(products, &low, &high);
            products = 0u;
            left = window;
        }
    }
    sums[0] = (int32_t)low;
    sums[1] = (int32_t)high;
}

static void multiply_groups(mrt_scalar_quads_t *quads)
{
    while (quads->output != quads->end) {
        const uint32_t *weights = &quads->group[MRT_SCALAR_QUAD_WEIGHTS];
        const uint32_t window = (quads->group[MRT_SCALAR_QUAD_WINDOWS] == 0u) ? 2u : MRT_SCALAR_QUAD_EIGHT;
        int32_t sums[MRT_SCALAR_QUAD];
        dot(quads, weights, window, sums);
        dot(quads, &weights[2], window, &sums[2]);
        for (uint32_t channel = 0u; channel < MRT_SCALAR_QUAD; ++channel) {
            const uint32_t *record = &quads->group[channel * MRT_SCALAR_APART];
            const uint32_t step = quads->group[MRT_SCALAR_QUAD_STEPS + channel];
            quads->output[channel] = mrt_scalar_output_apart(&quads->shared, record, step, sums[channel]);
        }
        quads->output = &quads->output[MRT_SCALAR_QUAD];
        quads->group = &weights[2u * quads->elements];
    }
}

#endif

void mrt_scalar_quads_multiply(mrt_scalar_quads_t *quads, int8_t *output)
{
    quads->group = quads->groups;
    if (quads->whole > 0u) {
        quads->output = output;
        quads->end = &output[quads->whole];
        multiply_groups(quads);
    }
    if (quads->rest > 0u) {
        quads->output = quads->last;
        quads->end = &quads->last[MRT_SCALAR_QUAD];
        multiply_groups(quads);
        (void)memcpy(&output[quads->whole], quads->last, quads->rest);
    }
}
