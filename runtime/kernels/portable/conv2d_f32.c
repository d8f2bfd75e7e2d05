/* Convolution, float32, portable: any stride, dilation, padding and number of groups. */
#define CONV2D(verb) mrt_conv2d_f32_##verb /* MISRA D4 */
#define CONV2D_ATTRS mrt_conv2d_f32_attrs_t
#define CONV2D_PRODUCT mrt_product_f32_t
#define CONV2D_TYPED(name) name##_f32 /* MISRA D4 */
#define CONV2D_ELEMENT float
#define CONV2D_WEIGHT float
#define CONV2D_SUM float
#include "runtime/kernels/conv2d.inc"

static inline mrt_product_f32_t product_of(const mrt_call_t *call, const mrt_conv2d_f32_attrs_t *attrs)
{
    mrt_product_f32_t product = mrt_product_of_f32(call);
    product.low = attrs->activation_min;
    product.high = attrs->activation_max;
    return product;
}

static bool attrs_are_sound(const mrt_call_t *call, const mrt_conv2d_f32_attrs_t *attrs)
{
    const mrt_convolution_types_t types = {MRT_DTYPE_F32, MRT_DTYPE_F32, MRT_DTYPE_F32};
    return mrt_convolution_check(call, &attrs->window, attrs->window.input_channels / attrs->groups, &types)
           && (attrs->activation_min <= attrs->activation_max); /* false for not-a-number */
}
