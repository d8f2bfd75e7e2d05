/**
 * @file pool2d.h
 * @brief Attributes of the two-dimensional pooling kernels.
 *
 * Input: [N, H, W, C]. Output: [N, H', W', C] of the same dtype, scale and zero point. Only elements inside the
 * image count. Windows are dense (dilation 1), each holds at least one element of the image, and at most 65535.
 */
#ifndef MRT_KERNELS_POOL2D_H
#define MRT_KERNELS_POOL2D_H

#include "micrort/kernels/window.h"

/** Attributes of average_pool2d and max_pool2d, s8 and s16. */
typedef struct mrt_pool2d_attrs {
    mrt_window_t window;    /**< Geometry of input, output and window. */
    int32_t activation_min; /**< Clamp of the output, within its dtype. */
    int32_t activation_max; /**< Clamp of the output, activation_min or more. */
} mrt_pool2d_attrs_t;

/** Attributes of average_pool2d and max_pool2d, f32. */
typedef struct mrt_pool2d_f32_attrs {
    mrt_window_t window;  /**< Geometry of input, output and window. */
    float activation_min; /**< Clamp of the output. */
    float activation_max; /**< Clamp of the output, activation_min or more. */
} mrt_pool2d_f32_attrs_t;

#endif
