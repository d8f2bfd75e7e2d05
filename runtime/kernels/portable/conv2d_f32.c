/* Convolution, float32, portable: any stride, dilation, padding and number of groups. */
#define CONV2D(verb) mrt_conv2d_f32_##verb /* MISRA D4 */
#define CONV2D_ATTRS mrt_conv2d_f32_attrs_t
#define CONV2D_PRODUCT mrt_product_f32_t
#define CONV2D_TYPED(name) name##_f32 /* MISRA D4 */
#define CONV2D_ELEMENT float
#define CONV2D_WEIGHT float
#define CONV2D_SUM float
#define CONV2D_OWN_FOUR
#include "runtime/kernels/conv2d.inc"
#include "runtime/kernels/fpu.h"

/* Runs may be short: sums and pointers stay in registers from one to the next. A row's weights adjoin. */
static MRT_NOINLINE void sum_four_filters(const conv2d_t *conv, const mrt_lines_t *lines, const mrt_runs_t *runs,
                                          int32_t filter, float sums[4])
{
    const int32_t begin = (filter * conv->filter_size) + (lines->taps.begin * conv->line_size) + runs->weights;
    const int32_t skip = conv->line_size - (runs->count * runs->length);
    const float *const weights = &conv->weights[begin];
    mrt_fpu_four_t four = {
        .a = weights,
        .b = &weights[conv->filter_size],
        .c = &weights[2 * conv->filter_size],
        .d = &weights[3 * conv->filter_size],
    };
    int32_t ahead = 0;
    for (int32_t tap = lines->taps.begin; tap < lines->taps.end; ++tap) {
        const float *line = mrt_lines_row(lines, tap); /* MISRA D1 */
        int32_t element = runs->input;
        four.a = &four.a[ahead];
        four.b = &four.b[ahead];
        four.c = &four.c[ahead];
        four.d = &four.d[ahead];
        for (int32_t run = 0; run < runs->count; ++run) {
            four.x = &line[element];
            mrt_fpu_dot_four(&four, runs->length);
            element += runs->input_step;
        }
        ahead = skip;
    }
    sums[0] = four.sum_a;
    sums[1] = four.sum_b;
    sums[2] = four.sum_c;
    sums[3] = four.sum_d;
}

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
