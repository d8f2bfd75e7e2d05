/* Depthwise convolution, int16 with int8 weights, portable: any stride, dilation, padding and depth multiplier. */
#define DEPTHWISE(verb) mrt_depthwise_conv2d_s16_##verb /* MISRA D4 */
#define DEPTHWISE_ATTRS mrt_depthwise_conv2d_s16_attrs_t
#define DEPTHWISE_PRODUCT mrt_product_s16_t
#define DEPTHWISE_TYPED(name) name##_s16 /* MISRA D4 */
#define DEPTHWISE_ELEMENT int16_t
#define DEPTHWISE_WEIGHT int8_t
#define DEPTHWISE_SUM uint64_t
#define DEPTHWISE_TYPES {MRT_DTYPE_S16, MRT_DTYPE_S8, MRT_DTYPE_S64}
#define DEPTHWISE_APART MRT_NOINLINE
#include "runtime/kernels/depthwise_conv2d.inc"

static inline mrt_product_s16_t product_of(const mrt_call_t *call, const mrt_depthwise_conv2d_s16_attrs_t *attrs)
{
    mrt_product_s16_t product = mrt_product_of_s16(call);
    product.low = (int16_t)attrs->activation_min;
    product.high = (int16_t)attrs->activation_max;
    return product;
}

static bool attrs_are_sound(const mrt_call_t *call, const mrt_depthwise_conv2d_s16_attrs_t *attrs)
{
    return mrt_check_multipliers(call, 3u, (uint32_t)attrs->window.output_channels, MRT_SHIFT_S64_MAX)
           && mrt_check_range(attrs->activation_min, INT16_MIN, attrs->activation_max)
           && mrt_check_range(attrs->activation_max, INT16_MIN, INT16_MAX);
}
