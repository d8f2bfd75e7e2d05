/**
 * @file lanes.h
 * @brief Two products by one multiplication, for cores that have no SIMD instructions.
 *
 * A word holds two elements: low + high * 2^16, each signed, so that a negative low one takes 1 from the bits above it.
 * Its product with a weight holds both products in the same way, as long as each fits into 16 bits, and so does the
 * sum of two such products (of any weights but two of -128 together). Then its lanes are taken apart: the low one, with
 * sign, is added to one sum; the word divided by 2^8 to another, from which the low lanes' share is taken off in the end.
 *
 * A loop uses every register, low and high, which a compiler does not manage; so it is assembly, of instructions that
 * all cores have, Armv6-M too. Its twin in C is what the host runs, and code for size. No arithmetic here depends on the
 * data for being defined.
 */
#ifndef MRT_RUNTIME_KERNELS_SCALAR_LANES_H
#define MRT_RUNTIME_KERNELS_SCALAR_LANES_H

#include <stdint.h>

/** Whether the loops are assembly; not under -Os, where gcc gives Thumb-1 no high registers, nor without optimisation. */
#if defined(__thumb__) && !defined(__ARM_FEATURE_DSP) && defined(__GNUC__) && defined(__OPTIMIZE__) \
    && !defined(__OPTIMIZE_SIZE__)
#define MRT_SCALAR_ASSEMBLY 1
#else
#define MRT_SCALAR_ASSEMBLY 0
#endif

/** The same of loops over pairs of pixels: a compiler's code is faster where one instruction multiplies and adds. */
#if (MRT_SCALAR_ASSEMBLY == 1) && defined(__ARM_ARCH_6M__)
#define MRT_SCALAR_ASSEMBLY_PAIRS 1
#else
#define MRT_SCALAR_ASSEMBLY_PAIRS 0
#endif

/** Most elements of a run: with more, what the low lanes carry into `both` could not be told from the high lanes. */
#define MRT_SCALAR_RUN_MAX 508u

/** Sums of two channels of two pixels, the first in the low lanes. */
typedef struct mrt_scalar_sums {
    int32_t low0;
    int32_t high0;
    int32_t low1;
    int32_t high1;
} mrt_scalar_sums_t;

/** A word of two elements. */
static inline uint32_t mrt_scalar_word(int32_t low, int32_t high)
{
    return (uint32_t)low + ((uint32_t)high << 16u);
}

/** The lanes of a sum of two products: the low one to its sum, all of it but its lowest byte to another. */
static inline void mrt_scalar_part(uint32_t products, uint32_t *low, uint32_t *both)
{
    const int32_t lane = (int16_t)(uint16_t)(products & 0xFFFFu);
    const int32_t rest = (int32_t)products >> 8u; /* MISRA D2 */
    *low += (uint32_t)lane;
    *both += (uint32_t)rest;
}

/** The lanes of a sum of two products, each to its sum. */
static inline void mrt_scalar_part_exactly(uint32_t products, uint32_t *low, uint32_t *high)
{
    const int32_t lane = (int16_t)(uint16_t)(products & 0xFFFFu);
    const uint32_t above = products - (uint32_t)lane;
    const int32_t rest = (int32_t)above >> 16u; /* MISRA D2 */
    *low += (uint32_t)lane;
    *high += (uint32_t)rest;
}

/** The sum of high lanes from both sums; the second one began with the number of additions, which each lose less than 1. */
static inline int32_t mrt_scalar_high(uint32_t low, uint32_t both)
{
    const int32_t share = (int32_t)low >> 8u; /* MISRA D2 */
    const uint32_t high = both - (uint32_t)share;
    return (int32_t)high >> 8u; /* MISRA D2 */
}

/** One lane's elements: each `step` further than the last. */
typedef struct mrt_scalar_lane {
    const int8_t *element;
    uint32_t step;
} mrt_scalar_lane_t;

#if MRT_SCALAR_ASSEMBLY_PAIRS == 1

/* The sum of high lanes from the sum of both. */
#define MRT_SCALAR_HIGH(low, high) /* MISRA D4 */ \
    "    mov     %[a], %[" low "]\n" \
    "    asrs    %[a], %[a], #8\n" \
    "    mov     %[b], %[" high "]\n" \
    "    subs    %[b], %[b], %[a]\n" \
    "    asrs    %[b], %[b], #8\n" \
    "    mov     %[" high "], %[b]\n"

/**
 * Multiplies words of two pixels with the weights of two channels, four bytes for each two words; returns the weights
 * behind them. `elements` is even, 2..MRT_SCALAR_RUN_MAX.
 */
static inline const int8_t *mrt_scalar_dot_pixels(const uint32_t *words, const int8_t *weights, uint32_t elements,
                                                  mrt_scalar_sums_t *sums)
{
    const uint32_t *x = words;
    const int8_t *end = &weights[2u * elements];
    const int8_t *next = &end[1];
    int32_t i = -2 * (int32_t)elements;
    int32_t a;
    int32_t b;
    int32_t low0;
    int32_t high0;
    int32_t low1;
    int32_t high1;
    __asm volatile( /* MISRA D5 */
        "    .syntax unified\n"
        "    movs    %[a], #0\n"
        "    mov     %[low0], %[a]\n"
        "    mov     %[low1], %[a]\n"
        "    asrs    %[b], %[i], #2\n"
        "    subs    %[a], %[a], %[b]\n" /* what the divisions of `elements` / 2 words can have lost, at most */
        "    mov     %[high0], %[a]\n"
        "    mov     %[high1], %[a]\n"
        "1:\n"
        "    ldm     %[x]!, {r2, r3}\n"
        "    ldrsb   %[a], [%[w], %[i]]\n"
        "    ldrsb   %[b], [%[v], %[i]]\n"
        "    adds    %[i], #2\n"
        "    muls    %[a], r2\n"
        "    muls    %[b], r3\n"
        "    adds    %[a], %[a], %[b]\n"
        "    sxth    %[b], %[a]\n"
        "    add     %[low0], %[b]\n"
        "    asrs    %[a], %[a], #8\n"
        "    add     %[high0], %[a]\n"
        "    ldrsb   %[a], [%[w], %[i]]\n"
        "    ldrsb   %[b], [%[v], %[i]]\n"
        "    muls    %[a], r2\n"
        "    muls    %[b], r3\n"
        "    adds    %[a], %[a], %[b]\n"
        "    sxth    %[b], %[a]\n"
        "    add     %[low1], %[b]\n"
        "    asrs    %[a], %[a], #8\n"
        "    add     %[high1], %[a]\n"
        "    adds    %[i], #2\n"
        "    bne     1b\n"
        MRT_SCALAR_HIGH("low0", "high0")
        MRT_SCALAR_HIGH("low1", "high1")
        : [x] "+l"(x), [i] "+l"(i), [a] "=&l"(a), [b] "=&l"(b), [low0] "=&h"(low0), [high0] "=&h"(high0),
          [low1] "=&h"(low1), [high1] "=&h"(high1)
        : [w] "l"(end), [v] "l"(next)
        : "r2", "r3", "cc", "memory");
    *sums = (mrt_scalar_sums_t){low0, high0, low1, high1};
    return end;
}

/** Elements of two lanes as words, each `next` bytes further than the last. */
static inline void mrt_scalar_join_lanes(const mrt_scalar_lane_t lanes[2], uint32_t count, uint32_t *words, uint32_t next)
{
    const int8_t *a = lanes[0].element;
    const int8_t *b = lanes[1].element;
    uint32_t *to = words;
    int32_t low;
    int32_t high;
    uint32_t left = count;
    if (left > 0u) {
        __asm volatile( /* MISRA D5 */
            "    .syntax unified\n"
            "    movs    r2, #0\n"
            "1:\n"
            "    ldrsb   %[low], [%[a], r2]\n"
            "    ldrsb   %[high], [%[b], r2]\n"
            "    lsls    %[high], %[high], #16\n"
            "    adds    %[low], %[low], %[high]\n"
            "    str     %[low], [%[to]]\n"
            "    add     %[a], %[step_a]\n"
            "    add     %[b], %[step_b]\n"
            "    add     %[to], %[next]\n"
            "    subs    %[left], #1\n"
            "    bne     1b\n"
            : [a] "+l"(a), [b] "+l"(b), [to] "+l"(to), [left] "+l"(left), [low] "=&l"(low), [high] "=&l"(high)
            : [step_a] "h"(lanes[0].step), [step_b] "h"(lanes[1].step), [next] "h"(next)
            : "r2", "cc", "memory");
    }
}

/** Elements of two pixels as words; returns the word behind the last. `count` is at least 1. */
static inline uint32_t *mrt_scalar_join(const int8_t *a, const int8_t *b, uint32_t count, uint32_t *words)
{
    uint32_t *to = words;
    const int8_t *end_a = &a[count];
    const int8_t *end_b = &b[count];
    int32_t i = -(int32_t)count;
    int32_t high;
    if ((count % 2u) != 0u) {
        *to = mrt_scalar_word(*a, *b);
        to = &to[1];
        i += 1;
    }
    if (i != 0) {
        __asm volatile( /* MISRA D5 */
            "    .syntax unified\n"
            "1:\n"
            "    ldrsb   r2, [%[a], %[i]]\n"
            "    ldrsb   %[high], [%[b], %[i]]\n"
            "    lsls    %[high], %[high], #16\n"
            "    adds    r2, r2, %[high]\n"
            "    adds    %[i], #1\n"
            "    ldrsb   r3, [%[a], %[i]]\n"
            "    ldrsb   %[high], [%[b], %[i]]\n"
            "    lsls    %[high], %[high], #16\n"
            "    adds    r3, r3, %[high]\n"
            "    stm     %[to]!, {r2, r3}\n"
            "    adds    %[i], #1\n"
            "    bne     1b\n"
            : [to] "+l"(to), [i] "+l"(i), [high] "=&l"(high)
            : [a] "l"(end_a), [b] "l"(end_b)
            : "r2", "r3", "cc", "memory");
    }
    return to;
}

#else

/* A weight, its sign extended; apart, because gcc 12 warns of the conversion inside a product. */
static inline uint32_t mrt_scalar_weight(int8_t weight)
{
    return (uint32_t)(int32_t)weight;
}

static inline const int8_t *mrt_scalar_dot_pixels(const uint32_t *words, const int8_t *weights, uint32_t elements,
                                                  mrt_scalar_sums_t *sums)
{
    uint32_t low0 = 0u;
    uint32_t both0 = elements / 2u;
    uint32_t low1 = 0u;
    uint32_t both1 = both0;
    const uint32_t *x = words;
    const int8_t *w = weights;
    for (uint32_t pairs = elements / 2u; pairs > 0u; --pairs) {
        const uint32_t even = x[0];
        const uint32_t odd = x[1];
        mrt_scalar_part((even * mrt_scalar_weight(w[0])) + (odd * mrt_scalar_weight(w[1])), &low0, &both0);
        mrt_scalar_part((even * mrt_scalar_weight(w[2])) + (odd * mrt_scalar_weight(w[3])), &low1, &both1);
        x = &x[2];
        w = &w[4];
    }
    *sums = (mrt_scalar_sums_t){(int32_t)low0, mrt_scalar_high(low0, both0), (int32_t)low1,
                                mrt_scalar_high(low1, both1)};
    return w;
}

static inline uint32_t *mrt_scalar_join(const int8_t *a, const int8_t *b, uint32_t count, uint32_t *words)
{
    for (uint32_t i = 0u; i < count; ++i) {
        words[i] = mrt_scalar_word(a[i], b[i]);
    }
    return &words[count];
}

static inline void mrt_scalar_join_lanes(const mrt_scalar_lane_t lanes[2], uint32_t count, uint32_t *words, uint32_t next)
{
    const int8_t *a = lanes[0].element;
    const int8_t *b = lanes[1].element;
    uint32_t *to = words;
    for (uint32_t left = count; left > 0u; --left) {
        *to = mrt_scalar_word(*a, *b);
        a = &a[lanes[0].step];
        b = &b[lanes[1].step];
        to = &to[next / sizeof(uint32_t)];
    }
}

#endif

#endif
