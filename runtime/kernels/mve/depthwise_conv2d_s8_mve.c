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
#include "runtime/kernels/mve/image.h"
#include "runtime/kernels/mve/patches.h"
#include "runtime/kernels/mve/products.h"
#include "runtime/kernels/product.h"
#include "runtime/kernels/window.h"

/* Words of a channel behind its weights. */
#define RECORD 3

/* Strips at most. */
#define STRIPS_MAX 8

typedef struct depthwise_mve {
    const mrt_depthwise_conv2d_s8_mve_attrs_t *attrs;
    mrt_mve_layout_t layout;
    mrt_mve_batches_t batches; /* Lists of patches and places, and what is made of them. */
    const int32_t *filters;
    int32_t *tiles; /* Of a channel, see any_channels. */
    int8_t *strips;
    int8_t padding[MRT_MVE_BYTES];
    mrt_mve_image_t image;
    int32_t rows;    /* Of the output, that are made together. */
    bool regular;    /* Whether they follow one another without a gap. */
    mrt_mve_kind_t kind; /* Of the batches. */
    uint32_t lowest; /* The least offset of the rows: that of the row which places count from. */
} depthwise_mve_t;

/* Columns of padding before the image, and of the image. */
static inline int32_t padding_before(const depthwise_mve_t *depthwise)
{
    const int32_t before = depthwise->attrs->window.padding_left;
    return (before < depthwise->layout.columns) ? before : depthwise->layout.columns;
}

static inline int32_t image_columns(const depthwise_mve_t *depthwise)
{
    const int32_t room = depthwise->layout.columns - padding_before(depthwise);
    const int32_t width = depthwise->attrs->window.input_width;
    return (width < room) ? width : room;
}

/* The columns of padding of a row of tiles. */
static void pad_columns(const depthwise_mve_t *depthwise, int8_t *target)
{
    const int8_t padding = (int8_t)depthwise->attrs->input_zero_point;
    const int32_t before = padding_before(depthwise) * depthwise->layout.column;
    const int32_t behind = before + (image_columns(depthwise) * depthwise->layout.column);
    mrt_mve_fill(target, padding, (uint32_t)before);
    const int32_t rest = depthwise->layout.tile_row - behind;
    mrt_mve_fill(&target[behind], padding, (uint32_t)rest);
}

/*
 * The first output row of the strip that would begin with row `top` of `count`: the last strip may share one with
 * another.
 */
static inline int32_t strip_top(int32_t top, int32_t strip_rows, int32_t count)
{
    const bool beyond = (top > 0) && ((top + strip_rows) > count);
    return beyond ? (top - 1) : top;
}

/* Whether a block goes channel by channel through tiles, or is scaled in any way. */
static inline bool is_plain(const depthwise_mve_t *depthwise)
{
    const mrt_mve_layout_t *layout = &depthwise->layout;
    return (depthwise->attrs->scaling != (int32_t)MRT_MVE_ANY) && (layout->tiles_high == 1) && (layout->tiles_wide == 1);
}

/* The kind of the batches of so many rows. */
static mrt_mve_kind_t kind_of(const depthwise_mve_t *depthwise, int32_t rows)
{
    mrt_mve_kind_t kind = MRT_MVE_SINGLES_KIND;
    if (depthwise->layout.quads) {
        kind = ((rows == 1) && is_plain(depthwise)) ? MRT_MVE_PAIRS_KIND : MRT_MVE_QUADS_KIND;
    }
    return kind;
}

/* What all strips' lines have in common: how their patches go on. */
static void begin_line(const depthwise_mve_t *depthwise, mrt_mve_line_t *line)
{
    const mrt_window_t *window = &depthwise->attrs->window;
    const mrt_mve_layout_t *layout = &depthwise->layout;
    const int32_t pixel = window->output_channels;
    const int32_t outputs = layout->quads ? 2 : 1; /* of a patch, along a row */
    const int32_t last = window->output_width - outputs; /* the last patch may share a column with the one before */
    const int32_t step = layout->column * window->stride_width;
    line->count = layout->across;
    line->patch_step = outputs * step;
    line->patch_last = last * step;
    const int32_t place_step = outputs * pixel;
    const int32_t place_last = last * pixel;
    line->place_step = (uint16_t)place_step;
    line->place_last = (uint16_t)place_last;
    line->right = (uint16_t)pixel;
}

/* Lists all patches of the set of rows from `row` on, and where their outputs go. */
static MRT_NOINLINE void list_patches(depthwise_mve_t *depthwise, uint32_t row)
{
    const mrt_tensor_t *output = mrt_call_output(depthwise->image.call, 0u);
    const int32_t rows = depthwise->rows;
    const bool regular = depthwise->regular;
    const mrt_mve_kind_t kind = kind_of(depthwise, rows);
    const int32_t each = mrt_mve_kind_patches(kind);
    const int32_t strip_rows = mrt_mve_strip_rows(&depthwise->layout);
    const int32_t strips = (depthwise->layout.quads) ? ((rows + 1) / 2) : rows;
    depthwise->kind = kind;
    depthwise->batches.count = mrt_mve_divide_up(strips * depthwise->layout.across, each);
    mrt_mve_line_t line;
    begin_line(depthwise, &line);
    line.patch = 0;
    int32_t room = depthwise->batches.count * each;
    int32_t index = 0; /* of the strip's first patch in its batch */
    uint32_t *patches = depthwise->batches.patches;
    uint16_t *places = depthwise->batches.places;
    for (int32_t begin = 0; begin < rows; begin += strip_rows) {
        const uint32_t top = (uint32_t)strip_top(begin, strip_rows, rows);
        const uint32_t under = (rows > 1) ? (top + 1u) : top;
        uint32_t first = top * output->row_bytes;
        uint32_t below = under * output->row_bytes;
        if (!regular) {
            first = mrt_row_offset(depthwise->image.call, output, row + top) - depthwise->lowest;
            below = mrt_row_offset(depthwise->image.call, output, row + under) - depthwise->lowest;
        }
        line.place = (uint16_t)first;
        line.below = (uint16_t)((below - first) & (uint32_t)UINT16_MAX); /* the row below may lie before it */
        const bool goes_on = (begin + strip_rows) < rows;
        const int32_t listed = goes_on ? line.count : room; /* behind the last patch of all it stands again */
        mrt_mve_list_patches(patches, &line, listed);
        mrt_mve_list_places(places, &line, kind, index, listed);
        index += line.count;
        places = &places[(index / each) * MRT_MVE_BATCH];
        index %= each;
        patches = &patches[line.count];
        room -= line.count;
        line.patch += depthwise->layout.strip;
    }
}

/* Weights of the tile in row `y` and column `x` of a filter's tiles. */
static MRT_MVE_INLINE int32x4_t load_tile(const mrt_window_t *window, const int32_t *filter, int32_t y, int32_t x)
{
    const int32_t column = MRT_MVE_TILE * x;
    const int32_t left = window->kernel_width - column;
    return vldrwq_z_s32(&filter[(y * window->kernel_width) + column], vctp32q((uint32_t)left));
}

/* Words of a filter. */
static inline int32_t filter_words(const depthwise_mve_t *depthwise)
{
    return depthwise->layout.tiles_high * depthwise->attrs->window.kernel_width;
}

/* That tile, `here`, where all weights lie a row lower. */
static MRT_MVE_INLINE int32x4_t lower_tile(int32x4_t here, const mrt_window_t *window, const int32_t *filter, int32_t y,
                                           int32_t x)
{
    int32x4_t lower = vshlq_n_s32(here, 8);
    if (y > 0) {
        const uint32x4_t above = vreinterpretq_u32_s32(load_tile(window, filter, y - 1, x));
        lower = vorrq_s32(lower, vreinterpretq_s32_u32(vshrq_n_u32(above, 24)));
    }
    return lower;
}

/*
 * All of a channel's weights as mrt_mve_tiles_2x4 takes them, for the four outputs of a patch: as they are, a row lower,
 * a column further, and both, where what leaves one tile comes into the next. Or as mrt_mve_tiles_8x1 takes them.
 */
static MRT_NOINLINE void make_tiles(const depthwise_mve_t *depthwise, const int32_t *filter)
{
    const mrt_mve_layout_t *layout = &depthwise->layout;
    const mrt_window_t *window = &depthwise->attrs->window;
    const bool both = depthwise->rows > 1; /* or both rows of a patch are the same one */
    const int32_t step = MRT_MVE_TILE * depthwise->batches.column;
    const int32_t down = layout->tile_row - ((layout->tiles_wide - 1) * step);
    int32_t *target = depthwise->tiles;
    for (int32_t y = 0; y < layout->tiles_high; ++y) {
        uint32_t left = 0u;
        uint32_t lower_left = 0u;
        for (int32_t x = 0; x < layout->tiles_wide; ++x) {
            const int32x4_t here = load_tile(window, filter, y, x);
            vst1q_s32(target, here);
            target = &target[4];
            if (layout->quads) {
                int32x4_t lower = here;
                if (both) {
                    lower = lower_tile(here, window, filter, y, x);
                }
                vst1q_s32(target, lower);
                vst1q_s32(&target[4], vshlcq_s32(here, &left, 32));
                vst1q_s32(&target[8], vshlcq_s32(lower, &lower_left, 32));
                target = &target[12];
            }
            *target = ((x + 1) < layout->tiles_wide) ? step : down;
            target = &target[1];
        }
    }
    target[-1] = 0; /* there is no next tile */
}

/* A channel of a block, with any scaling and any number of tiles. Its scale is read again for each batch, since all
 * registers take part in sums. */
static MRT_NOINLINE void any_channel(const depthwise_mve_t *depthwise, const int8_t *words, const int32_t *record,
                                     int8_t *output)
{
    const mrt_depthwise_conv2d_s8_mve_attrs_t *attrs = depthwise->attrs;
    const mrt_mve_batches_t *batches = &depthwise->batches;
    const int32_t each = mrt_mve_kind_patches(depthwise->kind);
    const int32x4_t columns = mrt_mve_columns(batches);
    const uint32_t *patches = batches->patches;
    const uint16_t *places = batches->places;
    for (int32_t batch = 0; batch < batches->count; ++batch) {
        mrt_mve_sums_t sums;
        if (depthwise->layout.quads) {
            sums = mrt_mve_tiles_2x4(words, columns, patches, depthwise->tiles, record[0]);
        } else {
            sums = mrt_mve_tiles_8x1(words, columns, patches, depthwise->tiles, record[0]);
        }
        const int32x4_t multiplier = vdupq_n_s32(record[1]);
        const int32x4_t shift = vdupq_n_s32(record[2]);
        const mrt_mve_scales_t scales = {multiplier, shift, multiplier, shift};
        const mrt_mve_output_t end = {attrs->output_offset, attrs->activation_min, attrs->activation_max};
        vstrbq_scatter_offset_s16(output, vldrhq_u16(places),
                                  mrt_mve_scale(&sums, &scales, &end, (mrt_mve_scaling_t)attrs->scaling));
        patches = &patches[each];
        places = &places[MRT_MVE_BATCH];
    }
}

/* Likewise all channels of the batches. */
static MRT_NOINLINE void any_channels(const depthwise_mve_t *depthwise)
{
    const mrt_mve_batches_t *batches = &depthwise->batches;
    const int32_t *filter = batches->filters;
    for (int32_t i = 0; i < batches->channels; ++i) {
        const int32_t *record = &filter[filter_words(depthwise)];
        make_tiles(depthwise, filter);
        any_channel(depthwise, &batches->words[i * batches->words_step], record, &batches->output[i]);
        filter = &record[RECORD];
    }
}

static void compute_channels(const depthwise_mve_t *depthwise)
{
    const mrt_mve_batches_t *batches = &depthwise->batches;
    const bool rectified = depthwise->attrs->scaling == (int32_t)MRT_MVE_RECTIFIED;
    if (!is_plain(depthwise)) {
        any_channels(depthwise);
    } else if ((depthwise->kind == MRT_MVE_QUADS_KIND) && rectified) {
        mrt_mve_quads_rectified(batches);
    } else if (depthwise->kind == MRT_MVE_QUADS_KIND) {
        mrt_mve_quads_signed(batches);
    } else if ((depthwise->kind == MRT_MVE_PAIRS_KIND) && rectified) {
        mrt_mve_pairs_rectified(batches);
    } else if (depthwise->kind == MRT_MVE_PAIRS_KIND) {
        mrt_mve_pairs_signed(batches);
    } else if (rectified) {
        mrt_mve_singles_rectified(batches);
    } else {
        mrt_mve_singles_signed(batches);
    }
}

/* By itself, as it takes all registers. */
static MRT_NOINLINE void interleave(int8_t *target, const mrt_mve_rows_t *rows, int32_t column, int32_t count,
                                    mve_pred16_t lanes)
{
    mrt_mve_interleave(target, rows, column, count, lanes);
}

static MRT_NOINLINE void find_even_rows(const mrt_mve_image_t *image, const mrt_mve_tile_t *tile, mrt_mve_rows_t *rows)
{
    if (mrt_mve_is_inside(image, tile)) {
        mrt_mve_find_inside_rows(image, tile, rows);
    } else {
        mrt_mve_find_even_rows(image, tile, rows);
    }
}

static MRT_NOINLINE void find_spread_rows(const mrt_mve_image_t *image, const mrt_mve_tile_t *tile, mrt_mve_rows_t *rows)
{
    mrt_mve_find_spread_rows(image, tile, rows);
}

/*
 * The strips of a set of output rows, of the channels from `channel` on. Less than a block writes on into padding.
 * By itself, so that what all strips share stays in registers.
 */
static MRT_NOINLINE void make_strips(const depthwise_mve_t *depthwise, int32_t channel)
{
    const mrt_window_t *window = &depthwise->attrs->window;
    const mrt_mve_layout_t *layout = &depthwise->layout;
    const int32_t column = layout->column;
    const int32_t tile_row = layout->tile_row;
    const int32_t down = window->stride_height;
    const int32_t further = MRT_MVE_TILE * window->dilation_height;
    const int32_t strip_rows = mrt_mve_strip_rows(layout);
    const int32_t count = depthwise->rows;
    const int32_t taps = window->kernel_height + ((count == 1) ? 0 : (strip_rows - 1));
    const bool even = depthwise->image.table == NULL;
    const int32_t columns = image_columns(depthwise);
    const int32_t left = window->input_channels - channel;
    const int32_t most = depthwise->attrs->block;
    const mve_pred16_t lanes = vctp8q((uint32_t)((left < most) ? left : most));
    int8_t *words = depthwise->strips;
    int8_t *image = &words[padding_before(depthwise) * column];
    for (int32_t top = 0; top < count; top += strip_rows) {
        mrt_mve_tile_t tile = {.channel = channel};
        tile.y = depthwise->image.origin + (strip_top(top, strip_rows, count) * down);
        for (tile.taps = taps; tile.taps > 0; tile.taps -= MRT_MVE_TILE) {
            mrt_mve_rows_t rows;
            if (even) {
                find_even_rows(&depthwise->image, &tile, &rows);
            } else {
                find_spread_rows(&depthwise->image, &tile, &rows);
            }
            interleave(image, &rows, column, columns, lanes);
            if (column < MRT_MVE_BLOCK_BYTES) {
                pad_columns(depthwise, words);
            }
            tile.y += further;
            words = &words[tile_row];
            image = &image[tile_row];
        }
    }
}

/* A set of output rows, of the block of input channels from `first` on; filters and outputs go on from block to block. */
static MRT_NOINLINE void compute_block(depthwise_mve_t *depthwise, int32_t first)
{
    const mrt_window_t *window = &depthwise->attrs->window;
    make_strips(depthwise, first);
    mrt_mve_batches_t *batches = &depthwise->batches;
    const bool single = batches->words_step != 0; /* one output channel of each input channel */
    const int32_t left = window->input_channels - first;
    const int32_t most = depthwise->attrs->block;
    const int32_t channels = (left < most) ? left : most;
    /* All at once; or those of each input channel, which have the same words. */
    const int32_t made = single ? channels : (window->output_channels / window->input_channels);
    const int32_t words = made * (filter_words(depthwise) + RECORD);
    batches->words = depthwise->strips;
    batches->channels = made;
    for (int32_t i = 0; i < channels; i += single ? channels : 1) {
        compute_channels(depthwise);
        batches->words = &batches->words[MRT_MVE_TILE];
        batches->filters = &batches->filters[words];
        batches->output = &batches->output[made];
    }
}

/* Rows that strips hold. */
static inline uint32_t rows_at_once(const depthwise_mve_t *depthwise)
{
    return (uint32_t)depthwise->attrs->strips * (uint32_t)mrt_mve_strip_rows(&depthwise->layout);
}

/* Where the rows begin that are made together and end with row `end`: of one image, and all at one stride. */
static uint32_t begin_before(const depthwise_mve_t *depthwise, uint32_t end)
{
    const uint32_t height = (uint32_t)depthwise->attrs->window.output_height;
    const mrt_call_t *call = depthwise->image.call;
    const uint32_t begin = call->row_begin;
    const uint32_t image = ((end - 1u) / height) * height;
    const uint32_t first = (image > begin) ? image : begin;
    const uint32_t reach = (uint32_t)UINT16_MAX / mrt_call_output(call, 0u)->row_bytes;
    const uint32_t held = rows_at_once(depthwise);
    const uint32_t most = (held < reach) ? held : reach;
    return ((end - first) > most) ? (end - most) : first;
}

/*
 * How many rows from `row` on are made together: of one image, as strips hold, and within reach of one another. Returns
 * whether they need a new list: rows that follow one another, as those before them did, do not.
 */
static MRT_NOINLINE bool choose_rows(depthwise_mve_t *depthwise, uint32_t row, uint32_t end)
{
    const mrt_call_t *call = depthwise->image.call;
    const uint32_t height = (uint32_t)depthwise->attrs->window.output_height;
    const uint32_t image = height - (row % height);
    const uint32_t wanted = ((end - row) < image) ? (end - row) : image;
    const uint32_t room = rows_at_once(depthwise);
    const uint32_t most = (wanted < room) ? wanted : room;
    const mrt_tensor_t *output = mrt_call_output(call, 0u);
    uint32_t lowest = mrt_row_offset(call, output, row);
    bool regular = true;
    uint32_t count = (uint32_t)UINT16_MAX / output->row_bytes;
    if (mrt_tensor_has_row_table(output)) {
        uint32_t highest = lowest;
        bool near = true;
        count = 1u;
        while (near && (count < most)) {
            const uint32_t next = mrt_row_offset(call, output, row + count);
            const uint32_t low = (next < lowest) ? next : lowest;
            const uint32_t high = (next > highest) ? next : highest;
            near = ((high - low) + output->row_bytes) <= (uint32_t)UINT16_MAX;
            if (near) {
                regular = regular && (next == (highest + output->row_bytes));
                lowest = low;
                highest = high;
                ++count;
            }
        }
    }
    count = (most < count) ? most : count;
    depthwise->lowest = lowest;
    depthwise->batches.output = (int8_t *)mrt_address_mut(call->pools[mrt_tensor_pool(output)], lowest); /* MISRA D1 */
    depthwise->batches.filters = depthwise->filters;
    const bool same = regular && depthwise->regular && ((int32_t)count == depthwise->rows);
    depthwise->rows = (int32_t)count;
    depthwise->regular = regular;
    return !same;
}

static MRT_ONCE void begin(depthwise_mve_t *depthwise, const mrt_call_t *call)
{
    const mrt_depthwise_conv2d_s8_mve_attrs_t *attrs =
        (const mrt_depthwise_conv2d_s8_mve_attrs_t *)call->attrs; /* MISRA D1 */
    mrt_mve_layout_t *layout = &depthwise->layout;
    mrt_mve_batches_t *batches = &depthwise->batches;
    uint8_t *base = (uint8_t *)mrt_workspace(call); /* MISRA D1 */
    mrt_mve_make_layout(layout, attrs);
    const mrt_mve_lists_t lists = mrt_mve_lists(attrs, layout);
    depthwise->attrs = attrs;
    depthwise->filters = mrt_input_s32(call, 1u, 0u);
    batches->attrs = attrs;
    batches->column = attrs->window.dilation_width * layout->column;
    batches->words_step = (attrs->window.output_channels == attrs->window.input_channels) ? MRT_MVE_TILE : 0;
    batches->places = (uint16_t *)mrt_workspace(call); /* MISRA D1 */
    uint32_t offset = (uint32_t)lists.batches * (2u * (uint32_t)MRT_MVE_BATCH);
    batches->patches = (uint32_t *)mrt_address_mut(base, offset); /* MISRA D1 */
    offset += (uint32_t)lists.patches;
    depthwise->tiles = (int32_t *)mrt_address_mut(base, offset); /* MISRA D1 */
    offset += (uint32_t)lists.tiles;
    depthwise->strips = (int8_t *)mrt_address_mut(base, offset); /* MISRA D1 */
    vstrbq_s8(depthwise->padding, vdupq_n_s8((int8_t)attrs->input_zero_point));
    depthwise->image.call = call;
    depthwise->image.window = &attrs->window;
    depthwise->image.padding = depthwise->padding;
    depthwise->rows = 0; /* nothing is listed yet */
    depthwise->regular = false;
    const bool once = layout->column == MRT_MVE_BLOCK_BYTES; /* narrower ones are written over each time */
    for (int32_t tile = 0; once && (tile < (attrs->strips * layout->tiles_high)); ++tile) {
        pad_columns(depthwise, &depthwise->strips[tile * layout->tile_row]);
    }
}

uint32_t mrt_depthwise_conv2d_s8_mve_workspace(const void *attrs)
{
    const mrt_depthwise_conv2d_s8_mve_attrs_t *own =
        (const mrt_depthwise_conv2d_s8_mve_attrs_t *)attrs; /* MISRA D1 */
    return (uint32_t)mrt_mve_layout_bytes(own);
}

mrt_status_t mrt_depthwise_conv2d_s8_mve_run(const mrt_call_t *call)
{
    depthwise_mve_t depthwise;
    begin(&depthwise, call);
    const bool back = mrt_window_goes_back(call);
    uint32_t begin_row = call->row_begin;
    uint32_t end = call->row_end;
    while (begin_row < end) {
        const uint32_t row = back ? begin_before(&depthwise, end) : begin_row;
        if (choose_rows(&depthwise, row, end)) {
            list_patches(&depthwise, row);
        }
        begin_row += back ? 0u : (uint32_t)depthwise.rows;
        end = back ? row : end;
        mrt_mve_find_image(&depthwise.image, row);
        for (int32_t first = 0; first < depthwise.attrs->window.input_channels; first += depthwise.attrs->block) {
            compute_block(&depthwise, first);
        }
    }
    return MRT_OK;
}

mrt_status_t mrt_depthwise_conv2d_s8_mve_check(const mrt_call_t *call)
{
    const mrt_depthwise_conv2d_s8_mve_attrs_t *attrs =
        (const mrt_depthwise_conv2d_s8_mve_attrs_t *)call->attrs; /* MISRA D1 */
    const mrt_window_t *window = &attrs->window;
    if (!mrt_window_check(call, window, 2u, (uint32_t)MRT_DTYPE_S8)
        || !mrt_check_range(attrs->strips, 1, STRIPS_MAX) || !mrt_check_range(attrs->block, 1, MRT_MVE_BLOCK)) {
        return MRT_ERR_ATTRIBUTE;
    }
    const int32_t tiles_high = mrt_mve_divide_up(window->kernel_height, MRT_MVE_TILE);
    const uint64_t words = ((uint64_t)(uint32_t)tiles_high * (uint32_t)window->kernel_width) + (uint64_t)RECORD;
    return mrt_check_status((mrt_mve_layout_bytes(attrs) > 0) && (mrt_call_output(call, 0u)->row_bytes <= (uint32_t)UINT16_MAX)
                            && ((window->output_channels % window->input_channels) == 0)
                            && mrt_check_elements(mrt_call_input(call, 1u), (uint32_t)MRT_DTYPE_S32,
                                                  words * (uint32_t)window->output_channels)
                            && mrt_check_range(attrs->input_zero_point, -128, 127)
                            && mrt_mve_output_check(attrs->output_offset, attrs->activation_min,
                                                    attrs->activation_max, attrs->scaling));
}
