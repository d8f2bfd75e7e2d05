/**
 * @file dsp.h
 * @brief Attributes of the int8 kernels for cores with the DSP extension; they give the same bytes on every other.
 *
 * Their weights are laid out by the compiler together with biases and scales, one constant of int32 words for a call
 * ("groups"): runtime/kernels/dsp/products.h describes it. Input offset, bias and output zero point are folded in it, so
 * that the compiler must prove for each channel that no sum leaves the range in which the arithmetic is exact.
 */
#ifndef MRT_KERNELS_DSP_H
#define MRT_KERNELS_DSP_H

#include "micrort/kernels/window.h"

/**
 * Attributes of fully_connected_s8_dsp, and of fully_connected_s8_dsp_wide, whose groups hold wide weights: matrix
 * products of vectors, two at a time, and convolutions with kernels of 1 x 1.
 * Inputs: input, groups. Output: one vector of `channels` elements for each vector of `depth` elements; rows of the
 * input and of the output hold whole vectors.
 */
typedef struct mrt_fully_connected_s8_dsp_attrs {
    int32_t depth;          /**< Elements of an input vector, at least 1. */
    int32_t channels;       /**< Elements of an output vector, at least 1. */
    int32_t output_point;   /**< The output's zero point, -128..127. */
    int32_t activation_min; /**< Clamp of the output, -128..127. */
    int32_t activation_max; /**< Clamp of the output, activation_min..127. */
    int32_t linear;         /**< Whether outputs are linear in their sums: 0 or 1. */
} mrt_fully_connected_s8_dsp_attrs_t;

/**
 * Attributes of matvec_s8_dsp, and of matvec_s8_dsp_wide, whose groups hold wide weights: the same products, one vector at
 * a time, straight from its elements.
 * Inputs and output as above, or a vector of the input is whole rows.
 */
typedef struct mrt_matvec_s8_dsp_attrs {
    int32_t depth;          /**< Elements of an input vector, a multiple of 4, at least 4. */
    int32_t channels;       /**< Elements of an output vector, at least 1. */
    int32_t copied;         /**< 1: a vector is several rows, and the workspace has room for a copy; else 0. */
    int32_t output_point;   /**< The output's zero point, -128..127. */
    int32_t activation_min; /**< Clamp of the output, -128..127. */
    int32_t activation_max; /**< Clamp of the output, activation_min..127. */
} mrt_matvec_s8_dsp_attrs_t;

/**
 * Attributes of conv2d_s8_dsp, and of conv2d_s8_dsp_wide, whose groups hold wide weights: convolutions of one group with
 * any window. Inputs: input, groups. Output as conv2d_s8.
 * Elements of a filter in the groups: tap rows, taps, channels; where channels come in no multiple of four as
 * runtime/kernels/dsp/patches.h says.
 *
 * And of winograd_s8_dsp: the same with a window of 3 x 3, stride 1, dilation 1, where the input's channels come in a
 * multiple of 4. Its groups hold transformed filters: runtime/kernels/dsp/winograd.h.
 */
typedef struct mrt_conv2d_s8_dsp_attrs {
    mrt_window_t window; /**< Geometry of input, output and window. */
    int32_t input_point;    /**< The input's zero point, -128..127. */
    int32_t output_point;   /**< The output's zero point, -128..127. */
    int32_t activation_min; /**< Clamp of the output, -128..127. */
    int32_t activation_max; /**< Clamp of the output, activation_min..127. */
    int32_t linear;         /**< Whether outputs are linear in their sums: 0 or 1; of winograd_s8_dsp 0. */
} mrt_conv2d_s8_dsp_attrs_t;

/**
 * Attributes of depthwise_conv2d_s8_dsp: one record for each output channel, "records", in place of groups. Lines
 * go along the inner axis: the width, or the height with `transposed`.
 */
typedef struct mrt_depthwise_conv2d_s8_dsp_attrs {
    mrt_window_t window; /**< Geometry of input, output and window. */
    int32_t input_point;    /**< The input's zero point, -128..127. */
    int32_t transposed;     /**< Whether the inner axis is the height: 0 or 1. */
    int32_t block;          /**< Most output rows computed at a time, 1..output_height; the workspace grows with it. */
    int32_t output_point;   /**< The output's zero point, -128..127. */
    int32_t activation_min; /**< Clamp of the output, -128..127. */
    int32_t activation_max; /**< Clamp of the output, activation_min..127. */
} mrt_depthwise_conv2d_s8_dsp_attrs_t;

/**
 * Attributes of depthwise3x3_s8_dsp, and of depthwise3x3_s8_dsp_linear, whose outputs are linear in their sums: depthwise
 * convolutions with a window of 3 x 3, strides of 1 or 2, dilation 1. One record for each output channel, "records", in
 * place of groups. Also of depthwise3x3_s8_dsp_linear_tall, which takes the same records: it needs fewer instructions and
 * more workspace. There the strides are both 1 and the block is 14 rows at most, or the stride along the height is 2 and
 * the block is 7 rows at most. And of depthwise3x3_s8_dsp_dilated: strides of 1, any dilation.
 */
typedef struct mrt_depthwise3x3_s8_dsp_attrs {
    mrt_window_t window;    /**< Geometry of input, output and window. */
    int32_t input_point;    /**< The input's zero point, -128..127. */
    int32_t block;          /**< Most output rows computed at a time, 1..output_height; the workspace grows with it. */
    int32_t columns;        /**< Likewise of outputs of a row, 1..output_width. */
    int32_t output_point;   /**< The output's zero point, -128..127. */
    int32_t activation_min; /**< Clamp of the output, -128..127. */
    int32_t activation_max; /**< Clamp of the output, activation_min..127. */
} mrt_depthwise3x3_s8_dsp_attrs_t;

/**
 * Attributes of conv2d_patch_s8_dsp, whose groups hold the elements of a filter in the order of tap rows, taps, channels,
 * and of depthwise_patch_s8_dsp, which has one record for each output channel, "records", in place of groups: convolutions
 * in little code, with any window.
 */
typedef struct mrt_patch_s8_dsp_attrs {
    mrt_window_t window;    /**< Geometry of input, output and window. */
    int32_t input_point;    /**< The input's zero point, -128..127. */
    int32_t output_point;   /**< The output's zero point, -128..127. */
    int32_t activation_min; /**< Clamp of the output, -128..127. */
    int32_t activation_max; /**< Clamp of the output, activation_min..127. */
} mrt_patch_s8_dsp_attrs_t;

/** Bits behind an output element in the sums of add_s8_dsp. */
#define MRT_ADD_S8_DSP_SHIFT 20

/**
 * Attributes of add_s8_dsp: additions and subtractions of operands of the output's shape, as one linear form. An output
 * is (a * 256 * factor0 / 2^16 + b * 256 * factor1 / 2^16 + constant) / 2^MRT_ADD_S8_DSP_SHIFT, each division rounded
 * down, saturated and clamped; the compiler has compared it with the portable kernel for all pairs of operands.
 */
typedef struct mrt_add_s8_dsp_attrs {
    int32_t factor0;        /**< Of input 0, see above. */
    int32_t factor1;        /**< Of input 1, see above. */
    int32_t constant;       /**< Zero points and rounding, see above. */
    int32_t activation_min; /**< Clamp of the output, -128..127. */
    int32_t activation_max; /**< Clamp of the output, activation_min..127. */
} mrt_add_s8_dsp_attrs_t;

#endif
