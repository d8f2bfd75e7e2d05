/* Maximum pooling, float32. */
#include <float.h>

#define POOL2D(verb) mrt_max_pool2d_f32_##verb /* MISRA D4 */
#define POOL2D_ATTRS mrt_pool2d_f32_attrs_t
#define POOL2D_ELEMENT float
#define POOL2D_VALUE float
#define POOL2D_START (-FLT_MAX)
#define POOL2D_DTYPE MRT_DTYPE_F32
#include "runtime/kernels/pool2d.inc"

static float gather(float gathered, float element)
{
    return (gathered < element) ? element : gathered;
}

static float output_of(const POOL2D_ATTRS *attrs, float gathered, int32_t count)
{
    (void)count; /* a maximum needs no division */
    return mrt_clamp_f32(gathered, attrs->activation_min, attrs->activation_max);
}

static bool attrs_are_sound(const POOL2D_ATTRS *attrs)
{
    return attrs->activation_min <= attrs->activation_max; /* also refuses NaN */
}
