/**
 * @file image.h
 * @brief The rows of an image under the tiles of a depthwise convolution.
 */
#ifndef MRT_RUNTIME_KERNELS_MVE_IMAGE_H
#define MRT_RUNTIME_KERNELS_MVE_IMAGE_H

#include "micrort/kernel.h"
#include "micrort/kernels/window.h"
#include "runtime/kernels/mve/intrinsics.h"
#include "runtime/kernels/mve/layout.h"

/** An image of input 0. */
typedef struct mrt_mve_image {
    const mrt_call_t *call;
    const mrt_window_t *window;
    const int8_t *padding; /**< A vector of it. */
    uint32_t first;        /**< The input row that the image begins with, */
    const int8_t *even;    /**< and where it is, if rows lie at one distance; else null. */
    int32_t origin;        /**< The row of the image under the first tap of an output row, inside or not. */
} mrt_mve_image_t;

/** Rows of the image under the four taps of a tile, and from which channel on. */
typedef struct mrt_mve_tile {
    int32_t y;    /**< The first of them, inside or not. */
    int32_t taps; /**< Of the kernel that are left, at least 1. */
    int32_t channel;
} mrt_mve_tile_t;

/** Makes `first`, `even` and `origin` those of output row `row`. */
static inline void mrt_mve_find_image(mrt_mve_image_t *image, uint32_t row)
{
    const mrt_window_t *window = image->window;
    const uint32_t height = (uint32_t)window->output_height;
    const uint32_t index = row / height;
    const uint32_t top = row - (index * height);
    image->first = index * (uint32_t)window->input_height;
    image->origin = ((int32_t)top * window->stride_height) - window->padding_top;
    image->even = NULL;
    if (!mrt_tensor_has_row_table(mrt_call_input(image->call, 0u))) {
        image->even = mrt_input_s8(image->call, 0u, image->first);
    }
}

/** The rows of a tile, which the row table knows, one by one; rows of padding stand still. */
static inline void mrt_mve_find_spread_rows(const mrt_mve_image_t *image, const mrt_mve_tile_t *tile,
                                            mrt_mve_rows_t *rows)
{
    const mrt_window_t *window = image->window;
    int32_t y = tile->y;
    for (int32_t i = 0; i < MRT_MVE_TILE; ++i) {
        const bool there = (i < tile->taps) && (y >= 0) && (y < window->input_height);
        rows->at[i] = image->padding;
        rows->step[i] = 0;
        if (there) {
            rows->at[i] = &mrt_input_s8(image->call, 0u, image->first + (uint32_t)y)[tile->channel];
            rows->step[i] = window->input_channels;
        }
        y += window->dilation_height;
    }
}

/** Row `index` of a tile: at `row`, or one of padding where that is null. */
static inline void mrt_mve_set_row(mrt_mve_rows_t *rows, uint32_t index, const int8_t *row, const mrt_mve_image_t *image)
{
    rows->at[index] = (row != NULL) ? row : image->padding;
    rows->step[index] = (row != NULL) ? image->window->input_channels : 0;
}

/** The rows of a tile that lie at one distance. No loop: it would take twice as long. */
static inline void mrt_mve_find_even_rows(const mrt_mve_image_t *image, const mrt_mve_tile_t *tile, mrt_mve_rows_t *rows)
{
    const mrt_window_t *window = image->window;
    const uint32_t height = (uint32_t)window->input_height;
    const int32_t taps = tile->taps;
    const uint32_t row_bytes = mrt_call_input(image->call, 0u)->row_bytes;
    const int8_t *const even = &image->even[tile->channel];
    const uint32_t dilation = (uint32_t)window->dilation_height;
    const uint32_t first = (uint32_t)tile->y; /* above the image it is very large */
    const uint32_t second = first + dilation;
    const uint32_t third = second + dilation;
    const uint32_t fourth = third + dilation;
    mrt_mve_set_row(rows, 0u, (first < height) ? &even[first * row_bytes] : NULL, image);
    mrt_mve_set_row(rows, 1u, ((taps > 1) && (second < height)) ? &even[second * row_bytes] : NULL, image);
    mrt_mve_set_row(rows, 2u, ((taps > 2) && (third < height)) ? &even[third * row_bytes] : NULL, image);
    mrt_mve_set_row(rows, 3u, ((taps > 3) && (fourth < height)) ? &even[fourth * row_bytes] : NULL, image);
}

#endif
