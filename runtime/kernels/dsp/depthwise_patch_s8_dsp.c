/*
 * Depthwise convolution, int8, for cores with the DSP extension: any window, in little code. A record of an output channel
 * is its multiplier, its shift less one, twice what its sum begins with, and its taps as int8 in whole words.
 */
#include "runtime/kernels/check.h"
#include "runtime/kernels/dsp/dot.h"
#include "runtime/kernels/dsp/patch.h"
#include "runtime/kernels/dsp/products.h"

#define HEAD_WORDS 3u

static uint32_t taps_of(const mrt_window_t *window)
{
    return (uint32_t)window->kernel_height * (uint32_t)window->kernel_width;
}

/* Twice the sum of a channel of a patch. */
static MRT_NOINLINE int32_t twice_sum(const uint32_t *record, const int8_t *from, uint32_t channels, uint32_t taps)
{
    const void *behind = &record[HEAD_WORDS];
    const int8_t *weight = behind; /* MISRA D1 */
    const int8_t *const end = &weight[taps];
    const int8_t *element = from;
    uint32_t sum = 0u;
    do {
        const int32_t product = (int32_t)element[0] * (int32_t)weight[0];
        sum += (uint32_t)product;
        element = &element[channels];
        weight = &weight[1];
    } while (weight != end);
    const uint32_t twice = record[2] + (2u * sum);
    return (int32_t)twice;
}

static void pixel_of_records(const mrt_call_t *call, const int8_t *patch, int8_t *to)
{
    const mrt_patch_s8_dsp_attrs_t *attrs = call->attrs; /* MISRA D1 */
    const mrt_window_t *window = &attrs->window;
    const uint32_t channels = (uint32_t)window->input_channels;
    const uint32_t per_input = (uint32_t)window->output_channels / channels;
    const uint32_t taps = taps_of(window);
    const uint32_t step = mrt_dsp_step(attrs->output_point);
    const uint32_t *record = mrt_input_row(call, 1u, 0u); /* MISRA D1 */
    int8_t *next = to;
    for (uint32_t channel = 0u; channel < channels; ++channel) {
        for (uint32_t i = 0u; i < per_input; ++i) {
            const int32_t twice = twice_sum(record, &patch[channel], channels, taps);
            next[0] = mrt_dsp_requantise(twice, mrt_dsp_scale(record, 0u, step));
            next = &next[1];
            record = &record[HEAD_WORDS + mrt_dsp_quads(taps)];
        }
    }
}

mrt_status_t mrt_depthwise_patch_s8_dsp_run(const mrt_call_t *call)
{
    return mrt_dsp_patch_run(call, pixel_of_records);
}

uint32_t mrt_depthwise_patch_s8_dsp_workspace(const void *attrs)
{
    return mrt_dsp_patch_workspace(attrs);
}

/* Whether input 1 is a constant with a record for each output channel, all shifts within 0..30. */
static bool records_are_sound(const mrt_call_t *call, const mrt_window_t *window)
{
    const uint32_t record_words = HEAD_WORDS + mrt_dsp_quads(taps_of(window));
    const uint64_t words = (uint64_t)record_words * (uint32_t)window->output_channels;
    const mrt_tensor_t *tensor = mrt_call_input(call, 1u);
    if ((tensor->pool != (uint8_t)MRT_POOL_PARAMS) || !mrt_check_elements(tensor, (uint32_t)MRT_DTYPE_S32, words)) {
        return false;
    }
    const int32_t *records = mrt_input_s32(call, 1u, 0u);
    bool sound = true;
    for (uint64_t word = 1u; sound && (word < words); word += record_words) {
        sound = mrt_check_range(records[word], 0, 30);
    }
    return sound;
}

mrt_status_t mrt_depthwise_patch_s8_dsp_check(const mrt_call_t *call)
{
    const mrt_patch_s8_dsp_attrs_t *attrs = call->attrs; /* MISRA D1 */
    return mrt_check_status(mrt_dsp_patch_check(call)
                            && ((attrs->window.output_channels % attrs->window.input_channels) == 0)
                            && records_are_sound(call, &attrs->window));
}
