/* Minimum, int32. */
#define BINARY(verb) mrt_minimum_s32_##verb /* MISRA D4 */
#define BINARY_ATTRS mrt_extremum_attrs_t
#define BINARY_ELEMENT int32_t
#define BINARY_DTYPE MRT_DTYPE_S32
#include "runtime/kernels/binary.inc"

static int32_t combine(const BINARY_ATTRS *attrs, int32_t left, int32_t right)
{
    (void)attrs;
    return (left < right) ? left : right;
}

static bool call_is_sound(const mrt_call_t *call, const BINARY_ATTRS *attrs)
{
    return shapes_are_sound(call, attrs);
}
