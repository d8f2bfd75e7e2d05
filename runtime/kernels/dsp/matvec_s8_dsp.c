/* Matrix product of one vector after the other with weights, int8, for cores with the DSP extension. */
#include "runtime/kernels/dsp/matvec.h"

mrt_status_t mrt_matvec_s8_dsp_run(const mrt_call_t *call)
{
    return mrt_dsp_matvec_run(call, mrt_dsp_multiply_one);
}

uint32_t mrt_matvec_s8_dsp_workspace(const void *attrs)
{
    return mrt_dsp_matvec_workspace(attrs);
}

mrt_status_t mrt_matvec_s8_dsp_check(const mrt_call_t *call)
{
    return mrt_dsp_matvec_check(call, false);
}
