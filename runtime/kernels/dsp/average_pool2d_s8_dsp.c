/* Average pooling, int8, for cores with the DSP extension: four channels at a time, their sums in lanes of 16 bits. */
#include "micrort/kernels.h"
#include "runtime/kernels/check.h"
#include "runtime/kernels/dsp/intrinsics.h"
#include "runtime/kernels/pool2d.h"
#include "runtime/kernels/window.h"

/* Channels that are summed together, and elements whose sum fits in a lane. */
#define CHANNELS 4
#define COUNT_MAX 255

/* Sums of the channels (0, 2) and (1, 3). */
typedef struct sums {
    uint32_t even;
    uint32_t odd;
} sums_t;

/* The sums of four channels from element `first` of each row under a window on, of `columns` pixels. */
static sums_t gather(const mrt_lines_t *lines, int32_t first, int32_t columns, int32_t pixel)
{
    sums_t sums = {0u, 0u};
    for (int32_t tap = lines->taps.begin; tap < lines->taps.end; ++tap) {
        const int8_t *line = mrt_lines_row(lines, tap); /* MISRA D1 */
        const int32_t end = first + (columns * pixel);
        for (int32_t i = first; i < end; i += pixel) {
            const uint32_t word = mrt_dsp_load(&line[i]);
            sums.even = mrt_dsp_sxtab16(sums.even, word);
            sums.odd = mrt_dsp_sxtab16_odd(sums.odd, word);
        }
    }
    return sums;
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
                const sums_t sums = gather(&lines, first + begin, columns, channels);
                const uint32_t lanes[CHANNELS] = {sums.even, sums.odd, sums.even >> 16u, sums.odd >> 16u};
                for (int32_t lane = channel - begin; lane < CHANNELS; ++lane) {
                    to[begin + lane] = output_of(attrs, lanes[lane], count);
                }
                channel = begin + CHANNELS;
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
