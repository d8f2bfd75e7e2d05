/**
 * @file lines.h
 * @brief Lines of depthwise outputs of one channel, from interleaved words to bytes.
 */
#ifndef MRT_RUNTIME_KERNELS_MVE_LINES_H
#define MRT_RUNTIME_KERNELS_MVE_LINES_H

#include "runtime/kernels/mve/scale.h"

#include <stdbool.h>

/** Batches of eight outputs of one channel. */
typedef struct mrt_mve_line {
    const int8_t *words;   /**< The first patch's first word. */
    int32x4_t offsets;     /**< Of the words of a patch. */
    int32_t gap;           /**< From patch to patch. */
    int32_t count;         /**< Batches, at least 1. */
    int8_t *output;        /**< Of the first batch. */
    int32_t output_step;   /**< From batch to batch. */
    uint16x8_t places;     /**< Of the outputs of a batch. */
    uint32_t lanes;        /**< Those of them that are wanted, an mve_pred16_t. */
    const int32_t *record; /**< Bias, multiplier, shift and output offset of the channel. */
} mrt_mve_line_t;

#if MRT_MVE == 1

/* A patch into x, and the place of the next one into p. */
#define MRT_MVE_PATCH /* MISRA D4 */ "vldrw.u32 %q[x], [%q[p]]\n\tvadd.i32 %q[p], %q[p], %[gap]\n\t"

#define MRT_MVE_PATCHES_2X4 /* MISRA D4 */ \
    MRT_MVE_PATCH "vmladav.s8 r0, %q[x], %q[a]\n\tvmladav.s8 r2, %q[x], %q[b]\n\t" \
                  "vmladav.s8 r4, %q[x], %q[c]\n\tvmladav.s8 r6, %q[x], %q[d]\n\t" \
    MRT_MVE_PATCH "vmladav.s8 r8, %q[x], %q[a]\n\tvmladav.s8 r10, %q[x], %q[b]\n\t" \
                  "vmladav.s8 r12, %q[x], %q[c]\n\tvmladav.s8 lr, %q[x], %q[d]\n\t"

#define MRT_MVE_PATCHES_8X1 /* MISRA D4 */ \
    MRT_MVE_PATCH "vmladav.s8 r0, %q[x], %q[a]\n\t" MRT_MVE_PATCH "vmladav.s8 r2, %q[x], %q[a]\n\t" \
    MRT_MVE_PATCH "vmladav.s8 r4, %q[x], %q[a]\n\t" MRT_MVE_PATCH "vmladav.s8 r6, %q[x], %q[a]\n\t" \
    MRT_MVE_PATCH "vmladav.s8 r8, %q[x], %q[a]\n\t" MRT_MVE_PATCH "vmladav.s8 r10, %q[x], %q[a]\n\t" \
    MRT_MVE_PATCH "vmladav.s8 r12, %q[x], %q[a]\n\t" MRT_MVE_PATCH "vmladav.s8 lr, %q[x], %q[a]\n\t"

/* VRSHL rounds ties up; one less makes that of negative values away from zero. The predicate is used up. */
#define MRT_MVE_ROUND /* MISRA D4 */ \
    "mvn r8, #0\n\tvpt.s32 lt, %q[x], zr\n\tvqaddt.s32 %q[x], %q[x], r8\n\t" \
    "vpt.s32 lt, %q[y], zr\n\tvqaddt.s32 %q[y], %q[y], r8\n\tldr r8, %[lanes]\n\tvmsr p0, r8\n\t"

/* All batches: bias r0, multiplier r2, shift r4, output offset r6. */
#define MRT_MVE_LINE(patches, round) /* MISRA D4 */ \
    "ldr r0, %[lanes]\n\tvmsr p0, r0\n" \
    "1:\n\t" patches MRT_MVE_GATHER "ldm %[record], {r0, r2, r4, r6}\n\t" \
    "vadd.i32 %q[x], %q[x], r0\n\tvadd.i32 %q[y], %q[y], r0\n\t" \
    "vqrdmulh.s32 %q[x], %q[x], r2\n\tvqrdmulh.s32 %q[y], %q[y], r2\n\t" round \
    "vrshl.s32 %q[x], r4\n\tvrshl.s32 %q[y], r4\n\t" MRT_MVE_NARROW("r6") \
    "vpst\n\tvstrbt.16 %q[x], [%[out], %q[places]]\n\t" \
    "ldr r0, %[step]\n\tadd %[out], r0\n\tsubs %[n], #1\n\tbne 1b\n\t"

/**
 * A line of quads: a batch is two patches with four weight vectors each, in the order of mrt_mve_patch_2x4; `scaling`
 * is a constant, and not MRT_MVE_ANY.
 */
static MRT_MVE_INLINE void mrt_mve_line_2x4(const mrt_mve_line_t *line, const int8x16_t weights[4],
                                            mrt_mve_scaling_t scaling)
{
    int32x4_t p = vaddq_n_s32(line->offsets, (int32_t)line->words); /* MISRA D6 */
    int8_t *out = line->output;
    int32_t count = line->count;
    int32x4_t x;
    int32x4_t y;
    if (scaling == MRT_MVE_RECTIFIED) {
        __asm volatile(MRT_MVE_LINE(MRT_MVE_PATCHES_2X4, "") /* MISRA D5 */
                       : [p] "+w"(p), [x] "=&w"(x), [y] "=&w"(y), [out] "+r"(out), [n] "+r"(count)
                       : [a] "w"(weights[0]), [b] "w"(weights[1]), [c] "w"(weights[2]), [d] "w"(weights[3]),
                         [places] "w"(line->places), [gap] "r"(line->gap), [step] "m"(line->output_step),
                         [lanes] "m"(line->lanes), [record] "r"(line->record)
                       : MRT_MVE_SUMS, "cc", "memory");
    } else {
        __asm volatile(MRT_MVE_LINE(MRT_MVE_PATCHES_2X4, MRT_MVE_ROUND) /* MISRA D5 */
                       : [p] "+w"(p), [x] "=&w"(x), [y] "=&w"(y), [out] "+r"(out), [n] "+r"(count)
                       : [a] "w"(weights[0]), [b] "w"(weights[1]), [c] "w"(weights[2]), [d] "w"(weights[3]),
                         [places] "w"(line->places), [gap] "r"(line->gap), [step] "m"(line->output_step),
                         [lanes] "m"(line->lanes), [record] "r"(line->record)
                       : MRT_MVE_SUMS, "cc", "memory");
    }
}

/** A line of single outputs: a batch is eight patches with one weight vector; scaled as MRT_MVE_SIGNED. */
static MRT_MVE_INLINE void mrt_mve_line_8x1(const mrt_mve_line_t *line, int8x16_t weights)
{
    int32x4_t p = vaddq_n_s32(line->offsets, (int32_t)line->words); /* MISRA D6 */
    int8_t *out = line->output;
    int32_t count = line->count;
    int32x4_t x;
    int32x4_t y;
    __asm volatile(MRT_MVE_LINE(MRT_MVE_PATCHES_8X1, MRT_MVE_ROUND) /* MISRA D5 */
                   : [p] "+w"(p), [x] "=&w"(x), [y] "=&w"(y), [out] "+r"(out), [n] "+r"(count)
                   : [a] "w"(weights), [places] "w"(line->places), [gap] "r"(line->gap),
                     [step] "m"(line->output_step), [lanes] "m"(line->lanes), [record] "r"(line->record)
                   : MRT_MVE_SUMS, "cc", "memory");
}

#else

/* Sums of a batch to its outputs. */
static inline void mrt_mve_line_store(const mrt_mve_line_t *line, int32_t batch, const mrt_mve_sums_t *sums,
                                      mrt_mve_scaling_t scaling)
{
    const mrt_mve_output_t end = {line->record[3], INT8_MIN, INT8_MAX};
    const int32x4_t multiplier = vdupq_n_s32(line->record[1]);
    const int32x4_t shift = vdupq_n_s32(line->record[2]);
    const mrt_mve_scales_t scales = {multiplier, shift, multiplier, shift};
    const mrt_mve_sums_t whole = {vaddq_n_s32(sums->first, line->record[0]),
                                  vaddq_n_s32(sums->second, line->record[0]), NULL};
    vstrbq_scatter_offset_p_s16(&line->output[batch * line->output_step], line->places,
                                mrt_mve_scale(&whole, &scales, &end, scaling), (mve_pred16_t)line->lanes);
}

static inline void mrt_mve_line_2x4(const mrt_mve_line_t *line, const int8x16_t weights[4], mrt_mve_scaling_t scaling)
{
    for (int32_t batch = 0; batch < line->count; ++batch) {
        const int8_t *words = &line->words[2 * batch * line->gap];
        const mrt_mve_sums_t sums = mrt_mve_patch_2x4(words, line->offsets, line->gap, weights);
        mrt_mve_line_store(line, batch, &sums, scaling);
    }
}

static inline void mrt_mve_line_8x1(const mrt_mve_line_t *line, int8x16_t weights)
{
    for (int32_t batch = 0; batch < line->count; ++batch) {
        const int8_t *words = &line->words[8 * batch * line->gap];
        const mrt_mve_sums_t sums = mrt_mve_patch_8x1(words, line->offsets, line->gap, weights);
        mrt_mve_line_store(line, batch, &sums, MRT_MVE_SIGNED);
    }
}

#endif

#endif
