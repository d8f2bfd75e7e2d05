/* Mean along any axes, float32: a sum in the order of the input, then one division. */
#define MEAN(verb) mrt_mean_f32_##verb /* MISRA D4 */
#define MEAN_ATTRS mrt_mean_f32_attrs_t
#define MEAN_ELEMENT float
#define MEAN_SUM float
#define MEAN_DTYPE MRT_DTYPE_F32
#include "runtime/kernels/mean.inc"

static float add(float sum, float element)
{
    return sum + element;
}

static float output_of(const MEAN_ATTRS *attrs, float sum, uint32_t count)
{
    (void)attrs;
    return sum / (float)count;
}

static bool call_is_sound(const mrt_call_t *call, const MEAN_ATTRS *attrs)
{
    return shapes_are_sound(call, attrs);
}
