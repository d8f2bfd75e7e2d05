/* Softmax along the last axis, float32. Equal to the reference but for the exponential's last digit. */
#include <float.h>

#include "micrort/kernels.h"
#include "runtime/kernels/check.h"
#include "runtime/kernels/exponential.h"
#include "runtime/kernels/softmax.h"

/* One vector. The output holds the exponentials until their sum is known. */
static void compute_vector(const mrt_softmax_f32_attrs_t *attrs, const float *input, float *output)
{
    const uint32_t depth = (uint32_t)attrs->depth;
    float largest = -FLT_MAX;
    for (uint32_t i = 0u; i < depth; ++i) {
        largest = (largest < input[i]) ? input[i] : largest;
    }
    float sum = 0.0f;
    for (uint32_t i = 0u; i < depth; ++i) {
        output[i] = mrt_exponential_f32((input[i] - largest) * attrs->beta);
        sum += output[i];
    }
    for (uint32_t i = 0u; i < depth; ++i) {
        output[i] = output[i] / sum;
    }
}

mrt_status_t mrt_softmax_f32_run(const mrt_call_t *call)
{
    const mrt_softmax_f32_attrs_t *attrs = call->attrs; /* MISRA D1 */
    const uint32_t depth = (uint32_t)attrs->depth;
    const uint32_t elements = mrt_call_input(call, 0u)->row_bytes / (uint32_t)sizeof(float);
    for (uint32_t row = call->row_begin; row < call->row_end; ++row) {
        const float *input = mrt_input_f32(call, 0u, row);
        float *output = mrt_output_f32(call, 0u, row);
        for (uint32_t first = 0u; first < elements; first += depth) {
            compute_vector(attrs, &input[first], &output[first]);
        }
    }
    return MRT_OK;
}

uint32_t mrt_softmax_f32_workspace(const void *attrs)
{
    (void)attrs;
    return 0u;
}

mrt_status_t mrt_softmax_f32_check(const mrt_call_t *call)
{
    const mrt_softmax_f32_attrs_t *attrs = call->attrs; /* MISRA D1 */
    const uint32_t dtype = (uint32_t)MRT_DTYPE_F32;
    return mrt_check_status(mrt_check_unary(call) && mrt_softmax_is_sound(call, attrs->depth, dtype, dtype));
}
