/* Hard swish, float32, portable: x * relu6(x + 3) / 6. */
#include "micrort/kernels.h"
#include "runtime/kernels/elementwise.h"

mrt_status_t mrt_hard_swish_f32_run(const mrt_call_t *call)
{
    const uint32_t count = mrt_call_output(call, 0u)->row_bytes / (uint32_t)sizeof(float);
    for (uint32_t row = call->row_begin; row < call->row_end; ++row) {
        const float *input = mrt_input_f32(call, 0u, row);
        float *output = mrt_output_f32(call, 0u, row);
        for (uint32_t index = 0u; index < count; ++index) {
            const float value = input[index];
            const float gate = value + 3.0f;
            const float raised = (gate > 0.0f) ? gate : 0.0f;
            output[index] = (value * ((raised < 6.0f) ? raised : 6.0f)) / 6.0f;
        }
    }
    return MRT_OK;
}

uint32_t mrt_hard_swish_f32_workspace(const void *attrs)
{
    (void)attrs;
    return 0u;
}

mrt_status_t mrt_hard_swish_f32_check(const mrt_call_t *call)
{
    return mrt_check_status(mrt_check_unary(call) && mrt_check_elementwise(call, MRT_DTYPE_F32, MRT_DTYPE_F32));
}
