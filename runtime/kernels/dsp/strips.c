#include "runtime/kernels/dsp/strips.h"

#include "micrort/kernels.h"
#include "runtime/kernels/check.h"
#include "runtime/kernels/dsp/products.h"
#include "runtime/kernels/dsp/three.h"
#include "runtime/kernels/product.h"
#include "runtime/kernels/window.h"

/* Channels that are brought into lanes at a time. */
#define CHANNELS MRT_DSP_THREE_CHANNELS

/* Rows of the input in a band, which are brought into lanes together: those of a strip, or four of tall strips. Offsets of
 * them, and which lie outside the image, a bit for each. */
#define ROWS MRT_DSP_THREE_ROWS
#define BAND_WORDS (ROWS + 1u)

/* A block of output rows, equally far apart in memory. */
typedef struct lines_dsp {
    const mrt_call_t *call;
    const mrt_dsp_loops_t *loops;
    const mrt_window_t *window;
    uint32_t step;       /* see mrt_dsp_step */
    uint32_t point;      /* the input's zero point in two lanes */
    uint32_t strip_rows; /* rows of outputs that a strip makes */
    bool tall;           /* whether strips share their lanes */
    uint32_t columns;    /* of a strip; words of one */
    uint32_t column_words;
    uint32_t before;     /* columns of padding in front of the image, and columns of it */
    uint32_t inside;
    uint32_t bands;
    uint32_t band_words; /* words of lanes from a band to the next */
    const int8_t *input; /* a row of the input, and for each band BAND_WORDS */
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

/* Bands of so many strips. */
static uint32_t bands_of(uint32_t strips, bool tall)
{
    return tall ? ((strips / 2u) + 1u) : strips;
}

/* Words of lanes of all strips. */
static uint64_t lane_words_of(const mrt_window_t *window, uint32_t strips, bool tall)
{
    const uint32_t words = tall ? MRT_DSP_THREE_WORDS_TALL : (MRT_DSP_THREE_WORDS * strips);
    return (uint64_t)columns_of(window) * CHANNELS * words;
}

/* Four channels of the columns inside the image to the lanes of a band. */
static void convert_four(const lines_dsp_t *block, const int8_t *from, const int32_t *rows, uint32_t *to)
{
    const int8_t *const at[ROWS] = {&from[rows[0]], &from[rows[1]], &from[rows[2]], &from[rows[3]]};
    if (block->inside > 0u) {
        block->loops->widen(at, (uint32_t)block->window->input_channels, block->inside, to);
    }
}

/* The same of one to three channels, all that the input has. */
static MRT_NOINLINE void convert_few(const lines_dsp_t *block, const int8_t *from, const int32_t *rows, uint32_t *to)
{
    const uint32_t channels = (uint32_t)block->window->input_channels;
    for (uint32_t i = 0u; i < block->inside; ++i) {
        for (uint32_t channel = 0u; channel < channels; ++channel) {
            const int8_t *element = &from[(i * channels) + channel];
            uint32_t *words = &to[(i * block->column_words) + (block->loops->words * channel)];
            words[0] = mrt_dsp_sxtb16((uint8_t)element[rows[0]] | ((uint32_t)(uint8_t)element[rows[1]] << 16u));
            words[1] = mrt_dsp_sxtb16((uint8_t)element[rows[2]] | ((uint32_t)(uint8_t)element[rows[3]] << 16u));
        }
    }
}

/* Zero points in one row of a band: a lane of two bytes in the words of each channel, the first row's lowest. */
static MRT_NOINLINE void fill_row(const lines_dsp_t *block, uint32_t *lanes, uint32_t row)
{
    const uint16_t lane = (uint16_t)block->point;
    const uint32_t pitch = block->loops->words * (uint32_t)sizeof(uint32_t);
    uint8_t *bytes = mrt_address_mut(lanes, (uint32_t)sizeof(lane) * row); /* MISRA D1 */
    for (uint32_t left = block->inside; left > 0u; --left) {
        for (uint32_t channel = 0u; channel < CHANNELS; ++channel) {
            (void)memcpy(bytes, &lane, sizeof(lane)); /* MISRA D7 */
            bytes = &bytes[pitch];
        }
    }
}

/* Zero points in whole columns. */
static void fill_columns(const lines_dsp_t *block, uint32_t *lanes, uint32_t columns)
{
    for (uint32_t i = 0u; i < (columns * block->column_words); ++i) {
        lanes[i] = block->point;
    }
}

/* Zero points in the rows of a band that lie outside the image. */
static void fill_rows(const lines_dsp_t *block, uint32_t *lanes, int32_t outside)
{
    for (uint32_t row = 0u; row < ROWS; ++row) {
        if ((((uint32_t)outside >> row) & 1u) != 0u) {
            fill_row(block, lanes, row);
        }
    }
}

/* Four channels from `channel` on to the lanes of all strips, or as many as the input has. */
static void convert(const lines_dsp_t *block, uint32_t channel)
{
    const int8_t *from = &block->input[channel];
    const int32_t *rows = block->rows;
    uint32_t *lanes = &block->lanes[block->before * block->column_words];
    for (uint32_t band = block->bands; band > 0u; --band) {
        if ((uint32_t)block->window->input_channels < CHANNELS) {
            convert_few(block, from, rows, lanes);
        } else {
            convert_four(block, from, rows, lanes);
        }
        if (rows[ROWS] != 0) {
            fill_rows(block, lanes, rows[ROWS]);
        }
        rows = &rows[BAND_WORDS];
        lanes = &lanes[block->band_words];
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
        .lane_words = (per_input == 1u) ? block->loops->words : 0u,
        .column_words = block->column_words,
        .strips = 0u,
        .strip_words = block->tall ? 1u : block->band_words,
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
            made.lanes = &block->lanes[block->loops->words * (channel - first)];
            made.channels = (per_input == 1u) ? (past - channel) : per_input;
            compute(block, &made, rows);
            made.records = &made.records[made.channels * block->loops->record_words];
            to = &to[made.channels];
            channel += (per_input == 1u) ? made.channels : 1u;
        }
    }
}

/* Offsets of the input rows of a band whose first row is `line`; those from `past` on are not needed. */
static void begin_band(const lines_dsp_t *block, int32_t *rows, uint32_t image, int32_t line, int32_t past)
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

/* The input rows of all bands, and the columns beside the image, which no channel changes. */
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
    const uint32_t strips = strips_of(window, rows);
    const int32_t band_lines = block->tall ? (int32_t)ROWS : ((int32_t)block->strip_rows * window->stride_height);
    int32_t line = top;
    uint32_t *lanes = block->lanes;
    block->base = mrt_row_offset(block->call, mrt_call_input(block->call, 0u), first);
    block->input = mrt_input_s8(block->call, 0u, first);
    block->to = mrt_output_s8(block->call, 0u, row);
    block->bands = bands_of(strips, block->tall);
    for (uint32_t band = 0u; band < block->bands; ++band) {
        begin_band(block, &block->rows[band * BAND_WORDS], image, line, past);
        line += band_lines;
    }
    for (uint32_t left = block->tall ? 1u : strips; left > 0u; --left) {
        fill_columns(block, lanes, block->before);
        fill_columns(block, &lanes[behind * block->column_words], block->columns - behind);
        lanes = &lanes[block->columns * block->column_words];
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
    const bool tall = loops->words == MRT_DSP_THREE_WORDS_TALL;
    const uint32_t column_words = CHANNELS * loops->words;
    const uint32_t lane_words = (uint32_t)lane_words_of(window, strips_of(window, (uint32_t)attrs->block), tall);
    lines_dsp_t block = {
        .call = call,
        .loops = loops,
        .window = window,
        .step = mrt_dsp_step(attrs->output_point),
        .point = ((uint32_t)attrs->input_point & 0xFFFFu) * 0x00010001u,
        .strip_rows = strip_rows_of(window),
        .tall = tall,
        .columns = columns,
        .column_words = column_words,
        .before = before,
        .inside = (width < room) ? width : room,
        .bands = 0u,
        .band_words = tall ? MRT_DSP_THREE_WORDS : (columns * column_words),
        .input = NULL,
        .base = 0u,
        .rows = mrt_address_mut(lanes, 4u * lane_words),
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

static uint32_t workspace_of(const mrt_depthwise3x3_s8_dsp_attrs_t *attrs, bool tall)
{
    const uint32_t strips = strips_of(&attrs->window, (uint32_t)attrs->block);
    const uint64_t tables = (uint64_t)bands_of(strips, tall) * BAND_WORDS;
    const uint64_t bytes = sizeof(uint32_t) * (lane_words_of(&attrs->window, strips, tall) + tables);
    return (bytes < (uint64_t)INT32_MAX) ? (uint32_t)bytes : (uint32_t)INT32_MAX - 3u;
}

uint32_t mrt_dsp_strips_workspace(const void *attrs)
{
    return workspace_of(attrs, false);
}

uint32_t mrt_dsp_strips_workspace_tall(const void *attrs)
{
    return workspace_of(attrs, true);
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

/* Whether strips of this window may share their lanes, in blocks that have room in them: each begins two rows of the input
 * behind the last. */
static bool strips_are_tall(const mrt_depthwise3x3_s8_dsp_attrs_t *attrs)
{
    const mrt_window_t *window = &attrs->window;
    return ((strip_rows_of(window) * (uint32_t)window->stride_height) == MRT_DSP_THREE_WORDS)
           && (strips_of(window, (uint32_t)attrs->block) <= MRT_DSP_THREE_STRIPS_TALL);
}

/* Whether the window is one of those that these kernels slide, in blocks that fit into a workspace. */
static bool window_is_slid(const mrt_depthwise3x3_s8_dsp_attrs_t *attrs, bool tall)
{
    const mrt_window_t *window = &attrs->window;
    return (window->kernel_height == 3) && (window->kernel_width == 3) && (window->dilation_height == 1)
           && (window->dilation_width == 1) && mrt_check_range(window->stride_width, 1, 2)
           && mrt_check_range(window->stride_height, 1, 2)
           && ((window->output_channels % window->input_channels) == 0)
           && mrt_check_range(attrs->block, 1, window->output_height) && (!tall || strips_are_tall(attrs))
           && (workspace_of(attrs, tall) < ((uint32_t)INT32_MAX - 3u));
}

static mrt_status_t check(const mrt_call_t *call, bool linear, bool tall)
{
    const mrt_depthwise3x3_s8_dsp_attrs_t *attrs = call->attrs; /* MISRA D1 */
    return mrt_check_status(mrt_window_check(call, &attrs->window, 2u, (uint32_t)MRT_DTYPE_S8)
                            && window_is_slid(attrs, tall) && records_are_sound(call, &attrs->window, linear)
                            && mrt_check_range(attrs->input_point, -128, 127)
                            && mrt_dsp_output_check(attrs->output_point, attrs->activation_min, attrs->activation_max));
}

mrt_status_t mrt_dsp_strips_check(const mrt_call_t *call, bool linear)
{
    return check(call, linear, false);
}

mrt_status_t mrt_dsp_strips_check_tall(const mrt_call_t *call)
{
    return check(call, true, true);
}
