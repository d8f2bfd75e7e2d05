#include "runtime/kernels/check.h"

mrt_status_t mrt_check_status(bool sound)
{
    return sound ? MRT_OK : MRT_ERR_ATTRIBUTE;
}

bool mrt_check_range(int32_t value, int32_t low, int32_t high)
{
    return (value >= low) && (value <= high);
}

bool mrt_check_counts(const mrt_call_t *call, uint32_t inputs, uint32_t outputs)
{
    return (call->input_count == inputs) && (call->output_count == outputs);
}

bool mrt_check_unary(const mrt_call_t *call)
{
    return mrt_check_counts(call, 1u, 1u);
}

uint32_t mrt_check_dtype_bytes(uint32_t dtype)
{
    static const uint8_t sizes[MRT_DTYPE_COUNT] = {
#define MRT_DTYPE_BYTES(name, value, bytes) [value] = (bytes),
        MRT_DTYPE_MAP(MRT_DTYPE_BYTES)
#undef MRT_DTYPE_BYTES /* MISRA D4 */
    };
    return (dtype < (uint32_t)MRT_DTYPE_COUNT) ? sizes[dtype] : 0u;
}

uint64_t mrt_check_bytes(const mrt_tensor_t *tensor)
{
    return (uint64_t)tensor->rows * tensor->row_bytes;
}

bool mrt_check_dtype(const mrt_tensor_t *tensor, uint32_t dtype)
{
    const uint32_t bytes = mrt_check_dtype_bytes(dtype);
    /* With a row table the offset is an index; mrt_graph_check has seen to the rows. */
    const bool aligned = mrt_tensor_has_row_table(tensor) || ((bytes != 0u) && ((tensor->offset % bytes) == 0u));
    return (tensor->dtype == dtype) && (bytes != 0u) && aligned && ((tensor->row_bytes % bytes) == 0u);
}

bool mrt_check_at_one_stride(const mrt_tensor_t *tensor)
{
    return !mrt_tensor_has_row_table(tensor);
}

bool mrt_check_elements(const mrt_tensor_t *tensor, uint32_t dtype, uint64_t elements)
{
    return mrt_check_dtype(tensor, dtype) && (mrt_check_bytes(tensor) == (elements * mrt_check_dtype_bytes(dtype)));
}

bool mrt_check_writable(const mrt_tensor_t *tensor)
{
    return tensor->pool != (uint8_t)MRT_POOL_PARAMS;
}

bool mrt_check_elementwise(const mrt_call_t *call, uint32_t input_dtype, uint32_t output_dtype)
{
    const mrt_tensor_t *input = mrt_call_input(call, 0u);
    const mrt_tensor_t *output = mrt_call_output(call, 0u);
    if (!mrt_check_dtype(input, input_dtype) || !mrt_check_dtype(output, output_dtype)) {
        return false;
    }
    const uint32_t input_elements = input->row_bytes / mrt_check_dtype_bytes(input_dtype);
    const uint32_t output_elements = output->row_bytes / mrt_check_dtype_bytes(output_dtype);
    return mrt_check_writable(output) && (input->rows == output->rows) && (input_elements == output_elements);
}

bool mrt_check_shift(int32_t shift)
{
    return mrt_check_range(shift, -31, 30);
}

bool mrt_check_multipliers(const mrt_call_t *call, uint32_t index, uint32_t count, int32_t highest)
{
    const mrt_tensor_t *multiplier = mrt_call_input(call, index);
    const mrt_tensor_t *shift = mrt_call_input(call, index + 1u);
    /* Multipliers may have any value and lie anywhere; shifts in RAM could change after this proof. */
    bool sound = mrt_check_elements(multiplier, (uint32_t)MRT_DTYPE_S32, count)
                 && mrt_check_elements(shift, (uint32_t)MRT_DTYPE_S32, count)
                 && (shift->pool == (uint8_t)MRT_POOL_PARAMS);
    if (sound) {
        const int32_t *shifts = mrt_input_s32(call, index + 1u, 0u);
        for (uint32_t i = 0u; (i < count) && sound; ++i) {
            sound = mrt_check_range(shifts[i], -31, highest);
        }
    }
    return sound;
}
