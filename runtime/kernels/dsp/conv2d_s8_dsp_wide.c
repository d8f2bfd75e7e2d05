/* Convolution with weights as wide as the input, int8, for cores with the DSP extension: any window. */
#include "runtime/kernels/dsp/patches.h"

mrt_status_t mrt_conv2d_s8_dsp_wide_run(const mrt_call_t *call)
{
    return mrt_dsp_patches_run(call, mrt_dsp_multiply_two_wide);
}

uint32_t mrt_conv2d_s8_dsp_wide_workspace(const void *attrs)
{
    return mrt_dsp_patches_workspace(attrs);
}

mrt_status_t mrt_conv2d_s8_dsp_wide_check(const mrt_call_t *call)
{
    return mrt_dsp_patches_check(call, true);
}
