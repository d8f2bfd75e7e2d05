/* Matrix product of vectors with a weight matrix, int16 with int8 weights, portable; scaled per tensor or channel. */
#define CONNECTED(verb) mrt_fully_connected_s16_##verb /* MISRA D4 */
#define CONNECTED_ATTRS mrt_fully_connected_s16_attrs_t
#define CONNECTED_PRODUCT mrt_product_s16_t
#define CONNECTED_TYPED(name) name##_s16 /* MISRA D4 */
#define CONNECTED_ELEMENT int16_t
#define CONNECTED_WEIGHT int8_t
#define CONNECTED_SUM uint64_t
#include "runtime/kernels/fully_connected.inc"

static inline mrt_product_s16_t product_of(const mrt_call_t *call, const mrt_fully_connected_s16_attrs_t *attrs)
{
    const bool per_channel = call->input_count > 3u;
    const bool wide = mrt_call_input(call, 2u)->dtype == (uint8_t)MRT_DTYPE_S64;
    const mrt_product_s16_t product = {
        .bias = wide ? mrt_input_s64(call, 2u, 0u) : NULL,
        .narrow_bias = wide ? NULL : mrt_input_s32(call, 2u, 0u),
        .multiplier = per_channel ? mrt_input_s32(call, 3u, 0u) : &attrs->multiplier,
        .shift = per_channel ? mrt_input_s32(call, 4u, 0u) : &attrs->shift,
        .scale_step = per_channel ? 1 : 0,
        .input_offset = attrs->input_offset,
        .output_offset = (int16_t)attrs->output_offset,
        .low = (int16_t)attrs->activation_min,
        .high = (int16_t)attrs->activation_max,
    };
    return product;
}

static bool call_is_sound(const mrt_call_t *call, const mrt_fully_connected_s16_attrs_t *attrs)
{
    if (!mrt_check_counts(call, 3u, 1u) && !mrt_check_counts(call, 5u, 1u)) {
        return false;
    }
    const bool wide = mrt_call_input(call, 2u)->dtype == (uint8_t)MRT_DTYPE_S64;
    const mrt_fully_connected_types_t types = {MRT_DTYPE_S16, MRT_DTYPE_S8, wide ? MRT_DTYPE_S64 : MRT_DTYPE_S32};
    return mrt_fully_connected_check(call, attrs->depth, attrs->channels, &types)
           && mrt_fully_connected_check_scale(call, attrs->channels, attrs->shift, wide ? MRT_SHIFT_S64_MAX : 30)
           && mrt_check_range(attrs->input_offset, -INT16_MAX, -INT16_MIN)
           && mrt_check_range(attrs->output_offset, INT16_MIN, INT16_MAX)
           && mrt_check_range(attrs->activation_min, INT16_MIN, attrs->activation_max)
           && mrt_check_range(attrs->activation_max, INT16_MIN, INT16_MAX);
}
