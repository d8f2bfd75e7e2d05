/**
 * @file depthwise_conv2d.h
 * @brief Attributes of the depthwise convolution kernels.
 *
 * Inputs: input [N, H, W, C]; weights [1, kernel_height, kernel_width, output_channels]; bias [output_channels];
 * quantised kernels also multiplier [output_channels] (int32) and shift [output_channels] (int32, constant, as
 * mrt_requantise takes it). Output: [N, H', W', output_channels].
 *
 * output_channels is a multiple of C; with m = output_channels / C, output channel o is made of input channel o / m.
 */
#ifndef MRT_KERNELS_DEPTHWISE_CONV2D_H
#define MRT_KERNELS_DEPTHWISE_CONV2D_H

#include "micrort/kernels/window.h"

/** Attributes of depthwise_conv2d_s8: int8 input, weights and output, int32 bias. */
typedef struct mrt_depthwise_conv2d_s8_attrs {
    mrt_window_t window;    /**< Geometry of input, output and window. */
    int32_t input_offset;   /**< Minus the input's zero point, -127..128. */
    int32_t output_offset;  /**< The output's zero point, -128..127. */
    int32_t activation_min; /**< Clamp of the output, -128..127. */
    int32_t activation_max; /**< Clamp of the output, activation_min..127. */
} mrt_depthwise_conv2d_s8_attrs_t;

/**
 * Attributes of depthwise_conv2d_s16: int16 input and output with zero points of 0, int8 weights, int64 bias;
 * mrt_requantise_s64 scales (shifts up to 7).
 */
typedef struct mrt_depthwise_conv2d_s16_attrs {
    mrt_window_t window;    /**< Geometry of input, output and window. */
    int32_t activation_min; /**< Clamp of the output, -32768..32767. */
    int32_t activation_max; /**< Clamp of the output, activation_min..32767. */
} mrt_depthwise_conv2d_s16_attrs_t;

/** Attributes of depthwise_conv2d_f32: all of float32. */
typedef struct mrt_depthwise_conv2d_f32_attrs {
    mrt_window_t window;  /**< Geometry of input, output and window. */
    float activation_min; /**< Clamp of the output. */
    float activation_max; /**< Clamp of the output, not below activation_min. */
} mrt_depthwise_conv2d_f32_attrs_t;

#endif
