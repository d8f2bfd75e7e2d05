/* Convolution, int16 with int8 weights, portable: any stride, dilation, padding and number of groups. */
#define CONV2D(verb) mrt_conv2d_s16_##verb /* MISRA D4 */
#define CONV2D_ATTRS mrt_conv2d_s16_attrs_t
#define CONV2D_PRODUCT mrt_product_s16_t
#define CONV2D_TYPED(name) name##_s16 /* MISRA D4 */
#define CONV2D_ELEMENT int16_t
#define CONV2D_WEIGHT int8_t
#define CONV2D_SUM uint64_t
#include "runtime/kernels/conv2d.inc"

static inline mrt_product_s16_t product_of(const mrt_call_t *call, const mrt_conv2d_s16_attrs_t *attrs)
{
    mrt_product_s16_t product = mrt_product_of_s16(call);
    product.low = (int16_t)attrs->activation_min;
    product.high = (int16_t)attrs->activation_max;
    return product;
}

static bool attrs_are_sound(const mrt_call_t *call, const mrt_conv2d_s16_attrs_t *attrs)
{
    /* Whether it is 3 or 5 inputs is for mrt_convolution_check to say; the bias is the third of them. */
    const bool wide = (call->input_count > 2u) && (mrt_call_input(call, 2u)->dtype == (uint8_t)MRT_DTYPE_S64);
    const mrt_convolution_types_t types = {MRT_DTYPE_S16, MRT_DTYPE_S8, wide ? MRT_DTYPE_S64 : MRT_DTYPE_S32};
    return mrt_convolution_check(call, &attrs->window, attrs->window.input_channels / attrs->groups, &types)
           && mrt_check_multipliers(call, 3u, (uint32_t)attrs->window.output_channels, wide ? MRT_SHIFT_S64_MAX : 30)
           && mrt_check_range(attrs->activation_min, INT16_MIN, attrs->activation_max)
           && mrt_check_range(attrs->activation_max, INT16_MIN, INT16_MAX);
}
