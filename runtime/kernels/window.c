#include "runtime/kernels/window.h"

#include "runtime/kernels/check.h"

/* Sizes up to 2^15 keep every product of two of them, and every index into a row, inside int32. */
#define AXIS_MAX 32767

static bool is_size(int32_t value, int32_t low)
{
    return (value >= low) && (value <= AXIS_MAX);
}

/* With each size in range, no sum or product in mrt_window_taps and mrt_window_runs leaves int32. */
static bool axis_is_sound(int32_t input, int32_t output, int32_t kernel, int32_t stride, int32_t dilation,
                          int32_t padding)
{
    const bool sizes = is_size(input, 1) && is_size(output, 1) && is_size(kernel, 1);
    return sizes && is_size(stride, 1) && is_size(dilation, 1) && is_size(padding, 0);
}

/* Whether a tensor is `batch` images of height rows, each of width * channels elements. */
static bool tensor_fits(const mrt_tensor_t *tensor, uint32_t batch, int32_t height, uint64_t row_elements,
                        uint32_t element_bytes)
{
    return ((row_elements * element_bytes) == tensor->row_bytes) && ((batch * (uint32_t)height) == tensor->rows);
}

bool mrt_window_check(const mrt_call_t *call, const mrt_window_t *window, uint32_t inputs, uint32_t dtype)
{
    if (!mrt_check_counts(call, inputs, 1u)) {
        return false;
    }
    const mrt_tensor_t *input = mrt_call_input(call, 0u);
    const mrt_tensor_t *output = mrt_call_output(call, 0u);
    const bool vertical = axis_is_sound(window->input_height, window->output_height, window->kernel_height,
                                        window->stride_height, window->dilation_height, window->padding_top);
    const bool horizontal = axis_is_sound(window->input_width, window->output_width, window->kernel_width,
                                          window->stride_width, window->dilation_width, window->padding_left);
    if (!vertical || !horizontal || !is_size(window->input_channels, 1) || !is_size(window->output_channels, 1)
        || !mrt_check_dtype(input, dtype) || !mrt_check_dtype(output, dtype)) {
        return false;
    }
    const uint32_t bytes = mrt_check_dtype_bytes(dtype);
    const uint32_t batch = (uint32_t)output->rows / (uint32_t)window->output_height;
    const uint64_t input_row = (uint64_t)(uint32_t)window->input_width * (uint32_t)window->input_channels;
    const uint64_t output_row = (uint64_t)(uint32_t)window->output_width * (uint32_t)window->output_channels;
    return tensor_fits(input, batch, window->input_height, input_row, bytes)
           && tensor_fits(output, batch, window->output_height, output_row, bytes);
}

void mrt_lines_make_apart(mrt_lines_t *lines, const mrt_call_t *call, const mrt_window_t *window, uint32_t row)
{
    mrt_lines_make(lines, call, window, row);
}
