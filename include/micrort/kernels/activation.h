/**
 * @file activation.h
 * @brief Attributes of the activation kernels.
 *
 * All are elementwise: input 0 and output 0 have the same rows, and may be the same memory.
 */
#ifndef MRT_KERNELS_ACTIVATION_H
#define MRT_KERNELS_ACTIVATION_H

#include "micrort/kernel.h"

/** Attributes of kernels that have none: hard_swish_f32, logistic_f32, tanh_f32. */
typedef struct mrt_no_attrs {
    int32_t reserved; /**< 0; C has no empty structs. */
} mrt_no_attrs_t;

/**
 * Attributes of lut_s8: any function of one byte. Inputs: input, int8 or uint8; table [256], of the output's
 * type, indexed by the input's byte read as unsigned. Output: int8 or uint8.
 */
typedef struct mrt_lut_s8_attrs {
    int32_t reserved; /**< 0. */
} mrt_lut_s8_attrs_t;

/** Attributes of relu_f32: max(x, 0), limited above. */
typedef struct mrt_relu_f32_attrs {
    float upper; /**< Largest output; 0 for no limit. */
} mrt_relu_f32_attrs_t;

/** Attributes of leaky_relu_f32: x for positive x, else alpha * x. */
typedef struct mrt_leaky_relu_f32_attrs {
    float alpha; /**< Factor of elements below 0. */
} mrt_leaky_relu_f32_attrs_t;

/** Attributes of leaky_relu_s16: two factors, one for each sign of the input's real value. */
typedef struct mrt_leaky_relu_s16_attrs {
    int32_t input_offset;        /**< Minus the input's zero point, -32767..32768. */
    int32_t output_offset;       /**< The output's zero point, -32768..32767. */
    int32_t positive_multiplier; /**< Input scale over output scale, as mrt_requantise takes it. */
    int32_t positive_shift;      /**< -31..30. */
    int32_t negative_multiplier; /**< The same times alpha. */
    int32_t negative_shift;      /**< -31..30. */
} mrt_leaky_relu_s16_attrs_t;

/**
 * Attributes of logistic_s16 and tanh_s16: interpolation in a table of the logistic function.
 * Inputs: input, zero point 0; table [256] int16, about 65536 * logistic(i / 24) - 32768.
 * Output: scale 2^-15, zero point 0.
 */
typedef struct mrt_sigmoid_s16_attrs {
    int32_t multiplier; /**< 1..32767: input * multiplier / 2^shift counts in 1 / (3 * 4096). */
    int32_t shift;      /**< 0..31. */
} mrt_sigmoid_s16_attrs_t;

#endif
