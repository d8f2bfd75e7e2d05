#include "runtime/kernels/pool2d.h"

#include "runtime/kernels/check.h"
#include "runtime/kernels/window.h"

/* Most elements in one window: as many int16, summed and rounded, stay within int32. */
#define ELEMENTS_MAX 65535

/* Whether the first and the last window along an axis, and so all between them, meet the input. */
static bool axis_is_covered(int32_t input, int32_t output, int32_t kernel, int32_t stride, int32_t padding)
{
    return (padding < kernel) && ((((output - 1) * stride) - padding) < input);
}

static int32_t smaller(int32_t left, int32_t right)
{
    return (left < right) ? left : right;
}

bool mrt_pool2d_is_sound(const mrt_call_t *call, const mrt_window_t *window, uint32_t dtype)
{
    if (!mrt_window_check(call, window, 1u, dtype) || !mrt_check_writable(mrt_call_output(call, 0u))) {
        return false;
    }
    /* mrt_window_check bounds each size by 2^15 and (output - 1) * stride by int32. */
    const int32_t elements = smaller(window->kernel_height, window->input_height)
                             * smaller(window->kernel_width, window->input_width);
    return (window->input_channels == window->output_channels) && (window->dilation_height == 1)
           && (window->dilation_width == 1) && (elements <= ELEMENTS_MAX)
           && axis_is_covered(window->input_height, window->output_height, window->kernel_height,
                              window->stride_height, window->padding_top)
           && axis_is_covered(window->input_width, window->output_width, window->kernel_width, window->stride_width,
                              window->padding_left);
}

bool mrt_pool2d_clamp_is_sound(const mrt_pool2d_attrs_t *attrs, int32_t low, int32_t high)
{
    return mrt_check_range(attrs->activation_min, low, high)
           && mrt_check_range(attrs->activation_max, attrs->activation_min, high);
}
