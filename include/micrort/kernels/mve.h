/**
 * @file mve.h
 * @brief Attributes of the kernels for cores with MVE (Helium). They compute the bytes of the portable kernels from
 *        constants in a layout of their own, which the compiler makes (python/micrort/variants/mve.py).
 *
 * Input 1 of the kernels with weights is one int32 tensor of groups of output channels: four in conv2d_s8_mve, eight
 * in fully_connected_s8_mve and depthwise_taps_s8_mve. A group is
 *
 *     one bias for each channel, with the input's zero point folded in;
 *     for each block of 16 elements of a filter, 16 weights (int8) for each channel;
 *     one multiplier for each channel; one shift for each channel, as mrt_requantise takes them.
 *
 * A filter that is no multiple of 16 is continued by weights of 0, and the last group by copies of the last channel. In
 * groups of eight the multipliers, and the shifts, are those of even channels, then those of odd ones.
 *
 * Kernels of float32 and of pooling take the attributes of the portable ones. Input 1 of conv2d_f32_mve and of
 * fully_connected_f32_mve is one float32 tensor of groups of 16 output channels, the last one of as many as are left,
 * in whole fours, continued by 0: one bias for each channel; for each element of a filter one weight for each channel.
 */
#ifndef MRT_KERNELS_MVE_H
#define MRT_KERNELS_MVE_H

#include "micrort/kernels/window.h"

/** How sums become outputs. The first two are faster, and right only where the compiler has proved them. */
typedef enum mrt_mve_scaling {
    /** Any shift, offset and clamp. */
    MRT_MVE_ANY = 0,
    /** Shifts of -31..-1, any clamp. */
    MRT_MVE_SIGNED = 1,
    /** Likewise, an output offset of -128 and a clamp of -128..127, so that negative sums need no rounding. */
    MRT_MVE_RECTIFIED = 2
} mrt_mve_scaling_t;

/**
 * Attributes of conv2d_s8_mve, and of conv2d_rgb_s8_mve, which is for inputs of three channels, kernels of 3 x 3 without
 * gaps along the row, 8 to 248 output channels in multiples of 8, and a scaling that is not MRT_MVE_ANY. Its filters have
 * 32 elements: the 9 of row 0; 7 of row 1; the 9 of row 2; a 0; the last 2 of row 1; 0.
 *
 * And of depthwise_taps_s8_mve, which takes as many output channels as the input has, each from its own alone, in groups
 * of eight, whose elements are the taps row by row, and a scaling that is not MRT_MVE_ANY.
 * Inputs: input [N, H, W, C], groups. Output: [N, H', W', output_channels].
 */
typedef struct mrt_conv2d_s8_mve_attrs {
    mrt_window_t window; /**< Geometry of input, output and window. */
    int32_t input_zero_point; /**< Value of the padding, -128..127. */
    int32_t output_offset;    /**< The output's zero point, -128..127. */
    int32_t activation_min;   /**< Clamp of the output, -128..127. */
    int32_t activation_max;   /**< Clamp of the output, activation_min..127. */
    int32_t scaling;          /**< An mrt_mve_scaling_t. */
    /**
     * Windows that conv2d_s8_mve copies before it multiplies them, at most: 2..64, even; fewer take less workspace. It
     * never copies more than a KiB of them, but for two. The other kernels do not look at it.
     */
    int32_t patches;
} mrt_conv2d_s8_mve_attrs_t;

/** Attributes of fully_connected_s8_mve. Inputs: input, as fully_connected_s8 has it, groups. Output likewise. */
typedef struct mrt_fully_connected_s8_mve_attrs {
    int32_t depth;          /**< Elements of an input vector, at least 1. */
    int32_t channels;       /**< Elements of an output vector, at least 1. */
    int32_t copied;         /**< 0: depth is a multiple of 16, and input rows hold whole vectors; else 1. */
    int32_t output_offset;  /**< The output's zero point, -128..127. */
    int32_t activation_min; /**< Clamp of the output, -128..127. */
    int32_t activation_max; /**< Clamp of the output, activation_min..127. */
    int32_t scaling;        /**< An mrt_mve_scaling_t. */
} mrt_fully_connected_s8_mve_attrs_t;

/**
 * Attributes of depthwise_conv2d_s8_mve. Inputs: input [N, H, W, C], filters. Output: [N, H', W', output_channels];
 * output_channels is a multiple of C.
 *
 * Filters are one int32 tensor: for each output channel its weights, then bias, multiplier, shift. Weights are words of
 * four taps below one another: the columns of rows 0..3 of the kernel, then those of rows 4..7, and so on; taps below
 * the kernel are 0.
 *
 * And of depthwise3x3_s8_mve, for few rows at a time: without workspace, for a kernel of 3 x 3 without gaps, strides of
 * 1 or 2 along the row, at most one row or column of padding at each border, as many output channels as the input has,
 * at least eight columns of output, and a scaling that is not MRT_MVE_ANY. It does not look at strips and block.
 */
typedef struct mrt_depthwise_conv2d_s8_mve_attrs {
    mrt_window_t window; /**< Geometry of input, output and window. */
    int32_t input_zero_point; /**< Value of the padding, -128..127. */
    int32_t output_offset;    /**< The output's zero point, -128..127. */
    int32_t activation_min;   /**< Clamp of the output, -128..127. */
    int32_t activation_max;   /**< Clamp of the output, activation_min..127. */
    int32_t scaling;          /**< An mrt_mve_scaling_t. */
    /**
     * Strips of the input that are made before they are used, 1..8: more are better for narrow outputs and take as many
     * times the workspace. A strip is the taps of one output row, or those of two where stride and dilation are 1 and
     * neither side of the kernel is a multiple of 4.
     */
    int32_t strips;
    int32_t block; /**< Channels of a strip, 1..16: fewer take less workspace and more time. */
} mrt_depthwise_conv2d_s8_mve_attrs_t;

/**
 * Attributes of linear_s8_mve: (a * first_factor + b * second_factor + addend) / 2^shift, rounded down and clamped. The
 * compiler makes it of add and sub where it equals them for every pair of operands.
 * Inputs: two of the output's rows and elements. The output may share the memory of either.
 */
typedef struct mrt_linear_s8_mve_attrs {
    int32_t first_factor;   /**< Of input 0, see above. */
    int32_t second_factor;  /**< Of input 1, see above. */
    int32_t addend;         /**< Zero points and rounding, see above. */
    int32_t shift;          /**< 0..31. */
    int32_t activation_min; /**< -128..127. */
    int32_t activation_max; /**< activation_min..127. */
} mrt_linear_s8_mve_attrs_t;

#endif
