#include "runtime/kernels/dsp/patches.h"

#include "runtime/kernels/check.h"

/* Elements of a patch; those of patches that are too large count as too many. */
static uint32_t patch_of(const mrt_window_t *window)
{
    const uint64_t most = 4u * (uint64_t)MRT_DSP_QUADS_MAX;
    const uint64_t taps = (uint64_t)(uint32_t)window->kernel_height * (uint32_t)window->kernel_width;
    const uint64_t patch = (taps <= most) ? (taps * (uint32_t)window->input_channels) : taps;
    return (patch <= most) ? (uint32_t)patch : (uint32_t)(most + 1u);
}

/* Quads of such a patch; those of patches that are too large count as too many. */
static uint32_t quads_of(const mrt_window_t *window)
{
    const uint32_t patch = patch_of(window);
    const uint32_t height = (uint32_t)window->kernel_height;
    uint32_t quads = 0u;
    if (patch > (4u * MRT_DSP_QUADS_MAX)) {
        quads = MRT_DSP_QUADS_MAX + 1u;
    } else if (patch != 0u) {
        quads = mrt_dsp_patch_quads(height, patch / height);
    } else {
        /* None. */
    }
    return quads;
}

uint32_t mrt_dsp_patches_workspace(const void *attrs)
{
    const mrt_conv2d_s8_dsp_attrs_t *own = attrs; /* MISRA D1 */
    const uint32_t patch = patch_of(&own->window);
    const bool by_taps = (own->window.input_channels % 4) == 0;
    /* Tap rows, their elements and channels are no more than elements of a patch; each patch is whole words. */
    const uint32_t rows = (uint32_t)own->window.kernel_height;
    const uint32_t channels = (uint32_t)own->window.input_channels;
    const uint32_t height = (rows < patch) ? rows : patch;
    const uint32_t run = (height != 0u) ? (patch / height) : 0u;
    const uint32_t tap = (channels < patch) ? channels : patch;
    const uint32_t bytes = by_taps ? tap : ((4u * mrt_dsp_quads(run)) + (8u * mrt_dsp_quads(patch)));
    return mrt_dsp_lanes_bytes(quads_of(&own->window)) + (4u * mrt_dsp_tables_words(height, by_taps)) + bytes;
}

mrt_status_t mrt_dsp_patches_check(const mrt_call_t *call, bool wide)
{
    const mrt_conv2d_s8_dsp_attrs_t *attrs = call->attrs; /* MISRA D1 */
    const mrt_window_t *window = &attrs->window;
    const mrt_dsp_layout_t layout = {(uint32_t)window->output_channels, quads_of(window), wide, attrs->linear};
    return mrt_check_status(mrt_window_check(call, window, 2u, (uint32_t)MRT_DTYPE_S8)
                            && mrt_dsp_groups_check(call, &layout)
                            && mrt_check_range(attrs->input_point, -128, 127)
                            && mrt_check_range(attrs->output_point, -128, 127)
                            && mrt_check_range(attrs->activation_min, -128, attrs->activation_max)
                            && mrt_check_range(attrs->activation_max, -128, 127));
}
