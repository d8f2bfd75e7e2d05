/* Softmax along the last axis, int8. */
#include "micrort/kernels.h"
#include "runtime/kernels/check.h"
#include "runtime/kernels/requantise.h"
#include "runtime/kernels/softmax.h"

/* The output's unit is 2^-OUTPUT_BITS, its zero point the lowest value of its type. */
#define OUTPUT_BITS 8

MRT_ONCE mrt_status_t mrt_softmax_s8_run(const mrt_call_t *call)
{
    const mrt_softmax_s8_attrs_t *attrs = call->attrs; /* MISRA D1 */
    const uint32_t depth = (uint32_t)attrs->depth;
    const uint32_t elements = mrt_call_input(call, 0u)->row_bytes;
    for (uint32_t row = call->row_begin; row < call->row_end; ++row) {
        const int8_t *input = mrt_input_s8(call, 0u, row);
        int8_t *output = mrt_output_s8(call, 0u, row);
        for (uint32_t first = 0u; first < elements; first += depth) {
            const mrt_softmax_norm_t norm = mrt_softmax_norm(attrs, &input[first], OUTPUT_BITS);
            for (uint32_t i = first; i < (first + depth); ++i) {
                const int32_t probability = mrt_softmax_probability(attrs, &norm, input[i]);
                output[i] = (int8_t)mrt_clamp(probability + INT8_MIN, INT8_MIN, INT8_MAX);
            }
        }
    }
    return MRT_OK;
}

uint32_t mrt_softmax_s8_workspace(const void *attrs)
{
    (void)attrs;
    return 0u;
}

mrt_status_t mrt_softmax_s8_check(const mrt_call_t *call)
{
    const mrt_softmax_s8_attrs_t *attrs = call->attrs; /* MISRA D1 */
    return mrt_check_status(mrt_check_unary(call)
                            && mrt_softmax_is_sound(call, attrs->depth, (uint32_t)MRT_DTYPE_S8, (uint32_t)MRT_DTYPE_S8)
                            && mrt_softmax_s8_attrs_are_sound(attrs));
}
