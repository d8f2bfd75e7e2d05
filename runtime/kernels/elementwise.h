/**
 * @file elementwise.h
 * @brief One element of the kernels that exist for several types.
 */
#ifndef MRT_RUNTIME_KERNELS_ELEMENTWISE_H
#define MRT_RUNTIME_KERNELS_ELEMENTWISE_H

#include "micrort/kernels/activation.h"
#include "micrort/kernels/quantise.h"
#include "runtime/kernels/check.h"
#include "runtime/kernels/requantise.h"

#include <float.h>
#include <math.h>

/**
 * One requantised value. The zero point is taken off modulo 2^32, as int32 inputs may need; the clamp comes
 * before the zero point is added, so that the sum cannot overflow.
 */
static inline int32_t mrt_requantise_element(int32_t value, const mrt_requantise_attrs_t *attrs)
{
    const uint32_t centred = (uint32_t)value + (uint32_t)attrs->input_offset;
    const int32_t scaled = mrt_requantise((int32_t)centred, attrs->multiplier, attrs->shift);
    const int32_t low = attrs->activation_min - attrs->output_offset;
    const int32_t high = attrs->activation_max - attrs->output_offset;
    return mrt_clamp(scaled, low, high) + attrs->output_offset;
}

/** Whether mrt_requantise_element yields low..high without overflow. */
static inline bool mrt_requantise_attrs_sound(const mrt_requantise_attrs_t *attrs, int32_t low, int32_t high)
{
    const int64_t bottom = (int64_t)attrs->activation_min - attrs->output_offset;
    const int64_t top = (int64_t)attrs->activation_max - attrs->output_offset;
    return mrt_check_shift(attrs->shift) && (bottom >= INT32_MIN) && (top <= INT32_MAX)
           && (attrs->activation_min >= low) && (attrs->activation_max <= high)
           && (attrs->activation_min <= attrs->activation_max);
}

/** One float quantised to low..high: rounded to nearest, ties away from zero, saturated; NaN becomes the zero point. */
static inline int32_t mrt_quantise_element(float value, const mrt_quantise_attrs_t *attrs, int32_t low, int32_t high)
{
    const float scaled = value / attrs->scale;
    const int32_t lowest = low - attrs->zero_point;
    const int32_t highest = high - attrs->zero_point;
    if (isnan(scaled) != 0) {
        return attrs->zero_point;
    }
    if (scaled >= (float)highest) {
        return high;
    }
    if (scaled > (float)lowest) {
        /* scaled - whole is exact, while adding one half to scaled could round up to the next integer. */
        const int32_t whole = (int32_t)scaled;
        const float rest = scaled - (float)whole;
        const int32_t up = (rest >= 0.5f) ? 1 : 0;
        const int32_t down = (rest <= -0.5f) ? 1 : 0;
        return ((whole + up) - down) + attrs->zero_point;
    }
    return low;
}

/** Whether a float is positive and finite; false for NaN. */
static inline bool mrt_scale_sound(float scale)
{
    return (scale > 0.0f) && (scale <= FLT_MAX);
}

/** Where an int16 input lies in the table of the logistic function, in 1 / (3 * 4096). */
static inline int32_t mrt_sigmoid_position(int32_t input, const mrt_sigmoid_s16_attrs_t *attrs)
{
    const uint32_t half = (attrs->shift > 0) ? (UINT32_C(1) << ((uint32_t)attrs->shift - 1u)) : 0u;
    return ((input * attrs->multiplier) + (int32_t)half) >> attrs->shift; /* MISRA D2 */
}

/** Proof of logistic_s16 and tanh_s16: |input * multiplier| + half < 2^31. */
static inline bool mrt_sigmoid_s16_sound(const mrt_call_t *call)
{
    const mrt_sigmoid_s16_attrs_t *attrs = call->attrs; /* MISRA D1 */
    return mrt_check_counts(call, 2u, 1u) && mrt_check_elementwise(call, MRT_DTYPE_S16, MRT_DTYPE_S16)
           && mrt_check_elements(mrt_call_input(call, 1u), MRT_DTYPE_S16, 256u)
           && mrt_check_range(attrs->multiplier, 1, 32767) && mrt_check_range(attrs->shift, 0, 31);
}

#endif
