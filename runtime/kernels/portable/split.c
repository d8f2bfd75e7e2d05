/* Split into any number of tensors along any axis, any dtype, portable. Always makes all of its outputs. */
#include "micrort/kernels.h"
#include "runtime/kernels/check.h"

#include <string.h>

mrt_status_t mrt_split_run(const mrt_call_t *call)
{
    const mrt_concatenation_attrs_t *attrs = call->attrs; /* MISRA D1 */
    const uint32_t outer = (uint32_t)attrs->outer;
    const uint32_t stride = mrt_tensor_bytes(mrt_call_input(call, 0u)) / outer;
    const uint8_t *source = mrt_input_u8(call, 0u, 0u);
    uint32_t first = 0u;
    for (uint32_t index = 0u; index < call->output_count; ++index) {
        const uint32_t chunk = mrt_tensor_bytes(mrt_call_output(call, index)) / outer;
        uint8_t *target = mrt_output_u8(call, index, 0u);
        for (uint32_t item = 0u; item < outer; ++item) {
            (void)memcpy(&target[item * chunk], &source[(item * stride) + first], chunk);
        }
        first += chunk;
    }
    return MRT_OK;
}

uint32_t mrt_split_workspace(const void *attrs)
{
    (void)attrs;
    return 0u;
}

mrt_status_t mrt_split_check(const mrt_call_t *call)
{
    const mrt_concatenation_attrs_t *attrs = call->attrs; /* MISRA D1 */
    if ((attrs->outer < 1) || (call->input_count != 1u) || (call->output_count == 0u)) {
        return MRT_ERR_ATTRIBUTE;
    }
    const uint64_t bytes = mrt_check_bytes(mrt_call_input(call, 0u));
    uint64_t joined = 0u;
    bool whole = (bytes <= UINT32_MAX) && mrt_check_at_one_stride(mrt_call_input(call, 0u));
    for (uint32_t index = 0u; index < call->output_count; ++index) {
        const uint64_t part = mrt_check_bytes(mrt_call_output(call, index));
        whole = whole && ((part % (uint32_t)attrs->outer) == 0u) && mrt_check_at_one_stride(mrt_call_output(call, index));
        joined += part;
    }
    return mrt_check_status(whole && (joined == bytes));
}
