/* Addition, int16: both operands at a common scale, then at the output's. */
#define BINARY(verb) mrt_add_s16_##verb /* MISRA D4 */
#define BINARY_ATTRS mrt_addition_attrs_t
#define BINARY_ELEMENT int16_t
#define BINARY_DTYPE MRT_DTYPE_S16
#include "runtime/kernels/binary.inc"

/* An operand less its zero point is below 2^16 in magnitude, so 15 bits keep it, and the sum of two halves, within int32. */
#define HEADROOM 32768

static int16_t combine(const BINARY_ATTRS *attrs, int16_t left, int16_t right)
{
    const int32_t left_scaled = mrt_common_scale(left + attrs->input0_offset, HEADROOM, attrs->input0_multiplier,
                                                 attrs->input0_shift);
    const int32_t right_scaled = mrt_common_scale(right + attrs->input1_offset, HEADROOM, attrs->input1_multiplier,
                                                  attrs->input1_shift);
    return (int16_t)mrt_addition_output(attrs, left_scaled + right_scaled);
}

static bool call_is_sound(const mrt_call_t *call, const BINARY_ATTRS *attrs)
{
    return shapes_are_sound(call, attrs) && mrt_addition_is_sound(attrs, INT16_MIN, INT16_MAX);
}
