/* Depthwise convolution, int8, for cores without SIMD: windows of 3 x 3, channel by channel, two rows of outputs at a
 * time. The rows under several lines of outputs become a plane of words, so that narrow images pay for few planes. */
#include "micrort/kernels.h"
#include "runtime/kernels/check.h"
#include "runtime/kernels/scalar/lanes.h"
#include "runtime/kernels/scalar/plane.h"
#include "runtime/kernels/window.h"

#include <stddef.h>

/* Words of a filter: begin and end, factor and addend of its record; the rest and nine weights; the step. */
#define FILTER 7u

/* What begin and end count. */
#define UNIT 8

/* Largest stride along the width: lines of outputs then lie one behind the other in a plane. */
#define STRIDE_MAX 3

/* Most lines of a plane. */
#define LINES_MAX 4096

/* Where a call is. */
typedef struct planes_scalar {
    const mrt_call_t *call;
    const mrt_window_t *window;
    uint32_t *words;
    uint32_t pitch;       /* words of a row of a plane */
    uint32_t lead;        /* of these in front of the image */
    uint32_t columns;     /* and in the image */
    int32_t point;
    const int8_t *input;  /* row 0, where all rows of the input adjoin; else null */
    uint32_t row_bytes;   /* of the input */
    /* A plane: so many lines of two lanes from output row `row` on. */
    uint32_t row;
    uint32_t lines;
    uint32_t down;        /* output rows from low lanes to high lanes */
    int32_t top;          /* input row of the plane's first row in low lanes; may lie above the image */
    int32_t input_down;
    uint32_t image;       /* first input row of the image */
    uint32_t input_channel;
    mrt_scalar_plane_t plane;
} planes_scalar_t;

static uint32_t rows_under(const mrt_window_t *window, uint32_t lines)
{
    return ((lines - 1u) * (uint32_t)window->stride_height) + MRT_SCALAR_PLANE_SIDE;
}

static uint32_t pitch_of(const mrt_window_t *window)
{
    return (((uint32_t)window->output_width - 1u) * (uint32_t)window->stride_width) + MRT_SCALAR_PLANE_SIDE;
}

static bool is_inside(const planes_scalar_t *conv, int32_t row)
{
    return (row >= 0) && (row < conv->window->input_height);
}

static const int8_t *row_of(const planes_scalar_t *conv, int32_t row)
{
    const uint32_t index = conv->image + (uint32_t)row;
    const uint32_t offset = (index * conv->row_bytes) + conv->input_channel;
    return (conv->input != NULL) ? &conv->input[offset] : &mrt_input_s8(conv->call, 0u, index)[conv->input_channel];
}

static MRT_NOINLINE int8_t *output_row(const planes_scalar_t *conv, uint32_t row)
{
    return mrt_output_s8(conv->call, 0u, row);
}

/* A row of which only one lane, or none, lies in the image. */
static void join_border(const planes_scalar_t *conv, int32_t row, uint32_t *to)
{
    const uint32_t step = (uint32_t)conv->window->input_channels;
    if (is_inside(conv, row)) {
        const int8_t *low = row_of(conv, row);
        for (uint32_t i = 0u; i < conv->columns; ++i) {
            to[i] = mrt_scalar_word(low[i * step], conv->point);
        }
    } else if (is_inside(conv, row + conv->input_down)) {
        const int8_t *high = row_of(conv, row + conv->input_down);
        for (uint32_t i = 0u; i < conv->columns; ++i) {
            to[i] = mrt_scalar_word(conv->point, high[i * step]);
        }
    } else {
        /* Points lie there already. */
    }
}

/* The plane of a channel; its borders are there. */
static void join(const planes_scalar_t *conv)
{
    const uint32_t count = rows_under(conv->window, conv->lines);
    mrt_scalar_rows_t rows = {
        .step = (uint32_t)conv->window->input_channels,
        .columns = conv->columns,
        .row_bytes = conv->row_bytes,
        .gap = (conv->pitch - conv->columns) * (uint32_t)sizeof(uint32_t),
    };
    uint32_t *to = &conv->words[conv->lead];
    uint32_t done = 0u;
    while (done < count) {
        const int32_t low = conv->top + (int32_t)done;
        const int32_t high = low + conv->input_down;
        uint32_t made = 1u;
        if ((low >= 0) && is_inside(conv, high) && (conv->columns > 0u)) {
            const int32_t rows_below = conv->window->input_height - high;
            const uint32_t inside = (uint32_t)rows_below;
            const uint32_t left = count - done;
            made = (conv->input == NULL) ? 1u : ((inside < left) ? inside : left);
            rows.low = row_of(conv, low);
            rows.high = row_of(conv, high);
            rows.rows = made;
            rows.to = to;
            mrt_scalar_plane_join(&rows);
        } else {
            join_border(conv, low, to);
        }
        to = &to[made * conv->pitch];
        done += made;
    }
}

/* A half of a word, with its sign. */
static int32_t half_of(uint32_t word, uint32_t half)
{
    return (int16_t)(uint16_t)((word >> (16u * half)) & 0xFFFFu);
}

/* Takes a filter apart. */
static void set_filter(mrt_scalar_plane_t *plane, const uint32_t *filter, bool two_sided)
{
    const int8_t *bytes = (const int8_t *)&filter[3];
    const int32_t begin = half_of(filter[0], 0u) * UNIT;
    const int32_t end = (half_of(filter[0], 1u) * UNIT) + (UNIT - 1);
    for (uint32_t tap = 0u; tap < MRT_SCALAR_PLANE_TAPS; ++tap) {
        plane->weights[tap] = (uint32_t)(int32_t)bytes[2u + tap];
    }
    plane->record[0] = (uint32_t)begin;
    plane->record[1] = (uint32_t)end - (uint32_t)begin;
    plane->record[2] = (uint32_t)half_of(filter[3], 0u);
    plane->record[3] = filter[1];
    plane->record[4] = filter[2];
    plane->step = two_sided ? filter[FILTER - 1u] : 0u;
}

/* The outputs of a channel: at once from `low` and `high` on where their rows adjoin; else those are null. */
static void compute(planes_scalar_t *conv, uint32_t channel, int8_t *low, int8_t *high)
{
    mrt_scalar_plane_t *plane = &conv->plane;
    const uint32_t single = (low != NULL) ? conv->lines : 1u;
    const uint32_t line_words = (uint32_t)conv->window->stride_height * conv->pitch;
    for (uint32_t line = 0u; line < conv->lines; line += single) {
        plane->words = &conv->words[line * line_words];
        plane->low = (low != NULL) ? low : output_row(conv, conv->row + line);
        plane->high = (high != NULL) ? high : output_row(conv, conv->row + conv->down + line);
        plane->low = &plane->low[channel];
        plane->high = &plane->high[channel];
        plane->line_end = &plane->low[plane->line];
        plane->end = &plane->low[single * plane->line];
        mrt_scalar_plane_run(plane);
    }
}

/* All channels of a plane's lines. */
static void compute_lines(planes_scalar_t *conv, bool two_sided)
{
    const mrt_tensor_t *output = mrt_call_output(conv->call, 0u);
    const uint32_t end = conv->row + conv->down + conv->lines;
    const bool adjoin = mrt_rows_adjoin(conv->call, output, conv->row, end) == end;
    int8_t *low = adjoin ? output_row(conv, conv->row) : NULL;
    int8_t *high = adjoin ? output_row(conv, conv->row + conv->down) : NULL;
    const uint32_t channels = (uint32_t)conv->window->output_channels;
    const uint32_t multiplier = channels / (uint32_t)conv->window->input_channels;
    const uint32_t words = two_sided ? FILTER : (FILTER - 1u);
    const uint32_t *filter = mrt_input_row(conv->call, 1u, 0u); /* MISRA D1 */
    const uint32_t count = rows_under(conv->window, conv->lines) * conv->pitch;
    for (uint32_t i = 0u; i < count; ++i) {
        conv->words[i] = mrt_scalar_word(conv->point, conv->point);
    }
    uint32_t shared = 0u; /* channels of the output that the plane still serves */
    conv->input_channel = 0u;
    for (uint32_t channel = 0u; channel < channels; ++channel) {
        if (shared == 0u) {
            conv->input_channel = channel / multiplier;
            join(conv);
            shared = multiplier;
        }
        set_filter(&conv->plane, filter, two_sided);
        compute(conv, channel, low, high);
        filter = &filter[words];
        shared -= 1u;
    }
}

/* Rows of one image; those of low lanes are the first half. */
static void compute_rows(planes_scalar_t *conv, uint32_t row, uint32_t rows, const mrt_depthwise_planes_s8_scalar_attrs_t *attrs)
{
    const mrt_window_t *window = conv->window;
    const uint32_t height = (uint32_t)window->output_height;
    const uint32_t half = (rows + 1u) / 2u;
    const uint32_t lines = (uint32_t)attrs->lines;
    conv->down = rows - half;
    conv->input_down = (int32_t)conv->down * window->stride_height;
    conv->image = (row / height) * (uint32_t)window->input_height;
    for (uint32_t done = 0u; done < half; done += lines) {
        const uint32_t left = half - done;
        const uint32_t y = (row + done) % height;
        conv->row = row + done;
        conv->lines = (left < lines) ? left : lines;
        conv->top = ((int32_t)y * window->stride_height) - window->padding_top;
        compute_lines(conv, attrs->scaling.two_sided == 1);
    }
}

mrt_status_t mrt_depthwise_planes_s8_scalar_run(const mrt_call_t *call)
{
    const mrt_depthwise_planes_s8_scalar_attrs_t *attrs = call->attrs; /* MISRA D1 */
    const mrt_window_t *window = &attrs->window;
    const mrt_tensor_t *input = mrt_call_input(call, 0u);
    const uint32_t pitch = pitch_of(window);
    const uint32_t lead = ((uint32_t)window->padding_left < pitch) ? (uint32_t)window->padding_left : pitch;
    const uint32_t across = (uint32_t)window->input_width;
    const uint32_t channels = (uint32_t)window->output_channels;
    planes_scalar_t conv = {
        .call = call,
        .window = window,
        .words = mrt_workspace(call),
        .pitch = pitch,
        .lead = lead,
        .columns = (across < (pitch - lead)) ? across : (pitch - lead),
        .point = attrs->input_point,
        .input = (mrt_rows_adjoin(call, input, 0u, input->rows) == input->rows) ? mrt_input_s8(call, 0u, 0u) : NULL,
        .row_bytes = input->row_bytes,
        .plane = {
            .shared = mrt_scalar_apart(&attrs->scaling),
            .next_row = (pitch - MRT_SCALAR_PLANE_SIDE) * (uint32_t)sizeof(uint32_t),
            .next_output = (uint32_t)window->stride_width * (uint32_t)sizeof(uint32_t),
            .channels = channels,
            .line = (uint32_t)window->output_width * channels,
        },
    };
    const uint32_t line = (uint32_t)window->output_width * (uint32_t)window->stride_width;
    conv.plane.next_line = (((uint32_t)window->stride_height * pitch) - line) * (uint32_t)sizeof(uint32_t);
    uint32_t row = call->row_begin;
    while (row < call->row_end) {
        const uint32_t left = (uint32_t)window->output_height - (row % (uint32_t)window->output_height);
        const uint32_t asked = call->row_end - row;
        const uint32_t rows = (asked < left) ? asked : left;
        compute_rows(&conv, row, rows, attrs);
        row += rows;
    }
    return MRT_OK;
}

/* Whether the window is one of those, and its planes are not too large to count. */
static bool sizes_are_sound(const mrt_depthwise_planes_s8_scalar_attrs_t *attrs)
{
    const mrt_window_t *window = &attrs->window;
    return (window->kernel_height == (int32_t)MRT_SCALAR_PLANE_SIDE) && (window->kernel_width == (int32_t)MRT_SCALAR_PLANE_SIDE)
           && (window->dilation_height == 1) && (window->dilation_width == 1)
           && mrt_check_range(window->stride_width, 1, STRIDE_MAX) && mrt_check_range(window->stride_height, 1, INT16_MAX)
           && mrt_check_range(window->output_width, 1, INT16_MAX) && mrt_check_range(attrs->lines, 1, LINES_MAX);
}

uint32_t mrt_depthwise_planes_s8_scalar_workspace(const void *attrs)
{
    const mrt_depthwise_planes_s8_scalar_attrs_t *own = attrs; /* MISRA D1 */
    if (!sizes_are_sound(own)) {
        return 0u;
    }
    const uint64_t words = (uint64_t)rows_under(&own->window, (uint32_t)own->lines) * pitch_of(&own->window);
    return (words < (UINT32_C(1) << 29u)) ? ((uint32_t)words * (uint32_t)sizeof(uint32_t)) : (UINT32_C(1) << 31u);
}

static bool filters_are_sound(const mrt_call_t *call, const mrt_depthwise_planes_s8_scalar_attrs_t *attrs)
{
    const mrt_tensor_t *tensor = mrt_call_input(call, 1u);
    const uint64_t channels = (uint32_t)attrs->window.output_channels;
    const uint64_t words = (attrs->scaling.two_sided == 1) ? FILTER : (FILTER - 1u);
    return (tensor->pool == (uint8_t)MRT_POOL_PARAMS)
           && mrt_check_elements(tensor, (uint32_t)MRT_DTYPE_S32, channels * words);
}

mrt_status_t mrt_depthwise_planes_s8_scalar_check(const mrt_call_t *call)
{
    const mrt_depthwise_planes_s8_scalar_attrs_t *attrs = call->attrs; /* MISRA D1 */
    const mrt_window_t *window = &attrs->window;
    return mrt_check_status(mrt_window_check(call, window, 2u, (uint32_t)MRT_DTYPE_S8) && sizes_are_sound(attrs)
                            && ((window->output_channels % window->input_channels) == 0)
                            && mrt_scalar_apart_check(&attrs->scaling) && filters_are_sound(call, attrs)
                            && mrt_check_range(attrs->input_point, -128, 127));
}
