/* Where an output may lie over an input: the rules of kernel.h as judgements on a call that check has accepted. */
#include "micrort/kernels.h"
#include "runtime/kernels/check.h"

bool mrt_in_place_none(const mrt_call_t *call, uint32_t input)
{
    (void)call;
    (void)input;
    return false;
}

bool mrt_in_place_elements(const mrt_call_t *call, uint32_t input)
{
    const mrt_tensor_t *source = mrt_call_input(call, input);
    const mrt_tensor_t *output = mrt_call_output(call, 0u);
    const uint32_t source_bytes = mrt_check_dtype_bytes(source->dtype);
    const uint32_t output_bytes = mrt_check_dtype_bytes(output->dtype);
    const bool same_count = ((mrt_check_bytes(source) / source_bytes) == (mrt_check_bytes(output) / output_bytes));
    /* Bytes may be written over any type; other types only over their own, as C's aliasing rules want it. */
    return (source->offset == output->offset) && same_count
           && ((source->dtype == output->dtype) || (output_bytes == 1u));
}

bool mrt_in_place_window(const mrt_call_t *call, uint32_t input)
{
    const mrt_window_t *window = call->attrs; /* MISRA D1 */
    const mrt_tensor_t *source = mrt_call_input(call, 0u);
    const mrt_tensor_t *output = mrt_call_output(call, 0u);
    if ((input != 0u) || (source->rows != (uint32_t)window->input_height) || (source->offset < output->offset)) {
        return false; /* of several images the second would be written over before it is read */
    }
    const int64_t distance = (int64_t)source->offset - (int64_t)output->offset;
    for (int32_t row = 0; row < window->output_height; ++row) {
        /* The checked window has sizes of at most 15 bits: the product cannot leave int32. */
        const int32_t first = (row * window->stride_height) - window->padding_top;
        const int32_t positive = (first > 0) ? first : 0;
        const int32_t needed = (positive < window->input_height) ? positive : window->input_height;
        const int64_t written = ((int64_t)row + 1) * (int64_t)output->row_bytes;
        if (written > (((int64_t)needed * (int64_t)source->row_bytes) + distance)) {
            return false;
        }
    }
    return true;
}
