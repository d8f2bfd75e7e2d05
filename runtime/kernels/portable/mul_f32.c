/* Multiplication, float32. */
#define BINARY(verb) mrt_mul_f32_##verb /* MISRA D4 */
#define BINARY_ATTRS mrt_binary_f32_attrs_t
#define BINARY_ELEMENT float
#define BINARY_DTYPE MRT_DTYPE_F32
#include "runtime/kernels/binary.inc"

static float combine(const BINARY_ATTRS *attrs, float left, float right)
{
    return mrt_clamp_f32(left * right, attrs->activation_min, attrs->activation_max);
}

static bool call_is_sound(const mrt_call_t *call, const BINARY_ATTRS *attrs)
{
    return shapes_are_sound(call, attrs) && (attrs->activation_min <= attrs->activation_max); /* also refuses NaN */
}
