/* Minimum, float32. Where either is NaN, the right operand. */
#define BINARY(verb) mrt_minimum_f32_##verb /* MISRA D4 */
#define BINARY_ATTRS mrt_extremum_attrs_t
#define BINARY_ELEMENT float
#define BINARY_DTYPE MRT_DTYPE_F32
#include "runtime/kernels/binary.inc"

static float combine(const BINARY_ATTRS *attrs, float left, float right)
{
    (void)attrs;
    return (left < right) ? left : right;
}

static bool call_is_sound(const mrt_call_t *call, const BINARY_ATTRS *attrs)
{
    return shapes_are_sound(call, attrs);
}
