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

/** What a tile is computed from; the sums begin with one value. */
typedef struct mrt_dsp_taps {
    const uint32_t *lanes;   /**< Of tap 0 of the first output. */
    const uint32_t *weights; /**< Line by line, step by step. */
    uint32_t start;          /**< Where sums begin. */
    uint32_t lines;          /**< Lines of taps, at least 1. */
    uint32_t steps;          /**< Of a line, at least 1. */
    uint32_t line_words;     /**< Words of lanes from a line of taps to the next. */
} mrt_dsp_taps_t;

/**
 * Lines of outputs with 3 x 3 taps. Weights are one word for each line of taps: bytes (0, 1, 1, 2), of which SXTB16
 * makes the pairs (0, 1) and (1, 2); an output takes both, whole or half, so that no pair needs a lane of its own.
 */
typedef struct mrt_dsp_lines {
    const uint32_t *lanes;   /**< Of tap 0 of the first output, as for tiles. */
    const uint32_t *weights; /**< Three words. */
    int8_t *to;              /**< The first output. */
    uint32_t step;           /**< Elements from an output to its neighbour. */
    uint32_t outputs;        /**< Of a line, at least 1. */
    uint32_t start;          /**< Where sums begin. */
    uint32_t line_words;     /**< Words of lanes from a line of taps to the next. */
    mrt_dsp_scale_t scale;
    uint32_t lines;          /**< Lines of outputs, at least 1. */
    uint32_t next_lanes;     /**< Words of lanes from a line of outputs to the next. */
    uint32_t next_to;        /**< Elements from the first output of a line to that of the next. */
} mrt_dsp_lines_t;

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

/* A line of taps for eight outputs in r0 to r7, by stride; `begin` is what each sum but the last begins with. */
#define MRT_DSP_PAIRS "ldr r10, [r9], #4\n sxtb16 r11, r10, ror #8\n sxtb16 r10, r10\n" /* MISRA D4 */
#define MRT_DSP_MAC(kind, sum, word, weight, begin) kind " " sum ", " word ", " weight ", " begin "\n"
#define MRT_DSP_LINE_ONE(b0, b1, b2, b3, b4, b5, b6) /* MISRA D4 */ \
    MRT_DSP_PAIRS "ldrd r12, lr, [r8]\n" \
    MRT_DSP_MAC("smlad", "r0", "r12", "r10", b0) MRT_DSP_MAC("smlatb", "r1", "r12", "r10", b1) \
    MRT_DSP_MAC("smlabt", "r0", "lr", "r11", "r0") MRT_DSP_MAC("smlad", "r1", "lr", "r11", "r1") \
    MRT_DSP_MAC("smlad", "r2", "lr", "r10", b2) MRT_DSP_MAC("smlatb", "r3", "lr", "r10", b3) \
    "ldrd r12, lr, [r8, #8]\n" \
    MRT_DSP_MAC("smlabt", "r2", "r12", "r11", "r2") MRT_DSP_MAC("smlad", "r3", "r12", "r11", "r3") \
    MRT_DSP_MAC("smlad", "r4", "r12", "r10", b4) MRT_DSP_MAC("smlatb", "r5", "r12", "r10", b5) \
    MRT_DSP_MAC("smlabt", "r4", "lr", "r11", "r4") MRT_DSP_MAC("smlad", "r5", "lr", "r11", "r5") \
    MRT_DSP_MAC("smlad", "r6", "lr", "r10", b6) MRT_DSP_MAC("smlatb", "r7", "lr", "r10", "r7") \
    "ldr r12, [r8, #16]\n" \
    MRT_DSP_MAC("smlabt", "r6", "r12", "r11", "r6") MRT_DSP_MAC("smlad", "r7", "r12", "r11", "r7")
#define MRT_DSP_LINE_TWO(b0, b1, b2, b3, b4, b5, b6) /* MISRA D4 */ \
    MRT_DSP_PAIRS "ldrd r12, lr, [r8]\n" \
    MRT_DSP_MAC("smlad", "r0", "r12", "r10", b0) MRT_DSP_MAC("smlabt", "r0", "lr", "r11", "r0") \
    MRT_DSP_MAC("smlad", "r1", "lr", "r10", b1) \
    "ldrd r12, lr, [r8, #8]\n" \
    MRT_DSP_MAC("smlabt", "r1", "r12", "r11", "r1") MRT_DSP_MAC("smlad", "r2", "r12", "r10", b2) \
    MRT_DSP_MAC("smlabt", "r2", "lr", "r11", "r2") MRT_DSP_MAC("smlad", "r3", "lr", "r10", b3) \
    "ldrd r12, lr, [r8, #16]\n" \
    MRT_DSP_MAC("smlabt", "r3", "r12", "r11", "r3") MRT_DSP_MAC("smlad", "r4", "r12", "r10", b4) \
    MRT_DSP_MAC("smlabt", "r4", "lr", "r11", "r4") MRT_DSP_MAC("smlad", "r5", "lr", "r10", b5) \
    "ldrd r12, lr, [r8, #24]\n" \
    MRT_DSP_MAC("smlabt", "r5", "r12", "r11", "r5") MRT_DSP_MAC("smlad", "r6", "r12", "r10", b6) \
    MRT_DSP_MAC("smlabt", "r6", "lr", "r11", "r6") MRT_DSP_MAC("smlad", "r7", "lr", "r10", "r7") \
    "ldr r12, [r8, #32]\n" \
    MRT_DSP_MAC("smlabt", "r7", "r12", "r11", "r7")
#define MRT_DSP_LINE_FIRST(line) /* MISRA D4 */ \
    line("r7", "r7", "r7", "r7", "r7", "r7", "r7")
#define MRT_DSP_LINE_NEXT(line) /* MISRA D4 */ \
    "ldr r12, %[line_bytes]\n add r8, r8, r12\n" line("r0", "r1", "r2", "r3", "r4", "r5", "r6")

/* An output, to r11, from which the one before is r12 away: see mrt_dsp_requantise. Six instructions of four bytes. */
#define MRT_DSP_OUTPUT_CODE 24u
#define MRT_DSP_OUTPUT(sum) /* MISRA D4 */ \
    "add.w lr, r10, " sum ", asr #31\n smmlar " sum ", " sum ", r8, lr\n asr.w " sum ", " sum ", r9\n" \
    "ssat " sum ", #8, " sum ", asr #1\n strb.w " sum ", [r11]\n sub.w r11, r11, r12\n"

/*
 * Eight outputs after the other, the last of them first; of a line's last tile only those that are there. In assembly,
 * since sums, lanes and weights take all registers. `lane_words` from one tile's lanes to the next.
 */
#define MRT_DSP_LINES_THREE(name, line, lane_words) /* MISRA D4 */ \
    static inline void name(const mrt_dsp_lines_t *made) \
    { \
        const uint32_t *const weights = made->weights; \
        const uint32_t start = made->start; \
        const uint32_t line_bytes = 4u * made->line_words; \
        const uint32_t step = made->step; \
        const mrt_dsp_scale_t scale = made->scale; \
        for (uint32_t row = 0u; row < made->lines; ++row) { \
            const uint32_t *lanes = &made->lanes[row * made->next_lanes]; \
            int8_t *last = &made->to[(row * made->next_to) + ((MRT_DSP_LONG - 1u) * step)]; \
            uint32_t skip = 0u; \
            uint32_t left = made->outputs; \
            while (left > 0u) { \
                if (left < MRT_DSP_LONG) { \
                    last = &last[0u - ((MRT_DSP_LONG - left) * step)]; \
                    skip = (MRT_DSP_LONG - left) * MRT_DSP_OUTPUT_CODE; \
                    left = MRT_DSP_LONG; \
                } \
                __asm volatile(/* MISRA D5 */ \
                    "ldr r8, %[lanes]\n ldr r9, %[weights]\n ldr r7, %[start]\n" \
                    MRT_DSP_LINE_FIRST(line) MRT_DSP_LINE_NEXT(line) MRT_DSP_LINE_NEXT(line) \
                    "ldr lr, %[skip]\n ldr r8, %[multiplier]\n ldr r9, %[shift]\n ldr r10, %[offset]\n" \
                    "ldr r11, %[last]\n ldr r12, %[step]\n .balign 4\n add pc, lr\n nop\n" \
                    MRT_DSP_OUTPUT("r7") MRT_DSP_OUTPUT("r6") MRT_DSP_OUTPUT("r5") MRT_DSP_OUTPUT("r4") \
                    MRT_DSP_OUTPUT("r3") MRT_DSP_OUTPUT("r2") MRT_DSP_OUTPUT("r1") MRT_DSP_OUTPUT("r0") \
                    : \
                    : [lanes] "m"(lanes), [weights] "m"(weights), [start] "m"(start), [line_bytes] "m"(line_bytes), \
                      [skip] "m"(skip), [multiplier] "m"(scale.multiplier), [shift] "m"(scale.shift), \
                      [offset] "m"(scale.offset), [last] "m"(last), [step] "m"(step) \
                    : "r0", "r1", "r2", "r3", "r4", "r5", "r6", "r7", "r8", "r9", "r10", "r11", "r12", "lr", "cc", \
                      "memory"); \
                last = &last[MRT_DSP_LONG * step]; \
                lanes = &lanes[lane_words]; \
                left -= MRT_DSP_LONG; \
            } \
        } \
    }
MRT_DSP_LINES_THREE(mrt_dsp_lines_three_one, MRT_DSP_LINE_ONE, 4u)
MRT_DSP_LINES_THREE(mrt_dsp_lines_three_two, MRT_DSP_LINE_TWO, 8u)

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

/* The sum of one output from the word of its first tap; `odd` where that tap is the word's second lane. */
static inline uint32_t mrt_dsp_sum_three(const mrt_dsp_lines_t *made, const uint32_t *lanes, bool odd)
{
    uint32_t sum = made->start;
    for (uint32_t line = 0u; line < 3u; ++line) {
        const uint32_t *word = &lanes[line * made->line_words];
        const uint32_t first = mrt_dsp_sxtb16(made->weights[line]);
        const uint32_t second = mrt_dsp_sxtb16_odd(made->weights[line]);
        sum = odd ? mrt_dsp_smlad(word[0] >> 16u, first & 0xFFFFu, sum) : mrt_dsp_smlad(word[0], first, sum);
        sum = odd ? mrt_dsp_smlad(word[1], second, sum) : mrt_dsp_smlad(word[1] & 0xFFFFu, second >> 16u, sum);
    }
    return sum;
}

static inline void mrt_dsp_lines_three(const mrt_dsp_lines_t *made, uint32_t stride)
{
    for (uint32_t line = 0u; line < made->lines; ++line) {
        const uint32_t *lanes = &made->lanes[line * made->next_lanes];
        int8_t *to = &made->to[line * made->next_to];
        for (uint32_t i = 0u; i < made->outputs; ++i) {
            const uint32_t lane = i * stride;
            const uint32_t sum = mrt_dsp_sum_three(made, &lanes[lane / 2u], (lane % 2u) != 0u);
            to[i * made->step] = mrt_dsp_requantise((int32_t)sum, made->scale);
        }
    }
}

static inline void mrt_dsp_lines_three_one(const mrt_dsp_lines_t *made)
{
    mrt_dsp_lines_three(made, 1u);
}

static inline void mrt_dsp_lines_three_two(const mrt_dsp_lines_t *made)
{
    mrt_dsp_lines_three(made, 2u);
}

#endif

#endif
