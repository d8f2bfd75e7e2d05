/* Mean along any axes, int8. */
#define MEAN(verb) mrt_mean_s8_##verb /* MISRA D4 */
#define MEAN_ATTRS mrt_mean_attrs_t
#define MEAN_ELEMENT int8_t
#define MEAN_SUM int32_t
#define MEAN_DTYPE MRT_DTYPE_S8
#include "runtime/kernels/mean.inc"

/* A sum of very many elements wraps, as the reference's does. */
static int32_t add(int32_t sum, int8_t element)
{
    return mrt_wrapping_add(sum, element);
}

static int8_t output_of(const MEAN_ATTRS *attrs, int32_t sum, uint32_t count)
{
    return (int8_t)mrt_mean_output(attrs, sum, count, INT8_MIN, INT8_MAX);
}

static bool call_is_sound(const mrt_call_t *call, const MEAN_ATTRS *attrs)
{
    return shapes_are_sound(call, attrs) && mrt_mean_scale_is_sound(attrs, INT8_MIN, INT8_MAX);
}
