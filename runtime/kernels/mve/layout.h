/**
 * @file layout.h
 * @brief The workspace of depthwise_conv2d_s8_mve: what lies where.
 */
#ifndef MRT_RUNTIME_KERNELS_MVE_LAYOUT_H
#define MRT_RUNTIME_KERNELS_MVE_LAYOUT_H

#include "micrort/kernels/mve.h"

#include <stdbool.h>

/** Channels of a block, at most; bytes that interleaving writes at each column. */
#define MRT_MVE_BLOCK 16
#define MRT_MVE_BLOCK_BYTES 64

/** Taps of a tile along an axis. */
#define MRT_MVE_TILE 4

/** Outputs of a batch. */
#define MRT_MVE_BATCH 8

/** Strips, and how outputs are made of them; of a layout that fits. */
typedef struct mrt_mve_layout {
    bool quads;
    int16_t tiles_high;
    int16_t tiles_wide;
    int16_t column;   /* Bytes from column to column. */
    int16_t columns;
    int16_t across;   /* Patches of a strip. */
    int32_t tile_row; /* Bytes from one row of tiles to the next. */
    int32_t strip;    /* Bytes of a strip. */
} mrt_mve_layout_t;

/** What precedes strips: places, patches, and a channel's tiles, where there are several or scaling is any. */
typedef struct mrt_mve_lists {
    int32_t batches; /* There is room for so many. */
    int32_t patches; /* Bytes of the list of patches. */
    int32_t tiles;   /* Bytes of tiles. */
} mrt_mve_lists_t;

static inline bool mrt_mve_makes_quads(const mrt_window_t *window)
{
    return (window->stride_height == 1) && (window->stride_width == 1) && (window->dilation_height == 1)
           && (window->dilation_width == 1) && ((window->kernel_height % MRT_MVE_TILE) != 0)
           && ((window->kernel_width % MRT_MVE_TILE) != 0) && (window->output_width > 1);
}

/** Output rows of a strip. */
static inline int32_t mrt_mve_strip_rows(const mrt_mve_layout_t *layout)
{
    return layout->quads ? 2 : 1;
}

/** Weight vectors of a tile: for each output of a patch one. */
static inline int32_t mrt_mve_tile_vectors(const mrt_mve_layout_t *layout)
{
    return layout->quads ? 4 : 1;
}

static inline int32_t mrt_mve_divide_up(int32_t value, int32_t step)
{
    return (value + (step - 1)) / step;
}

/** Channels of a block. */
static inline int32_t mrt_mve_block(const mrt_depthwise_conv2d_s8_mve_attrs_t *attrs)
{
    return (attrs->window.input_channels < attrs->block) ? attrs->window.input_channels : attrs->block;
}

/** Makes the layout of attributes that fit. */
static inline void mrt_mve_make_layout(mrt_mve_layout_t *layout, const mrt_depthwise_conv2d_s8_mve_attrs_t *attrs)
{
    const mrt_window_t *window = &attrs->window;
    const int32_t width = window->output_width;
    const bool quads = mrt_mve_makes_quads(window);
    const int32_t column = MRT_MVE_TILE * mrt_mve_block(attrs);
    const int32_t tiles_high = mrt_mve_divide_up(window->kernel_height, MRT_MVE_TILE);
    const int32_t tiles_wide = mrt_mve_divide_up(window->kernel_width, MRT_MVE_TILE);
    const int32_t across = quads ? ((width + 1) / 2) : width;
    const int32_t last = quads ? (width - 2) : ((width - 1) * window->stride_width);
    const int32_t columns = (last + 1) + (((MRT_MVE_TILE * tiles_wide) - 1) * window->dilation_width);
    layout->quads = quads;
    layout->column = (int16_t)column;
    layout->tiles_high = (int16_t)tiles_high;
    layout->tiles_wide = (int16_t)tiles_wide;
    layout->across = (int16_t)across;
    layout->columns = (int16_t)columns;
    layout->tile_row = columns * column;
    layout->strip = layout->tile_row * tiles_high;
}

static inline mrt_mve_lists_t mrt_mve_lists(const mrt_depthwise_conv2d_s8_mve_attrs_t *attrs,
                                            const mrt_mve_layout_t *layout)
{
    mrt_mve_lists_t lists; /* member by member: an initialiser would first clear it, by a call */
    const int32_t patches = attrs->strips * layout->across;
    lists.batches = layout->quads ? ((patches + 1) / 2) : mrt_mve_divide_up(patches, MRT_MVE_BATCH);
    /* The list is written by fours, with several strips from anywhere on. */
    lists.patches = layout->quads ? (mrt_mve_divide_up(patches, 4) * 16) : (lists.batches * (4 * MRT_MVE_BATCH));
    lists.patches += (attrs->strips > 1) ? 16 : 0;
    const int32_t tiles = (int32_t)layout->tiles_high * (int32_t)layout->tiles_wide;
    const bool plain = (tiles == 1) && (attrs->scaling != (int32_t)MRT_MVE_ANY);
    lists.tiles = plain ? 0 : (4 * ((4 * mrt_mve_tile_vectors(layout)) + 1) * tiles);
    return lists;
}

/** Bytes of a workspace; 0 if they are too many. All sizes of the window are below 2^15. */
static inline int32_t mrt_mve_layout_bytes(const mrt_depthwise_conv2d_s8_mve_attrs_t *attrs)
{
    const mrt_window_t *window = &attrs->window;
    const int64_t high = mrt_mve_divide_up(window->kernel_height, MRT_MVE_TILE);
    const int64_t wide = mrt_mve_divide_up(window->kernel_width, MRT_MVE_TILE);
    const int64_t columns = (((int64_t)window->output_width - 1) * window->stride_width) + 1
                            + (((MRT_MVE_TILE * wide) - 1) * window->dilation_width);
    const int64_t rest = (32 * (int64_t)attrs->strips * window->output_width) + (68 * high * wide);
    const int64_t most = (columns * high * (MRT_MVE_TILE * MRT_MVE_BLOCK) * attrs->strips) + rest;
    int32_t bytes = 0;
    if ((columns <= INT16_MAX) && (most <= (INT32_MAX / 2))) {
        mrt_mve_layout_t layout;
        mrt_mve_make_layout(&layout, attrs);
        const mrt_mve_lists_t lists = mrt_mve_lists(attrs, &layout);
        bytes = (layout.strip * attrs->strips) + (lists.batches * (2 * MRT_MVE_BATCH)) + lists.patches + lists.tiles
                + (MRT_MVE_BLOCK_BYTES - layout.column);
    }
    return bytes;
}

#endif
