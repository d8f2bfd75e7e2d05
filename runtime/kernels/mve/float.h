/**
 * @file float.h
 * @brief What the float32 kernels for cores with MVE share: sums of 16 or 4 output channels, and how they end.
 *
 * Sums grow in the order of the portable kernels, but by fused multiplications, rounded once; numbers below 2^-126
 * count as 0. Results so differ from the portable kernels' by a few units in the last place of the largest partial sum.
 */
#ifndef MRT_RUNTIME_KERNELS_MVE_FLOAT_H
#define MRT_RUNTIME_KERNELS_MVE_FLOAT_H

#include "micrort/kernel.h"
#include "runtime/kernels/mve/intrinsics.h"

/** Lanes of a vector of float32. */
#define MRT_MVE_FLOATS 4

/** Output channels of a whole group. */
#define MRT_MVE_GROUP_F32 16

/** Sums of 16 channels. */
typedef struct mrt_mve_sums_f32 {
    float32x4_t a;
    float32x4_t b;
    float32x4_t c;
    float32x4_t d;
} mrt_mve_sums_f32_t;

/** Clamp of the outputs. */
typedef struct mrt_mve_clamp_f32 {
    float32x4_t low;
    float32x4_t high;
} mrt_mve_clamp_f32_t;

static inline mrt_mve_clamp_f32_t mrt_mve_clamp_f32(float low, float high)
{
    mrt_mve_clamp_f32_t clamp;
    clamp.low = vdupq_n_f32(low);
    clamp.high = vdupq_n_f32(high);
    return clamp;
}

/** Sets all sums to 0. */
static inline void mrt_mve_begin_f32(mrt_mve_sums_f32_t *sums)
{
    sums->a = vdupq_n_f32(0.0f);
    sums->b = vdupq_n_f32(0.0f);
    sums->c = vdupq_n_f32(0.0f);
    sums->d = vdupq_n_f32(0.0f);
}

/** Adds `length` elements times 16 channels' weights of each. */
static inline void mrt_mve_add_16_f32(mrt_mve_sums_f32_t *sums, const float *input, const float *weights,
                                      int32_t length)
{
    float32x4_t a;
    float32x4_t b;
    float32x4_t c;
    float32x4_t d;
    a = sums->a;
    b = sums->b;
    c = sums->c;
    d = sums->d;
    const float *next = input;
    const float *four = weights;
    for (int32_t left = length; left > 0; --left) {
        const float value = *next;
        a = vfmaq_n_f32(a, vldrwq_f32(four), value);
        b = vfmaq_n_f32(b, vldrwq_f32(&four[4]), value);
        c = vfmaq_n_f32(c, vldrwq_f32(&four[8]), value);
        d = vfmaq_n_f32(d, vldrwq_f32(&four[12]), value);
        next = &next[1];
        four = &four[MRT_MVE_GROUP_F32];
    }
    sums->a = a;
    sums->b = b;
    sums->c = c;
    sums->d = d;
}

/** Likewise of four channels, whose weights are `step` apart. */
static inline float32x4_t mrt_mve_add_4_f32(float32x4_t sums, const float *input, const float *weights, int32_t step,
                                            int32_t length)
{
    float32x4_t total = sums;
    const float *next = input;
    const float *four = weights;
    for (int32_t left = length; left > 0; --left) {
        total = vfmaq_n_f32(total, vldrwq_f32(four), *next);
        next = &next[1];
        four = &four[step];
    }
    return total;
}

/** Adds the bias, clamps and stores. Not-a-number fails both comparisons and stays what it is. */
static inline void mrt_mve_end_f32(float *output, float32x4_t sums, const float *bias, const mrt_mve_clamp_f32_t *clamp,
                                   mve_pred16_t lanes)
{
    const float32x4_t value = vaddq_f32(sums, vldrwq_z_f32(bias, lanes));
    const float32x4_t raised = vpselq_f32(clamp->low, value, vcmpltq_f32(value, clamp->low));
    vstrwq_p_f32(output, vpselq_f32(clamp->high, raised, vcmpgtq_f32(raised, clamp->high)), lanes);
}

/** Floats of all groups of `channels` output channels, for filters of `elements`; both below 2^31. */
static inline uint64_t mrt_mve_groups_f32(uint32_t channels, uint64_t elements)
{
    const uint64_t vectors = ((uint64_t)channels + 3u) / 4u;
    return vectors * 4u * (elements + 1u);
}

#endif
