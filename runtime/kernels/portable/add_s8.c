/* Addition, int8: both operands at a common scale, then at the output's. */
#define BINARY(verb) mrt_add_s8_##verb /* MISRA D4 */
#define BINARY_ATTRS mrt_addition_attrs_t
#define BINARY_ELEMENT int8_t
#define BINARY_DTYPE MRT_DTYPE_S8
#include "runtime/kernels/binary.inc"

/* An operand less its zero point is at most 2^8 in magnitude, so 20 bits more leave room for the sum. */
#define HEADROOM 1048576

static int8_t combine(const BINARY_ATTRS *attrs, int8_t left, int8_t right)
{
    const int32_t left_scaled = mrt_common_scale(left + attrs->input0_offset, HEADROOM, attrs->input0_multiplier,
                                                 attrs->input0_shift);
    const int32_t right_scaled = mrt_common_scale(right + attrs->input1_offset, HEADROOM, attrs->input1_multiplier,
                                                  attrs->input1_shift);
    return (int8_t)mrt_addition_output(attrs, left_scaled + right_scaled);
}

static bool call_is_sound(const mrt_call_t *call, const BINARY_ATTRS *attrs)
{
    return shapes_are_sound(call, attrs) && mrt_addition_is_sound(attrs, INT8_MIN, INT8_MAX);
}
