/* Matrix product of vectors with a weight matrix, int8, portable; scaled per tensor or per channel. */
#include "micrort/kernels.h"
#include "runtime/kernels/check.h"
#include "runtime/kernels/dot.h"
#include "runtime/kernels/fully_connected.h"
#include "runtime/kernels/requantise.h"

/* What stays the same for all outputs of one call. */
typedef struct product_s8 {
    const mrt_fully_connected_s8_attrs_t *attrs;
    const mrt_call_t *call;
    const int8_t *weights;
    const int32_t *bias;
    const int32_t *multiplier; /* one, or one for each channel */
    const int32_t *shift;
    int32_t scale_step;        /* from channel to channel: 0 or 1 */
    uint32_t row_elements;     /* of an input row */
} product_s8_t;

/* Adds the products of input vector `vector` with the weights of channels `channel` to `channel` + 3. */
static inline void sum_four(const product_s8_t *product, uint32_t vector, int32_t channel, uint32_t sums[4])
{
    const uint32_t depth = (uint32_t)product->attrs->depth;
    const int8_t *weights = &product->weights[(uint32_t)channel * depth];
    mrt_piece_t piece = mrt_piece_first(vector, depth, product->row_elements);
    while (piece.length > 0u) {
        const int8_t *input = &mrt_input_s8(product->call, 0u, piece.row)[piece.start];
        mrt_dot_four_s8(input, &weights[piece.done], product->attrs->depth, (int32_t)piece.length,
                        product->attrs->input_offset, sums);
        mrt_piece_next(&piece, depth, product->row_elements);
    }
}

/* The sum of bias and products of one channel. */
static inline uint32_t sum_one(const product_s8_t *product, uint32_t vector, int32_t channel)
{
    const uint32_t depth = (uint32_t)product->attrs->depth;
    const int8_t *weights = &product->weights[(uint32_t)channel * depth];
    mrt_piece_t piece = mrt_piece_first(vector, depth, product->row_elements);
    uint32_t sum = (uint32_t)product->bias[channel];
    while (piece.length > 0u) {
        const int8_t *input = &mrt_input_s8(product->call, 0u, piece.row)[piece.start];
        sum = mrt_dot_s8(input, &weights[piece.done], (int32_t)piece.length, product->attrs->input_offset, sum);
        mrt_piece_next(&piece, depth, product->row_elements);
    }
    return sum;
}

static inline int8_t output_of(const product_s8_t *product, uint32_t sum, int32_t channel)
{
    const int32_t scale = channel * product->scale_step;
    const int32_t scaled = mrt_requantise((int32_t)sum, product->multiplier[scale], product->shift[scale]);
    return (int8_t)mrt_clamp(mrt_wrapping_add(scaled, product->attrs->output_offset), product->attrs->activation_min,
                             product->attrs->activation_max);
}

/* One output vector, four channels at a time: they share the loads of the input. */
static inline void compute_vector(const product_s8_t *product, uint32_t vector, int8_t *output)
{
    const int32_t channels = product->attrs->channels;
    int32_t channel = 0;
    while ((channels - channel) >= 4) {
        uint32_t sums[4] = {(uint32_t)product->bias[channel], (uint32_t)product->bias[channel + 1],
                            (uint32_t)product->bias[channel + 2], (uint32_t)product->bias[channel + 3]};
        sum_four(product, vector, channel, sums);
        for (int32_t lane = 0; lane < 4; ++lane) {
            output[channel + lane] = output_of(product, sums[lane], channel + lane);
        }
        channel += 4;
    }
    while (channel < channels) {
        output[channel] = output_of(product, sum_one(product, vector, channel), channel);
        ++channel;
    }
}

/* The kernel; apart from `run`, so that callers with constant attributes can have it specialised. */
static inline void compute_rows(const mrt_call_t *call, const mrt_fully_connected_s8_attrs_t *attrs)
{
    const bool per_channel = call->input_count > 3u;
    const product_s8_t product = {
        .attrs = attrs,
        .call = call,
        .weights = mrt_input_s8(call, 1u, 0u),
        .bias = mrt_input_s32(call, 2u, 0u),
        .multiplier = per_channel ? mrt_input_s32(call, 3u, 0u) : &attrs->multiplier,
        .shift = per_channel ? mrt_input_s32(call, 4u, 0u) : &attrs->shift,
        .scale_step = per_channel ? 1 : 0,
        .row_elements = mrt_call_input(call, 0u)->row_bytes,
    };
    const uint32_t channels = (uint32_t)attrs->channels;
    const uint32_t columns = mrt_call_output(call, 0u)->row_bytes / channels;
    for (uint32_t row = call->row_begin; row < call->row_end; ++row) {
        int8_t *output = mrt_output_s8(call, 0u, row);
        for (uint32_t column = 0u; column < columns; ++column) {
            compute_vector(&product, (row * columns) + column, &output[column * channels]);
        }
    }
}

mrt_status_t mrt_fully_connected_s8_run(const mrt_call_t *call)
{
    const mrt_fully_connected_s8_attrs_t *attrs = call->attrs; /* MISRA D1 */
    compute_rows(call, attrs);
    return MRT_OK;
}

uint32_t mrt_fully_connected_s8_workspace(const void *attrs)
{
    (void)attrs;
    return 0u;
}

mrt_status_t mrt_fully_connected_s8_check(const mrt_call_t *call)
{
    const mrt_fully_connected_s8_attrs_t *attrs = call->attrs; /* MISRA D1 */
    const mrt_fully_connected_types_t types = {MRT_DTYPE_S8, MRT_DTYPE_S8, MRT_DTYPE_S32};
    return mrt_check_status(
        (mrt_check_counts(call, 3u, 1u) || mrt_check_counts(call, 5u, 1u))
        && mrt_fully_connected_check(call, attrs->depth, attrs->channels, &types)
        && mrt_fully_connected_check_scale(call, attrs->channels, attrs->shift, 30)
        && mrt_check_range(attrs->input_offset, -127, 128) && mrt_check_range(attrs->output_offset, -128, 127)
        && mrt_check_range(attrs->activation_min, -128, attrs->activation_max)
        && mrt_check_range(attrs->activation_max, -128, 127));
}
