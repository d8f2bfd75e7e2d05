/**
 * @file patches.h
 * @brief Lists of the patches under depthwise outputs and of the places where these go, made vectors at a time.
 */
#ifndef MRT_RUNTIME_KERNELS_MVE_PATCHES_H
#define MRT_RUNTIME_KERNELS_MVE_PATCHES_H

#include "runtime/kernels/mve/intrinsics.h"
#include "runtime/kernels/mve/layout.h"

/** Outputs of a patch: 2 x 2 of them, the upper two of these, or one. */
typedef enum mrt_mve_kind { MRT_MVE_QUADS_KIND = 0, MRT_MVE_PAIRS_KIND = 1, MRT_MVE_SINGLES_KIND = 2 } mrt_mve_kind_t;

/** The patches of a strip. From patch to patch all goes on at a step, but not beyond the last one. */
typedef struct mrt_mve_line {
    int32_t count;        /**< At least 1. */
    int32_t patch;        /**< Where the first one begins, in bytes; and so on. */
    int32_t patch_step;
    int32_t patch_last;   /**< From the first one to the last one. */
    uint16_t place;       /**< Of the first one's first output. */
    uint16_t place_step;
    uint16_t place_last;
    uint16_t below;       /**< From an output to the one below it; and to the next column. */
    uint16_t right;
} mrt_mve_line_t;

/** Patches of a batch. */
static inline int32_t mrt_mve_kind_patches(mrt_mve_kind_t kind)
{
    int32_t count = MRT_MVE_BATCH;
    if (kind != MRT_MVE_SINGLES_KIND) {
        count = (kind == MRT_MVE_QUADS_KIND) ? 2 : 4;
    }
    return count;
}

/**
 * Lists where patches begin from patches[0] on: `room` of them, at least the line's; the last one again and again. Up to
 * three more are written.
 */
static inline void mrt_mve_list_patches(uint32_t *patches, const mrt_mve_line_t *line, int32_t room)
{
    const int32_t step = line->patch_step;
    const int32_t first[4] = {0, step, 2 * step, 3 * step};
    const int32x4_t last = vdupq_n_s32(line->patch_last);
    int32x4_t at = vldrwq_s32(first);
    for (int32_t i = 0; i < room; i += 4) {
        vst1q_u32(&patches[i], vreinterpretq_u32_s32(vaddq_n_s32(vminq_s32(at, last), line->patch)));
        at = vaddq_n_s32(at, 4 * step);
    }
}

/**
 * Lists where their outputs go, in whole batches, as mrt_mve_batches_t has them; the last one again and again.
 *
 * @param places  Of the batch in which the first patch is.
 * @param phase   Patches of that batch before it; their places stay.
 */
static inline void mrt_mve_list_places(uint16_t *places, const mrt_mve_line_t *line, mrt_mve_kind_t kind, int32_t phase,
                                       int32_t room)
{
    static const uint16_t patches[3][MRT_MVE_BATCH] = {
        {0u, 1u, 0u, 1u, 0u, 1u, 0u, 1u}, {0u, 2u, 0u, 2u, 1u, 3u, 1u, 3u}, {0u, 4u, 1u, 5u, 2u, 6u, 3u, 7u}};
    static const uint16_t lower[3][MRT_MVE_BATCH] = {
        {0u, 0u, UINT16_MAX, UINT16_MAX, 0u, 0u, UINT16_MAX, UINT16_MAX},
        {0u, 0u, 0u, 0u, 0u, 0u, 0u, 0u},
        {0u, 0u, 0u, 0u, 0u, 0u, 0u, 0u}};
    static const uint16_t further[3][MRT_MVE_BATCH] = {
        {0u, 0u, 0u, 0u, UINT16_MAX, UINT16_MAX, UINT16_MAX, UINT16_MAX},
        {0u, 0u, UINT16_MAX, UINT16_MAX, 0u, 0u, UINT16_MAX, UINT16_MAX},
        {0u, 0u, 0u, 0u, 0u, 0u, 0u, 0u}};
    const int32_t most = line->count - 1;
    const uint16x8_t below = vandq_u16(vldrhq_u16(lower[kind]), vdupq_n_u16(line->below));
    const uint16x8_t right = vandq_u16(vldrhq_u16(further[kind]), vdupq_n_u16(line->right));
    const uint16x8_t first = vaddq_u16(vaddq_u16(below, right), vdupq_n_u16(line->place));
    const uint16x8_t end = vdupq_n_u16((uint16_t)most);
    const uint16x8_t last = vdupq_n_u16(line->place_last);
    const uint16x8_t lanes = vldrhq_u16(patches[kind]);
    const int32_t each = mrt_mve_kind_patches(kind);
    const int32_t further_on = each * (int32_t)line->place_step;
    const uint16x8_t next = vdupq_n_u16((further_on < (int32_t)UINT16_MAX) ? (uint16_t)further_on : UINT16_MAX);
    uint16_t *target = places;
    int32_t begin = 0; /* of the next batch, the first patch */
    if (phase > 0) {
        const int32_t before = -phase;
        const uint16x8_t patch = vminq_u16(vaddq_u16(lanes, vdupq_n_u16((uint16_t)before)), end);
        const uint16x8_t at = vminq_u16(vmulq_n_u16(patch, line->place_step), last);
        vstrhq_p_u16(target, vaddq_u16(at, first), vcmpcsq_n_u16(lanes, (uint16_t)phase));
        target = &target[MRT_MVE_BATCH];
        begin = each - phase;
    }
    const uint16x8_t patch = vminq_u16(vaddq_u16(lanes, vdupq_n_u16((uint16_t)begin)), end);
    uint16x8_t at = vmulq_n_u16(patch, line->place_step);
    for (int32_t i = begin; i < room; i += each) {
        vst1q_u16(target, vaddq_u16(vminq_u16(at, last), first));
        at = vqaddq_u16(at, next); /* what goes too far stays there: it is beyond the last one */
        target = &target[MRT_MVE_BATCH];
    }
}

#endif
