/**
 * @file taps.h
 * @brief The inner loops of depthwise convolutions on cores with the DSP extension: eight or four neighbouring outputs
 *        of one channel.
 *
 * Neighbours lie along the inner axis. The input is one channel in lanes of 16 bits, two neighbours in a word, in lines
 * along the inner axis. Taps go in pairs, too: with stride 1 an output at an even place takes words of the weights
 * (0, 1), (2, 3), …, its odd neighbour, which begins a lane later, (-, 0), (1, 2), …, so that both read the same words
 * of input; with stride 2 each output has words of its own, and all take the even form. A step is one word of weights
 * (or one for each of both neighbours) for all outputs; a line of taps is some steps.
 */
#ifndef MRT_RUNTIME_KERNELS_DSP_TAPS_H
#define MRT_RUNTIME_KERNELS_DSP_TAPS_H

#include "runtime/kernels/dsp/dot.h"
#include "runtime/kernels/dsp/intrinsics.h"

#include <stdbool.h>

/** Outputs of a tile. */
#define MRT_DSP_LONG 8u

/** Sums of the outputs of a tile, in their order. */
typedef struct mrt_dsp_sums {
    uint32_t a0;
    uint32_t a1;
    uint32_t a2;
    uint32_t a3;
    uint32_t b0;
    uint32_t b1;
    uint32_t b2;
    uint32_t b3;
} mrt_dsp_sums_t;

/** What a tile is computed from; the sums begin with one value. */
typedef struct mrt_dsp_taps {
    const uint32_t *lanes;   /**< Of tap 0 of the first output. */
    const uint32_t *weights; /**< Line by line, step by step. */
    uint32_t start;          /**< Where sums begin. */
    uint32_t lines;          /**< Lines of taps, at least 1. */
    uint32_t steps;          /**< Of a line, at least 1. */
    uint32_t line_words;     /**< Words of lanes from a line of taps to the next. */
} mrt_dsp_taps_t;

#if MRT_DSP == 1

/* One step; `begin` is the operand that a sum begins with: itself, or b3 in the first step of all. */
#define MRT_DSP_ADD(sum, word, weight, begin) "smlad %[" sum "], %[" word "], %[" weight "], %[" begin "]\n"
#define MRT_DSP_LONG_ONE(b0, b1, b2, b3, b4, b5, b6) /* MISRA D4 */ \
    "ldrd %[e], %[o], [%[w]], #8\n ldrd %[x0], %[x1], [%[x]], #8\n" \
    MRT_DSP_ADD("a0", "x0", "e", b0) MRT_DSP_ADD("a1", "x0", "o", b1) \
    MRT_DSP_ADD("a2", "x1", "e", b2) MRT_DSP_ADD("a3", "x1", "o", b3) \
    "ldrd %[x0], %[x1], [%[x]], #-4\n" \
    MRT_DSP_ADD("b0", "x0", "e", b4) MRT_DSP_ADD("b1", "x0", "o", b5) \
    MRT_DSP_ADD("b2", "x1", "e", b6) MRT_DSP_ADD("b3", "x1", "o", "b3")
#define MRT_DSP_LONG_TWO(b0, b1, b2, b3, b4, b5, b6) /* MISRA D4 */ \
    "ldr %[e], [%[w]], #4\n ldrd %[x0], %[x1], [%[x]], #8\n" \
    MRT_DSP_ADD("a0", "x0", "e", b0) MRT_DSP_ADD("a1", "x1", "e", b1) \
    "ldrd %[x0], %[x1], [%[x]], #8\n" \
    MRT_DSP_ADD("a2", "x0", "e", b2) MRT_DSP_ADD("a3", "x1", "e", b3) \
    "ldrd %[x0], %[x1], [%[x]], #8\n" \
    MRT_DSP_ADD("b0", "x0", "e", b4) MRT_DSP_ADD("b1", "x1", "e", b5) \
    "ldrd %[x0], %[x1], [%[x]], #-20\n" \
    MRT_DSP_ADD("b2", "x0", "e", b6) MRT_DSP_ADD("b3", "x1", "e", "b3")

#define MRT_DSP_LONG_NEXT(step) /* MISRA D4 */ \
    step("a0", "a1", "a2", "a3", "b0", "b1", "b2")

#define MRT_DSP_TAP_REGISTERS \
    [x] "+r"(x), [w] "+r"(w), [x0] "=&r"(x0), [x1] "=&r"(x1), [e] "=&r"(even), [o] "=&r"(odd)
#define MRT_DSP_LONG_SUMS \
    [a0] "+r"(sums->a0), [a1] "+r"(sums->a1), [a2] "+r"(sums->a2), [a3] "+r"(sums->a3), [b0] "+r"(sums->b0), \
        [b1] "+r"(sums->b1), [b2] "+r"(sums->b2), [b3] "+r"(sums->b3)

/* A tile of any taps, step by step; always a long one. The counts are in memory, as the sums have all registers. */
#define MRT_DSP_ANY_LINES(next) /* MISRA D4 */ \
    "1:\n" next "ldr %[e], %[step]\n subs %[e], #1\n str %[e], %[step]\n bne 1b\n" \
    "ldr %[e], %[steps]\n str %[e], %[step]\n ldr %[e], %[rest]\n add %[x], %[e]\n" \
    "ldr %[e], %[line]\n subs %[e], #1\n str %[e], %[line]\n bne 1b\n"
#define MRT_DSP_TILE_ANY(name, next) /* MISRA D4 */ \
    static inline void name(const mrt_dsp_taps_t *taps, mrt_dsp_sums_t *sums) \
    { \
        const uint32_t start = taps->start; \
        const uint32_t *x = taps->lanes; \
        const uint32_t *w = taps->weights; \
        const uint32_t steps = taps->steps; \
        const uint32_t rest = 4u * (taps->line_words - taps->steps); \
        uint32_t step = taps->steps; \
        uint32_t line = taps->lines; \
        uint32_t x0; \
        uint32_t x1; \
        uint32_t even; \
        uint32_t odd; \
        *sums = (mrt_dsp_sums_t){start, start, start, start, start, start, start, start}; \
        __asm volatile(MRT_DSP_ANY_LINES(MRT_DSP_LONG_NEXT(next)) /* MISRA D5 */ \
                       : MRT_DSP_TAP_REGISTERS, MRT_DSP_LONG_SUMS, [step] "+m"(step), [line] "+m"(line) \
                       : [steps] "m"(steps), [rest] "m"(rest) \
                       : "cc", "memory"); \
    }
MRT_DSP_TILE_ANY(mrt_dsp_long_any_one, MRT_DSP_LONG_ONE)
MRT_DSP_TILE_ANY(mrt_dsp_long_any_two, MRT_DSP_LONG_TWO)

#else

static inline void mrt_dsp_tile(const mrt_dsp_taps_t *taps, mrt_dsp_sums_t *sums, uint32_t stride)
{
    uint32_t made[MRT_DSP_LONG] = {0u};
    const uint32_t *w = taps->weights;
    for (uint32_t i = 0u; i < MRT_DSP_LONG; ++i) {
        made[i] = taps->start;
    }
    for (uint32_t line = 0u; line < taps->lines; ++line) {
        const uint32_t *x = &taps->lanes[line * taps->line_words];
        for (uint32_t step = 0u; step < taps->steps; ++step) {
            for (uint32_t i = 0u; i < MRT_DSP_LONG; ++i) {
                const uint32_t word = (stride == 1u) ? (i / 2u) : i;
                const uint32_t weight = (stride == 1u) ? w[i % 2u] : w[0];
                made[i] = mrt_dsp_smlad(x[step + word], weight, made[i]);
            }
            w = &w[(stride == 1u) ? 2u : 1u];
        }
    }
    *sums = (mrt_dsp_sums_t){made[0], made[1], made[2], made[3], made[4], made[5], made[6], made[7]};
}

static inline void mrt_dsp_long_any_one(const mrt_dsp_taps_t *taps, mrt_dsp_sums_t *sums)
{
    mrt_dsp_tile(taps, sums, 1u);
}

static inline void mrt_dsp_long_any_two(const mrt_dsp_taps_t *taps, mrt_dsp_sums_t *sums)
{
    mrt_dsp_tile(taps, sums, 2u);
}

#endif

#endif
