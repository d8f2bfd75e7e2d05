/**
 * @file window.h
 * @brief Geometry of operators that slide a window over height and width.
 */
#ifndef MRT_KERNELS_WINDOW_H
#define MRT_KERNELS_WINDOW_H

#include "micrort/kernel.h"

/** A sliding window. All sizes in elements, all at least 1 unless said otherwise. */
typedef struct mrt_window {
    int32_t input_height;    /**< Rows of the input image. */
    int32_t input_width;     /**< Columns of the input image. */
    int32_t input_channels;  /**< Elements of an input pixel. */
    int32_t output_height;   /**< Rows of the output image. */
    int32_t output_width;    /**< Columns of the output image. */
    int32_t output_channels; /**< Elements of an output pixel. */
    int32_t kernel_height;   /**< Rows of the window, without dilation. */
    int32_t kernel_width;    /**< Columns of the window, without dilation. */
    int32_t stride_height;   /**< Input rows from one output row to the next. */
    int32_t stride_width;    /**< Input columns from one output column to the next. */
    int32_t dilation_height; /**< 1: dense. */
    int32_t dilation_width;  /**< 1: dense. */
    int32_t padding_top;     /**< Rows of padding above the input, at least 0. */
    int32_t padding_left;    /**< Columns of padding left of the input, at least 0. */
} mrt_window_t;

#endif
