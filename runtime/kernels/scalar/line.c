#include "runtime/kernels/scalar/line.h"

#include "runtime/kernels/product.h"
#include "runtime/kernels/scalar/lanes.h"

/* Windows of an unrolled turn: those of 3 x 3 taps. */
#define TURN 5u

/* Bytes of code of a window: eight instructions. */
#define WINDOW_CODE 16u

uint32_t mrt_scalar_line_skip(uint32_t windows)
{
    const uint32_t left = windows % TURN;
    return ((left == 0u) ? 0u : (TURN - left)) * WINDOW_CODE;
}

/* The sums of two outputs. */
static inline void dot(const mrt_scalar_line_t *line, const uint32_t *words, int32_t sums[2])
{
    uint32_t low = 0u;
    uint32_t high = 0u;
    const uint32_t *x = words;
    for (const uint32_t *w = line->weights; w != line->weights_end; w = &w[2]) {
        mrt_scalar_part_exactly((x[0] * w[0]) + (x[1] * w[1]), &low, &high);
        x = &x[2];
    }
    sums[0] = (int32_t)low;
    sums[1] = (int32_t)high;
}

/* The line in C. */
static MRT_NOINLINE void run(const mrt_scalar_line_t *line)
{
    const uint32_t *words = line->words;
    int8_t *high = line->high;
    int8_t *low = line->low;
    while (low != line->low_end) {
        int32_t sums[2];
        dot(line, words, sums);
        *low = mrt_scalar_output(&line->scale, line->record, sums[0]);
        *high = mrt_scalar_output(&line->scale, line->record, sums[1]);
        words = &words[line->next_words / sizeof(uint32_t)];
        low = &low[line->next_output];
        high = &high[line->next_output];
    }
}

#if MRT_SCALAR_ASSEMBLY == 1

#define MEMBER(name) MRT_SCALAR_MEMBER(mrt_scalar_line_t, name)

/* The line in assembly. An arithmetic shift by 16 leaves the low lane's sign in the carry: added, it makes the high lane
 * whole, and what the word's sum is more than that is the sum of low lanes. */
static MRT_NOINLINE void run_plain(mrt_scalar_line_t *line)
{
    __asm volatile( /* MISRA D5 */
        "    .syntax unified\n"
        "    ldr     r0, [%[s], %[record]]\n"
        "    ldm     r0!, {r1, r2, r3}\n"
        "    sxth    r2, r1\n"
        "    mov     r10, r2\n"
        "    asrs    r1, r1, #16\n"
        "    mov     r11, r1\n"
        "    mov     lr, r3\n"
        "    ldr     r0, [%[s], %[words]]\n"
        "    mov     r9, r0\n"
        "    ldr     r0, [%[s], %[low]]\n"
        "    mov     r12, r0\n"
        "1:\n"
        "    mov     r0, r9\n"
        "    ldr     r1, [%[s], %[weights]]\n"
        "    movs    r6, #0\n"
        "    mov     r8, r6\n"
        "    ldr     r2, [%[s], %[skip]]\n"
        "    add     pc, r2\n" /* two bytes; pc reads as the address of the loop */
        "    nop\n"
        "2:\n"
        "    .rept   5\n"
        "    ldm     r0!, {r2, r3}\n"
        "    ldm     r1!, {r4, r5}\n"
        "    muls    r2, r4\n"
        "    muls    r3, r5\n"
        "    adds    r2, r2, r3\n"
        "    add     r8, r2\n"
        "    asrs    r2, r2, #16\n"
        "    adcs    r6, r2\n"
        "    .endr\n"
        "    ldr     r2, [%[s], %[weights_end]]\n"
        "    cmp     r1, r2\n"
        "    bne     2b\n"
        "    lsls    r3, r6, #16\n"
        "    mov     r2, r8\n"
        "    subs    r2, r2, r3\n"
        "    mov     r8, r6\n"
        "    mov     r6, %[s]\n"
        "    ldm     r6!, {r0, r1, r3, r4, r5}\n"
        MRT_SCALAR_OUTPUT("0")
        "    mov     r6, r12\n"
        "    strb    r2, [r6]\n"
        "    mov     r2, r8\n"
        MRT_SCALAR_OUTPUT("1")
        "    ldr     r6, [%[s], %[high]]\n"
        "    strb    r2, [r6]\n"
        "    ldr     r0, [%[s], %[next_output]]\n"
        "    adds    r6, r6, r0\n"
        "    str     r6, [%[s], %[high]]\n"
        "    add     r12, r0\n"
        "    ldr     r0, [%[s], %[next_words]]\n"
        "    add     r9, r0\n"
        "    ldr     r0, [%[s], %[low_end]]\n"
        "    cmp     r12, r0\n"
        "    beq     8f\n"
        "    b       1b\n"
        MRT_SCALAR_OUTSIDE("0") MRT_SCALAR_OUTSIDE("1")
        "8:\n"
        :
        : [s] "l"(line), MRT_SCALAR_OF_SCALE(middle), MRT_SCALAR_OF_SCALE(least), MRT_SCALAR_OF_SCALE(most),
          MRT_SCALAR_OF_SCALE(step), MEMBER(record), MEMBER(words), MEMBER(weights), MEMBER(weights_end), MEMBER(low),
          MEMBER(high), MEMBER(low_end), MEMBER(next_words), MEMBER(next_output), MEMBER(skip)
        : "r0", "r1", "r2", "r3", "r4", "r5", "r6", "r8", "r9", "r10", "r11", "r12", "lr", "cc", "memory");
}

void mrt_scalar_line_run(mrt_scalar_line_t *line)
{
    if (mrt_scalar_record_begin(line->record) == MRT_SCALAR_EXACT) {
        run(line);
    } else {
        run_plain(line);
    }
}

#else

void mrt_scalar_line_run(mrt_scalar_line_t *line)
{
    run(line);
}

#endif
