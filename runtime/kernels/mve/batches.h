/**
 * @file batches.h
 * @brief Depthwise outputs of one channel, eight at a time, from interleaved words to bytes.
 *
 * A patch is 4 x 4 elements of a channel: four words, each of four rows at one column. A batch is eight outputs: those
 * of two patches, 2 x 2 of each ("quads"), two neighbours of each of four patches ("pairs"), or one of each of eight
 * patches ("singles").
 */
#ifndef MRT_RUNTIME_KERNELS_MVE_BATCHES_H
#define MRT_RUNTIME_KERNELS_MVE_BATCHES_H

#include "runtime/kernels/mve/scale.h"

/** Batches of channels whose outputs follow one another, one tile each. Of outputs 0..7 of a batch, 0..3 are in even
 *  lanes of `places`, 4..7 in odd ones. */
typedef struct mrt_mve_batches {
    const mrt_depthwise_conv2d_s8_mve_attrs_t *attrs;
    const int8_t *words;     /**< The first channel's first word. */
    int32_t words_step;      /**< From channel to channel. */
    int32_t column;          /**< From word to word of a patch, in bytes. */
    uint32_t *patches;       /**< Of each batch: from `words` to each of its patches, in bytes. */
    uint16_t *places;        /**< Of each batch: from `output` to each of its outputs. */
    int32_t count;           /**< Batches, at least 1. */
    int8_t *output;
    const int32_t *filters; /**< As micrort/kernels/mve.h lays them out. */
    int32_t channels;       /**< At least 1. */
} mrt_mve_batches_t;

#if MRT_MVE == 1

/** From the first word of a patch to each of its words, in bytes. */
static MRT_MVE_INLINE int32x4_t mrt_mve_columns(const mrt_mve_batches_t *batches)
{
    return vmulq_n_s32(vreinterpretq_s32_u32(vidupq_n_u32(0u, 1)), batches->column);
}

#define MRT_MVE_QUADS /* MISRA D4 */ \
    "ldrd r0, r2, [%[patches]], #8\n\tvldrw.u32 %q[x], [r0, %q[p]]\n\tvldrw.u32 %q[y], [r2, %q[p]]\n\t" \
    "vmladav.s8 r0, %q[x], %q[a]\n\tvmladav.s8 r2, %q[x], %q[b]\n\t" \
    "vmladav.s8 r4, %q[x], %q[c]\n\tvmladav.s8 r6, %q[x], %q[d]\n\t" \
    "vmladav.s8 r8, %q[y], %q[a]\n\tvmladav.s8 r10, %q[y], %q[b]\n\t" \
    "vmladav.s8 r12, %q[y], %q[c]\n\tvmladav.s8 lr, %q[y], %q[d]\n\t"

#define MRT_MVE_PAIRS /* MISRA D4 */ \
    "ldrd r0, r2, [%[patches]], #8\n\tvldrw.u32 %q[x], [r0, %q[p]]\n\tvldrw.u32 %q[y], [r2, %q[p]]\n\t" \
    "vmladav.s8 r0, %q[x], %q[a]\n\tvmladav.s8 r2, %q[x], %q[b]\n\t" \
    "vmladav.s8 r4, %q[y], %q[a]\n\tvmladav.s8 r6, %q[y], %q[b]\n\t" \
    "ldrd r8, r10, [%[patches]], #8\n\tvldrw.u32 %q[x], [r8, %q[p]]\n\tvldrw.u32 %q[y], [r10, %q[p]]\n\t" \
    "vmladav.s8 r8, %q[x], %q[a]\n\tvmladav.s8 r10, %q[x], %q[b]\n\t" \
    "vmladav.s8 r12, %q[y], %q[a]\n\tvmladav.s8 lr, %q[y], %q[b]\n\t"

/* The next patch, and its sum. */
#define MRT_MVE_SINGLE(sum) /* MISRA D4 */ \
    "ldr " sum ", [%[patches]], #4\n\tvldrw.u32 %q[x], [" sum ", %q[p]]\n\tvmladav.s8 " sum ", %q[x], %q[a]\n\t"

#define MRT_MVE_SINGLES \
    MRT_MVE_SINGLE("r0") MRT_MVE_SINGLE("r2") MRT_MVE_SINGLE("r4") MRT_MVE_SINGLE("r6") \
    MRT_MVE_SINGLE("r8") MRT_MVE_SINGLE("r10") MRT_MVE_SINGLE("r12") MRT_MVE_SINGLE("lr")

/* Scaled sums to bytes: rectified ones, where t is -128 in bytes, and others, whose zero point and clamp lie at `end`. */
#define MRT_MVE_RECTIFY \
    "vqmovunb.s32 %q[x], %q[x]\n\tvqmovunt.s32 %q[x], %q[y]\n\t" \
    "vqmovnb.u16 %q[x], %q[x]\n\tveor %q[x], %q[x], %q[t]\n\t"
#define MRT_MVE_CLAMP \
    "vqmovnb.s32 %q[x], %q[x]\n\tvqmovnt.s32 %q[x], %q[y]\n\tldr r0, %[end]\n\tldm r0, {r0, r2, r4}\n\t" \
    "vqadd.s16 %q[x], %q[x], r0\n\tvdup.16 %q[y], r2\n\tvmax.s16 %q[x], %q[x], %q[y]\n\t" \
    "vdup.16 %q[y], r4\n\tvmin.s16 %q[x], %q[x], %q[y]\n\t"

/* The four weight vectors of a quad: as they are, a row lower, a column further, and both. */
#define MRT_MVE_QUAD_WEIGHTS /* MISRA D4 */ \
    "vshl.i32 %q[b], %q[a], #8\n\t" \
    "movs r0, #0\n\tvmov %q[c], %q[a]\n\tvshlc %q[c], r0, #32\n\t" \
    "movs r0, #0\n\tvmov %q[d], %q[b]\n\tvshlc %q[d], r0, #32\n\t"

/* The two of a pair: as they are, and a column further. */
#define MRT_MVE_PAIR_WEIGHTS /* MISRA D4 */ \
    "movs r0, #0\n\tvmov %q[b], %q[a]\n\tvshlc %q[b], r0, #32\n\t"

/*
 * All batches of all channels. Once eight sums are in x and y, even registers hold bias, multiplier and shift. A
 * channel's record follows its weights, which are fewer than a vector where the predicate says so.
 */
#define MRT_MVE_BATCHES(weights, sums, round, finish) /* MISRA D4 */ \
    "ldr r0, %[there]\n\tvctp.32 r0\n" \
    "2:\n\tvpst\n\tvldrwt.u32 %q[a], [%[record]]\n\tldr r0, %[there]\n\tadd %[record], %[record], r0, lsl #2\n\t" \
    weights "ldr %[patches], %[first_patches]\n\tldr %[places], %[first_places]\n\tldr %[n], %[count]\n" \
    "1:\n\t" sums MRT_MVE_SPREAD "ldm %[record], {r0, r2, r4}\n\t" \
    "vadd.i32 %q[x], %q[x], r0\n\tvadd.i32 %q[y], %q[y], r0\n\t" \
    "vqrdmulh.s32 %q[x], %q[x], r2\n\tvqrdmulh.s32 %q[y], %q[y], r2\n\t" round \
    "vrshl.s32 %q[x], r4\n\tvrshl.s32 %q[y], r4\n\t" finish \
    "vldrh.u16 %q[y], [%[places]], #16\n\tvstrb.16 %q[x], [%[out], %q[y]]\n\t" \
    "subs %[n], #1\n\tbne 1b\n\t" \
    "add %[record], #12\n\tadd %[out], #1\n\tldr r0, %[step]\n\tvadd.i32 %q[p], %q[p], r0\n\t" \
    "ldr r0, %[last]\n\tcmp %[out], r0\n\tbne 2b\n\t"

/*
 * Batches of one kind and scaling. What the code reads of memory is in reach of the stack pointer, since sums and
 * addresses take all other registers.
 */
#define MRT_MVE_BATCHES_OF(name, weights, sums, round, finish) /* MISRA D4 */ \
    static MRT_NOINLINE void name(const mrt_mve_batches_t *batches) \
    { \
        const uint32_t *first_patches = batches->patches; \
        const uint16_t *first_places = batches->places; \
        const int32_t count = batches->count; \
        const int32_t step = batches->words_step; \
        const int32_t there = batches->attrs->window.kernel_width; \
        const int32_t *const end = &batches->attrs->output_offset; \
        const int8_t *const last = &batches->output[batches->channels]; /* of the outputs at place 0 */ \
        int32x4_t p = vaddq_n_s32(mrt_mve_columns(batches), (int32_t)batches->words); \
        const int32_t *record = batches->filters; \
        int8_t *out = batches->output; \
        const uint32_t *patches; \
        const uint16_t *places; \
        int32_t n; \
        int32x4_t a; \
        int32x4_t b; \
        int32x4_t c; \
        int32x4_t d; \
        int32x4_t x; \
        int32x4_t y; \
        uint8x16_t t = vdupq_n_u8(0x80u); \
        __asm volatile(MRT_MVE_BATCHES(weights, sums, round, finish) /* MISRA D5 */ \
                       : [patches] "=&r"(patches), [places] "=&r"(places), [n] "=&r"(n), [record] "+r"(record), \
                         [out] "+r"(out), [p] "+w"(p), [a] "=&w"(a), [b] "=&w"(b), [c] "=&w"(c), [d] "=&w"(d), \
                         [x] "=&w"(x), [y] "=&w"(y), [t] "+w"(t) \
                       : [first_patches] "m"(first_patches), [first_places] "m"(first_places), [count] "m"(count), \
                         [step] "m"(step), [there] "m"(there), [last] "m"(last), [end] "m"(end) \
                       : MRT_MVE_SUMS, "cc", "memory"); \
    }
MRT_MVE_BATCHES_OF(mrt_mve_quads_rectified, MRT_MVE_QUAD_WEIGHTS, MRT_MVE_QUADS, "", MRT_MVE_RECTIFY)
MRT_MVE_BATCHES_OF(mrt_mve_quads_signed, MRT_MVE_QUAD_WEIGHTS, MRT_MVE_QUADS, MRT_MVE_AWAY("t"), MRT_MVE_CLAMP)
MRT_MVE_BATCHES_OF(mrt_mve_pairs_rectified, MRT_MVE_PAIR_WEIGHTS, MRT_MVE_PAIRS, "", MRT_MVE_RECTIFY)
MRT_MVE_BATCHES_OF(mrt_mve_pairs_signed, MRT_MVE_PAIR_WEIGHTS, MRT_MVE_PAIRS, MRT_MVE_AWAY("t"), MRT_MVE_CLAMP)
MRT_MVE_BATCHES_OF(mrt_mve_singles_rectified, "", MRT_MVE_SINGLES, "", MRT_MVE_RECTIFY)
MRT_MVE_BATCHES_OF(mrt_mve_singles_signed, "", MRT_MVE_SINGLES, MRT_MVE_AWAY("t"), MRT_MVE_CLAMP)

#else

static inline int32x4_t mrt_mve_columns(const mrt_mve_batches_t *batches)
{
    const int32_t column = batches->column;
    const int32_t columns[4] = {0, column, 2 * column, 3 * column};
    return vldrwq_s32(columns);
}

/* Sums of batch `batch` of channel `channel`, scaled and stored. */
static inline void mrt_mve_batch_store(const mrt_mve_batches_t *batches, const int32_t *record, int32_t channel,
                                       int32_t batch, const int32_t sums[8])
{
    const mrt_depthwise_conv2d_s8_mve_attrs_t *attrs = batches->attrs;
    const mrt_mve_output_t end = {attrs->output_offset, attrs->activation_min, attrs->activation_max};
    const int32x4_t multiplier = vdupq_n_s32(record[1]);
    const int32x4_t shift = vdupq_n_s32(record[2]);
    const mrt_mve_scales_t scales = {multiplier, shift, multiplier, shift};
    mrt_mve_sums_t all;
    all.first = vaddq_n_s32(vldrwq_s32(sums), record[0]);
    all.second = vaddq_n_s32(vldrwq_s32(&sums[4]), record[0]);
    all.next = NULL;
    vstrbq_scatter_offset_s16(&batches->output[channel], vldrhq_u16(&batches->places[8 * batch]),
                              mrt_mve_scale(&all, &scales, &end, (mrt_mve_scaling_t)attrs->scaling));
}

/* The weight vectors of a patch's outputs: as they are, a row lower, a column further, and both; of a patch with two
 * outputs the first and the third. */
static inline void mrt_mve_batch_weights(const mrt_mve_batches_t *batches, const int32_t *filter, int8x16_t weights[4])
{
    const int32x4_t here = vldrwq_z_s32(filter, vctp32q((uint32_t)batches->attrs->window.kernel_width));
    const int32x4_t below = vshlq_n_s32(here, 8);
    uint32_t carries[2] = {0u, 0u};
    weights[0] = vreinterpretq_s8_s32(here);
    weights[1] = vreinterpretq_s8_s32(below);
    weights[2] = vreinterpretq_s8_s32(vshlcq_s32(here, &carries[0], 32));
    weights[3] = vreinterpretq_s8_s32(vshlcq_s32(below, &carries[1], 32));
}

/* All batches of all channels, of patches with `outputs` outputs each. */
static inline void mrt_mve_batches_of(const mrt_mve_batches_t *batches, int32_t outputs)
{
    const int32x4_t columns = mrt_mve_columns(batches);
    const int32_t words_there = batches->attrs->window.kernel_width;
    for (int32_t channel = 0; channel < batches->channels; ++channel) {
        const int32_t *filter = &batches->filters[channel * (words_there + 3)];
        const int8_t *words = &batches->words[channel * batches->words_step];
        int8x16_t weights[4];
        mrt_mve_batch_weights(batches, filter, weights);
        for (int32_t batch = 0; batch < batches->count; ++batch) {
            int32_t sums[8];
            for (int32_t i = 0; i < 8; ++i) {
                const uint32_t patch = batches->patches[((8 * batch) + i) / outputs];
                const int32_t output = (outputs == 2) ? (2 * (i % 2)) : (i % outputs);
                sums[i] = mrt_mve_patch(&words[patch], columns, weights[output]);
            }
            mrt_mve_batch_store(batches, &filter[words_there], channel, batch, sums);
        }
    }
}

static inline void mrt_mve_quads_rectified(const mrt_mve_batches_t *batches)
{
    mrt_mve_batches_of(batches, 4);
}

static inline void mrt_mve_quads_signed(const mrt_mve_batches_t *batches)
{
    mrt_mve_batches_of(batches, 4);
}

static inline void mrt_mve_pairs_rectified(const mrt_mve_batches_t *batches)
{
    mrt_mve_batches_of(batches, 2);
}

static inline void mrt_mve_pairs_signed(const mrt_mve_batches_t *batches)
{
    mrt_mve_batches_of(batches, 2);
}

static inline void mrt_mve_singles_rectified(const mrt_mve_batches_t *batches)
{
    mrt_mve_batches_of(batches, 1);
}

static inline void mrt_mve_singles_signed(const mrt_mve_batches_t *batches)
{
    mrt_mve_batches_of(batches, 1);
}

#endif

#endif
