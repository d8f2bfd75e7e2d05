/* Depthwise convolution, int8, for cores without SIMD: channel by channel, two outputs at a time. The elements under a
 * line of outputs are gathered into words column by column, so that those under one output lie one behind the other;
 * two outputs that share words are two rows apart by half the rows asked for, or half a row. A row of the input takes
 * one place in each column; with phases, rows stay in their places while the window moves on over them, and the weights
 * are turned instead. */
#include "micrort/kernels.h"
#include "runtime/kernels/check.h"
#include "runtime/kernels/product.h"
#include "runtime/kernels/scalar/lanes.h"
#include "runtime/kernels/scalar/line.h"
#include "runtime/kernels/scalar/scale.h"
#include "runtime/kernels/window.h"

#include <stddef.h>

/* Most taps of a window, and most phases. */
#define TAPS_MAX 510
#define PHASES_MAX 32

/* What stays the same for all channels of one call. */
typedef struct depthwise {
    const mrt_call_t *call;
    const mrt_window_t *window;
    const int8_t *input; /* row 0, where all rows lie at one step; else null: each is looked up */
    int8_t *output;      /* likewise */
    uint32_t input_step;
    uint32_t output_step;
    uint32_t phases;
    uint32_t weights; /* of a phase: an even number of words */
    uint32_t *words;
    uint32_t *turned; /* weights, phase by phase */
    int8_t point;
} depthwise_t;

/* Output rows of one image, in lines, and where the second lane's outputs lie. */
typedef struct lines {
    uint32_t row;     /* first output row */
    int32_t y;        /* the same within its image */
    uint32_t count;   /* lines */
    uint32_t down;    /* rows from a low lane's output to its high lane's */
    int32_t across;   /* columns, likewise */
    int32_t width;    /* outputs of a lane in a line */
    uint32_t image;   /* first input row of the image */
} lines_t;

/* One channel. */
typedef struct channel {
    uint32_t output;
    uint32_t input;
    const int8_t *weights;
    uint32_t made; /* a bit for each phase whose weights are there */
} channel_t;

/* Columns of one residue of the dilation; those in the middle lie inside the image for both lanes. */
typedef struct residue {
    int32_t first;       /* output */
    int32_t outputs;     /* of a lane */
    int32_t columns;
    int32_t lead;        /* columns in front of the middle */
    int32_t middle;      /* columns in the middle, or 0 */
    uint32_t low_offset; /* of the first element in the middle in an input row */
    uint32_t high_offset;
} residue_t;

/* The input row under tap row `tap` of line `y`; null where it lies outside the image. */
static const int8_t *row_of(const depthwise_t *conv, const lines_t *lines, int32_t y, int32_t tap)
{
    const mrt_window_t *window = conv->window;
    const int32_t row = ((y * window->stride_height) - window->padding_top) + (tap * window->dilation_height);
    if ((row < 0) || (row >= window->input_height)) {
        return NULL;
    }
    const uint32_t index = lines->image + (uint32_t)row;
    return (conv->input != NULL) ? &conv->input[index * conv->input_step] : mrt_input_s8(conv->call, 0u, index);
}

static int8_t *output_row(const depthwise_t *conv, uint32_t row)
{
    return (conv->output != NULL) ? &conv->output[row * conv->output_step] : mrt_output_s8(conv->call, 0u, row);
}

/* Not inlined: its loop takes all registers. */
static MRT_NOINLINE void join(const mrt_scalar_lane_t lanes[2], uint32_t count, uint32_t *to, uint32_t next)
{
    mrt_scalar_join_lanes(lanes, count, to, next);
}

/* The element of a channel in a column; the zero point outside the image. */
static int32_t element_of(const depthwise_t *conv, const int8_t *row, int32_t column, uint32_t channel)
{
    const bool inside = (row != NULL) && (column >= 0) && (column < conv->window->input_width);
    return inside ? row[((uint32_t)column * (uint32_t)conv->window->input_channels) + channel] : conv->point;
}

/* Columns of which at most one lane lies inside the image. */
static MRT_NOINLINE void gather_edges(const depthwise_t *conv, const lines_t *lines, const residue_t *residue,
                                      const int8_t *const rows[2], uint32_t channel, uint32_t *to)
{
    const mrt_window_t *window = conv->window;
    const int32_t first = (residue->first * window->stride_width) - window->padding_left;
    const int32_t apart = lines->across * window->stride_width;
    for (int32_t i = 0; i < residue->columns; ++i) {
        if ((i < residue->lead) || (i >= (residue->lead + residue->middle))) {
            const int32_t column = first + (i * window->dilation_width);
            to[(uint32_t)(i * window->kernel_height)] =
                mrt_scalar_word(element_of(conv, rows[0], column, channel),
                                element_of(conv, rows[1], column + apart, channel));
        }
    }
}

/* The columns of a row of each lane as words; `to` is the row's place in the first of them. */
static void gather(const depthwise_t *conv, const lines_t *lines, const residue_t *residue,
                   const int8_t *const rows[2], uint32_t channel, uint32_t *to)
{
    const uint32_t height = (uint32_t)conv->window->kernel_height;
    const uint32_t step = (uint32_t)conv->window->dilation_width * (uint32_t)conv->window->input_channels;
    mrt_scalar_lane_t lanes[2] = {{&conv->point, 0u}, {&conv->point, 0u}};
    if (rows[0] != NULL) {
        lanes[0] = (mrt_scalar_lane_t){&rows[0][residue->low_offset + channel], step};
    }
    if (rows[1] != NULL) {
        lanes[1] = (mrt_scalar_lane_t){&rows[1][residue->high_offset + channel], step};
    }
    join(lanes, (uint32_t)residue->middle, &to[(uint32_t)residue->lead * height],
         height * (uint32_t)sizeof(uint32_t));
    if (lines->across != 0) {
        gather_edges(conv, lines, residue, rows, channel, to);
    }
}

/* The weights of a phase: tap row 0 lies in place `phase` of each column. */
static const uint32_t *weights_of(const depthwise_t *conv, channel_t *channel, uint32_t phase)
{
    uint32_t *words = &conv->turned[phase * conv->weights];
    const uint32_t bit = UINT32_C(1) << phase;
    if ((channel->made & bit) == 0u) {
        const uint32_t height = (uint32_t)conv->window->kernel_height;
        const int8_t *from = channel->weights;
        words[conv->weights - 1u] = 0u;
        for (uint32_t column = 0u; column < (uint32_t)conv->window->kernel_width; ++column) {
            uint32_t place = phase;
            for (uint32_t tap = 0u; tap < height; ++tap) {
                words[(column * height) + place] = (uint32_t)(int32_t)from[tap];
                place = ((place + 1u) < height) ? (place + 1u) : 0u;
            }
            from = &from[height];
        }
        channel->made |= bit;
    }
    return words;
}

/* The next line's window: some tap rows stay where they are. */
typedef struct ring {
    int32_t kept;  /* tap rows that are there already */
    int32_t phase; /* place of tap row 0 */
} ring_t;

static void move_on(const depthwise_t *conv, ring_t *ring)
{
    const int32_t height = conv->window->kernel_height;
    const int32_t stride = conv->window->stride_height;
    if ((conv->phases > 1u) && (stride < height)) {
        ring->kept = height - stride;
        ring->phase += stride;
        ring->phase -= (ring->phase >= height) ? height : 0;
    }
}

/* The tap rows under line `y` that are not there yet. */
static void gather_rows(const depthwise_t *conv, const lines_t *lines, const residue_t *residue, const ring_t *ring,
                        int32_t y, uint32_t channel)
{
    const int32_t height = conv->window->kernel_height;
    for (int32_t tap = ring->kept; tap < height; ++tap) {
        const int32_t place = ring->phase + tap;
        const int8_t *const rows[2] = {row_of(conv, lines, y, tap),
                                       row_of(conv, lines, y + (int32_t)lines->down, tap)};
        gather(conv, lines, residue, rows, channel, &conv->words[(place < height) ? place : (place - height)]);
    }
}

/* The lines of one channel in one residue. */
static void compute_residue(const depthwise_t *conv, const lines_t *lines, const residue_t *residue,
                            channel_t *channel, mrt_scalar_line_t *line)
{
    const uint32_t pixel = (uint32_t)conv->window->output_channels;
    const uint32_t low = ((uint32_t)residue->first * pixel) + channel->output;
    const uint32_t high = low + ((uint32_t)lines->across * pixel);
    const uint32_t span = (uint32_t)residue->outputs * line->next_output;
    ring_t ring = {0, 0};
    for (uint32_t i = 0u; i < lines->count; ++i) {
        gather_rows(conv, lines, residue, &ring, lines->y + (int32_t)i, channel->input);
        line->weights = weights_of(conv, channel, (uint32_t)ring.phase);
        line->weights_end = &line->weights[conv->weights];
        line->low = &output_row(conv, lines->row + i)[low];
        line->high = &output_row(conv, lines->row + i + lines->down)[high];
        line->low_end = &line->low[span];
        mrt_scalar_line_run(line);
        move_on(conv, &ring);
    }
}

/* How many steps from `column` on stay below `end`. */
static int32_t steps_below(int32_t column, int32_t end, int32_t step)
{
    const int32_t room = end - column;
    return (room <= 0) ? 0 : ((step == 1) ? room : (((room - 1) / step) + 1));
}

static int32_t least_of(int32_t a, int32_t b)
{
    return (a < b) ? a : b;
}

/* The columns of a residue, and the middle of them. */
static residue_t residue_of(const depthwise_t *conv, const lines_t *lines, int32_t first)
{
    const mrt_window_t *window = conv->window;
    const int32_t dilation = window->dilation_width;
    const int32_t outputs = steps_below(first, lines->width, dilation);
    const int32_t stride = (dilation == 1) ? window->stride_width : 1;
    const int32_t columns = ((outputs - 1) * stride) + window->kernel_width;
    const int32_t apart = lines->across * window->stride_width;
    const int32_t origin = (first * window->stride_width) - window->padding_left;
    const int32_t lead = least_of(steps_below(origin, 0, dilation), columns);
    const int32_t column = origin + (lead * dilation);
    const int32_t middle = least_of(steps_below(column, window->input_width - apart, dilation), columns - lead);
    const uint32_t offset = (middle > 0) ? ((uint32_t)column * (uint32_t)window->input_channels) : 0u;
    const residue_t residue = {
        .first = first,
        .outputs = outputs,
        .columns = columns,
        .lead = lead,
        .middle = middle,
        .low_offset = offset,
        .high_offset = offset + ((middle > 0) ? ((uint32_t)apart * (uint32_t)window->input_channels) : 0u),
    };
    return residue;
}

/* What no row changes: columns outside the image for both lanes, and the word behind the last column, which windows of
 * an odd number of taps read, times 0. */
static void fill(const depthwise_t *conv, const residue_t *residue)
{
    const uint32_t height = (uint32_t)conv->window->kernel_height;
    const uint32_t begin = (uint32_t)residue->lead * height;
    const uint32_t end = (uint32_t)(residue->lead + residue->middle) * height;
    const uint32_t all = (uint32_t)residue->columns * height;
    const uint32_t point = mrt_scalar_word(conv->point, conv->point);
    for (uint32_t i = 0u; i < begin; ++i) {
        conv->words[i] = point;
    }
    for (uint32_t i = end; i <= all; ++i) {
        conv->words[i] = point;
    }
}

/* The residues of one channel. */
static void compute_channel(const depthwise_t *conv, const lines_t *lines, channel_t *channel, mrt_scalar_line_t *line)
{
    const mrt_window_t *window = conv->window;
    const int32_t dilation = window->dilation_width;
    channel->made = 0u;
    for (int32_t first = 0; (first < dilation) && (first < lines->width); ++first) {
        const residue_t residue = residue_of(conv, lines, first);
        fill(conv, &residue);
        compute_residue(conv, lines, &residue, channel, line);
    }
}

/* Pairs of rows, or halves of rows: whichever computes fewer outputs twice. */
static lines_t lines_of(const mrt_window_t *window, uint32_t row, uint32_t rows, bool may_pair)
{
    const uint32_t height = (uint32_t)window->output_height;
    const uint32_t width = (uint32_t)window->output_width;
    const uint32_t half_rows = (rows + 1u) / 2u;
    const uint32_t half_width = (width + 1u) / 2u;
    const bool pair = may_pair && (rows > 1u) && ((half_rows * width) <= (half_width * rows));
    const lines_t lines = {
        .row = row,
        .y = (int32_t)(row % height),
        .count = pair ? half_rows : rows,
        .down = pair ? (rows - half_rows) : 0u,
        .across = pair ? 0 : (int32_t)(width - half_width),
        .width = pair ? window->output_width : (int32_t)half_width,
        .image = (row / height) * (uint32_t)window->input_height,
    };
    return lines;
}

static uint32_t even(uint32_t count)
{
    return count + (count % 2u);
}

/* Words of a filter. */
static uint32_t filter_words(const mrt_depthwise_conv2d_s8_scalar_attrs_t *attrs)
{
    const uint32_t taps = (uint32_t)attrs->window.kernel_height * (uint32_t)attrs->window.kernel_width;
    return mrt_scalar_record_words(&attrs->scaling) + ((taps + 3u) / 4u);
}

/* All channels of some rows of one image. */
static void compute_rows(const depthwise_t *conv, const lines_t *lines, uint32_t words, mrt_scalar_line_t *line)
{
    const mrt_window_t *window = conv->window;
    const uint32_t *filter = mrt_input_row(conv->call, 1u, 0u); /* MISRA D1 */
    const uint32_t multiplier = (uint32_t)window->output_channels / (uint32_t)window->input_channels;
    uint32_t output = 0u;
    for (uint32_t input = 0u; input < (uint32_t)window->input_channels; ++input) {
        for (uint32_t i = 0u; i < multiplier; ++i) {
            channel_t channel = {output, input, (const int8_t *)&filter[line->scale.words], 0u};
            mrt_scalar_line_record(line, filter);
            compute_channel(conv, lines, &channel, line);
            filter = &filter[words];
            output += 1u;
        }
    }
}

/* Words that hold the columns under a line; sizes have been checked. */
static uint32_t column_words(const mrt_window_t *window, bool pair_rows)
{
    const int32_t width = pair_rows ? window->output_width : ((window->output_width + 1) / 2);
    const int32_t step = (window->dilation_width == 1) ? window->stride_width : 1;
    const uint32_t columns = (uint32_t)((width - 1) * step) + (uint32_t)window->kernel_width;
    return (columns * (uint32_t)window->kernel_height) + 1u;
}

mrt_status_t mrt_depthwise_conv2d_s8_scalar_run(const mrt_call_t *call)
{
    const mrt_depthwise_conv2d_s8_scalar_attrs_t *attrs = call->attrs; /* MISRA D1 */
    const mrt_window_t *window = &attrs->window;
    uint32_t *words = mrt_workspace(call); /* MISRA D1 */
    const mrt_tensor_t *input = mrt_call_input(call, 0u);
    const mrt_tensor_t *output = mrt_call_output(call, 0u);
    const bool input_adjoins = mrt_rows_adjoin(call, input, 0u, input->rows) == input->rows;
    const bool output_adjoins = mrt_rows_adjoin(call, output, 0u, output->rows) == output->rows;
    const depthwise_t conv = {
        .call = call,
        .window = window,
        .input = input_adjoins ? mrt_input_s8(call, 0u, 0u) : NULL,
        .output = output_adjoins ? mrt_output_s8(call, 0u, 0u) : NULL,
        .input_step = input->row_bytes,
        .output_step = output->row_bytes,
        .phases = (uint32_t)attrs->phases,
        .weights = even((uint32_t)window->kernel_height * (uint32_t)window->kernel_width),
        .words = words,
        .turned = &words[column_words(window, attrs->pair_rows == 1)],
        .point = (int8_t)attrs->input_point,
    };
    const uint32_t step = (window->dilation_width == 1) ? (uint32_t)window->stride_width : 1u;
    mrt_scalar_line_t line = {
        .scale = mrt_scalar_scale_of(&attrs->scaling),
        .words = words,
        .next_words = step * (uint32_t)window->kernel_height * (uint32_t)sizeof(uint32_t),
        .next_output = (uint32_t)window->dilation_width * (uint32_t)window->output_channels,
        .skip = mrt_scalar_line_skip(conv.weights / 2u),
    };
    uint32_t row = call->row_begin;
    while (row < call->row_end) {
        const uint32_t left = (uint32_t)window->output_height - (row % (uint32_t)window->output_height);
        const uint32_t asked = call->row_end - row;
        const uint32_t rows = (asked < left) ? asked : left;
        const lines_t lines = lines_of(window, row, rows, attrs->pair_rows == 1);
        compute_rows(&conv, &lines, filter_words(attrs), &line);
        row += rows;
    }
    return MRT_OK;
}

static bool phases_are_sound(const mrt_depthwise_conv2d_s8_scalar_attrs_t *attrs)
{
    const mrt_window_t *window = &attrs->window;
    const bool kept = (attrs->phases == window->kernel_height) && (attrs->phases <= PHASES_MAX)
                      && (window->dilation_height == 1);
    return (attrs->phases == 1) || kept;
}

/* Whether sizes are such that workspace and loops stay in range; the window itself is checked apart. */
static bool sizes_are_sound(const mrt_depthwise_conv2d_s8_scalar_attrs_t *attrs)
{
    const mrt_window_t *window = &attrs->window;
    const bool taps = mrt_check_range(window->kernel_height, 1, TAPS_MAX)
                      && mrt_check_range(window->kernel_width, 1, TAPS_MAX)
                      && ((window->kernel_height * window->kernel_width) <= TAPS_MAX);
    const bool steps = mrt_check_range(window->output_width, 1, INT16_MAX)
                       && mrt_check_range(window->stride_width, 1, TAPS_MAX)
                       && mrt_check_range(window->dilation_width, 1, INT16_MAX)
                       && ((window->stride_width == 1) || (window->dilation_width == 1));
    return taps && steps && phases_are_sound(attrs) && mrt_check_range(attrs->pair_rows, 0, 1);
}

uint32_t mrt_depthwise_conv2d_s8_scalar_workspace(const void *attrs)
{
    const mrt_depthwise_conv2d_s8_scalar_attrs_t *own = attrs; /* MISRA D1 */
    const mrt_window_t *window = &own->window;
    if (!sizes_are_sound(own)) {
        return 0u;
    }
    const uint32_t taps = even((uint32_t)window->kernel_height * (uint32_t)window->kernel_width);
    const uint64_t words = (uint64_t)column_words(window, own->pair_rows == 1) + (taps * (uint32_t)own->phases);
    return (words < (UINT32_C(1) << 29u)) ? ((uint32_t)words * (uint32_t)sizeof(uint32_t)) : (UINT32_C(1) << 31u);
}

static bool filters_are_sound(const mrt_call_t *call, const mrt_depthwise_conv2d_s8_scalar_attrs_t *attrs)
{
    const mrt_tensor_t *tensor = mrt_call_input(call, 1u);
    const uint64_t channels = (uint32_t)attrs->window.output_channels;
    const uint64_t words = filter_words(attrs);
    return (tensor->pool == (uint8_t)MRT_POOL_PARAMS)
           && mrt_check_elements(tensor, (uint32_t)MRT_DTYPE_S32, channels * words)
           && mrt_scalar_records_check(mrt_input_row(call, 1u, 0u), channels, words); /* MISRA D1 */
}

mrt_status_t mrt_depthwise_conv2d_s8_scalar_check(const mrt_call_t *call)
{
    const mrt_depthwise_conv2d_s8_scalar_attrs_t *attrs = call->attrs; /* MISRA D1 */
    const mrt_window_t *window = &attrs->window;
    if (!mrt_check_counts(call, 2u, 1u)) {
        return MRT_ERR_ATTRIBUTE;
    }
    const mrt_tensor_t *input = mrt_call_input(call, 0u);
    const mrt_tensor_t *output = mrt_call_output(call, 0u);
    return mrt_check_status(mrt_check_dtype(input, (uint32_t)MRT_DTYPE_S8)
                            && mrt_check_dtype(output, (uint32_t)MRT_DTYPE_S8)
                            && (mrt_window_check(window, input, output, 1u) == MRT_OK) && sizes_are_sound(attrs)
                            && ((window->output_channels % window->input_channels) == 0)
                            && mrt_scalar_scaling_check(&attrs->scaling) && filters_are_sound(call, attrs)
                            && mrt_check_range(attrs->input_point, -128, 127));
}
