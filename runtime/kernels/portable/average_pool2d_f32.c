/* Average pooling, float32. */
#define POOL2D(verb) mrt_average_pool2d_f32_##verb /* MISRA D4 */
#define POOL2D_ATTRS mrt_pool2d_f32_attrs_t
#define POOL2D_ELEMENT float
#define POOL2D_VALUE float
#define POOL2D_START 0.0f
#define POOL2D_DTYPE MRT_DTYPE_F32
#include "runtime/kernels/pool2d.inc"

static float gather(float gathered, float element)
{
    return gathered + element;
}

static float output_of(const POOL2D_ATTRS *attrs, float gathered, int32_t count)
{
    return mrt_clamp_f32(gathered / (float)count, attrs->activation_min, attrs->activation_max);
}

static bool attrs_are_sound(const POOL2D_ATTRS *attrs)
{
    return attrs->activation_min <= attrs->activation_max; /* also refuses NaN */
}
