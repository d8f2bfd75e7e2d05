/**
 * @file scalar.h
 * @brief Attributes of the int8 kernels for cores without SIMD instructions; they give the same bytes on every other.
 *
 * Such cores multiply two words to one word, so these kernels let one multiplication make two products: a word holds two
 * elements, 16 bits apart (runtime/kernels/scalar/lanes.h). Weights, biases and scales lie in one constant of int32 words
 * for a call, laid out by the compiler, which also finds each channel's scaling and compares it with the portable
 * kernel's at every output (runtime/kernels/scalar/scale.h).
 */
#ifndef MRT_KERNELS_SCALAR_H
#define MRT_KERNELS_SCALAR_H

#include "micrort/kernels/window.h"

/** How sums become outputs; runtime/kernels/scalar/scale.h describes the arithmetic and a channel's record. */
typedef struct mrt_scalar_scaling {
    int32_t coarse;         /**< Bits that the coarse part of a sum leaves out, 1..15. */
    int32_t fraction;       /**< Bits of an output behind the point, 1..24. */
    int32_t two_sided;      /**< 1: records have a fourth word, for outputs below the zero point; else 0. */
    int32_t output_point;   /**< The output's zero point, -128..127. */
    int32_t activation_min; /**< Clamp of the output, -128..127. */
    int32_t activation_max; /**< Clamp of the output, activation_min..127. */
} mrt_scalar_scaling_t; /* with records taken apart, `coarse` is 4 and `fraction` 24 */

/**
 * Attributes of conv2d_s8_scalar: convolutions of one group with any window. Inputs: input, groups. Output as conv2d_s8.
 * A group is two output channels: their records, then for each two elements of a filter (tap rows, taps, channels; a
 * last odd one and a zero) four bytes: two weights of the first channel, two of the second. An odd last channel
 * has a partner with weights of zero.
 */
typedef struct mrt_conv2d_s8_scalar_attrs {
    mrt_window_t window;          /**< Geometry of input, output and window. */
    mrt_scalar_scaling_t scaling; /**< How sums become outputs. */
    int32_t input_point;          /**< The input's zero point, -128..127. */
    int32_t plain;                /**< 1: no record has multiplier and shift, and a filter at most 508 elements; or 0. */
} mrt_conv2d_s8_scalar_attrs_t;

/**
 * Attributes of conv2d_quads_s8_scalar: the same convolutions from twice the bytes of weights, faster. Inputs: input,
 * groups. Output as conv2d_s8. A group is four output channels, as runtime/kernels/scalar/quads.h has them; channels that
 * the last one lacks are zeros. Filters go by tap rows, taps, channels; a last odd element and a zero are a pair.
 */
typedef struct mrt_conv2d_quads_s8_scalar_attrs {
    mrt_window_t window;          /**< Geometry of input, output and window. */
    mrt_scalar_scaling_t scaling; /**< How sums become outputs, by records taken apart. */
    int32_t input_point;          /**< The input's zero point, -128..127. */
} mrt_conv2d_quads_s8_scalar_attrs_t;

/**
 * Attributes of depthwise_conv2d_s8_scalar: any window whose stride or dilation along the width is 1. Inputs: input,
 * filters. Output as depthwise_conv2d_s8. A filter is an output channel's record, then its weights as bytes, column by
 * column, up to a whole word.
 */
typedef struct mrt_depthwise_conv2d_s8_scalar_attrs {
    mrt_window_t window;          /**< Geometry of input, output and window. */
    mrt_scalar_scaling_t scaling; /**< How sums become outputs. */
    int32_t input_point;          /**< The input's zero point, -128..127. */
    int32_t pair_rows;            /**< 1: two rows may share words, which takes twice the workspace; 0: halves of rows. */
    int32_t phases;               /**< kernel_height: rows that come again are kept; or 1: they are made again. */
} mrt_depthwise_conv2d_s8_scalar_attrs_t;

/**
 * Attributes of depthwise_planes_s8_scalar: windows of 3 x 3 without dilation, with a stride of at most 3 along the width.
 * Inputs: input, filters. Output as depthwise_conv2d_s8. A filter is, in words, an output channel's record: begin and end
 * (int16 each, of which one counts 8 sums), factor, addend; then the rest (int16) and nine weights, row by row, up to a
 * whole word; then, where scaling is two-sided, the step.
 */
typedef struct mrt_depthwise_planes_s8_scalar_attrs {
    mrt_window_t window;          /**< Geometry of input, output and window. */
    mrt_scalar_scaling_t scaling; /**< How sums become outputs, by records taken apart. */
    int32_t input_point;          /**< The input's zero point, -128..127. */
    int32_t lines;                /**< Pairs of rows of the output that are made from a plane, 1..4096; see workspace. */
} mrt_depthwise_planes_s8_scalar_attrs_t;

/**
 * Attributes of fully_connected_s8_scalar: matrix products of vectors. Inputs: input, matrix. Output: one vector of
 * `channels` elements for each vector of `depth` elements, whole vectors in each row; a row of the input holds whole
 * vectors, or a vector is whole rows.
 *
 * The matrix goes by chunks of `chunk` elements of a vector (the last one shorter, up to a multiple of 8), and by two
 * channels. First lie the records of all channels (an even number), then for each chunk and each two channels one word
 * and the weights: as runtime/kernels/scalar/channels.h has them.
 */
typedef struct mrt_fully_connected_s8_scalar_attrs {
    int32_t depth;                /**< Elements of an input vector, at least 1. */
    int32_t channels;             /**< Elements of an output vector, at least 1. */
    int32_t chunk;                /**< Elements multiplied at a time, a multiple of 8, 8..256; they take workspace. */
    mrt_scalar_scaling_t scaling; /**< How sums become outputs. */
} mrt_fully_connected_s8_scalar_attrs_t;

/**
 * Attributes of linear_s8_scalar: (a * first_factor + b * second_factor + addend) / 2^shift, rounded down and clamped. The
 * compiler makes it of add and sub where it equals them for every pair of operands.
 * Inputs: two of the output's rows and elements. The output may share the memory of either.
 */
typedef struct mrt_linear_s8_scalar_attrs {
    int32_t first_factor;   /**< Of input 0, see above. */
    int32_t second_factor;  /**< Of input 1, see above. */
    int32_t addend;         /**< Zero points and rounding, see above. */
    int32_t shift;          /**< 0..31. */
    int32_t activation_min; /**< Clamp of the output, -128..127. */
    int32_t activation_max; /**< Clamp of the output, activation_min..127. */
} mrt_linear_s8_scalar_attrs_t;

#endif
