/* Requantisation of int16 to int32, portable. */
#include "micrort/kernels.h"
#include "runtime/kernels/elementwise.h"

mrt_status_t mrt_requantise_s16_s32_run(const mrt_call_t *call)
{
    const mrt_requantise_attrs_t *attrs = call->attrs; /* MISRA D1 */
    const uint32_t count = mrt_call_output(call, 0u)->row_bytes / (uint32_t)sizeof(int32_t);
    for (uint32_t row = call->row_begin; row < call->row_end; ++row) {
        const int16_t *input = mrt_input_s16(call, 0u, row);
        int32_t *output = mrt_output_s32(call, 0u, row);
        for (uint32_t index = 0u; index < count; ++index) {
            output[index] = mrt_requantise_element(input[index], attrs);
        }
    }
    return MRT_OK;
}

uint32_t mrt_requantise_s16_s32_workspace(const void *attrs)
{
    (void)attrs;
    return 0u;
}

mrt_status_t mrt_requantise_s16_s32_check(const mrt_call_t *call)
{
    const mrt_requantise_attrs_t *attrs = call->attrs; /* MISRA D1 */
    return mrt_check_status(mrt_check_unary(call) && mrt_check_elementwise(call, MRT_DTYPE_S16, MRT_DTYPE_S32)
                            && mrt_requantise_attrs_sound(attrs, INT32_MIN, INT32_MAX));
}
