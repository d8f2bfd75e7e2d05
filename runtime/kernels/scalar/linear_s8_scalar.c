/* Sums and differences of two tensors, int8, for cores without SIMD: one linear form. */
#include "micrort/kernels.h"
#include "runtime/kernels/check.h"
#include "runtime/kernels/product.h"
#include "runtime/kernels/requantise.h"

/* Not inlined: the loop needs the registers. */
static MRT_NOINLINE void compute_row(const mrt_linear_s8_scalar_attrs_t *attrs, const int8_t *first,
                                     const int8_t *second, int8_t *output, uint32_t count)
{
    const uint32_t first_factor = (uint32_t)attrs->first_factor;
    const uint32_t second_factor = (uint32_t)attrs->second_factor;
    const uint32_t addend = (uint32_t)attrs->addend;
    const uint32_t shift = (uint32_t)attrs->shift;
    for (uint32_t i = 0u; i < count; ++i) {
        const uint32_t a = (uint32_t)(int32_t)first[i] * first_factor;
        const uint32_t b = (uint32_t)(int32_t)second[i] * second_factor;
        const uint32_t sum = a + b + addend;
        const int32_t scaled = (int32_t)sum >> shift; /* MISRA D2 */
        output[i] = (int8_t)mrt_clamp(scaled, attrs->activation_min, attrs->activation_max);
    }
}

mrt_status_t mrt_linear_s8_scalar_run(const mrt_call_t *call)
{
    const mrt_linear_s8_scalar_attrs_t *attrs = call->attrs; /* MISRA D1 */
    const uint32_t count = mrt_call_output(call, 0u)->row_bytes;
    for (uint32_t row = call->row_begin; row < call->row_end; ++row) {
        compute_row(attrs, mrt_input_s8(call, 0u, row), mrt_input_s8(call, 1u, row), mrt_output_s8(call, 0u, row),
                    count);
    }
    return MRT_OK;
}

uint32_t mrt_linear_s8_scalar_workspace(const void *attrs)
{
    (void)attrs;
    return 0u;
}

/* Sums may wrap, which is defined; everything else is in the sizes and the shift. */
mrt_status_t mrt_linear_s8_scalar_check(const mrt_call_t *call)
{
    const mrt_linear_s8_scalar_attrs_t *attrs = call->attrs; /* MISRA D1 */
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
