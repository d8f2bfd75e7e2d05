#include "runtime/kernels/dsp/vectors.h"

#include "runtime/kernels/check.h"

uint32_t mrt_dsp_vectors_workspace(const void *attrs)
{
    const mrt_fully_connected_s8_dsp_attrs_t *own = attrs; /* MISRA D1 */
    const uint32_t quads = mrt_dsp_quads((uint32_t)own->depth);
    uint32_t bytes = 0u;
    if (own->tile == 2) {
        bytes = mrt_dsp_lanes_bytes(quads);
    } else if (own->tile == 0) {
        bytes = mrt_dsp_lanes_bytes(quads) / MRT_DSP_LANES_TWO;
    } else {
        /* Straight from the input. */
    }
    return bytes;
}

/* Whether vectors lie in rows as `run` walks over them. */
static bool rows_are_sound(const mrt_call_t *call, const mrt_fully_connected_s8_dsp_attrs_t *attrs)
{
    const uint32_t depth = (uint32_t)attrs->depth;
    const uint32_t channels = (uint32_t)attrs->channels;
    const mrt_tensor_t *input = mrt_call_input(call, 0u);
    const mrt_tensor_t *output = mrt_call_output(call, 0u);
    const uint64_t vectors = ((uint64_t)output->row_bytes / channels) * output->rows;
    const bool quads = (depth % 4u) == 0u;
    const bool within = ((input->row_bytes % depth) == 0u) && (quads || (attrs->tile == 2));
    const bool across = ((depth % input->row_bytes) == 0u) && quads;
    return ((output->row_bytes % channels) == 0u) && ((attrs->tile == 0) ? across : within)
           && ((attrs->linear == 0) || (attrs->tile == 2))
           && (vectors <= (uint64_t)INT32_MAX)
           && (mrt_check_bytes(input) == (vectors * depth));
}

mrt_status_t mrt_dsp_vectors_check(const mrt_call_t *call, bool wide)
{
    const mrt_fully_connected_s8_dsp_attrs_t *attrs = call->attrs; /* MISRA D1 */
    if (!mrt_check_counts(call, 2u, 1u) || (attrs->depth < 1) || (attrs->channels < 1)) {
        return MRT_ERR_ATTRIBUTE;
    }
    const mrt_dsp_layout_t layout = {(uint32_t)attrs->channels, mrt_dsp_quads((uint32_t)attrs->depth), wide, attrs->linear};
    return mrt_check_status(mrt_check_dtype(mrt_call_input(call, 0u), (uint32_t)MRT_DTYPE_S8)
                            && mrt_check_dtype(mrt_call_output(call, 0u), (uint32_t)MRT_DTYPE_S8)
                            && mrt_check_range(attrs->tile, 0, 2) && rows_are_sound(call, attrs)
                            && mrt_dsp_groups_check(call, &layout)
                            && mrt_check_range(attrs->output_point, -128, 127)
                            && mrt_check_range(attrs->activation_min, -128, attrs->activation_max)
                            && mrt_check_range(attrs->activation_max, -128, 127));
}
