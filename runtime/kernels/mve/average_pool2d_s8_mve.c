/* Average pooling, int8, for cores with MVE: four channels at a time. */
#include "micrort/kernels.h"
#include "runtime/kernels/check.h"
#include "runtime/kernels/mve/intrinsics.h"
#include "runtime/kernels/pool2d.h"
#include "runtime/kernels/window.h"

/* Channels that are summed together. */
#define LANES 16

/* Elements under a window that lie inside the image. */
typedef struct elements {
    const mrt_lines_t *lines;
    int32_t first; /* Of each row. */
    int32_t columns;
    int32_t channels;
} elements_t;

/* The sums of sixteen channels from `channel` on. */
static inline void sum_all(const elements_t *elements, int32_t channel, int32_t sums[LANES])
{
    const mrt_lines_t *lines = elements->lines;
    const int32_t channels = elements->channels;
    int32x4_t a = vdupq_n_s32(0);
    int32x4_t b = vdupq_n_s32(0);
    int32x4_t c = vdupq_n_s32(0);
    int32x4_t d = vdupq_n_s32(0);
    for (int32_t tap = lines->taps.begin; tap < lines->taps.end; ++tap) {
        const int8_t *line = (const int8_t *)mrt_lines_row(lines, tap); /* MISRA D1 */
        const int8_t *pixel = &line[elements->first + channel];
        for (int32_t left = elements->columns; left > 0; --left) {
            a = vaddq_s32(a, vldrbq_s32(pixel));
            b = vaddq_s32(b, vldrbq_s32(&pixel[4]));
            c = vaddq_s32(c, vldrbq_s32(&pixel[8]));
            d = vaddq_s32(d, vldrbq_s32(&pixel[12]));
            pixel = &pixel[channels];
        }
    }
    vst1q_s32(sums, a);
    vst1q_s32(&sums[4], b);
    vst1q_s32(&sums[8], c);
    vst1q_s32(&sums[12], d);
}

/* Likewise of the last channels, `count` at most. */
static inline void sum_some(const elements_t *elements, int32_t channel, int32_t count, int32_t sums[LANES])
{
    const mrt_lines_t *lines = elements->lines;
    for (int32_t lane = 0; lane < count; lane += 4) {
        const int32_t left = count - lane;
        const mve_pred16_t there = vctp32q((uint32_t)left);
        int32x4_t sum = vdupq_n_s32(0);
        for (int32_t tap = lines->taps.begin; tap < lines->taps.end; ++tap) {
            const int8_t *line = (const int8_t *)mrt_lines_row(lines, tap); /* MISRA D1 */
            const int8_t *pixel = &line[elements->first + channel + lane];
            for (int32_t column = 0; column < elements->columns; ++column) {
                sum = vaddq_s32(sum, vldrbq_z_s32(pixel, there));
                pixel = &pixel[elements->channels];
            }
        }
        vst1q_s32(&sums[lane], sum);
    }
}

/* All channels of the output pixel in column `x`. */
static void make_pixel(const mrt_pool2d_attrs_t *attrs, const mrt_lines_t *lines, int32_t x, int8_t *output)
{
    const mrt_window_t *window = &attrs->window;
    const int32_t channels = window->input_channels;
    const mrt_taps_t taps = mrt_window_taps(x, window->stride_width, window->padding_left, 1, window->kernel_width,
                                            window->input_width);
    const elements_t elements = {lines, (taps.origin + taps.begin) * channels, taps.end - taps.begin, channels};
    const int32_t taken = (lines->taps.end - lines->taps.begin) * elements.columns;
    const int32_t count = (taken > 1) ? taken : 1; /* check has proved that it is no less */
    for (int32_t channel = 0; channel < channels; channel += LANES) {
        const int32_t left = channels - channel;
        int32_t sums[LANES];
        if (left >= LANES) {
            sum_all(&elements, channel, sums);
        } else {
            sum_some(&elements, channel, left, sums);
        }
        for (int32_t lane = 0; (lane < LANES) && (lane < left); ++lane) {
            output[channel + lane] = (int8_t)mrt_clamp(mrt_pool2d_average(sums[lane], count), attrs->activation_min,
                                                       attrs->activation_max);
        }
    }
}

mrt_status_t mrt_average_pool2d_s8_mve_run(const mrt_call_t *call)
{
    const mrt_pool2d_attrs_t *attrs = (const mrt_pool2d_attrs_t *)call->attrs; /* MISRA D1 */
    const mrt_window_t *window = &attrs->window;
    mrt_lines_t lines;
    for (uint32_t row = call->row_begin; row < call->row_end; ++row) {
        mrt_lines_make(&lines, call, window, row);
        int8_t *output = mrt_output_s8(call, 0u, row);
        for (int32_t x = 0; x < window->output_width; ++x) {
            make_pixel(attrs, &lines, x, &output[x * window->output_channels]);
        }
    }
    return MRT_OK;
}

uint32_t mrt_average_pool2d_s8_mve_workspace(const void *attrs)
{
    (void)attrs;
    return 0u;
}

mrt_status_t mrt_average_pool2d_s8_mve_check(const mrt_call_t *call)
{
    const mrt_pool2d_attrs_t *attrs = (const mrt_pool2d_attrs_t *)call->attrs; /* MISRA D1 */
    return mrt_check_status(mrt_pool2d_is_sound(call, &attrs->window, (uint32_t)MRT_DTYPE_S8)
                            && mrt_pool2d_clamp_is_sound(attrs, INT8_MIN, INT8_MAX));
}
