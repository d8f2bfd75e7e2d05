/* Convolution, int8, portable: any stride, dilation, padding and number of groups. */
#include "micrort/kernels.h"
#include "runtime/kernels/check.h"
#include "runtime/kernels/convolution.h"
#include "runtime/kernels/dot.h"
#include "runtime/kernels/requantise.h"
#include "runtime/kernels/window.h"

/* What stays the same for all outputs of one call. */
typedef struct conv2d_s8 {
    const mrt_conv2d_s8_attrs_t *attrs;
    const int8_t *weights;
    const int32_t *bias;
    const int32_t *multiplier;
    const int32_t *shift;
    int32_t filters;     /* output channels of a group */
    int32_t filter_size; /* weights of a filter */
    int32_t line_size;   /* weights of one row of a filter */
} conv2d_s8_t;

/* Adds the window's products with the filters `filter` to `filter` + 3. */
static inline void sum_four(const conv2d_s8_t *conv, const mrt_lines_t *lines, const mrt_runs_t *runs, int32_t filter,
                            uint32_t sums[4])
{
    const int8_t *weights = &conv->weights[(filter * conv->filter_size) + runs->weights];
    for (int32_t tap = lines->taps.begin; tap < lines->taps.end; ++tap) {
        const int8_t *line = mrt_lines_row(lines, tap); /* MISRA D1 */
        const int8_t *weight = &weights[tap * conv->line_size];
        for (int32_t run = 0; run < runs->count; ++run) {
            mrt_dot_four_s8(&line[runs->input + (run * runs->input_step)], &weight[run * runs->weights_step],
                            conv->filter_size, runs->length, conv->attrs->input_offset, sums);
        }
    }
}

/* The sum of bias and products of one filter. */
static inline uint32_t sum_one(const conv2d_s8_t *conv, const mrt_lines_t *lines, const mrt_runs_t *runs,
                               int32_t filter)
{
    const int8_t *weights = &conv->weights[(filter * conv->filter_size) + runs->weights];
    uint32_t sum = (uint32_t)conv->bias[filter];
    for (int32_t tap = lines->taps.begin; tap < lines->taps.end; ++tap) {
        const int8_t *line = mrt_lines_row(lines, tap); /* MISRA D1 */
        const int8_t *weight = &weights[tap * conv->line_size];
        for (int32_t run = 0; run < runs->count; ++run) {
            sum = mrt_dot_s8(&line[runs->input + (run * runs->input_step)], &weight[run * runs->weights_step],
                             runs->length, conv->attrs->input_offset, sum);
        }
    }
    return sum;
}

static inline int8_t output_of(const conv2d_s8_t *conv, uint32_t sum, int32_t filter)
{
    const int32_t scaled = mrt_requantise((int32_t)sum, conv->multiplier[filter], conv->shift[filter]);
    return (int8_t)mrt_clamp(mrt_wrapping_add(scaled, conv->attrs->output_offset), conv->attrs->activation_min,
                             conv->attrs->activation_max);
}

/* All channels of one output pixel, four filters at a time: they share the loads of the input. */
static inline void compute_pixel(const conv2d_s8_t *conv, const mrt_lines_t *lines, const mrt_runs_t *pixel,
                                 int8_t *output)
{
    mrt_runs_t runs = *pixel;
    int32_t filter = 0;
    for (int32_t group = 0; group < conv->attrs->groups; ++group) {
        const int32_t end = filter + conv->filters;
        while ((end - filter) >= 4) {
            uint32_t sums[4] = {(uint32_t)conv->bias[filter], (uint32_t)conv->bias[filter + 1],
                                (uint32_t)conv->bias[filter + 2], (uint32_t)conv->bias[filter + 3]};
            sum_four(conv, lines, &runs, filter, sums);
            for (int32_t lane = 0; lane < 4; ++lane) {
                output[filter + lane] = output_of(conv, sums[lane], filter + lane);
            }
            filter += 4;
        }
        while (filter < end) {
            output[filter] = output_of(conv, sum_one(conv, lines, &runs, filter), filter);
            ++filter;
        }
        runs.input += pixel->length;
    }
}

/* The kernel; apart from `run`, so that callers with constant attributes can have it specialised. */
static inline void compute_rows(const mrt_call_t *call, const mrt_conv2d_s8_attrs_t *attrs)
{
    const mrt_window_t *window = &attrs->window;
    const int32_t depth = window->input_channels / attrs->groups;
    const int32_t line_size = window->kernel_width * depth;
    const conv2d_s8_t conv = {
        .attrs = attrs,
        .weights = mrt_input_s8(call, 1u, 0u),
        .bias = mrt_input_s32(call, 2u, 0u),
        .multiplier = mrt_input_s32(call, 3u, 0u),
        .shift = mrt_input_s32(call, 4u, 0u),
        .filters = window->output_channels / attrs->groups,
        .filter_size = window->kernel_height * line_size,
        .line_size = line_size,
    };
    for (uint32_t row = call->row_begin; row < call->row_end; ++row) {
        mrt_lines_t lines;
        mrt_lines_make(&lines, call, window, row);
        int8_t *output = mrt_output_s8(call, 0u, row);
        for (int32_t x = 0; x < window->output_width; ++x) {
            const mrt_runs_t taps = mrt_window_runs(window, x, depth, depth);
            const mrt_runs_t runs = mrt_runs_join(&taps);
            compute_pixel(&conv, &lines, &runs, &output[x * window->output_channels]);
        }
    }
}

mrt_status_t mrt_conv2d_s8_run(const mrt_call_t *call)
{
    const mrt_conv2d_s8_attrs_t *attrs = call->attrs; /* MISRA D1 */
    compute_rows(call, attrs);
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
    const mrt_convolution_types_t types = {MRT_DTYPE_S8, MRT_DTYPE_S8, MRT_DTYPE_S32};
    return mrt_check_status(
        mrt_convolution_check_groups(&attrs->window, attrs->groups)
        && mrt_convolution_check(call, &attrs->window, attrs->window.input_channels / attrs->groups, &types)
        && mrt_check_multipliers(call, 3u, (uint32_t)attrs->window.output_channels, 30)
        && mrt_check_range(attrs->input_offset, -127, 128) && mrt_check_range(attrs->output_offset, -128, 127)
        && mrt_check_range(attrs->activation_min, -128, attrs->activation_max)
        && mrt_check_range(attrs->activation_max, -128, 127));
}
