/**
 * @file conv2d.h
 * @brief Attributes of the two-dimensional convolution kernels.
 *
 * Inputs: input [N, H, W, C]; weights [output_channels, kernel_height, kernel_width, C / groups]; bias
 * [output_channels]; quantised kernels also multiplier [output_channels] (int32) and shift [output_channels]
 * (int32, as mrt_requantise takes it). Output: [N, H', W', output_channels].
 */
#ifndef MRT_KERNELS_CONV2D_H
#define MRT_KERNELS_CONV2D_H

#include "micrort/kernels/window.h"

/** Attributes of conv2d_s8: int8 input, weights and output, int32 bias. */
typedef struct mrt_conv2d_s8_attrs {
    mrt_window_t window;
    int32_t groups;         /**< Divides input_channels and output_channels. */
    int32_t input_offset;   /**< Minus the input's zero point, -127..128. */
    int32_t output_offset;  /**< The output's zero point, -128..127. */
    int32_t activation_min; /**< Clamp of the output, -128..127. */
    int32_t activation_max; /**< Clamp of the output, activation_min..127. */
} mrt_conv2d_s8_attrs_t;

#endif
