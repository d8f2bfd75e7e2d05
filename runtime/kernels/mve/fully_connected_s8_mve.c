/* Matrix product of vectors with weights, int8, for cores with MVE. */
#include "micrort/kernels.h"
#include "runtime/kernels/check.h"
#include "runtime/kernels/fully_connected.h"
#include "runtime/kernels/mve/products.h"
#include "runtime/kernels/mve/vector.h"
#include "runtime/kernels/product.h"

/* Output channels of a group. */
#define GROUP 8

/* Neither depth nor channels are larger, so that rounded up they stay inside int32. */
#define SIZE_MAX_ROUNDED (INT32_MAX - MRT_MVE_BYTES)

/* All channels of one vector, with any scaling. */
static MRT_NOINLINE void multiply_any(const mrt_mve_product_t *product, const int8_t *input, int8_t *output)
{
    const int32_t *groups = product->groups;
    int8_t *out = output;
    for (int32_t left = product->channels; left > 0; left -= GROUP) {
        const mrt_mve_sums_t sums = mrt_mve_dot_1x8(input, groups, &product->blocks);
        const int32_t *packed = sums.next;
        const mrt_mve_scales_t scales = {vldrwq_s32(packed), vldrwq_s32(&packed[GROUP]), vldrwq_s32(&packed[4]),
                                         vldrwq_s32(&packed[GROUP + 4])};
        vstrbq_p_s16(out, mrt_mve_scale(&sums, &scales, &product->output, MRT_MVE_ANY), vctp16q((uint32_t)left));
        groups = &packed[2 * GROUP];
        out = &out[GROUP];
    }
}

static MRT_NOINLINE void multiply_proved(const mrt_mve_product_t *product, const int8_t *input, int8_t *output)
{
    mrt_mve_vector(product, input, output);
}

/* The elements of vector `vector`: where they are, or copied to the workspace from one row or several. */
static const int8_t *vector_of(const mrt_call_t *call, const mrt_fully_connected_s8_mve_attrs_t *attrs,
                               uint32_t vector)
{
    const uint32_t row_elements = mrt_call_input(call, 0u)->row_bytes;
    const uint32_t depth = (uint32_t)attrs->depth;
    mrt_piece_t piece = mrt_piece_first(vector, depth, row_elements);
    if (attrs->copied == 0) {
        return &mrt_input_s8(call, 0u, piece.row)[piece.start];
    }
    int8_t *copy = (int8_t *)mrt_workspace(call); /* MISRA D1 */
    while (piece.length > 0u) {
        mrt_mve_copy(&copy[piece.done], &mrt_input_s8(call, 0u, piece.row)[piece.start], piece.length);
        mrt_piece_next(&piece, depth, row_elements);
    }
    return copy;
}

uint32_t mrt_fully_connected_s8_mve_workspace(const void *attrs)
{
    const mrt_fully_connected_s8_mve_attrs_t *own = (const mrt_fully_connected_s8_mve_attrs_t *)attrs; /* MISRA D1 */
    return (own->copied == 0) ? 0u : ((uint32_t)mrt_mve_blocks(own->depth) * (uint32_t)MRT_MVE_BYTES);
}

mrt_status_t mrt_fully_connected_s8_mve_run(const mrt_call_t *call)
{
    const mrt_fully_connected_s8_mve_attrs_t *attrs =
        (const mrt_fully_connected_s8_mve_attrs_t *)call->attrs; /* MISRA D1 */
    const mrt_mve_product_t product = {mrt_input_s32(call, 1u, 0u),
                                       mrt_mve_blocks(attrs->depth),
                                       attrs->channels,
                                       {attrs->output_offset, attrs->activation_min, attrs->activation_max},
                                       attrs->scaling};
    const uint32_t channels = (uint32_t)attrs->channels;
    const uint32_t row_vectors = mrt_call_output(call, 0u)->row_bytes / channels;
    for (uint32_t row = call->row_begin; row < call->row_end; ++row) {
        int8_t *output = mrt_output_s8(call, 0u, row);
        for (uint32_t vector = 0u; vector < row_vectors; ++vector) {
            const int8_t *input = vector_of(call, attrs, (row * row_vectors) + vector);
            if (attrs->scaling == (int32_t)MRT_MVE_ANY) {
                multiply_any(&product, input, &output[vector * channels]);
            } else {
                multiply_proved(&product, input, &output[vector * channels]);
            }
        }
    }
    return MRT_OK;
}

mrt_status_t mrt_fully_connected_s8_mve_check(const mrt_call_t *call)
{
    const mrt_fully_connected_s8_mve_attrs_t *attrs =
        (const mrt_fully_connected_s8_mve_attrs_t *)call->attrs; /* MISRA D1 */
    if (!mrt_check_counts(call, 2u, 1u) || !mrt_check_range(attrs->depth, 1, SIZE_MAX_ROUNDED)
        || !mrt_check_range(attrs->channels, 1, SIZE_MAX_ROUNDED) || !mrt_check_range(attrs->copied, 0, 1)) {
        return MRT_ERR_ATTRIBUTE;
    }
    const mrt_tensor_t *input = mrt_call_input(call, 0u);
    const mrt_tensor_t *output = mrt_call_output(call, 0u);
    const uint32_t depth = (uint32_t)attrs->depth;
    const uint32_t channels = (uint32_t)attrs->channels;
    const uint64_t vectors = ((uint64_t)output->row_bytes / channels) * output->rows;
    const bool whole = ((depth % (uint32_t)MRT_MVE_BYTES) == 0u) && ((input->row_bytes % depth) == 0u);
    return mrt_check_status(mrt_check_dtype(input, (uint32_t)MRT_DTYPE_S8)
                            && mrt_check_dtype(output, (uint32_t)MRT_DTYPE_S8) && (whole || (attrs->copied == 1))
                            && ((output->row_bytes % channels) == 0u)
                            && (mrt_check_bytes(input) <= (uint64_t)INT32_MAX)
                            && (mrt_check_bytes(input) == (vectors * depth))
                            && mrt_mve_groups_check(call, 1u, GROUP, attrs->channels, depth)
                            && mrt_mve_output_check(attrs->output_offset, attrs->activation_min,
                                                    attrs->activation_max, attrs->scaling));
}
