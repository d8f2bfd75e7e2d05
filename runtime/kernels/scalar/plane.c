#include "runtime/kernels/scalar/plane.h"

#include "runtime/kernels/product.h"
#include "runtime/kernels/scalar/lanes.h"

#include <stdbool.h>

#if MRT_SCALAR_ASSEMBLY == 1

#define MEMBER(name) MRT_SCALAR_MEMBER(mrt_scalar_plane_t, name)
#define SHARED(name) [name] "i"(offsetof(mrt_scalar_plane_t, shared.name))
#define OF_ROWS(name) MRT_SCALAR_MEMBER(mrt_scalar_rows_t, name)

void mrt_scalar_plane_join(mrt_scalar_rows_t *rows)
{
    const uint32_t span = rows->columns * rows->step;
    const int8_t *low = &rows->low[span];
    const int8_t *high = &rows->high[span];
    const int32_t start = -(int32_t)span;
    __asm volatile( /* MISRA D5 */
        "    .syntax unified\n"
        "    mov     r8, %[start]\n"
        "    ldr     r4, [%[s], %[to]]\n"
        "    ldr     r6, [%[s], %[step]]\n"
        "1:\n"
        "    mov     r5, r8\n"
        "2:\n"
        "    ldrsb   r2, [%[low], r5]\n"
        "    ldrsb   r3, [%[high], r5]\n"
        "    lsls    r3, r3, #16\n"
        "    adds    r2, r2, r3\n"
        "    stm     r4!, {r2}\n"
        "    adds    r5, r5, r6\n"
        "    bne     2b\n"
        "    ldr     r2, [%[s], %[row_bytes]]\n"
        "    add     %[low], r2\n"
        "    add     %[high], r2\n"
        "    ldr     r2, [%[s], %[gap]]\n"
        "    adds    r4, r4, r2\n"
        "    ldr     r2, [%[s], %[rows]]\n"
        "    subs    r2, #1\n"
        "    str     r2, [%[s], %[rows]]\n"
        "    bne     1b\n"
        : [low] "+l"(low), [high] "+l"(high)
        : [s] "l"(rows), [start] "h"(start), OF_ROWS(to), OF_ROWS(step), OF_ROWS(row_bytes), OF_ROWS(gap), OF_ROWS(rows)
        : "r2", "r3", "r4", "r5", "r6", "r8", "cc", "memory");
}

/* The products in r2 to the sums. An arithmetic shift by 16 leaves the low lane's sign in the carry: added, it makes the
 * high lane whole. */
#define TAKE_APART /* MISRA D4 */ \
    "    add     r8, r2\n" \
    "    asrs    r2, r2, #16\n" \
    "    adcs    r6, r2\n"

#define TWO_PRODUCTS \
    "    ldm     r1!, {r4, r5}\n" \
    "    muls    r2, r4\n" \
    "    muls    r3, r5\n" \
    "    adds    r2, r2, r3\n"

/* The output of the sum in r2 by the record at r1. */
#define OUTPUT(n) /* MISRA D4 */ \
    "    ldm     r1!, {r3, r4}\n" \
    "    subs    r3, r2, r3\n" \
    "    cmp     r3, r4\n" \
    "    bhi     3" n "f\n" \
    "    ldm     r1!, {r3, r4, r5}\n" \
    "    asrs    r0, r2, #4\n" \
    "    muls    r0, r3\n" \
    "    asrs    r0, r0, #12\n" \
    "    muls    r2, r4\n" \
    "    adds    r2, r2, r0\n" \
    "    adds    r2, r2, r5\n" \
    "    cmp     r2, lr\n" \
    "    blt     5" n "f\n" \
    "6" n ": asrs    r2, r2, #24\n" \
    "7" n ":\n"

/* What few sums need, behind the outputs. */
#define OUTSIDE(n) /* MISRA D4 */ \
    "3" n ": adds    r1, #12\n" \
    "    ldr     r2, [%[s], %[least]]\n" \
    "    cmp     r3, #0\n" \
    "    blt     7" n "b\n" \
    "    ldr     r2, [%[s], %[most]]\n" \
    "    b       7" n "b\n" \
    "5" n ": ldr     r3, [%[s], %[step]]\n" \
    "    adds    r2, r2, r3\n" \
    "    b       6" n "b\n"

/* r9 are the words under an output, r10 the way between rows of taps, r11 and r12 the outputs, lr the zero point as a
 * scaled sum; r6 and r8 become the sum of high lanes and that of all. */
MRT_NOINLINE void mrt_scalar_plane_run(mrt_scalar_plane_t *plane)
{
    __asm volatile( /* MISRA D5 */
        "    .syntax unified\n"
        "    ldr     r0, [%[s], %[words]]\n"
        "    mov     r9, r0\n"
        "    ldr     r0, [%[s], %[next_row]]\n"
        "    mov     r10, r0\n"
        "    ldr     r0, [%[s], %[high]]\n"
        "    mov     r11, r0\n"
        "    ldr     r0, [%[s], %[low]]\n"
        "    mov     r12, r0\n"
        "    ldr     r0, [%[s], %[middle]]\n"
        "    mov     lr, r0\n"
        "1:\n"
        "    mov     r0, r9\n"
        "    mov     r1, %[s]\n"
        "    movs    r6, #0\n"
        "    ldm     r0!, {r2, r3}\n"
        TWO_PRODUCTS
        "    mov     r8, r2\n"
        "    asrs    r2, r2, #16\n"
        "    adcs    r6, r2\n"
        "    ldm     r0!, {r2}\n"
        "    add     r0, r10\n"
        "    ldm     r0!, {r3}\n"
        TWO_PRODUCTS TAKE_APART
        "    ldm     r0!, {r2, r3}\n"
        TWO_PRODUCTS TAKE_APART
        "    add     r0, r10\n"
        "    ldm     r0!, {r2, r3}\n"
        TWO_PRODUCTS TAKE_APART
        "    ldm     r0!, {r2}\n"
        "    ldm     r1!, {r4}\n"
        "    muls    r2, r4\n"
        TAKE_APART
        "    lsls    r3, r6, #16\n"
        "    mov     r2, r8\n"
        "    subs    r2, r2, r3\n"
        OUTPUT("0")
        "    mov     r0, r12\n"
        "    strb    r2, [r0]\n"
        "    mov     r2, r6\n"
        "    subs    r1, #20\n"
        OUTPUT("1")
        "    mov     r0, r11\n"
        "    strb    r2, [r0]\n"
        "    ldr     r0, [%[s], %[channels]]\n"
        "    add     r12, r0\n"
        "    add     r11, r0\n"
        "    ldr     r0, [%[s], %[next_output]]\n"
        "    add     r9, r0\n"
        "    ldr     r0, [%[s], %[line_end]]\n"
        "    cmp     r12, r0\n"
        "    bne     1b\n"
        "    ldr     r1, [%[s], %[end]]\n"
        "    cmp     r0, r1\n"
        "    beq     9f\n"
        "    ldr     r1, [%[s], %[line]]\n"
        "    adds    r0, r0, r1\n"
        "    str     r0, [%[s], %[line_end]]\n"
        "    ldr     r1, [%[s], %[next_line]]\n"
        "    add     r9, r1\n"
        "    b       1b\n"
        OUTSIDE("0") OUTSIDE("1")
        "9:\n"
        :
        : [s] "l"(plane), MEMBER(words), MEMBER(next_row), MEMBER(high), MEMBER(low), SHARED(middle), MEMBER(channels),
          MEMBER(next_output), MEMBER(line_end), MEMBER(end), MEMBER(line), MEMBER(next_line), MEMBER(step),
          SHARED(least), SHARED(most)
        : "r0", "r1", "r2", "r3", "r4", "r5", "r6", "r8", "r9", "r10", "r11", "r12", "lr", "cc", "memory");
}

#else

void mrt_scalar_plane_join(mrt_scalar_rows_t *rows)
{
    uint32_t *to = rows->to;
    for (uint32_t row = 0u; row < rows->rows; ++row) {
        const int8_t *low = &rows->low[row * rows->row_bytes];
        const int8_t *high = &rows->high[row * rows->row_bytes];
        for (uint32_t column = 0u; column < rows->columns; ++column) {
            to[column] = mrt_scalar_word(low[column * rows->step], high[column * rows->step]);
        }
        to = &to[rows->columns + (rows->gap / sizeof(uint32_t))];
    }
}

static void dot(const mrt_scalar_plane_t *plane, const uint32_t *words, int32_t sums[2])
{
    uint32_t low = 0u;
    uint32_t high = 0u;
    uint32_t products = 0u;
    const uint32_t *row = words;
    for (uint32_t tap = 0u; tap < MRT_SCALAR_PLANE_TAPS; ++tap) {
        const uint32_t column = tap % MRT_SCALAR_PLANE_SIDE;
        if ((tap > 0u) && (column == 0u)) {
            row = &row[MRT_SCALAR_PLANE_SIDE + (plane->next_row / sizeof(uint32_t))];
        }
        products += row[column] * plane->weights[tap];
        if (((tap % 2u) == 1u) || (tap == (MRT_SCALAR_PLANE_TAPS - 1u))) {
            mrt_scalar_part_exactly(products, &low, &high);
            products = 0u;
        }
    }
    sums[0] = (int32_t)low;
    sums[1] = (int32_t)high;
}

void mrt_scalar_plane_run(mrt_scalar_plane_t *plane)
{
    const uint32_t *words = plane->words;
    int8_t *low = plane->low;
    int8_t *high = plane->high;
    bool done = false;
    while (!done) {
        int32_t sums[2];
        dot(plane, words, sums);
        *low = mrt_scalar_output_apart(&plane->shared, plane->record, plane->step, sums[0]);
        *high = mrt_scalar_output_apart(&plane->shared, plane->record, plane->step, sums[1]);
        low = &low[plane->channels];
        high = &high[plane->channels];
        words = &words[plane->next_output / sizeof(uint32_t)];
        if (low == plane->line_end) {
            done = (low == plane->end);
            plane->line_end = &plane->line_end[plane->line];
            words = &words[plane->next_line / sizeof(uint32_t)];
        }
    }
}

#endif
