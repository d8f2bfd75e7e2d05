#include "runtime/kernels/dsp/planes.h"

#include "runtime/kernels/dsp/intrinsics.h"
#include "runtime/kernels/dsp/taps.h"

mrt_dsp_order_t mrt_dsp_order_of(const mrt_window_t *window, bool transposed)
{
    const uint32_t taps = (uint32_t)(transposed ? window->kernel_height : window->kernel_width);
    const uint32_t stride = (uint32_t)(transposed ? window->stride_height : window->stride_width);
    const uint32_t dilation = (uint32_t)(transposed ? window->dilation_height : window->dilation_width);
    const uint32_t pairs = (taps + 1u) / 2u;
    if ((stride == 1u) && (dilation == 1u)) {
        const uint32_t steps = (taps / 2u) + 1u;
        return (mrt_dsp_order_t){true, 1u, 2u, steps, 1u, 1u, steps};
    }
    if (((2u * dilation) % stride) == 0u) {
        const uint32_t next = (2u * dilation) / stride;
        return (mrt_dsp_order_t){false, dilation, stride, pairs, 1u, next, (pairs - 1u) * next};
    }
    return (mrt_dsp_order_t){false, dilation, stride, pairs, pairs, 0u, 0u};
}

mrt_dsp_extents_t mrt_dsp_extents_of(const mrt_window_t *window, bool transposed, int32_t rows)
{
    const uint32_t inner = (uint32_t)(transposed ? rows : window->output_width);
    const uint32_t outer = (uint32_t)(transposed ? window->output_width : rows);
    const uint32_t stride = (uint32_t)(transposed ? window->stride_height : window->stride_width);
    const uint32_t taps = (uint32_t)(transposed ? window->kernel_height : window->kernel_width);
    const uint32_t dilation = (uint32_t)(transposed ? window->dilation_height : window->dilation_width);
    const uint32_t outer_stride = (uint32_t)(transposed ? window->stride_width : window->stride_height);
    const uint32_t outer_taps = (uint32_t)(transposed ? window->kernel_width : window->kernel_height);
    const uint32_t outer_dilation = (uint32_t)(transposed ? window->dilation_width : window->dilation_height);
    const uint32_t tiles = (inner + (MRT_DSP_LONG - 1u)) / MRT_DSP_LONG;
    const mrt_dsp_order_t order = mrt_dsp_order_of(window, transposed);
    mrt_dsp_extents_t extents;
    const uint32_t used = ((inner - 1u) * stride) + ((taps - 1u) * dilation) + 1u;
    extents.used_words = order.near ? ((used + 1u) / 2u) : (inner + order.behind);
    extents.lines = ((outer - 1u) * outer_stride) + ((outer_taps - 1u) * outer_dilation) + 1u;
    extents.array_words = (tiles * (order.near ? (MRT_DSP_LONG / 2u) : MRT_DSP_LONG)) + order.behind;
    extents.line_words = order.arrays * extents.array_words;
    return extents;
}

/* Words of lanes in lines, each from an element of `a` and one of `b`. */
typedef struct area {
    const int8_t *a; /* of the first word of the first line */
    const int8_t *b;
    uint32_t step_a; /* elements from a word's to the next one's */
    uint32_t step_b;
    uint32_t pitch_a; /* elements from a line's to the next one's */
    uint32_t pitch_b;
    uint32_t words;
    uint32_t lines;
    uint32_t step;  /* words of the plane from a word to the next */
    uint32_t pitch; /* and from a line to the next */
} area_t;

/* Four channels of an area to the planes. */
static MRT_NOINLINE void convert_four(const mrt_dsp_planes_t *planes, const area_t *area, uint32_t *to)
{
    const uint32_t plane = planes->plane_words;
    const int8_t *line_a = area->a;
    const int8_t *line_b = area->b;
    uint32_t *line = to;
    for (uint32_t left = area->lines; left > 0u; --left) {
        const int8_t *from_a = line_a;
        const int8_t *from_b = line_b;
        uint32_t *word = line;
        for (uint32_t i = area->words; i > 0u; --i) {
            const uint32_t a = mrt_dsp_load(from_a);
            const uint32_t b = mrt_dsp_load(from_b);
            const uint32_t low = mrt_dsp_pack_low(a, b);
            const uint32_t high = mrt_dsp_pack_high(a, b);
            word[0] = mrt_dsp_sxtb16(low);
            word[plane] = mrt_dsp_sxtb16_odd(low);
            word[2u * plane] = mrt_dsp_sxtb16(high);
            word[3u * plane] = mrt_dsp_sxtb16_odd(high);
            word = &word[area->step];
            from_a = &from_a[area->step_a];
            from_b = &from_b[area->step_b];
        }
        line = &line[area->pitch];
        line_a = &line_a[area->pitch_a];
        line_b = &line_b[area->pitch_b];
    }
}

/* The same of the last one to three channels. */
static MRT_NOINLINE void convert_few(const mrt_dsp_planes_t *planes, const area_t *area, uint32_t *to, uint32_t channels)
{
    for (uint32_t line = 0u; line < area->lines; ++line) {
        for (uint32_t i = 0u; i < area->words; ++i) {
            uint32_t *word = &to[(line * area->pitch) + (i * area->step)];
            for (uint32_t channel = 0u; channel < channels; ++channel) {
                const uint32_t a = (uint8_t)area->a[(line * area->pitch_a) + (i * area->step_a) + channel];
                const uint32_t b = (uint8_t)area->b[(line * area->pitch_b) + (i * area->step_b) + channel];
                word[channel * planes->plane_words] = mrt_dsp_sxtb16(a | (b << 16u));
            }
        }
    }
}

static void convert(const mrt_dsp_planes_t *planes, const area_t *area, uint32_t *to, uint32_t channels)
{
    if (channels == MRT_DSP_PLANES) {
        convert_four(planes, area, to);
    } else {
        convert_few(planes, area, to, channels);
    }
}

static inline uint32_t least_of(uint32_t a, uint32_t b)
{
    return (a < b) ? a : b;
}

/* Lines that lie equally far apart, or outside the image. */
typedef struct run {
    const int8_t *first; /* the first line's element at inner_begin; null outside */
    uint32_t pitch;
    uint32_t lines;
} run_t;

/* The lines from `line` on, of channel `channel`. */
static run_t run_of(const mrt_dsp_planes_t *planes, uint32_t line, uint32_t channel)
{
    const mrt_window_t *window = planes->window;
    const int32_t size = planes->transposed ? window->input_width : window->input_height;
    const int32_t place = planes->outer_origin + (int32_t)line;
    const uint32_t left = planes->extents.lines - line;
    const int32_t ahead = (place < 0) ? -place : (size - place);
    if (ahead <= 0) {
        return (run_t){NULL, 0u, left};
    }
    const uint32_t lines = least_of((uint32_t)ahead, left);
    if (place < 0) {
        return (run_t){NULL, 0u, lines};
    }
    if (planes->transposed) {
        const uint32_t pixel = (uint32_t)window->input_channels;
        return (run_t){&planes->first[((uint32_t)place * pixel) + channel], pixel, lines};
    }
    const mrt_tensor_t *tensor = mrt_call_input(planes->call, 0u);
    const uint32_t row = (uint32_t)planes->image + (uint32_t)place;
    const int8_t *first = mrt_input_s8(planes->call, 0u, row);
    const uint32_t end = mrt_rows_adjoin(planes->call, tensor, row, row + lines);
    return (run_t){&first[channel], tensor->row_bytes, end - row};
}

/* How many words from the one at `place` on are as it is: inside the image, or on the same side of it. */
static uint32_t words_alike(const mrt_dsp_planes_t *planes, int32_t place, int32_t end)
{
    if ((end <= 0) || (place >= end)) {
        return UINT32_MAX;
    }
    const int32_t ahead = (place < 0) ? -place : (end - place);
    return (((uint32_t)ahead + planes->next_word) - 1u) / planes->next_word;
}

/* Words of each line of a run, the first of which is at `origin`; of some, one element or both lie outside the image.
 * Those of which both do only with `borders`. */
static void convert_words(const mrt_dsp_planes_t *planes, const run_t *run, int32_t origin, uint32_t *to,
                          uint32_t channels, bool borders)
{
    const int8_t *point = mrt_address(&planes->point, 0u); /* MISRA D1 */
    const uint32_t step = planes->next_word * planes->pitch;
    const uint32_t apart = planes->apart * planes->pitch;
    const int32_t end = (run->first == NULL) ? 0 : planes->inner_end;
    area_t area = {.lines = run->lines, .step = 1u, .pitch = planes->extents.line_words};
    int32_t place = origin;
    for (uint32_t done = 0u; done < planes->extents.used_words; done += area.words) {
        const int32_t other = place + (int32_t)planes->apart;
        const bool has_a = (place >= 0) && (place < end);
        const bool has_b = (other >= 0) && (other < end);
        const uint32_t alike = least_of(words_alike(planes, place, end), words_alike(planes, other, end));
        const uint32_t from = ((uint32_t)place - (uint32_t)planes->inner_begin) * planes->pitch;
        area.words = least_of(planes->extents.used_words - done, alike);
        area.a = has_a ? &run->first[from] : point;
        area.b = has_b ? &run->first[from + apart] : point;
        area.step_a = has_a ? step : 0u;
        area.step_b = has_b ? step : 0u;
        area.pitch_a = has_a ? run->pitch : 0u;
        area.pitch_b = has_b ? run->pitch : 0u;
        if (has_a || has_b || borders) {
            convert(planes, &area, &to[done], channels);
        }
        const uint32_t passed = area.words * planes->next_word;
        place += (int32_t)passed;
    }
}

/* The inner index of the first element of an array. */
static int32_t origin_of(const mrt_dsp_planes_t *planes, uint32_t array)
{
    const uint32_t ahead = 2u * array * planes->apart;
    return planes->inner_origin + (int32_t)ahead;
}

/* Row `row` of the image from channel `channel` on; null outside the image and where no output depends on it. */
static const int8_t *row_of(const mrt_dsp_planes_t *planes, int32_t row, uint32_t channel)
{
    if ((row < 0) || (row >= planes->inner_end)) {
        return NULL;
    }
    const int8_t *elements = mrt_input_s8(planes->call, 0u, (uint32_t)planes->image + (uint32_t)row);
    return &elements[channel];
}

/* A word of all lines along the height, whose first element is in `row`: a pair of rows, column by column. */
static void convert_columns(const mrt_dsp_planes_t *planes, int32_t row, uint32_t *word, uint32_t channel,
                            uint32_t channels, bool borders)
{
    const int8_t *point = mrt_address(&planes->point, 0u); /* MISRA D1 */
    const int8_t *a = row_of(planes, row, channel);
    const int8_t *b = row_of(planes, row + (int32_t)planes->apart, channel);
    const uint32_t pixel = (uint32_t)planes->window->input_channels;
    const uint32_t lines = planes->extents.lines;
    const uint32_t step = planes->extents.line_words;
    const uint32_t first = least_of((uint32_t)(-planes->outer_origin), lines);
    const uint32_t count = least_of((uint32_t)planes->window->input_width, lines - first);
    const uint32_t behind = first + count;
    area_t area = {.a = (a != NULL) ? a : point, .b = (b != NULL) ? b : point, .lines = 1u, .step = step};
    area.step_a = (a != NULL) ? pixel : 0u;
    area.step_b = (b != NULL) ? pixel : 0u;
    area.words = count;
    convert(planes, &area, &word[first * step], channels);
    if (borders) {
        area.a = point;
        area.b = point;
        area.step_a = 0u;
        area.step_b = 0u;
        area.words = first;
        convert(planes, &area, word, channels);
        area.words = lines - behind;
        convert(planes, &area, &word[behind * step], channels);
    }
}

/* Channels `channel` to `channel` + `channels` - 1 to the planes, row by row of each line. */
static void convert_rows(const mrt_dsp_planes_t *planes, uint32_t channel, uint32_t channels, bool borders)
{
    for (uint32_t array = 0u; array < planes->arrays; ++array) {
        uint32_t *to = &planes->words[array * planes->extents.array_words];
        int32_t row = origin_of(planes, array);
        for (uint32_t word = 0u; word < planes->extents.used_words; ++word) {
            convert_columns(planes, row, &to[word], channel, channels, borders);
            row += (int32_t)planes->next_word;
        }
    }
}

/* The same, run by run of lines; what lies outside the image only with `borders`. */
static void convert_lines(const mrt_dsp_planes_t *planes, uint32_t channel, uint32_t channels, bool borders)
{
    run_t run;
    for (uint32_t line = 0u; line < planes->extents.lines; line += run.lines) {
        run = run_of(planes, line, channel);
        uint32_t *to = &planes->words[line * planes->extents.line_words];
        for (uint32_t array = 0u; (array < planes->arrays) && (borders || (run.first != NULL)); ++array) {
            convert_words(planes, &run, origin_of(planes, array), &to[array * planes->extents.array_words], channels,
                          borders);
        }
    }
}

void mrt_dsp_planes_make(const mrt_dsp_planes_t *planes, uint32_t channel, uint32_t channels, bool borders)
{
    if (planes->transposed && (planes->first == NULL)) {
        convert_rows(planes, channel, channels, borders);
    } else {
        convert_lines(planes, channel, channels, borders);
    }
}

void mrt_dsp_planes_begin(mrt_dsp_planes_t *planes, const mrt_call_t *call, uint32_t *words)
{
    const mrt_depthwise_conv2d_s8_dsp_attrs_t *attrs = call->attrs; /* MISRA D1 */
    const mrt_dsp_order_t order = mrt_dsp_order_of(&attrs->window, attrs->transposed == 1);
    planes->call = call;
    planes->window = &attrs->window;
    planes->words = words;
    planes->point = ((uint32_t)attrs->input_point & 0xFFu) * 0x01010101u;
    planes->transposed = attrs->transposed == 1;
    planes->near = order.near;
    planes->apart = (uint16_t)order.apart;
    planes->next_word = (uint16_t)order.next_word;
    planes->arrays = (uint16_t)order.arrays;
}

/* How the elements of a line lie: along the width, or, where outputs depend on inner indices below `past`, the height. */
static void set_lines(mrt_dsp_planes_t *planes, int32_t past)
{
    const mrt_window_t *window = planes->window;
    const mrt_tensor_t *tensor = mrt_call_input(planes->call, 0u);
    planes->inner_begin = 0u;
    planes->inner_end = window->input_width;
    planes->first = NULL;
    planes->pitch = (uint32_t)window->input_channels;
    if (planes->transposed) {
        const int32_t inside = (planes->inner_origin > 0) ? planes->inner_origin : 0;
        planes->inner_end = (past < window->input_height) ? past : window->input_height;
        if (inside < planes->inner_end) {
            planes->inner_begin = (uint16_t)inside;
            const uint32_t begin = (uint32_t)planes->image + planes->inner_begin;
            const uint32_t end = (uint32_t)planes->image + (uint32_t)planes->inner_end;
            if (mrt_rows_adjoin(planes->call, tensor, begin, end) == end) {
                planes->pitch = tensor->row_bytes;
                planes->first = mrt_input_s8(planes->call, 0u, begin);
            }
        }
    }
}

void mrt_dsp_planes_place(mrt_dsp_planes_t *planes, uint32_t row, uint32_t rows)
{
    const mrt_window_t *window = planes->window;
    const bool transposed = planes->transposed;
    const uint32_t height = (uint32_t)window->output_height;
    const uint32_t image = (row / height) * (uint32_t)window->input_height;
    const uint32_t y = row % height;
    const int32_t top = ((int32_t)y * window->stride_height) - window->padding_top;
    const int32_t outputs = ((int32_t)rows - 1) * window->stride_height;
    const int32_t past = top + outputs + ((window->kernel_height - 1) * window->dilation_height) + 1;
    planes->extents = mrt_dsp_extents_of(window, transposed, (int32_t)rows);
    planes->plane_words = planes->extents.lines * planes->extents.line_words;
    planes->image = (uint16_t)image;
    planes->outer_origin = transposed ? -window->padding_left : top;
    planes->inner_origin = transposed ? top : -window->padding_left;
    set_lines(planes, past);
}
