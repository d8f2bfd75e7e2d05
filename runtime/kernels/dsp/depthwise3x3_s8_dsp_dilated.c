/* Depthwise convolution with 3 x 3 taps that are apart, int8, for cores with the DSP extension. Outputs whose windows share
 * elements are as far apart as the taps, and so are these elements: each set of them is computed as if there were nothing
 * in between. */
#define STRIPS_DILATION(window, axis) ((window)->dilation_##axis) /* MISRA D4 */
#define STRIPS_STRIDE_MAX 1
#include "runtime/kernels/dsp/strips.inc"

static void mrt_strip_dilated_two(const mrt_dsp_three_t *made)
{
    mrt_dsp_three_two(made);
}

static void mrt_strip_dilated_one(const mrt_dsp_three_t *made)
{
    mrt_dsp_three_one(made);
}

static void mrt_widen_dilated(const int8_t *const rows[MRT_DSP_THREE_ROWS], uint32_t pixel, uint32_t columns,
                                    uint32_t *lanes)
{
    mrt_dsp_three_widen(rows, pixel, columns, lanes);
}

mrt_status_t mrt_depthwise3x3_s8_dsp_dilated_run(const mrt_call_t *call)
{
    static const mrt_dsp_loops_t loops = {mrt_strip_dilated_two,   mrt_strip_dilated_one, mrt_strip_dilated_one,
                                          mrt_widen_dilated, MRT_DSP_THREE_RECORD,  MRT_DSP_THREE_WORDS};
    return strips_run(call, &loops);
}

uint32_t mrt_depthwise3x3_s8_dsp_dilated_workspace(const void *attrs)
{
    return strips_workspace(attrs, false);
}

mrt_status_t mrt_depthwise3x3_s8_dsp_dilated_check(const mrt_call_t *call)
{
    return strips_check(call, false, false);
}
