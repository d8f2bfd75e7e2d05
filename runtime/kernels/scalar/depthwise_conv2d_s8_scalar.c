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
    uint32_t phases;
    uint32_t weights; /* of a phase: an even number of words */
    uint32_t *words;
    uint32_t *turned; /* weights, phase by phase */
    int8_t point;
    mrt_scalar_scale_t scale;
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
    const uint32_t *record;
    const int8_t *weights;
    uint32_t made; /* a bit for each phase whose weights are there */
} channel_t;

/* Columns of one residue of the dilation. */
typedef struct residue {
    int32_t first;   /* output */
    int32_t outputs; /* of a lane */
    int32_t columns;
} residue_t;

/* The input row under tap row `tap` of a line in the lane `down` rows below; null where it lies outside the image. */
static const int8_t *row_of(const depthwise_t *conv, const lines_t *lines, int32_t y, int32_t tap)
{
    const mrt_window_t *window = conv->window;
    const int32_t row = ((y * window->stride_height) - window->padding_top) + (tap * window->dilation_height);
    if ((row < 0) || (row >= window->input_height)) {
        return NULL;
    }
    return mrt_input_s8(conv->call, 0u, lines->image + (uint32_t)row);
}

/* The element of a channel in a column; the zero point outside the image. */
static int32_t element_of(const depthwise_t *conv, const int8_t *row, int32_t column, uint32_t channel)
{
    const bool inside = (row != NULL) && (column >= 0) && (column < conv->window->input_width);
    return inside ? row[((uint32_t)column * (uint32_t)conv->window->input_channels) + channel] : conv->point;
}

/* Words of columns that lie inside for both lanes. */
static MRT_NOINLINE void join_inside(const int8_t *low, const int8_t *high, uint32_t step, uint32_t count,
                                     uint32_t *to, uint32_t to_step)
{
    const int8_t *a = low;
    const int8_t *b = high;
    uint32_t *place = to;
    for (uint32_t left = count; left > 0u; --left) {
        *place = mrt_scalar_word(*a, *b);
        a = &a[step];
        b = &b[step];
        place = &place[to_step];
    }
}

/* Columns from the first output's first tap on, as words; `place` is the row's place in a column. */
static void gather(const depthwise_t *conv, const lines_t *lines, const residue_t *residue, const int8_t *rows[2],
                   uint32_t channel, uint32_t place)
{
    const mrt_window_t *window = conv->window;
    const uint32_t height = (uint32_t)window->kernel_height;
    const int32_t step = window->dilation_width;
    const int32_t apart = lines->across * window->stride_width;
    const int32_t first = (residue->first * window->stride_width) - window->padding_left;
    uint32_t *to = &conv->words[place];
    int32_t column = first;
    int32_t left = residue->columns;
    while (left > 0) {
        const int32_t room = (window->input_width - apart) - column;
        if ((rows[0] != NULL) && (rows[1] != NULL) && (column >= 0) && (room > 0)) {
            const int32_t fitting = (step == 1) ? room : (((room - 1) / step) + 1);
            const int32_t count = (fitting < left) ? fitting : left;
            const uint32_t pixel = (uint32_t)window->input_channels;
            join_inside(&rows[0][((uint32_t)column * pixel) + channel],
                        &rows[1][((uint32_t)(column + apart) * pixel) + channel], (uint32_t)step * pixel,
                        (uint32_t)count, to, height);
            to = &to[(uint32_t)count * height];
            column += count * step;
            left -= count;
        } else {
            *to = mrt_scalar_word(element_of(conv, rows[0], column, channel),
                                  element_of(conv, rows[1], column + apart, channel));
            to = &to[height];
            column += step;
            left -= 1;
        }
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

/* The lines of one channel in one residue. */
static MRT_NOINLINE void compute_residue(const depthwise_t *conv, const lines_t *lines, const residue_t *residue,
                                         channel_t *channel)
{
    const mrt_window_t *window = conv->window;
    const int32_t height = window->kernel_height;
    const uint32_t pixel = (uint32_t)window->output_channels;
    const uint32_t column = ((uint32_t)residue->first * pixel) + channel->output;
    int32_t kept = 0; /* tap rows that are there already */
    int32_t phase = 0;
    mrt_scalar_line_t line = {
        .words = conv->words,
        .windows = conv->weights / 2u,
        .next_words = (window->dilation_width == 1) ? (uint32_t)(window->stride_width * height) : (uint32_t)height,
        .next_output = (uint32_t)window->dilation_width * pixel,
        .outputs = (uint32_t)residue->outputs,
    };
    for (uint32_t i = 0u; i < lines->count; ++i) {
        const int32_t y = lines->y + (int32_t)i;
        for (int32_t tap = kept; tap < height; ++tap) {
            const int32_t turned = phase + tap;
            const int8_t *rows[2] = {row_of(conv, lines, y, tap), row_of(conv, lines, y + (int32_t)lines->down, tap)};
            gather(conv, lines, residue, rows, channel->input, (uint32_t)((turned < height) ? turned : (turned - height)));
        }
        line.weights = weights_of(conv, channel, (uint32_t)phase);
        line.low = &mrt_output_s8(conv->call, 0u, lines->row + i)[column];
        line.high = &mrt_output_s8(conv->call, 0u, lines->row + i + lines->down)[column + ((uint32_t)lines->across * pixel)];
        mrt_scalar_line_run(&line, &conv->scale, channel->record);
        if (conv->phases > 1u) {
            kept = (height > window->stride_height) ? (height - window->stride_height) : 0;
            phase += (kept > 0) ? window->stride_height : 0;
            phase -= (phase >= height) ? height : 0;
        }
    }
}

/* The residues of one channel. */
static void compute_channel(const depthwise_t *conv, const lines_t *lines, channel_t *channel)
{
    const mrt_window_t *window = conv->window;
    const int32_t dilation = window->dilation_width;
    channel->made = 0u;
    for (int32_t first = 0; (first < dilation) && (first < lines->width); ++first) {
        const int32_t outputs = (((lines->width - first) - 1) / dilation) + 1;
        const int32_t step = (dilation == 1) ? window->stride_width : 1;
        const residue_t residue = {first, outputs, ((outputs - 1) * step) + window->kernel_width};
        /* Behind the last column, an odd number of taps reads one more word, times 0. */
        conv->words[(uint32_t)residue.columns * (uint32_t)window->kernel_height] = 0u;
        compute_residue(conv, lines, &residue, channel);
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
static void compute_rows(const depthwise_t *conv, const mrt_depthwise_conv2d_s8_scalar_attrs_t *attrs,
                         const lines_t *lines)
{
    const mrt_window_t *window = conv->window;
    const uint32_t *filter = mrt_input_row(conv->call, 1u, 0u); /* MISRA D1 */
    const uint32_t words = filter_words(attrs);
    const uint32_t multiplier = (uint32_t)window->output_channels / (uint32_t)window->input_channels;
    uint32_t output = 0u;
    for (uint32_t input = 0u; input < (uint32_t)window->input_channels; ++input) {
        for (uint32_t i = 0u; i < multiplier; ++i) {
            channel_t channel = {output, input, filter, (const int8_t *)&filter[conv->scale.words], 0u};
            compute_channel(conv, lines, &channel);
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
    const depthwise_t conv = {
        .call = call,
        .window = window,
        .phases = (uint32_t)attrs->phases,
        .weights = even((uint32_t)window->kernel_height * (uint32_t)window->kernel_width),
        .words = words,
        .turned = &words[column_words(window, attrs->pair_rows == 1)],
        .point = (int8_t)attrs->input_point,
        .scale = mrt_scalar_scale_of(&attrs->scaling),
    };
    uint32_t row = call->row_begin;
    while (row < call->row_end) {
        const uint32_t left = (uint32_t)window->output_height - (row % (uint32_t)window->output_height);
        const uint32_t asked = call->row_end - row;
        const uint32_t rows = (asked < left) ? asked : left;
        const lines_t lines = lines_of(window, row, rows, attrs->pair_rows == 1);
        compute_rows(&conv, attrs, &lines);
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
