/**
 * @file emulation_float.h
 * @brief What emulation.h is for integers, for vectors of float32.
 *
 * The core takes numbers below 2^-126 for 0; these functions do not. For all other values they are the same bit by bit.
 */
#ifndef MRT_RUNTIME_KERNELS_MVE_EMULATION_FLOAT_H
#define MRT_RUNTIME_KERNELS_MVE_EMULATION_FLOAT_H

#include "runtime/kernels/mve/emulation.h"

#include <math.h>

typedef struct float32x4 {
    float lane[4];
} float32x4_t;

/** The bits of a predicate for lane `lane` of 32 bits. */
static inline uint32_t mrt_mve_lane_bits(uint32_t lane)
{
    return UINT32_C(0xF) << (4u * lane);
}

static inline float32x4_t vdupq_n_f32(float value)
{
    const float32x4_t result = {{value, value, value, value}};
    return result;
}

static inline float32x4_t vldrwq_f32(const float *base)
{
    float32x4_t result;
    (void)memcpy(result.lane, base, sizeof(result));
    return result;
}

/** 0 where the predicate is not set. */
static inline float32x4_t vldrwq_z_f32(const float *base, mve_pred16_t predicate)
{
    float32x4_t result = vdupq_n_f32(0.0f);
    for (uint32_t i = 0u; i < 4u; ++i) {
        if (((uint32_t)predicate & mrt_mve_lane_bits(i)) != 0u) {
            result.lane[i] = base[i];
        }
    }
    return result;
}

static inline void vstrwq_p_f32(float *base, float32x4_t value, mve_pred16_t predicate)
{
    for (uint32_t i = 0u; i < 4u; ++i) {
        if (((uint32_t)predicate & mrt_mve_lane_bits(i)) != 0u) {
            base[i] = value.lane[i];
        }
    }
}

static inline float32x4_t vaddq_f32(float32x4_t a, float32x4_t b)
{
    float32x4_t result = a;
    for (uint32_t i = 0u; i < 4u; ++i) {
        result.lane[i] = a.lane[i] + b.lane[i];
    }
    return result;
}

/** a + b * c, rounded once. */
static inline float32x4_t vfmaq_f32(float32x4_t a, float32x4_t b, float32x4_t c)
{
    float32x4_t result = a;
    for (uint32_t i = 0u; i < 4u; ++i) {
        result.lane[i] = fmaf(b.lane[i], c.lane[i], a.lane[i]);
    }
    return result;
}

static inline float32x4_t vfmaq_n_f32(float32x4_t a, float32x4_t b, float c)
{
    return vfmaq_f32(a, b, vdupq_n_f32(c));
}

static inline mve_pred16_t vcmpltq_f32(float32x4_t a, float32x4_t b)
{
    uint32_t result = 0u;
    for (uint32_t i = 0u; i < 4u; ++i) {
        result |= (a.lane[i] < b.lane[i]) ? mrt_mve_lane_bits(i) : 0u;
    }
    return (mve_pred16_t)result;
}

static inline mve_pred16_t vcmpgtq_f32(float32x4_t a, float32x4_t b)
{
    return vcmpltq_f32(b, a);
}

/** Lanes of `a` where the predicate is set, else of `b`. */
static inline float32x4_t vpselq_f32(float32x4_t a, float32x4_t b, mve_pred16_t predicate)
{
    float32x4_t result = a;
    for (uint32_t i = 0u; i < 4u; ++i) {
        result.lane[i] = (((uint32_t)predicate & mrt_mve_lane_bits(i)) != 0u) ? a.lane[i] : b.lane[i];
    }
    return result;
}

#endif
