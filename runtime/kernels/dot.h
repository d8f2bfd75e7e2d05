/**
 * @file dot.h
 * @brief Scalar products: the inner loops of convolutions and matrix products.
 *
 * The forms with `four` make four products with one pass over the input, which saves loads: four weight vectors
 * lie `stride` elements apart. Integer sums wrap modulo their width, so that no data is undefined behaviour; each
 * float sum adds plain products in order, so that it does not depend on which form made it.
 */
#ifndef MRT_KERNELS_DOT_H
#define MRT_KERNELS_DOT_H

#include <stdint.h>

/** sum + (input + input_offset) . weights; input_offset within -2^15..2^15. */
static inline uint32_t mrt_dot_s8(const int8_t *input, const int8_t *weights, int32_t length, int32_t input_offset,
                                  uint32_t sum)
{
    uint32_t total = sum;
    for (int32_t i = 0; i < length; ++i) {
        total += (uint32_t)(((int32_t)input[i] + input_offset) * (int32_t)weights[i]);
    }
    return total;
}

/** The same for four weight vectors. */
static inline void mrt_dot_four_s8(const int8_t *input, const int8_t *weights, int32_t stride, int32_t length,
                                   int32_t input_offset, uint32_t sums[4])
{
    const int8_t *const first = weights;
    const int8_t *const second = &first[stride];
    const int8_t *const third = &second[stride];
    const int8_t *const fourth = &third[stride];
    /* Locals, because a store through `sums` in the loop might alias the data. */
    uint32_t a = sums[0];
    uint32_t b = sums[1];
    uint32_t c = sums[2];
    uint32_t d = sums[3];
    for (int32_t i = 0; i < length; ++i) {
        const int32_t value = (int32_t)input[i] + input_offset;
        a += (uint32_t)(value * (int32_t)first[i]);
        b += (uint32_t)(value * (int32_t)second[i]);
        c += (uint32_t)(value * (int32_t)third[i]);
        d += (uint32_t)(value * (int32_t)fourth[i]);
    }
    sums[0] = a;
    sums[1] = b;
    sums[2] = c;
    sums[3] = d;
}

/** sum + (input + input_offset) . weights in 64 bits; input_offset within -2^15..2^15. */
static inline uint64_t mrt_dot_s16(const int16_t *input, const int8_t *weights, int32_t length, int32_t input_offset,
                                   uint64_t sum)
{
    uint64_t total = sum;
    for (int32_t i = 0; i < length; ++i) {
        const int32_t product = ((int32_t)input[i] + input_offset) * (int32_t)weights[i];
        total += (uint64_t)(int64_t)product;
    }
    return total;
}

/** sum + input . weights. */
static inline float mrt_dot_f32(const float *input, const float *weights, int32_t length, float sum)
{
    float total = sum;
    for (int32_t i = 0; i < length; ++i) {
        total += input[i] * weights[i];
    }
    return total;
}

/** The same for four weight vectors. */
static inline void mrt_dot_four_f32(const float *input, const float *weights, int32_t stride, int32_t length,
                                    float sums[4])
{
    const float *const first = weights;
    const float *const second = &first[stride];
    const float *const third = &second[stride];
    const float *const fourth = &third[stride];
    float a = sums[0];
    float b = sums[1];
    float c = sums[2];
    float d = sums[3];
    for (int32_t i = 0; i < length; ++i) {
        const float value = input[i];
        a += value * first[i];
        b += value * second[i];
        c += value * third[i];
        d += value * fourth[i];
    }
    sums[0] = a;
    sums[1] = b;
    sums[2] = c;
    sums[3] = d;
}

/** A float sum limited to low..high; not-a-number stays what it is. */
static inline float mrt_dot_clamp_f32(float sum, float low, float high)
{
    const float raised = (sum < low) ? low : sum;
    return (raised > high) ? high : raised;
}

#endif
