/**
 * @file taps.h
 * @brief The inner loops of depthwise convolutions on cores with the DSP extension: eight neighbouring outputs of one
 *        channel at a time.
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

/** From a line of taps to the next. */
typedef struct mrt_dsp_line {
    uint32_t weights; /**< Bytes of the weights of one. */
    uint32_t lanes;   /**< Bytes of lanes behind its steps. */
} mrt_dsp_line_t;

/** Where a tile begins. */
typedef struct mrt_dsp_lanes {
    const uint32_t *lanes;   /**< Of tap 0 of the first output. */
    const uint32_t *weights; /**< Line by line, step by step; a line has at least one step. */
} mrt_dsp_lanes_t;

/** What a tile is computed from; the sums begin with one value, and are doubled. */
typedef struct mrt_dsp_taps {
    mrt_dsp_lanes_t place;
    const uint32_t *end; /**< Behind the weights of all lines, of which there is at least one. */
    uint32_t start;      /**< Where sums begin. */
    mrt_dsp_line_t line;
    mrt_dsp_scale_t scale;
} mrt_dsp_taps_t;

/** Where the outputs of a tile go. */
typedef struct mrt_dsp_column {
    int8_t *to;
    uint32_t step; /**< Elements from an output to its neighbour. */
} mrt_dsp_column_t;

#if MRT_DSP == 1

/* Registers: r0 lanes, r1 weights, r2 and r3 words of lanes, r12 and lr words of weights, r4 to r11 sums. */

/* One step; `begin` is the operand that a sum begins with: itself, or the start, which is in r11, in the first step. */
#define MRT_DSP_ADD(sum, word, weight, begin) "smlad " sum ", " word ", " weight ", " begin "\n"
#define MRT_DSP_LONG_ONE(a0, a1, a2, a3, b0, b1, b2) /* MISRA D4 */ \
    "ldrd r12, lr, [r1], #8\n ldrd r2, r3, [r0], #8\n" \
    MRT_DSP_ADD("r4", "r2", "r12", a0) MRT_DSP_ADD("r5", "r2", "lr", a1) \
    MRT_DSP_ADD("r6", "r3", "r12", a2) MRT_DSP_ADD("r7", "r3", "lr", a3) \
    "ldrd r2, r3, [r0], #-4\n" \
    MRT_DSP_ADD("r8", "r2", "r12", b0) MRT_DSP_ADD("r9", "r2", "lr", b1) \
    MRT_DSP_ADD("r10", "r3", "r12", b2) MRT_DSP_ADD("r11", "r3", "lr", "r11")
#define MRT_DSP_LONG_TWO(a0, a1, a2, a3, b0, b1, b2) /* MISRA D4 */ \
    "ldr r12, [r1], #4\n ldrd r2, r3, [r0], #8\n" \
    MRT_DSP_ADD("r4", "r2", "r12", a0) MRT_DSP_ADD("r5", "r3", "r12", a1) \
    "ldrd r2, r3, [r0], #8\n" \
    MRT_DSP_ADD("r6", "r2", "r12", a2) MRT_DSP_ADD("r7", "r3", "r12", a3) \
    "ldrd r2, r3, [r0], #8\n" \
    MRT_DSP_ADD("r8", "r2", "r12", b0) MRT_DSP_ADD("r9", "r3", "r12", b1) \
    "ldrd r2, r3, [r0], #-20\n" \
    MRT_DSP_ADD("r10", "r2", "r12", b2) MRT_DSP_ADD("r11", "r3", "r12", "r11")
#define MRT_DSP_LONG_FIRST(step) /* MISRA D4 */ \
    step("r11", "r11", "r11", "r11", "r11", "r11", "r11")
#define MRT_DSP_LONG_NEXT(step) /* MISRA D4 */ \
    step("r4", "r5", "r6", "r7", "r8", "r9", "r10")

/* Tiles, step by step. Where a line's weights end is in memory, as the sums have all registers; with one word of weights
 * a step, in lr. */
#define MRT_DSP_LONG_BEGIN \
    "0:\n ldrd r0, r1, %[place]\n ldr lr, %[line]\n ldr r11, %[start]\n add lr, r1\n"
#define MRT_DSP_LONG_TAPS_ONE \
    MRT_DSP_LONG_BEGIN "str lr, %[end]\n" MRT_DSP_LONG_FIRST(MRT_DSP_LONG_ONE) "b 2f\n" \
    "1:\n" MRT_DSP_LONG_NEXT(MRT_DSP_LONG_ONE) \
    "2:\n ldr r12, %[end]\n cmp r1, r12\n bne 1b\n" \
    "ldrd r2, r3, %[line]\n add r12, r2\n add r0, r3\n str r12, %[end]\n" \
    "ldr r2, %[last]\n cmp r1, r2\n bne 1b\n"
#define MRT_DSP_LONG_TAPS_TWO \
    MRT_DSP_LONG_BEGIN MRT_DSP_LONG_FIRST(MRT_DSP_LONG_TWO) "b 2f\n" \
    "1:\n" MRT_DSP_LONG_NEXT(MRT_DSP_LONG_TWO) \
    "2:\n cmp r1, lr\n bne 1b\n" \
    "ldrd r2, r3, %[line]\n add lr, r2\n add r0, r3\n" \
    "ldr r2, %[last]\n cmp r1, r2\n bne 1b\n"

/* Outputs from their sums, see mrt_dsp_requantise: r0 multiplier, r1 offset, r2 shift, r3 output, r12 step. */
#define MRT_DSP_LONG_STORE(sum) /* MISRA D4 */ \
    "add lr, r1, " sum ", asr #31\n smmlar " sum ", " sum ", r0, lr\n asr " sum ", " sum ", r2\n" \
    "ssat " sum ", #8, " sum ", asr #1\n strb " sum ", [r3]\n add r3, r12\n"
#define MRT_DSP_LONG_OUTPUTS /* MISRA D4 */ \
    "ldrd r0, r1, %[scale]\n ldr r2, %[shift]\n ldrd r3, r12, %[column]\n" \
    MRT_DSP_LONG_STORE("r4") MRT_DSP_LONG_STORE("r5") MRT_DSP_LONG_STORE("r6") MRT_DSP_LONG_STORE("r7") \
    MRT_DSP_LONG_STORE("r8") MRT_DSP_LONG_STORE("r9") MRT_DSP_LONG_STORE("r10") MRT_DSP_LONG_STORE("r11") \
    "ldr r0, %[place]\n ldr r1, %[tiles]\n str r3, %[column]\n add r0, %[next]\n subs r1, #1\n str r0, %[place]\n" \
    "str r1, %[tiles]\n bne 0b\n"

#define MRT_DSP_TILES(name, stride, code) /* MISRA D4 */ \
    static inline void name(const mrt_dsp_taps_t *taps, mrt_dsp_column_t column, uint32_t count) \
    { \
        mrt_dsp_taps_t made = *taps; \
        mrt_dsp_column_t next = column; \
        uint32_t tiles = count; \
        uint32_t end; \
        __asm volatile(code MRT_DSP_LONG_OUTPUTS /* MISRA D5 */ \
                       : [end] "=m"(end), [place] "+m"(made.place), [column] "+m"(next), [tiles] "+m"(tiles) \
                       : [line] "m"(made.line), [last] "m"(made.end), [start] "m"(made.start), [scale] "m"(made.scale), \
                         [shift] "m"(made.scale.shift), [next] "i"(2u * MRT_DSP_LONG * (stride)) \
                       : "r0", "r1", "r2", "r3", "r4", "r5", "r6", "r7", "r8", "r9", "r10", "r11", "r12", "lr", "cc", \
                         "memory"); \
    }
MRT_DSP_TILES(mrt_dsp_long_one, 1u, MRT_DSP_LONG_TAPS_ONE)
MRT_DSP_TILES(mrt_dsp_long_two, 2u, MRT_DSP_LONG_TAPS_TWO)

#else

static inline void mrt_dsp_tiles(const mrt_dsp_taps_t *taps, mrt_dsp_column_t column, uint32_t count, uint32_t stride)
{
    const uint32_t words = (stride == 1u) ? 2u : 1u; /* of a step */
    const uint32_t steps = (taps->line.weights / 4u) / words;
    for (uint32_t i = 0u; i < (count * MRT_DSP_LONG); ++i) {
        const uint32_t *x = &taps->place.lanes[(stride == 1u) ? (i / 2u) : i];
        uint32_t sum = taps->start;
        for (const uint32_t *w = taps->place.weights; w != taps->end; w = &w[steps * words]) {
            for (uint32_t step = 0u; step < steps; ++step) {
                sum = mrt_dsp_smlad(x[step], w[(step * words) + (i % words)], sum);
            }
            x = &x[steps + (taps->line.lanes / 4u)];
        }
        column.to[i * column.step] = mrt_dsp_requantise((int32_t)sum, taps->scale);
    }
}

static inline void mrt_dsp_long_one(const mrt_dsp_taps_t *taps, mrt_dsp_column_t column, uint32_t count)
{
    mrt_dsp_tiles(taps, column, count, 1u);
}

static inline void mrt_dsp_long_two(const mrt_dsp_taps_t *taps, mrt_dsp_column_t column, uint32_t count)
{
    mrt_dsp_tiles(taps, column, count, 2u);
}

#endif

#endif
