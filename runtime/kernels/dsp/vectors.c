#include "runtime/kernels/dsp/vectors.h"

#include "runtime/kernels/check.h"
#include "runtime/kernels/dsp/dot.h"
#include "runtime/kernels/product.h"

/* What stays the same for all vectors of a call, and the walk along input and output, row by row. */
typedef struct vectors {
    const mrt_call_t *call;
    uint32_t depth;
    uint32_t channels;
    uint32_t *lanes;
    uint32_t left;      /* Vectors of the call, behind the pairs. */
    uint32_t pairs;     /* Pairs to come that lie within a row of the input and of the output. */
    const int8_t *from; /* The next vector; its row, and the vectors left in it, behind the pairs. */
    uint32_t input_row;
    uint32_t input_left;
    uint32_t inputs;    /* Vectors of an input row. */
    int8_t *to;         /* The same of the output. */
    uint32_t output_row;
    uint32_t output_left;
    uint32_t outputs;
} vectors_t;

static MRT_ONCE const int8_t *next_input(vectors_t *vectors)
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

static MRT_ONCE int8_t *next_output(vectors_t *vectors)
{
    if (vectors->output_left == 0u) {
        vectors->output_row += 1u;
        vectors->to = mrt_output_s8(vectors->call, 0u, vectors->output_row);
        vectors->output_left = vectors->outputs;
    }
    int8_t *to = vectors->to;
    vectors->to = &to[vectors->channels];
    vectors->output_left -= 1u;
    vectors->left -= 1u;
    return to;
}

/* The next two vectors wherever they lie, the last one twice where it has no neighbour; then counts the pairs to come. */
static MRT_NOINLINE mrt_dsp_widening_t next_apart(vectors_t *vectors, mrt_dsp_places_t *to)
{
    mrt_dsp_widening_t next = {next_input(vectors), NULL, vectors->lanes};
    next.b = next.a;
    to->a = next_output(vectors);
    to->b = to->a;
    if (vectors->left != 0u) {
        next.b = next_input(vectors);
        to->b = next_output(vectors);
    }
    const uint32_t room = (vectors->input_left < vectors->output_left) ? vectors->input_left : vectors->output_left;
    vectors->pairs = room / 2u;
    vectors->left -= 2u * vectors->pairs;
    vectors->input_left -= 2u * vectors->pairs;
    vectors->output_left -= 2u * vectors->pairs;
    return next;
}

static void next_two_vectors(void *source, mrt_dsp_places_t *to)
{
    vectors_t *vectors = source; /* MISRA D1 */
    const uint32_t depth = vectors->depth;
    mrt_dsp_widening_t next;
    if (vectors->pairs != 0u) {
        vectors->pairs -= 1u;
        next = (mrt_dsp_widening_t){vectors->from, &vectors->from[depth], vectors->lanes};
        vectors->from = &next.b[depth];
        to->a = vectors->to;
        to->b = &vectors->to[vectors->channels];
        vectors->to = &to->b[vectors->channels];
    } else {
        next = next_apart(vectors, to);
    }
    /* mrt_dsp_widen_two for whole words, without its call for each pair. */
    next = mrt_dsp_widen_words(next, depth / 4u);
    if ((depth % 4u) != 0u) {
        (void)mrt_dsp_widen_two(next.a, next.b, depth % 4u, next.lanes);
    }
}

/* Begins the call; its locals are gone when vectors are widened. */
static MRT_ONCE mrt_dsp_walk_t begin_call(vectors_t *vectors, const mrt_call_t *call)
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
    *vectors = (vectors_t){
        .call = call,
        .depth = depth,
        .channels = channels,
        .lanes = lanes,
        .left = (call->row_end - call->row_begin) * outputs,
        .pairs = 0u,
        .from = &row[skipped * depth],
        .input_row = first / inputs,
        .input_left = inputs - skipped,
        .inputs = inputs,
        .to = mrt_output_s8(call, 0u, call->row_begin),
        .output_row = call->row_begin,
        .output_left = outputs,
        .outputs = outputs,
    };
    const mrt_dsp_walk_t walk = {lanes, groups, mrt_dsp_quads(depth),
                                 mrt_dsp_walk_step(attrs->output_point, attrs->linear), channels};
    return walk;
}

mrt_status_t mrt_dsp_vectors_run(const mrt_call_t *call, mrt_dsp_multiply_two_t multiply)
{
    const mrt_fully_connected_s8_dsp_attrs_t *attrs = call->attrs; /* MISRA D1 */
    vectors_t vectors;
    const mrt_dsp_walk_t walk = begin_call(&vectors, call);
    const mrt_dsp_pixels_t pixels = {next_two_vectors, &vectors, mrt_dsp_pairs(vectors.left)};
    multiply(&walk, &pixels);
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
