/* Depthwise convolution, int8, for cores without SIMD: channel by channel, two outputs at a time. The elements under a
 * line of outputs are gathered into words column by column, so that those under one output lie one behind the other;
 * two outputs that share words are two rows apart by half the rows asked for, or half a row. A row of the input takes
 * one place in each column; with phases, rows stay in their places while the window moves on over them, and the weights
 * are turned instead.
 *
 * Images that are one column wide become images that are one row high, where their rows adjoin: all elements under a
 * channel are gathered at once then. */
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

/* Words of a window, which a column's takes as a row's, in front of the others. */
#define WINDOW_WORDS ((uint32_t)(sizeof(mrt_window_t) / sizeof(uint32_t)))

/* Most rows of a column that have no halves. */
#define ROWS_IN_FULL 3u

/* Where a call is: one struct, since few registers leave little to pass on. */
typedef struct depthwise_scalar {
    /* The same for the whole call. */
    const mrt_call_t *call;
    const mrt_window_t *window;
    const int8_t *input; /* row 0, where all rows lie at one step; else null: each is looked up */
    int8_t *output;      /* likewise */
    uint32_t input_step;
    uint32_t output_step;
    uint32_t *turned; /* weights, phase by phase */
    uint32_t step;    /* elements from a column of a residue to the next */
    uint16_t weights; /* of a phase: an even number of words */
    uint8_t phases;
    int8_t point;
    /* Rows of one image, in lines; a line has two lanes of outputs. */
    int32_t top;     /* input row under tap row 0 of the first line; may lie above the image */
    uint16_t row;    /* first output row */
    uint16_t lines;  /* how many */
    uint16_t down;   /* output rows from the low lane to the high lane */
    uint16_t across; /* columns of the output, likewise */
    uint16_t image;  /* first input row of the image */
    /* Columns of one residue of the dilation; those in the middle lie inside the image for both lanes. */
    uint16_t lead;      /* columns in front of the middle */
    uint16_t middle;    /* columns in the middle, or 0 */
    uint16_t left;      /* columns of the lead that lie inside for the high lane: the first, */
    uint16_t left_end;  /* and behind the last */
    uint16_t right_end; /* behind the last column that lies inside for the low lane; the middle's end at least */
    uint32_t low;       /* element of an input row in the first column behind the lead */
    uint32_t high;      /* the same for the high lane */
    /* A channel. */
    uint32_t place; /* element of an output row that is the low lane's first */
    uint32_t input_channel;
    uint32_t made; /* a bit for each phase whose weights are there */
    mrt_scalar_line_t line;
} depthwise_scalar_t;

/* Rows of tensors whose rows lie anywhere: apart, since they are the exception. */
static MRT_NOINLINE const int8_t *spread_input(const depthwise_scalar_t *conv, uint32_t row)
{
    return mrt_input_s8(conv->call, 0u, row);
}

static MRT_NOINLINE int8_t *spread_output(const depthwise_scalar_t *conv, uint32_t row)
{
    return mrt_output_s8(conv->call, 0u, row);
}

/* An input row of the image; null where it lies outside. */
static inline const int8_t *row_of(const depthwise_scalar_t *conv, int32_t row)
{
    if ((row < 0) || (row >= conv->window->input_height)) {
        return NULL;
    }
    const uint32_t index = (uint32_t)conv->image + (uint32_t)row;
    return (conv->input != NULL) ? &conv->input[index * conv->input_step] : spread_input(conv, index);
}

static inline int8_t *output_row(const depthwise_scalar_t *conv, uint32_t row)
{
    return (conv->output != NULL) ? &conv->output[row * conv->output_step] : spread_output(conv, row);
}

/* `count` columns of a row of each lane as words, from `to` on; null: they lie outside the image. */
static MRT_NOINLINE void gather(const depthwise_scalar_t *conv, const int8_t *low, const int8_t *high, uint32_t count,
                                uint32_t *to)
{
    mrt_scalar_lane_t lanes[2] = {{&conv->point, 0u}, {&conv->point, 0u}};
    if (low != NULL) {
        lanes[0] = (mrt_scalar_lane_t){low, conv->step};
    }
    if (high != NULL) {
        lanes[1] = (mrt_scalar_lane_t){high, conv->step};
    }
    mrt_scalar_join_lanes(lanes, count, to, (uint32_t)conv->window->kernel_height * (uint32_t)sizeof(uint32_t));
}

/* The element of the channel in a row, `ahead` columns of the residue behind the lead; null outside the image. */
static inline const int8_t *element_of(const depthwise_scalar_t *conv, const int8_t *row, uint32_t first, int32_t ahead)
{
    return (row != NULL) ? &row[first + ((uint32_t)ahead * conv->step) + conv->input_channel] : NULL;
}

/* Columns of which only the high lane lies inside the image; `to` is the row's place in the first of all columns. */
static MRT_NOINLINE void gather_left(const depthwise_scalar_t *conv, const int8_t *high, uint32_t *to)
{
    const int8_t *first = element_of(conv, high, conv->high, (int32_t)conv->left - (int32_t)conv->lead);
    const uint32_t count = (uint32_t)conv->left_end - conv->left;
    gather(conv, NULL, first, count, &to[conv->left * (uint32_t)conv->window->kernel_height]);
}

/* Likewise of the low lane. */
static MRT_NOINLINE void gather_right(const depthwise_scalar_t *conv, const int8_t *low, uint32_t *to)
{
    const uint32_t right = (uint32_t)conv->lead + conv->middle;
    const int8_t *last = element_of(conv, low, conv->low, (int32_t)conv->middle);
    gather(conv, last, NULL, conv->right_end - right, &to[right * (uint32_t)conv->window->kernel_height]);
}

/* The tap rows of a line from `kept` on; tap row 0 has place `phase` in each column. */
static MRT_NOINLINE void gather_rows(const depthwise_scalar_t *conv, int32_t top, int32_t kept, int32_t phase)
{
    const int32_t height = conv->window->kernel_height;
    const int32_t down = (int32_t)conv->down * conv->window->stride_height;
    const uint32_t middle = conv->lead * (uint32_t)height;
    int32_t row = top + (kept * conv->window->dilation_height);
    for (int32_t tap = kept; tap < height; ++tap) {
        const int32_t place = phase + tap;
        uint32_t *to = &conv->line.words[(place < height) ? place : (place - height)];
        const int8_t *low = row_of(conv, row);
        const int8_t *high = (down == 0) ? low : row_of(conv, row + down);
        gather(conv, element_of(conv, low, conv->low, 0), element_of(conv, high, conv->high, 0), conv->middle, &to[middle]);
        if (conv->across != 0u) {
            gather_left(conv, high, to);
            gather_right(conv, low, to);
        }
        row += conv->window->dilation_height;
    }
}

/* The weights of a phase: tap row 0 lies in place `phase` of each column. */
static MRT_NOINLINE void turn_weights(depthwise_scalar_t *conv, uint32_t phase, uint32_t *words)
{
    const uint32_t height = (uint32_t)conv->window->kernel_height;
    const int8_t *from = (const int8_t *)&conv->line.record[conv->line.scale.words];
    words[conv->weights - 1u] = 0u;
    for (uint32_t column = 0u; column < (uint32_t)conv->window->kernel_width; ++column) {
        uint32_t place = phase;
        for (uint32_t tap = 0u; tap < height; ++tap) {
            words[(column * height) + place] = (uint32_t)(int32_t)from[tap];
            place = ((place + 1u) < height) ? (place + 1u) : 0u;
        }
        from = &from[height];
    }
    conv->made |= UINT32_C(1) << phase;
}

/* The lines of one channel in one residue. */
static MRT_NOINLINE void compute_lines(depthwise_scalar_t *conv, uint32_t outputs)
{
    const uint32_t span = outputs * conv->line.next_output;
    int32_t top = conv->top;
    int32_t kept = 0; /* tap rows that are there already */
    int32_t phase = 0;
    for (uint32_t i = 0u; i < conv->lines; ++i) {
        gather_rows(conv, top, kept, phase);
        uint32_t *weights = &conv->turned[(uint32_t)phase * conv->weights];
        if (((conv->made >> (uint32_t)phase) & 1u) == 0u) {
            turn_weights(conv, (uint32_t)phase, weights);
        }
        const uint32_t row = conv->row + i;
        const uint32_t high = conv->place + (conv->across * (uint32_t)conv->window->output_channels);
        conv->line.weights = weights;
        conv->line.weights_end = &weights[conv->weights];
        conv->line.low = &output_row(conv, row)[conv->place];
        conv->line.high = &output_row(conv, row + conv->down)[high];
        conv->line.low_end = &conv->line.low[span];
        mrt_scalar_line_run(&conv->line);
        const int32_t height = conv->window->kernel_height;
        const int32_t stride = conv->window->stride_height;
        top += stride;
        if ((conv->phases > 1u) && (stride < height)) {
            kept = height - stride;
            phase += stride;
            phase -= (phase >= height) ? height : 0;
        }
    }
}

/* How many steps from `column` on stay below `end`. */
static MRT_NOINLINE int32_t steps_below(int32_t column, int32_t end, int32_t step)
{
    const int32_t room = end - column;
    return (room <= 0) ? 0 : ((step == 1) ? room : (((room - 1) / step) + 1));
}

static int32_t least_of(int32_t a, int32_t b)
{
    return (a < b) ? a : b;
}

/* Outputs of a row that a lane makes. */
static int32_t width_of(const depthwise_scalar_t *conv)
{
    return conv->window->output_width - (int32_t)conv->across;
}

/* What no row changes: of all `columns`, those outside the image for both lanes, and the word behind the last, which
 * windows of an odd number of taps read, times 0. */
static MRT_NOINLINE void fill(const depthwise_scalar_t *conv, uint32_t columns)
{
    const uint32_t height = (uint32_t)conv->window->kernel_height;
    const uint32_t begin = conv->lead * height;
    const uint32_t end = begin + (conv->middle * height);
    const uint32_t all = columns * height;
    const uint32_t point = mrt_scalar_word(conv->point, conv->point);
    for (uint32_t i = 0u; i < begin; ++i) {
        conv->line.words[i] = point;
    }
    for (uint32_t i = end; i <= all; ++i) {
        conv->line.words[i] = point;
    }
}

/* The columns of the residue that begins with output `first`, those outside the image filled; returns the outputs of a
 * lane. */
static MRT_NOINLINE uint32_t set_residue(depthwise_scalar_t *conv, int32_t first)
{
    const mrt_window_t *window = conv->window;
    const int32_t dilation = window->dilation_width;
    const int32_t outputs = steps_below(first, width_of(conv), dilation);
    const int32_t stride = (dilation == 1) ? window->stride_width : 1;
    const int32_t apart = (int32_t)conv->across * window->stride_width;
    const int32_t origin = (first * window->stride_width) - window->padding_left;
    const int32_t columns = ((outputs - 1) * stride) + window->kernel_width;
    const int32_t lead = least_of(steps_below(origin, 0, dilation), columns);
    const int32_t column = origin + (lead * dilation);
    const int32_t middle = least_of(steps_below(column, window->input_width - apart, dilation), columns - lead);
    const int32_t right = least_of(steps_below(origin, window->input_width, dilation), columns);
    const int32_t middle_end = lead + middle;
    const uint32_t pixel = (uint32_t)window->input_channels;
    conv->place = (uint32_t)first * (uint32_t)window->output_channels;
    conv->lead = (uint16_t)lead;
    conv->middle = (uint16_t)middle;
    conv->low = (uint32_t)column * pixel;
    conv->high = conv->low + ((uint32_t)apart * pixel);
    conv->left = (uint16_t)least_of(steps_below(origin + apart, 0, dilation), lead);
    conv->left_end = (uint16_t)least_of(steps_below(origin + apart, window->input_width, dilation), lead);
    conv->right_end = (uint16_t)((right < middle_end) ? middle_end : right);
    fill(conv, (uint32_t)columns);
    return (uint32_t)outputs;
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

/* All channels of the rows in one residue. */
static void compute_channels(depthwise_scalar_t *conv, uint32_t outputs)
{
    const mrt_depthwise_conv2d_s8_scalar_attrs_t *attrs = conv->call->attrs; /* MISRA D1 */
    const uint32_t *filter = mrt_input_row(conv->call, 1u, 0u);              /* MISRA D1 */
    const uint32_t words = filter_words(attrs);
    const uint32_t channels = (uint32_t)conv->window->input_channels;
    const uint32_t multiplier = (uint32_t)conv->window->output_channels / channels;
    for (conv->input_channel = 0u; conv->input_channel < channels; ++conv->input_channel) {
        for (uint32_t i = 0u; i < multiplier; ++i) {
            mrt_scalar_line_record(&conv->line, filter);
            conv->made = 0u;
            compute_lines(conv, outputs);
            filter = &filter[words];
            conv->place += 1u;
        }
    }
}

/* All channels of the rows. */
static void compute_rows(depthwise_scalar_t *conv)
{
    for (int32_t first = 0; (first < conv->window->dilation_width) && (first < width_of(conv)); ++first) {
        compute_channels(conv, set_residue(conv, first));
    }
}

/* Whether halves of a row share words: they have columns that lie inside for one lane only, which cost more than the
 * outputs of a short row. There both lanes are the same. */
static bool has_halves(const mrt_window_t *window)
{
    const int32_t half = (window->output_width + 1) / 2;
    return (window->output_width - half) > window->kernel_height;
}

/* What shares words in rows `row` and so on of one image: `lines`, where not 0, are pairs of rows. */
static MRT_NOINLINE void set_lanes(depthwise_scalar_t *conv, uint32_t row, uint32_t rows, uint32_t lines)
{
    const mrt_window_t *window = conv->window;
    const bool halves = (lines == 0u) && has_halves(window);
    conv->row = (uint16_t)row;
    conv->lines = (uint16_t)((lines != 0u) ? lines : rows);
    conv->down = (uint16_t)((lines != 0u) ? (rows - lines) : 0u);
    conv->across = (uint16_t)(halves ? (window->output_width / 2) : 0);
}

/* The first input row of the image that output row `row` belongs to. */
static uint16_t image_of(const mrt_window_t *window, uint32_t row)
{
    const uint32_t first = (row / (uint32_t)window->output_height) * (uint32_t)window->input_height;
    return (uint16_t)first;
}

/* Rows of one image, in pairs of rows or in halves of rows: whichever computes fewer outputs twice. */
static MRT_NOINLINE void set_rows(depthwise_scalar_t *conv, uint32_t row, uint32_t rows, bool may_pair)
{
    const mrt_window_t *window = conv->window;
    const uint32_t width = (uint32_t)window->output_width;
    const uint32_t half_rows = (rows + 1u) / 2u;
    const uint32_t half_width = (width + 1u) / 2u;
    const bool pair = may_pair && (rows > 1u) && ((half_rows * width) <= (half_width * rows));
    set_lanes(conv, row, rows, pair ? half_rows : 0u);
    conv->image = image_of(window, row);
    const uint32_t y = row % (uint32_t)window->output_height;
    conv->top = ((int32_t)y * window->stride_height) - window->padding_top;
}

/* Words that hold the columns under a line; sizes have been checked. */
static MRT_NOINLINE uint32_t column_words(const mrt_window_t *window, bool pair_rows)
{
    const int32_t half = (window->output_width + 1) / 2;
    const int32_t width = (!pair_rows && has_halves(window)) ? half : window->output_width;
    const int32_t step = (window->dilation_width == 1) ? window->stride_width : 1;
    const uint32_t columns = (((uint32_t)width - 1u) * (uint32_t)step) + (uint32_t)window->kernel_width;
    return (columns * (uint32_t)window->kernel_height) + 1u;
}

/* Whether images are one column wide, and as rows have windows that this kernel takes, none of whose columns lies under
 * no output. */
static bool is_column(const mrt_window_t *window)
{
    return (window->input_width == 1) && (window->output_width == 1) && (window->kernel_width == 1)
           && (window->padding_left == 0) && ((window->stride_height == 1) || (window->dilation_height == 1))
           && (window->stride_height <= window->kernel_height);
}

/* The window of `rows` rows, the first of them row `y` of its image, of an image that is one column wide, as that of an
 * image that is one row high. Padding is negative where the input begins above the first window. */
static MRT_NOINLINE mrt_window_t turned_window(const mrt_window_t *window, uint32_t rows, uint32_t y)
{
    mrt_window_t turned = *window;
    turned.input_height = 1;
    turned.input_width = window->input_height;
    turned.output_height = 1;
    turned.output_width = (int32_t)rows;
    turned.kernel_height = 1;
    turned.kernel_width = window->kernel_height;
    turned.stride_height = 1;
    turned.stride_width = window->stride_height;
    turned.dilation_height = 1;
    turned.dilation_width = window->dilation_height;
    turned.padding_top = 0;
    turned.padding_left = window->padding_top - ((int32_t)y * window->stride_height);
    return turned;
}

/* Takes a window, and the workspace from `words` on. */
static MRT_NOINLINE void set_window(depthwise_scalar_t *conv, const mrt_window_t *window, uint32_t *words, bool pair_rows)
{
    const uint32_t step = (window->dilation_width == 1) ? (uint32_t)window->stride_width : 1u;
    conv->window = window;
    conv->turned = &words[column_words(window, pair_rows)];
    conv->step = (uint32_t)window->dilation_width * (uint32_t)window->input_channels;
    conv->line.words = words;
    conv->line.next_words = step * (uint32_t)window->kernel_height * (uint32_t)sizeof(uint32_t);
    conv->line.next_output = (uint32_t)window->dilation_width * (uint32_t)window->output_channels;
}

/* Rows of one image that is one column wide, as one row. */
static MRT_NOINLINE void set_column(depthwise_scalar_t *conv, const mrt_window_t *window, uint32_t row, uint32_t rows)
{
    mrt_window_t *turned = mrt_workspace(conv->call); /* MISRA D1 */
    uint32_t *words = mrt_workspace(conv->call);      /* MISRA D1 */
    *turned = turned_window(window, rows, row % (uint32_t)window->output_height);
    set_window(conv, turned, &words[WINDOW_WORDS], false);
    conv->phases = 1u;
    set_lanes(conv, row, 1u, 0u);
    conv->image = image_of(window, row);
    conv->top = 0;
}

static MRT_NOINLINE bool rows_adjoin(const mrt_call_t *call, const mrt_tensor_t *tensor)
{
    return mrt_rows_adjoin(call, tensor, 0u, tensor->rows) == tensor->rows;
}

/* Begins the call. */
static MRT_NOINLINE void begin_call(depthwise_scalar_t *conv, const mrt_call_t *call)
{
    const mrt_depthwise_conv2d_s8_scalar_attrs_t *attrs = call->attrs; /* MISRA D1 */
    const mrt_window_t *window = &attrs->window;
    const mrt_tensor_t *input = mrt_call_input(call, 0u);
    const mrt_tensor_t *output = mrt_call_output(call, 0u);
    const uint32_t weights = even((uint32_t)window->kernel_height * (uint32_t)window->kernel_width);
    conv->call = call;
    conv->input = rows_adjoin(call, input) ? mrt_input_s8(call, 0u, 0u) : NULL;
    conv->output = rows_adjoin(call, output) ? mrt_output_s8(call, 0u, 0u) : NULL;
    conv->input_step = input->row_bytes;
    conv->output_step = output->row_bytes;
    conv->weights = (uint16_t)weights;
    conv->phases = (uint8_t)attrs->phases;
    conv->point = (int8_t)attrs->input_point;
    set_window(conv, window, mrt_workspace(call), attrs->pair_rows == 1);
    mrt_scalar_scale_set(&conv->line.scale, &attrs->scaling);
    conv->line.skip = mrt_scalar_line_skip(weights / 2u);
}

/* Turns to the rows from `row` on that the call asks for in one image; returns how many. */
static MRT_NOINLINE uint32_t set_image(depthwise_scalar_t *conv, uint32_t row)
{
    const mrt_depthwise_conv2d_s8_scalar_attrs_t *attrs = conv->call->attrs; /* MISRA D1 */
    const mrt_window_t *window = &attrs->window;
    const uint32_t left = (uint32_t)window->output_height - (row % (uint32_t)window->output_height);
    const uint32_t asked = conv->call->row_end - row;
    const uint32_t rows = (asked < left) ? asked : left;
    if ((conv->input != NULL) && (conv->output != NULL) && is_column(window)) {
        set_column(conv, window, row, rows);
    } else {
        set_rows(conv, row, rows, attrs->pair_rows == 1);
    }
    return rows;
}

/* What sets up is in functions of its own: its locals are gone when lines are computed. */
mrt_status_t mrt_depthwise_conv2d_s8_scalar_run(const mrt_call_t *call)
{
    depthwise_scalar_t conv;
    begin_call(&conv, call);
    uint32_t row = call->row_begin;
    while (row < conv.call->row_end) {
        row += set_image(&conv, row);
        compute_rows(&conv);
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

/* Words for a column as a row, of however many of its rows: few of them take more words than some more do, in halves. */
static MRT_ONCE uint32_t row_words(const mrt_window_t *window)
{
    const uint32_t height = (uint32_t)window->output_height;
    const mrt_window_t all = turned_window(window, height, 0u);
    const mrt_window_t few = turned_window(window, (height < ROWS_IN_FULL) ? height : ROWS_IN_FULL, 0u);
    const uint32_t words = column_words(&all, false);
    const uint32_t least = column_words(&few, false);
    return WINDOW_WORDS + ((words > least) ? words : least) + even((uint32_t)window->kernel_height);
}

uint32_t mrt_depthwise_conv2d_s8_scalar_workspace(const void *attrs)
{
    const mrt_depthwise_conv2d_s8_scalar_attrs_t *own = attrs; /* MISRA D1 */
    const mrt_window_t *window = &own->window;
    if (!sizes_are_sound(own)) {
        return 0u;
    }
    const uint32_t taps = even((uint32_t)window->kernel_height * (uint32_t)window->kernel_width);
    const uint32_t turned = taps * (uint32_t)own->phases;
    uint64_t words = (uint64_t)column_words(window, own->pair_rows == 1) + turned;
    const uint64_t as_row = is_column(window) ? row_words(window) : 0u;
    words = (as_row > words) ? as_row : words;
    return (words < (UINT32_C(1) << 29u)) ? ((uint32_t)words * (uint32_t)sizeof(uint32_t)) : (UINT32_C(1) << 31u);
}

static bool filters_are_sound(const mrt_call_t *call, const mrt_depthwise_conv2d_s8_scalar_attrs_t *attrs)
{
    const mrt_tensor_t *tensor = mrt_call_input(call, 1u);
    const uint64_t channels = (uint32_t)attrs->window.output_channels;
    const uint64_t words = filter_words(attrs);
    return (tensor->pool == (uint8_t)MRT_POOL_PARAMS)
           && mrt_check_elements(tensor, (uint32_t)MRT_DTYPE_S32, channels * words)
           && mrt_scalar_records_check(mrt_input_row(call, 1u, 0u), channels, words);
}

mrt_status_t mrt_depthwise_conv2d_s8_scalar_check(const mrt_call_t *call)
{
    const mrt_depthwise_conv2d_s8_scalar_attrs_t *attrs = call->attrs; /* MISRA D1 */
    const mrt_window_t *window = &attrs->window;
    return mrt_check_status(mrt_window_check(call, window, 2u, (uint32_t)MRT_DTYPE_S8) && sizes_are_sound(attrs)
                            && ((window->output_channels % window->input_channels) == 0)
                            && mrt_scalar_scaling_check(&attrs->scaling) && filters_are_sound(call, attrs)
                            && mrt_check_range(attrs->input_point, -128, 127));
}
