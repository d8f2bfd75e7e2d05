/**
 * @file mean.h
 * @brief Attributes of the mean kernels: averages along any axes.
 *
 * Input: any shape. Output: the same dtype; the elements of the axes that are kept, in their order, however the
 * tensor's shape groups them.
 */
#ifndef MRT_KERNELS_MEAN_H
#define MRT_KERNELS_MEAN_H

#include "micrort/kernel.h"

/**
 * The axes of a reduction. The input's shape is [rows0, rows1, rows2, rows3, width, channels]; its rows are
 * rows0 * rows1 * rows2 * rows3, each of width * channels elements.
 */
typedef struct mrt_reduction {
    int32_t rows0;    /**< Axis 0, the outermost; at least 1. */
    int32_t rows1;    /**< Axis 1, at least 1. */
    int32_t rows2;    /**< Axis 2, at least 1. */
    int32_t rows3;    /**< Axis 3, at least 1. */
    int32_t width;    /**< Axis 4, at least 1. */
    int32_t channels; /**< Axis 5, the innermost; at least 1. */
    int32_t reduced;  /**< Bit i set: axis i is reduced; 0..63. At most two of the rows axes longer than 1. */
} mrt_reduction_t;

/** Attributes of mean_s8 and mean_s16. Sums wrap at 32 bits, as the reference's do. */
typedef struct mrt_mean_attrs {
    mrt_reduction_t reduction; /**< Shape and axes. */
    int32_t input_offset;      /**< Minus the input's zero point. */
    int32_t output_offset;     /**< The output's zero point. */
    int32_t multiplier;        /**< Of input scale / output scale / number of elements; at least 0. */
    int32_t shift;             /**< As mrt_requantise takes it, -31..30. */
} mrt_mean_attrs_t;

/**
 * Attributes of mean_rows_s8: averages of each channel over a whole image, row by row of the input.
 *
 * Output 0: the sums so far, int32, as many rows as the input, `channels` elements each; row r is made of row r - 1, in
 * whose place it may lie, and of row r of the input. Output 1: int8, `channels` elements, made with the last row.
 */
typedef struct mrt_mean_rows_attrs {
    int32_t rows;           /**< Rows of the image, at least 1. */
    int32_t width;          /**< Pixels of a row, at least 1; rows * width is at most 65535. */
    int32_t channels;       /**< Elements of a pixel, at least 1. */
    int32_t pooled;         /**< 1: as average_pool2d_s8; 0: as mean_s8. */
    int32_t input_offset;   /**< Minus the input's zero point; pooled: 0. */
    int32_t output_offset;  /**< The output's zero point; pooled: 0. */
    int32_t multiplier;     /**< Of input scale / output scale / number of elements; at least 0; pooled: 0. */
    int32_t shift;          /**< As mrt_requantise takes it, -31..30. */
    int32_t activation_min; /**< Clamp of the output, -128..127. */
    int32_t activation_max; /**< Clamp of the output, activation_min..127. */
} mrt_mean_rows_attrs_t;

/** Attributes of mean_f32. */
typedef struct mrt_mean_f32_attrs {
    mrt_reduction_t reduction; /**< Shape and axes. */
} mrt_mean_f32_attrs_t;

#endif
