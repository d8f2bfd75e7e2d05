/**
 * @file channels.h
 * @brief Products of one vector with the weights of two channels that share words, for cores without SIMD.
 *
 * As in lanes.h one multiplication makes two products, but here the lanes are two channels: a word is
 * first + second * 2^16. Weights lie as bytes, each with 128 added, in words of two elements:
 *
 *     first channel, element 0 | the same, element 1 | second channel, element 0 | the same, element 1
 *
 * A mask makes lanes of the odd elements; the word as it is holds those of the even ones, and 2^8 times the odd ones. So
 * the word times an even element of the vector, and the odd lanes times the next element less 2^8 times the even one,
 * are the sum of both products. A block is eight elements: four words of weights, and nine of the vector: elements 0
 * and 1, what makes up for the 128s (and half a lane besides, so that no low lane is negative), elements 2 to 7. A block
 * is one window, where the sums of eight products fit into a lane (weights whose magnitudes add up to at most 255), or
 * two of four, or four of two: a word in front of a chunk's weights says which.
 */
#ifndef MRT_RUNTIME_KERNELS_SCALAR_CHANNELS_H
#define MRT_RUNTIME_KERNELS_SCALAR_CHANNELS_H

#include "runtime/kernels/scalar/lanes.h"

/** Elements of a block. */
#define MRT_SCALAR_BLOCK 8u

/** Words that hold a block of the vector. */
#define MRT_SCALAR_BLOCK_WORDS 9u

/** Words that hold a block of weights. */
#define MRT_SCALAR_BLOCK_WEIGHTS 4u

/** What all weights have added to them, in both lanes. */
#define MRT_SCALAR_BIAS 0x00800080u

/** The same in all bytes: of even and of odd elements. */
#define MRT_SCALAR_ALL 0x80808080u

/** The low bytes of both lanes. */
#define MRT_SCALAR_BYTES 0x00FF00FFu

/** Half a lane. */
#define MRT_SCALAR_HALF 0x8000u

/** What a block is: one window, two, or (any other word) four. */
#define MRT_SCALAR_WINDOW_OF_EIGHT 0u
#define MRT_SCALAR_WINDOWS_OF_FOUR 1u

/** Sums of two channels. */
typedef struct mrt_scalar_pair {
    int32_t first;
    int32_t second;
} mrt_scalar_pair_t;

/** One block of a vector as words. */
static inline void mrt_scalar_widen(const int8_t *elements, uint32_t *words)
{
    uint32_t sum = 0u;
    for (uint32_t i = 0u; i < MRT_SCALAR_BLOCK; i += 2u) {
        const uint32_t even = (uint32_t)(int32_t)elements[i];
        const uint32_t odd = (uint32_t)(int32_t)elements[i + 1u];
        uint32_t *to = (i == 0u) ? words : &words[i + 1u];
        to[0] = even;
        to[1] = odd - (even << 8u);
        sum += even + odd;
    }
    words[2] = MRT_SCALAR_HALF - (MRT_SCALAR_BIAS * sum);
}

#if MRT_SCALAR_ASSEMBLY == 1

/* A word of weights, and its odd elements, into r5 and r6. */
#define MRT_SCALAR_SPLIT /* MISRA D4 */ \
    "    ldm     %[w]!, {r5}\n" \
    "    lsrs    r6, r5, #8\n" \
    "    ands    r6, %[mask]\n"

/* Their products with r2 and r3, added to r4. */
#define MRT_SCALAR_ADD \
    "    muls    r5, r2\n" \
    "    muls    r6, r3\n" \
    "    adds    r4, r4, r5\n" \
    "    adds    r4, r4, r6\n"

/* Two elements that are a window of their own. */
#define MRT_SCALAR_SMALL(load) /* MISRA D4 */ \
    load MRT_SCALAR_SPLIT \
    "    add     r5, %[all]\n" \
    "    add     r6, %[bias]\n" \
    "    muls    r5, r2\n" \
    "    muls    r6, r3\n" \
    "    adds    r5, r5, r6\n" \
    "    sxth    r6, r5\n" \
    "    add     %[low], r6\n" \
    "    subs    r5, r5, r6\n" \
    "    asrs    r5, r5, #16\n" \
    "    add     %[high], r5\n"

/* Four elements that are a window of their own. */
#define MRT_SCALAR_FOUR(load) /* MISRA D4 */ \
    load MRT_SCALAR_SPLIT \
    "    add     r5, %[all]\n" \
    "    add     r6, %[bias]\n" \
    "    muls    r5, r2\n" \
    "    muls    r6, r3\n" \
    "    adds    r4, r5, r6\n" \
    MRT_SCALAR_LOAD_TWO MRT_SCALAR_SPLIT \
    "    add     r5, %[all]\n" \
    "    add     r6, %[bias]\n" \
    MRT_SCALAR_ADD \
    "    sxth    r6, r4\n" \
    "    add     %[low], r6\n" \
    "    subs    r4, r4, r6\n" \
    "    asrs    r4, r4, #16\n" \
    "    add     %[high], r4\n"

#define MRT_SCALAR_LOAD_TWO "    ldm     %[x]!, {r2, r3}\n"
#define MRT_SCALAR_LOAD_THREE "    ldm     %[x]!, {r2, r3, r4}\n"
#define MRT_SCALAR_NEXT_BLOCK \
    "    cmp     %[x], %[end]\n" \
    "    bne     1b\n"

/** Multiplies `blocks` (at least 1) blocks, each of which is one window. */
static inline mrt_scalar_pair_t mrt_scalar_dot_eight(const uint32_t *words, const uint32_t *weights, uint32_t blocks)
{
    const uint32_t *x = words;
    const uint32_t *w = weights;
    const uint32_t *end = &words[blocks * MRT_SCALAR_BLOCK_WORDS];
    uint32_t low = 0u - (blocks * MRT_SCALAR_HALF);
    uint32_t high = 0u;
    __asm volatile( /* MISRA D5 */
        "    .syntax unified\n"
        "1:\n"
        MRT_SCALAR_LOAD_THREE MRT_SCALAR_SPLIT MRT_SCALAR_ADD
        "    .rept   3\n"
        MRT_SCALAR_LOAD_TWO MRT_SCALAR_SPLIT MRT_SCALAR_ADD
        "    .endr\n"
        "    uxth    r5, r4\n"
        "    add     %[low], r5\n"
        "    asrs    r4, r4, #16\n"
        "    add     %[high], r4\n"
        MRT_SCALAR_NEXT_BLOCK
        : [x] "+l"(x), [w] "+l"(w), [low] "+h"(low), [high] "+h"(high)
        : [mask] "l"(MRT_SCALAR_BYTES), [end] "h"(end)
        : "r2", "r3", "r4", "r5", "r6", "cc", "memory");
    return (mrt_scalar_pair_t){(int32_t)low, (int32_t)high};
}

/** The same of blocks that are two windows each. */
static inline mrt_scalar_pair_t mrt_scalar_dot_four(const uint32_t *words, const uint32_t *weights, uint32_t blocks)
{
    const uint32_t *x = words;
    const uint32_t *w = weights;
    const uint32_t *end = &words[blocks * MRT_SCALAR_BLOCK_WORDS];
    uint32_t low = 0u;
    uint32_t high = 0u;
    __asm volatile( /* MISRA D5 */
        "    .syntax unified\n"
        "1:\n"
        MRT_SCALAR_FOUR(MRT_SCALAR_LOAD_THREE) MRT_SCALAR_FOUR(MRT_SCALAR_LOAD_TWO)
        MRT_SCALAR_NEXT_BLOCK
        : [x] "+l"(x), [w] "+l"(w), [low] "+h"(low), [high] "+h"(high)
        : [mask] "l"(MRT_SCALAR_BYTES), [bias] "h"(0u - MRT_SCALAR_BIAS), [all] "h"(0u - MRT_SCALAR_ALL), [end] "h"(end)
        : "r2", "r3", "r4", "r5", "r6", "cc", "memory");
    return (mrt_scalar_pair_t){(int32_t)low, (int32_t)high};
}

/** The same of blocks that are four windows each. */
static inline mrt_scalar_pair_t mrt_scalar_dot_two(const uint32_t *words, const uint32_t *weights, uint32_t blocks)
{
    const uint32_t *x = words;
    const uint32_t *w = weights;
    const uint32_t *end = &words[blocks * MRT_SCALAR_BLOCK_WORDS];
    uint32_t low = 0u;
    uint32_t high = 0u;
    __asm volatile( /* MISRA D5 */
        "    .syntax unified\n"
        "1:\n"
        MRT_SCALAR_SMALL(MRT_SCALAR_LOAD_THREE)
        "    .rept   3\n"
        MRT_SCALAR_SMALL(MRT_SCALAR_LOAD_TWO)
        "    .endr\n"
        MRT_SCALAR_NEXT_BLOCK
        : [x] "+l"(x), [w] "+l"(w), [low] "+h"(low), [high] "+h"(high)
        : [mask] "l"(MRT_SCALAR_BYTES), [bias] "h"(0u - MRT_SCALAR_BIAS), [all] "h"(0u - MRT_SCALAR_ALL), [end] "h"(end)
        : "r2", "r3", "r4", "r5", "r6", "cc", "memory");
    return (mrt_scalar_pair_t){(int32_t)low, (int32_t)high};
}

#else

static inline mrt_scalar_pair_t mrt_scalar_dot_eight(const uint32_t *words, const uint32_t *weights, uint32_t blocks)
{
    uint32_t low = 0u;
    uint32_t high = 0u;
    const uint32_t *x = words;
    const uint32_t *w = weights;
    for (uint32_t block = blocks; block > 0u; --block) {
        uint32_t window = (x[2] - MRT_SCALAR_HALF) + (x[0] * w[0]) + (x[1] * ((w[0] >> 8u) & MRT_SCALAR_BYTES));
        for (uint32_t i = 1u; i < MRT_SCALAR_BLOCK_WEIGHTS; ++i) {
            window += (x[(2u * i) + 1u] * w[i]) + (x[(2u * i) + 2u] * ((w[i] >> 8u) & MRT_SCALAR_BYTES));
        }
        mrt_scalar_part_exactly(window, &low, &high);
        x = &x[MRT_SCALAR_BLOCK_WORDS];
        w = &w[MRT_SCALAR_BLOCK_WEIGHTS];
    }
    return (mrt_scalar_pair_t){(int32_t)low, (int32_t)high};
}

/* Blocks of windows of `size` words of weights. */
static inline mrt_scalar_pair_t mrt_scalar_dot_windows(const uint32_t *words, const uint32_t *weights, uint32_t blocks,
                                                       uint32_t size)
{
    uint32_t low = 0u;
    uint32_t high = 0u;
    const uint32_t *x = words;
    const uint32_t *w = weights;
    for (uint32_t block = blocks; block > 0u; --block) {
        uint32_t window = 0u;
        for (uint32_t i = 0u; i < MRT_SCALAR_BLOCK_WEIGHTS; ++i) {
            const uint32_t *two = (i == 0u) ? x : &x[(2u * i) + 1u];
            const uint32_t odd = ((w[i] >> 8u) & MRT_SCALAR_BYTES) - MRT_SCALAR_BIAS;
            window += (two[0] * (w[i] - MRT_SCALAR_ALL)) + (two[1] * odd);
            if (((i + 1u) % size) == 0u) {
                mrt_scalar_part_exactly(window, &low, &high);
                window = 0u;
            }
        }
        x = &x[MRT_SCALAR_BLOCK_WORDS];
        w = &w[MRT_SCALAR_BLOCK_WEIGHTS];
    }
    return (mrt_scalar_pair_t){(int32_t)low, (int32_t)high};
}

static inline mrt_scalar_pair_t mrt_scalar_dot_four(const uint32_t *words, const uint32_t *weights, uint32_t blocks)
{
    return mrt_scalar_dot_windows(words, weights, blocks, 2u);
}

static inline mrt_scalar_pair_t mrt_scalar_dot_two(const uint32_t *words, const uint32_t *weights, uint32_t blocks)
{
    return mrt_scalar_dot_windows(words, weights, blocks, 1u);
}

#endif

#endif
