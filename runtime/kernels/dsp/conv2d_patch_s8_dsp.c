/* Convolution, int8, for cores with the DSP extension: any window, in little code. */
#include "runtime/kernels/check.h"
#include "runtime/kernels/dsp/patch.h"
#include "runtime/kernels/dsp/products.h"

static void pixel_of_groups(const mrt_call_t *call, const int8_t *patch, int8_t *to)
{
    const mrt_patch_s8_dsp_attrs_t *attrs = call->attrs;  /* MISRA D1 */
    const uint32_t *groups = mrt_input_row(call, 1u, 0u); /* MISRA D1 */
    const uint32_t quads = mrt_dsp_quads(mrt_dsp_patch_elements(&attrs->window));
    const mrt_dsp_walk_t walk = {NULL, groups, quads, mrt_dsp_step(attrs->output_point),
                                 (uint32_t)attrs->window.output_channels};
    mrt_dsp_multiply_one(&walk, patch, to);
}

mrt_status_t mrt_conv2d_patch_s8_dsp_run(const mrt_call_t *call)
{
    return mrt_dsp_patch_run(call, pixel_of_groups);
}

uint32_t mrt_conv2d_patch_s8_dsp_workspace(const void *attrs)
{
    return mrt_dsp_patch_workspace(attrs);
}

mrt_status_t mrt_conv2d_patch_s8_dsp_check(const mrt_call_t *call)
{
    const mrt_patch_s8_dsp_attrs_t *attrs = call->attrs; /* MISRA D1 */
    bool sound = mrt_dsp_patch_check(call);
    if (sound) {
        const uint32_t quads = mrt_dsp_quads(mrt_dsp_patch_elements(&attrs->window));
        const mrt_dsp_layout_t layout = {(uint32_t)attrs->window.output_channels, quads, false, 0};
        sound = mrt_dsp_groups_check(call, &layout);
    }
    return mrt_check_status(sound);
}
