/* Depthwise convolution with a multiplier of 1, float32, for cores with MVE: any kernel, stride, dilation, padding. */
#include "micrort/kernels.h"
#include "runtime/kernels/check.h"
#include "runtime/kernels/convolution.h"
#include "runtime/kernels/mve/float.h"
#include "runtime/kernels/window.h"

/* The taps of a row of a window that lie inside the image: `count` pixels of the input, and as many of weights. */
typedef struct tap_run {
    const float *input;
    const float *weights;
    int32_t count;
    int32_t input_step;
    int32_t weights_step;
} tap_run_t;

/* 16 channels. */
static inline void add_16(mrt_mve_sums_f32_t *sums, const tap_run_t *run)
{
    const float *input = run->input;
    const float *weights = run->weights;
    for (int32_t left = run->count; left > 0; --left) {
        sums->a = vfmaq_f32(sums->a, vldrwq_f32(input), vldrwq_f32(weights));
        sums->b = vfmaq_f32(sums->b, vldrwq_f32(&input[4]), vldrwq_f32(&weights[4]));
        sums->c = vfmaq_f32(sums->c, vldrwq_f32(&input[8]), vldrwq_f32(&weights[8]));
        sums->d = vfmaq_f32(sums->d, vldrwq_f32(&input[12]), vldrwq_f32(&weights[12]));
        input = &input[run->input_step];
        weights = &weights[run->weights_step];
    }
}

/* The channels in `lanes` of four. */
static inline float32x4_t add_4(float32x4_t sums, const tap_run_t *run, mve_pred16_t lanes)
{
    float32x4_t total = sums;
    const float *input = run->input;
    const float *weights = run->weights;
    for (int32_t left = run->count; left > 0; --left) {
        total = vfmaq_f32(total, vldrwq_z_f32(input, lanes), vldrwq_z_f32(weights, lanes));
        input = &input[run->input_step];
        weights = &weights[run->weights_step];
    }
    return total;
}

/* An output pixel. */
typedef struct depthwise_pixel {
    const mrt_lines_t *lines;
    const float *weights;
    mrt_runs_t runs;
    int32_t channels;
    int32_t row_weights; /* Of a row of taps. */
} depthwise_pixel_t;

/* The run of row `tap` for the channels from `channel` on. */
static inline tap_run_t run_of(const depthwise_pixel_t *pixel, int32_t tap, int32_t channel)
{
    const float *line = (const float *)mrt_lines_row(pixel->lines, tap); /* MISRA D1 */
    const tap_run_t run = {&line[pixel->runs.input + channel],
                       &pixel->weights[(tap * pixel->row_weights) + pixel->runs.weights + channel], pixel->runs.count,
                       pixel->runs.input_step, pixel->channels};
    return run;
}

/* All channels of a pixel. */
static void make_pixel(const mrt_depthwise_conv2d_f32_attrs_t *attrs, const depthwise_pixel_t *pixel, const float *bias,
                       float *output)
{
    const mrt_mve_clamp_f32_t clamp = mrt_mve_clamp_f32(attrs->activation_min, attrs->activation_max);
    const mve_pred16_t all = vctp32q(4u);
    int32_t channel = 0;
    for (; (channel + MRT_MVE_GROUP_F32) <= pixel->channels; channel += MRT_MVE_GROUP_F32) {
        mrt_mve_sums_f32_t sums;
        mrt_mve_begin_f32(&sums);
        for (int32_t tap = pixel->lines->taps.begin; tap < pixel->lines->taps.end; ++tap) {
            const tap_run_t run = run_of(pixel, tap, channel);
            add_16(&sums, &run);
        }
        mrt_mve_end_f32(&output[channel], sums.a, &bias[channel], &clamp, all);
        mrt_mve_end_f32(&output[channel + 4], sums.b, &bias[channel + 4], &clamp, all);
        mrt_mve_end_f32(&output[channel + 8], sums.c, &bias[channel + 8], &clamp, all);
        mrt_mve_end_f32(&output[channel + 12], sums.d, &bias[channel + 12], &clamp, all);
    }
    for (; channel < pixel->channels; channel += MRT_MVE_FLOATS) {
        const int32_t left = pixel->channels - channel;
        const mve_pred16_t lanes = vctp32q((uint32_t)left);
        float32x4_t sums = vdupq_n_f32(0.0f);
        for (int32_t tap = pixel->lines->taps.begin; tap < pixel->lines->taps.end; ++tap) {
            const tap_run_t run = run_of(pixel, tap, channel);
            sums = add_4(sums, &run, lanes);
        }
        mrt_mve_end_f32(&output[channel], sums, &bias[channel], &clamp, lanes);
    }
}

mrt_status_t mrt_depthwise_conv2d_f32_mve_run(const mrt_call_t *call)
{
    const mrt_depthwise_conv2d_f32_attrs_t *attrs =
        (const mrt_depthwise_conv2d_f32_attrs_t *)call->attrs; /* MISRA D1 */
    const mrt_window_t *window = &attrs->window;
    mrt_lines_t lines;
    depthwise_pixel_t pixel = {.lines = &lines,
                     .weights = mrt_input_f32(call, 1u, 0u),
                     .channels = window->input_channels,
                     .row_weights = window->kernel_width * window->input_channels};
    for (uint32_t row = call->row_begin; row < call->row_end; ++row) {
        float *output = mrt_output_f32(call, 0u, row);
        mrt_lines_make(&lines, call, window, row);
        for (int32_t x = 0; x < window->output_width; ++x) {
            pixel.runs = mrt_window_runs(window, x, window->input_channels, window->input_channels);
            make_pixel(attrs, &pixel, mrt_input_f32(call, 2u, 0u), &output[x * window->output_channels]);
        }
    }
    return MRT_OK;
}

uint32_t mrt_depthwise_conv2d_f32_mve_workspace(const void *attrs)
{
    (void)attrs;
    return 0u;
}

mrt_status_t mrt_depthwise_conv2d_f32_mve_check(const mrt_call_t *call)
{
    const mrt_depthwise_conv2d_f32_attrs_t *attrs =
        (const mrt_depthwise_conv2d_f32_attrs_t *)call->attrs; /* MISRA D1 */
    const mrt_convolution_types_t types = {MRT_DTYPE_F32, MRT_DTYPE_F32, MRT_DTYPE_F32};
    return mrt_check_status(mrt_convolution_check(call, &attrs->window, 1, &types)
                            && (attrs->window.output_channels == attrs->window.input_channels)
                            && (attrs->activation_min <= attrs->activation_max)); /* false for not-a-number */
}
