/**
 * @file movement.h
 * @brief Attributes of the kernels that move elements without looking at them: any dtype.
 */
#ifndef MRT_KERNELS_MOVEMENT_H
#define MRT_KERNELS_MOVEMENT_H

#include "micrort/kernel.h"

/** Attributes of copy: input 0 to output 0, whatever their shapes. They may be the same memory. */
typedef struct mrt_copy_attrs {
    int32_t bytes; /**< Of the input and of the output. */
} mrt_copy_attrs_t;

/**
 * Attributes of concatenation (any number of inputs, one output) and split (one input, any number of outputs).
 *
 * Seen from the joined axis, each tensor is `outer` chunks of bytes; the long tensor's chunks are the short ones'
 * chunks behind each other. concatenation computes any rows, split always everything.
 */
typedef struct mrt_concatenation_attrs {
    int32_t outer; /**< Product of the dimensions in front of the axis; divides the bytes of each tensor. */
} mrt_concatenation_attrs_t;

/**
 * Attributes of pad: input 0 inside output 0, a constant around it. Shapes have five dimensions, those in front
 * perhaps 1; the last two make a row.
 */
typedef struct mrt_pad_attrs {
    int32_t element_bytes; /**< 1, 2 or 4. */
    int32_t value;         /**< The bits of the constant, in the low bytes. */
    int32_t input_0;       /**< Input sizes, at least 1. */
    int32_t input_1;       /**< Input size of dimension 1. */
    int32_t input_2;       /**< Input size of dimension 2. */
    int32_t input_3;       /**< Input size of dimension 3. */
    int32_t input_4;       /**< Input size of dimension 4. */
    int32_t before_0;      /**< Elements of padding in front of the input, at least 0. */
    int32_t before_1;      /**< Padding in front, dimension 1. */
    int32_t before_2;      /**< Padding in front, dimension 2. */
    int32_t before_3;      /**< Padding in front, dimension 3. */
    int32_t before_4;      /**< Padding in front, dimension 4. */
    int32_t output_0;      /**< Output sizes, at least before + input. */
    int32_t output_1;      /**< Output size of dimension 1. */
    int32_t output_2;      /**< Output size of dimension 2. */
    int32_t output_3;      /**< Output size of dimension 3. */
    int32_t output_4;      /**< Output size of dimension 4. */
} mrt_pad_attrs_t;

/**
 * Attributes of strided_copy: output[i0..i5] = input[start + i0 * stride_0 + .. + i5 * stride_5], for slices,
 * transpositions and reversals. All in elements; the last two dimensions make a row of the output. Any rows.
 */
typedef struct mrt_strided_copy_attrs {
    int32_t element_bytes; /**< 1, 2 or 4. */
    int32_t start;         /**< Index of the input's element that comes first. */
    int32_t size_0;        /**< Output sizes, at least 1. */
    int32_t size_1;        /**< Output size of dimension 1. */
    int32_t size_2;        /**< Output size of dimension 2. */
    int32_t size_3;        /**< Output size of dimension 3. */
    int32_t size_4;        /**< Output size of dimension 4. */
    int32_t size_5;        /**< Output size of dimension 5. */
    int32_t stride_0;      /**< Steps in the input; may be negative or 0. */
    int32_t stride_1;      /**< Step of dimension 1. */
    int32_t stride_2;      /**< Step of dimension 2. */
    int32_t stride_3;      /**< Step of dimension 3. */
    int32_t stride_4;      /**< Step of dimension 4. */
    int32_t stride_5;      /**< Step of dimension 5. */
} mrt_strided_copy_attrs_t;

/**
 * Attributes of resize_nearest: [N, H, W, C] to [N, H', W', C]. The input index along an axis is
 * (output index + offset) * scale in float32, rounded down or to nearest, at most the last.
 */
typedef struct mrt_resize_nearest_attrs {
    int32_t input_height;  /**< All sizes 1..32767. */
    int32_t input_width;   /**< Columns of the input. */
    int32_t output_height; /**< Rows of the output. */
    int32_t output_width;  /**< Columns of the output. */
    int32_t pixel_bytes;   /**< Channels times bytes of an element. */
    int32_t to_nearest;    /**< 1: round to nearest, ties up; 0: round down. */
    float height_scale;    /**< 0..32767. */
    float width_scale;     /**< 0..32767. */
    float offset;          /**< 0 or 0.5. */
} mrt_resize_nearest_attrs_t;

#endif
