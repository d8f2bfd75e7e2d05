/* Logistic function, float32, portable. Accurate to a few units in the last place. */
#include "micrort/kernels.h"
#include "runtime/kernels/elementwise.h"
#include "runtime/kernels/exponential.h"

/* Above the upper bound the result rounds to 1; below the lower one, 1 + exp(-x) would lose exp(x)'s digits. */
static float logistic_of(float value)
{
    if (value > 16.619047164916992188f) {
        return 1.0f;
    }
    if (value < -9.0f) {
        return mrt_exponential_f32(value);
    }
    return 1.0f / (1.0f + mrt_exponential_f32(-value));
}

mrt_status_t mrt_logistic_f32_run(const mrt_call_t *call)
{
    const uint32_t count = mrt_call_output(call, 0u)->row_bytes / (uint32_t)sizeof(float);
    for (uint32_t row = call->row_begin; row < call->row_end; ++row) {
        const float *input = mrt_input_f32(call, 0u, row);
        float *output = mrt_output_f32(call, 0u, row);
        for (uint32_t index = 0u; index < count; ++index) {
            output[index] = logistic_of(input[index]);
        }
    }
    return MRT_OK;
}

uint32_t mrt_logistic_f32_workspace(const void *attrs)
{
    (void)attrs;
    return 0u;
}

mrt_status_t mrt_logistic_f32_check(const mrt_call_t *call)
{
    return mrt_check_status(mrt_check_unary(call) && mrt_check_elementwise(call, MRT_DTYPE_F32, MRT_DTYPE_F32));
}
