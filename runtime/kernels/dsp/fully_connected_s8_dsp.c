/* Matrix product of vectors with weights, int8, for cores with the DSP extension; also convolution 1 x 1. */
#include "runtime/kernels/dsp/vectors.h"

mrt_status_t mrt_fully_connected_s8_dsp_run(const mrt_call_t *call)
{
    return mrt_dsp_vectors_run(call, mrt_dsp_multiply_two);
}

uint32_t mrt_fully_connected_s8_dsp_workspace(const void *attrs)
{
    return mrt_dsp_vectors_workspace(attrs);
}

mrt_status_t mrt_fully_connected_s8_dsp_check(const mrt_call_t *call)
{
    return mrt_dsp_vectors_check(call, false);
}
