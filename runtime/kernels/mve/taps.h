/**
 * @file taps.h
 * @brief Depthwise products of one pixel from the bytes under its taps, wherever they lie.
 *
 * The taps of a window are taken four at a time, in any order: their pixels become a row of words, one for each channel,
 * of which byte i is that of tap i. Four such rows make the 16 elements of a channel that one instruction multiplies.
 */
#ifndef MRT_RUNTIME_KERNELS_MVE_TAPS_H
#define MRT_RUNTIME_KERNELS_MVE_TAPS_H

#include "runtime/kernels/mve/products.h"
#include "runtime/kernels/mve/vector.h"

#include <string.h>

/** Taps of a row of words. */
#define MRT_MVE_WORD 4

/** Bytes of workspace for each tap: where it is, which is an address of this machine or of a larger one, and its step. */
#define MRT_MVE_ADDRESS_BYTES 8
#define MRT_MVE_TAP_BYTES (MRT_MVE_ADDRESS_BYTES + 4)

/** The taps of a line of outputs, and what is made of them. */
typedef struct mrt_mve_taps {
    uint8_t *places; /**< Addresses of the taps under the first output, from the first channel on. */
    int32_t *steps;  /**< Of each tap, bytes from output to output. */
    int8_t *words;
    int32_t rows;          /**< Of words: fours of taps. */
    int32_t channels;      /**< Output channels that are made together: */
    int32_t blocks;        /**< blocks of 16, */
    int32_t rest;          /**< and what is left. */
    const int32_t *groups; /**< Of the first of these, as `mrt_conv2d_s8_mve_attrs_t` has them, in eights. */
    mrt_mve_output_t output;
    int32_t scaling;
} mrt_mve_taps_t;

/** Taps that follow one another. */
typedef struct mrt_mve_tap_run {
    const int8_t *place; /**< Of the first. */
    int32_t distance;    /**< From tap to tap. */
    int32_t step;        /**< From output to output. */
} mrt_mve_tap_run_t;

/** Makes the taps from `index` on `count` of a run; returns the index behind them. */
static inline int32_t mrt_mve_set_taps(const mrt_mve_taps_t *taps, int32_t index, int32_t count,
                                       const mrt_mve_tap_run_t *run)
{
    uint8_t *places = &taps->places[index * (int32_t)sizeof(run->place)];
    int32_t *steps = &taps->steps[index];
    for (int32_t i = 0; i < count; ++i) {
        const int8_t *place = &run->place[i * run->distance];
        /* The workspace is aligned for words, which addresses of a workstation are not. */
        (void)memcpy(&places[i * (int32_t)sizeof(place)], &place, sizeof(place));
        steps[i] = run->step;
    }
    return index + count;
}

/** Bytes of a row of words of so many channels. */
static inline int32_t mrt_mve_word_row(int32_t channels)
{
    return mrt_mve_blocks(channels) * (MRT_MVE_BYTES * MRT_MVE_WORD);
}

/** Vectors of 16 taps. */
static inline int32_t mrt_mve_tap_vectors(int32_t rows)
{
    return (rows + 3) / 4;
}

#if MRT_MVE == 1

/* Four taps of the next 16 channels to words. */
#define MRT_MVE_TAPS_STORE \
    "vst40.8 {q0, q1, q2, q3}, [%[w]]\n\tvst41.8 {q0, q1, q2, q3}, [%[w]]\n\t" \
    "vst42.8 {q0, q1, q2, q3}, [%[w]]\n\tvst43.8 {q0, q1, q2, q3}, [%[w]]!\n\t"

/* Words of all taps under output `index`; those of channels that there are not are made of zeros. */
static MRT_MVE_INLINE void mrt_mve_take_taps(const mrt_mve_taps_t *taps, int32_t index)
{
    const uint8_t *place = taps->places;
    const int32_t *step = taps->steps;
    int8_t *words = taps->words;
    int32_t count = taps->rows;
    /* MISRA D5 */
    __asm volatile("ldr r0, %[rest]\n\tvctp.8 r0\n"
                   "1:\n\tldm %[p]!, {r0, r2, r4, r6}\n\tldm %[s]!, {r8, r10, r12, lr}\n\t"
                   "mla r0, r8, %[i], r0\n\tmla r2, r10, %[i], r2\n\tmla r4, r12, %[i], r4\n\tmla r6, lr, %[i], r6\n\t"
                   "ldr r8, %[rest]\n\tldr r10, %[blocks]\n\twls lr, r10, 3f\n"
                   "2:\n\tvldrb.8 q0, [r0], #16\n\tvldrb.8 q1, [r2], #16\n\t"
                   "vldrb.8 q2, [r4], #16\n\tvldrb.8 q3, [r6], #16\n\t" MRT_MVE_TAPS_STORE "le lr, 2b\n"
                   "3:\n\tcmp r8, #0\n\tbeq 4f\n\t"
                   "vpstttt\n\tvldrbt.8 q0, [r0]\n\tvldrbt.8 q1, [r2]\n\tvldrbt.8 q2, [r4]\n\tvldrbt.8 q3, [r6]\n\t"
                   MRT_MVE_TAPS_STORE
                   "4:\n\tsubs %[n], #1\n\tbne 1b\n\t"
                   : [p] "+r"(place), [s] "+r"(step), [w] "+r"(words), [n] "+r"(count)
                   : [i] "r"(index), [blocks] "m"(taps->blocks), [rest] "m"(taps->rest)
                   : MRT_MVE_SUMS, "q0", "q1", "q2", "q3", "cc", "memory");
}

/* The next channel's taps and weights. */
#define MRT_MVE_TAPS_NEXT(sum) /* MISRA D4 */ \
    "vldrw.u32 %q[x], [%q[p], #4]!\n\tvldrb.8 %q[u], [%[w]], #16\n\tvmladava.s8 " sum ", %q[x], %q[u]\n\t"

/* A vector of taps of eight channels. */
#define MRT_MVE_TAPS_PRODUCTS \
    MRT_MVE_TAPS_NEXT("r0") MRT_MVE_TAPS_NEXT("r2") MRT_MVE_TAPS_NEXT("r4") MRT_MVE_TAPS_NEXT("r6") \
    MRT_MVE_TAPS_NEXT("r8") MRT_MVE_TAPS_NEXT("r10") MRT_MVE_TAPS_NEXT("r12") MRT_MVE_TAPS_NEXT("lr")

/* Biases and products of a group of eight channels: of one vector, or of several. */
#define MRT_MVE_TAPS_ONE \
    "1:\n\tldm %[w]!, {r0, r2, r4, r6, r8, r10, r12, lr}\n\t" MRT_MVE_TAPS_PRODUCTS MRT_MVE_GATHER
#define MRT_MVE_TAPS_SEVERAL /* MISRA D4 */ \
    "1:\n\tldm %[w]!, {r0, r2, r4, r6, r8, r10, r12, lr}\n\tldr %[n], %[vectors]\n" \
    "2:\n\t" MRT_MVE_TAPS_PRODUCTS "vadd.i32 %q[p], %q[p], %[down]\n\tsubs %[n], #1\n\tbne 2b\n\t" \
    MRT_MVE_GATHER "ldr r0, %[up]\n\tvadd.i32 %q[p], %q[p], r0\n\t"

/* Multipliers, shifts and zero point of a group of rectified outputs. */
#define MRT_MVE_TAPS_RECTIFY /* MISRA D4 */ \
    "vldrw.u32 %q[u], [%[w]], #16\n\tvldrw.u32 %q[v], [%[w]], #16\n\t" \
    "vqrdmulh.s32 %q[x], %q[x], %q[u]\n\tvqrdmulh.s32 %q[y], %q[y], %q[v]\n\t" \
    "vldrw.u32 %q[u], [%[w]], #16\n\tvldrw.u32 %q[v], [%[w]], #16\n\t" \
    "vrshl.s32 %q[x], %q[x], %q[u]\n\tvrshl.s32 %q[y], %q[y], %q[v]\n\t" MRT_MVE_NARROW("%q[offset]")

/* The addresses that the first gather goes on from, four rows of words. */
static MRT_MVE_INLINE int32x4_t mrt_mve_tap_places(const mrt_mve_taps_t *taps)
{
    const int32_t pitch = mrt_mve_word_row(taps->channels);
    const int32_t place = (int32_t)taps->words - MRT_MVE_WORD;
    const int32_t lanes[4] = {place, place + pitch, place + (2 * pitch), place + (3 * pitch)};
    return vldrwq_s32(lanes);
}

/* All channels of the output whose taps have been taken: at most 16 taps, and rectified. */
static MRT_MVE_INLINE void mrt_mve_rectify_taps(const mrt_mve_taps_t *taps, int32x4_t places, int8_t *output)
{
    int32x4_t p = places;
    const int32_t *w = taps->groups;
    int8_t *out = output;
    int32_t left = taps->channels;
    int32x4_t x;
    int32x4_t y;
    int32x4_t u;
    int32x4_t v;
    __asm volatile(MRT_MVE_TAPS_ONE MRT_MVE_TAPS_RECTIFY MRT_MVE_VECTOR_STORE /* MISRA D5 */
                   : [w] "+r"(w), [out] "+l"(out), [left] "+r"(left), [p] "+w"(p), [x] "=&w"(x), [y] "=&w"(y),
                     [u] "=&w"(u), [v] "=&w"(v)
                   : [offset] "w"(vdupq_n_s16((int16_t)taps->output.offset))
                   : MRT_MVE_SUMS, "cc", "memory");
}

/* Likewise of any number of taps, with any scaling but MRT_MVE_ANY. */
static MRT_MVE_INLINE void mrt_mve_multiply_taps(const mrt_mve_taps_t *taps, int32x4_t places, int8_t *output)
{
    /* In reach of the stack pointer: */
    const int32_t vectors = mrt_mve_tap_vectors(taps->rows);
    const uint32_t rectified = (taps->scaling == (int32_t)MRT_MVE_RECTIFIED) ? 1u : 0u;
    const int32_t group = 8 * MRT_MVE_WORD; /* words of a group */
    const int32_t vector = 4 * mrt_mve_word_row(taps->channels);
    const int32_t up = group - (vectors * vector); /* back, and on to the next group */
    int32x4_t p = places;
    const int32_t *w = taps->groups;
    int8_t *out = output;
    int32_t left = taps->channels;
    int32_t n;
    int32x4_t x;
    int32x4_t y;
    int32x4_t u;
    int32x4_t v;
    __asm volatile(MRT_MVE_TAPS_SEVERAL MRT_MVE_VECTOR_SCALE MRT_MVE_VECTOR_STORE /* MISRA D5 */
                   : [w] "+r"(w), [n] "=&r"(n), [out] "+l"(out), [left] "+r"(left), [p] "+w"(p), [x] "=&w"(x),
                     [y] "=&w"(y), [u] "=&w"(u), [v] "=&w"(v)
                   : [vectors] "m"(vectors), [rectified] "m"(rectified), [down] "r"(vector - group), [up] "m"(up),
                     [offset] "w"(vdupq_n_s16((int16_t)taps->output.offset)),
                     [low] "w"(vdupq_n_s16((int16_t)taps->output.low)),
                     [high] "w"(vdupq_n_s16((int16_t)taps->output.high))
                   : MRT_MVE_SUMS, "cc", "memory");
}

/**
 * Outputs of a line, `count` of them, the first from the taps where they are; `pixel` bytes from one to the next. With
 * any scaling but MRT_MVE_ANY.
 */
static MRT_MVE_INLINE void mrt_mve_make_line(const mrt_mve_taps_t *taps, int8_t *output, int32_t count, int32_t pixel)
{
    const int32x4_t places = mrt_mve_tap_places(taps);
    const bool rectified = (taps->scaling == (int32_t)MRT_MVE_RECTIFIED) && (taps->rows <= 4);
    int8_t *at = output;
    for (int32_t i = 0; i < count; ++i) {
        mrt_mve_take_taps(taps, i);
        if (rectified) {
            mrt_mve_rectify_taps(taps, places, at);
        } else {
            mrt_mve_multiply_taps(taps, places, at);
        }
        at = &at[pixel];
    }
}

#else

static inline void mrt_mve_take_taps(const mrt_mve_taps_t *taps, int32_t index)
{
    const int32_t pitch = mrt_mve_word_row(taps->channels);
    for (int32_t tap = 0; tap < (taps->rows * MRT_MVE_WORD); ++tap) {
        const int8_t *place;
        (void)memcpy(&place, &taps->places[tap * (int32_t)sizeof(place)], sizeof(place));
        const int8_t *pixel = &place[index * taps->steps[tap]];
        int8_t *row = &taps->words[(tap / MRT_MVE_WORD) * pitch];
        for (int32_t channel = 0; channel < (pitch / MRT_MVE_WORD); ++channel) {
            row[(channel * MRT_MVE_WORD) + (tap % MRT_MVE_WORD)] =
                (int8_t)((channel < taps->channels) ? pixel[channel] : 0);
        }
    }
}

/* The sum of channel `lane` of a group that begins with channel `channel`, modulo 2^32. */
static inline int32_t mrt_mve_sum_taps(const mrt_mve_taps_t *taps, const int32_t *group, int32_t channel, int32_t lane)
{
    const int8_t *weights = (const int8_t *)&group[8];
    const int8_t *words = &taps->words[(channel + lane) * MRT_MVE_WORD];
    const int32_t pitch = mrt_mve_word_row(taps->channels);
    uint32_t sum = (uint32_t)group[lane];
    for (int32_t i = 0; i < (mrt_mve_tap_vectors(taps->rows) * MRT_MVE_BYTES); ++i) {
        const int32_t place = ((i / MRT_MVE_WORD) * pitch) + (i % MRT_MVE_WORD);
        const int32_t term = words[place] * mrt_mve_weight(weights, 8, lane, i);
        sum += (uint32_t)term;
    }
    return (int32_t)sum;
}

static inline void mrt_mve_multiply_taps(const mrt_mve_taps_t *taps, int8_t *output)
{
    const bool rectified = taps->scaling == (int32_t)MRT_MVE_RECTIFIED;
    const mrt_mve_scaling_t scaling = rectified ? MRT_MVE_RECTIFIED : MRT_MVE_SIGNED;
    const int32_t *group = taps->groups;
    for (int32_t channel = 0; channel < taps->channels; channel += 8) {
        const int32_t left = taps->channels - channel;
        const int32_t *packed = &group[8 + (32 * mrt_mve_tap_vectors(taps->rows))];
        mrt_mve_sums_t sums = {.next = packed};
        for (int32_t lane = 0; lane < 4; ++lane) {
            sums.first.lane[lane] = mrt_mve_sum_taps(taps, group, channel, 2 * lane);
            sums.second.lane[lane] = mrt_mve_sum_taps(taps, group, channel, (2 * lane) + 1);
        }
        mrt_mve_scales_t scales;
        scales.first_multiplier = vldrwq_s32(packed);
        scales.second_multiplier = vldrwq_s32(&packed[4]);
        scales.first_shift = vldrwq_s32(&packed[8]);
        scales.second_shift = vldrwq_s32(&packed[12]);
        vstrbq_p_s16(&output[channel], mrt_mve_scale(&sums, &scales, &taps->output, scaling),
                     vctp16q((uint32_t)left));
        group = &packed[16];
    }
}

static inline void mrt_mve_make_line(const mrt_mve_taps_t *taps, int8_t *output, int32_t count, int32_t pixel)
{
    for (int32_t i = 0; i < count; ++i) {
        mrt_mve_take_taps(taps, i);
        mrt_mve_multiply_taps(taps, &output[i * pixel]);
    }
}

#endif

#endif
