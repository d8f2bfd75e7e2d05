/* Matrix product of vectors with weights, float32, for cores with MVE. */
#include "micrort/kernels.h"
#include "runtime/kernels/check.h"
#include "runtime/kernels/fully_connected.h"
#include "runtime/kernels/mve/float.h"

/* An input vector, wherever its parts lie. */
typedef struct vector {
    const mrt_call_t *call;
    uint32_t index;
    uint32_t depth;
    uint32_t row_elements; /* Of an input row. */
} vector_t;

/* 16 channels. */
static void sum_16(const vector_t *vector, const float *weights, mrt_mve_sums_f32_t *sums)
{
    mrt_mve_begin_f32(sums);
    mrt_piece_t piece = mrt_piece_first(vector->index, vector->depth, vector->row_elements);
    do {
        mrt_mve_add_16_f32(sums, &mrt_input_f32(vector->call, 0u, piece.row)[piece.start],
                                  &weights[piece.done * (uint32_t)MRT_MVE_GROUP_F32], (int32_t)piece.length);
        mrt_piece_next(&piece, vector->depth, vector->row_elements);
    } while (piece.length > 0u);
}

/* Four channels, whose weights are `step` apart. */
static float32x4_t sum_4(const vector_t *vector, const float *weights, int32_t step)
{
    float32x4_t sums = vdupq_n_f32(0.0f);
    mrt_piece_t piece = mrt_piece_first(vector->index, vector->depth, vector->row_elements);
    while (piece.length > 0u) {
        sums = mrt_mve_add_4_f32(sums, &mrt_input_f32(vector->call, 0u, piece.row)[piece.start],
                                 &weights[piece.done * (uint32_t)step], step, (int32_t)piece.length);
        mrt_piece_next(&piece, vector->depth, vector->row_elements);
    }
    return sums;
}

/* All channels of a vector. */
static void multiply(const mrt_fully_connected_f32_attrs_t *attrs, const vector_t *vector, const float *groups,
                     float *output)
{
    const mrt_mve_clamp_f32_t clamp = mrt_mve_clamp_f32(attrs->activation_min, attrs->activation_max);
    const mve_pred16_t all = vctp32q(4u);
    const float *group = groups;
    float *out = output;
    int32_t left = attrs->channels;
    for (; left > (MRT_MVE_GROUP_F32 - MRT_MVE_FLOATS); left -= MRT_MVE_GROUP_F32) {
        mrt_mve_sums_f32_t sums;
        sum_16(vector, &group[MRT_MVE_GROUP_F32], &sums);
        mrt_mve_end_f32(out, sums.a, group, &clamp, all);
        mrt_mve_end_f32(&out[4], sums.b, &group[4], &clamp, all);
        mrt_mve_end_f32(&out[8], sums.c, &group[8], &clamp, all);
        const int32_t last = left - 12;
        mrt_mve_end_f32(&out[12], sums.d, &group[12], &clamp, vctp32q((uint32_t)last));
        group = &group[MRT_MVE_GROUP_F32 * (attrs->depth + 1)];
        out = &out[MRT_MVE_GROUP_F32];
    }
    const int32_t step = ((left + 3) / MRT_MVE_FLOATS) * MRT_MVE_FLOATS; /* of the last group, of 0..12 channels */
    for (int32_t first = 0; first < step; first += MRT_MVE_FLOATS) {
        const int32_t rest = left - first;
        const float32x4_t sums = sum_4(vector, &group[step + first], step);
        mrt_mve_end_f32(&out[first], sums, &group[first], &clamp, vctp32q((uint32_t)rest));
    }
}

mrt_status_t mrt_fully_connected_f32_mve_run(const mrt_call_t *call)
{
    const mrt_fully_connected_f32_attrs_t *attrs =
        (const mrt_fully_connected_f32_attrs_t *)call->attrs; /* MISRA D1 */
    const uint32_t channels = (uint32_t)attrs->channels;
    const uint32_t row_vectors = mrt_call_output(call, 0u)->row_bytes / (channels * (uint32_t)sizeof(float));
    vector_t vector = {.call = call,
                       .depth = (uint32_t)attrs->depth,
                       .row_elements = mrt_call_input(call, 0u)->row_bytes / (uint32_t)sizeof(float)};
    for (uint32_t row = call->row_begin; row < call->row_end; ++row) {
        float *output = mrt_output_f32(call, 0u, row);
        for (uint32_t i = 0u; i < row_vectors; ++i) {
            vector.index = (row * row_vectors) + i;
            multiply(attrs, &vector, mrt_input_f32(call, 1u, 0u), &output[i * channels]);
        }
    }
    return MRT_OK;
}

uint32_t mrt_fully_connected_f32_mve_workspace(const void *attrs)
{
    (void)attrs;
    return 0u;
}

mrt_status_t mrt_fully_connected_f32_mve_check(const mrt_call_t *call)
{
    const mrt_fully_connected_f32_attrs_t *attrs =
        (const mrt_fully_connected_f32_attrs_t *)call->attrs; /* MISRA D1 */
    if (!mrt_check_counts(call, 2u, 1u) || !mrt_check_range(attrs->depth, 1, INT32_MAX)
        || !mrt_check_range(attrs->channels, 1, INT32_MAX)) {
        return MRT_ERR_ATTRIBUTE;
    }
    const mrt_tensor_t *input = mrt_call_input(call, 0u);
    const mrt_tensor_t *output = mrt_call_output(call, 0u);
    const uint64_t vector_bytes = sizeof(float) * (uint64_t)(uint32_t)attrs->channels;
    const uint64_t vectors = ((uint64_t)output->row_bytes / vector_bytes) * output->rows;
    const uint64_t weights = mrt_mve_groups_f32((uint32_t)attrs->channels, (uint32_t)attrs->depth);
    return mrt_check_status(mrt_check_dtype(input, (uint32_t)MRT_DTYPE_F32)
                            && mrt_check_dtype(output, (uint32_t)MRT_DTYPE_F32)
                            && ((output->row_bytes % vector_bytes) == 0u)
                            && (mrt_check_bytes(input) <= (uint64_t)INT32_MAX)
                            && (mrt_check_bytes(input) == (vectors * sizeof(float) * (uint32_t)attrs->depth))
                            && (weights <= (uint64_t)INT32_MAX)
                            && mrt_check_elements(mrt_call_input(call, 1u), (uint32_t)MRT_DTYPE_F32, weights)
                            && (attrs->activation_min <= attrs->activation_max)); /* false for not-a-number */
}
