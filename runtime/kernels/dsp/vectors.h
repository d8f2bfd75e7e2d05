/**
 * @file vectors.h
 * @brief Matrix products of vectors with weights for cores with the DSP extension, with weights of either width.
 */
#ifndef MRT_RUNTIME_KERNELS_DSP_VECTORS_H
#define MRT_RUNTIME_KERNELS_DSP_VECTORS_H

#include "micrort/kernels.h"
#include "runtime/kernels/dsp/products.h"
#include "runtime/kernels/product.h"

#include <string.h>

/** How vectors are multiplied: two functions of products.h that take the same weights. */
typedef struct mrt_dsp_multiply {
    void (*two)(const mrt_dsp_walk_t *walk, uint32_t channels, int8_t *a, int8_t *b);
    void (*one)(const mrt_dsp_walk_t *walk, uint32_t channels, const int8_t *from, int8_t *a);
} mrt_dsp_multiply_t;

/** What stays the same for all vectors of a call, and the walk along input and output, row by row. */
typedef struct mrt_dsp_vectors {
    const mrt_call_t *call;
    uint32_t depth;
    uint32_t channels;
    const int8_t *from; /**< The next vector; its row, and the vectors left in it. */
    uint32_t input_row;
    uint32_t input_left;
    uint32_t inputs;    /**< Vectors of an input row. */
    int8_t *to;         /**< The same of the output. */
    uint32_t output_row;
    uint32_t output_left;
    uint32_t outputs;
    uint32_t *lanes;
    mrt_dsp_walk_t walk;
} mrt_dsp_vectors_t;

static inline const int8_t *mrt_dsp_next_input(mrt_dsp_vectors_t *vectors)
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

static inline int8_t *mrt_dsp_next_output(mrt_dsp_vectors_t *vectors)
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

/** Vectors that are several rows of the input each, copied one after the other. */
static MRT_INLINE void mrt_dsp_multiply_rows(mrt_dsp_vectors_t *vectors, mrt_dsp_multiply_t multiply, uint32_t first,
                                         uint32_t count)
{
    const uint32_t row_elements = mrt_call_input(vectors->call, 0u)->row_bytes;
    const uint32_t rows = vectors->depth / row_elements;
    int8_t *copy = mrt_workspace(vectors->call); /* MISRA D1 */
    for (uint32_t vector = first; vector < (first + count); ++vector) {
        for (uint32_t row = 0u; row < rows; ++row) {
            (void)memcpy(&copy[row * row_elements], mrt_input_s8(vectors->call, 0u, (vector * rows) + row), row_elements);
        }
        multiply.one(&vectors->walk, vectors->channels, copy, mrt_dsp_next_output(vectors));
    }
}

/** Vectors that lie within rows, two at a time where there are lanes for them. */
static MRT_INLINE void mrt_dsp_multiply_vectors(mrt_dsp_vectors_t *vectors, mrt_dsp_multiply_t multiply, uint32_t first,
                                            uint32_t count, bool pairs)
{
    uint32_t left = count;
    vectors->inputs = mrt_call_input(vectors->call, 0u)->row_bytes / vectors->depth;
    vectors->input_row = first / vectors->inputs;
    const uint32_t skipped = first % vectors->inputs;
    vectors->input_left = vectors->inputs - skipped;
    const int8_t *row = mrt_input_s8(vectors->call, 0u, vectors->input_row);
    vectors->from = &row[skipped * vectors->depth];
    while (pairs && (left >= 2u)) {
        const int8_t *a = mrt_dsp_next_input(vectors);
        (void)mrt_dsp_widen_two(a, mrt_dsp_next_input(vectors), vectors->depth, vectors->lanes);
        int8_t *to = mrt_dsp_next_output(vectors);
        multiply.two(&vectors->walk, vectors->channels, to, mrt_dsp_next_output(vectors));
        left -= 2u;
    }
    while (left > 0u) {
        const int8_t *from = mrt_dsp_next_input(vectors);
        int8_t *to = mrt_dsp_next_output(vectors);
        if (((vectors->depth % 4u) == 0u) && (vectors->walk.step != MRT_DSP_STEP_LINEAR)) {
            multiply.one(&vectors->walk, vectors->channels, from, to);
        } else { /* as two times the same */
            (void)mrt_dsp_widen_two(from, from, vectors->depth, vectors->lanes);
            multiply.two(&vectors->walk, vectors->channels, to, to);
        }
        left -= 1u;
    }
}

/** The run of fully_connected_s8_dsp and its like. */
static MRT_INLINE mrt_status_t mrt_dsp_vectors_run(const mrt_call_t *call, mrt_dsp_multiply_t multiply)
{
    const mrt_fully_connected_s8_dsp_attrs_t *attrs = call->attrs; /* MISRA D1 */
    const uint32_t outputs = mrt_call_output(call, 0u)->row_bytes / (uint32_t)attrs->channels;
    const uint32_t first = call->row_begin * outputs;
    const uint32_t count = (call->row_end - call->row_begin) * outputs;
    uint32_t *lanes = (call->workspace_count != 0u) ? mrt_workspace(call) : NULL;
    const uint32_t *groups = mrt_input_row(call, 1u, 0u);                         /* MISRA D1 */
    mrt_dsp_vectors_t vectors = {
        .call = call,
        .depth = (uint32_t)attrs->depth,
        .channels = (uint32_t)attrs->channels,
        .to = mrt_output_s8(call, 0u, call->row_begin),
        .output_row = call->row_begin,
        .output_left = outputs,
        .outputs = outputs,
        .lanes = lanes,
        .walk = {lanes, groups, mrt_dsp_quads((uint32_t)attrs->depth),
                 mrt_dsp_walk_step(attrs->output_point, attrs->linear)},
    };
    if (attrs->tile == 0) {
        mrt_dsp_multiply_rows(&vectors, multiply, first, count);
    } else {
        mrt_dsp_multiply_vectors(&vectors, multiply, first, count, attrs->tile == 2);
    }
    mrt_dsp_clamp_rows(call, attrs->activation_min, attrs->activation_max);
    return MRT_OK;
}

/** Its workspace: the lanes of two vectors, a copy of one, or none. */
uint32_t mrt_dsp_vectors_workspace(const void *attrs);

/** Its check. */
mrt_status_t mrt_dsp_vectors_check(const mrt_call_t *call, bool wide);

#endif
