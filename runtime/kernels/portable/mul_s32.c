/* Multiplication, int32: wraps on overflow, then clamps. */
#define BINARY(verb) mrt_mul_s32_##verb /* MISRA D4 */
#define BINARY_ATTRS mrt_binary_s32_attrs_t
#define BINARY_ELEMENT int32_t
#define BINARY_DTYPE MRT_DTYPE_S32
#include "runtime/kernels/binary.inc"

static int32_t combine(const BINARY_ATTRS *attrs, int32_t left, int32_t right)
{
    const uint32_t product = (uint32_t)left * (uint32_t)right;
    return mrt_clamp((int32_t)product, attrs->activation_min, attrs->activation_max);
}

static bool call_is_sound(const mrt_call_t *call, const BINARY_ATTRS *attrs)
{
    return shapes_are_sound(call, attrs) && (attrs->activation_min <= attrs->activation_max);
}
