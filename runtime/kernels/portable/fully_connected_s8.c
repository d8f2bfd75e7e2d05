/* Matrix product of vectors with a weight matrix, int8, portable; scaled per tensor or per channel. */
#define CONNECTED(verb) mrt_fully_connected_s8_##verb /* MISRA D4 */
#define CONNECTED_ATTRS mrt_fully_connected_s8_attrs_t
#define CONNECTED_PRODUCT mrt_product_s8_t
#define CONNECTED_TYPED(name) name##_s8 /* MISRA D4 */
#define CONNECTED_ELEMENT int8_t
#define CONNECTED_WEIGHT int8_t
#define CONNECTED_SUM uint32_t
#include "runtime/kernels/fully_connected.inc"

static inline mrt_product_s8_t product_of(const mrt_call_t *call, const mrt_fully_connected_s8_attrs_t *attrs)
{
    const bool per_channel = call->input_count > 3u;
    const mrt_product_s8_t product = {
        .bias = mrt_input_s32(call, 2u, 0u),
        .multiplier = per_channel ? mrt_input_s32(call, 3u, 0u) : &attrs->multiplier,
        .shift = per_channel ? mrt_input_s32(call, 4u, 0u) : &attrs->shift,
        .scale_step = per_channel ? 1 : 0,
        .input_offset = attrs->input_offset,
        .output_offset = attrs->output_offset,
        .low = attrs->activation_min,
        .high = attrs->activation_max,
    };
    return product;
}

static bool call_is_sound(const mrt_call_t *call, const mrt_fully_connected_s8_attrs_t *attrs)
{
    const mrt_fully_connected_types_t types = {MRT_DTYPE_S8, MRT_DTYPE_S8, MRT_DTYPE_S32};
    return (mrt_check_counts(call, 3u, 1u) || mrt_check_counts(call, 5u, 1u))
           && mrt_fully_connected_check(call, attrs->depth, attrs->channels, &types)
           && mrt_fully_connected_check_scale(call, attrs->channels, attrs->shift, 30)
           && mrt_check_range(attrs->input_offset, -127, 128) && mrt_check_range(attrs->output_offset, -128, 127)
           && mrt_check_range(attrs->activation_min, -128, attrs->activation_max)
           && mrt_check_range(attrs->activation_max, -128, 127);
}
