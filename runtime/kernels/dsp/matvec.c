#include "runtime/kernels/dsp/matvec.h"

#include "runtime/copy.h"
#include "runtime/kernels/check.h"

/* The elements of a vector: within a row, or a copy of several. */
static const int8_t *input_of(const mrt_call_t *call, uint32_t depth, uint32_t vector, bool copied)
{
    const uint32_t row_bytes = mrt_call_input(call, 0u)->row_bytes;
    if (!copied) {
        const uint32_t inputs = row_bytes / depth;
        const uint32_t row = vector / inputs;
        return &mrt_input_s8(call, 0u, row)[(vector - (row * inputs)) * depth];
    }
    const uint32_t rows = depth / row_bytes;
    int8_t *copy = mrt_workspace(call); /* MISRA D1 */
    for (uint32_t row = 0u; row < rows; ++row) {
        mrt_copy(&copy[row * row_bytes], mrt_input_s8(call, 0u, (vector * rows) + row), row_bytes);
    }
    return copy;
}

mrt_status_t mrt_dsp_matvec_run(const mrt_call_t *call, mrt_dsp_multiply_one_t multiply)
{
    const mrt_matvec_s8_dsp_attrs_t *attrs = call->attrs; /* MISRA D1 */
    const uint32_t depth = (uint32_t)attrs->depth;
    const uint32_t channels = (uint32_t)attrs->channels;
    const uint32_t outputs = mrt_call_output(call, 0u)->row_bytes / channels;
    const uint32_t *groups = mrt_input_row(call, 1u, 0u); /* MISRA D1 */
    const mrt_dsp_walk_t walk = {NULL, groups, depth / 4u, mrt_dsp_step(attrs->output_point), channels};
    for (uint32_t row = call->row_begin; row < call->row_end; ++row) {
        int8_t *to = mrt_output_s8(call, 0u, row);
        for (uint32_t i = 0u; i < outputs; ++i) {
            const int8_t *from = input_of(call, depth, (row * outputs) + i, attrs->copied == 1);
            multiply(&walk, from, &to[i * channels]);
        }
    }
    mrt_dsp_clamp_rows(call, attrs->activation_min, attrs->activation_max);
    return MRT_OK;
}

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
    return mrt_check_status(mrt_check_range(attrs->copied, 0, 1) && whole && ((depth % 4u) == 0u)
                            && mrt_dsp_vectors_fit(call, depth, channels)
                            && mrt_dsp_groups_check(call, &layout)
                            && mrt_dsp_output_check(attrs->output_point, attrs->activation_min, attrs->activation_max));
}
