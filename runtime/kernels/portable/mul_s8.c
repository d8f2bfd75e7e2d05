/* Multiplication, int8. */
#define BINARY(verb) mrt_mul_s8_##verb /* MISRA D4 */
#define BINARY_ATTRS mrt_multiplication_attrs_t
#define BINARY_ELEMENT int8_t
#define BINARY_DTYPE MRT_DTYPE_S8
#include "runtime/kernels/binary.inc"

/* Operands less their zero points are at most 2^8 in magnitude. */
#define OFFSET_MAX 128

static int8_t combine(const BINARY_ATTRS *attrs, int8_t left, int8_t right)
{
    const int32_t product = (left + attrs->input0_offset) * (right + attrs->input1_offset);
    return (int8_t)mrt_multiplication_output(attrs, product);
}

static bool call_is_sound(const mrt_call_t *call, const BINARY_ATTRS *attrs)
{
    return shapes_are_sound(call, attrs) && mrt_multiplication_is_sound(attrs, OFFSET_MAX, INT8_MIN, INT8_MAX);
}
