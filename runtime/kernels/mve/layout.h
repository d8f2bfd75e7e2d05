/**
 * @file layout.h
 * @brief The workspace of depthwise_conv2d_s8_mve: what lies where.
 */
#ifndef MRT_RUNTIME_KERNELS_MVE_LAYOUT_H
#define MRT_RUNTIME_KERNELS_MVE_LAYOUT_H

#include "micrort/kernels/mve.h"

#include <stdbool.h>

/** Channels of a block; bytes that interleaving writes at each column. */
#define MRT_MVE_BLOCK 16
#define MRT_MVE_BLOCK_BYTES 64

/** Taps of a tile along an axis. */
#define MRT_MVE_TILE 4

/** Outputs of a batch. */
#define MRT_MVE_BATCH 8

/** Places, patches, the moved weights of quads of several tiles, strips. */
typedef struct mrt_mve_layout {
    bool quads;
    int32_t tiles_high;
    int32_t tiles_wide;
    int32_t column;   /* Bytes from column to column. */
    int32_t columns;
    int32_t tile_row; /* Bytes from one row of tiles to the next. */
    int32_t strip;    /* Bytes of a strip. */
    int32_t across;   /* Patches of a strip. */
    int32_t batches;  /* There is room for so many. */
    int32_t moved;    /* Bytes of moved weights. */
    int32_t bytes;    /* Of everything; 0 if they are too many. */
} mrt_mve_layout_t;

static inline bool mrt_mve_makes_quads(const mrt_window_t *window)
{
    return (window->stride_height == 1) && (window->stride_width == 1) && (window->dilation_height == 1)
           && (window->dilation_width == 1) && ((window->kernel_height % MRT_MVE_TILE) != 0)
           && ((window->kernel_width % MRT_MVE_TILE) != 0) && (window->output_width > 1);
}

/** Patches of a batch, and output rows of a strip. */
static inline int32_t mrt_mve_batch_patches(const mrt_mve_layout_t *layout)
{
    return layout->quads ? 2 : MRT_MVE_BATCH;
}

static inline int32_t mrt_mve_strip_rows(const mrt_mve_layout_t *layout)
{
    return layout->quads ? 2 : 1;
}

static inline int32_t mrt_mve_divide_up(int32_t value, int32_t step)
{
    return (value + (step - 1)) / step;
}

/** All sizes of the window are below 2^15. */
static inline mrt_mve_layout_t mrt_mve_layout(const mrt_depthwise_conv2d_s8_mve_attrs_t *attrs)
{
    const mrt_window_t *window = &attrs->window;
    const int32_t width = window->output_width;
    const int32_t channels = (window->input_channels < MRT_MVE_BLOCK) ? window->input_channels : MRT_MVE_BLOCK;
    mrt_mve_layout_t layout = {.quads = mrt_mve_makes_quads(window), .column = MRT_MVE_TILE * channels};
    layout.tiles_high = mrt_mve_divide_up(window->kernel_height, MRT_MVE_TILE);
    layout.tiles_wide = mrt_mve_divide_up(window->kernel_width, MRT_MVE_TILE);
    layout.across = layout.quads ? mrt_mve_divide_up(width, 2) : width;
    layout.batches = mrt_mve_divide_up(attrs->strips * layout.across, mrt_mve_batch_patches(&layout));
    const int32_t last = layout.quads ? (width - 2) : ((width - 1) * window->stride_width);
    const int64_t columns = (int64_t)last + 1 + (((int64_t)(MRT_MVE_TILE * layout.tiles_wide) - 1) * window->dilation_width);
    const int64_t strip = columns * layout.tiles_high * layout.column;
    const int64_t lists = (int64_t)layout.batches * ((2 * MRT_MVE_BATCH) + (4 * mrt_mve_batch_patches(&layout)));
    const int32_t tiles = layout.tiles_high * layout.tiles_wide;
    const bool moves = layout.quads && ((tiles > 1) || (attrs->scaling == (int32_t)MRT_MVE_ANY));
    const int64_t moved = moves ? (64 * (int64_t)tiles) : 0;
    const int64_t bytes = (strip * attrs->strips) + lists + moved + (MRT_MVE_BLOCK_BYTES - layout.column);
    const bool fits = (columns <= INT16_MAX) && (bytes <= (INT32_MAX / 2));
    layout.columns = fits ? (int32_t)columns : 0;
    layout.tile_row = layout.columns * layout.column;
    layout.moved = fits ? (int32_t)moved : 0;
    layout.strip = fits ? (int32_t)strip : 0;
    layout.bytes = fits ? (int32_t)bytes : 0;
    return layout;
}

#endif
