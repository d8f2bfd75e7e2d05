/* Average pooling, int8, for cores with the DSP extension: four channels or eight at a time, their sums in lanes of 16
 * bits. */
#include "micrort/kernels.h"
#include "runtime/kernels/check.h"
#include "runtime/kernels/dsp/intrinsics.h"
#include "runtime/kernels/pool2d.h"
#include "runtime/kernels/window.h"

/* Channels of a group, groups that are summed together at most, and elements whose sum fits in a lane. */
#define CHANNELS 4
#define GROUPS 2
#define COUNT_MAX 255

/* Sums of the channels (0, 2) and (1, 3). */
typedef struct sums {
    uint32_t even;
    uint32_t odd;
} sums_t;

/* Adds the elements of a pixel, from `from` on, to the sums of some groups of channels. */
static MRT_INLINE void add_pixel(const int8_t *from, int32_t groups, sums_t sums[GROUPS])
{
    for (int32_t group = 0; group < groups; ++group) {
        const uint32_t word = mrt_dsp_load(&from[CHANNELS * group]);
        sums[group].even = mrt_dsp_sxtab16(sums[group].even, word);
        sums[group].odd = mrt_dsp_sxtab16_odd(sums[group].odd, word);
    }
}

/* The sums of some groups of channels from element `first` of each row under a window on, of `columns` pixels, one at
 * least: a lane for each channel. */
static MRT_INLINE void gather(const mrt_lines_t *lines, int32_t first, int32_t columns, int32_t groups, uint32_t *lanes)
{
    const mrt_window_t *window = lines->call->attrs; /* MISRA D1 */
    const int32_t pixel = window->input_channels;
    sums_t sum[GROUPS] = {{0u, 0u}, {0u, 0u}};
    for (int32_t tap = lines->taps.begin; tap < lines->taps.end; ++tap) {
        const int8_t *line = mrt_lines_row(lines, tap); /* MISRA D1 */
        const int8_t *from = &line[first];
        add_pixel(from, groups, sum);
        for (int32_t left = columns; left > 1; --left) {
            from = &from[pixel];
            add_pixel(from, groups, sum);
        }
    }
    for (int32_t group = 0; group < groups; ++group) {
        lanes[CHANNELS * group] = sum[group].even;
        lanes[(CHANNELS * group) + 1] = sum[group].odd;
        lanes[(CHANNELS * group) + 2] = sum[group].even >> 16u;
        lanes[(CHANNELS * group) + 3] = sum[group].odd >> 16u;
    }
}

static int8_t output_of(const mrt_pool2d_attrs_t *attrs, uint32_t lane, int32_t count)
{
    const int32_t average = mrt_pool2d_average(mrt_dsp_signed(lane, 0x8000u), count);
    return (int8_t)mrt_clamp(average, attrs->activation_min, attrs->activation_max);
}

mrt_status_t mrt_average_pool2d_s8_dsp_run(const mrt_call_t *call)
{
    const mrt_pool2d_attrs_t *attrs = call->attrs; /* MISRA D1 */
    const mrt_window_t *window = &attrs->window;
    const int32_t channels = window->output_channels;
    mrt_lines_t lines;
    for (uint32_t row = call->row_begin; row < call->row_end; ++row) {
        mrt_lines_make(&lines, call, window, row);
        int8_t *to = mrt_output_s8(call, 0u, row);
        for (int32_t x = 0; x < window->output_width; ++x) {
            const mrt_taps_t taps = mrt_window_taps(x, window->stride_width, window->padding_left, 1,
                                                    window->kernel_width, window->input_width);
            const int32_t columns = taps.end - taps.begin;
            const int32_t count = (lines.taps.end - lines.taps.begin) * columns;
            const int32_t first = (taps.origin + taps.begin) * channels;
            int32_t channel = 0;
            while (channel < channels) {
                /* The last ones together with some before them, which are made already: an output may lie over them. */
                const int32_t begin = (channel <= (channels - CHANNELS)) ? channel : (channels - CHANNELS);
                const int32_t groups = ((channels - begin) >= (GROUPS * CHANNELS)) ? GROUPS : 1;
                uint32_t lanes[GROUPS * CHANNELS];
                if (groups == GROUPS) {
                    gather(&lines, first + begin, columns, GROUPS, lanes);
                } else {
                    gather(&lines, first + begin, columns, 1, lanes);
                }
                for (int32_t lane = channel - begin; lane < (groups * CHANNELS); ++lane) {
                    to[begin + lane] = output_of(attrs, lanes[lane], count);
                }
                channel = begin + (groups * CHANNELS);
            }
            to = &to[channels];
        }
    }
    return MRT_OK;
}

uint32_t mrt_average_pool2d_s8_dsp_workspace(const void *attrs)
{
    (void)attrs;
    return 0u;
}

mrt_status_t mrt_average_pool2d_s8_dsp_check(const mrt_call_t *call)
{
    const mrt_pool2d_attrs_t *attrs = call->attrs; /* MISRA D1 */
    const mrt_window_t *window = &attrs->window;
    return mrt_check_status(mrt_pool2d_is_sound(call, window, (uint32_t)MRT_DTYPE_S8)
                            && mrt_pool2d_clamp_is_sound(attrs, INT8_MIN, INT8_MAX)
                            && (window->output_channels >= CHANNELS)
                            && ((window->kernel_height * window->kernel_width) <= COUNT_MAX));
}
