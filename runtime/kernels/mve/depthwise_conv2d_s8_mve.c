/*
 * Depthwise convolution, int8, for cores with MVE: any kernel, stride, dilation, padding and multiplier.
 *
 * A vector holds 4 x 4 taps of one channel: four words, each of four rows at one column. To have them so, strips of
 * the input are interleaved into the workspace, 16 channels at a time: one word for each column and channel, so that
 * a patch is four words that a gather takes. Where stride and dilation are 1 and the kernel is no larger than 3 x 3, a
 * patch serves 2 x 2 outputs, by weights moved by a row, by a column, and by both ("quads").
 */
#include "micrort/kernels.h"
#include "runtime/kernels/check.h"
#include "runtime/kernels/mve/lines.h"
#include "runtime/kernels/mve/products.h"
#include "runtime/kernels/product.h"
#include "runtime/kernels/window.h"

/* Channels of a block, and bytes of a block's words at one column. */
#define BLOCK 16
#define BLOCK_BYTES 64

/* Taps of a tile along an axis. */
#define TILE 4

/* Words of a channel behind its weights. */
#define RECORD 4

/* Lanes of a vector of 16 bits, two bits each: those of two rows at one column, and so on. */
#define ALL_LANES 0xFFFFu
#define EVEN_LANES 0x3333u
#define FIRST_COLUMN 0x0F0Fu

/* The workspace: strips of a block of channels, side by side at each column. */
typedef struct strips {
    int32_t rows;       /* Output rows of a strip: 2 for quads, else 1. */
    int32_t count;      /* Strips at most. */
    int32_t tiles_high; /* Tiles of a kernel. */
    int32_t tiles_wide;
    int32_t column; /* Bytes from column to column. */
    int32_t columns;
    int32_t bytes; /* Of all; 0 if they are too many. */
} strips_t;

/* How outputs of a channel are walked over: lines of batches of eight outputs, which end with `masks`. */
typedef struct walk {
    int32_t lines;
    int32_t line_step; /* In the workspace. */
    int32_t line_out;
    uint32_t last_line; /* Lanes of the last line. */
    int32_t length;     /* Of a line; a batch is `units` of it. */
    int32_t units;
    int32_t whole; /* Whole batches, and units of what is left. */
    int32_t rest;
    int32_t batch_step;
    int32_t batch_out;
    int32_t gap; /* From patch to patch. */
    uint16_t masks[8]; /* Lanes of a batch of so many units, less one. */
    uint16_t places[8];
} walk_t;

typedef struct depthwise {
    const mrt_call_t *call;
    const mrt_depthwise_conv2d_s8_mve_attrs_t *attrs;
    const int32_t *filters;
    int8_t *workspace;
    strips_t strips;
    mrt_mve_output_t output;
    int32_t per_input; /* Output channels for each of the input. */
} depthwise_t;

static bool makes_quads(const mrt_window_t *window)
{
    return (window->stride_height == 1) && (window->stride_width == 1) && (window->dilation_height == 1)
           && (window->dilation_width == 1) && (window->kernel_height < TILE) && (window->kernel_width < TILE);
}

static int32_t filter_words(const strips_t *strips)
{
    return (TILE * strips->tiles_high * strips->tiles_wide) + RECORD;
}

static int32_t round_up(int32_t value, int32_t step)
{
    return ((value / step) + (((value % step) != 0) ? 1 : 0)) * step;
}

/* All sizes of the window are below 2^15. */
static strips_t strips_of(const mrt_depthwise_conv2d_s8_mve_attrs_t *attrs)
{
    const mrt_window_t *window = &attrs->window;
    const bool quads = makes_quads(window);
    const bool one = attrs->strips == 1;
    strips_t strips = {.rows = quads ? 2 : 1, .count = attrs->strips};
    strips.tiles_high = round_up(window->kernel_height, TILE) / TILE;
    strips.tiles_wide = round_up(window->kernel_width, TILE) / TILE;
    int64_t columns;
    int64_t spare = 0; /* A batch may begin with the last strip. */
    if (quads) {
        columns = (int64_t)round_up(window->output_width, one ? 4 : 2) + 2;
        spare = one ? 0 : 1;
    } else {
        const int32_t width = one ? round_up(window->output_width, 8) : window->output_width;
        columns = ((int64_t)(width - 1) * window->stride_width) + 1
                  + ((((int64_t)strips.tiles_wide * TILE) - 1) * window->dilation_width);
        spare = one ? 0 : 7;
    }
    const int64_t strip = (int64_t)strips.tiles_high * BLOCK_BYTES;
    const int64_t blocks = (columns * strips.count) + spare;
    /* Neither factor is as large as 2^31, so that their product is exact. */
    const bool fits = (blocks * strip) <= (INT32_MAX / 2);
    strips.columns = fits ? (int32_t)columns : 0;
    strips.column = fits ? (int32_t)(strips.count * strip) : 0;
    strips.bytes = fits ? (int32_t)(blocks * strip) : 0;
    return strips;
}

/* Four rows of a strip, and how far it is from column to column: rows of padding stand still. */
typedef struct rows {
    const int8_t *at[TILE];
    int32_t step[TILE];
} rows_t;

/* Words of the columns of four rows. */
static void interleave(const depthwise_t *depthwise, rows_t *rows, int32_t channels, int8_t *target)
{
    const mrt_window_t *window = &depthwise->attrs->window;
    const int32_t column = depthwise->strips.column;
    const mve_pred16_t lanes = vctp8q((uint32_t)channels);
    const int8_t padding = (int8_t)depthwise->attrs->input_zero_point;
    const int32_t before = window->padding_left;
    const int32_t behind = before + window->input_width;
    int8_t *words = target;
    for (int32_t x = 0; x < depthwise->strips.columns; ++x) {
        if ((x < before) || (x >= behind)) {
            mrt_mve_fill(words, padding, BLOCK_BYTES);
        } else {
            mrt_mve_interleave(words, rows->at, lanes);
            rows->at[0] = &rows->at[0][rows->step[0]];
            rows->at[1] = &rows->at[1][rows->step[1]];
            rows->at[2] = &rows->at[2][rows->step[2]];
            rows->at[3] = &rows->at[3][rows->step[3]];
        }
        words = &words[column];
    }
}

/* A strip of the block of channels from `channel` on, for `count` output rows from `row` on. */
static void make_strip(const depthwise_t *depthwise, uint32_t row, int32_t count, int32_t channel, int8_t *target)
{
    const mrt_window_t *window = &depthwise->attrs->window;
    const uint32_t height = (uint32_t)window->output_height;
    const uint32_t first = (row / height) * (uint32_t)window->input_height;
    const int32_t origin = ((int32_t)(row % height) * window->stride_height) - window->padding_top;
    const int32_t left = window->input_channels - channel;
    const int8x16_t padding = vdupq_n_s8((int8_t)depthwise->attrs->input_zero_point);
    int8_t still[MRT_MVE_BYTES];
    vstrbq_s8(still, padding);
    for (int32_t tile = 0; tile < depthwise->strips.tiles_high; ++tile) {
        rows_t rows;
        for (int32_t i = 0; i < TILE; ++i) {
            const int32_t tap = (tile * TILE) + i;
            const int32_t y = origin + (tap * window->dilation_height);
            const bool there = (tap < (window->kernel_height + (count - 1))) && (y >= 0) && (y < window->input_height);
            rows.at[i] = there ? &mrt_input_s8(depthwise->call, 0u, first + (uint32_t)y)[channel] : still;
            rows.step[i] = there ? window->input_channels : 0;
        }
        interleave(depthwise, &rows, (left < BLOCK) ? left : BLOCK, &target[tile * BLOCK_BYTES]);
    }
}

/* A walk over `rows` output rows. */
static walk_t walk_of(const depthwise_t *depthwise, int32_t rows)
{
    const mrt_window_t *window = &depthwise->attrs->window;
    const strips_t *strips = &depthwise->strips;
    const int32_t pixel = window->output_channels;
    const int32_t line = window->output_width * pixel;
    const int32_t strip = strips->tiles_high * BLOCK_BYTES;
    const bool along_x = strips->count == 1;
    static const uint16_t by_rows[4] = {0x0033u, 0x00FFu, 0x33FFu, 0xFFFFu};
    walk_t walk = {.lines = 1, .last_line = ALL_LANES};
    if (strips->rows == 1) {
        walk.units = 8;
        walk.gap = along_x ? (window->stride_width * strips->column) : strip;
    } else {
        walk.units = 4;
        walk.gap = along_x ? (2 * strips->column) : strip;
    }
    walk.length = along_x ? window->output_width : rows;
    walk.whole = walk.length / walk.units;
    walk.rest = walk.length % walk.units;
    walk.batch_out = walk.units * (along_x ? pixel : line);
    walk.batch_step = ((strips->rows == 1) ? 8 : 2) * walk.gap;
    if (!along_x) {
        const bool odd = (strips->rows == 2) && ((window->output_width % 2) != 0);
        walk.lines = round_up(window->output_width, strips->rows) / strips->rows;
        walk.line_step = strips->rows * window->stride_width * strips->column;
        walk.line_out = strips->rows * pixel;
        walk.last_line = odd ? FIRST_COLUMN : ALL_LANES;
    } else if ((strips->rows == 2) && (rows == 1)) {
        walk.last_line = EVEN_LANES;
    } else {
        /* one row, or both */
    }
    for (uint32_t i = 0u; i < 8u; ++i) {
        const uint32_t unit = (strips->rows == 1) ? i : (i / 2u);
        const uint32_t across = (strips->rows == 1) ? 0u : (i % 2u);
        const uint32_t x = along_x ? unit : ((i / 2u) % 2u);
        const uint32_t y = along_x ? across : (((i / 4u) * 2u) + across);
        const bool quads_down = (strips->rows == 2) && !along_x;
        walk.places[i] = quads_down ? (uint16_t)((x * (uint32_t)pixel) + (y * (uint32_t)line))
                                    : (uint16_t)((unit * (uint32_t)(along_x ? pixel : line)) + (across * (uint32_t)line));
        walk.masks[i] = quads_down ? by_rows[i % 4u] : vctp16q((strips->rows == 1) ? (i + 1u) : (2u * (i + 1u)));
    }
    return walk;
}

/* The sums of eight outputs, but for the bias. */
static MRT_MVE_INLINE mrt_mve_sums_t sum_tiles(const depthwise_t *depthwise, const walk_t *walk, const int8_t *patch,
                                               int32x4_t offsets, const int32_t *filter)
{
    const strips_t *strips = &depthwise->strips;
    const int32_t tile_step = TILE * depthwise->attrs->window.dilation_width * strips->column;
    const int32_t *weights = filter;
    mrt_mve_sums_t sums = {vdupq_n_s32(0), vdupq_n_s32(0), NULL};
    for (int32_t y = 0; y < strips->tiles_high; ++y) {
        for (int32_t x = 0; x < strips->tiles_wide; ++x) {
            const int8_t *tile = &patch[(y * BLOCK_BYTES) + (x * tile_step)];
            const int8x16_t vector = vreinterpretq_s8_s32(vldrwq_s32(weights));
            const mrt_mve_sums_t part = mrt_mve_patch_8x1(tile, offsets, walk->gap, vector);
            sums.first = vaddq_s32(sums.first, part.first);
            sums.second = vaddq_s32(sums.second, part.second);
            weights = &weights[TILE];
        }
    }
    return sums;
}

/* Output channels of one block, which follow one another. */
typedef struct channels {
    const int32_t *filter; /* Of the first. */
    const int8_t *words;   /* Of the first channel, in the first strip's first column. */
    int8_t *output;        /* Of the first, in the first row. */
    int32_t count;         /* Input channels. */
} channels_t;

/* Weights of the four outputs of a patch. */
static MRT_MVE_INLINE void move_weights(int32x4_t here, int8x16_t weights[4])
{
    uint32_t carry = 0u;
    const int32x4_t below = vshlq_n_s32(here, 8);
    weights[0] = vreinterpretq_s8_s32(here);
    weights[1] = vreinterpretq_s8_s32(below);
    weights[2] = vreinterpretq_s8_s32(vshlcq_s32(here, &carry, 32));
    carry = 0u;
    weights[3] = vreinterpretq_s8_s32(vshlcq_s32(below, &carry, 32));
}

/* What the batches of a walk share. */
static MRT_MVE_INLINE mrt_mve_line_t line_of(const depthwise_t *depthwise, const walk_t *walk)
{
    const int32_t column = depthwise->attrs->window.dilation_width * depthwise->strips.column;
    const int32_t columns[TILE] = {0, column, 2 * column, 3 * column};
    const mrt_mve_line_t line = {.offsets = vldrwq_s32(columns),
                                 .gap = walk->gap,
                                 .output_step = walk->batch_out,
                                 .places = vldrhq_u16(walk->places)};
    return line;
}

/* All outputs of a channel in some rows, with any scaling and any number of tiles. */
static void walk_channel(const depthwise_t *depthwise, const walk_t *walk, const channels_t *channel)
{
    const int32_t *record = &channel->filter[TILE * depthwise->strips.tiles_high * depthwise->strips.tiles_wide];
    const int32x4_t multiplier = vdupq_n_s32(record[1]);
    const int32x4_t shift = vdupq_n_s32(record[2]);
    const mrt_mve_scales_t scales = {multiplier, shift, multiplier, shift};
    const mrt_mve_line_t line = line_of(depthwise, walk);
    const bool quads = depthwise->strips.rows == 2;
    int8x16_t weights[4];
    move_weights(vldrwq_s32(channel->filter), weights);
    for (int32_t i = 0; i < walk->lines; ++i) {
        const uint32_t lanes_of_line = (i == (walk->lines - 1)) ? walk->last_line : ALL_LANES;
        const int8_t *patch = &channel->words[i * walk->line_step];
        int8_t *out = &channel->output[i * walk->line_out];
        for (int32_t left = walk->length; left > 0; left -= walk->units) {
            const uint32_t lanes = (left < walk->units) ? (lanes_of_line & walk->masks[left - 1]) : lanes_of_line;
            mrt_mve_sums_t sums = quads ? mrt_mve_patch_2x4(patch, line.offsets, walk->gap, weights)
                                        : sum_tiles(depthwise, walk, patch, line.offsets, channel->filter);
            sums.first = vaddq_n_s32(sums.first, record[0]);
            sums.second = vaddq_n_s32(sums.second, record[0]);
            vstrbq_scatter_offset_p_s16(out, line.places,
                                        mrt_mve_scale(&sums, &scales, &depthwise->output, MRT_MVE_ANY),
                                        (mve_pred16_t)lanes);
            patch = &patch[walk->batch_step];
            out = &out[walk->batch_out];
        }
    }
}

static MRT_NOINLINE void walk_any(const depthwise_t *depthwise, const walk_t *walk, const channels_t *channels)
{
    const int32_t filter = filter_words(&depthwise->strips);
    channels_t channel = *channels;
    for (int32_t i = 0; i < channels->count; ++i) {
        for (int32_t copy = 0; copy < depthwise->per_input; ++copy) {
            walk_channel(depthwise, walk, &channel);
            channel.filter = &channel.filter[filter];
            channel.output = &channel.output[1];
        }
        channel.words = &channel.words[TILE];
    }
}

/* All outputs of channels of one tile, with any other scaling; `quads` and `scaling` are constant in each copy. */
static MRT_MVE_INLINE void walk_lines(const depthwise_t *depthwise, const walk_t *walk, const channels_t *channels,
                                      bool quads, mrt_mve_scaling_t scaling)
{
    mrt_mve_line_t line = line_of(depthwise, walk);
    const int32_t *filter = channels->filter;
    int8_t *channel_output = channels->output;
    for (int32_t i = 0; i < (channels->count * depthwise->per_input); ++i) {
        const int8_t *words = &channels->words[TILE * ((depthwise->per_input == 1) ? i : (i / depthwise->per_input))];
        int8_t *output = channel_output;
        int8x16_t weights[4];
        move_weights(vldrwq_s32(filter), weights);
        line.record = &filter[TILE];
        for (int32_t left = walk->lines; left > 0; --left) {
            const uint32_t lanes = (left == 1) ? walk->last_line : ALL_LANES;
            line.words = words;
            line.output = output;
            line.count = walk->whole;
            line.lanes = lanes;
            if (line.count > 0) {
                if (quads) {
                    mrt_mve_line_2x4(&line, weights, scaling);
                } else {
                    mrt_mve_line_8x1(&line, weights[0]);
                }
            }
            if (walk->rest > 0) {
                line.words = &words[walk->whole * walk->batch_step];
                line.output = &output[walk->whole * walk->batch_out];
                line.count = 1;
                line.lanes = lanes & walk->masks[walk->rest - 1];
                if (quads) {
                    mrt_mve_line_2x4(&line, weights, scaling);
                } else {
                    mrt_mve_line_8x1(&line, weights[0]);
                }
            }
            words = &words[walk->line_step];
            output = &output[walk->line_out];
        }
        filter = &filter[RECORD + TILE];
        channel_output = &channel_output[1];
    }
}

static MRT_NOINLINE void walk_single(const depthwise_t *depthwise, const walk_t *walk, const channels_t *channels)
{
    walk_lines(depthwise, walk, channels, false, MRT_MVE_SIGNED);
}

static MRT_NOINLINE void quads_signed(const depthwise_t *depthwise, const walk_t *walk, const channels_t *channels)
{
    walk_lines(depthwise, walk, channels, true, MRT_MVE_SIGNED);
}

static MRT_NOINLINE void quads_rectified(const depthwise_t *depthwise, const walk_t *walk, const channels_t *channels)
{
    walk_lines(depthwise, walk, channels, true, MRT_MVE_RECTIFIED);
}

static void compute_channels(const depthwise_t *depthwise, const walk_t *walk, const channels_t *channels)
{
    const int32_t scaling = depthwise->attrs->scaling;
    const strips_t *strips = &depthwise->strips;
    if ((scaling == (int32_t)MRT_MVE_ANY) || ((strips->tiles_high * strips->tiles_wide) != 1)) {
        walk_any(depthwise, walk, channels);
    } else if (strips->rows == 1) {
        walk_single(depthwise, walk, channels);
    } else if (scaling == (int32_t)MRT_MVE_RECTIFIED) {
        quads_rectified(depthwise, walk, channels);
    } else {
        quads_signed(depthwise, walk, channels);
    }
}

/* `rows` output rows from `row` on, of the block of input channels from `first` on. */
static void compute_block(const depthwise_t *depthwise, const walk_t *walk, uint32_t row, int32_t rows, int32_t first)
{
    const strips_t *strips = &depthwise->strips;
    const int32_t channels = depthwise->attrs->window.input_channels;
    int8_t *target = depthwise->workspace;
    for (int32_t done = 0; done < rows; done += strips->rows) {
        const int32_t left = rows - done;
        make_strip(depthwise, row + (uint32_t)done, (left < strips->rows) ? left : strips->rows, first, target);
        target = &target[strips->tiles_high * BLOCK_BYTES];
    }
    const int32_t output = first * depthwise->per_input;
    const channels_t block = {&depthwise->filters[output * filter_words(strips)], depthwise->workspace,
                              &mrt_output_s8(depthwise->call, 0u, row)[output],
                              ((channels - first) < BLOCK) ? (channels - first) : BLOCK};
    compute_channels(depthwise, walk, &block);
}

uint32_t mrt_depthwise_conv2d_s8_mve_workspace(const void *attrs)
{
    const mrt_depthwise_conv2d_s8_mve_attrs_t *own =
        (const mrt_depthwise_conv2d_s8_mve_attrs_t *)attrs; /* MISRA D1 */
    return (uint32_t)strips_of(own).bytes;
}

mrt_status_t mrt_depthwise_conv2d_s8_mve_run(const mrt_call_t *call)
{
    const mrt_depthwise_conv2d_s8_mve_attrs_t *attrs =
        (const mrt_depthwise_conv2d_s8_mve_attrs_t *)call->attrs; /* MISRA D1 */
    const mrt_window_t *window = &attrs->window;
    const depthwise_t depthwise = {
        .call = call,
        .attrs = attrs,
        .filters = mrt_input_s32(call, 1u, 0u),
        .workspace = (int8_t *)mrt_workspace(call), /* MISRA D1 */
        .strips = strips_of(attrs),
        .output = {attrs->output_offset, attrs->activation_min, attrs->activation_max},
        .per_input = window->output_channels / window->input_channels,
    };
    uint32_t row = call->row_begin;
    while (row < call->row_end) {
        /* As many rows as strips hold, of one image, that lie behind one another. */
        const uint32_t height = (uint32_t)window->output_height;
        const uint32_t image = height - (row % height);
        const uint32_t past = ((call->row_end - row) < image) ? call->row_end : (row + image);
        const uint32_t wanted = mrt_rows_adjoin(call, mrt_call_output(call, 0u), row, past) - row;
        const uint32_t room = (uint32_t)depthwise.strips.count * (uint32_t)depthwise.strips.rows;
        const uint32_t rows = (wanted < room) ? wanted : room;
        const walk_t walk = walk_of(&depthwise, (int32_t)rows);
        for (int32_t first = 0; first < window->input_channels; first += BLOCK) {
            compute_block(&depthwise, &walk, row, (int32_t)rows, first);
        }
        row += rows;
    }
    return MRT_OK;
}

/* Whether the places of eight outputs are 16 bits. */
static bool places_fit(const mrt_depthwise_conv2d_s8_mve_attrs_t *attrs)
{
    const uint64_t pixel = (uint64_t)(uint32_t)attrs->window.output_channels;
    const uint64_t line = pixel * (uint32_t)attrs->window.output_width;
    const uint64_t unit = (attrs->strips == 1) ? pixel : line;
    const uint64_t across = (attrs->strips == 1) ? line : pixel;
    return (makes_quads(&attrs->window) ? ((3u * unit) + across) : (7u * unit)) <= (uint64_t)UINT16_MAX;
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
        || (mrt_window_check(window, input, output, 1u) != MRT_OK) || !mrt_check_range(attrs->strips, 1, 32767)) {
        return MRT_ERR_ATTRIBUTE;
    }
    const strips_t strips = strips_of(attrs);
    const uint64_t tiles = (uint64_t)(uint32_t)strips.tiles_high * (uint32_t)strips.tiles_wide;
    const uint64_t words = ((uint64_t)TILE * tiles) + (uint64_t)RECORD;
    return mrt_check_status((strips.bytes > 0) && places_fit(attrs)
                            && ((window->output_channels % window->input_channels) == 0)
                            && mrt_check_elements(mrt_call_input(call, 1u), (uint32_t)MRT_DTYPE_S32,
                                                  words * (uint32_t)window->output_channels)
                            && (mrt_check_bytes(output) <= (uint64_t)INT32_MAX)
                            && mrt_check_range(attrs->input_zero_point, -128, 127)
                            && mrt_mve_output_check(attrs->output_offset, attrs->activation_min,
                                                    attrs->activation_max, attrs->scaling));
}
