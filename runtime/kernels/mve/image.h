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
    const void *base;      /**< Where the first row is; with a row table what offsets count from. */
    const uint16_t *table; /**< The first row's entry in the row table, or null. */
    int32_t origin;        /**< The row of the image under the first tap of an output row, inside or not. */
} mrt_mve_image_t;

/** Rows of the image under the four taps of a tile, and from which channel on. */
typedef struct mrt_mve_tile {
    int32_t y;    /**< The first of them, inside or not. */
    int32_t taps; /**< Of the kernel that are left, at least 1. */
    int32_t channel;
} mrt_mve_tile_t;

/** Makes `base`, `table` and `origin` those of output row `row`. */
static inline void mrt_mve_find_image(mrt_mve_image_t *image, uint32_t row)
{
    const mrt_window_t *window = image->window;
    const mrt_tensor_t *input = mrt_call_input(image->call, 0u);
    const uint32_t height = (uint32_t)window->output_height;
    const uint32_t index = row / height;
    const uint32_t top = row - (index * height);
    const uint32_t first = index * (uint32_t)window->input_height;
    const bool spread = mrt_tensor_has_row_table(input);
    image->table = spread ? &image->call->row_table[input->offset + first] : NULL;
    image->base = spread ? mrt_input_base(image->call, 0u) : mrt_input_row(image->call, 0u, first);
    image->origin = ((int32_t)top * window->stride_height) - window->padding_top;
}

/** Row `index` of a tile: at `row` from a channel on; or of padding, which stands still, where that is null. */
static inline void mrt_mve_set_row(const mrt_mve_image_t *image, mrt_mve_rows_t *rows, uint32_t index, const void *row,
                                   int32_t channel)
{
    const int8_t *bytes = row; /* MISRA D1 */
    rows->at[index] = (row != NULL) ? &bytes[channel] : image->padding;
    rows->step[index] = (row != NULL) ? image->window->input_channels : 0;
}

/** Whether three or four rows of a tile lie inside the image, and no other is asked for: most tiles. */
static inline bool mrt_mve_is_inside(const mrt_mve_image_t *image, const mrt_mve_tile_t *tile)
{
    const int32_t last = (tile->taps > 3) ? 3 : (tile->taps - 1);
    const int32_t end = tile->y + (last * image->window->dilation_height);
    return (tile->y >= 0) && (end < image->window->input_height) && (tile->taps > 2);
}

/** The rows of such a tile, in an image whose rows lie at one distance. */
static inline void mrt_mve_find_inside_rows(const mrt_mve_image_t *image, const mrt_mve_tile_t *tile,
                                            mrt_mve_rows_t *rows)
{
    const uint32_t row_bytes = mrt_call_input(image->call, 0u)->row_bytes;
    const uint32_t further = (uint32_t)image->window->dilation_height * row_bytes;
    const uint32_t first = ((uint32_t)tile->y * row_bytes) + (uint32_t)tile->channel;
    const int32_t channels = image->window->input_channels;
    const bool four = tile->taps > 3;
    rows->at[0] = mrt_address(image->base, first); /* MISRA D1 */
    rows->at[1] = mrt_address(rows->at[0], further); /* MISRA D1 */
    rows->at[2] = mrt_address(rows->at[1], further); /* MISRA D1 */
    rows->at[3] = four ? (const int8_t *)mrt_address(rows->at[2], further) : image->padding; /* MISRA D1 */
    rows->step[0] = channels;
    rows->step[1] = channels;
    rows->step[2] = channels;
    rows->step[3] = four ? channels : 0;
}

/** The rows of a tile, in an image whose rows lie at one distance. No loop: it would take twice as long. */
static inline void mrt_mve_find_even_rows(const mrt_mve_image_t *image, const mrt_mve_tile_t *tile, mrt_mve_rows_t *rows)
{
    const uint32_t height = (uint32_t)image->window->input_height;
    const uint32_t dilation = (uint32_t)image->window->dilation_height;
    const uint32_t row_bytes = mrt_call_input(image->call, 0u)->row_bytes;
    const void *const base = image->base;
    const int32_t taps = tile->taps;
    const int32_t channel = tile->channel;
    const uint32_t a = (uint32_t)tile->y; /* above the image it is very large */
    const uint32_t b = a + dilation;
    const uint32_t c = b + dilation;
    const uint32_t d = c + dilation;
    mrt_mve_set_row(image, rows, 0u, (a < height) ? mrt_address(base, a * row_bytes) : NULL, channel);
    mrt_mve_set_row(image, rows, 1u, ((taps > 1) && (b < height)) ? mrt_address(base, b * row_bytes) : NULL, channel);
    mrt_mve_set_row(image, rows, 2u, ((taps > 2) && (c < height)) ? mrt_address(base, c * row_bytes) : NULL, channel);
    mrt_mve_set_row(image, rows, 3u, ((taps > 3) && (d < height)) ? mrt_address(base, d * row_bytes) : NULL, channel);
}

/** Likewise in an image whose rows lie where the row table says. */
static inline void mrt_mve_find_spread_rows(const mrt_mve_image_t *image, const mrt_mve_tile_t *tile,
                                            mrt_mve_rows_t *rows)
{
    const uint32_t height = (uint32_t)image->window->input_height;
    const uint32_t dilation = (uint32_t)image->window->dilation_height;
    const uint16_t *const table = image->table;
    const void *const base = image->base;
    const int32_t taps = tile->taps;
    const int32_t channel = tile->channel;
    const uint32_t a = (uint32_t)tile->y;
    const uint32_t b = a + dilation;
    const uint32_t c = b + dilation;
    const uint32_t d = c + dilation;
    mrt_mve_set_row(image, rows, 0u, (a < height) ? mrt_input_spread_row(base, table, a) : NULL, channel);
    mrt_mve_set_row(image, rows, 1u, ((taps > 1) && (b < height)) ? mrt_input_spread_row(base, table, b) : NULL, channel);
    mrt_mve_set_row(image, rows, 2u, ((taps > 2) && (c < height)) ? mrt_input_spread_row(base, table, c) : NULL, channel);
    mrt_mve_set_row(image, rows, 3u, ((taps > 3) && (d < height)) ? mrt_input_spread_row(base, table, d) : NULL, channel);
}

#endif
