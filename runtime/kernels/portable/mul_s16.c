/* Multiplication, int16. */
#define BINARY(verb) mrt_mul_s16_##verb /* MISRA D4 */
#define BINARY_ATTRS mrt_multiplication_attrs_t
#define BINARY_ELEMENT int16_t
#define BINARY_DTYPE MRT_DTYPE_S16
#include "runtime/kernels/binary.inc"

/* Operands without zero point: their product stays within int32. */
#define OFFSET_MAX 0

static int16_t combine(const BINARY_ATTRS *attrs, int16_t left, int16_t right)
{
    const int32_t product = (left + attrs->input0_offset) * (right + attrs->input1_offset);
    return (int16_t)mrt_multiplication_output(attrs, product);
}

static bool call_is_sound(const mrt_call_t *call, const BINARY_ATTRS *attrs)
{
    return shapes_are_sound(call, attrs) && mrt_multiplication_is_sound(attrs, OFFSET_MAX, INT16_MIN, INT16_MAX);
}
