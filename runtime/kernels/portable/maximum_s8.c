/* Maximum, int8. */
#define BINARY(verb) mrt_maximum_s8_##verb /* MISRA D4 */
#define BINARY_ATTRS mrt_extremum_attrs_t
#define BINARY_ELEMENT int8_t
#define BINARY_DTYPE MRT_DTYPE_S8
#include "runtime/kernels/binary.inc"

static int8_t combine(const BINARY_ATTRS *attrs, int8_t left, int8_t right)
{
    (void)attrs;
    if (left > right) {
        return left;
    }
    return right;
}

static bool call_is_sound(const mrt_call_t *call, const BINARY_ATTRS *attrs)
{
    return shapes_are_sound(call, attrs);
}
