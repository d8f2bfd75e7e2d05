/* Dequantisation of uint8 to float32, portable. */
#include "micrort/kernels.h"
#include "runtime/kernels/elementwise.h"

mrt_status_t mrt_dequantise_u8_f32_run(const mrt_call_t *call)
{
    const mrt_dequantise_attrs_t *attrs = call->attrs; /* MISRA D1 */
    const uint32_t count = mrt_call_output(call, 0u)->row_bytes / (uint32_t)sizeof(float);
    for (uint32_t row = call->row_begin; row < call->row_end; ++row) {
        const uint8_t *input = mrt_input_u8(call, 0u, row);
        float *output = mrt_output_f32(call, 0u, row);
        for (uint32_t index = 0u; index < count; ++index) {
            const int32_t centred = (int32_t)input[index] - attrs->zero_point;
            output[index] = attrs->scale * (float)centred;
        }
    }
    return MRT_OK;
}

uint32_t mrt_dequantise_u8_f32_workspace(const void *attrs)
{
    (void)attrs;
    return 0u;
}

mrt_status_t mrt_dequantise_u8_f32_check(const mrt_call_t *call)
{
    const mrt_dequantise_attrs_t *attrs = call->attrs; /* MISRA D1 */
    return mrt_check_status(mrt_check_unary(call) && mrt_check_elementwise(call, MRT_DTYPE_U8, MRT_DTYPE_F32)
                            && mrt_check_range(attrs->zero_point, 0, UINT8_MAX));
}
