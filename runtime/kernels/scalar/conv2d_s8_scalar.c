/* Convolution, int8, for cores without SIMD: any window; the patches of two pixels share words, which are multiplied
 * with all filters. Pixels go in pairs from row to row, so that narrow images fill the pairs too. */
#include "micrort/kernels.h"
#include "runtime/kernels/check.h"
#include "runtime/kernels/product.h"
#include "runtime/kernels/scalar/lanes.h"
#include "runtime/kernels/scalar/pixels.h"
#include "runtime/kernels/window.h"

#include <string.h>

/* Most elements of a patch; its words' bytes stay far below 2^31. */
#define PATCH_MAX (UINT32_C(1) << 24u)

/* What stays the same for all pixels of one call. */
typedef struct conv2d_scalar {
    const mrt_call_t *call;
    const mrt_window_t *window;
    uint32_t channels; /* of the input */
    uint32_t run;      /* elements of a tap row */
    uint32_t *words;
    int8_t *points; /* a tap row of zero points */
} conv2d_scalar_t;

/* Tap rows whose input rows are kept; those beyond are looked up at each use. */
#define ROWS_MAX 3

/* The input rows under one output row. */
typedef struct lines {
    mrt_taps_t taps;
    uint32_t first_row; /* of the image */
    const int8_t *rows[ROWS_MAX];
} lines_t;

/* A place in the output, and the input rows under it. */
typedef struct pixel_scalar {
    const lines_t *lines;
    int8_t *output;
    int32_t origin; /* input column of tap 0 */
} pixel_scalar_t;

/* The walk over all pixels of a call. Of two pixels one after the other each has the lines of its row. */
typedef struct cursor_scalar {
    lines_t lines[2];
    uint32_t current;
    uint32_t row;
    int32_t left; /* pixels in this row */
    pixel_scalar_t next;
} cursor_scalar_t;

static const int8_t *find_row(const conv2d_scalar_t *conv, const lines_t *lines, int32_t tap)
{
    const int32_t row = lines->taps.origin + (tap * conv->window->dilation_height);
    return mrt_input_s8(conv->call, 0u, lines->first_row + (uint32_t)row);
}

static MRT_NOINLINE void begin_row(const conv2d_scalar_t *conv, cursor_scalar_t *cursor)
{
    const mrt_window_t *window = conv->window;
    const uint32_t height = (uint32_t)window->output_height;
    const uint32_t y = cursor->row % height;
    cursor->current = 1u - cursor->current;
    lines_t *lines = &cursor->lines[cursor->current];
    lines->taps = mrt_window_taps((int32_t)y, window->stride_height, window->padding_top, window->dilation_height,
                                  window->kernel_height, window->input_height);
    lines->first_row = (cursor->row / height) * (uint32_t)window->input_height;
    for (int32_t tap = lines->taps.begin; (tap < lines->taps.end) && (tap < ROWS_MAX); ++tap) {
        lines->rows[tap] = find_row(conv, lines, tap);
    }
    cursor->next.lines = lines;
    cursor->next.output = mrt_output_s8(conv->call, 0u, cursor->row);
    cursor->next.origin = -window->padding_left;
    cursor->left = window->output_width;
}

static pixel_scalar_t next_pixel(const conv2d_scalar_t *conv, cursor_scalar_t *cursor)
{
    if (cursor->left == 0) {
        cursor->row += 1u;
        begin_row(conv, cursor);
    }
    const pixel_scalar_t pixel = cursor->next;
    cursor->next.output = &pixel.output[conv->window->output_channels];
    cursor->next.origin = pixel.origin + conv->window->stride_width;
    cursor->left -= 1;
    return pixel;
}

/* Whether all columns under a pixel lie in the image, one beside the other. */
static bool is_whole(const mrt_window_t *window, const pixel_scalar_t *pixel)
{
    return (window->dilation_width == 1) && (pixel->origin >= 0)
           && ((pixel->origin + window->kernel_width) <= window->input_width);
}

/* The elements of a tap row from column `column` on; zero points where they lie outside the image. */
static const int8_t *elements_of(const conv2d_scalar_t *conv, const pixel_scalar_t *pixel, int32_t tap_row, int32_t column)
{
    const lines_t *lines = pixel->lines;
    if ((tap_row < lines->taps.begin) || (tap_row >= lines->taps.end) || (column < 0)
        || (column >= conv->window->input_width)) {
        return conv->points;
    }
    const int8_t *line = (tap_row < ROWS_MAX) ? lines->rows[tap_row] : find_row(conv, lines, tap_row);
    return &line[(uint32_t)column * conv->channels];
}

/* Not inlined: its loop takes all registers. */
static MRT_NOINLINE uint32_t *join(const int8_t *a, const int8_t *b, uint32_t count, uint32_t *words)
{
    return mrt_scalar_join(a, b, count, words);
}

/* The patches of two pixels: by whole tap rows, or tap by tap at the borders. */
static MRT_NOINLINE void gather(const conv2d_scalar_t *conv, const pixel_scalar_t *a, const pixel_scalar_t *b)
{
    const mrt_window_t *window = conv->window;
    const bool whole = is_whole(window, a) && is_whole(window, b);
    const int32_t taps = whole ? 1 : window->kernel_width;
    const uint32_t count = whole ? conv->run : conv->channels;
    uint32_t *words = conv->words;
    for (int32_t row = 0; row < window->kernel_height; ++row) {
        int32_t column_a = a->origin;
        int32_t column_b = b->origin;
        for (int32_t left = taps; left > 0; --left) {
            const int8_t *from_a = elements_of(conv, a, row, column_a);
            const int8_t *from_b = elements_of(conv, b, row, column_b);
            if (count == 1u) {
                words[0] = mrt_scalar_word(*from_a, *from_b);
                words = &words[1];
            } else {
                words = join(from_a, from_b, count, words);
            }
            column_a += window->dilation_width;
            column_b += window->dilation_width;
        }
    }
}

mrt_status_t mrt_conv2d_s8_scalar_run(const mrt_call_t *call)
{
    const mrt_conv2d_s8_scalar_attrs_t *attrs = call->attrs; /* MISRA D1 */
    const mrt_window_t *window = &attrs->window;
    const uint32_t channels = (uint32_t)window->input_channels;
    const uint32_t run = (uint32_t)window->kernel_width * channels;
    const uint32_t patch = (uint32_t)window->kernel_height * run;
    const uint32_t elements = patch + (patch % 2u);
    uint32_t *words = mrt_workspace(call); /* MISRA D1 */
    const conv2d_scalar_t conv = {
        .call = call,
        .window = window,
        .channels = channels,
        .run = run,
        .words = words,
        .points = mrt_address_mut(words, elements * (uint32_t)sizeof(uint32_t)),
    };
    mrt_scalar_pixels_t pixels = {
        .words = words,
        .elements = elements,
        .groups = mrt_input_row(call, 1u, 0u),
        .channels = (uint32_t)window->output_channels,
    };
    mrt_scalar_scale_set(&pixels.scale, &attrs->scaling);
    pixels.plain = (attrs->plain == 1) ? (pixels.channels - (pixels.channels % MRT_SCALAR_GROUP)) : 0u;
    (void)memset(conv.points, attrs->input_point, run);
    words[elements - 1u] = 0u;
    cursor_scalar_t cursor;
    cursor.current = 0u;
    cursor.row = call->row_begin;
    begin_row(&conv, &cursor);
    const uint32_t count = (call->row_end - call->row_begin) * (uint32_t)window->output_width;
    for (uint32_t done = 0u; done < count; done += 2u) {
        const pixel_scalar_t a = next_pixel(&conv, &cursor);
        const pixel_scalar_t b = ((count - done) > 1u) ? next_pixel(&conv, &cursor) : a;
        gather(&conv, &a, &b);
        mrt_scalar_pixels_multiply(&pixels, a.output, b.output);
    }
    return MRT_OK;
}

/* Elements of a patch; those of patches that are too large count as too many. */
static uint32_t patch_of(const mrt_window_t *window)
{
    const uint64_t taps = (uint64_t)(uint32_t)window->kernel_height * (uint32_t)window->kernel_width;
    const uint64_t patch = (taps <= PATCH_MAX) ? (taps * (uint32_t)window->input_channels) : taps;
    return (patch <= PATCH_MAX) ? (uint32_t)patch : (PATCH_MAX + 1u);
}

uint32_t mrt_conv2d_s8_scalar_workspace(const void *attrs)
{
    const mrt_conv2d_s8_scalar_attrs_t *own = attrs; /* MISRA D1 */
    const uint32_t patch = patch_of(&own->window);
    const uint32_t run = (own->window.kernel_height > 0) ? (patch / (uint32_t)own->window.kernel_height) : 0u;
    const uint32_t words = patch + (patch % 2u) + ((run + 3u) / 4u);
    return words * (uint32_t)sizeof(uint32_t);
}

/* Whether input 1 holds the groups. */
static bool groups_are_sound(const mrt_call_t *call, const mrt_conv2d_s8_scalar_attrs_t *attrs)
{
    const mrt_tensor_t *tensor = mrt_call_input(call, 1u);
    const uint64_t patch = patch_of(&attrs->window);
    const uint64_t groups = ((uint64_t)(uint32_t)attrs->window.output_channels + (MRT_SCALAR_GROUP - 1u)) / MRT_SCALAR_GROUP;
    const uint32_t words = mrt_scalar_record_words(&attrs->scaling);
    const uint64_t step = (MRT_SCALAR_GROUP * (uint64_t)words) + ((patch + 1u) / 2u);
    if ((patch > PATCH_MAX) || (tensor->pool != (uint8_t)MRT_POOL_PARAMS)
        || !mrt_check_elements(tensor, (uint32_t)MRT_DTYPE_S32, groups * step)) {
        return false;
    }
    const uint32_t *records = mrt_input_row(call, 1u, 0u); /* MISRA D1 */
    const uint32_t *second = &records[words];
    if ((attrs->plain == 1) && ((patch > MRT_SCALAR_RUN_MAX) || mrt_scalar_records_exact(records, groups, step)
                                || mrt_scalar_records_exact(second, groups, step))) {
        return false;
    }
    return mrt_scalar_records_check(records, groups, step) && mrt_scalar_records_check(second, groups, step);
}

mrt_status_t mrt_conv2d_s8_scalar_check(const mrt_call_t *call)
{
    const mrt_conv2d_s8_scalar_attrs_t *attrs = call->attrs; /* MISRA D1 */
    return mrt_check_status(mrt_window_check(call, &attrs->window, 2u, (uint32_t)MRT_DTYPE_S8)
                            && mrt_scalar_scaling_check(&attrs->scaling) && groups_are_sound(call, attrs)
                            && mrt_check_range(attrs->plain, 0, 1)
                            && mrt_check_range(attrs->input_point, -128, 127));
}
