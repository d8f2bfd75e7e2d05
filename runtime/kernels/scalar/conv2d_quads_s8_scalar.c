/* Convolution, int8, for cores without SIMD: any window; a patch at a time, as words, times four channels at once. */
#include "micrort/kernels.h"
#include "runtime/kernels/check.h"
#include "runtime/kernels/product.h"
#include "runtime/kernels/scalar/quads.h"
#include "runtime/kernels/window.h"

/* Most elements of a patch; its words' bytes stay far below 2^31. */
#define PATCH_MAX (UINT32_C(1) << 24u)

/* What stays the same for all pixels of one row of outputs. */
typedef struct quads_row {
    const mrt_window_t *window;
    uint32_t channels; /* of the input */
    uint32_t run;      /* elements of a tap row */
    uint32_t *words;
    int32_t point;
    mrt_lines_t lines;
} quads_row_t;

static uint32_t *fill(uint32_t *words, uint32_t count, int32_t point)
{
    for (uint32_t i = 0u; i < count; ++i) {
        words[i] = (uint32_t)point;
    }
    return &words[count];
}

/* A tap row: columns from `origin` on, some of them outside the image. */
static uint32_t *gather_columns(const quads_row_t *row, const int8_t *line, int32_t origin, uint32_t *words)
{
    const mrt_window_t *window = row->window;
    uint32_t *to = words;
    int32_t column = origin;
    for (int32_t tap = 0; tap < window->kernel_width; ++tap) {
        if ((column < 0) || (column >= window->input_width)) {
            to = fill(to, row->channels, row->point);
        } else {
            to = mrt_scalar_quads_widen(&line[(uint32_t)column * row->channels], row->channels, to);
        }
        column += window->dilation_width;
    }
    return to;
}

/* The patch whose columns begin with `origin`. */
static MRT_NOINLINE void gather(const quads_row_t *row, int32_t origin)
{
    const mrt_window_t *window = row->window;
    const bool adjoin = (window->dilation_width == 1) && (origin >= 0)
                        && ((origin + window->kernel_width) <= window->input_width);
    uint32_t *words = row->words;
    for (int32_t tap = 0; tap < window->kernel_height; ++tap) {
        if ((tap < row->lines.taps.begin) || (tap >= row->lines.taps.end)) {
            words = fill(words, row->run, row->point);
        } else {
            const int8_t *line = mrt_lines_row(&row->lines, tap); /* MISRA D1 */
            words = adjoin ? mrt_scalar_quads_widen(&line[(uint32_t)origin * row->channels], row->run, words)
                           : gather_columns(row, line, origin, words);
        }
    }
}

/* Likewise, where all rows and columns lie in the image. */
static MRT_NOINLINE void gather_inside(const quads_row_t *row, int32_t origin)
{
    const uint32_t first = (uint32_t)origin * row->channels;
    uint32_t *words = row->words;
    for (int32_t tap = 0; tap < row->lines.taps.end; ++tap) {
        const int8_t *line = row->lines.rows[tap]; /* MISRA D1 */
        words = mrt_scalar_quads_widen(&line[first], row->run, words);
    }
}

/* The pixels of a row of outputs. */
static void multiply_row(const quads_row_t *row, mrt_scalar_quads_t *quads, int8_t *output)
{
    const mrt_window_t *window = row->window;
    const uint32_t channels = (uint32_t)window->output_channels;
    const bool whole = (window->dilation_width == 1) && (window->kernel_height <= MRT_LINES_MAX)
                       && ((row->lines.taps.end - row->lines.taps.begin) == window->kernel_height);
    const int32_t last = whole ? (window->input_width - window->kernel_width) : -1;
    int32_t origin = -window->padding_left;
    int8_t *pixel = output;
    for (int32_t left = window->output_width; left > 0; --left) {
        if ((origin >= 0) && (origin <= last)) {
            gather_inside(row, origin);
        } else {
            gather(row, origin);
        }
        mrt_scalar_quads_multiply(quads, pixel);
        pixel = &pixel[channels];
        origin += window->stride_width;
    }
}

/* Elements of a patch, and one more if they are odd; those of patches that are too large count as too many. */
static uint32_t patch_of(const mrt_window_t *window)
{
    const uint64_t taps = (uint64_t)(uint32_t)window->kernel_height * (uint32_t)window->kernel_width;
    const uint64_t patch = (taps <= PATCH_MAX) ? (taps * (uint32_t)window->input_channels) : taps;
    const uint64_t elements = patch + (patch % 2u);
    return (elements <= PATCH_MAX) ? (uint32_t)elements : (PATCH_MAX + 2u);
}

mrt_status_t mrt_conv2d_quads_s8_scalar_run(const mrt_call_t *call)
{
    const mrt_conv2d_quads_s8_scalar_attrs_t *attrs = call->attrs; /* MISRA D1 */
    const mrt_window_t *window = &attrs->window;
    const uint32_t elements = patch_of(window);
    const uint32_t rest = (uint32_t)window->output_channels % MRT_SCALAR_QUAD;
    quads_row_t row = {
        .window = window,
        .channels = (uint32_t)window->input_channels,
        .run = (uint32_t)window->kernel_width * (uint32_t)window->input_channels,
        .words = mrt_workspace(call),
        .point = attrs->input_point,
    };
    mrt_scalar_quads_t quads = {
        .shared = mrt_scalar_apart(&attrs->scaling),
        .words = row.words,
        .words_end = &row.words[elements],
        .elements = elements,
        .groups = mrt_input_row(call, 1u, 0u),
        .whole = (uint32_t)window->output_channels - rest,
        .rest = rest,
        .skip = mrt_scalar_quads_skip(elements / 2u),
    };
    row.words[elements - 1u] = 0u;
    for (uint32_t y = call->row_begin; y < call->row_end; ++y) {
        mrt_lines_make(&row.lines, call, window, y);
        multiply_row(&row, &quads, mrt_output_s8(call, 0u, y));
    }
    return MRT_OK;
}

uint32_t mrt_conv2d_quads_s8_scalar_workspace(const void *attrs)
{
    const mrt_conv2d_quads_s8_scalar_attrs_t *own = attrs; /* MISRA D1 */
    return patch_of(&own->window) * (uint32_t)sizeof(uint32_t);
}

/* Whether input 1 holds the groups, and windows of eight fill the patch. */
static bool groups_are_sound(const mrt_call_t *call, const mrt_conv2d_quads_s8_scalar_attrs_t *attrs)
{
    const mrt_tensor_t *tensor = mrt_call_input(call, 1u);
    const uint32_t elements = patch_of(&attrs->window);
    const uint64_t channels = (uint64_t)(uint32_t)attrs->window.output_channels;
    const uint64_t groups = (channels + (MRT_SCALAR_QUAD - 1u)) / MRT_SCALAR_QUAD;
    const uint64_t step = MRT_SCALAR_QUAD_WEIGHTS + (2u * (uint64_t)elements);
    if ((elements > PATCH_MAX) || (tensor->pool != (uint8_t)MRT_POOL_PARAMS)
        || !mrt_check_elements(tensor, (uint32_t)MRT_DTYPE_S32, groups * step)) {
        return false;
    }
    const uint32_t *words = mrt_input_row(call, 1u, 0u); /* MISRA D1 */
    bool sound = true;
    for (uint64_t group = 0u; group < groups; ++group) {
        const uint32_t windows = words[(group * step) + MRT_SCALAR_QUAD_WINDOWS];
        sound = sound && ((windows == 0u) || ((elements % MRT_SCALAR_QUAD_EIGHT) == 0u));
    }
    return sound;
}

mrt_status_t mrt_conv2d_quads_s8_scalar_check(const mrt_call_t *call)
{
    const mrt_conv2d_quads_s8_scalar_attrs_t *attrs = call->attrs; /* MISRA D1 */
    return mrt_check_status(mrt_window_check(call, &attrs->window, 2u, (uint32_t)MRT_DTYPE_S8)
                            && mrt_scalar_apart_check(&attrs->scaling)
                            && mrt_check_range(attrs->input_point, -128, 127) && groups_are_sound(call, attrs));
}
