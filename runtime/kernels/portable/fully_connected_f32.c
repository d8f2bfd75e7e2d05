/* Matrix product of vectors with a weight matrix, float32, portable. */
#define CONNECTED(verb) mrt_fully_connected_f32_##verb /* MISRA D4 */
#define CONNECTED_ATTRS mrt_fully_connected_f32_attrs_t
#define CONNECTED_PRODUCT mrt_product_f32_t
#define CONNECTED_TYPED(name) name##_f32 /* MISRA D4 */
#define CONNECTED_ELEMENT float
#define CONNECTED_WEIGHT float
#define CONNECTED_SUM float
#include "runtime/kernels/fully_connected.inc"

static inline mrt_product_f32_t product_of(const mrt_call_t *call, const mrt_fully_connected_f32_attrs_t *attrs)
{
    mrt_product_f32_t product = mrt_product_of_f32(call);
    product.low = attrs->activation_min;
    product.high = attrs->activation_max;
    return product;
}

static bool call_is_sound(const mrt_call_t *call, const mrt_fully_connected_f32_attrs_t *attrs)
{
    const mrt_fully_connected_types_t types = {MRT_DTYPE_F32, MRT_DTYPE_F32, MRT_DTYPE_F32};
    return mrt_check_counts(call, 3u, 1u) && mrt_fully_connected_check(call, attrs->depth, attrs->channels, &types)
           && (attrs->activation_min <= attrs->activation_max); /* false for not-a-number */
}
