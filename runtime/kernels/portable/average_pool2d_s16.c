/* Average pooling, int16: the mean of the elements as stored, since input and output are quantised alike. */
#define POOL2D(verb) mrt_average_pool2d_s16_##verb /* MISRA D4 */
#define POOL2D_ATTRS mrt_pool2d_attrs_t
#define POOL2D_ELEMENT int16_t
#define POOL2D_VALUE int32_t
#define POOL2D_START 0
#define POOL2D_DTYPE MRT_DTYPE_S16
#include "runtime/kernels/pool2d.inc"

static int32_t gather(int32_t gathered, int16_t element)
{
    return gathered + element;
}

static int16_t output_of(const POOL2D_ATTRS *attrs, int32_t gathered, int32_t count)
{
    return (int16_t)mrt_clamp(mrt_pool2d_average(gathered, count), attrs->activation_min, attrs->activation_max);
}

static bool attrs_are_sound(const POOL2D_ATTRS *attrs)
{
    return mrt_pool2d_clamp_is_sound(attrs, INT16_MIN, INT16_MAX);
}
