/**
 * @file taps.h
 * @brief The inner loops of depthwise convolutions on cores with the DSP extension: eight neighbouring outputs of one
 *        channel at a time.
 *
 * Neighbours lie along the inner axis. The input is one channel in lanes of 16 bits, two elements that neighbouring
 * taps multiply in a word, in lines along the inner axis. Where stride and dilation along it are 1 ("near"), a word
 * serves two outputs: one at an even place takes words of the weights (0, 1), (2, 3), …, its odd neighbour, which begins
 * a lane later, (-, 0), (1, 2), …. Anywhere else ("far") each output has words of its own, and all take the even form. A
 * step is one word of weights (or one for each of both neighbours) for all outputs of a tile. What lies behind these
 * weights says how far it is to the lanes of the next step, so that any window is a list of steps.
 */
#ifndef MRT_RUNTIME_KERNELS_DSP_TAPS_H
#define MRT_RUNTIME_KERNELS_DSP_TAPS_H

#include "runtime/kernels/dsp/dot.h"
#include "runtime/kernels/dsp/intrinsics.h"

#include <stdint.h>

/** Outputs of a tile. */
#define MRT_DSP_LONG 8u

/** Where a tile begins. */
typedef struct mrt_dsp_lanes {
    const uint32_t *lanes;   /**< Of tap 0 of the first output. */
    const uint32_t *weights; /**< Step by step: a word, or near two, and then bytes of lanes to the next step. */
} mrt_dsp_lanes_t;

/** The bytes behind the last step, which lead back: less than none, so that it is seen to be the last. */
static inline uint32_t mrt_dsp_taps_last(uint32_t bytes)
{
    return 0u - (bytes + (uint32_t)sizeof(uint32_t));
}

/** What a tile is computed from; the sums begin with one value, and are doubled. */
typedef struct mrt_dsp_taps {
    mrt_dsp_lanes_t place;
    uint32_t start; /**< Where sums begin. */
    mrt_dsp_scale_t scale;
} mrt_dsp_taps_t;

/** Where the outputs of a tile go. */
typedef struct mrt_dsp_column {
    int8_t *to;
    uint32_t step; /**< Elements from an output to its neighbour. */
} mrt_dsp_column_t;

/** Neighbouring tiles, in lines. */
typedef struct mrt_dsp_tiles {
    int8_t *to;         /**< The first output. */
    uint32_t step;      /**< Elements from an output to its neighbour. */
    uint32_t count;     /**< Tiles of a line, at least 1. */
    uint32_t lines;
    uint32_t next_line; /**< Words of lanes from a line to the next. */
    uint32_t next_to;   /**< Elements of the output, likewise. */
} mrt_dsp_tiles_t;

#if MRT_DSP == 1

/* Registers: r0 lanes, r1 weights, r2 and r3 words of lanes, r12 and lr words of weights, r4 to r11 sums. */

/* One step; `begin` is the operand that a sum begins with: itself, or the start, which is in r11, in the first step. */
#define MRT_DSP_ADD(sum, word, weight, begin) "smlad " sum ", " word ", " weight ", " begin "\n"
#define MRT_DSP_LONG_NEAR(a0, a1, a2, a3, b0, b1, b2) /* MISRA D4 */ \
    "ldrd r12, lr, [r1], #8\n ldrd r2, r3, [r0]\n" \
    MRT_DSP_ADD("r4", "r2", "r12", a0) MRT_DSP_ADD("r5", "r2", "lr", a1) \
    MRT_DSP_ADD("r6", "r3", "r12", a2) MRT_DSP_ADD("r7", "r3", "lr", a3) \
    "ldrd r2, r3, [r0, #8]\n" \
    MRT_DSP_ADD("r8", "r2", "r12", b0) MRT_DSP_ADD("r9", "r2", "lr", b1) \
    MRT_DSP_ADD("r10", "r3", "r12", b2) MRT_DSP_ADD("r11", "r3", "lr", "r11") \
    "ldr lr, [r1], #4\n"
#define MRT_DSP_LONG_FAR(a0, a1, a2, a3, b0, b1, b2) /* MISRA D4 */ \
    "ldrd r12, lr, [r1], #8\n ldrd r2, r3, [r0]\n" \
    MRT_DSP_ADD("r4", "r2", "r12", a0) MRT_DSP_ADD("r5", "r3", "r12", a1) \
    "ldrd r2, r3, [r0, #8]\n" \
    MRT_DSP_ADD("r6", "r2", "r12", a2) MRT_DSP_ADD("r7", "r3", "r12", a3) \
    "ldrd r2, r3, [r0, #16]\n" \
    MRT_DSP_ADD("r8", "r2", "r12", b0) MRT_DSP_ADD("r9", "r3", "r12", b1) \
    "ldrd r2, r3, [r0, #24]\n" \
    MRT_DSP_ADD("r10", "r2", "r12", b2) MRT_DSP_ADD("r11", "r3", "r12", "r11")

/* Tiles, step by step. Adding bytes to an address carries only where they lead back. */
#define MRT_DSP_LONG_TAPS(step) /* MISRA D4 */ \
    "0:\n ldrd r0, r1, %[place]\n ldr r11, %[start]\n" step("r11", "r11", "r11", "r11", "r11", "r11", "r11") \
    "adds r0, lr\n bcs 2f\n" \
    "1:\n" step("r4", "r5", "r6", "r7", "r8", "r9", "r10") \
    "adds r0, lr\n bcc 1b\n" \
    "2:\n add r0, %[next]\n str r0, %[place]\n"

/* Outputs from their sums, see mrt_dsp_requantise: r0 multiplier, r1 offset, r2 shift, r3 output, r12 step. */
#define MRT_DSP_LONG_STORE(sum) /* MISRA D4 */ \
    "add lr, r1, " sum ", asr #31\n smmlar " sum ", " sum ", r0, lr\n asr " sum ", " sum ", r2\n" \
    "ssat " sum ", #8, " sum ", asr #1\n strb " sum ", [r3]\n add r3, r12\n"
#define MRT_DSP_LONG_OUTPUTS /* MISRA D4 */ \
    "ldrd r0, r1, %[scale]\n ldr r2, %[shift]\n ldrd r3, r12, %[column]\n" \
    MRT_DSP_LONG_STORE("r4") MRT_DSP_LONG_STORE("r5") MRT_DSP_LONG_STORE("r6") MRT_DSP_LONG_STORE("r7") \
    MRT_DSP_LONG_STORE("r8") MRT_DSP_LONG_STORE("r9") MRT_DSP_LONG_STORE("r10") MRT_DSP_LONG_STORE("r11") \
    "ldr r1, %[tiles]\n str r3, %[column]\n subs r1, #1\n str r1, %[tiles]\n bne 0b\n"

#define MRT_DSP_TILES(name, words, code) /* MISRA D4 */ \
    static inline void name(mrt_dsp_taps_t *taps, const mrt_dsp_tiles_t *tiles) \
    { \
        const uint32_t *lanes = taps->place.lanes; \
        int8_t *to = tiles->to; \
        for (uint32_t line = tiles->lines; line > 0u; --line) { \
            mrt_dsp_column_t column = {to, tiles->step}; \
            uint32_t count = tiles->count; \
            taps->place.lanes = lanes; \
            __asm volatile(MRT_DSP_LONG_TAPS(code) MRT_DSP_LONG_OUTPUTS /* MISRA D5 */ \
                           : [place] "+m"(taps->place), [column] "+m"(column), [tiles] "+m"(count) \
                           : [start] "m"(taps->start), [scale] "m"(taps->scale), [shift] "m"(taps->scale.shift), \
                             [next] "i"(4u * ((words) + 1u)) \
                           : "r0", "r1", "r2", "r3", "r4", "r5", "r6", "r7", "r8", "r9", "r10", "r11", "r12", "lr", \
                             "cc", "memory"); \
            lanes = &lanes[tiles->next_line]; \
            to = &to[tiles->next_to]; \
        } \
    }
MRT_DSP_TILES(mrt_dsp_long_near, MRT_DSP_LONG / 2u, MRT_DSP_LONG_NEAR)
MRT_DSP_TILES(mrt_dsp_long_far, MRT_DSP_LONG, MRT_DSP_LONG_FAR)

#else

/* A line; `weights`: words of a step. */
static inline void mrt_dsp_long_line(const mrt_dsp_taps_t *taps, mrt_dsp_lanes_t place, mrt_dsp_column_t column,
                                     uint32_t count, uint32_t weights)
{
    for (uint32_t i = 0u; i < (count * MRT_DSP_LONG); ++i) {
        const uint32_t *x = &place.lanes[i / weights];
        const uint32_t *w = place.weights;
        uint32_t sum = mrt_dsp_smlad(x[0], w[i % weights], taps->start);
        while (w[weights] < (UINT32_C(1) << 31u)) {
            x = &x[w[weights] / sizeof(uint32_t)];
            w = &w[weights + 1u];
            sum = mrt_dsp_smlad(x[0], w[i % weights], sum);
        }
        column.to[i * column.step] = mrt_dsp_requantise((int32_t)sum, taps->scale);
    }
}

static inline void mrt_dsp_long_lines(const mrt_dsp_taps_t *taps, const mrt_dsp_tiles_t *tiles, uint32_t weights)
{
    mrt_dsp_lanes_t place = taps->place;
    mrt_dsp_column_t column = {tiles->to, tiles->step};
    for (uint32_t line = 0u; line < tiles->lines; ++line) {
        mrt_dsp_long_line(taps, place, column, tiles->count, weights);
        place.lanes = &place.lanes[tiles->next_line];
        column.to = &column.to[tiles->next_to];
    }
}

static inline void mrt_dsp_long_near(mrt_dsp_taps_t *taps, const mrt_dsp_tiles_t *tiles)
{
    mrt_dsp_long_lines(taps, tiles, 2u);
}

static inline void mrt_dsp_long_far(mrt_dsp_taps_t *taps, const mrt_dsp_tiles_t *tiles)
{
    mrt_dsp_long_lines(taps, tiles, 1u);
}

#endif

#endif
