/* Depthwise convolution, int8, for cores with the DSP extension. Four channels of a block of rows are brought into
 * planes of 16-bit lanes, padding included; then each output channel is computed along the inner axis, its weights in
 * pairs. The inner axis is the width, or the height where that fills tiles better ("transposed"). */
#include "micrort/kernels.h"
#include "runtime/kernels/check.h"
#include "runtime/kernels/dsp/products.h"
#include "runtime/kernels/dsp/taps.h"
#include "runtime/kernels/product.h"
#include "runtime/kernels/window.h"

#include <string.h>

/* Channels that are brought into planes at a time; all of an input that has fewer. */
#define PLANES 4u

/* Words of a channel's record in front of its taps: a multiplier and a shift as in products.h, the start. The taps are
 * int8, line by line, up to a whole word. */
#define RECORD_WORDS 3u

/* What stays the same for all channels of one block of rows. */
typedef struct block {
    const mrt_call_t *call;
    const mrt_window_t *window;
    bool transposed;
    uint32_t image;       /* the image's number */
    int32_t outer_origin; /* the input's outer index of line 0 */
    int32_t inner_origin; /* the input's inner index of lane 0 */
    int32_t inner_end;    /* of the input, behind what outputs depend on */
    int32_t inner_begin;  /* the first of them inside the image */
    const int8_t *first;  /* transposed: the row there, if rows adjoin; else null */
    uint32_t pitch;       /* elements from one inner index to the next */
    uint32_t lines;
    uint32_t line_words;
    uint32_t used;        /* lanes of a line that outputs depend on */
    uint32_t *weights;    /* of one channel, in pairs */
    uint32_t *planes;
    uint32_t plane_words;
    uint32_t point;       /* four zero points */
    uint32_t step;        /* see mrt_dsp_step */
    uint32_t kernel;      /* taps of a line */
    uint32_t tap_lines;
    uint32_t steps;
    uint32_t tap_words;   /* of lanes, from a line of taps to the next */
    uint32_t inner_stride;
    uint32_t inner;       /* outputs along the inner axis, and lines of them along the outer one */
    uint32_t outer;
    uint32_t inner_step;  /* elements from an output to the next along each axis */
    uint32_t outer_step;
    uint32_t line_step;   /* words of lanes from a line of outputs to the next */
    int8_t *to;           /* channel 0 of the first output */
} block_t;

/* Sizes of a block of so many rows. Taps beyond a kernel's inner size have no weight, but lanes. */
typedef struct extents {
    uint32_t steps;
    uint32_t lines;
    uint32_t line_words;
    uint32_t used; /* lanes that outputs depend on */
} extents_t;

static uint32_t steps_of(int32_t stride, int32_t kernel)
{
    const uint32_t taps = (uint32_t)kernel;
    return (stride == 1) ? ((taps / 2u) + 1u) : ((taps + 1u) / 2u);
}

static extents_t extents_of(const mrt_window_t *window, bool transposed, int32_t rows)
{
    const uint32_t inner = (uint32_t)(transposed ? rows : window->output_width);
    const uint32_t outer = (uint32_t)(transposed ? window->output_width : rows);
    const uint32_t inner_stride = (uint32_t)(transposed ? window->stride_height : window->stride_width);
    const uint32_t outer_stride = (uint32_t)(transposed ? window->stride_width : window->stride_height);
    const uint32_t outer_kernel = (uint32_t)(transposed ? window->kernel_width : window->kernel_height);
    const uint32_t dilation = (uint32_t)(transposed ? window->dilation_width : window->dilation_height);
    const uint32_t tiled = ((inner + MRT_DSP_LONG) - 1u) / MRT_DSP_LONG;
    const int32_t inner_kernel = transposed ? window->kernel_height : window->kernel_width;
    extents_t extents;
    extents.steps = steps_of((int32_t)inner_stride, inner_kernel);
    extents.used = ((inner - 1u) * inner_stride) + (uint32_t)inner_kernel;
    extents.lines = ((outer - 1u) * outer_stride) + ((outer_kernel - 1u) * dilation) + 1u;
    extents.line_words = (tiled * (MRT_DSP_LONG / 2u) * inner_stride) + extents.steps;
    return extents;
}

/* Words of an output channel's record. */
static uint32_t record_words_of(const mrt_window_t *window)
{
    const uint32_t taps = (uint32_t)window->kernel_height * (uint32_t)window->kernel_width;
    return RECORD_WORDS + mrt_dsp_quads(taps);
}

/* Words of a channel's weights in pairs. */
static uint32_t weight_words_of(const mrt_window_t *window, bool transposed)
{
    const uint32_t lines = (uint32_t)(transposed ? window->kernel_width : window->kernel_height);
    const int32_t stride = transposed ? window->stride_height : window->stride_width;
    const uint32_t steps = steps_of(stride, transposed ? window->kernel_height : window->kernel_width);
    return lines * steps * ((stride == 1) ? 2u : 1u);
}

/* Two rows of elements side by side, `step` elements from one to the next. */
typedef struct pair {
    const int8_t *a;
    const int8_t *b;
    uint32_t step_a;
    uint32_t step_b;
} pair_t;

/* Four channels of `count` pairs to the planes; words of a plane lie `step` apart. */
static MRT_NOINLINE void convert_four(const block_t *block, const pair_t *pair, uint32_t count, uint32_t *to,
                                      uint32_t step)
{
    const uint32_t plane = block->plane_words;
    const int8_t *from_a = pair->a;
    const int8_t *from_b = pair->b;
    uint32_t *word = to;
    for (uint32_t i = count; i > 0u; --i) {
        const uint32_t a = mrt_dsp_load(from_a);
        const uint32_t b = mrt_dsp_load(from_b);
        const uint32_t low = mrt_dsp_pack_low(a, b);
        const uint32_t high = mrt_dsp_pack_high(a, b);
        word[0] = mrt_dsp_double(mrt_dsp_sxtb16(low));
        word[plane] = mrt_dsp_double(mrt_dsp_sxtb16_odd(low));
        word[2u * plane] = mrt_dsp_double(mrt_dsp_sxtb16(high));
        word[3u * plane] = mrt_dsp_double(mrt_dsp_sxtb16_odd(high));
        word = &word[step];
        from_a = &from_a[pair->step_a];
        from_b = &from_b[pair->step_b];
    }
}

/* The same of the last one to three channels. */
static void convert_few(const block_t *block, const pair_t *pair, uint32_t count, uint32_t *to, uint32_t step,
                        uint32_t channels)
{
    for (uint32_t i = 0u; i < count; ++i) {
        for (uint32_t channel = 0u; channel < channels; ++channel) {
            const uint32_t a = (uint8_t)pair->a[(i * pair->step_a) + channel];
            const uint32_t b = (uint8_t)pair->b[(i * pair->step_b) + channel];
            to[(channel * block->plane_words) + (i * step)] = mrt_dsp_double(mrt_dsp_sxtb16(a | (b << 16u)));
        }
    }
}

static inline void convert(const block_t *block, const pair_t *pair, uint32_t count, uint32_t *to, uint32_t step,
                           uint32_t channels)
{
    if (channels == PLANES) {
        convert_four(block, pair, count, to, step);
    } else {
        convert_few(block, pair, count, to, step, channels);
    }
}

/* Row `row` of the image from channel `channel` on; null outside the image and where no output depends on it. */
static const int8_t *row_of(const block_t *block, int32_t row, uint32_t channel)
{
    const int32_t past = block->transposed ? (block->inner_origin + (int32_t)block->used) : INT32_MAX;
    if ((row < 0) || (row >= block->window->input_height) || (row >= past)) {
        return NULL;
    }
    const uint32_t first = block->image * (uint32_t)block->window->input_height;
    const int8_t *elements = mrt_input_s8(block->call, 0u, first + (uint32_t)row);
    return &elements[channel];
}

/* A line of elements that lie equally far apart: pairs, of which the first and the last may lie half outside the image.
 * Whole pairs outside it only with `borders`. */
static void convert_line(const block_t *block, const int8_t *line, uint32_t *to, uint32_t channels, bool borders)
{
    const int8_t *point = mrt_address(&block->point, 0u); /* MISRA D1 */
    const uint32_t pitch = block->pitch;
    const uint32_t words = (block->used + 1u) / 2u;
    const int32_t end = (line == NULL) ? 0 : block->inner_end;
    int32_t place = block->inner_origin;
    uint32_t done = 0u;
    while (done < words) {
        const bool has_a = (place >= 0) && (place < end);
        const bool has_b = (place >= -1) && (place < (end - 1));
        const uint32_t left = words - done;
        const int32_t ahead = (place < 0) ? -place : (end - place);
        const uint32_t whole = (has_a == has_b) ? ((uint32_t)ahead / 2u) : 1u;
        const uint32_t count = ((end > 0) && (place < end) && (whole < left)) ? whole : left;
        const uint32_t from = ((uint32_t)place - (uint32_t)block->inner_begin) * pitch;
        const pair_t pair = {has_a ? &line[from] : point, has_b ? &line[from + pitch] : point,
                             has_a ? (2u * pitch) : 0u, has_b ? (2u * pitch) : 0u};
        if (has_a || has_b || borders) {
            convert(block, &pair, count, &to[done], 1u, channels);
        }
        done += count;
        place += 2 * (int32_t)count;
    }
}

/* Word `word` of all lines along the height: a pair of rows, column by column. */
static void convert_columns(const block_t *block, uint32_t word, uint32_t channel, uint32_t channels, bool borders)
{
    const int8_t *point = mrt_address(&block->point, 0u); /* MISRA D1 */
    const int32_t row = block->inner_origin + (2 * (int32_t)word);
    const int8_t *a = row_of(block, row, channel);
    const int8_t *b = row_of(block, row + 1, channel);
    const uint32_t pixel = (uint32_t)block->window->input_channels;
    const pair_t outside = {point, point, 0u, 0u};
    const pair_t pair = {(a != NULL) ? a : point, (b != NULL) ? b : point, (a != NULL) ? pixel : 0u,
                         (b != NULL) ? pixel : 0u};
    const uint32_t before = (uint32_t)(-block->outer_origin);
    const uint32_t first = (before < block->lines) ? before : block->lines;
    const uint32_t room = block->lines - first;
    const uint32_t width = (uint32_t)block->window->input_width;
    const uint32_t count = (width < room) ? width : room;
    uint32_t *to = &block->planes[word];
    convert(block, &pair, count, &to[first * block->line_words], block->line_words, channels);
    if (borders) {
        convert(block, &outside, first, to, block->line_words, channels);
        convert(block, &outside, room - count, &to[(first + count) * block->line_words], block->line_words, channels);
    }
}

/* Line `line` of elements that lie equally far apart; null outside the image. */
static const int8_t *line_of(const block_t *block, uint32_t line, uint32_t channel)
{
    const int32_t place = block->outer_origin + (int32_t)line;
    if (!block->transposed) {
        return row_of(block, place, channel);
    }
    const uint32_t element = ((uint32_t)place * (uint32_t)block->window->input_channels) + channel;
    return ((place >= 0) && (place < block->window->input_width)) ? &block->first[element] : NULL;
}

/* Channels `channel` to `channel` + `channels` - 1 to the planes; lines outside the image only with `borders`. */
static void make_planes(const block_t *block, uint32_t channel, uint32_t channels, bool borders)
{
    if (block->transposed && (block->first == NULL)) {
        for (uint32_t word = 0u; word < ((block->used + 1u) / 2u); ++word) {
            convert_columns(block, word, channel, channels, borders);
        }
    } else {
        for (uint32_t line = 0u; line < block->lines; ++line) {
            const int8_t *elements = line_of(block, line, channel);
            if (borders || (elements != NULL)) {
                convert_line(block, elements, &block->planes[line * block->line_words], channels, borders);
            }
        }
    }
}

/* Some tiles of outputs. By itself, since its loops take all registers. */
static MRT_NOINLINE void compute_tiles(uint32_t stride, const mrt_dsp_taps_t *taps, mrt_dsp_column_t column,
                                       uint32_t tiles)
{
    if (stride == 1u) {
        mrt_dsp_long_one(taps, column, tiles);
    } else {
        mrt_dsp_long_two(taps, column, tiles);
    }
}

/* A line of outputs; those that a last tile has too many of go elsewhere. */
static void compute_line(const block_t *block, mrt_dsp_taps_t *taps, const uint32_t *lanes, int8_t *to)
{
    const uint32_t stride = block->inner_stride;
    const uint32_t tiles = block->inner / MRT_DSP_LONG;
    const uint32_t left = block->inner % MRT_DSP_LONG;
    const mrt_dsp_column_t column = {to, block->inner_step};
    taps->place.lanes = lanes;
    if (tiles > 0u) {
        compute_tiles(stride, taps, column, tiles);
    }
    if (left > 0u) {
        int8_t made[MRT_DSP_LONG];
        const mrt_dsp_column_t rest = {made, 1u};
        int8_t *last = &to[tiles * MRT_DSP_LONG * column.step];
        taps->place.lanes = &lanes[tiles * (MRT_DSP_LONG / 2u) * stride];
        compute_tiles(stride, taps, rest, 1u);
        for (uint32_t i = 0u; i < left; ++i) {
            last[i * column.step] = made[i];
        }
    }
}

static uint32_t lanes_of(int32_t low, int32_t high)
{
    return ((uint32_t)low & 0xFFFFu) | ((uint32_t)high << 16u);
}

/* Weights in pairs, see taps.h; `taps` of a line each. */
static void make_weights(uint32_t *words, const int8_t *taps, uint32_t lines, uint32_t kernel, uint32_t stride)
{
    uint32_t *to = words;
    for (uint32_t line = 0u; line < lines; ++line) {
        const int8_t *tap = &taps[line * kernel];
        int32_t before = 0;
        for (uint32_t i = 0u; i < (kernel + ((stride == 1u) ? 1u : 0u)); i += 2u) {
            const int32_t first = (i < kernel) ? tap[i] : 0;
            const int32_t second = ((i + 1u) < kernel) ? tap[i + 1u] : 0;
            *to = lanes_of(first, second);
            to = &to[1];
            if (stride == 1u) {
                *to = lanes_of(before, first);
                to = &to[1];
            }
            before = second;
        }
    }
}

/* An output channel. */
static void compute_channel(const block_t *block, const uint32_t *plane, const uint32_t *record, int8_t *to)
{
    mrt_dsp_taps_t taps = {
        .place = {plane, block->weights},
        .end = block->planes,
        .start = record[2],
        .line = {4u * block->steps * ((block->inner_stride == 1u) ? 2u : 1u), 4u * (block->tap_words - block->steps)},
        .scale = mrt_dsp_scale(record, 0u, block->step),
    };
    make_weights(block->weights, mrt_address(&record[RECORD_WORDS], 0u), block->tap_lines, block->kernel,
                 block->inner_stride);
    for (uint32_t i = 0u; i < block->outer; ++i) {
        compute_line(block, &taps, &plane[i * block->line_step], &to[i * block->outer_step]);
    }
}

/* All channels of a block. */
static void compute_block(const block_t *block)
{
    const mrt_window_t *window = block->window;
    const uint32_t channels = (uint32_t)window->input_channels;
    const uint32_t per_input = (uint32_t)window->output_channels / channels;
    const uint32_t record_words = record_words_of(window);
    const uint32_t *record = mrt_input_row(block->call, 1u, 0u); /* MISRA D1 */
    uint32_t output = 0u;
    for (uint32_t first = 0u; first < channels; first += PLANES) {
        const uint32_t count = ((channels - first) < PLANES) ? (channels - first) : PLANES;
        make_planes(block, first, count, first == 0u);
        const uint32_t *plane = block->planes;
        uint32_t made = 0u;
        for (uint32_t i = 0u; i < (count * per_input); ++i) {
            compute_channel(block, plane, record, &block->to[output]);
            record = &record[record_words];
            ++output;
            ++made;
            if (made == per_input) {
                made = 0u;
                plane = &plane[block->plane_words];
            }
        }
    }
}

/* What a block takes from the window along its two axes. */
static void set_axes(block_t *block, const mrt_window_t *window)
{
    const bool transposed = block->transposed;
    const uint32_t row_bytes = mrt_call_output(block->call, 0u)->row_bytes;
    const uint32_t pixel = (uint32_t)window->output_channels;
    block->kernel = (uint32_t)(transposed ? window->kernel_height : window->kernel_width);
    block->tap_lines = (uint32_t)(transposed ? window->kernel_width : window->kernel_height);
    block->inner_stride = (uint32_t)(transposed ? window->stride_height : window->stride_width);
    block->steps = steps_of((int32_t)block->inner_stride, (int32_t)block->kernel);
    block->inner_step = transposed ? row_bytes : pixel;
    block->outer_step = transposed ? pixel : row_bytes;
}

/* How the elements of a line lie. */
static void set_lines(block_t *block)
{
    const mrt_window_t *window = block->window;
    const mrt_tensor_t *tensor = mrt_call_input(block->call, 0u);
    block->inner_begin = 0;
    block->inner_end = window->input_width;
    block->first = NULL;
    block->pitch = (uint32_t)window->input_channels;
    if (block->transposed) {
        const int32_t past = block->inner_origin + (int32_t)block->used;
        const uint32_t image = block->image * (uint32_t)window->input_height;
        block->inner_begin = (block->inner_origin > 0) ? block->inner_origin : 0;
        block->inner_end = (past < window->input_height) ? past : window->input_height;
        const uint32_t begin = image + (uint32_t)block->inner_begin;
        const uint32_t end = image + (uint32_t)block->inner_end;
        if ((block->inner_begin < block->inner_end) && (mrt_rows_adjoin(block->call, tensor, begin, end) == end)) {
            block->pitch = tensor->row_bytes;
            block->first = mrt_input_s8(block->call, 0u, begin);
        }
    }
}

/* The places of a block of rows from `row` of the output on. */
static void set_place(block_t *block, uint32_t row, uint32_t rows)
{
    const mrt_window_t *window = block->window;
    const bool transposed = block->transposed;
    const uint32_t height = (uint32_t)window->output_height;
    const uint32_t width = (uint32_t)window->output_width;
    const extents_t extents = extents_of(window, transposed, (int32_t)rows);
    const uint32_t y = row % height;
    const int32_t top = ((int32_t)y * window->stride_height) - window->padding_top;
    block->image = row / height;
    block->outer_origin = transposed ? -window->padding_left : top;
    block->inner_origin = transposed ? top : -window->padding_left;
    block->lines = extents.lines;
    block->line_words = extents.line_words;
    block->used = extents.used;
    block->plane_words = extents.lines * extents.line_words;
    block->tap_words = (uint32_t)(transposed ? window->dilation_width : window->dilation_height) * extents.line_words;
    block->line_step = (uint32_t)(transposed ? window->stride_width : window->stride_height) * extents.line_words;
    block->inner = transposed ? rows : width;
    block->outer = transposed ? width : rows;
    block->to = mrt_output_s8(block->call, 0u, row);
    set_lines(block);
}

mrt_status_t mrt_depthwise_conv2d_s8_dsp_run(const mrt_call_t *call)
{
    const mrt_depthwise_conv2d_s8_dsp_attrs_t *attrs = call->attrs; /* MISRA D1 */
    const mrt_window_t *window = &attrs->window;
    const uint32_t height = (uint32_t)window->output_height;
    const bool transposed = attrs->transposed == 1;
    uint32_t *weights = mrt_workspace(call); /* MISRA D1 */
    block_t block = {
        .call = call,
        .window = window,
        .transposed = transposed,
        .weights = weights,
        .planes = &weights[weight_words_of(window, transposed)],
        .step = mrt_dsp_step(attrs->output_point),
        .point = ((uint32_t)attrs->input_point & 0xFFu) * 0x01010101u,
    };
    set_axes(&block, window);
    uint32_t row = call->row_begin;
    while (row < call->row_end) {
        const uint32_t in_image = row % height;
        const uint32_t past = (row - in_image) + height;
        const uint32_t end = (call->row_end < past) ? call->row_end : past;
        const uint32_t left = mrt_rows_adjoin(call, mrt_call_output(call, 0u), row, end) - row;
        const uint32_t rows = (left < (uint32_t)attrs->block) ? left : (uint32_t)attrs->block;
        set_place(&block, row, rows);
        compute_block(&block);
        row += rows;
    }
    mrt_dsp_clamp_rows(call, attrs->activation_min, attrs->activation_max);
    return MRT_OK;
}

/* Whether the attributes are in the ranges that the sizes of a block are computed from. */
static bool block_is_sound(const mrt_depthwise_conv2d_s8_dsp_attrs_t *attrs)
{
    const mrt_window_t *window = &attrs->window;
    const bool transposed = attrs->transposed == 1;
    const int32_t inner_stride = transposed ? window->stride_height : window->stride_width;
    const int32_t inner_dilation = transposed ? window->dilation_height : window->dilation_width;
    return mrt_check_range(attrs->transposed, 0, 1) && mrt_check_range(attrs->block, 1, window->output_height)
           && mrt_check_range(inner_stride, 1, 2) && (inner_dilation == 1);
}

/* Bytes of weights and planes, modulo nothing: each size is below 2^15 by now, and sums of two products below 2^31. */
static uint64_t memory_bytes(const mrt_depthwise_conv2d_s8_dsp_attrs_t *attrs)
{
    const extents_t extents = extents_of(&attrs->window, attrs->transposed == 1, attrs->block);
    const uint32_t channels = (uint32_t)attrs->window.input_channels;
    const uint64_t words = (uint64_t)((channels < PLANES) ? channels : PLANES) * extents.lines * extents.line_words;
    return (uint64_t)sizeof(uint32_t) * (words + weight_words_of(&attrs->window, attrs->transposed == 1));
}

uint32_t mrt_depthwise_conv2d_s8_dsp_workspace(const void *attrs)
{
    const mrt_depthwise_conv2d_s8_dsp_attrs_t *own = attrs; /* MISRA D1 */
    const uint64_t bytes = memory_bytes(own);
    return (bytes < (uint64_t)INT32_MAX) ? (uint32_t)bytes : (uint32_t)INT32_MAX - 3u;
}

/* Whether input 1 is a constant with a record for each output channel, all shifts within 0..30. */
static bool records_are_sound(const mrt_call_t *call, const mrt_depthwise_conv2d_s8_dsp_attrs_t *attrs)
{
    const mrt_window_t *window = &attrs->window;
    const uint32_t record_words = record_words_of(window);
    const uint64_t words = (uint64_t)record_words * (uint32_t)window->output_channels;
    const mrt_tensor_t *tensor = mrt_call_input(call, 1u);
    if ((tensor->pool != (uint8_t)MRT_POOL_PARAMS) || (words > (uint64_t)INT32_MAX)
        || !mrt_check_elements(tensor, (uint32_t)MRT_DTYPE_S32, words)) {
        return false;
    }
    const int32_t *records = mrt_input_s32(call, 1u, 0u);
    for (uint32_t channel = 0u; channel < (uint32_t)window->output_channels; ++channel) {
        if (!mrt_check_range(records[(channel * record_words) + 1u], 0, 30)) {
            return false;
        }
    }
    return true;
}

mrt_status_t mrt_depthwise_conv2d_s8_dsp_check(const mrt_call_t *call)
{
    const mrt_depthwise_conv2d_s8_dsp_attrs_t *attrs = call->attrs; /* MISRA D1 */
    const mrt_window_t *window = &attrs->window;
    return mrt_check_status(mrt_window_check(call, window, 2u, (uint32_t)MRT_DTYPE_S8)
                            && ((window->output_channels % window->input_channels) == 0) && block_is_sound(attrs)
                            && (memory_bytes(attrs) < (uint64_t)INT32_MAX) && records_are_sound(call, attrs)
                            && mrt_check_range(attrs->input_point, -128, 127)
                            && mrt_dsp_output_check(attrs->output_point, attrs->activation_min, attrs->activation_max));
}
