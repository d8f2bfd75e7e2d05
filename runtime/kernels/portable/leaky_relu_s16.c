/* Leaky ReLU, int16, portable. */
#include "micrort/kernels.h"
#include "runtime/kernels/check.h"
#include "runtime/kernels/requantise.h"

static int16_t leaky_relu(int32_t value, const mrt_leaky_relu_s16_attrs_t *attrs)
{
    const int32_t centred = value + attrs->input_offset;
    const int32_t scaled = (centred >= 0)
                               ? mrt_requantise(centred, attrs->positive_multiplier, attrs->positive_shift)
                               : mrt_requantise(centred, attrs->negative_multiplier, attrs->negative_shift);
    /* Clamped before the zero point is added, so that the sum cannot overflow. */
    const int32_t low = INT16_MIN - attrs->output_offset;
    const int32_t high = INT16_MAX - attrs->output_offset;
    return (int16_t)(mrt_clamp(scaled, low, high) + attrs->output_offset);
}

mrt_status_t mrt_leaky_relu_s16_run(const mrt_call_t *call)
{
    const mrt_leaky_relu_s16_attrs_t *attrs = call->attrs; /* MISRA D1 */
    const uint32_t count = mrt_call_output(call, 0u)->row_bytes / (uint32_t)sizeof(int16_t);
    for (uint32_t row = call->row_begin; row < call->row_end; ++row) {
        const int16_t *input = mrt_input_s16(call, 0u, row);
        int16_t *output = mrt_output_s16(call, 0u, row);
        for (uint32_t index = 0u; index < count; ++index) {
            output[index] = leaky_relu(input[index], attrs);
        }
    }
    return MRT_OK;
}

uint32_t mrt_leaky_relu_s16_workspace(const void *attrs)
{
    (void)attrs;
    return 0u;
}

mrt_status_t mrt_leaky_relu_s16_check(const mrt_call_t *call)
{
    const mrt_leaky_relu_s16_attrs_t *attrs = call->attrs; /* MISRA D1 */
    return mrt_check_status(mrt_check_unary(call) && mrt_check_elementwise(call, MRT_DTYPE_S16, MRT_DTYPE_S16)
                            && mrt_check_range(attrs->input_offset, -INT16_MAX, -INT16_MIN)
                            && mrt_check_range(attrs->output_offset, INT16_MIN, INT16_MAX)
                            && mrt_check_shift(attrs->positive_shift) && mrt_check_shift(attrs->negative_shift));
}
