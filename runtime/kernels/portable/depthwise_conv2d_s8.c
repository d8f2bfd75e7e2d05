/* Depthwise convolution, int8, portable: any stride, dilation, padding and depth multiplier. */
#define DEPTHWISE(verb) mrt_depthwise_conv2d_s8_##verb /* MISRA D4 */
#define DEPTHWISE_ATTRS mrt_depthwise_conv2d_s8_attrs_t
#define DEPTHWISE_PRODUCT mrt_product_s8_t
#define DEPTHWISE_TYPED(name) name##_s8 /* MISRA D4 */
#define DEPTHWISE_ELEMENT int8_t
#define DEPTHWISE_WEIGHT int8_t
#define DEPTHWISE_SUM uint32_t
#define DEPTHWISE_TYPES {MRT_DTYPE_S8, MRT_DTYPE_S8, MRT_DTYPE_S32}
#define DEPTHWISE_APART inline
#include "runtime/kernels/depthwise_conv2d.inc"

static inline mrt_product_s8_t product_of(const mrt_call_t *call, const mrt_depthwise_conv2d_s8_attrs_t *attrs)
{
    mrt_product_s8_t product = mrt_product_of_s8(call);
    product.input_offset = attrs->input_offset;
    product.output_offset = attrs->output_offset;
    product.low = attrs->activation_min;
    product.high = attrs->activation_max;
    return product;
}

static bool attrs_are_sound(const mrt_call_t *call, const mrt_depthwise_conv2d_s8_attrs_t *attrs)
{
    return mrt_check_multipliers(call, 3u, (uint32_t)attrs->window.output_channels, 30)
           && mrt_check_range(attrs->input_offset, -127, 128) && mrt_check_range(attrs->output_offset, -128, 127)
           && mrt_check_range(attrs->activation_min, -128, attrs->activation_max)
           && mrt_check_range(attrs->activation_max, -128, 127);
}
