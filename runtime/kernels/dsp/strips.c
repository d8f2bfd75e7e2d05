#include "runtime/kernels/dsp/strips.h"

#include "micrort/kernels.h"
#include "runtime/kernels/check.h"
#include "runtime/kernels/dsp/products.h"
#include "runtime/kernels/dsp/three.h"
#include "runtime/kernels/product.h"
#include "runtime/kernels/window.h"

/* Channels that are brought into lanes at a time. */
#define CHANNELS MRT_DSP_THREE_CHANNELS

/* Rows of the input in a strip; offsets of them, and which lie outside the image, a bit for each. */
#define ROWS MRT_DSP_THREE_ROWS
#define STRIP_WORDS (ROWS + 1u)

/* A block of output rows, equally far apart in memory. */
typedef struct lines_dsp {
    const mrt_call_t *call;
    const mrt_dsp_loops_t *loops;
    const mrt_window_t *window;
    uint32_t step;       /* see mrt_dsp_step */
    uint32_t point;      /* the input's zero point in two lanes */
    uint32_t strip_rows; /* rows of outputs that a strip makes */
    uint32_t columns;    /* of a strip */
    uint32_t before;     /* columns of padding in front of the image, and columns of it */
    uint32_t inside;
    uint32_t strips;
    const int8_t *input; /* a row of the input, and for each strip STRIP_WORDS */
    uint32_t base;       /* that row's offset */
    int32_t *rows;
    uint32_t *lanes;
    int8_t *to;          /* the first output */
    int32_t row;         /* elements from a row of outputs to the next */
} lines_dsp_t;

static uint32_t strip_rows_of(const mrt_window_t *window)
{
    return ((window->stride_height == 1) && (window->stride_width == 1)) ? 2u : 1u;
}

static uint32_t columns_of(const mrt_window_t *window)
{
    return (((uint32_t)window->output_width - 1u) * (uint32_t)window->stride_width) + 3u;
}

/* Strips of so many rows. */
static uint32_t strips_of(const mrt_window_t *window, uint32_t rows)
{
    const uint32_t strip_rows = strip_rows_of(window);
    return ((rows + strip_rows) - 1u) / strip_rows;
}

/* Four channels of `count` columns to the lanes of a strip; `pixel` elements from a column to the next. */
static MRT_NOINLINE void convert_four(const int8_t *from, const int32_t *rows, uint32_t pixel, uint32_t count,
                                      uint32_t *to)
{
    const int8_t *const at[ROWS] = {&from[rows[0]], &from[rows[1]], &from[rows[2]], &from[rows[3]]};
    if (count > 0u) {
        mrt_dsp_three_widen(at, pixel, count, to);
    }
}

/* The same of one to three channels, all that the input has. */
static MRT_NOINLINE void convert_few(const int8_t *from, const int32_t *rows, uint32_t channels, uint32_t count,
                                     uint32_t *to)
{
    for (uint32_t i = 0u; i < count; ++i) {
        for (uint32_t channel = 0u; channel < channels; ++channel) {
            const int8_t *element = &from[(i * channels) + channel];
            uint32_t *words = &to[(i * MRT_DSP_THREE_COLUMN) + (2u * channel)];
            words[0] = mrt_dsp_sxtb16((uint8_t)element[rows[0]] | ((uint32_t)(uint8_t)element[rows[1]] << 16u));
            words[1] = mrt_dsp_sxtb16((uint8_t)element[rows[2]] | ((uint32_t)(uint8_t)element[rows[3]] << 16u));
        }
    }
}

/* Zero points in one row of a strip: a lane of two bytes in every second word, the first row's lowest. */
static MRT_NOINLINE void fill_row(uint32_t *lanes, uint32_t row, uint32_t columns, uint32_t point)
{
    const uint16_t lane = (uint16_t)point;
    uint8_t *bytes = mrt_address_mut(lanes, (uint32_t)sizeof(lane) * row); /* MISRA D1 */
    for (uint32_t left = columns * CHANNELS; left > 0u; --left) {
        (void)memcpy(bytes, &lane, sizeof(lane)); /* MISRA D7 */
        bytes = &bytes[2u * sizeof(uint32_t)];
    }
}

/* Zero points in whole columns of a strip. */
static void fill_columns(uint32_t *lanes, uint32_t columns, uint32_t point)
{
    for (uint32_t i = 0u; i < (columns * MRT_DSP_THREE_COLUMN); ++i) {
        lanes[i] = point;
    }
}

/* Zero points in the rows of a strip that lie outside the image. */
static void fill_rows(uint32_t *lanes, int32_t outside, uint32_t columns, uint32_t point)
{
    for (uint32_t row = 0u; row < ROWS; ++row) {
        if ((((uint32_t)outside >> row) & 1u) != 0u) {
            fill_row(lanes, row, columns, point);
        }
    }
}

/* Four channels from `channel` on to the lanes of all strips, or as many as the input has. */
static void convert(const lines_dsp_t *block, uint32_t channel)
{
    const uint32_t channels = (uint32_t)block->window->input_channels;
    const int8_t *from = &block->input[channel];
    const int32_t *rows = block->rows;
    uint32_t *lanes = &block->lanes[block->before * MRT_DSP_THREE_COLUMN];
    for (uint32_t strip = block->strips; strip > 0u; --strip) {
        if (channels < CHANNELS) {
            convert_few(from, rows, channels, block->inside, lanes);
        } else {
            convert_four(from, rows, channels, block->inside, lanes);
        }
        if (rows[ROWS] != 0) {
            fill_rows(lanes, rows[ROWS], block->inside, block->point);
        }
        rows = &rows[STRIP_WORDS];
        lanes = &lanes[block->columns * MRT_DSP_THREE_COLUMN];
    }
}

/* Output channels of `rows` rows; the last row of an odd number has a strip of its own. */
static void compute(const lines_dsp_t *block, mrt_dsp_three_t *made, uint32_t rows)
{
    made->strips = rows / block->strip_rows;
    if (block->window->stride_width != 1) {
        block->loops->wide(made);
    } else if (block->strip_rows == 1u) {
        block->loops->one(made);
    } else {
        if (made->strips != 0u) {
            block->loops->two(made);
        }
        if ((rows % 2u) != 0u) {
            made->lanes = &made->lanes[made->strips * made->strip_words];
            const uint32_t strip_rows = 2u * made->strips;
            made->to = &made->to[(int32_t)strip_rows * made->row];
            made->strips = 1u;
            block->loops->one(made);
        }
    }
}

/* All channels of a block of `rows` rows. The last channels of the input are brought into lanes together with some in
 * front of them, where they come in no multiple of four. */
static void compute_block(const lines_dsp_t *block, uint32_t rows)
{
    const uint32_t channels = (uint32_t)block->window->input_channels;
    const uint32_t per_input = (uint32_t)block->window->output_channels / channels;
    const uint32_t most = (channels < CHANNELS) ? channels : CHANNELS;
    const uint32_t last = channels - most;
    mrt_dsp_three_t made = {
        .records = mrt_input_row(block->call, 1u, 0u),
        .lanes = block->lanes,
        .to = block->to,
        .channels = 0u,
        .lane_words = (per_input == 1u) ? 2u : 0u,
        .strips = 0u,
        .strip_words = block->columns * MRT_DSP_THREE_COLUMN,
        .outputs = (uint32_t)block->window->output_width,
        .columns = (uint32_t)block->window->stride_width,
        .pixel = block->window->output_channels,
        .row = block->row,
        .step = block->step,
    };
    int8_t *to = block->to;
    uint32_t channel = 0u;
    while (channel < channels) {
        const uint32_t first = (channel < last) ? channel : last;
        const uint32_t past = first + most;
        convert(block, first);
        while (channel < past) {
            made.to = to;
            made.lanes = &block->lanes[2u * (channel - first)];
            made.channels = (per_input == 1u) ? (past - channel) : per_input;
            compute(block, &made, rows);
            made.records = &made.records[made.channels * block->loops->record_words];
            to = &to[made.channels];
            channel += (per_input == 1u) ? made.channels : 1u;
        }
    }
}

/* Offsets of the input rows of a strip whose first row is `line`; those from `past` on are not needed. */
static void begin_strip(const lines_dsp_t *block, int32_t *rows, uint32_t image, int32_t line, int32_t past)
{
    const mrt_tensor_t *tensor = mrt_call_input(block->call, 0u);
    const int32_t height = block->window->input_height;
    uint32_t outside = 0u;
    for (uint32_t i = 0u; i < ROWS; ++i) {
        const int32_t row = line + (int32_t)i;
        rows[i] = 0;
        if ((row >= 0) && (row < height) && (row < past)) {
            const uint32_t offset = mrt_row_offset(block->call, tensor, image + (uint32_t)row) - block->base;
            rows[i] = (int32_t)offset;
        } else if (row < past) {
            outside |= 1u << i;
        } else {
            /* Any row will do. */
        }
    }
    rows[ROWS] = (int32_t)outside;
}

/* The input rows of all strips, and the columns beside the image, which no channel changes. */
static MRT_NOINLINE void begin_block(lines_dsp_t *block, uint32_t row, uint32_t rows)
{
    const mrt_window_t *window = block->window;
    const int32_t height = window->input_height;
    const uint32_t image = (row / (uint32_t)window->output_height) * (uint32_t)height;
    const uint32_t y = row % (uint32_t)window->output_height;
    const int32_t top = ((int32_t)y * window->stride_height) - window->padding_top;
    const int32_t past = top + (((int32_t)rows - 1) * window->stride_height) + 3;
    const int32_t lowest = (top < height) ? top : (height - 1);
    const uint32_t first = image + ((lowest < 0) ? 0u : (uint32_t)lowest);
    const uint32_t behind = block->before + block->inside;
    int32_t line = top;
    uint32_t *lanes = block->lanes;
    block->base = mrt_row_offset(block->call, mrt_call_input(block->call, 0u), first);
    block->input = mrt_input_s8(block->call, 0u, first);
    block->to = mrt_output_s8(block->call, 0u, row);
    block->strips = strips_of(window, rows);
    for (uint32_t strip = 0u; strip < block->strips; ++strip) {
        begin_strip(block, &block->rows[strip * STRIP_WORDS], image, line, past);
        fill_columns(lanes, block->before, block->point);
        fill_columns(&lanes[behind * MRT_DSP_THREE_COLUMN], block->columns - behind, block->point);
        lanes = &lanes[block->columns * MRT_DSP_THREE_COLUMN];
        line += (int32_t)block->strip_rows * window->stride_height;
    }
}

/* The most rows from `row` on, at most `most`, that lie equally far apart; sets the distance. */
static uint32_t rows_from(lines_dsp_t *block, uint32_t row, uint32_t most)
{
    const mrt_tensor_t *tensor = mrt_call_output(block->call, 0u);
    uint32_t rows = 1u;
    uint32_t place = mrt_row_offset(block->call, tensor, row);
    block->row = 0;
    while (rows < most) {
        const uint32_t next = mrt_row_offset(block->call, tensor, row + rows);
        const uint32_t gap = next - place;
        const int32_t distance = (int32_t)gap;
        if ((rows > 1u) && (distance != block->row)) {
            break;
        }
        block->row = distance;
        place = next;
        ++rows;
    }
    return rows;
}

mrt_status_t mrt_dsp_strips_run(const mrt_call_t *call, const mrt_dsp_loops_t *loops)
{
    const mrt_depthwise3x3_s8_dsp_attrs_t *attrs = call->attrs; /* MISRA D1 */
    const mrt_window_t *window = &attrs->window;
    const uint32_t height = (uint32_t)window->output_height;
    const uint32_t columns = columns_of(window);
    const uint32_t padding = (uint32_t)window->padding_left;
    const uint32_t before = (padding < columns) ? padding : columns;
    const uint32_t room = columns - before;
    const uint32_t width = (uint32_t)window->input_width;
    uint32_t *lanes = mrt_workspace(call); /* MISRA D1 */
    const uint32_t strips = strips_of(window, (uint32_t)attrs->block);
    lines_dsp_t block = {
        .call = call,
        .loops = loops,
        .window = window,
        .step = mrt_dsp_step(attrs->output_point),
        .point = ((uint32_t)attrs->input_point & 0xFFFFu) * 0x00010001u,
        .strip_rows = strip_rows_of(window),
        .columns = columns,
        .before = before,
        .inside = (width < room) ? width : room,
        .strips = 0u,
        .input = NULL,
        .base = 0u,
        .rows = mrt_address_mut(lanes, 4u * MRT_DSP_THREE_COLUMN * columns * strips),
        .lanes = lanes,
        .to = NULL,
        .row = 0,
    };
    uint32_t row = call->row_begin;
    while (row < call->row_end) {
        const uint32_t in_image = height - (row % height);
        const uint32_t left = call->row_end - row;
        const uint32_t here = (left < in_image) ? left : in_image;
        const uint32_t rows = rows_from(&block, row, (here < (uint32_t)attrs->block) ? here : (uint32_t)attrs->block);
        begin_block(&block, row, rows);
        compute_block(&block, rows);
        row += rows;
    }
    mrt_dsp_clamp_rows(call, attrs->activation_min, attrs->activation_max);
    return MRT_OK;
}

uint32_t mrt_dsp_strips_workspace(const void *attrs)
{
    const mrt_depthwise3x3_s8_dsp_attrs_t *own = attrs; /* MISRA D1 */
    const uint64_t strip = ((uint64_t)columns_of(&own->window) * MRT_DSP_THREE_COLUMN) + STRIP_WORDS;
    const uint64_t bytes = (uint64_t)sizeof(uint32_t) * strip * strips_of(&own->window, (uint32_t)own->block);
    return (bytes < (uint64_t)INT32_MAX) ? (uint32_t)bytes : (uint32_t)INT32_MAX - 3u;
}

/* Whether input 1 is a constant with a record for each output channel; all shifts, where there are any, within 0..30. */
static bool records_are_sound(const mrt_call_t *call, const mrt_window_t *window, bool linear)
{
    const uint32_t channels = (uint32_t)window->output_channels;
    const uint32_t words = linear ? MRT_DSP_THREE_RECORD_LINEAR : MRT_DSP_THREE_RECORD;
    const mrt_tensor_t *tensor = mrt_call_input(call, 1u);
    if ((tensor->pool != (uint8_t)MRT_POOL_PARAMS)
        || !mrt_check_elements(tensor, (uint32_t)MRT_DTYPE_S32, (uint64_t)words * channels)) {
        return false;
    }
    const int32_t *records = mrt_input_s32(call, 1u, 0u);
    bool sound = true;
    for (uint32_t channel = 0u; !linear && sound && (channel < channels); ++channel) {
        sound = mrt_check_range(records[(channel * MRT_DSP_THREE_RECORD) + 1u], 0, 30);
    }
    return sound;
}

/* Whether the window is one of those that this kernel slides, in blocks that fit into a workspace. */
static bool window_is_slid(const mrt_depthwise3x3_s8_dsp_attrs_t *attrs)
{
    const mrt_window_t *window = &attrs->window;
    return (window->kernel_height == 3) && (window->kernel_width == 3) && (window->dilation_height == 1)
           && (window->dilation_width == 1) && mrt_check_range(window->stride_width, 1, 2)
           && mrt_check_range(window->stride_height, 1, 2)
           && ((window->output_channels % window->input_channels) == 0)
           && mrt_check_range(attrs->block, 1, window->output_height)
           && (mrt_dsp_strips_workspace(attrs) < ((uint32_t)INT32_MAX - 3u));
}

mrt_status_t mrt_dsp_strips_check(const mrt_call_t *call, bool linear)
{
    const mrt_depthwise3x3_s8_dsp_attrs_t *attrs = call->attrs; /* MISRA D1 */
    return mrt_check_status(mrt_window_check(call, &attrs->window, 2u, (uint32_t)MRT_DTYPE_S8)
                            && window_is_slid(attrs) && records_are_sound(call, &attrs->window, linear)
                            && mrt_check_range(attrs->input_point, -128, 127)
                            && mrt_dsp_output_check(attrs->output_point, attrs->activation_min, attrs->activation_max));
}
