/**
 * @file softmax.h
 * @brief What the softmax kernels share.
 */
#ifndef MRT_RUNTIME_KERNELS_SOFTMAX_H
#define MRT_RUNTIME_KERNELS_SOFTMAX_H

#include "micrort/kernels/softmax.h"

#include <stdbool.h>

/** What turns one vector's exponentials into probabilities. */
typedef struct mrt_softmax_norm {
    int32_t largest;  /**< The vector's largest element. */
    int32_t scale;    /**< One over the sum of exponentials, Q0.31, normalised to 1/2..1. */
    int32_t exponent; /**< Right shift to the output's unit, 0 or more. */
} mrt_softmax_norm_t;

/** The norm of `attrs->depth` elements, for an output whose unit is 2^-output_bits (8 or 16). */
mrt_softmax_norm_t mrt_softmax_norm(const mrt_softmax_s8_attrs_t *attrs, const int8_t *input, int32_t output_bits);

/** The probability of an element of that vector, in units of the output, rounded; 0 or more. */
int32_t mrt_softmax_probability(const mrt_softmax_s8_attrs_t *attrs, const mrt_softmax_norm_t *norm, int8_t element);

/** Whether input and output 0 have these dtypes, the same shape, and rows of whole vectors of `depth`. */
bool mrt_softmax_is_sound(const mrt_call_t *call, int32_t depth, uint32_t input_dtype, uint32_t output_dtype);

/** Proves the attributes of softmax_s8 and softmax_s8_s16. */
bool mrt_softmax_s8_attrs_are_sound(const mrt_softmax_s8_attrs_t *attrs);

#endif
