/* Copy, any dtype, portable: for graph inputs and constants that are graph outputs as well. */
#include "micrort/kernels.h"
#include "runtime/kernels/check.h"

#include <string.h>

mrt_status_t mrt_copy_run(const mrt_call_t *call)
{
    const mrt_tensor_t *input = mrt_call_input(call, 0u);
    const uint32_t row_bytes = mrt_call_output(call, 0u)->row_bytes;
    const bool same_rows = (input->row_bytes == row_bytes);
    for (uint32_t row = call->row_begin; row < call->row_end; ++row) {
        const void *source = same_rows ? mrt_input_row(call, 0u, row)
                                       : mrt_address(mrt_input_row(call, 0u, 0u), row * row_bytes);
        void *target = mrt_output_row(call, 0u, row);
        if (source != target) { /* else they share storage */
            (void)memcpy(target, source, row_bytes);
        }
    }
    return MRT_OK;
}

uint32_t mrt_copy_workspace(const void *attrs)
{
    (void)attrs;
    return 0u;
}

mrt_status_t mrt_copy_check(const mrt_call_t *call)
{
    const mrt_copy_attrs_t *attrs = call->attrs; /* MISRA D1 */
    if (!mrt_check_unary(call) || (attrs->bytes < 1)) {
        return MRT_ERR_ATTRIBUTE;
    }
    const uint64_t bytes = (uint32_t)attrs->bytes;
    const mrt_tensor_t *input = mrt_call_input(call, 0u);
    const mrt_tensor_t *output = mrt_call_output(call, 0u);
    const bool by_rows = (input->row_bytes == output->row_bytes) || mrt_check_at_one_stride(input);
    return mrt_check_status((mrt_check_bytes(input) == bytes) && (mrt_check_bytes(output) == bytes) && by_rows);
}
