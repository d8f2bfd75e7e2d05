#include "runtime/kernels/window.h"

/* Sizes up to 2^15 keep every product of two of them, and every index below, inside int32. */
#define SIZE_MAX_PER_AXIS 32767

static int in_range(int32_t value, int32_t low)
{
    return (value >= low) && (value <= SIZE_MAX_PER_AXIS);
}

static int axis_is_sound(int32_t input, int32_t output, int32_t kernel, int32_t stride, int32_t dilation, int32_t padding)
{
    const int sizes = in_range(input, 1) && in_range(output, 1) && in_range(kernel, 1) && in_range(stride, 1)
                      && in_range(dilation, 1) && in_range(padding, 0);
    return sizes && (((int64_t)(output - 1) * stride) <= INT32_MAX) && (((int64_t)kernel * dilation) <= INT32_MAX);
}

mrt_status_t mrt_window_check(const mrt_window_t *window, const mrt_tensor_t *input, const mrt_tensor_t *output,
                              uint32_t element_bytes)
{
    const int vertical = axis_is_sound(window->input_height, window->output_height, window->kernel_height,
                                       window->stride_height, window->dilation_height, window->padding_top);
    const int horizontal = axis_is_sound(window->input_width, window->output_width, window->kernel_width,
                                         window->stride_width, window->dilation_width, window->padding_left);
    if (!vertical || !horizontal || !in_range(window->input_channels, 1) || !in_range(window->output_channels, 1)) {
        return MRT_ERR_ATTRIBUTE;
    }
    const uint32_t batch = (uint32_t)output->rows / (uint32_t)window->output_height;
    const uint64_t input_row = (uint64_t)(uint32_t)window->input_width * (uint32_t)window->input_channels * element_bytes;
    const uint64_t output_row = (uint64_t)(uint32_t)window->output_width * (uint32_t)window->output_channels
                                * element_bytes;
    if ((input_row != input->row_bytes) || (output_row != output->row_bytes)
        || ((batch * (uint32_t)window->output_height) != output->rows)
        || ((batch * (uint32_t)window->input_height) != input->rows)) {
        return MRT_ERR_ATTRIBUTE;
    }
    return MRT_OK;
}
