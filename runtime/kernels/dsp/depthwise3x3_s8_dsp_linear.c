/* Depthwise convolution with 3 x 3 taps and outputs linear in their sums, int8, for cores with the DSP extension. */
#include "micrort/kernels.h"
#include "runtime/kernels/dsp/strips.h"

static void mrt_strip_linear_two(const mrt_dsp_three_t *made)
{
    mrt_dsp_three_linear_two(made);
}

static void mrt_strip_linear_one(const mrt_dsp_three_t *made)
{
    mrt_dsp_three_linear_one(made);
}

static void mrt_widen_linear(const int8_t *const rows[MRT_DSP_THREE_ROWS], uint32_t pixel, uint32_t columns,
                            uint32_t *lanes)
{
    mrt_dsp_three_widen(rows, pixel, columns, lanes);
}

mrt_status_t mrt_depthwise3x3_s8_dsp_linear_run(const mrt_call_t *call)
{
    static const mrt_dsp_loops_t loops = {mrt_strip_linear_two, mrt_strip_linear_one, mrt_strip_linear_one,
                                          mrt_widen_linear, MRT_DSP_THREE_RECORD_LINEAR,
                                          MRT_DSP_THREE_WORDS};
    return mrt_dsp_strips_run(call, &loops);
}

uint32_t mrt_depthwise3x3_s8_dsp_linear_workspace(const void *attrs)
{
    return mrt_dsp_strips_workspace(attrs);
}

mrt_status_t mrt_depthwise3x3_s8_dsp_linear_check(const mrt_call_t *call)
{
    return mrt_dsp_strips_check(call, true);
}
