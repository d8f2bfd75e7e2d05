/*
 * Depthwise convolution, int8, for cores with MVE: any kernel, stride, dilation, padding and multiplier.
 *
 * A vector holds 4 x 4 taps of one channel: four words, each of four rows at one column. To have them so, strips of
 * the input are interleaved into the workspace, 16 channels at a time: one word for each column and channel, so that
 * a patch is four words that a gather takes. A patch serves 2 x 2 outputs ("quads") where stride and dilation are 1,
 * by weights moved by a row, by a column, and by both. Which patches a set of output rows needs, and where their
 * outputs go, is listed once for all channels, so that narrow images fill their batches from row to row.
 */
#include "micrort/kernels.h"
#include "runtime/kernels/check.h"
#include "runtime/kernels/mve/batches.h"
#include "runtime/kernels/mve/products.h"
#include "runtime/kernels/product.h"
#include "runtime/kernels/window.h"

/* Channels of a block; bytes that interleaving writes at each column. */
#define BLOCK 16
#define BLOCK_BYTES 64

/* Taps of a tile along an axis. */
#define TILE 4

/* Words of a channel behind its weights. */
#define RECORD 4

/* Outputs of a batch. */
#define BATCH 8

/* Strips at most. */
#define STRIPS_MAX 8

/* Rows of tiles whose rows are looked up once for all blocks. */
#define FOUND 4

/* The workspace: places, patches, the moved weights of quads of several tiles, strips. */
typedef struct layout {
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
} layout_t;

typedef struct depthwise {
    const mrt_call_t *call;
    const mrt_depthwise_conv2d_s8_mve_attrs_t *attrs;
    layout_t layout;
    uint16_t *places;
    uint32_t *patches;
    int32_t *moved;
    int8_t *strips;
    mrt_mve_bounds_t bounds;
    mrt_mve_rows_t found[FOUND + 1]; /* Rows of the first rows of tiles, for all blocks; behind them that of others. */
    int8_t padding[MRT_MVE_BYTES];
    int32_t rows;    /* Of the output, that are made together. */
    bool regular;    /* Whether they follow one another without a gap. */
    int32_t batches;
    int8_t *output;  /* What places count from. */
} depthwise_t;

static bool makes_quads(const mrt_window_t *window)
{
    return (window->stride_height == 1) && (window->stride_width == 1) && (window->dilation_height == 1)
           && (window->dilation_width == 1) && ((window->kernel_height % TILE) != 0)
           && ((window->kernel_width % TILE) != 0) && (window->output_width > 1);
}

/* Patches of a batch, and output rows of a strip. */
static inline int32_t patches_of_batch(const layout_t *layout)
{
    return layout->quads ? 2 : BATCH;
}

static inline int32_t strip_rows(const layout_t *layout)
{
    return layout->quads ? 2 : 1;
}

static inline int32_t divide_up(int32_t value, int32_t step)
{
    return (value + (step - 1)) / step;
}

/* All sizes of the window are below 2^15. */
static layout_t layout_of(const mrt_depthwise_conv2d_s8_mve_attrs_t *attrs)
{
    const mrt_window_t *window = &attrs->window;
    const int32_t width = window->output_width;
    const int32_t channels = (window->input_channels < BLOCK) ? window->input_channels : BLOCK;
    layout_t layout = {.quads = makes_quads(window), .column = TILE * channels};
    layout.tiles_high = divide_up(window->kernel_height, TILE);
    layout.tiles_wide = divide_up(window->kernel_width, TILE);
    layout.across = layout.quads ? divide_up(width, 2) : width;
    layout.batches = divide_up(attrs->strips * layout.across, patches_of_batch(&layout));
    const int32_t last = layout.quads ? (width - 2) : ((width - 1) * window->stride_width);
    const int64_t columns = (int64_t)last + 1 + (((int64_t)(TILE * layout.tiles_wide) - 1) * window->dilation_width);
    const int64_t strip = columns * layout.tiles_high * layout.column;
    const int64_t lists = (int64_t)layout.batches * (2 * BATCH + (4 * patches_of_batch(&layout)));
    const int32_t tiles = layout.tiles_high * layout.tiles_wide;
    const bool moves = layout.quads && ((tiles > 1) || (attrs->scaling == (int32_t)MRT_MVE_ANY));
    const int64_t moved = moves ? (64 * (int64_t)tiles) : 0;
    const int64_t bytes = (strip * attrs->strips) + lists + moved + (BLOCK_BYTES - layout.column);
    const bool fits = (columns <= INT16_MAX) && (bytes <= (INT32_MAX / 2));
    layout.columns = fits ? (int32_t)columns : 0;
    layout.tile_row = layout.columns * layout.column;
    layout.moved = fits ? (int32_t)moved : 0;
    layout.strip = fits ? (int32_t)strip : 0;
    layout.bytes = fits ? (int32_t)bytes : 0;
    return layout;
}

/* Columns of padding before the image, and of the image. */
static inline int32_t padding_before(const depthwise_t *depthwise)
{
    const int32_t before = depthwise->attrs->window.padding_left;
    return (before < depthwise->layout.columns) ? before : depthwise->layout.columns;
}

static inline int32_t image_columns(const depthwise_t *depthwise)
{
    const int32_t room = depthwise->layout.columns - padding_before(depthwise);
    const int32_t width = depthwise->attrs->window.input_width;
    return (width < room) ? width : room;
}

/* The columns of padding of a row of tiles. */
static void pad_columns(const depthwise_t *depthwise, int8_t *target)
{
    const int8_t padding = (int8_t)depthwise->attrs->input_zero_point;
    const int32_t before = padding_before(depthwise) * depthwise->layout.column;
    const int32_t behind = before + (image_columns(depthwise) * depthwise->layout.column);
    mrt_mve_fill(target, padding, (uint32_t)before);
    mrt_mve_fill(&target[behind], padding, (uint32_t)(depthwise->layout.tile_row - behind));
}

/* Words of the columns of four rows, of the channels from `channel` on. Less than a block writes on into padding. */
static MRT_NOINLINE void interleave(const depthwise_t *depthwise, const mrt_mve_rows_t *rows, int32_t channel,
                                    int8_t *target)
{
    const int32_t column = depthwise->layout.column;
    mrt_mve_rows_t moved = *rows;
    for (int32_t i = 0; i < TILE; ++i) { /* rows of padding stand still */
        moved.at[i] = &moved.at[i][(moved.step[i] != 0) ? channel : 0];
    }
    mrt_mve_interleave(&target[padding_before(depthwise) * column], &moved, column, image_columns(depthwise),
                       vctp8q((uint32_t)(depthwise->attrs->window.input_channels - channel)));
    if (column < BLOCK_BYTES) {
        pad_columns(depthwise, target);
    }
}

/* Where the four rows of a row of tiles are; rows of padding stand still. `row` is the strip's first output row. */
static void find_rows(const depthwise_t *depthwise, uint32_t row, int32_t tile, mrt_mve_rows_t *rows)
{
    const mrt_window_t *window = &depthwise->attrs->window;
    const uint32_t height = (uint32_t)window->output_height;
    const uint32_t image = row / height;
    const uint32_t first = image * (uint32_t)window->input_height;
    const int32_t taps = window->kernel_height + ((depthwise->rows == 1) ? 0 : (strip_rows(&depthwise->layout) - 1));
    const int32_t origin = ((int32_t)(row - (image * height)) * window->stride_height) - window->padding_top;
    for (int32_t i = 0; i < TILE; ++i) {
        const int32_t tap = (tile * TILE) + i;
        const int32_t y = origin + (tap * window->dilation_height);
        const bool there = (tap < taps) && (y >= 0) && (y < window->input_height);
        rows->at[i] = there ? mrt_input_s8(depthwise->call, 0u, first + (uint32_t)y) : depthwise->padding;
        rows->step[i] = there ? window->input_channels : 0;
    }
}

/* The first output row of strip `strip`, counted from the first of all: the last strip may share one with another. */
static inline int32_t strip_top(const depthwise_t *depthwise, int32_t strip)
{
    const int32_t top = strip * strip_rows(&depthwise->layout);
    const bool beyond = (top > 0) && ((top + strip_rows(&depthwise->layout)) > depthwise->rows);
    return beyond ? (top - 1) : top;
}

/* Lists the patches of a row of quads from number `index` on; outputs are at `first`, in the row below at `below`. */
static void list_quads(const depthwise_t *depthwise, int32_t index, uint32_t patch, uint32_t first, uint32_t below)
{
    const int32_t width = depthwise->attrs->window.output_width;
    const uint32_t pixel = (uint32_t)depthwise->attrs->window.output_channels;
    const uint32_t column = (uint32_t)depthwise->layout.column;
    uint32_t *patches = &depthwise->patches[index];
    uint32_t at = patch;
    uint32_t place = first;
    int32_t left = width;
    for (int32_t i = index; left > 0; ++i) {
        uint16_t *places = &depthwise->places[((uint32_t)i / 2u * BATCH) + ((uint32_t)i % 2u)];
        const uint32_t under = place + (below - first);
        patches[i - index] = at;
        places[0] = (uint16_t)place;
        places[2] = (uint16_t)under;
        places[4] = (uint16_t)(place + pixel);
        places[6] = (uint16_t)(under + pixel);
        left -= 2;
        const uint32_t next = (left == 1) ? 1u : 2u; /* the last patch may share a column */
        at += next * column;
        place += next * pixel;
    }
}

/* Likewise of a row of singles. */
static void list_singles(const depthwise_t *depthwise, int32_t index, uint32_t patch, uint32_t first)
{
    const uint32_t pixel = (uint32_t)depthwise->attrs->window.output_channels;
    const uint32_t step = (uint32_t)(depthwise->attrs->window.stride_width * depthwise->layout.column);
    uint32_t at = patch;
    uint32_t place = first;
    uint32_t i = (uint32_t)index;
    for (int32_t left = depthwise->layout.across; left > 0; --left) {
        depthwise->patches[i] = at;
        depthwise->places[(i / BATCH * BATCH) + (2u * (i % 4u)) + (i / 4u % 2u)] = (uint16_t)place;
        at += step;
        place += pixel;
        ++i;
    }
}

/* What the last batch lacks is what stands before it. */
static void fill_batch(const depthwise_t *depthwise, int32_t count)
{
    const bool quads = depthwise->layout.quads;
    uint16_t *places = &depthwise->places[(depthwise->batches - 1) * BATCH];
    for (int32_t i = count; i < (depthwise->batches * patches_of_batch(&depthwise->layout)); ++i) {
        depthwise->patches[i] = depthwise->patches[i - 1];
        if (quads) {
            places[1] = places[0];
            places[3] = places[2];
            places[5] = places[4];
            places[7] = places[6];
        } else {
            const uint32_t lane = (uint32_t)i % BATCH;
            const uint32_t before = lane - 1u;
            places[(2u * (lane % 4u)) + (lane / 4u)] = places[(2u * (before % 4u)) + (before / 4u)];
        }
    }
}

/*
 * Lists all patches of the set of rows from `row` on, and where their outputs go. Rows that follow one
 * another, as those of the set before did, need no new list.
 */
static void list_patches(depthwise_t *depthwise, uint32_t row, int32_t rows, bool regular)
{
    if (regular && depthwise->regular && (rows == depthwise->rows)) {
        return;
    }
    depthwise->rows = rows;
    depthwise->regular = regular;
    const layout_t *layout = &depthwise->layout;
    int32_t count = 0;
    for (int32_t strip = 0; (strip * strip_rows(layout)) < rows; ++strip) {
        const uint32_t top = row + (uint32_t)strip_top(depthwise, strip);
        const int8_t *first = mrt_output_s8(depthwise->call, 0u, top);
        const uint32_t patch = (uint32_t)(strip * layout->strip);
        const uint32_t place = (uint32_t)(first - depthwise->output);
        if (layout->quads) {
            const int8_t *below = (rows > 1) ? mrt_output_s8(depthwise->call, 0u, top + 1u) : first;
            list_quads(depthwise, count, patch, place, (uint32_t)(below - depthwise->output));
        } else {
            list_singles(depthwise, count, patch, place);
        }
        count += layout->across;
    }
    depthwise->batches = divide_up(count, patches_of_batch(layout));
    fill_batch(depthwise, count);
}

/* Output channels of one block, which follow one another. */
typedef struct channels {
    const int32_t *filter; /* Of the first. */
    const int8_t *words;   /* Of the first channel, in the first strip's first column. */
    int8_t *output;        /* Of the first, at place 0. */
    int32_t count;         /* Input channels. */
    int32_t copies;        /* Output channels for each of them. */
} channels_t;

/* Weights of the four outputs of a patch: as they are, a row lower, a column further, and both. */
static MRT_MVE_INLINE void move_weights(const depthwise_t *depthwise, int32x4_t here, int32x4_t below,
                                        uint32_t carries[2], int8x16_t weights[4])
{
    weights[0] = vreinterpretq_s8_s32(here);
    weights[1] = vreinterpretq_s8_s32(below);
    weights[2] = vreinterpretq_s8_s32(vshlcq_s32(here, &carries[0], 32));
    weights[3] = vreinterpretq_s8_s32(vshlcq_s32(below, &carries[1], 32));
    if (depthwise->rows == 1) { /* both rows are the same one */
        weights[1] = weights[0];
        weights[3] = weights[2];
    }
}

/* What all channels of a block share. */
static MRT_MVE_INLINE mrt_mve_batches_t batches_of(const depthwise_t *depthwise, const channels_t *channels)
{
    const int32_t column = depthwise->attrs->window.dilation_width * depthwise->layout.column;
    const int32_t columns[TILE] = {0, column, 2 * column, 3 * column};
    const bool same = channels->copies == 1;
    const mrt_mve_batches_t batches = {.words = channels->words,
                                       .words_step = same ? TILE : 0,
                                       .columns = vldrwq_s32(columns),
                                       .patches = depthwise->patches,
                                       .places = depthwise->places,
                                       .count = depthwise->batches,
                                       .output = channels->output,
                                       .filters = channels->filter,
                                       .channels = same ? channels->count : channels->copies,
                                       .row_shift = (depthwise->rows == 1) ? 0 : 8,
                                       .bounds = &depthwise->bounds};
    return batches;
}

/* All channels of a block, one tile each; `quads` and `scaling` are constant in each copy. */
static MRT_MVE_INLINE void make_block(const depthwise_t *depthwise, const channels_t *channels, bool quads,
                                      mrt_mve_scaling_t scaling)
{
    mrt_mve_batches_t batches = batches_of(depthwise, channels);
    /* All at once; or those of each input channel, which have the same words. */
    for (int32_t i = 0; i < channels->count; i += (channels->copies == 1) ? channels->count : 1) {
        if (quads) {
            mrt_mve_quads(&batches, scaling);
        } else {
            mrt_mve_singles(&batches, scaling);
        }
        batches.words = &batches.words[TILE];
        batches.filters = &batches.filters[channels->copies * (TILE + RECORD)];
        batches.output = &batches.output[channels->copies];
    }
}

static MRT_NOINLINE void singles_signed(const depthwise_t *depthwise, const channels_t *channels)
{
    make_block(depthwise, channels, false, MRT_MVE_SIGNED);
}

static MRT_NOINLINE void singles_rectified(const depthwise_t *depthwise, const channels_t *channels)
{
    make_block(depthwise, channels, false, MRT_MVE_RECTIFIED);
}

static MRT_NOINLINE void quads_signed(const depthwise_t *depthwise, const channels_t *channels)
{
    make_block(depthwise, channels, true, MRT_MVE_SIGNED);
}

static MRT_NOINLINE void quads_rectified(const depthwise_t *depthwise, const channels_t *channels)
{
    make_block(depthwise, channels, true, MRT_MVE_RECTIFIED);
}

/* The sums of a batch over all tiles, but for the bias. */
static MRT_MVE_INLINE mrt_mve_sums_t sum_tiles(const depthwise_t *depthwise, const mrt_mve_batches_t *batches,
                                               int32_t batch, const int32_t *weights)
{
    const layout_t *layout = &depthwise->layout;
    const int32_t step = TILE * depthwise->attrs->window.dilation_width * layout->column;
    const uint32_t *patches = &batches->patches[batch * patches_of_batch(layout)];
    const int32_t *next = weights;
    mrt_mve_sums_t sums = {vdupq_n_s32(0), vdupq_n_s32(0), NULL};
    for (int32_t y = 0; y < layout->tiles_high; ++y) {
        for (int32_t x = 0; x < layout->tiles_wide; ++x) {
            const int8_t *words = &batches->words[(y * layout->tile_row) + (x * step)];
            mrt_mve_sums_t part;
            if (layout->quads) {
                const int8x16_t four[4] = {
                    vreinterpretq_s8_s32(vldrwq_s32(next)), vreinterpretq_s8_s32(vldrwq_s32(&next[4])),
                    vreinterpretq_s8_s32(vldrwq_s32(&next[8])), vreinterpretq_s8_s32(vldrwq_s32(&next[12]))};
                part = mrt_mve_patch_2x4(words, batches->columns, patches, four);
                next = &next[16];
            } else {
                part = mrt_mve_patch_8x1(words, batches->columns, patches, vreinterpretq_s8_s32(vldrwq_s32(next)));
                next = &next[4];
            }
            sums.first = vaddq_s32(sums.first, part.first);
            sums.second = vaddq_s32(sums.second, part.second);
        }
    }
    return sums;
}

/* The moved weights of all tiles of a channel: what leaves one tile comes into the next, down and along. */
static void move_tiles(const depthwise_t *depthwise, const int32_t *filter)
{
    const layout_t *layout = &depthwise->layout;
    int32_t *target = depthwise->moved;
    const int32_t *above = NULL;
    const int32_t *tile = filter;
    for (int32_t y = 0; y < layout->tiles_high; ++y) {
        uint32_t carries[2] = {0u, 0u};
        for (int32_t x = 0; x < layout->tiles_wide; ++x) {
            const int32x4_t here = vldrwq_s32(tile);
            int32x4_t below = vshlq_n_s32(here, 8);
            if (above != NULL) {
                const uint32x4_t last = vshrq_n_u32(vreinterpretq_u32_s32(vldrwq_s32(above)), 24);
                below = vorrq_s32(below, vreinterpretq_s32_u32(last));
                above = &above[TILE];
            }
            int8x16_t weights[4];
            move_weights(depthwise, here, below, carries, weights);
            for (int32_t i = 0; i < 4; ++i) {
                vst1q_s32(&target[4 * i], vreinterpretq_s32_s8(weights[i]));
            }
            target = &target[16];
            tile = &tile[TILE];
        }
        above = &tile[-(TILE * layout->tiles_wide)];
    }
}

/* All channels of a block, with any scaling and any number of tiles. */
static MRT_NOINLINE void any_block(depthwise_t *depthwise, const channels_t *channels)
{
    const layout_t *layout = &depthwise->layout;
    const int32_t tiles = layout->tiles_high * layout->tiles_wide;
    const bool moves = layout->quads;
    const mrt_mve_scaling_t scaling = (mrt_mve_scaling_t)depthwise->attrs->scaling;
    const mrt_mve_output_t end = {depthwise->attrs->output_offset, depthwise->attrs->activation_min,
                                  depthwise->attrs->activation_max};
    mrt_mve_batches_t batches = batches_of(depthwise, channels);
    const int32_t *filter = channels->filter;
    for (int32_t i = 0; i < (channels->count * channels->copies); ++i) {
        const int32_t *record = &filter[TILE * tiles];
        const int32x4_t multiplier = vdupq_n_s32(record[1]);
        const int32x4_t shift = vdupq_n_s32(record[2]);
        const mrt_mve_scales_t scales = {multiplier, shift, multiplier, shift};
        batches.words = &channels->words[TILE * (i / channels->copies)];
        if (moves) {
            move_tiles(depthwise, filter);
        }
        for (int32_t batch = 0; batch < batches.count; ++batch) {
            mrt_mve_sums_t sums = sum_tiles(depthwise, &batches, batch, moves ? depthwise->moved : filter);
            sums.first = vaddq_n_s32(sums.first, record[0]);
            sums.second = vaddq_n_s32(sums.second, record[0]);
            vstrbq_scatter_offset_s16(batches.output, vldrhq_u16(&batches.places[BATCH * batch]),
                                      mrt_mve_scale(&sums, &scales, &end, scaling));
        }
        filter = &record[RECORD];
        batches.output = &batches.output[1];
    }
}

static void compute_channels(depthwise_t *depthwise, const channels_t *channels)
{
    const layout_t *layout = &depthwise->layout;
    const bool rectified = depthwise->attrs->scaling == (int32_t)MRT_MVE_RECTIFIED;
    if ((depthwise->attrs->scaling == (int32_t)MRT_MVE_ANY) || ((layout->tiles_high * layout->tiles_wide) != 1)) {
        any_block(depthwise, channels);
    } else if (layout->quads && rectified) {
        quads_rectified(depthwise, channels);
    } else if (layout->quads) {
        quads_signed(depthwise, channels);
    } else if (rectified) {
        singles_rectified(depthwise, channels);
    } else {
        singles_signed(depthwise, channels);
    }
}

/* The strips of the set of output rows from `row` on, of the channels from `channel` on. */
static void make_strips(depthwise_t *depthwise, uint32_t row, int32_t channel)
{
    const layout_t *layout = &depthwise->layout;
    int32_t index = 0;
    int8_t *words = depthwise->strips;
    for (int32_t strip = 0; (strip * strip_rows(layout)) < depthwise->rows; ++strip) {
        const uint32_t top = row + (uint32_t)strip_top(depthwise, strip);
        for (int32_t tile = 0; tile < layout->tiles_high; ++tile) {
            mrt_mve_rows_t *rows = &depthwise->found[(index < FOUND) ? index : FOUND];
            if ((channel == 0) || (index >= FOUND)) {
                find_rows(depthwise, top, tile, rows);
            }
            interleave(depthwise, rows, channel, words);
            words = &words[layout->tile_row];
            ++index;
        }
    }
}

/* The set of output rows from `row` on, of the block of input channels from `first` on. */
static void compute_block(depthwise_t *depthwise, uint32_t row, int32_t first)
{
    const layout_t *layout = &depthwise->layout;
    const mrt_window_t *window = &depthwise->attrs->window;
    make_strips(depthwise, row, first);
    const int32_t copies = window->output_channels / window->input_channels;
    const int32_t words = (TILE * layout->tiles_high * layout->tiles_wide) + RECORD;
    const int32_t left = window->input_channels - first;
    const channels_t block = {&mrt_input_s32(depthwise->call, 1u, 0u)[first * copies * words], depthwise->strips,
                              &depthwise->output[first * copies], (left < BLOCK) ? left : BLOCK, copies};
    compute_channels(depthwise, &block);
}

/* How many rows from `row` on are made together: of one image, as strips hold, and within reach of one another. */
static void choose_rows(depthwise_t *depthwise, uint32_t row)
{
    const mrt_call_t *call = depthwise->call;
    const uint32_t height = (uint32_t)depthwise->attrs->window.output_height;
    const uint32_t image = height - (row % height);
    const uint32_t wanted = ((call->row_end - row) < image) ? (call->row_end - row) : image;
    const uint32_t room = (uint32_t)(depthwise->attrs->strips * strip_rows(&depthwise->layout));
    const uint32_t most = (wanted < room) ? wanted : room;
    const int32_t bytes = (int32_t)mrt_call_output(call, 0u)->row_bytes;
    int8_t *low = mrt_output_s8(call, 0u, row);
    int8_t *high = low;
    bool regular = true;
    uint32_t count = 1u;
    for (bool near = true; near && (count < most); count += near ? 1u : 0u) {
        int8_t *next = mrt_output_s8(call, 0u, row + count);
        int8_t *lowest = (next < low) ? next : low;
        int8_t *highest = (next > high) ? next : high;
        near = ((highest - lowest) + bytes) <= UINT16_MAX;
        regular = regular && (next == &high[bytes]);
        low = near ? lowest : low;
        high = near ? highest : high;
    }
    depthwise->output = low;
    list_patches(depthwise, row, (int32_t)count, regular);
}

static void begin(depthwise_t *depthwise)
{
    const mrt_depthwise_conv2d_s8_mve_attrs_t *attrs = depthwise->attrs;
    const layout_t *layout = &depthwise->layout;
    uint8_t *base = (uint8_t *)mrt_workspace(depthwise->call); /* MISRA D1 */
    depthwise->places = (uint16_t *)mrt_workspace(depthwise->call); /* MISRA D1 */
    uint32_t offset = (uint32_t)layout->batches * (2u * (uint32_t)BATCH);
    depthwise->patches = (uint32_t *)mrt_address_mut(base, offset); /* MISRA D1 */
    offset += (uint32_t)layout->batches * (4u * (uint32_t)patches_of_batch(layout));
    depthwise->moved = (int32_t *)mrt_address_mut(base, offset); /* MISRA D1 */
    offset += (uint32_t)layout->moved;
    depthwise->strips = (int8_t *)mrt_address_mut(base, offset); /* MISRA D1 */
    vstrbq_s8(depthwise->padding, vdupq_n_s8((int8_t)attrs->input_zero_point));
    depthwise->rows = 0; /* nothing is listed yet */
    depthwise->regular = false;
    vst1q_s16(depthwise->bounds.low, vdupq_n_s16((int16_t)attrs->activation_min));
    vst1q_s16(depthwise->bounds.high, vdupq_n_s16((int16_t)attrs->activation_max));
    for (int32_t tile = 0; tile < (attrs->strips * layout->tiles_high); ++tile) {
        pad_columns(depthwise, &depthwise->strips[tile * layout->tile_row]);
    }
}

uint32_t mrt_depthwise_conv2d_s8_mve_workspace(const void *attrs)
{
    const mrt_depthwise_conv2d_s8_mve_attrs_t *own =
        (const mrt_depthwise_conv2d_s8_mve_attrs_t *)attrs; /* MISRA D1 */
    return (uint32_t)layout_of(own).bytes;
}

mrt_status_t mrt_depthwise_conv2d_s8_mve_run(const mrt_call_t *call)
{
    depthwise_t depthwise;
    depthwise.call = call;
    depthwise.attrs = (const mrt_depthwise_conv2d_s8_mve_attrs_t *)call->attrs; /* MISRA D1 */
    depthwise.layout = layout_of(depthwise.attrs);
    begin(&depthwise);
    for (uint32_t row = call->row_begin; row < call->row_end; row += (uint32_t)depthwise.rows) {
        choose_rows(&depthwise, row);
        for (int32_t first = 0; first < depthwise.attrs->window.input_channels; first += BLOCK) {
            compute_block(&depthwise, row, first);
        }
    }
    return MRT_OK;
}

mrt_status_t mrt_depthwise_conv2d_s8_mve_check(const mrt_call_t *call)
{
    const mrt_depthwise_conv2d_s8_mve_attrs_t *attrs =
        (const mrt_depthwise_conv2d_s8_mve_attrs_t *)call->attrs; /* MISRA D1 */
    const mrt_window_t *window = &attrs->window;
    if (!mrt_check_counts(call, 2u, 1u)) {
        return MRT_ERR_ATTRIBUTE;
    }
    const mrt_tensor_t *input = mrt_call_input(call, 0u);
    const mrt_tensor_t *output = mrt_call_output(call, 0u);
    if (!mrt_check_dtype(input, (uint32_t)MRT_DTYPE_S8) || !mrt_check_dtype(output, (uint32_t)MRT_DTYPE_S8)
        || (mrt_window_check(window, input, output, 1u) != MRT_OK)
        || !mrt_check_range(attrs->strips, 1, STRIPS_MAX)) {
        return MRT_ERR_ATTRIBUTE;
    }
    const layout_t layout = layout_of(attrs);
    const uint64_t tiles = (uint64_t)(uint32_t)layout.tiles_high * (uint32_t)layout.tiles_wide;
    const uint64_t words = ((uint64_t)TILE * tiles) + (uint64_t)RECORD;
    return mrt_check_status((layout.bytes > 0) && (output->row_bytes <= (uint32_t)UINT16_MAX)
                            && ((window->output_channels % window->input_channels) == 0)
                            && mrt_check_elements(mrt_call_input(call, 1u), (uint32_t)MRT_DTYPE_S32,
                                                  words * (uint32_t)window->output_channels)
                            && mrt_check_range(attrs->input_zero_point, -128, 127)
                            && mrt_mve_output_check(attrs->output_offset, attrs->activation_min,
                                                    attrs->activation_max, attrs->scaling));
}
