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

/** Attributes of mean_f32. */
typedef struct mrt_mean_f32_attrs {
    mrt_reduction_t reduction; /**< Shape and axes. */
} mrt_mean_f32_attrs_t;

#endif
