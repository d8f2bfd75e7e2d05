/* Depthwise convolution, float32, portable: any stride, dilation, padding and depth multiplier. */
#define DEPTHWISE(verb) mrt_depthwise_conv2d_f32_##verb /* MISRA D4 */
#define DEPTHWISE_ATTRS mrt_depthwise_conv2d_f32_attrs_t
#define DEPTHWISE_PRODUCT mrt_product_f32_t
#define DEPTHWISE_TYPED(name) name##_f32 /* MISRA D4 */
#define DEPTHWISE_ELEMENT float
#define DEPTHWISE_WEIGHT float
#define DEPTHWISE_SUM float
#define DEPTHWISE_TYPES {MRT_DTYPE_F32, MRT_DTYPE_F32, MRT_DTYPE_F32}
#define DEPTHWISE_APART inline
#include "runtime/kernels/depthwise_conv2d.inc"

static inline mrt_product_f32_t product_of(const mrt_call_t *call, const mrt_depthwise_conv2d_f32_attrs_t *attrs)
{
    mrt_product_f32_t product = mrt_product_of_f32(call);
    product.low = attrs->activation_min;
    product.high = attrs->activation_max;
    return product;
}

static bool attrs_are_sound(const mrt_call_t *call, const mrt_depthwise_conv2d_f32_attrs_t *attrs)
{
    (void)call;
    return attrs->activation_min <= attrs->activation_max; /* false for not-a-number */
}
