/* Where an output may lie over an input: the rules of kernel.h as judgements on a call that check has accepted. */
#include "micrort/kernels.h"
#include "runtime/kernels/check.h"
#include "runtime/kernels/window.h"

/* Whether row `row` of the output lies apart from those of the input that the call reads, or over the same one alone. */
static bool row_is_in_place(const mrt_call_t *call, const mrt_tensor_t *source, const mrt_tensor_t *output, uint32_t row)
{
    const uint32_t written = mrt_row_offset(call, output, row);
    bool sound = true;
    for (uint32_t other = call->row_begin; other < call->row_end; ++other) {
        const uint32_t read = mrt_row_offset(call, source, other);
        const bool apart = (written >= (read + source->row_bytes)) || (read >= (written + output->row_bytes));
        sound = sound && (apart || ((other == row) && (read == written)));
    }
    return sound;
}

bool mrt_in_place_elements(const mrt_call_t *call, uint32_t input)
{
    const mrt_tensor_t *source = mrt_call_input(call, input);
    const mrt_tensor_t *output = mrt_call_output(call, 0u);
    const uint32_t source_bytes = mrt_check_dtype_bytes(source->dtype);
    const uint32_t output_bytes = mrt_check_dtype_bytes(output->dtype);
    const bool same_count = ((mrt_check_bytes(source) / source_bytes) == (mrt_check_bytes(output) / output_bytes));
    /* Bytes may be written over any type; other types only over their own, as C's aliasing rules want it. */
    const bool same_type = (source->dtype == output->dtype) || (output_bytes == 1u);
    if (!mrt_tensor_has_row_table(source) && !mrt_tensor_has_row_table(output)) {
        return (source->offset == output->offset) && same_count && same_type;
    }
    bool sound = same_count && same_type && (source->rows == output->rows);
    for (uint32_t row = call->row_begin; sound && (row < call->row_end); ++row) {
        sound = row_is_in_place(call, source, output, row);
    }
    return sound;
}

/* The first input row of an image that the window of output row `row` lies over; all rows before it where there is none. */
static int32_t first_row(const mrt_window_t *window, int32_t row)
{
    /* The checked window has sizes of at most 15 bits: the product cannot leave int32. */
    const int32_t first = (row * window->stride_height) - window->padding_top;
    const int32_t positive = (first > 0) ? first : 0;
    return (positive < window->input_height) ? positive : window->input_height;
}

/* Where the input rows end that lie under output row `row` of an image; where there is none, before all of them. */
static int32_t end_row(const mrt_window_t *window, int32_t row)
{
    const int64_t last = (((int64_t)row * window->stride_height) - window->padding_top)
                         + (((int64_t)window->kernel_height - 1) * window->dilation_height);
    const int64_t end = (last < window->input_height) ? (last + 1) : window->input_height;
    return (end > 0) ? (int32_t)end : 0;
}

bool mrt_in_place_window(const mrt_call_t *call, uint32_t input)
{
    const mrt_window_t *window = call->attrs; /* MISRA D1 */
    const mrt_tensor_t *source = mrt_call_input(call, 0u);
    const mrt_tensor_t *output = mrt_call_output(call, 0u);
    const bool at_one_stride = !mrt_tensor_has_row_table(source) && !mrt_tensor_has_row_table(output);
    if ((input != 0u) || !at_one_stride || (source->rows != (uint32_t)window->input_height)
        || (source->offset < output->offset)) {
        return false; /* of several images the second would be written over before it is read */
    }
    const int64_t distance = (int64_t)source->offset - (int64_t)output->offset;
    for (int32_t row = 0; row < window->output_height; ++row) {
        const int64_t needed = first_row(window, row);
        const int64_t written = ((int64_t)row + 1) * (int64_t)output->row_bytes;
        if (written > ((needed * (int64_t)source->row_bytes) + distance)) {
            return false;
        }
    }
    return true;
}

/* Whether a written row lies apart from rows `read` of the input, or channel over channel of those that are `done`. */
static bool lies_over_channels(const mrt_call_t *call, uint32_t written, mrt_rows_t rows, mrt_rows_t done)
{
    const mrt_window_t *window = call->attrs; /* MISRA D1 */
    const mrt_tensor_t *source = mrt_call_input(call, 0u);
    const uint32_t channels = (uint32_t)window->input_channels;
    const uint32_t row_bytes = mrt_call_output(call, 0u)->row_bytes;
    bool sound = true;
    for (uint32_t row = rows.begin; row < rows.end; ++row) {
        const uint32_t read = mrt_row_offset(call, source, row);
        const bool apart = (written >= (read + source->row_bytes)) || (read >= (written + row_bytes));
        sound = sound
                && (apart || ((row >= done.begin) && (row < done.end) && ((written % channels) == (read % channels))));
    }
    return sound;
}

bool mrt_in_place_channels(const mrt_call_t *call, uint32_t input)
{
    const mrt_window_t *window = call->attrs; /* MISRA D1 */
    const mrt_tensor_t *output = mrt_call_output(call, 0u);
    bool sound = (input == 0u) && (mrt_call_input(call, 0u)->rows == (uint32_t)window->input_height)
                 && (window->input_channels == window->output_channels);
    if (sound) {
        const mrt_rows_t read = mrt_reads_window(call, 0u);
        for (uint32_t row = call->row_begin; sound && (row < call->row_end); ++row) {
            mrt_rows_t done = {0u, (uint32_t)first_row(window, (int32_t)row + 1)};
            if (mrt_window_goes_back(call)) {
                done.begin = (uint32_t)end_row(window, (int32_t)row - 1);
                done.end = (uint32_t)window->input_height;
            }
            sound = lies_over_channels(call, mrt_row_offset(call, output, row), read, done);
        }
    }
    return sound;
}

bool mrt_in_place_pixels(const mrt_call_t *call, uint32_t input)
{
    const mrt_window_t *window = call->attrs; /* MISRA D1 */
    if (!mrt_window_is_dense(window)) {
        return mrt_in_place_window(call, input);
    }
    const mrt_tensor_t *source = mrt_call_input(call, 0u);
    const mrt_tensor_t *output = mrt_call_output(call, 0u);
    const bool at_one_stride = !mrt_tensor_has_row_table(source) && !mrt_tensor_has_row_table(output);
    const int64_t distance = (int64_t)source->offset - (int64_t)output->offset;
    /* Of the two last pixels, their outputs' end before them; the sizes of a checked window keep it within int64. */
    const int64_t before = ((int64_t)source->rows * window->input_width) - 2;
    const int64_t last = ((before + 2) * window->output_channels) - (before * window->input_channels);
    const int64_t first = ((before + 2) * window->input_channels) - (before * window->output_channels);
    const bool ahead = (distance >= (2 * (int64_t)window->output_channels)) && (distance >= last);
    const bool behind = ((window->input_channels % 16) == 0) && (-distance >= (2 * (int64_t)window->input_channels))
                        && (-distance >= first);
    return (input == 0u) && at_one_stride && ((window->output_channels % 8) == 0) && (ahead || behind);
}
