/**
 * @file three.h
 * @brief The inner loops of depthwise convolutions with 3 x 3 taps on cores with the DSP extension.
 *
 * The input of four channels lies in strips. A strip is what makes one or two rows of outputs: for each column of input
 * two words for each channel, the first of the lanes (row 0, row 1), the second of (row 2, row 3). Taps go in pairs along
 * the height, too: with the pairs (0, 1) and (1, 2) of a column of taps, an output of the first row takes the first word
 * whole and the first lane of the second; one of the second row the second lane of the first word and the second word
 * whole. So an input element is brought into a lane once for all outputs of its strip, and rows may lie anywhere.
 *
 * Tall strips share their lanes: a channel has eight words in a column, of 16 rows of the input, and the strip whose first
 * row is 2 i takes words i and i + 1. So an input element is brought into a lane once for up to seven strips, and lanes
 * take four times the room where there is one.
 *
 * An output channel's record in the params, made by the compiler:
 *
 *     multiplier, shift         as mrt_dsp_scale in dot.h takes them
 *     start                     what sums, which are doubled, begin with
 *     taps[3]                   of each column of taps the bytes (0, 1, 1, 2); SXTB16 makes both pairs of them
 *
 * Where outputs are linear (see dot.h), taps are 256 times themselves in their lanes, and the record is
 *
 *     taps[3]
 *     multiplier
 *     start                     what sums, which are 256 times themselves, begin with
 */
#ifndef MRT_RUNTIME_KERNELS_DSP_THREE_H
#define MRT_RUNTIME_KERNELS_DSP_THREE_H

#include "runtime/kernels/dsp/dot.h"
#include "runtime/kernels/dsp/intrinsics.h"

#include <stdbool.h>

/** Channels that are brought into lanes at a time. */
#define MRT_DSP_THREE_CHANNELS 4u

/** Rows of the input in a strip. */
#define MRT_DSP_THREE_ROWS 4u

/** Words of a channel in a column of a strip, which are neighbours; of tall strips. */
#define MRT_DSP_THREE_WORDS 2u
#define MRT_DSP_THREE_WORDS_TALL 8u

/** The most strips that share the words of tall ones. */
#define MRT_DSP_THREE_STRIPS_TALL 7u

/** Words of a record; where outputs are linear. */
#define MRT_DSP_THREE_RECORD 6u
#define MRT_DSP_THREE_RECORD_LINEAR 5u

/** Output channels of some strips. */
typedef struct mrt_dsp_three {
    const uint32_t *records;
    const uint32_t *lanes; /**< The first output channel's first word in the first column of the first strip. */
    int8_t *to;            /**< The first output. */
    uint32_t channels;     /**< At least 1. */
    uint32_t lane_words;   /**< From an output channel's lanes to the next one's. */
    uint32_t column_words; /**< From a column to the next. */
    uint32_t strips;       /**< At least 1. */
    uint32_t strip_words;  /**< From a strip to the next. */
    uint32_t outputs;      /**< Of a row, at least 1. */
    uint32_t columns;      /**< From the first column of an output to that of the next. */
    int32_t pixel;         /**< Elements from an output to its neighbour. */
    int32_t row;           /**< Elements from a row of outputs to the next. */
    uint32_t step;         /**< See mrt_dsp_step. */
} mrt_dsp_three_t;

#if MRT_DSP == 1

/*
 * Four channels of `columns` columns of four rows, at least one column, to their lanes; `pixel` elements from a column to
 * the next, `column` bytes of lanes. In assembly, since the compiler would not keep all rows in registers.
 */
#define MRT_DSP_THREE_WIDEN(name, words, column, at1, at2, at3) /* MISRA D4 */ \
    static inline void name(const int8_t *const rows[MRT_DSP_THREE_ROWS], uint32_t pixel, uint32_t columns, \
                            uint32_t *lanes) \
    { \
        const int8_t *const first = rows[0]; \
        const int8_t *const second = rows[1]; \
        const int8_t *const third = rows[2]; \
        const int8_t *const fourth = rows[3]; \
        uint32_t *to = &lanes[columns * MRT_DSP_THREE_CHANNELS * (words)]; \
        uint32_t i = columns * pixel; \
        uint32_t a; \
        uint32_t b; \
        uint32_t c; \
        uint32_t d; \
        uint32_t low; \
        uint32_t high; \
        __asm volatile(/* MISRA D5 */ \
                       "1:\n subs %[i], %[i], %[pixel]\n" \
                       "ldr %[a], [%[row0], %[i]]\n ldr %[b], [%[row1], %[i]]\n" \
                       "ldr %[c], [%[row2], %[i]]\n ldr %[d], [%[row3], %[i]]\n" \
                       "pkhbt %[low], %[a], %[b], lsl #16\n pkhtb %[b], %[b], %[a], asr #16\n" \
                       "pkhbt %[high], %[c], %[d], lsl #16\n pkhtb %[d], %[d], %[c], asr #16\n" \
                       "sxtb16 %[a], %[low]\n sxtb16 %[c], %[high]\n strd %[a], %[c], [%[to], #-" column "]!\n" \
                       "sxtb16 %[a], %[low], ror #8\n sxtb16 %[c], %[high], ror #8\n" \
                       "strd %[a], %[c], [%[to], #" at1 "]\n" \
                       "sxtb16 %[a], %[b]\n sxtb16 %[c], %[d]\n strd %[a], %[c], [%[to], #" at2 "]\n" \
                       "sxtb16 %[a], %[b], ror #8\n sxtb16 %[c], %[d], ror #8\n" \
                       "strd %[a], %[c], [%[to], #" at3 "]\n" \
                       "bne 1b\n" \
                       : [to] "+r"(to), [i] "+r"(i), [a] "=&r"(a), [b] "=&r"(b), [c] "=&r"(c), [d] "=&r"(d), \
                         [low] "=&r"(low), [high] "=&r"(high) \
                       : [row0] "r"(first), [row1] "r"(second), [row2] "r"(third), [row3] "r"(fourth), [pixel] "r"(pixel) \
                       : "cc", "memory"); \
    }
MRT_DSP_THREE_WIDEN(mrt_dsp_three_widen, MRT_DSP_THREE_WORDS, "32", "8", "16", "24")
MRT_DSP_THREE_WIDEN(mrt_dsp_three_widen_tall, MRT_DSP_THREE_WORDS_TALL, "128", "32", "64", "96")

/** Two words that one LDRD reads. */
typedef struct mrt_dsp_words {
    uint32_t first;
    uint32_t second;
} mrt_dsp_words_t;

/** The lanes and the outputs of the next channel. */
typedef struct mrt_dsp_place {
    const uint32_t *lanes;
    int8_t *to;
} mrt_dsp_place_t;

/** What the loops count by. */
typedef struct mrt_dsp_steps {
    uint32_t pixel; /**< As in mrt_dsp_three_t. */
    uint32_t end;   /**< Where the lanes of a row of outputs end. */
    uint32_t left;  /**< Strips. */
} mrt_dsp_steps_t;

/* Both pairs of a column of taps, doubled, from the word in `first`. */
#define MRT_DSP_THREE_PAIRS(first, second) /* MISRA D4 */ \
    "    sxtb16  " second ", " first ", ror #8\n" \
    "    sxtb16  " first ", " first "\n" \
    "    sadd16  " second ", " second ", " second "\n" \
    "    sadd16  " first ", " first ", " first "\n"

/* Both pairs of a column of taps, 256 times, from the word in `first`. */
#define MRT_DSP_THREE_PAIRS_LINEAR(first, second) /* MISRA D4 */ \
    "    and     " second ", " first ", #0xFF00FF00\n" \
    "    lsl     " first ", " first ", #8\n" \
    "    and     " first ", " first ", #0xFF00FF00\n"

/* A channel. r0: its lanes in the column of an output's first taps, r1: the output; its record goes to `registers`. */
#define MRT_DSP_THREE_CHANNEL(registers) /* MISRA D4 */ \
    "2:\n" \
    "    ldr     r2, %[records]\n" \
    "    ldrd    r0, r1, %[place]\n" \
    "    ldr     r3, %[lane]\n" \
    "    ldm     r2!, {" registers "}\n" \
    "    str     r2, %[records]\n" \
    "    add     r2, r0, r3\n" \
    "    add     r3, r1, #1\n" \
    "    strd    r2, r3, %[place]\n" \
    "    ldrd    r2, r3, %[strips]\n" \
    "    add     r2, r2, r0\n" \
    "    strd    r2, r3, %[end]\n"

/* r4 to r9: taps, r10: multiplier, r11: start. */
#define MRT_DSP_THREE_BEGIN_LINEAR \
    MRT_DSP_THREE_CHANNEL("r4, r6, r8, r10, r11") MRT_DSP_THREE_PAIRS_LINEAR("r4", "r5") \
        MRT_DSP_THREE_PAIRS_LINEAR("r6", "r7") MRT_DSP_THREE_PAIRS_LINEAR("r8", "r9")

/* r4 to r9: taps, r10: multiplier, r11: offset, lr: shift. */
#define MRT_DSP_THREE_BEGIN \
    MRT_DSP_THREE_CHANNEL("r4, r5, r6, r7, r8, r9") \
    "    ldr     r11, %[step]\n" \
    "    mov     r10, r4\n" \
    "    lsl     r11, r11, r5\n" \
    "    str     r5, %[shift]\n" \
    "    mov     lr, r5\n" \
    "    strd    r6, r6, %[start]\n" \
    "    mov     r4, r7\n" \
    "    mov     r6, r8\n" \
    "    mov     r8, r9\n" MRT_DSP_THREE_PAIRS("r4", "r5") MRT_DSP_THREE_PAIRS("r6", "r7") \
        MRT_DSP_THREE_PAIRS("r8", "r9")

/* A column of taps for two rows of outputs, whose sums are r12 and lr, or for one; sums before the first are elsewhere. */
#define MRT_DSP_THREE_TWO_FROM(address, first, second, sum0, sum1) \
    "    ldrd    r2, r3, " address "\n" \
    "    smlad   r12, r2, " first ", " sum0 "\n" \
    "    smlatb  lr, r2, " first ", " sum1 "\n" \
    "    smlabt  r12, r3, " second ", r12\n" \
    "    smlad   lr, r3, " second ", lr\n"
#define MRT_DSP_THREE_ONE_FROM(address, first, second, sum) \
    "    ldrd    r2, r3, " address "\n" \
    "    smlad   r12, r2, " first ", " sum "\n" \
    "    smlabt  r12, r3, " second ", r12\n"
#define MRT_DSP_THREE_TWO(address, first, second) MRT_DSP_THREE_TWO_FROM(address, first, second, "r12", "lr")
#define MRT_DSP_THREE_ONE(address, first, second) MRT_DSP_THREE_ONE_FROM(address, first, second, "r12")

/* Outputs from their sums: see mrt_dsp_requantise. The first row's is stored by MRT_DSP_THREE_END. */
#define MRT_DSP_THREE_OUTPUT_TWO /* MISRA D4 */ \
    "    add     r2, r11, r12, asr #31\n" \
    "    add     r3, r11, lr, asr #31\n" \
    "    smmlar  r12, r12, r10, r2\n" \
    "    smmlar  lr, lr, r10, r3\n" \
    "    ldrd    r2, r3, %[shift]\n" \
    "    asr     r12, r12, r2\n" \
    "    asr     lr, lr, r2\n" \
    "    ssat    r12, #8, r12, asr #1\n" \
    "    ssat    lr, #8, lr, asr #1\n" \
    "    strb    lr, [r1, r3]\n"
#define MRT_DSP_THREE_OUTPUT_ONE /* MISRA D4 */ \
    "    add     r2, r11, r12, asr #31\n" \
    "    smmlar  r12, r12, r10, r2\n" \
    "    asr     r12, r12, lr\n" \
    "    ssat    r12, #8, r12, asr #1\n"
#define MRT_DSP_THREE_LINEAR_TWO /* MISRA D4 */ \
    "    smmulr  r12, r12, r10\n" \
    "    smmulr  lr, lr, r10\n" \
    "    ldr     r2, %[row]\n" \
    "    ssat    r12, #8, r12, asr #" MRT_DSP_LINEAR_SHIFT_TEXT "\n" \
    "    ssat    lr, #8, lr, asr #" MRT_DSP_LINEAR_SHIFT_TEXT "\n" \
    "    strb    lr, [r1, r2]\n"
#define MRT_DSP_THREE_LINEAR_ONE /* MISRA D4 */ \
    "    smmulr  r12, r12, r10\n" \
    "    ssat    r12, #8, r12, asr #" MRT_DSP_LINEAR_SHIFT_TEXT "\n"

/* Behind an output, behind a strip, behind a channel. An output begins at 1, a strip at 4. */
#define MRT_DSP_THREE_END /* MISRA D4 */ \
    "    ldrd    r2, r3, %[steps]\n" \
    "    strb    r12, [r1]\n" \
    "    add     r1, r1, r2\n" \
    "    cmp     r0, r3\n" \
    "    bne     1b\n" \
    "    ldr     r12, %[left]\n" \
    "    subs    r12, r12, #1\n" \
    "    beq     3f\n" \
    "    ldr     r2, %[bytes]\n" \
    "    add     r3, r3, r2\n" \
    "    strd    r3, r12, %[end]\n" \
    "    ldrd    r2, r12, %[next]\n" \
    "    add     r0, r0, r2\n" \
    "    add     r1, r1, r12\n" \
    "    b       4b\n" \
    "3:\n" \
    "    ldr     r2, %[channels]\n" \
    "    subs    r2, r2, #1\n" \
    "    str     r2, %[channels]\n" \
    "    bne     2b\n"

/*
 * All outputs, by columns of taps; `rows` of outputs in a strip, `advance` bytes from the first column of an output to
 * that of the next. In assembly, since taps, sums, lanes and scale take all registers.
 */
#define MRT_DSP_THREE(name, rows, advance, begin_code, outputs_code) /* MISRA D4 */ \
    static inline void name(const mrt_dsp_three_t *made) \
    { \
        const uint32_t bytes = 4u * made->strip_words; \
        const uint32_t output_bytes = (advance); \
        const uint32_t used = made->outputs * output_bytes; \
        const uint32_t row_bytes = made->outputs * (uint32_t)made->pixel; \
        const uint32_t lane = 4u * made->lane_words; \
        const uint32_t step = made->step; \
        const uint32_t odd = made->outputs % 2u; \
        const mrt_dsp_words_t strips = {used, made->strips}; \
        const mrt_dsp_words_t next = {bytes - used, ((rows) * (uint32_t)made->row) - row_bytes}; \
        const uint32_t *records = made->records; \
        uint32_t channels = made->channels; \
        mrt_dsp_place_t place = {made->lanes, made->to}; \
        mrt_dsp_steps_t steps = {(uint32_t)made->pixel, 0u, 0u}; \
        mrt_dsp_words_t shift = {(uint32_t)made->pixel, (uint32_t)made->row}; \
        mrt_dsp_words_t start; \
        __asm volatile(begin_code outputs_code MRT_DSP_THREE_END /* MISRA D5 */ \
                       : [records] "+m"(records), [channels] "+m"(channels), [place] "+m"(place), [steps] "+m"(steps), \
                         [end] "+m"(steps.end), [left] "+m"(steps.left), [shift] "+m"(shift), [start] "=m"(start) \
                       : [row] "m"(shift.second), [across] "m"(output_bytes), [lane] "m"(lane), [step] "m"(step), [odd] "m"(odd), [strips] "m"(strips), [next] "m"(next), \
                         [bytes] "m"(bytes) \
                       : "r0", "r1", "r2", "r3", "r4", "r5", "r6", "r7", "r8", "r9", "r10", "r11", "r12", "lr", "cc", \
                         "memory"); \
    }
MRT_DSP_THREE(mrt_dsp_three_two, 2u, 32u, MRT_DSP_THREE_BEGIN,
              "4:\n1:\n"
              "    ldrd    r12, lr, %[start]\n" MRT_DSP_THREE_TWO("[r0, #32]", "r6", "r7")
                  MRT_DSP_THREE_TWO("[r0, #64]", "r8", "r9") MRT_DSP_THREE_TWO("[r0], #32", "r4", "r5")
                      MRT_DSP_THREE_OUTPUT_TWO)
MRT_DSP_THREE(mrt_dsp_three_linear_two, 2u, 32u, MRT_DSP_THREE_BEGIN_LINEAR,
              "4:\n1:\n" MRT_DSP_THREE_TWO_FROM("[r0, #32]", "r6", "r7", "r11", "r11")
                  MRT_DSP_THREE_TWO("[r0, #64]", "r8", "r9") MRT_DSP_THREE_TWO("[r0], #32", "r4", "r5")
                      MRT_DSP_THREE_LINEAR_TWO)
#define MRT_DSP_THREE_ROW(advance) /* MISRA D4 */ \
    "4:\n1:\n" \
    "    ldr     r12, %[start]\n" MRT_DSP_THREE_ONE("[r0, #32]", "r6", "r7") \
        MRT_DSP_THREE_ONE("[r0, #64]", "r8", "r9") MRT_DSP_THREE_ONE("[r0], #" advance, "r4", "r5") \
            MRT_DSP_THREE_OUTPUT_ONE
MRT_DSP_THREE(mrt_dsp_three_one, 1u, 32u, MRT_DSP_THREE_BEGIN, MRT_DSP_THREE_ROW("32"))
MRT_DSP_THREE(mrt_dsp_three_wide, 1u, 64u, MRT_DSP_THREE_BEGIN, MRT_DSP_THREE_ROW("64"))
MRT_DSP_THREE(mrt_dsp_three_linear_one, 1u, 32u * made->columns,
              MRT_DSP_THREE_BEGIN_LINEAR "    ldr     lr, %[across]\n",
              "4:\n1:\n" MRT_DSP_THREE_ONE_FROM("[r0, #32]", "r6", "r7", "r11") MRT_DSP_THREE_ONE("[r0, #64]", "r8", "r9")
                  MRT_DSP_THREE_ONE("[r0]", "r4", "r5")
              "    add     r0, r0, lr\n" MRT_DSP_THREE_LINEAR_ONE)

/* Two outputs of a row a turn, of tall strips; of an odd number the first comes alone. `first` and `second` are the code
 * of either, MRT_DSP_THREE_END stores the second. */
#define MRT_DSP_THREE_TURN(first, second) \
    "4:\n" \
    "    ldr     r2, %[odd]\n" \
    "    cbnz    r2, 5f\n" \
    "1:\n" first "5:\n" second
#define MRT_DSP_THREE_TALL_TWO /* MISRA D4 */ \
    MRT_DSP_THREE_TWO_FROM("[r0, #128]", "r6", "r7", "r11", "r11") MRT_DSP_THREE_TWO("[r0, #256]", "r8", "r9") \
        MRT_DSP_THREE_TWO("[r0], #128", "r4", "r5")
#define MRT_DSP_THREE_TALL_ONE(advance) /* MISRA D4 */ \
    MRT_DSP_THREE_ONE_FROM("[r0, #128]", "r6", "r7", "r11") MRT_DSP_THREE_ONE("[r0, #256]", "r8", "r9") \
        MRT_DSP_THREE_ONE("[r0], #" advance, "r4", "r5") MRT_DSP_THREE_LINEAR_ONE
#define MRT_DSP_THREE_TALL_ROW(advance) \
    MRT_DSP_THREE_TURN(MRT_DSP_THREE_TALL_ONE(advance) "    strb    r12, [r1]\n" \
                                                       "    add     r1, r1, lr\n", \
                       MRT_DSP_THREE_TALL_ONE(advance))
MRT_DSP_THREE(mrt_dsp_three_tall_two, 2u, 128u, MRT_DSP_THREE_BEGIN_LINEAR,
              MRT_DSP_THREE_TURN(MRT_DSP_THREE_TALL_TWO
                                 "    smmulr  r12, r12, r10\n"
                                 "    smmulr  lr, lr, r10\n"
                                 "    ldrd    r2, r3, %[shift]\n"
                                 "    ssat    r12, #8, r12, asr #" MRT_DSP_LINEAR_SHIFT_TEXT "\n"
                                 "    ssat    lr, #8, lr, asr #" MRT_DSP_LINEAR_SHIFT_TEXT "\n"
                                 "    strb    lr, [r1, r3]\n"
                                 "    strb    r12, [r1]\n"
                                 "    add     r1, r1, r2\n",
                                 MRT_DSP_THREE_TALL_TWO MRT_DSP_THREE_LINEAR_TWO))
#define MRT_DSP_THREE_BEGIN_ROW MRT_DSP_THREE_BEGIN_LINEAR "    ldr     lr, %[steps]\n"
MRT_DSP_THREE(mrt_dsp_three_tall_one, 1u, 128u, MRT_DSP_THREE_BEGIN_ROW, MRT_DSP_THREE_TALL_ROW("128"))
MRT_DSP_THREE(mrt_dsp_three_tall_wide, 1u, 256u, MRT_DSP_THREE_BEGIN_ROW, MRT_DSP_THREE_TALL_ROW("256"))

#else

/* Four channels of four rows; `words` of a channel in a column. */
static inline void mrt_dsp_three_widen_rows(const int8_t *const rows[MRT_DSP_THREE_ROWS], uint32_t pixel,
                                            uint32_t columns, uint32_t words, uint32_t *lanes)
{
    for (uint32_t column = 0u; column < columns; ++column) {
        for (uint32_t pair = 0u; pair < 2u; ++pair) {
            const uint32_t a = mrt_dsp_load(&rows[2u * pair][column * pixel]);
            const uint32_t b = mrt_dsp_load(&rows[(2u * pair) + 1u][column * pixel]);
            uint32_t *to = &lanes[(column * MRT_DSP_THREE_CHANNELS * words) + pair];
            to[0] = mrt_dsp_sxtb16(mrt_dsp_pack_low(a, b));
            to[words] = mrt_dsp_sxtb16_odd(mrt_dsp_pack_low(a, b));
            to[2u * words] = mrt_dsp_sxtb16(mrt_dsp_pack_high(a, b));
            to[3u * words] = mrt_dsp_sxtb16_odd(mrt_dsp_pack_high(a, b));
        }
    }
}

static inline void mrt_dsp_three_widen(const int8_t *const rows[MRT_DSP_THREE_ROWS], uint32_t pixel, uint32_t columns,
                                       uint32_t *lanes)
{
    mrt_dsp_three_widen_rows(rows, pixel, columns, MRT_DSP_THREE_WORDS, lanes);
}

static inline void mrt_dsp_three_widen_tall(const int8_t *const rows[MRT_DSP_THREE_ROWS], uint32_t pixel,
                                            uint32_t columns, uint32_t *lanes)
{
    mrt_dsp_three_widen_rows(rows, pixel, columns, MRT_DSP_THREE_WORDS_TALL, lanes);
}

/* The sum of an output of the first or the second row of a strip, from the first of its columns on, `apart` words one
 * behind the other; `pairs` are those of the taps of each column, one after the other. */
static inline uint32_t mrt_dsp_three_sum(uint32_t start, const uint32_t pairs[6], const uint32_t *lanes, uint32_t apart,
                                         bool second)
{
    uint32_t sum = start;
    for (uint32_t column = 0u; column < 3u; ++column) {
        const uint32_t *words = &lanes[column * apart];
        const uint32_t first = pairs[2u * column];
        const uint32_t last = pairs[(2u * column) + 1u];
        if (second) {
            sum = mrt_dsp_smlad(words[0] >> 16u, first & 0xFFFFu, sum);
            sum = mrt_dsp_smlad(words[1], last, sum);
        } else {
            sum = mrt_dsp_smlad(words[0], first, sum);
            sum = mrt_dsp_smlad(words[1] & 0xFFFFu, last >> 16u, sum);
        }
    }
    return sum;
}

/** A channel: what its record says. */
typedef struct mrt_dsp_three_filter {
    uint32_t start;
    uint32_t pairs[6];
    mrt_dsp_scale_t scale; /**< Where outputs are linear the multiplier alone. */
    bool linear;
} mrt_dsp_three_filter_t;

static inline mrt_dsp_three_filter_t mrt_dsp_three_filter(const mrt_dsp_three_t *made, uint32_t channel, bool linear)
{
    const uint32_t words = linear ? MRT_DSP_THREE_RECORD_LINEAR : MRT_DSP_THREE_RECORD;
    const uint32_t *record = &made->records[channel * words];
    const uint32_t *taps = linear ? record : &record[3];
    mrt_dsp_three_filter_t filter = {record[linear ? 4u : 2u], {0u, 0u, 0u, 0u, 0u, 0u}, {0, 0, 0u}, linear};
    if (linear) {
        filter.scale.multiplier = (int32_t)record[3];
    } else {
        filter.scale = mrt_dsp_scale(record, 0u, made->step);
    }
    for (uint32_t column = 0u; column < 3u; ++column) {
        const uint32_t first = linear ? ((taps[column] << 8u) & 0xFF00FF00u) : mrt_dsp_double(mrt_dsp_sxtb16(taps[column]));
        const uint32_t last = linear ? (taps[column] & 0xFF00FF00u) : mrt_dsp_double(mrt_dsp_sxtb16_odd(taps[column]));
        filter.pairs[2u * column] = first;
        filter.pairs[(2u * column) + 1u] = last;
    }
    return filter;
}

/* A channel; `rows` of outputs in a strip, `columns` from the first one of an output to that of the next. */
static inline void mrt_dsp_three_channel(const mrt_dsp_three_t *made, uint32_t channel,
                                         const mrt_dsp_three_filter_t *filter, uint32_t rows, uint32_t columns)
{
    for (uint32_t row = 0u; row < (rows * made->strips); ++row) {
        const uint32_t *lanes = &made->lanes[(channel * made->lane_words) + ((row / rows) * made->strip_words)];
        int8_t *to = &made->to[(int32_t)channel + ((int32_t)row * made->row)];
        for (uint32_t i = 0u; i < made->outputs; ++i) {
            const uint32_t *first = &lanes[i * columns * made->column_words];
            const uint32_t sum = mrt_dsp_three_sum(filter->start, filter->pairs, first, made->column_words,
                                                   (row % rows) != 0u);
            int8_t *output = &to[(int32_t)i * made->pixel];
            if (filter->linear) {
                *output = mrt_dsp_linear((int32_t)sum, filter->scale.multiplier);
            } else {
                *output = mrt_dsp_requantise((int32_t)sum, filter->scale);
            }
        }
    }
}

static inline void mrt_dsp_three(const mrt_dsp_three_t *made, bool linear, uint32_t rows, uint32_t columns)
{
    for (uint32_t channel = 0u; channel < made->channels; ++channel) {
        const mrt_dsp_three_filter_t filter = mrt_dsp_three_filter(made, channel, linear);
        mrt_dsp_three_channel(made, channel, &filter, rows, columns);
    }
}

static inline void mrt_dsp_three_two(const mrt_dsp_three_t *made)
{
    mrt_dsp_three(made, false, 2u, 1u);
}

static inline void mrt_dsp_three_one(const mrt_dsp_three_t *made)
{
    mrt_dsp_three(made, false, 1u, 1u);
}

static inline void mrt_dsp_three_wide(const mrt_dsp_three_t *made)
{
    mrt_dsp_three(made, false, 1u, 2u);
}

static inline void mrt_dsp_three_linear_two(const mrt_dsp_three_t *made)
{
    mrt_dsp_three(made, true, 2u, 1u);
}

static inline void mrt_dsp_three_linear_one(const mrt_dsp_three_t *made)
{
    mrt_dsp_three(made, true, 1u, made->columns);
}

static inline void mrt_dsp_three_tall_two(const mrt_dsp_three_t *made)
{
    mrt_dsp_three(made, true, 2u, 1u);
}

static inline void mrt_dsp_three_tall_one(const mrt_dsp_three_t *made)
{
    mrt_dsp_three(made, true, 1u, 1u);
}

static inline void mrt_dsp_three_tall_wide(const mrt_dsp_three_t *made)
{
    mrt_dsp_three(made, true, 1u, 2u);
}

#endif

#endif
