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

/** Pairs of pixels that follow one another, and their outputs. */
typedef struct mrt_mve_run {
    const int8_t *at[2]; /**< The pixels of the first pair: blocks * 16 elements from here on, all of which are read. */
    int8_t *output;      /**< Of the first of them. */
    int8_t *end;         /**< Likewise of the pair behind the last one. */
} mrt_mve_run_t;

/**
 * What runs of pixels have in common. Steps may be negative, both: then pairs go back, and the first pixel of a pair is
 * still the one before the other in memory.
 */
typedef struct mrt_mve_pixels {
    const mrt_conv2d_s8_mve_attrs_t *attrs; /**< Number and scaling of outputs. */
    const int32_t *groups;                  /**< As micrort/kernels/mve.h lays them out. */
    int32_t blocks;
    int32_t spans;       /**< That the elements of a pixel lie in, of as many blocks. */
    int32_t step;        /**< Elements from pixel to pixel. */
    int32_t output_step; /**< Likewise of outputs, -65535..65535. */
    int32_t distance;    /**< Of the outputs of a pair: 0, where there is but one pixel, which is made twice. */
} mrt_mve_pixels_t;

/** Pairs of so many pixels, at least 1: an odd one is left over, but for the only one, which makes a pair by itself. */
static inline int32_t mrt_mve_pairs(int32_t count)
{
    return (count == 1) ? 1 : (count / 2);
}

/** Makes a run whose first pair is at `input`; where there is but one pixel, distance 0, of it. */
static inline void mrt_mve_make_run(mrt_mve_run_t *run, const mrt_mve_pixels_t *pixels, const int8_t *input,
                                    int8_t *output, int32_t pairs)
{
    const int32_t apart = (pixels->step < 0) ? -pixels->step : pixels->step;
    run->at[0] = input;
    run->at[1] = (pixels->distance == 0) ? input : &input[apart];
    run->output = output;
    run->end = &output[pairs * (2 * pixels->output_step)];
}

/**
 * Makes the outputs of runs, one after another, pair by pair, so that outputs may be written over pixels that are done
 * with.
 */
void mrt_mve_multiply(const mrt_mve_pixels_t *pixels, const mrt_mve_run_t *runs, int32_t count);

/**
 * Likewise of one run, by spans: those of its first pair, and room for one more. They go along with the pairs, each by
 * twice the distance of its pixels. Output channels are a multiple of 4, and scaling is not any.
 */
void mrt_mve_multiply_spans(const mrt_mve_pixels_t *pixels, const mrt_mve_run_t *run, mrt_mve_span_t *spans);

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
