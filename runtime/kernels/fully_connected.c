#include "runtime/kernels/fully_connected.h"

#include "runtime/kernels/check.h"

bool mrt_fully_connected_check(const mrt_call_t *call, int32_t depth, int32_t channels,
                               const mrt_fully_connected_types_t *types)
{
    const mrt_tensor_t *input = mrt_call_input(call, 0u);
    const mrt_tensor_t *output = mrt_call_output(call, 0u);
    if ((depth < 1) || (channels < 1) || !mrt_check_dtype(input, types->input)
        || !mrt_check_dtype(output, types->input)) {
        return false;
    }
    const uint32_t element_bytes = mrt_check_dtype_bytes(types->input);
    const uint32_t row_elements = output->row_bytes / element_bytes;
    const uint32_t row_vectors = row_elements / (uint32_t)channels;
    const uint64_t vectors = (uint64_t)row_vectors * output->rows;
    const uint64_t weights = (uint64_t)(uint32_t)depth * (uint32_t)channels;
    /* Run counts the elements of each tensor with 32 bits. */
    const uint64_t limit = (uint64_t)INT32_MAX;
    return ((row_elements % (uint32_t)channels) == 0u) && (weights <= limit) && (mrt_check_bytes(input) <= limit)
           && (vectors <= (limit / (uint32_t)depth))
           && mrt_check_elements(input, types->input, vectors * (uint32_t)depth)
           && mrt_check_elements(mrt_call_input(call, 1u), types->weights, weights)
           && mrt_check_elements(mrt_call_input(call, 2u), types->bias, (uint32_t)channels);
}

bool mrt_fully_connected_check_scale(const mrt_call_t *call, int32_t channels, int32_t shift, int32_t highest)
{
    return (call->input_count == 3u) ? mrt_check_range(shift, -31, highest)
                                     : mrt_check_multipliers(call, 3u, (uint32_t)channels, highest);
}
