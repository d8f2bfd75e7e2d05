/**
 * @file product.h
 * @brief The arithmetic of kernels with weights, in three types: how a sum begins (bias), grows (products) and ends
 *        (scale, zero point, clamp).
 *
 * The forms with `four` make four sums with one pass over the input, which saves loads: four weight vectors lie
 * `stride` elements apart. Integer sums wrap modulo their width, so that no data is undefined behaviour; a float
 * sum adds plain products in order and then the bias, so that it does not depend on which form made it.
 */
#ifndef MRT_KERNELS_PRODUCT_H
#define MRT_KERNELS_PRODUCT_H

#include "micrort/kernel.h"
#include "runtime/kernels/fpu.h"
#include "runtime/kernels/requantise.h"

#include <stdbool.h>
#include <stddef.h>

/** int8 by int8 into 32 bits. */
typedef struct mrt_product_s8 {
    const int32_t *bias;       /**< Of each channel. */
    const int32_t *multiplier; /**< Of each channel, or one for all. */
    const int32_t *shift;      /**< Likewise. */
    int32_t scale_step;        /**< Scales from channel to channel: 1, or 0 for one scale. */
    int32_t input_offset;
    int32_t output_offset;
    int32_t low;
    int32_t high;
} mrt_product_s8_t;

static inline uint32_t mrt_product_begin_s8(const mrt_product_s8_t *product, int32_t channel)
{
    return (uint32_t)product->bias[channel];
}

static inline uint32_t mrt_product_add_s8(const mrt_product_s8_t *product, int8_t input, int8_t weight, uint32_t sum)
{
    const int32_t term = ((int32_t)input + product->input_offset) * (int32_t)weight;
    return sum + (uint32_t)term;
}

static inline uint32_t mrt_product_dot_s8(const mrt_product_s8_t *product, const int8_t *input, const int8_t *weights,
                                          int32_t length, uint32_t sum)
{
    uint32_t total = sum;
    for (int32_t i = 0; i < length; ++i) {
        total = mrt_product_add_s8(product, input[i], weights[i], total);
    }
    return total;
}

static inline void mrt_product_dot_four_s8(const mrt_product_s8_t *product, const int8_t *input, const int8_t *weights,
                                           int32_t stride, int32_t length, uint32_t sums[4])
{
    const int8_t *const second = &weights[stride];
    const int8_t *const third = &second[stride];
    const int8_t *const fourth = &third[stride];
    const int32_t offset = product->input_offset;
    /* Locals, so that the sums stay in registers. */
    uint32_t a = sums[0];
    uint32_t b = sums[1];
    uint32_t c = sums[2];
    uint32_t d = sums[3];
    for (int32_t i = 0; i < length; ++i) {
        const int32_t value = (int32_t)input[i] + offset;
        const int32_t first_term = value * (int32_t)weights[i];
        const int32_t second_term = value * (int32_t)second[i];
        const int32_t third_term = value * (int32_t)third[i];
        const int32_t fourth_term = value * (int32_t)fourth[i];
        a += (uint32_t)first_term;
        b += (uint32_t)second_term;
        c += (uint32_t)third_term;
        d += (uint32_t)fourth_term;
    }
    sums[0] = a;
    sums[1] = b;
    sums[2] = c;
    sums[3] = d;
}

static inline int8_t mrt_product_end_s8(const mrt_product_s8_t *product, int32_t channel, uint32_t sum)
{
    const int32_t scale = channel * product->scale_step;
    const int32_t scaled = mrt_requantise((int32_t)sum, product->multiplier[scale], product->shift[scale]);
    return (int8_t)mrt_clamp(mrt_wrapping_add(scaled, product->output_offset), product->low, product->high);
}

/** int16 by int8 into 64 bits; an int32 bias makes it 32 bits in effect. Exactly one bias is not null. */
typedef struct mrt_product_s16 {
    const int64_t *bias;
    const int32_t *narrow_bias;
    const int32_t *multiplier; /**< Of each channel, or one for all. */
    const int32_t *shift;      /**< Likewise. */
    int32_t input_offset;
    int16_t scale_step; /**< Scales from channel to channel: 1, or 0 for one scale. */
    int16_t output_offset;
    int16_t low;
    int16_t high;
} mrt_product_s16_t;

static inline uint64_t mrt_product_begin_s16(const mrt_product_s16_t *product, int32_t channel)
{
    const int64_t bias = (product->bias != NULL) ? product->bias[channel] : (int64_t)product->narrow_bias[channel];
    return (uint64_t)bias;
}

static inline uint64_t mrt_product_add_s16(const mrt_product_s16_t *product, int16_t input, int8_t weight, uint64_t sum)
{
    const int32_t term = ((int32_t)input + product->input_offset) * (int32_t)weight;
    return sum + (uint64_t)(int64_t)term;
}

static inline uint64_t mrt_product_dot_s16(const mrt_product_s16_t *product, const int16_t *input,
                                           const int8_t *weights, int32_t length, uint64_t sum)
{
    uint64_t total = sum;
    for (int32_t i = 0; i < length; ++i) {
        total = mrt_product_add_s16(product, input[i], weights[i], total);
    }
    return total;
}

/* One after the other: four sums of 64 bits and their pointers are more than a Cortex-M has registers. */
static inline void mrt_product_dot_four_s16(const mrt_product_s16_t *product, const int16_t *input,
                                            const int8_t *weights, int32_t stride, int32_t length, uint64_t sums[4])
{
    for (int32_t lane = 0; lane < 4; ++lane) {
        sums[lane] = mrt_product_dot_s16(product, input, &weights[lane * stride], length, sums[lane]);
    }
}

/* A sum, scaled. By itself: what 64 bits need would lie on the stack below the loops that make sums. */
static MRT_NOINLINE int32_t mrt_product_scale_s16(const mrt_product_s16_t *product, int32_t channel, uint64_t sum)
{
    const int32_t scale = channel * product->scale_step;
    const int32_t multiplier = product->multiplier[scale];
    const int32_t shift = product->shift[scale];
    return (product->bias != NULL) ? mrt_requantise_s64((int64_t)sum, multiplier, shift)
                                   : mrt_requantise((int32_t)(uint32_t)sum, multiplier, shift);
}

static inline int16_t mrt_product_end_s16(const mrt_product_s16_t *product, int32_t channel, uint64_t sum)
{
    const int32_t scaled = mrt_product_scale_s16(product, channel, sum);
    return (int16_t)mrt_clamp(mrt_wrapping_add(scaled, product->output_offset), product->low, product->high);
}

/** float32 throughout. */
typedef struct mrt_product_f32 {
    const float *bias;
    float low;
    float high;
} mrt_product_f32_t;

static inline float mrt_product_begin_f32(const mrt_product_f32_t *product, int32_t channel)
{
    (void)product;
    (void)channel;
    return 0.0f; /* The bias comes last, as in TensorFlow Lite's reference. */
}

static inline float mrt_product_add_f32(const mrt_product_f32_t *product, float input, float weight, float sum)
{
    (void)product;
    return sum + (input * weight);
}

static inline float mrt_product_dot_f32(const mrt_product_f32_t *product, const float *input, const float *weights,
                                        int32_t length, float sum)
{
    float total = sum;
    for (int32_t i = 0; i < length; ++i) {
        total = mrt_product_add_f32(product, input[i], weights[i], total);
    }
    return total;
}

static inline void mrt_product_dot_four_f32(const mrt_product_f32_t *product, const float *input, const float *weights,
                                            int32_t stride, int32_t length, float sums[4])
{
    const float *const second = &weights[stride];
    const float *const third = &second[stride];
    mrt_fpu_four_t four = {input, weights, second, third, &third[stride], sums[0], sums[1], sums[2], sums[3]};
    (void)product;
    mrt_fpu_dot_four(&four, length);
    sums[0] = four.sum_a;
    sums[1] = four.sum_b;
    sums[2] = four.sum_c;
    sums[3] = four.sum_d;
}

/* Not-a-number fails both comparisons and stays what it is. */
static inline float mrt_product_end_f32(const mrt_product_f32_t *product, int32_t channel, float sum)
{
    const float value = sum + product->bias[channel];
    const float raised = (value < product->low) ? product->low : value;
    return (raised > product->high) ? product->high : raised;
}

/** The product of a call with inputs 2 bias, 3 multiplier and 4 shift, all per channel. */
static inline mrt_product_s8_t mrt_product_of_s8(const mrt_call_t *call)
{
    const mrt_product_s8_t product = {
        .bias = mrt_input_s32(call, 2u, 0u),
        .multiplier = mrt_input_s32(call, 3u, 0u),
        .shift = mrt_input_s32(call, 4u, 0u),
        .scale_step = 1,
    };
    return product;
}

/** Likewise; offsets are 0. */
static inline mrt_product_s16_t mrt_product_of_s16(const mrt_call_t *call)
{
    const bool wide = mrt_call_input(call, 2u)->dtype == (uint8_t)MRT_DTYPE_S64;
    const mrt_product_s16_t product = {
        .bias = wide ? mrt_input_s64(call, 2u, 0u) : NULL,
        .narrow_bias = wide ? NULL : mrt_input_s32(call, 2u, 0u),
        .multiplier = mrt_input_s32(call, 3u, 0u),
        .shift = mrt_input_s32(call, 4u, 0u),
        .scale_step = 1,
    };
    return product;
}

/** The product of a call with input 2 bias. */
static inline mrt_product_f32_t mrt_product_of_f32(const mrt_call_t *call)
{
    const mrt_product_f32_t product = {.bias = mrt_input_f32(call, 2u, 0u)};
    return product;
}

#endif
