/* Minimum, int16. */
#define BINARY(verb) mrt_minimum_s16_##verb /* MISRA D4 */
#define BINARY_ATTRS mrt_extremum_attrs_t
#define BINARY_ELEMENT int16_t
#define BINARY_DTYPE MRT_DTYPE_S16
#include "runtime/kernels/binary.inc"

static int16_t combine(const BINARY_ATTRS *attrs, int16_t left, int16_t right)
{
    (void)attrs;
    if (left < right) {
        return left;
    }
    return right;
}

static bool call_is_sound(const mrt_call_t *call, const BINARY_ATTRS *attrs)
{
    return shapes_are_sound(call, attrs);
}
