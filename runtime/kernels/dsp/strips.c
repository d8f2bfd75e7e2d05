/* Depthwise convolution with 3 x 3 taps next to one another, for strips.h. */
#define STRIPS_DILATION(window, axis) 1
#define STRIPS_STRIDE_MAX 2
#include "runtime/kernels/dsp/strips.inc"

mrt_status_t mrt_dsp_strips_run(const mrt_call_t *call, const mrt_dsp_loops_t *loops)
{
    return strips_run(call, loops);
}

uint32_t mrt_dsp_strips_workspace(const void *attrs)
{
    return strips_workspace(attrs, false);
}

uint32_t mrt_dsp_strips_workspace_tall(const void *attrs)
{
    return strips_workspace(attrs, true);
}

mrt_status_t mrt_dsp_strips_check(const mrt_call_t *call, bool linear)
{
    return strips_check(call, linear, false);
}

mrt_status_t mrt_dsp_strips_check_tall(const mrt_call_t *call)
{
    return strips_check(call, true, true);
}
