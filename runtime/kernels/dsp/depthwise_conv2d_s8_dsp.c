/* Depthwise convolution, int8, for cores with the DSP extension. Four channels of a block of rows are brought into
 * planes of 16-bit lanes, padding included; then each output channel is computed along the inner axis, its weights in
 * pairs. The inner axis is the width, or the height where that fills tiles better ("transposed"). */
#include "micrort/kernels.h"
#include "runtime/kernels/check.h"
#include "runtime/kernels/dsp/planes.h"
#include "runtime/kernels/dsp/products.h"
#include "runtime/kernels/dsp/taps.h"
#include "runtime/kernels/product.h"
#include "runtime/kernels/window.h"

#include <string.h>

/* Words of a channel's record in front of its taps: a multiplier and a shift as in products.h, the start. The taps are
 * int8, line by line, up to a whole word. */
#define RECORD_WORDS 3u

/* Lines whose last outputs are computed together, where these are fewer than a tile's. */
#define REST_LINES 4u

/* What stays the same for all channels of one block of rows. */
typedef struct block {
    mrt_dsp_planes_t planes;
    uint32_t *weights;      /* of one channel, in steps */
    const uint32_t *record; /* of that channel */
    uint32_t step;          /* see mrt_dsp_step */
    uint16_t kernel;        /* taps of a line */
    uint16_t tap_lines;
    uint16_t inner;         /* outputs along the inner axis, and lines of them along the outer one */
    uint16_t outer;
    uint32_t inner_step;    /* elements from an output to the next along each axis */
    uint32_t outer_step;
    uint32_t line_step;     /* words of lanes from a line of outputs to the next */
    int8_t *to;             /* channel 0 of the first output */
} block_t;

/* Words of an output channel's record. */
static uint32_t record_words_of(const mrt_window_t *window)
{
    const uint32_t taps = (uint32_t)window->kernel_height * (uint32_t)window->kernel_width;
    return RECORD_WORDS + mrt_dsp_quads(taps);
}

/* Words of a channel's steps. */
static uint32_t weight_words_of(const mrt_window_t *window, bool transposed)
{
    const uint32_t lines = (uint32_t)(transposed ? window->kernel_width : window->kernel_height);
    const mrt_dsp_order_t order = mrt_dsp_order_of(window, transposed);
    return lines * order.steps * (order.near ? 3u : 2u);
}

/* Tiles of lines, from `lanes` on. By itself, since its loops take all registers. */
static MRT_NOINLINE void compute_tiles(const block_t *block, const uint32_t *lanes, const mrt_dsp_tiles_t *tiles)
{
    mrt_dsp_taps_t taps = {
        .place = {lanes, block->weights},
        .start = block->record[2],
        .scale = mrt_dsp_scale(block->record, 0u, block->step),
    };
    if (block->planes.near) {
        mrt_dsp_long_near(&taps, tiles);
    } else {
        mrt_dsp_long_far(&taps, tiles);
    }
}

/* The last outputs of each line, from `first` on, by tiles that have too many; those go elsewhere. `tiles` are any. */
static void compute_rest(const block_t *block, const uint32_t *lanes, uint32_t first, mrt_dsp_tiles_t *tiles, int8_t *to)
{
    int8_t made[REST_LINES * MRT_DSP_LONG];
    const uint32_t *next = lanes;
    int8_t *line = &to[first * block->inner_step];
    tiles->to = made;
    tiles->step = 1u;
    tiles->count = 1u;
    tiles->next_to = MRT_DSP_LONG;
    for (uint32_t done = 0u; done < block->outer; done += tiles->lines) {
        const int8_t *from = made;
        tiles->lines = ((block->outer - done) < REST_LINES) ? (block->outer - done) : REST_LINES;
        compute_tiles(block, next, tiles);
        for (uint32_t i = 0u; i < tiles->lines; ++i) {
            for (uint32_t output = 0u; output < (block->inner - first); ++output) {
                line[output * block->inner_step] = from[output];
            }
            line = &line[block->outer_step];
            from = &from[MRT_DSP_LONG];
        }
        next = &next[tiles->lines * block->line_step];
    }
    tiles->to = to;
}

/* All outputs of a channel. A last tile that would have too many begins so that it ends with the line, if it may. */
static MRT_NOINLINE void compute_lines(const block_t *block, const uint32_t *lanes, int8_t *to)
{
    const uint32_t per_word = block->planes.near ? 2u : 1u;
    const uint32_t whole = block->inner / MRT_DSP_LONG;
    const uint32_t first = whole * MRT_DSP_LONG;
    mrt_dsp_tiles_t tiles = {to, block->inner_step, whole, block->outer, block->line_step, block->outer_step};
    if (whole > 0u) {
        compute_tiles(block, lanes, &tiles);
    }
    if ((whole > 0u) && (block->inner > first) && ((block->inner % per_word) == 0u)) {
        const uint32_t last = block->inner - MRT_DSP_LONG;
        tiles.to = &to[last * block->inner_step];
        tiles.count = 1u;
        compute_tiles(block, &lanes[last / per_word], &tiles);
    } else if (block->inner > first) {
        compute_rest(block, &lanes[first / per_word], first, &tiles, to);
    } else {
        /* Tiles fill the lines. */
    }
}

/* Two weights in a word, doubled, as sums are. */
static uint32_t twice_both(int32_t low, int32_t high)
{
    return ((2u * (uint32_t)low) & 0xFFFFu) | ((uint32_t)high << 17u);
}

/* What stands behind the weights of the steps: bytes of lanes to the next. */
static void make_steps(const block_t *block)
{
    const mrt_dsp_planes_t *planes = &block->planes;
    const mrt_window_t *window = planes->window;
    const mrt_dsp_order_t order = mrt_dsp_order_of(window, planes->transposed);
    const uint32_t dilation = (uint32_t)(planes->transposed ? window->dilation_width : window->dilation_height);
    const uint32_t next = (order.arrays > 1u) ? planes->extents.array_words : order.next_step;
    const uint32_t line = (dilation * planes->extents.line_words) - ((order.steps - 1u) * next);
    const uint32_t words = order.near ? 2u : 1u;
    uint32_t *to = block->weights;
    uint32_t total = 0u;
    for (uint32_t i = block->tap_lines * order.steps; i > 0u; --i) {
        const uint32_t ahead = (((i - 1u) % order.steps) == 0u) ? line : next;
        to[words] = (i > 1u) ? ((uint32_t)sizeof(uint32_t) * ahead) : mrt_dsp_taps_last(total);
        total += to[words];
        to = &to[words + 1u];
    }
}

/* The weights of the steps, see taps.h. */
static void make_weights(const block_t *block, const int8_t *taps)
{
    const uint32_t kernel = block->kernel;
    const bool near = block->planes.near;
    uint32_t *to = block->weights;
    for (uint32_t line = 0u; line < block->tap_lines; ++line) {
        const int8_t *tap = &taps[line * kernel];
        int32_t before = 0;
        for (uint32_t i = 0u; i < (kernel + (near ? 1u : 0u)); i += 2u) {
            const int32_t first = (i < kernel) ? tap[i] : 0;
            const int32_t second = ((i + 1u) < kernel) ? tap[i + 1u] : 0;
            to[0] = twice_both(first, second);
            if (near) {
                to[1] = twice_both(before, first);
                to = &to[1];
            }
            to = &to[2];
            before = second;
        }
    }
}

/* All channels of a block. */
static void compute_block(block_t *block)
{
    const mrt_window_t *window = block->planes.window;
    const uint32_t channels = (uint32_t)window->input_channels;
    const uint32_t per_input = (uint32_t)window->output_channels / channels;
    const uint32_t record_words = record_words_of(window);
    int8_t *to = block->to;
    block->record = mrt_input_row(block->planes.call, 1u, 0u); /* MISRA D1 */
    for (uint32_t first = 0u; first < channels; first += MRT_DSP_PLANES) {
        const uint32_t count = ((channels - first) < MRT_DSP_PLANES) ? (channels - first) : MRT_DSP_PLANES;
        mrt_dsp_planes_make(&block->planes, first, count, first == 0u);
        const uint32_t *plane = block->planes.words;
        uint32_t made = 0u;
        for (uint32_t i = 0u; i < (count * per_input); ++i) {
            make_weights(block, mrt_address(&block->record[RECORD_WORDS], 0u));
            compute_lines(block, plane, to);
            block->record = &block->record[record_words];
            to = &to[1];
            ++made;
            if (made == per_input) {
                made = 0u;
                plane = &plane[block->planes.plane_words];
            }
        }
    }
}

/* Begins the call: what a block takes from the window along its two axes. */
static MRT_NOINLINE void begin_call(block_t *block, const mrt_call_t *call)
{
    const mrt_depthwise_conv2d_s8_dsp_attrs_t *attrs = call->attrs; /* MISRA D1 */
    const mrt_window_t *window = &attrs->window;
    const bool transposed = attrs->transposed == 1;
    const uint32_t row_bytes = mrt_call_output(call, 0u)->row_bytes;
    const uint32_t pixel = (uint32_t)window->output_channels;
    block->weights = mrt_workspace(call); /* MISRA D1 */
    block->step = mrt_dsp_step(attrs->output_point);
    block->kernel = (uint16_t)(transposed ? window->kernel_height : window->kernel_width);
    block->tap_lines = (uint16_t)(transposed ? window->kernel_width : window->kernel_height);
    block->inner_step = transposed ? row_bytes : pixel;
    block->outer_step = transposed ? pixel : row_bytes;
    mrt_dsp_planes_begin(&block->planes, call, &block->weights[weight_words_of(window, transposed)]);
}

/* How many rows from `row` of the output on a block has. */
static MRT_NOINLINE uint32_t rows_from(const block_t *block, uint32_t row)
{
    const mrt_call_t *call = block->planes.call;
    const mrt_depthwise_conv2d_s8_dsp_attrs_t *attrs = call->attrs; /* MISRA D1 */
    const uint32_t height = (uint32_t)attrs->window.output_height;
    const uint32_t past = (row - (row % height)) + height;
    const uint32_t end = (call->row_end < past) ? call->row_end : past;
    const uint32_t left = mrt_rows_adjoin(call, mrt_call_output(call, 0u), row, end) - row;
    return (left < (uint32_t)attrs->block) ? left : (uint32_t)attrs->block;
}

/* The places of a block of rows from `row` of the output on, whose planes have theirs. */
static MRT_NOINLINE void set_place(block_t *block, uint32_t row, uint32_t rows)
{
    const mrt_window_t *window = block->planes.window;
    const bool transposed = block->planes.transposed;
    const uint32_t width = (uint32_t)window->output_width;
    const uint32_t stride = (uint32_t)(transposed ? window->stride_width : window->stride_height);
    block->line_step = stride * block->planes.extents.line_words;
    block->inner = (uint16_t)(transposed ? rows : width);
    block->outer = (uint16_t)(transposed ? width : rows);
    block->to = mrt_output_s8(block->planes.call, 0u, row);
    make_steps(block);
}

mrt_status_t mrt_depthwise_conv2d_s8_dsp_run(const mrt_call_t *call)
{
    const mrt_depthwise_conv2d_s8_dsp_attrs_t *attrs = call->attrs; /* MISRA D1 */
    block_t block;
    begin_call(&block, call);
    uint32_t row = call->row_begin;
    while (row < call->row_end) {
        const uint32_t rows = rows_from(&block, row);
        mrt_dsp_planes_place(&block.planes, row, rows);
        set_place(&block, row, rows);
        compute_block(&block);
        row += rows;
    }
    mrt_dsp_clamp_rows(call, attrs->activation_min, attrs->activation_max);
    return MRT_OK;
}

/* Bytes of weights and planes; each size is below 2^15 by now, so that no sum of two products leaves int32. */
static uint64_t memory_bytes(const mrt_depthwise_conv2d_s8_dsp_attrs_t *attrs)
{
    const mrt_dsp_extents_t extents = mrt_dsp_extents_of(&attrs->window, attrs->transposed == 1, attrs->block);
    const uint32_t channels = (uint32_t)attrs->window.input_channels;
    const uint64_t words = (uint64_t)extents.lines * extents.line_words;
    if (words >= (uint64_t)INT32_MAX) {
        return (uint64_t)INT32_MAX;
    }
    const uint64_t planes = (uint64_t)((channels < MRT_DSP_PLANES) ? channels : MRT_DSP_PLANES) * words;
    return (uint64_t)sizeof(uint32_t) * (planes + weight_words_of(&attrs->window, attrs->transposed == 1));
}

uint32_t mrt_depthwise_conv2d_s8_dsp_workspace(const void *attrs)
{
    const mrt_depthwise_conv2d_s8_dsp_attrs_t *own = attrs; /* MISRA D1 */
    const uint64_t bytes = memory_bytes(own);
    return (bytes < (uint64_t)INT32_MAX) ? (uint32_t)bytes : (uint32_t)INT32_MAX - 3u;
}

/* Whether input 1 is a constant with a record for each output channel, all shifts within 0..30. */
static bool records_are_sound(const mrt_call_t *call, const mrt_depthwise_conv2d_s8_dsp_attrs_t *attrs)
{
    const mrt_window_t *window = &attrs->window;
    const uint32_t record_words = record_words_of(window);
    const uint64_t words = (uint64_t)record_words * (uint32_t)window->output_channels;
    const mrt_tensor_t *tensor = mrt_call_input(call, 1u);
    if ((tensor->pool != (uint8_t)MRT_POOL_PARAMS) || (words > (uint64_t)INT32_MAX)
        || !mrt_check_elements(tensor, (uint32_t)MRT_DTYPE_S32, words)) {
        return false;
    }
    const int32_t *records = mrt_input_s32(call, 1u, 0u);
    for (uint32_t channel = 0u; channel < (uint32_t)window->output_channels; ++channel) {
        if (!mrt_check_range(records[(channel * record_words) + 1u], 0, 30)) {
            return false;
        }
    }
    return true;
}

mrt_status_t mrt_depthwise_conv2d_s8_dsp_check(const mrt_call_t *call)
{
    const mrt_depthwise_conv2d_s8_dsp_attrs_t *attrs = call->attrs; /* MISRA D1 */
    const mrt_window_t *window = &attrs->window;
    return mrt_check_status(mrt_window_check(call, window, 2u, (uint32_t)MRT_DTYPE_S8)
                            && ((window->output_channels % window->input_channels) == 0)
                            && mrt_check_range(attrs->transposed, 0, 1)
                            && mrt_check_range(attrs->block, 1, window->output_height)
                            && (memory_bytes(attrs) < (uint64_t)INT32_MAX) && records_are_sound(call, attrs)
                            && mrt_check_range(attrs->input_point, -128, 127)
                            && mrt_dsp_output_check(attrs->output_point, attrs->activation_min, attrs->activation_max));
}
