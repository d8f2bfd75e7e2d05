/* Maximum, int16. */
#define BINARY(verb) mrt_maximum_s16_##verb
#define BINARY_ATTRS mrt_extremum_attrs_t
#define BINARY_ELEMENT int16_t
#define BINARY_DTYPE MRT_DTYPE_S16
#include "runtime/kernels/binary.inc"

static int16_t combine(const BINARY_ATTRS *attrs, int16_t left, int16_t right)
{
    (void)attrs;
    return (left > right) ? left : right;
}

static bool attrs_are_sound(const BINARY_ATTRS *attrs)
{
    (void)attrs;
    return true;
}
