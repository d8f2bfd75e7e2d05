/* Convolution, int8, portable: any stride, dilation, padding and number of groups. */
#include "micrort/kernels.h"
#include "runtime/kernels/requantise.h"
#include "runtime/kernels/window.h"

/* What stays the same for all outputs of one call. */
typedef struct conv2d_s8 {
    const mrt_conv2d_s8_attrs_t *attrs;
    const int8_t *weights;
    const int32_t *bias;
    const int32_t *multiplier;
    const int32_t *shift;
    int32_t depth;             /* input channels of one group */
    int32_t filters_per_group; /* output channels of one group */
} conv2d_s8_t;

/* Sum of one row of taps of one filter: `input` at tap 0 (perhaps outside the image), `weights` likewise. */
static int32_t sum_taps(const conv2d_s8_t *conv, const int8_t *row, const int8_t *weights, const mrt_taps_t *columns)
{
    const mrt_window_t *window = &conv->attrs->window;
    const int32_t input_offset = conv->attrs->input_offset;
    int32_t sum = 0;
    for (int32_t tap = columns->begin; tap < columns->end; ++tap) {
        const int8_t *pixel = &row[(columns->origin + (tap * window->dilation_width)) * window->input_channels];
        const int8_t *weight = &weights[tap * conv->depth];
        for (int32_t channel = 0; channel < conv->depth; ++channel) {
            sum += (pixel[channel] + input_offset) * weight[channel];
        }
    }
    return sum;
}

static int8_t output_of(const conv2d_s8_t *conv, int32_t accumulator, int32_t filter)
{
    const int32_t scaled = mrt_requantise(accumulator, conv->multiplier[filter], conv->shift[filter]);
    return (int8_t)mrt_clamp(scaled + conv->attrs->output_offset, conv->attrs->activation_min,
                             conv->attrs->activation_max);
}

/* One output pixel: all filters over the rows of taps that lie inside the image. */
static void compute_pixel(const mrt_call_t *call, const conv2d_s8_t *conv, uint32_t first_row, const mrt_taps_t *rows,
                          const mrt_taps_t *columns, int8_t *output)
{
    const mrt_window_t *window = &conv->attrs->window;
    for (int32_t filter = 0; filter < window->output_channels; ++filter) {
        const int32_t first_channel = (filter / conv->filters_per_group) * conv->depth;
        int32_t accumulator = conv->bias[filter];
        for (int32_t tap = rows->begin; tap < rows->end; ++tap) {
            const uint32_t y = first_row + (uint32_t)(rows->origin + (tap * window->dilation_height));
            const int8_t *row = mrt_input_s8(call, 0u, y);
            const int32_t line = ((filter * window->kernel_height) + tap) * window->kernel_width;
            accumulator += sum_taps(conv, &row[first_channel], &conv->weights[line * conv->depth], columns);
        }
        output[filter] = output_of(conv, accumulator, filter);
    }
}

mrt_status_t mrt_conv2d_s8_run(const mrt_call_t *call)
{
    const mrt_conv2d_s8_attrs_t *attrs = call->attrs; /* MISRA D1 */
    const mrt_window_t *window = &attrs->window;
    const conv2d_s8_t conv = {
        .attrs = attrs,
        .weights = mrt_input_s8(call, 1u, 0u),
        .bias = mrt_input_s32(call, 2u, 0u),
        .multiplier = mrt_input_s32(call, 3u, 0u),
        .shift = mrt_input_s32(call, 4u, 0u),
        .depth = window->input_channels / attrs->groups,
        .filters_per_group = window->output_channels / attrs->groups,
    };
    const uint32_t output_height = (uint32_t)window->output_height;
    for (uint32_t row = call->row_begin; row < call->row_end; ++row) {
        const uint32_t first_row = (row / output_height) * (uint32_t)window->input_height;
        const mrt_taps_t rows = mrt_window_taps((int32_t)(row % output_height), window->stride_height,
                                                window->padding_top, window->dilation_height, window->kernel_height,
                                                window->input_height);
        int8_t *output = mrt_output_s8(call, 0u, row);
        for (int32_t x = 0; x < window->output_width; ++x) {
            const mrt_taps_t columns = mrt_window_taps(x, window->stride_width, window->padding_left,
                                                       window->dilation_width, window->kernel_width,
                                                       window->input_width);
            compute_pixel(call, &conv, first_row, &rows, &columns, &output[x * window->output_channels]);
        }
    }
    return MRT_OK;
}

uint32_t mrt_conv2d_s8_workspace(const void *attrs)
{
    (void)attrs;
    return 0u;
}

mrt_status_t mrt_conv2d_s8_check(const mrt_call_t *call)
{
    const mrt_conv2d_s8_attrs_t *attrs = call->attrs; /* MISRA D1 */
    (void)attrs;
    return MRT_OK;
}
