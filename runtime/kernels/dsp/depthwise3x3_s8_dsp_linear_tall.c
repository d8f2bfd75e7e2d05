/* Depthwise convolution with 3 x 3 taps in tall strips, outputs linear in their sums, int8, for cores with the DSP
 * extension. */
#include "micrort/kernels.h"
#include "runtime/kernels/dsp/strips.h"

static void mrt_strip_tall_two(const mrt_dsp_three_t *made)
{
    mrt_dsp_three_tall_two(made);
}

static void mrt_strip_tall_one(const mrt_dsp_three_t *made)
{
    mrt_dsp_three_tall_one(made);
}

static void mrt_strip_tall_wide(const mrt_dsp_three_t *made)
{
    mrt_dsp_three_tall_wide(made);
}

static void mrt_widen_tall(const int8_t *const rows[MRT_DSP_THREE_ROWS], uint32_t pixel, uint32_t columns,
                                 uint32_t *lanes)
{
    mrt_dsp_three_widen_tall(rows, pixel, columns, lanes);
}

mrt_status_t mrt_depthwise3x3_s8_dsp_linear_tall_run(const mrt_call_t *call)
{
    static const mrt_dsp_loops_t loops = {mrt_strip_tall_two, mrt_strip_tall_one, mrt_strip_tall_wide,
                                          mrt_widen_tall, MRT_DSP_THREE_RECORD_LINEAR, MRT_DSP_THREE_WORDS_TALL};
    return mrt_dsp_strips_run(call, &loops);
}

uint32_t mrt_depthwise3x3_s8_dsp_linear_tall_workspace(const void *attrs)
{
    return mrt_dsp_strips_workspace_tall(attrs);
}

mrt_status_t mrt_depthwise3x3_s8_dsp_linear_tall_check(const mrt_call_t *call)
{
    return mrt_dsp_strips_check_tall(call);
}
