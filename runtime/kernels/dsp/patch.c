#include "runtime/kernels/dsp/patch.h"

#include "runtime/copy.h"
#include "runtime/kernels/check.h"
#include "runtime/kernels/dsp/products.h"
#include "runtime/kernels/window.h"

/* Copies elements, or the zero point where there are none. */
static void copy_elements(int8_t *to, const int8_t *from, uint32_t count, int32_t point)
{
    if (from != NULL) {
        mrt_copy(to, from, count);
    } else {
        for (uint32_t i = 0u; i < count; ++i) {
            to[i] = (int8_t)point;
        }
    }
}

/* Taps from `tap` on, in column `column`, that lie in the image one behind the other; at least 1. */
static int32_t taps_together(const mrt_window_t *window, int32_t tap, int32_t column)
{
    const int32_t room = window->input_width - column;
    const int32_t left = window->kernel_width - tap;
    const int32_t together = (room < left) ? room : left;
    return (window->dilation_width == 1) ? together : 1;
}

/* Copies what lies under a tap row whose first tap is in column `first` of `line`, which is null outside of the image. */
static int8_t *copy_row(const mrt_patch_s8_dsp_attrs_t *attrs, const int8_t *line, int32_t first, int8_t *to)
{
    const mrt_window_t *window = &attrs->window;
    const int32_t channels = window->input_channels;
    int32_t column = first;
    int8_t *next = to;
    int32_t taps;
    for (int32_t tap = 0; tap < window->kernel_width; tap += taps) {
        const bool there = (line != NULL) && (column >= 0) && (column < window->input_width);
        taps = there ? taps_together(window, tap, column) : 1;
        copy_elements(next, there ? &line[column * channels] : NULL, (uint32_t)taps * (uint32_t)channels,
                      attrs->input_point);
        next = &next[taps * channels];
        column += taps * window->dilation_width;
    }
    return next;
}

/* Copies what lies under the window of column `x` of an output row. */
static void copy_patch(const mrt_call_t *call, uint32_t output_row, int32_t x, int8_t *patch)
{
    const mrt_patch_s8_dsp_attrs_t *attrs = call->attrs; /* MISRA D1 */
    const mrt_window_t *window = &attrs->window;
    const uint32_t height = (uint32_t)window->output_height;
    const uint32_t image = output_row / height;
    const uint32_t y = output_row - (image * height);
    const uint32_t first = image * (uint32_t)window->input_height;
    const int32_t column = (x * window->stride_width) - window->padding_left;
    int32_t row = ((int32_t)y * window->stride_height) - window->padding_top;
    int8_t *to = patch;
    for (int32_t tap = 0; tap < window->kernel_height; ++tap) {
        const bool inside = (row >= 0) && (row < window->input_height);
        to = copy_row(attrs, inside ? mrt_input_s8(call, 0u, first + (uint32_t)row) : NULL, column, to);
        row += window->dilation_height;
    }
}

mrt_status_t mrt_dsp_patch_run(const mrt_call_t *call, mrt_dsp_pixel_t pixel)
{
    const mrt_patch_s8_dsp_attrs_t *attrs = call->attrs; /* MISRA D1 */
    uint32_t *words = mrt_workspace(call);               /* MISRA D1 */
    int8_t *patch = (int8_t *)words;
    /* What stands behind the elements of a patch is multiplied, too. */
    words[mrt_dsp_quads(mrt_dsp_patch_elements(&attrs->window)) - 1u] = 0u;
    for (uint32_t row = call->row_begin; row < call->row_end; ++row) {
        int8_t *to = mrt_output_s8(call, 0u, row);
        for (int32_t x = 0; x < attrs->window.output_width; ++x) {
            copy_patch(call, row, x, patch);
            pixel(call, patch, to);
            to = &to[attrs->window.output_channels];
        }
    }
    mrt_dsp_clamp_rows(call, attrs->activation_min, attrs->activation_max);
    return MRT_OK;
}

uint32_t mrt_dsp_patch_elements(const mrt_window_t *window)
{
    const uint64_t most = 4u * (uint64_t)MRT_DSP_QUADS_MAX;
    const uint64_t taps = (uint64_t)(uint32_t)window->kernel_height * (uint32_t)window->kernel_width;
    const uint64_t elements = (taps <= most) ? (taps * (uint32_t)window->input_channels) : (most + 1u);
    return (elements <= most) ? (uint32_t)elements : ((uint32_t)most + 1u);
}

uint32_t mrt_dsp_patch_workspace(const void *attrs)
{
    const mrt_patch_s8_dsp_attrs_t *own = attrs; /* MISRA D1 */
    return 4u * mrt_dsp_quads(mrt_dsp_patch_elements(&own->window));
}

bool mrt_dsp_patch_check(const mrt_call_t *call)
{
    const mrt_patch_s8_dsp_attrs_t *attrs = call->attrs; /* MISRA D1 */
    return mrt_window_check(call, &attrs->window, 2u, (uint32_t)MRT_DTYPE_S8)
           && (mrt_dsp_patch_elements(&attrs->window) <= (4u * MRT_DSP_QUADS_MAX))
           && mrt_check_range(attrs->input_point, -128, 127)
           && mrt_dsp_output_check(attrs->output_point, attrs->activation_min, attrs->activation_max);
}
