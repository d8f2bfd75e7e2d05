#include "runtime/kernels/dsp/matvec.h"

#include "runtime/kernels/check.h"

uint32_t mrt_dsp_matvec_workspace(const void *attrs)
{
    const mrt_matvec_s8_dsp_attrs_t *own = attrs; /* MISRA D1 */
    const uint32_t lanes = mrt_dsp_lanes_bytes(mrt_dsp_quads((uint32_t)own->depth));
    return (own->copied == 1) ? (lanes / MRT_DSP_LANES_TWO) : 0u;
}

mrt_status_t mrt_dsp_matvec_check(const mrt_call_t *call, bool wide)
{
    const mrt_matvec_s8_dsp_attrs_t *attrs = call->attrs; /* MISRA D1 */
    if (!mrt_check_counts(call, 2u, 1u) || (attrs->depth < 1) || (attrs->channels < 1)) {
        return MRT_ERR_ATTRIBUTE;
    }
    const uint32_t depth = (uint32_t)attrs->depth;
    const uint32_t channels = (uint32_t)attrs->channels;
    const uint32_t row_bytes = mrt_call_input(call, 0u)->row_bytes;
    const bool whole = (attrs->copied == 1) ? ((depth % row_bytes) == 0u) : ((row_bytes % depth) == 0u);
    const mrt_dsp_layout_t layout = {channels, mrt_dsp_quads(depth), wide, 0};
    return mrt_check_status(mrt_check_dtype(mrt_call_input(call, 0u), (uint32_t)MRT_DTYPE_S8)
                            && mrt_check_dtype(mrt_call_output(call, 0u), (uint32_t)MRT_DTYPE_S8)
                            && mrt_check_range(attrs->copied, 0, 1) && whole && ((depth % 4u) == 0u)
                            && mrt_dsp_vectors_fit(call, depth, channels)
                            && mrt_dsp_groups_check(call, &layout)
                            && mrt_check_range(attrs->output_point, -128, 127)
                            && mrt_check_range(attrs->activation_min, -128, attrs->activation_max)
                            && mrt_check_range(attrs->activation_max, -128, 127));
}
