/* Depthwise convolution, int8, portable: any stride, dilation, padding and depth multiplier. */
#include "micrort/kernels.h"
#include "runtime/kernels/check.h"
#include "runtime/kernels/convolution.h"
#include "runtime/kernels/requantise.h"
#include "runtime/kernels/window.h"

/* What stays the same for all outputs of one call. */
typedef struct depthwise_s8 {
    const mrt_depthwise_conv2d_s8_attrs_t *attrs;
    const int8_t *weights;
    const int32_t *bias;
    const int32_t *multiplier;
    const int32_t *shift;
    int32_t line_size;  /* weights of one row of taps, for all channels */
    int32_t per_input;  /* output channels for each input channel */
} depthwise_s8_t;

/* Adds the window's products for output channels `channel` to `channel` + 3, where each has an input channel. */
static inline void sum_four(const depthwise_s8_t *conv, const mrt_lines_t *lines, const mrt_runs_t *runs,
                            int32_t channel, uint32_t sums[4])
{
    const int32_t offset = conv->attrs->input_offset;
    /* Locals, because a store through `sums` in the loop might alias the data. */
    uint32_t a = sums[0];
    uint32_t b = sums[1];
    uint32_t c = sums[2];
    uint32_t d = sums[3];
    for (int32_t tap = lines->taps.begin; tap < lines->taps.end; ++tap) {
        const int8_t *line = mrt_lines_row(lines, tap); /* MISRA D1 */
        const int8_t *input = &line[runs->input + channel];
        const int8_t *weight = &conv->weights[(tap * conv->line_size) + runs->weights + channel];
        for (int32_t run = 0; run < runs->count; ++run) {
            const int8_t *pixel = &input[run * runs->input_step];
            const int8_t *factor = &weight[run * runs->weights_step];
            a += (uint32_t)(((int32_t)pixel[0] + offset) * (int32_t)factor[0]);
            b += (uint32_t)(((int32_t)pixel[1] + offset) * (int32_t)factor[1]);
            c += (uint32_t)(((int32_t)pixel[2] + offset) * (int32_t)factor[2]);
            d += (uint32_t)(((int32_t)pixel[3] + offset) * (int32_t)factor[3]);
        }
    }
    sums[0] = a;
    sums[1] = b;
    sums[2] = c;
    sums[3] = d;
}

/* The sum of bias and products of one output channel. */
static inline uint32_t sum_one(const depthwise_s8_t *conv, const mrt_lines_t *lines, const mrt_runs_t *runs,
                               int32_t channel)
{
    const int32_t input = runs->input + (channel / conv->per_input);
    uint32_t sum = (uint32_t)conv->bias[channel];
    for (int32_t tap = lines->taps.begin; tap < lines->taps.end; ++tap) {
        const int8_t *line = mrt_lines_row(lines, tap); /* MISRA D1 */
        const int8_t *weight = &conv->weights[(tap * conv->line_size) + runs->weights + channel];
        for (int32_t run = 0; run < runs->count; ++run) {
            const int32_t value = (int32_t)line[input + (run * runs->input_step)] + conv->attrs->input_offset;
            sum += (uint32_t)(value * (int32_t)weight[run * runs->weights_step]);
        }
    }
    return sum;
}

static inline int8_t output_of(const depthwise_s8_t *conv, uint32_t sum, int32_t channel)
{
    const int32_t scaled = mrt_requantise((int32_t)sum, conv->multiplier[channel], conv->shift[channel]);
    return (int8_t)mrt_clamp(mrt_wrapping_add(scaled, conv->attrs->output_offset), conv->attrs->activation_min,
                             conv->attrs->activation_max);
}

/* All channels of one output pixel. */
static inline void compute_pixel(const depthwise_s8_t *conv, const mrt_lines_t *lines, const mrt_runs_t *runs,
                                 int8_t *output)
{
    const int32_t channels = conv->attrs->window.output_channels;
    int32_t channel = 0;
    while ((conv->per_input == 1) && ((channels - channel) >= 4)) {
        uint32_t sums[4] = {(uint32_t)conv->bias[channel], (uint32_t)conv->bias[channel + 1],
                            (uint32_t)conv->bias[channel + 2], (uint32_t)conv->bias[channel + 3]};
        sum_four(conv, lines, runs, channel, sums);
        for (int32_t lane = 0; lane < 4; ++lane) {
            output[channel + lane] = output_of(conv, sums[lane], channel + lane);
        }
        channel += 4;
    }
    while (channel < channels) {
        output[channel] = output_of(conv, sum_one(conv, lines, runs, channel), channel);
        ++channel;
    }
}

/* The kernel; apart from `run`, so that callers with constant attributes can have it specialised. */
static inline void compute_rows(const mrt_call_t *call, const mrt_depthwise_conv2d_s8_attrs_t *attrs)
{
    const mrt_window_t *window = &attrs->window;
    const depthwise_s8_t conv = {
        .attrs = attrs,
        .weights = mrt_input_s8(call, 1u, 0u),
        .bias = mrt_input_s32(call, 2u, 0u),
        .multiplier = mrt_input_s32(call, 3u, 0u),
        .shift = mrt_input_s32(call, 4u, 0u),
        .line_size = window->kernel_width * window->output_channels,
        .per_input = window->output_channels / window->input_channels,
    };
    for (uint32_t row = call->row_begin; row < call->row_end; ++row) {
        mrt_lines_t lines;
        mrt_lines_make(&lines, call, window, row);
        int8_t *output = mrt_output_s8(call, 0u, row);
        for (int32_t x = 0; x < window->output_width; ++x) {
            const mrt_runs_t runs = mrt_window_runs(window, x, 1, window->output_channels);
            compute_pixel(&conv, &lines, &runs, &output[x * window->output_channels]);
        }
    }
}

mrt_status_t mrt_depthwise_conv2d_s8_run(const mrt_call_t *call)
{
    const mrt_depthwise_conv2d_s8_attrs_t *attrs = call->attrs; /* MISRA D1 */
    compute_rows(call, attrs);
    return MRT_OK;
}

uint32_t mrt_depthwise_conv2d_s8_workspace(const void *attrs)
{
    (void)attrs;
    return 0u;
}

mrt_status_t mrt_depthwise_conv2d_s8_check(const mrt_call_t *call)
{
    const mrt_depthwise_conv2d_s8_attrs_t *attrs = call->attrs; /* MISRA D1 */
    const mrt_convolution_types_t types = {MRT_DTYPE_S8, MRT_DTYPE_S8, MRT_DTYPE_S32};
    return mrt_check_status(
        mrt_convolution_check(call, &attrs->window, 1, &types)
        && mrt_convolution_check_groups(&attrs->window, attrs->window.input_channels)
        && mrt_check_multipliers(call, 3u, (uint32_t)attrs->window.output_channels, 30)
        && mrt_check_range(attrs->input_offset, -127, 128) && mrt_check_range(attrs->output_offset, -128, 127)
        && mrt_check_range(attrs->activation_min, -128, attrs->activation_max)
        && mrt_check_range(attrs->activation_max, -128, 127));
}
