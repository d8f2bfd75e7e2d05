#include "runtime/kernels/dsp/vectors.h"

#include "runtime/kernels/check.h"
#include "runtime/kernels/product.h"

/* What stays the same for all vectors of a call, and the walk along input and output, row by row. */
typedef struct vectors {
    const mrt_call_t *call;
    uint32_t depth;
    uint32_t channels;
    const int8_t *from; /* The next vector; its row, and the vectors left in it. */
    uint32_t input_row;
    uint32_t input_left;
    uint32_t inputs;    /* Vectors of an input row. */
    int8_t *to;         /* The same of the output. */
    uint32_t output_row;
    uint32_t output_left;
    uint32_t outputs;
} vectors_t;

static MRT_INLINE const int8_t *next_input(vectors_t *vectors)
{
    if (vectors->input_left == 0u) {
        vectors->input_row += 1u;
        vectors->from = mrt_input_s8(vectors->call, 0u, vectors->input_row);
        vectors->input_left = vectors->inputs;
    }
    const int8_t *from = vectors->from;
    vectors->from = &from[vectors->depth];
    vectors->input_left -= 1u;
    return from;
}

static MRT_INLINE int8_t *next_output(vectors_t *vectors)
{
    if (vectors->output_left == 0u) {
        vectors->output_row += 1u;
        vectors->to = mrt_output_s8(vectors->call, 0u, vectors->output_row);
        vectors->output_left = vectors->outputs;
    }
    int8_t *to = vectors->to;
    vectors->to = &to[vectors->channels];
    vectors->output_left -= 1u;
    return to;
}

mrt_status_t mrt_dsp_vectors_run(const mrt_call_t *call, mrt_dsp_multiply_two_t multiply)
{
    const mrt_fully_connected_s8_dsp_attrs_t *attrs = call->attrs; /* MISRA D1 */
    const uint32_t depth = (uint32_t)attrs->depth;
    const uint32_t channels = (uint32_t)attrs->channels;
    const uint32_t inputs = mrt_call_input(call, 0u)->row_bytes / depth;
    const uint32_t outputs = mrt_call_output(call, 0u)->row_bytes / channels;
    const uint32_t first = call->row_begin * outputs;
    const uint32_t skipped = first % inputs;
    uint32_t *lanes = mrt_workspace(call);                /* MISRA D1 */
    const uint32_t *groups = mrt_input_row(call, 1u, 0u); /* MISRA D1 */
    const int8_t *row = mrt_input_s8(call, 0u, first / inputs);
    vectors_t vectors = {
        .call = call,
        .depth = depth,
        .channels = channels,
        .from = &row[skipped * depth],
        .input_row = first / inputs,
        .input_left = inputs - skipped,
        .inputs = inputs,
        .to = mrt_output_s8(call, 0u, call->row_begin),
        .output_row = call->row_begin,
        .output_left = outputs,
        .outputs = outputs,
    };
    const mrt_dsp_walk_t walk = {lanes, groups, mrt_dsp_quads(depth), mrt_dsp_walk_step(attrs->output_point, attrs->linear)};
    uint32_t left = (call->row_end - call->row_begin) * outputs;
    while (left > 0u) {
        const bool two = left > 1u; /* twice the same, where it has no neighbour */
        const int8_t *a = next_input(&vectors);
        const int8_t *b = two ? next_input(&vectors) : a;
        int8_t *to = next_output(&vectors);
        (void)mrt_dsp_widen_two(a, b, depth, lanes);
        multiply(&walk, channels, to, two ? next_output(&vectors) : to);
        left -= two ? 2u : 1u;
    }
    mrt_dsp_clamp_rows(call, attrs->activation_min, attrs->activation_max);
    return MRT_OK;
}

uint32_t mrt_dsp_vectors_workspace(const void *attrs)
{
    const mrt_fully_connected_s8_dsp_attrs_t *own = attrs; /* MISRA D1 */
    return mrt_dsp_lanes_bytes(mrt_dsp_quads((uint32_t)own->depth));
}

mrt_status_t mrt_dsp_vectors_check(const mrt_call_t *call, bool wide)
{
    const mrt_fully_connected_s8_dsp_attrs_t *attrs = call->attrs; /* MISRA D1 */
    if (!mrt_check_counts(call, 2u, 1u) || (attrs->depth < 1) || (attrs->channels < 1)) {
        return MRT_ERR_ATTRIBUTE;
    }
    const uint32_t depth = (uint32_t)attrs->depth;
    const uint32_t channels = (uint32_t)attrs->channels;
    const mrt_dsp_layout_t layout = {channels, mrt_dsp_quads(depth), wide, attrs->linear};
    return mrt_check_status(((mrt_call_input(call, 0u)->row_bytes % depth) == 0u)
                            && mrt_dsp_vectors_fit(call, depth, channels)
                            && mrt_dsp_groups_check(call, &layout)
                            && mrt_dsp_output_check(attrs->output_point, attrs->activation_min, attrs->activation_max));
}
