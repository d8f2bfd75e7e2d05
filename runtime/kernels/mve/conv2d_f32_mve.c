/* Convolution, float32, for cores with MVE: any kernel, stride, dilation and padding, one group. */
#include "micrort/kernels.h"
#include "runtime/kernels/check.h"
#include "runtime/kernels/mve/float.h"
#include "runtime/kernels/window.h"

/* An output pixel: what is under its window, row by row of taps. */
typedef struct conv_pixel {
    const mrt_lines_t *lines;
    mrt_runs_t runs;
    int32_t row_weights; /* Elements of a filter in a row of taps. */
} conv_pixel_t;

/* 16 channels of a pixel. */
static void sum_16(const conv_pixel_t *pixel, const float *weights, mrt_mve_sums_f32_t *sums)
{
    mrt_mve_begin_f32(sums);
    for (int32_t tap = pixel->lines->taps.begin; tap < pixel->lines->taps.end; ++tap) {
        const float *line = (const float *)mrt_lines_row(pixel->lines, tap); /* MISRA D1 */
        int32_t input = pixel->runs.input;
        int32_t weight = (tap * pixel->row_weights) + pixel->runs.weights;
        for (int32_t run = 0; run < pixel->runs.count; ++run) {
            mrt_mve_add_16_f32(sums, &line[input], &weights[weight * MRT_MVE_GROUP_F32], pixel->runs.length);
            input += pixel->runs.input_step;
            weight += pixel->runs.weights_step;
        }
    }
}

/* Four channels, whose weights are `step` apart. */
static float32x4_t sum_4(const conv_pixel_t *pixel, const float *weights, int32_t step)
{
    float32x4_t sums = vdupq_n_f32(0.0f);
    for (int32_t tap = pixel->lines->taps.begin; tap < pixel->lines->taps.end; ++tap) {
        const float *line = (const float *)mrt_lines_row(pixel->lines, tap); /* MISRA D1 */
        int32_t input = pixel->runs.input;
        int32_t weight = (tap * pixel->row_weights) + pixel->runs.weights;
        for (int32_t run = 0; run < pixel->runs.count; ++run) {
            sums = mrt_mve_add_4_f32(sums, &line[input], &weights[weight * step], step, pixel->runs.length);
            input += pixel->runs.input_step;
            weight += pixel->runs.weights_step;
        }
    }
    return sums;
}

/* All channels of a pixel. */
static void make_pixel(const mrt_conv2d_f32_attrs_t *attrs, const conv_pixel_t *pixel, const float *groups, float *output)
{
    const mrt_mve_clamp_f32_t clamp = mrt_mve_clamp_f32(attrs->activation_min, attrs->activation_max);
    const int32_t elements = attrs->window.kernel_height * pixel->row_weights;
    const int32_t channels = attrs->window.output_channels;
    const mve_pred16_t all = vctp32q(4u);
    const float *group = groups;
    float *out = output;
    int32_t left = channels;
    for (; left > (MRT_MVE_GROUP_F32 - MRT_MVE_FLOATS); left -= MRT_MVE_GROUP_F32) {
        mrt_mve_sums_f32_t sums;
        sum_16(pixel, &group[MRT_MVE_GROUP_F32], &sums);
        mrt_mve_end_f32(out, sums.a, group, &clamp, all);
        mrt_mve_end_f32(&out[4], sums.b, &group[4], &clamp, all);
        mrt_mve_end_f32(&out[8], sums.c, &group[8], &clamp, all);
        const int32_t last = left - 12;
        mrt_mve_end_f32(&out[12], sums.d, &group[12], &clamp, vctp32q((uint32_t)last));
        group = &group[MRT_MVE_GROUP_F32 * (elements + 1)];
        out = &out[MRT_MVE_GROUP_F32];
    }
    const int32_t step = ((left + 3) / MRT_MVE_FLOATS) * MRT_MVE_FLOATS; /* of the last group, of 0..12 channels */
    for (int32_t first = 0; first < step; first += MRT_MVE_FLOATS) {
        const int32_t rest = left - first;
        const float32x4_t sums = sum_4(pixel, &group[step + first], step);
        mrt_mve_end_f32(&out[first], sums, &group[first], &clamp, vctp32q((uint32_t)rest));
    }
}

mrt_status_t mrt_conv2d_f32_mve_run(const mrt_call_t *call)
{
    const mrt_conv2d_f32_attrs_t *attrs = (const mrt_conv2d_f32_attrs_t *)call->attrs; /* MISRA D1 */
    const mrt_window_t *window = &attrs->window;
    const float *groups = mrt_input_f32(call, 1u, 0u);
    mrt_lines_t lines;
    conv_pixel_t pixel = {.lines = &lines, .row_weights = window->kernel_width * window->input_channels};
    for (uint32_t row = call->row_begin; row < call->row_end; ++row) {
        float *output = mrt_output_f32(call, 0u, row);
        mrt_lines_make(&lines, call, window, row);
        for (int32_t x = 0; x < window->output_width; ++x) {
            pixel.runs = mrt_window_runs(window, x, window->input_channels, window->input_channels);
            mrt_runs_join(&pixel.runs);
            make_pixel(attrs, &pixel, groups, &output[x * window->output_channels]);
        }
    }
    return MRT_OK;
}

uint32_t mrt_conv2d_f32_mve_workspace(const void *attrs)
{
    (void)attrs;
    return 0u;
}

mrt_status_t mrt_conv2d_f32_mve_check(const mrt_call_t *call)
{
    const mrt_conv2d_f32_attrs_t *attrs = (const mrt_conv2d_f32_attrs_t *)call->attrs; /* MISRA D1 */
    const mrt_window_t *window = &attrs->window;
    if (!mrt_window_check(call, window, 2u, (uint32_t)MRT_DTYPE_F32)) {
        return MRT_ERR_ATTRIBUTE;
    }
    /* Each factor is below 2^15 by now. */
    const uint64_t taps = (uint64_t)(uint32_t)window->kernel_height * (uint32_t)window->kernel_width;
    const uint64_t weights =
        mrt_mve_groups_f32((uint32_t)window->output_channels, taps * (uint32_t)window->input_channels);
    return mrt_check_status((attrs->groups == 1) && (weights <= (uint64_t)INT32_MAX)
                            && mrt_check_elements(mrt_call_input(call, 1u), (uint32_t)MRT_DTYPE_F32, weights)
                            && (attrs->activation_min <= attrs->activation_max)); /* false for not-a-number */
}
