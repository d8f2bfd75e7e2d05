/**
 * @file quantise.h
 * @brief Attributes of the kernels that change an element's type or quantisation.
 *
 * All are elementwise; a name is kernel_input type_output type.
 */
#ifndef MRT_KERNELS_QUANTISE_H
#define MRT_KERNELS_QUANTISE_H

#include "micrort/kernel.h"

/** Attributes of requantise_*: integers of one quantisation to integers of another. */
typedef struct mrt_requantise_attrs {
    int32_t input_offset;   /**< Minus the input's zero point. */
    int32_t multiplier;     /**< Input scale over output scale, as mrt_requantise takes it. */
    int32_t shift;          /**< -31..30. */
    int32_t output_offset;  /**< The output's zero point. */
    int32_t activation_min; /**< Clamp of the output; activation_min - output_offset must fit int32. */
    int32_t activation_max; /**< Clamp of the output; activation_max - output_offset must fit int32. */
} mrt_requantise_attrs_t;

/** Attributes of quantise_f32_*: round(x / scale) + zero_point, ties away from zero, saturated; NaN: zero_point. */
typedef struct mrt_quantise_attrs {
    float scale;        /**< Positive and finite. */
    int32_t zero_point; /**< In the range of the output's type. */
} mrt_quantise_attrs_t;

/** Attributes of dequantise_*_f32: scale * (q - zero_point). */
typedef struct mrt_dequantise_attrs {
    float scale; /**< Positive and finite. */
    int32_t zero_point; /**< In the range of the input's type. */
} mrt_dequantise_attrs_t;

#endif
