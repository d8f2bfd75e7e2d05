/**
 * @file mean.h
 * @brief What the mean kernels share: where the elements of one average lie, and the proof of the axes.
 */
#ifndef MRT_RUNTIME_KERNELS_MEAN_H
#define MRT_RUNTIME_KERNELS_MEAN_H

#include "micrort/kernels/mean.h"

#include <stdbool.h>

/** The elements of one average: for each of `rows` input rows, `width` pixels of `channels` elements. */
typedef struct mrt_extent {
    uint32_t rows;       /**< Number of input rows. */
    uint32_t inner_rows; /**< They come in groups of so many, */
    uint32_t inner_step; /**< this many rows apart in a group, */
    uint32_t outer_step; /**< the groups so many rows apart. */
    uint32_t width;      /**< Pixels of each row. */
    uint32_t channels;   /**< Elements of each pixel. */
} mrt_extent_t;

/** An element of the input. */
typedef struct mrt_place {
    uint32_t row;
    uint32_t column; /**< In elements of the row. */
} mrt_place_t;

/** What one average extends over; the same for all outputs. */
mrt_extent_t mrt_reduction_extent(const mrt_reduction_t *reduction);

/** The first element of average `index`, counted in the order of the outputs. */
mrt_place_t mrt_reduction_first(const mrt_reduction_t *reduction, uint32_t index);

/** Proves a call of a mean kernel: one input, one output, of `dtype` and of the sizes that the reduction gives. */
bool mrt_reduction_is_sound(const mrt_call_t *call, const mrt_reduction_t *reduction, uint32_t dtype);

/** Proves the rescaling of a quantised mean of elements in low..high. */
bool mrt_mean_scale_is_sound(const mrt_mean_attrs_t *attrs, int32_t low, int32_t high);

/** The output of a quantised mean, in low..high, from the sum of `count` elements modulo 2^32. */
int32_t mrt_mean_output(const mrt_mean_attrs_t *attrs, int32_t sum, uint32_t count, int32_t low, int32_t high);

/** Input rows from the first one to the row `index` of an average. */
static inline uint32_t mrt_extent_row(const mrt_extent_t *extent, uint32_t index)
{
    return ((index / extent->inner_rows) * extent->outer_step) + ((index % extent->inner_rows) * extent->inner_step);
}

#endif
