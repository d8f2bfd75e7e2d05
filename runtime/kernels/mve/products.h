/**
 * @file products.h
 * @brief Products of pixels with all output channels, for kernels whose weights come in groups of four channels.
 */
#ifndef MRT_RUNTIME_KERNELS_MVE_PRODUCTS_H
#define MRT_RUNTIME_KERNELS_MVE_PRODUCTS_H

#include "micrort/kernel.h"
#include "runtime/kernels/mve/scale.h"

#include <stdbool.h>

/** Output channels of a group. */
#define MRT_MVE_GROUP 4

/** The output channels of a kernel and what makes them. */
typedef struct mrt_mve_product {
    const int32_t *groups; /**< As micrort/kernels/mve.h lays them out. */
    int32_t blocks;        /**< Times 16: elements of a filter. */
    int32_t channels;
    mrt_mve_output_t output;
    int32_t scaling; /**< An mrt_mve_scaling_t. */
} mrt_mve_product_t;

/** Where a pair of pixels has its elements, or some of them: those of the first, of the second. */
typedef struct mrt_mve_span {
    const int8_t *at[2];
    int32_t passes; /**< What multiplies them keeps here how often it goes on, */
    uint32_t code;  /**< and where it begins. */
} mrt_mve_span_t;

/**
 * Pixels, and where their outputs go: pixel i is the blocks * 16 elements from input[i * step] on, all of which are read.
 * Its outputs are output[i * output_step] and those behind it. Steps may be negative, both: then input and output are
 * those of the last but one, or the only one.
 */
typedef struct mrt_mve_pixels {
    const mrt_conv2d_s8_mve_attrs_t *attrs; /**< Number and scaling of outputs. */
    const int32_t *groups;                  /**< As micrort/kernels/mve.h lays them out. */
    int32_t blocks;
    const int8_t *input;
    int32_t step;
    int32_t count;
    int8_t *output;
    int32_t output_step; /**< -65535..65535. */
} mrt_mve_pixels_t;

/** Elements from the first pixel of a pair to the second in memory: none, where there is only one, which is made twice. */
static MRT_MVE_INLINE int32_t mrt_mve_pixels_apart(const mrt_mve_pixels_t *pixels)
{
    const int32_t step = pixels->step;
    return (pixels->count == 1) ? 0 : ((step < 0) ? -step : step);
}

/** Pixels from pair `pair` to the next one: the first of an odd number share one. */
static MRT_MVE_INLINE int32_t mrt_mve_pixels_further(const mrt_mve_pixels_t *pixels, int32_t pair)
{
    return ((pair == 0) && ((pixels->count % 2) != 0)) ? 1 : 2;
}

/**
 * Outputs of pixels, two by two: in the direction of the steps, so that outputs may be written over pixels that lie
 * against it. `spans` is room for two, so that callers choose where on the stack it is.
 */
void mrt_mve_multiply(const mrt_mve_pixels_t *pixels, mrt_mve_span_t *spans);

/**
 * Likewise of an even number of pixels, or one, whose elements lie in `count` spans of as many blocks: `spans` are those
 * of the first pair, or of the one pixel twice, and room for one more. They go along with the pairs, each by twice the
 * distance of its pixels. Output channels are a multiple of 4, and scaling is not any.
 */
void mrt_mve_multiply_spans(const mrt_mve_pixels_t *pixels, mrt_mve_span_t *spans, int32_t count);

/** Blocks of 16 that hold `elements`, which is not negative. */
static inline int32_t mrt_mve_blocks(int32_t elements)
{
    return (elements / MRT_MVE_BYTES) + (((elements % MRT_MVE_BYTES) != 0) ? 1 : 0);
}

/**
 * Whether an input is a constant of groups of `lanes` channels, enough for `channels` filters of `elements` (at least 1),
 * each continued by weights of 0, so that what stands behind the elements under it is of no matter.
 */
bool mrt_mve_groups_check(const mrt_call_t *call, uint32_t index, int32_t lanes, int32_t channels, uint64_t elements);

/** Whether offset, clamp and scaling are in range. */
bool mrt_mve_output_check(int32_t offset, int32_t low, int32_t high, int32_t scaling);

#endif
