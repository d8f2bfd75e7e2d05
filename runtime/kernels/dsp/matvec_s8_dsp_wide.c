/* Matrix product of one vector after the other with weights, int8, for cores with the DSP extension, by wide weights. */
#include "runtime/kernels/dsp/matvec.h"

mrt_status_t mrt_matvec_s8_dsp_wide_run(const mrt_call_t *call)
{
    return mrt_dsp_matvec_run(call, mrt_dsp_multiply_one_wide);
}

uint32_t mrt_matvec_s8_dsp_wide_workspace(const void *attrs)
{
    return mrt_dsp_matvec_workspace(attrs);
}

mrt_status_t mrt_matvec_s8_dsp_wide_check(const mrt_call_t *call)
{
    return mrt_dsp_matvec_check(call, true);
}
