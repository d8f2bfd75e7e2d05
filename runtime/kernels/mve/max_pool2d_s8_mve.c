/* Maximum pooling, int8, for cores with MVE: sixteen channels at a time. */
#include "micrort/kernels.h"
#include "runtime/kernels/check.h"
#include "runtime/kernels/mve/intrinsics.h"
#include "runtime/kernels/pool2d.h"
#include "runtime/kernels/window.h"

/* The largest of each of sixteen channels among the taps of a window that lie inside the image. */
static inline int8x16_t largest_of(const mrt_lines_t *lines, int32_t columns, int32_t first, int32_t channels,
                                   mve_pred16_t lanes)
{
    int8x16_t largest = vdupq_n_s8(INT8_MIN);
    for (int32_t tap = lines->taps.begin; tap < lines->taps.end; ++tap) {
        const int8_t *line = (const int8_t *)mrt_lines_row(lines, tap); /* MISRA D1 */
        const int8_t *pixel = &line[first];
        for (int32_t left = columns; left > 0; --left) {
            largest = vmaxq_s8(largest, vldrbq_z_s8(pixel, lanes));
            pixel = &pixel[channels];
        }
    }
    return largest;
}

/* All channels of the output pixel in column `x`. */
static void make_pixel(const mrt_pool2d_attrs_t *attrs, const mrt_lines_t *lines, int32_t x, int8_t *output)
{
    const mrt_window_t *window = &attrs->window;
    const int32_t channels = window->input_channels;
    const mrt_taps_t taps = mrt_window_taps(x, window->stride_width, window->padding_left, 1, window->kernel_width,
                                            window->input_width);
    const int32_t columns = taps.end - taps.begin;
    const int32_t first = (taps.origin + taps.begin) * channels;
    const int8x16_t low = vdupq_n_s8((int8_t)attrs->activation_min);
    const int8x16_t high = vdupq_n_s8((int8_t)attrs->activation_max);
    for (int32_t channel = 0; channel < channels; channel += MRT_MVE_BYTES) {
        const int32_t left = channels - channel;
        const mve_pred16_t lanes = vctp8q((uint32_t)left);
        const int8x16_t largest = largest_of(lines, columns, first + channel, channels, lanes);
        vstrbq_p_s8(&output[channel], vminq_s8(vmaxq_s8(largest, low), high), lanes);
    }
}

mrt_status_t mrt_max_pool2d_s8_mve_run(const mrt_call_t *call)
{
    const mrt_pool2d_attrs_t *attrs = (const mrt_pool2d_attrs_t *)call->attrs; /* MISRA D1 */
    const mrt_window_t *window = &attrs->window;
    mrt_lines_t lines;
    for (uint32_t row = call->row_begin; row < call->row_end; ++row) {
        mrt_lines_make(&lines, call, window, row);
        int8_t *output = mrt_output_s8(call, 0u, row);
        for (int32_t x = 0; x < window->output_width; ++x) {
            make_pixel(attrs, &lines, x, &output[x * window->output_channels]);
        }
    }
    return MRT_OK;
}

uint32_t mrt_max_pool2d_s8_mve_workspace(const void *attrs)
{
    (void)attrs;
    return 0u;
}

mrt_status_t mrt_max_pool2d_s8_mve_check(const mrt_call_t *call)
{
    const mrt_pool2d_attrs_t *attrs = (const mrt_pool2d_attrs_t *)call->attrs; /* MISRA D1 */
    return mrt_check_status(mrt_pool2d_is_sound(call, &attrs->window, (uint32_t)MRT_DTYPE_S8)
                            && mrt_pool2d_clamp_is_sound(attrs, INT8_MIN, INT8_MAX));
}
