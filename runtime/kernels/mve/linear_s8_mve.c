/* Sums and differences of two tensors, int8, for cores with MVE: one linear form. */
#include "micrort/kernels.h"
#include "runtime/kernels/check.h"
#include "runtime/kernels/mve/intrinsics.h"

mrt_status_t mrt_linear_s8_mve_run(const mrt_call_t *call)
{
    const mrt_linear_s8_mve_attrs_t *attrs = (const mrt_linear_s8_mve_attrs_t *)call->attrs; /* MISRA D1 */
    const uint32_t count = mrt_call_output(call, 0u)->row_bytes;
    for (uint32_t row = call->row_begin; row < call->row_end; ++row) {
        mrt_mve_linear(attrs, mrt_input_s8(call, 0u, row), mrt_input_s8(call, 1u, row), mrt_output_s8(call, 0u, row),
                       count);
    }
    return MRT_OK;
}

uint32_t mrt_linear_s8_mve_workspace(const void *attrs)
{
    (void)attrs;
    return 0u;
}

/* Sums may wrap, which is defined; everything else is in the sizes and the shift. */
mrt_status_t mrt_linear_s8_mve_check(const mrt_call_t *call)
{
    const mrt_linear_s8_mve_attrs_t *attrs = (const mrt_linear_s8_mve_attrs_t *)call->attrs; /* MISRA D1 */
    if (!mrt_check_counts(call, 2u, 1u)) {
        return MRT_ERR_ATTRIBUTE;
    }
    const mrt_tensor_t *second = mrt_call_input(call, 1u);
    const mrt_tensor_t *output = mrt_call_output(call, 0u);
    return mrt_check_status(mrt_check_elementwise(call, (uint32_t)MRT_DTYPE_S8, (uint32_t)MRT_DTYPE_S8)
                            && mrt_check_dtype(second, (uint32_t)MRT_DTYPE_S8) && (second->rows == output->rows)
                            && (second->row_bytes == output->row_bytes) && mrt_check_range(attrs->shift, 0, 31)
                            && mrt_check_range(attrs->activation_min, -128, attrs->activation_max)
                            && mrt_check_range(attrs->activation_max, -128, 127));
}
