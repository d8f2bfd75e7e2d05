/*
 * Depthwise convolution with a multiplier of 1, int8, for cores with MVE: any kernel, stride, dilation and padding.
 *
 * Pixel by pixel, from the input as it lies: little workspace, little to set up for a call, and no window that suits it
 * less than others. taps.h says how a pixel is made. Where the taps are is found out once for a line of outputs whose
 * windows lie inside the image, and for each pixel at its borders. A line is a row of the output, or its only column.
 */
#include "micrort/kernels.h"
#include "runtime/kernels/check.h"
#include "runtime/kernels/mve/taps.h"
#include "runtime/kernels/window.h"

/* Blocks of 16 channels times vectors of taps, so that words take a kilobyte, or what one block takes. */
#define BLOCKS_MAX 4

/* The workspace: addresses and steps of all taps, words, padding. */
typedef struct layout {
    int32_t rows;    /* Of words. */
    int32_t vectors; /* Of four such rows. */
    int32_t blocks;  /* Of 16 channels, that are made together. */
    int32_t row;     /* Bytes of such a row. */
    int64_t bytes;
} layout_t;

static layout_t layout_of(const mrt_window_t *window)
{
    layout_t layout;
    const int32_t taps = window->kernel_height * window->kernel_width;
    layout.rows = (taps + (MRT_MVE_WORD - 1)) / MRT_MVE_WORD;
    layout.vectors = mrt_mve_tap_vectors(layout.rows);
    const int32_t blocks = mrt_mve_blocks(window->input_channels);
    const int32_t most = (layout.vectors < BLOCKS_MAX) ? (BLOCKS_MAX / layout.vectors) : 1;
    layout.blocks = (blocks < most) ? blocks : most;
    layout.row = mrt_mve_word_row(layout.blocks * MRT_MVE_BYTES);
    layout.bytes = ((int64_t)layout.rows * (MRT_MVE_WORD * MRT_MVE_TAP_BYTES))
                   + ((int64_t)layout.vectors * (4 * layout.row)) + ((int64_t)layout.blocks * MRT_MVE_BYTES);
    return layout;
}

typedef struct depthwise_taps {
    const mrt_call_t *call;
    const mrt_window_t *window;
    mrt_mve_taps_t taps;
    const int8_t *padding;
    bool is_column;      /* Lines are the only column of each image, not rows. */
    int32_t inner_begin; /* Outputs of a line whose windows lie inside along it, */
    int32_t inner_end;
    int32_t step;        /* and the bytes of input from each of these to the next. */
} depthwise_taps_t;

/* Finds the taps under column `x` of output row `row`, from channel `channel` on. */
static MRT_NOINLINE void find_taps(const depthwise_taps_t *depthwise, uint32_t row, int32_t x, int32_t channel)
{
    const mrt_window_t *window = depthwise->window;
    const mrt_mve_taps_t *taps = &depthwise->taps;
    const uint32_t height = (uint32_t)window->output_height;
    const uint32_t image = row / height;
    const uint32_t y = row - (image * height);
    const mrt_taps_t down = mrt_window_taps((int32_t)y, window->stride_height, window->padding_top,
                                            window->dilation_height, window->kernel_height, window->input_height);
    const mrt_taps_t across = mrt_window_taps(x, window->stride_width, window->padding_left, window->dilation_width,
                                              window->kernel_width, window->input_width);
    const mrt_mve_tap_run_t padding = {depthwise->padding, 0, 0};
    mrt_mve_tap_run_t inside = {.distance = window->dilation_width * window->input_channels, .step = depthwise->step};
    const int32_t count = across.end - across.begin;
    const int32_t first = (across.origin + (across.begin * window->dilation_width)) * window->input_channels;
    int32_t index = 0;
    if ((count > 0) && (down.begin < down.end)) { /* else the window misses the image */
        index = mrt_mve_set_taps(taps, index, down.begin * window->kernel_width, &padding);
        for (int32_t tap = down.begin; tap < down.end; ++tap) {
            const int32_t input_y = down.origin + (tap * window->dilation_height);
            const uint32_t input_row = (image * (uint32_t)window->input_height) + (uint32_t)input_y;
            inside.place = &mrt_input_s8(depthwise->call, 0u, input_row)[first + channel];
            index = mrt_mve_set_taps(taps, index, across.begin, &padding);
            index = mrt_mve_set_taps(taps, index, count, &inside);
            index = mrt_mve_set_taps(taps, index, window->kernel_width - across.end, &padding);
        }
    }
    (void)mrt_mve_set_taps(taps, index, (window->kernel_height * window->kernel_width) - index, &padding);
}

/* By itself, as it takes all registers. */
static MRT_NOINLINE void make_outputs(const mrt_mve_taps_t *taps, int8_t *output, int32_t count, int32_t pixel)
{
    mrt_mve_make_line(taps, output, count, pixel);
}

/* The channels from `channel` on of a line of `count` outputs, the first of them in row `row`. */
static MRT_NOINLINE void make_line(const depthwise_taps_t *depthwise, uint32_t row, int32_t count, int32_t channel)
{
    const mrt_window_t *window = depthwise->window;
    const uint32_t top = row % (uint32_t)window->output_height;
    const int32_t first = depthwise->is_column ? (int32_t)top : 0;
    int8_t *output = &mrt_output_s8(depthwise->call, 0u, row)[channel];
    int32_t made = 1;
    for (int32_t i = 0; i < count; i += made) {
        const int32_t place = first + i; /* along the line */
        const int32_t inner = depthwise->inner_end - place;
        const int32_t left = count - i;
        made = ((place < depthwise->inner_begin) || (inner < 1)) ? 1 : ((inner < left) ? inner : left);
        if (depthwise->is_column) {
            find_taps(depthwise, row + (uint32_t)i, 0, channel);
        } else {
            find_taps(depthwise, row, i, channel);
        }
        make_outputs(&depthwise->taps, output, made, window->output_channels);
        output = &output[made * window->output_channels];
    }
}

/* Where along an axis windows lie inside. */
static void find_inner(depthwise_taps_t *depthwise, int32_t input, int32_t extent, int32_t stride, int32_t padding)
{
    const int32_t room = (input - extent) + padding;
    depthwise->inner_begin = (padding + (stride - 1)) / stride;
    depthwise->inner_end = (room < 0) ? 0 : ((room / stride) + 1);
}

static void begin(depthwise_taps_t *depthwise, const layout_t *layout, int8_t padding)
{
    const mrt_window_t *window = depthwise->window;
    const mrt_tensor_t *input = mrt_call_input(depthwise->call, 0u);
    depthwise->is_column = (window->output_width == 1) && !mrt_tensor_has_row_table(input)
                           && !mrt_tensor_has_row_table(mrt_call_output(depthwise->call, 0u));
    if (depthwise->is_column) {
        find_inner(depthwise, window->input_height, ((window->kernel_height - 1) * window->dilation_height) + 1,
                   window->stride_height, window->padding_top);
        depthwise->step = window->stride_height * (int32_t)input->row_bytes;
    } else {
        find_inner(depthwise, window->input_width, ((window->kernel_width - 1) * window->dilation_width) + 1,
                   window->stride_width, window->padding_left);
        depthwise->step = window->stride_width * window->input_channels;
    }
    mrt_mve_taps_t *taps = &depthwise->taps;
    const int32_t rows = layout->rows;
    int8_t *words = (int8_t *)mrt_workspace(depthwise->call); /* MISRA D1 */
    taps->places = (uint8_t *)mrt_workspace(depthwise->call); /* MISRA D1 */
    const int32_t places = rows * (MRT_MVE_WORD * MRT_MVE_ADDRESS_BYTES);
    taps->steps = (int32_t *)mrt_address_mut(words, (uint32_t)places); /* MISRA D1 */
    words = &words[rows * (MRT_MVE_WORD * MRT_MVE_TAP_BYTES)];
    taps->words = words;
    taps->rows = rows;
    /* Padding stands behind the words; rows of words that no taps fill hold it, too. */
    const int32_t filled = rows * layout->row;
    const int32_t end = 4 * layout->vectors * layout->row;
    const int32_t rest = (end - filled) + (layout->blocks * MRT_MVE_BYTES);
    mrt_mve_fill(&words[filled], padding, (uint32_t)rest);
    depthwise->padding = &words[end];
    const int32_t count = window->kernel_height * window->kernel_width;
    const mrt_mve_tap_run_t run = {depthwise->padding, 0, 0};
    (void)mrt_mve_set_taps(taps, count, (rows * MRT_MVE_WORD) - count, &run);
}

mrt_status_t mrt_depthwise_taps_s8_mve_run(const mrt_call_t *call)
{
    const mrt_conv2d_s8_mve_attrs_t *attrs = (const mrt_conv2d_s8_mve_attrs_t *)call->attrs; /* MISRA D1 */
    const mrt_window_t *window = &attrs->window;
    const layout_t layout = layout_of(window);
    const int32_t block = layout.blocks * MRT_MVE_BYTES;
    const int32_t *groups = mrt_input_s32(call, 1u, 0u);
    const uint32_t height = (uint32_t)window->output_height;
    depthwise_taps_t depthwise = {.call = call, .window = window};
    depthwise.taps.output.offset = attrs->output_offset;
    depthwise.taps.output.low = attrs->activation_min;
    depthwise.taps.output.high = attrs->activation_max;
    depthwise.taps.scaling = attrs->scaling;
    begin(&depthwise, &layout, (int8_t)attrs->input_zero_point);
    uint32_t rows = 1u;
    for (uint32_t row = call->row_begin; row < call->row_end; row += rows) {
        const uint32_t image = height - (row % height);
        const uint32_t left = call->row_end - row;
        rows = !depthwise.is_column ? 1u : ((left < image) ? left : image);
        const int32_t count = depthwise.is_column ? (int32_t)rows : window->output_width;
        for (int32_t channel = 0; channel < window->input_channels; channel += block) {
            const int32_t rest = window->input_channels - channel;
            depthwise.taps.channels = (rest < block) ? rest : block;
            depthwise.taps.blocks = depthwise.taps.channels / MRT_MVE_BYTES;
            depthwise.taps.rest = depthwise.taps.channels % MRT_MVE_BYTES;
            depthwise.taps.groups = &groups[(channel / 8) * (8 + (32 * layout.vectors) + 16)];
            make_line(&depthwise, row, count, channel);
        }
    }
    return MRT_OK;
}

uint32_t mrt_depthwise_taps_s8_mve_workspace(const void *attrs)
{
    const mrt_conv2d_s8_mve_attrs_t *own = (const mrt_conv2d_s8_mve_attrs_t *)attrs; /* MISRA D1 */
    const layout_t layout = layout_of(&own->window);
    return (layout.bytes <= (INT32_MAX / 2)) ? (uint32_t)layout.bytes : 0u;
}

mrt_status_t mrt_depthwise_taps_s8_mve_check(const mrt_call_t *call)
{
    const mrt_conv2d_s8_mve_attrs_t *attrs = (const mrt_conv2d_s8_mve_attrs_t *)call->attrs; /* MISRA D1 */
    const mrt_window_t *window = &attrs->window;
    if (!mrt_window_check(call, window, 2u, (uint32_t)MRT_DTYPE_S8)) {
        return MRT_ERR_ATTRIBUTE;
    }
    /* Each factor is below 2^15 by now. */
    const uint64_t taps = (uint64_t)(uint32_t)window->kernel_height * (uint32_t)window->kernel_width;
    return mrt_check_status((window->output_channels == window->input_channels)
                            && (mrt_depthwise_taps_s8_mve_workspace(attrs) > 0u)
                            && mrt_mve_groups_check(call, 1u, 8, window->output_channels, taps)
                            && (mrt_check_bytes(mrt_call_input(call, 0u)) <= (uint64_t)INT32_MAX)
                            && mrt_check_range(attrs->input_zero_point, -128, 127)
                            && (attrs->scaling != (int32_t)MRT_MVE_ANY)
                            && mrt_mve_output_check(attrs->output_offset, attrs->activation_min,
                                                    attrs->activation_max, attrs->scaling));
}
