/* Convolution, int8, for cores with the DSP extension: any window; the patches of two pixels are widened, then
 * multiplied with all filters. Pixels go in pairs from row to row, so that narrow images fill the pairs too. */
#include "micrort/kernels.h"
#include "runtime/kernels/check.h"
#include "runtime/kernels/dsp/dot.h"
#include "runtime/kernels/dsp/intrinsics.h"
#include "runtime/kernels/dsp/products.h"
#include "runtime/kernels/window.h"

#include <string.h>

/* What stays the same for all pixels of one call. */
typedef struct conv2d_dsp {
    const mrt_call_t *call;
    const mrt_window_t *window;
    uint32_t channels; /* of the input */
    uint32_t run;      /* elements of a tap row */
    uint32_t patch;    /* elements of a patch, up to a whole word; those beyond it meet weights of 0 */
    uint32_t *lanes;
    int8_t *bytes; /* a tap row of zero points; or two patches, where channels come in no multiple of four */
    int8_t point;
    mrt_dsp_walk_t walk;
} conv2d_dsp_t;

/* An output row: the input rows under it, and the columns [begin, end) whose windows lie in the image as they are. */
typedef struct line {
    mrt_lines_t under;
    int32_t begin;
    int32_t end;
} line_t;

/* A place in the output. */
typedef struct pixel_dsp {
    const line_t *line;
    int32_t x;
    int32_t origin; /* input column of tap 0 */
    int8_t *to;
} pixel_dsp_t;

/* The walk over all pixels of a call. Of two pixels one after the other each has its line. */
typedef struct cursor_dsp {
    line_t lines[2];
    uint32_t current;
    uint32_t row;
    pixel_dsp_t next;
} cursor_dsp_t;

static void begin_row(const conv2d_dsp_t *conv, cursor_dsp_t *cursor)
{
    const mrt_window_t *window = conv->window;
    cursor->current = 1u - cursor->current;
    line_t *line = &cursor->lines[cursor->current];
    mrt_lines_make(&line->under, conv->call, window, cursor->row);
    const int32_t extent = ((window->kernel_width - 1) * window->dilation_width) + 1;
    const int32_t room = (window->input_width - extent) + window->padding_left;
    line->begin = ((window->padding_left + window->stride_width) - 1) / window->stride_width;
    line->end = (room < 0) ? 0 : ((room / window->stride_width) + 1);
    cursor->next = (pixel_dsp_t){line, 0, -window->padding_left, mrt_output_s8(conv->call, 0u, cursor->row)};
}

static inline pixel_dsp_t next_pixel(const conv2d_dsp_t *conv, cursor_dsp_t *cursor)
{
    if (cursor->next.x == conv->window->output_width) {
        cursor->row += 1u;
        begin_row(conv, cursor);
    }
    const pixel_dsp_t pixel = cursor->next;
    cursor->next.x += 1;
    cursor->next.origin += conv->window->stride_width;
    cursor->next.to = &cursor->next.to[conv->window->output_channels];
    return pixel;
}

/* Whether all columns under a pixel lie in the image. */
static inline bool is_inside(const pixel_dsp_t *pixel)
{
    return (pixel->x >= pixel->line->begin) && (pixel->x < pixel->line->end);
}

/* Whether they also lie one beside the other. */
static bool is_whole(const mrt_window_t *window, const pixel_dsp_t *pixel)
{
    return (window->dilation_width == 1) && is_inside(pixel);
}

/* The elements under a tap; zero points where it lies outside the image. */
static const int8_t *tap_of(const conv2d_dsp_t *conv, const pixel_dsp_t *pixel, int32_t tap_row, int32_t tap)
{
    const int32_t column = pixel->origin + (tap * conv->window->dilation_width);
    const mrt_taps_t *rows = &pixel->line->under.taps;
    if ((tap_row < rows->begin) || (tap_row >= rows->end) || (column < 0) || (column >= conv->window->input_width)) {
        return conv->bytes;
    }
    const int8_t *line = mrt_lines_row(&pixel->line->under, tap_row); /* MISRA D1 */
    return &line[column * conv->window->input_channels];
}

/* Widens patches from the image: by whole tap rows, or tap by tap at the borders. b is null for one pixel. */
static void widen_taps(const conv2d_dsp_t *conv, const pixel_dsp_t *a, const pixel_dsp_t *b)
{
    const mrt_window_t *window = conv->window;
    const bool whole = is_whole(window, a) && ((b == NULL) || is_whole(window, b));
    const int32_t step = whole ? window->kernel_width : 1;
    const uint32_t count = whole ? conv->run : conv->channels;
    uint32_t *lanes = conv->lanes;
    for (int32_t row = 0; row < window->kernel_height; ++row) {
        for (int32_t tap = 0; tap < window->kernel_width; tap += step) {
            const int8_t *from = tap_of(conv, a, row, tap);
            lanes = (b == NULL) ? mrt_dsp_widen_one(from, count, lanes)
                                : mrt_dsp_widen_two(from, tap_of(conv, b, row, tap), count, lanes);
        }
    }
}

/* Copies few elements, by words while there are four. */
static inline int8_t *copy_few(int8_t *to, const int8_t *from, uint32_t count)
{
    uint32_t done = 0u;
    while ((count - done) >= 4u) {
        const uint32_t word = mrt_dsp_load(&from[done]);
        (void)memcpy(&to[done], &word, sizeof(word)); /* MISRA D7 */
        done += 4u;
    }
    while (done < count) {
        to[done] = from[done];
        ++done;
    }
    return &to[count];
}

static inline int8_t *fill_few(int8_t *to, int8_t point, uint32_t count)
{
    for (uint32_t i = 0u; i < count; ++i) {
        to[i] = point;
    }
    return &to[count];
}

/* Copies the patch of any pixel to bytes without gaps. */
static void gather_any(const conv2d_dsp_t *conv, const pixel_dsp_t *pixel, int8_t *patch)
{
    const mrt_window_t *window = conv->window;
    const mrt_taps_t taps = mrt_window_taps(pixel->x, window->stride_width, window->padding_left,
                                            window->dilation_width, window->kernel_width, window->input_width);
    const int32_t step = (window->dilation_width == 1) ? (taps.end - taps.begin) : 1;
    const uint32_t count = (uint32_t)step * conv->channels;
    int8_t *to = patch;
    for (int32_t row = 0; row < window->kernel_height; ++row) {
        /* A window that misses the image has no taps, wherever they would begin. */
        const bool inside = (taps.begin < taps.end) && (row >= pixel->line->under.taps.begin)
                            && (row < pixel->line->under.taps.end);
        const int32_t begin = inside ? taps.begin : window->kernel_width;
        const int32_t end = inside ? taps.end : window->kernel_width;
        to = fill_few(to, conv->point, (uint32_t)begin * conv->channels);
        for (int32_t tap = begin; tap < end; tap += step) {
            to = copy_few(to, tap_of(conv, pixel, row, tap), count);
        }
        const int32_t behind = window->kernel_width - end;
        to = fill_few(to, conv->point, (uint32_t)behind * conv->channels);
    }
}

/* Where the tap rows under a pixel begin: in the image, or in a copy of the patch. */
typedef struct source {
    const void *const *rows; /* null for a copy */
    uint32_t first;          /* element of a row in the image */
    const int8_t *copy;      /* tap rows without gaps */
} source_t;

/* The tap rows of a pixel; copied to `room` where some of them leave the image. */
static inline source_t source_of(const conv2d_dsp_t *conv, const pixel_dsp_t *pixel, int8_t *room)
{
    const int32_t height = conv->window->kernel_height;
    const mrt_taps_t *rows = &pixel->line->under.taps;
    source_t source = {NULL, 0u, room};
    if (is_whole(conv->window, pixel) && ((rows->end - rows->begin) == height) && (height <= MRT_LINES_MAX)) {
        source.rows = pixel->line->under.rows;
        source.first = (uint32_t)pixel->origin * conv->channels;
    } else {
        gather_any(conv, pixel, room);
    }
    return source;
}

static inline const int8_t *source_row(const source_t *source, uint32_t row, uint32_t run)
{
    if (source->rows == NULL) {
        return &source->copy[row * run];
    }
    const int8_t *line = source->rows[row]; /* MISRA D1 */
    return &line[source->first];
}

/* Widens the patches of two pixels: whole words of each tap row; what is left of the rows as soon as it fills words. */
static void widen_rows(const conv2d_dsp_t *conv, const source_t *a, const source_t *b)
{
    const uint32_t height = (uint32_t)conv->window->kernel_height;
    const uint32_t words = conv->run / 4u;
    const uint32_t rest = conv->run % 4u;
    uint32_t *lanes = conv->lanes;
    uint32_t left_a = 0u; /* elements that fill no word yet, the first lowest */
    uint32_t left_b = 0u;
    uint32_t shift = 0u;
    for (uint32_t row = 0u; row < height; ++row) {
        const int8_t *from_a = source_row(a, row, conv->run);
        const int8_t *from_b = source_row(b, row, conv->run);
        for (uint32_t word = words; word > 0u; --word) {
            mrt_dsp_widen_quad(mrt_dsp_load(from_a), mrt_dsp_load(from_b), lanes);
            from_a = &from_a[4];
            from_b = &from_b[4];
            lanes = &lanes[MRT_DSP_LANES_TWO];
        }
        for (uint32_t i = 0u; i < rest; ++i) {
            const uint8_t element_a = (uint8_t)from_a[i];
            const uint8_t element_b = (uint8_t)from_b[i];
            left_a |= (uint32_t)element_a << shift;
            left_b |= (uint32_t)element_b << shift;
            shift += 8u;
            if (shift == 32u) {
                mrt_dsp_widen_quad(left_a, left_b, lanes);
                lanes = &lanes[MRT_DSP_LANES_TWO];
                left_a = 0u;
                left_b = 0u;
                shift = 0u;
            }
        }
    }
    if (shift != 0u) {
        mrt_dsp_widen_quad(left_a, left_b, lanes);
    }
}

static void compute_two(const conv2d_dsp_t *conv, cursor_dsp_t *cursor)
{
    const pixel_dsp_t a = next_pixel(conv, cursor);
    const pixel_dsp_t b = next_pixel(conv, cursor);
    if ((conv->channels % 4u) == 0u) {
        widen_taps(conv, &a, &b);
    } else {
        const source_t source_a = source_of(conv, &a, conv->bytes);
        const source_t source_b = source_of(conv, &b, &conv->bytes[conv->patch]);
        widen_rows(conv, &source_a, &source_b);
    }
    mrt_dsp_multiply_two(&conv->walk, (uint32_t)conv->window->output_channels, a.to, b.to);
}

/* One pixel; where patches are made row by row, as two times the same, whose second result nobody sees. */
static void compute_one(const conv2d_dsp_t *conv, cursor_dsp_t *cursor)
{
    const pixel_dsp_t a = next_pixel(conv, cursor);
    if ((conv->channels % 4u) == 0u) {
        widen_taps(conv, &a, NULL);
        mrt_dsp_multiply_one(&conv->walk, (uint32_t)conv->window->output_channels, a.to);
    } else {
        const source_t source = source_of(conv, &a, conv->bytes);
        widen_rows(conv, &source, &source);
        mrt_dsp_multiply_two(&conv->walk, (uint32_t)conv->window->output_channels, a.to, a.to);
    }
}

mrt_status_t mrt_conv2d_s8_dsp_run(const mrt_call_t *call)
{
    const mrt_conv2d_s8_dsp_attrs_t *attrs = call->attrs; /* MISRA D1 */
    const mrt_window_t *window = &attrs->window;
    const uint32_t channels = (uint32_t)window->input_channels;
    const uint32_t run = (uint32_t)window->kernel_width * channels;
    const uint32_t patch = (uint32_t)window->kernel_height * run;
    const uint32_t quads = mrt_dsp_quads(patch);
    uint32_t *lanes = mrt_workspace(call);                  /* MISRA D1 */
    const uint32_t *groups = mrt_input_row(call, 1u, 0u); /* MISRA D1 */
    int8_t *bytes = mrt_address_mut(lanes, mrt_dsp_lanes_bytes(quads, MRT_DSP_LANES_TWO)); /* MISRA D1 */
    const conv2d_dsp_t conv = {
        .call = call,
        .window = window,
        .channels = channels,
        .run = run,
        .patch = 4u * quads,
        .lanes = lanes,
        .bytes = bytes,
        .point = (int8_t)attrs->input_point,
        .walk = {lanes, groups, quads, mrt_dsp_step(attrs->output_point)},
    };
    cursor_dsp_t cursor;
    cursor.current = 0u;
    cursor.row = call->row_begin;
    begin_row(&conv, &cursor);
    if ((channels % 4u) == 0u) {
        (void)fill_few(conv.bytes, conv.point, run);
    }
    const uint32_t pixels = (call->row_end - call->row_begin) * (uint32_t)window->output_width;
    for (uint32_t pair = 0u; pair < (pixels / 2u); ++pair) {
        compute_two(&conv, &cursor);
    }
    if ((pixels % 2u) != 0u) {
        compute_one(&conv, &cursor);
    }
    mrt_dsp_clamp_rows(call, attrs->activation_min, attrs->activation_max);
    return MRT_OK;
}

/* Elements of a patch; those of patches that are too large count as too many. */
static uint32_t patch_of(const mrt_window_t *window)
{
    const uint64_t most = 4u * (uint64_t)MRT_DSP_QUADS_MAX;
    const uint64_t taps = (uint64_t)(uint32_t)window->kernel_height * (uint32_t)window->kernel_width;
    const uint64_t patch = (taps <= most) ? (taps * (uint32_t)window->input_channels) : taps;
    return (patch <= most) ? (uint32_t)patch : (uint32_t)(most + 1u);
}

uint32_t mrt_conv2d_s8_dsp_workspace(const void *attrs)
{
    const mrt_conv2d_s8_dsp_attrs_t *own = attrs; /* MISRA D1 */
    const uint32_t patch = patch_of(&own->window);
    /* A tap row is at most a patch, and each of two patches is whole words. */
    const bool by_taps = (own->window.input_channels % 4) == 0;
    const uint32_t run = (own->window.kernel_height > 0) ? (patch / (uint32_t)own->window.kernel_height) : 0u;
    const uint32_t bytes = by_taps ? run : (8u * mrt_dsp_quads(patch));
    return mrt_dsp_lanes_bytes(mrt_dsp_quads(patch), MRT_DSP_LANES_TWO) + bytes;
}

mrt_status_t mrt_conv2d_s8_dsp_check(const mrt_call_t *call)
{
    const mrt_conv2d_s8_dsp_attrs_t *attrs = call->attrs; /* MISRA D1 */
    const mrt_window_t *window = &attrs->window;
    if (!mrt_check_counts(call, 2u, 1u)) {
        return MRT_ERR_ATTRIBUTE;
    }
    const mrt_tensor_t *input = mrt_call_input(call, 0u);
    const mrt_tensor_t *output = mrt_call_output(call, 0u);
    return mrt_check_status(mrt_check_dtype(input, (uint32_t)MRT_DTYPE_S8)
                            && mrt_check_dtype(output, (uint32_t)MRT_DTYPE_S8)
                            && (mrt_window_check(window, input, output, 1u) == MRT_OK)
                            && mrt_dsp_groups_check(call, 1u, (uint32_t)window->output_channels, patch_of(window))
                            && mrt_check_range(attrs->input_point, -128, 127)
                            && mrt_check_range(attrs->output_point, -128, 127)
                            && mrt_check_range(attrs->activation_min, -128, attrs->activation_max)
                            && mrt_check_range(attrs->activation_max, -128, 127));
}
