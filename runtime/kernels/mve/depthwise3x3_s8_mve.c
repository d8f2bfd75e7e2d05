/*
 * Depthwise convolution under windows of 3 x 3, int8, for cores with MVE: without a workspace, and with little to begin
 * with, for steps of few rows.
 *
 * neighbours.h says how outputs are made of what lies under them: rows one by one, two neighbours at a time; or, where
 * nothing lies in padding above or below, two rows: four neighbours at a time where strides are 1, and two above each
 * other where they are 2.
 */
#include "micrort/kernels.h"
#include "runtime/kernels/check.h"
#include "runtime/kernels/mve/neighbours.h"
#include "runtime/kernels/mve/products.h"
#include "runtime/kernels/window.h"

#define KERNEL 3

/* A batch of a row has 17 columns under it at most; of a copy of them a column takes four bytes. */
#define TAKEN_COLUMN 4
#define TAKEN_BYTES (17 * TAKEN_COLUMN)

/* The bytes of a patch and what the outputs above it take of them. */
typedef struct neighbourhood {
    uint8_t lanes[2][2][MRT_MVE_GATHERED]; /* Rows and columns of the first gather's lanes, and of the second's. */
    uint8_t taps[2][MRT_MVE_PATCH_BYTES];  /* See mrt_mve_neighbours_t. */
    uint32_t left;  /* Lanes that are not in the first column; as mrt_mve_neighbours_t has them. */
    uint32_t right; /* Lanes that are not in the last column. */
    int32_t columns;
    int32_t across; /* Neighbours beside each other. */
} neighbourhood_t;

/* What is made together. */
typedef enum form {
    NOTHING, /* Yet. */
    ROW,     /* One row, neighbours beside each other. */
    SQUARES, /* Two rows, strides of 1: four neighbours. */
    COLUMNS, /* Two rows, strides of 2: neighbours above each other. */
} form_t;

typedef struct depthwise3x3 {
    const mrt_call_t *call;
    const mrt_depthwise_conv2d_s8_mve_attrs_t *attrs;
    const int32_t *filters;
    form_t form;
    const neighbourhood_t *patch;
    uint32_t first; /* Of the image, the first row of the input. */
    int32_t top;    /* The row of the image under the first tap, inside or not. */
    mrt_mve_neighbours_t row;
} depthwise3x3_t;

static inline const neighbourhood_t *patch_of(form_t form, int32_t stride)
{
    /* Of strides of 1; of a row, strides of 2; of two rows, likewise. */
    static const neighbourhood_t kinds[3] = {
        {
            .lanes = {{{0u, 2u, 0u, 2u, 0u, 2u, 0u, 2u}, {0u, 0u, 1u, 1u, 2u, 2u, 3u, 3u}},
                      {{1u, 3u, 1u, 3u, 1u, 3u, 1u, 3u}, {0u, 0u, 1u, 1u, 2u, 2u, 3u, 3u}}},
            .taps = {{0u, 1u, 2u, 3u, 4u, 5u, 6u, 3u, 8u, 9u, 10u, 3u, 3u, 3u, 3u, 3u},
                     {3u, 3u, 3u, 3u, 0u, 1u, 2u, 3u, 4u, 5u, 6u, 3u, 8u, 9u, 10u, 3u}},
            .left = 0xFFF0FFF0u,
            .right = 0x0FFF0FFFu,
            .columns = 4,
            .across = 2,
        },
        {
            .lanes = {{{0u, 2u, 1u, 0u, 2u, 1u, 0u, 2u}, {0u, 0u, 1u, 2u, 2u, 3u, 4u, 4u}},
                      {{1u, 0u, 2u, 1u, 0u, 2u, 1u, 0u}, {0u, 1u, 1u, 2u, 3u, 3u, 4u, 1u}}},
            .taps = {{0u, 1u, 2u, 4u, 5u, 6u, 8u, 9u, 10u, 3u, 3u, 3u, 3u, 3u, 3u, 3u},
                     {3u, 3u, 3u, 3u, 3u, 3u, 0u, 1u, 2u, 4u, 5u, 6u, 8u, 9u, 10u, 3u}},
            .left = 0xFFFCFFF0u,
            .right = 0xCFFF0FFFu,
            .columns = 5,
            .across = 2,
        },
        {
            .lanes = {{{0u, 2u, 4u, 1u, 3u, 0u, 2u, 4u}, {0u, 0u, 0u, 1u, 1u, 2u, 2u, 2u}},
                      {{1u, 3u, 0u, 2u, 4u, 1u, 3u, 1u}, {0u, 0u, 1u, 1u, 1u, 2u, 2u, 1u}}},
            .taps = {{0u, 1u, 2u, 3u, 3u, 4u, 5u, 6u, 3u, 3u, 8u, 9u, 10u, 3u, 3u, 3u},
                     {3u, 3u, 0u, 1u, 2u, 3u, 3u, 4u, 5u, 6u, 3u, 3u, 8u, 9u, 10u, 3u}},
            .left = 0xFFF0FFC0u,
            .right = 0xC3FF03FFu,
            .columns = 3,
            .across = 1,
        }};
    return &kinds[(stride == 1) ? 0 : ((form == ROW) ? 1 : 2)];
}

/* Output rows that are made together. */
static inline int32_t rows_of(form_t form)
{
    return (form == ROW) ? 1 : 2;
}

/* Whether the row under tap `tap` lies inside the image. */
static inline bool is_inside(const depthwise3x3_t *depthwise, int32_t tap)
{
    const int32_t y = depthwise->top + tap;
    return (y >= 0) && (y < depthwise->attrs->window.input_height);
}

/* Begins rows of a form, but for their places. */
static MRT_NOINLINE void begin(depthwise3x3_t *depthwise, form_t form)
{
    const mrt_depthwise_conv2d_s8_mve_attrs_t *attrs = depthwise->attrs;
    const mrt_window_t *window = &attrs->window;
    mrt_mve_neighbours_t *row = &depthwise->row;
    const int32_t channels = window->input_channels;
    const int32_t width = window->output_width;
    const int32_t column = window->stride_width * channels; /* from output to output, in the input */
    const int32_t wide = MRT_MVE_EIGHT / rows_of(form);     /* columns of a batch */
    const int32_t batches = (width + (wide - 1)) / wide;
    const int32_t back = width - (batches * wide);
    const neighbourhood_t *patch = patch_of(form, window->stride_width);
    depthwise->form = form;
    depthwise->patch = patch;
    row->sign = MRT_MVE_SIGN;
    row->taps = patch->taps[0];
    row->padded = 0;
    row->count = batches;
    row->channels = channels;
    row->before = window->padding_left * channels;
    row->step = patch->across * column;
    row->back[0] = back * column;
    row->back[1] = back * channels;
    row->next[0] = 1 - (width * column);
    row->next[1] = 1 - (width * channels);
    row->pixels = wide * channels;
    row->clamp = &attrs->output_offset; /* and the two behind it */
    /* Columns from the first one under the last neighbours on. */
    const int32_t there =
        window->input_width - (((width - patch->across) * window->stride_width) - window->padding_left);
    row->left = (window->padding_left > 0) ? patch->left : UINT32_MAX;
    row->zero = attrs->input_zero_point;
    row->right = (there < patch->columns) ? patch->right : UINT32_MAX;
}

/*
 * Finds the places of an output row, or of two, from `row` on. Returns its first pixel, or that of the lower one; null
 * where two lie further apart than places reach.
 */
static MRT_NOINLINE int8_t *find_places(depthwise3x3_t *depthwise, uint32_t row)
{
    static const uint16_t columns[3][MRT_MVE_EIGHT] = {{0u, 4u, 1u, 5u, 2u, 6u, 3u, 7u},
                                                       {0u, 2u, 1u, 3u, 0u, 2u, 1u, 3u},
                                                       {0u, 2u, 0u, 2u, 1u, 3u, 1u, 3u}};
    static const uint16_t lower[2][MRT_MVE_EIGHT] = {{0u, 0u, 0u, 0u, 1u, 1u, 1u, 1u},
                                                     {0u, 0u, 1u, 1u, 0u, 0u, 1u, 1u}};
    const mrt_call_t *call = depthwise->call;
    const mrt_tensor_t *output = mrt_call_output(call, 0u);
    mrt_mve_neighbours_t *made = &depthwise->row;
    const int32_t form = (int32_t)depthwise->form;
    uint16x8_t places = vmulq_n_u16(vldrhq_u16(columns[form - (int32_t)ROW]), (uint16_t)made->channels);
    uint32_t lowest = mrt_row_offset(call, output, row);
    bool near = true;
    if (depthwise->form != ROW) {
        const uint32_t below = mrt_row_offset(call, output, row + 1u);
        const uint32_t distance = (below > lowest) ? (below - lowest) : (lowest - below);
        near = distance <= ((uint32_t)UINT16_MAX - output->row_bytes);
        places = vaddq_u16(places, vmulq_n_u16(vldrhq_u16(lower[form - (int32_t)SQUARES]), (uint16_t)(below - lowest)));
        if (below < lowest) { /* places begin in the lower row */
            places = vaddq_u16(places, vdupq_n_u16((uint16_t)distance));
            lowest = below;
        }
    }
    vst1q_u16(made->places, places);
    int8_t *first = NULL;
    if (near) {
        first = (int8_t *)mrt_address_mut(call->pools[mrt_tensor_pool(output)], lowest); /* MISRA D1 */
        made->end = &first[made->channels];
    }
    return first;
}

/*
 * Finds the lanes of a patch. Returns the first column of the lowest row under it, or null where rows lie further apart
 * than lanes reach. Rows of padding, and rows that no output takes, are taken to lie where the nearest one does.
 */
static MRT_NOINLINE const int8_t *find_lanes(depthwise3x3_t *depthwise)
{
    const mrt_call_t *call = depthwise->call;
    const mrt_tensor_t *input = mrt_call_input(call, 0u);
    const uint32_t reach = (uint32_t)UINT16_MAX - (2u * input->row_bytes); /* a row, and padding before it */
    const int32_t left = depthwise->attrs->window.input_height - depthwise->top;
    const int32_t under = KERNEL + ((int32_t)depthwise->form - (int32_t)ROW);
    const int32_t skipped = (depthwise->top < 0) ? 1 : 0; /* taps in padding, before others */
    const int32_t count = ((left < under) ? left : under) - skipped;
    const int32_t y = depthwise->top + skipped;
    const uint32_t between = (uint32_t)count - 1u;
    const uint32_t first = depthwise->first + (uint32_t)y;
    const int8_t *found = NULL;
    uint16_t rows[MRT_MVE_GATHERED];
    uint32_t distance = between * input->row_bytes;
    if (mrt_tensor_has_row_table(input)) {
        const uint16_t *table = &call->row_table[input->offset + first];
        distance = (uint32_t)MRT_ROW_UNIT * mrt_mve_find_rows(table, skipped, count, rows);
    } else {
        mrt_mve_find_even_rows(input->row_bytes, skipped, count, rows);
    }
    if (distance <= reach) {
        mrt_mve_find_lanes(&depthwise->row, rows, depthwise->patch->lanes, depthwise->row.channels);
        found = mrt_input_s8(call, 0u, first);
        found = &found[-(int32_t)rows[skipped]];
    }
    return found;
}

static MRT_NOINLINE void make_rows(depthwise3x3_t *depthwise, const int8_t *input, int8_t *output)
{
    const bool rectified = depthwise->attrs->scaling == (int32_t)MRT_MVE_RECTIFIED;
    if (depthwise->form == SQUARES) {
        if (rectified) {
            mrt_mve_fours_rectified(&depthwise->row, input, output);
        } else {
            mrt_mve_fours_signed(&depthwise->row, input, output);
        }
    } else if (rectified) {
        mrt_mve_twos_rectified(&depthwise->row, input, output);
    } else {
        mrt_mve_twos_signed(&depthwise->row, input, output);
    }
}

/* A row that has rows of padding under it: the taps in them change its biases. */
static MRT_ONCE void make_padded_row(depthwise3x3_t *depthwise, const int8_t *input, int8_t *output)
{
    uint8_t taps[KERNEL][MRT_MVE_PATCH_BYTES];
    const neighbourhood_t *patch = depthwise->patch;
    for (int32_t i = 0; i < MRT_MVE_PATCH_BYTES; ++i) {
        const bool inside = is_inside(depthwise, patch->lanes[i % 2][0][i / 2]);
        taps[0][i] = inside ? patch->taps[0][i] : (uint8_t)MRT_MVE_NO_TAP;
        taps[1][i] = inside ? patch->taps[1][i] : (uint8_t)MRT_MVE_NO_TAP;
        taps[2][i] = inside ? (uint8_t)MRT_MVE_NO_TAP : patch->taps[0][i];
    }
    depthwise->row.taps = taps[0];
    depthwise->row.padded = depthwise->attrs->input_zero_point;
    make_rows(depthwise, input, output);
    depthwise->row.taps = patch->taps[0];
    depthwise->row.padded = 0;
}

/* Takes what lies under the batch from output `x` on of a channel, column after column. */
static MRT_ONCE void take(const depthwise3x3_t *depthwise, int32_t x, int32_t channel, int8_t taken[TAKEN_BYTES])
{
    const mrt_window_t *window = &depthwise->attrs->window;
    const int32_t padding = depthwise->attrs->input_zero_point;
    const int32_t left = (x * window->stride_width) - window->padding_left;
    for (int32_t i = 0; i < TAKEN_BYTES; ++i) {
        const int32_t tap = i % TAKEN_COLUMN;
        const int32_t column = left + (i / TAKEN_COLUMN);
        taken[i] = (int8_t)padding;
        if ((tap < KERNEL) && is_inside(depthwise, tap) && (column >= 0) && (column < window->input_width)) {
            const int32_t y = depthwise->top + tap;
            const int8_t *row = mrt_input_s8(depthwise->call, 0u, depthwise->first + (uint32_t)y);
            taken[i] = row[(column * window->input_channels) + channel];
        }
    }
}

/* A row above rows that lie too far apart: batch by batch of each channel, from copies of what lies under them. */
static MRT_ONCE void make_far_row(depthwise3x3_t *depthwise, int8_t *output)
{
    static const uint16_t rows[MRT_MVE_GATHERED] = {0u, 1u, 2u, 2u, 2u, 2u, 2u, 2u};
    const mrt_window_t *window = &depthwise->attrs->window;
    const int32_t last = window->output_width - MRT_MVE_EIGHT;
    mrt_mve_neighbours_t *row = &depthwise->row;
    int8_t taken[TAKEN_BYTES];
    row->count = 1;
    row->channels = 1;
    row->before = 0;
    row->step = 2 * window->stride_width * TAKEN_COLUMN;
    row->left = UINT32_MAX;
    row->right = UINT32_MAX;
    row->back[0] = 0;
    row->back[1] = 0;
    row->next[1] = 1 - row->pixels;
    mrt_mve_find_lanes(row, rows, depthwise->patch->lanes, TAKEN_COLUMN);
    for (int32_t channel = 0; channel < window->input_channels; ++channel) {
        for (int32_t begin_x = 0; begin_x < window->output_width; begin_x += MRT_MVE_EIGHT) {
            const int32_t x = (begin_x < last) ? begin_x : last;
            int8_t *target = &output[(x * window->output_channels) + channel];
            take(depthwise, x, channel, taken);
            row->record = &depthwise->filters[channel * MRT_MVE_RECORD_WORDS];
            row->end = &target[1];
            make_rows(depthwise, taken, target);
        }
    }
    depthwise->form = NOTHING;
}

/* Goes to output row `row`. Returns what may be made there together. */
static inline form_t go_to(depthwise3x3_t *depthwise, uint32_t row)
{
    const mrt_window_t *window = &depthwise->attrs->window;
    const uint32_t height = (uint32_t)window->output_height;
    const uint32_t image = row / height;
    const uint32_t y = row - (image * height);
    const int32_t stride = window->stride_height;
    depthwise->first = image * (uint32_t)window->input_height;
    depthwise->top = ((int32_t)y * stride) - window->padding_top;
    form_t form = ROW;
    if (((row + 1u) < depthwise->call->row_end) && ((y + 1u) < height) && (stride == window->stride_width)
        && is_inside(depthwise, 0) && is_inside(depthwise, (KERNEL - 1) + stride)) {
        form = (stride == 1) ? SQUARES : COLUMNS;
    }
    return form;
}

/* Output row `row`, or as much of it and the next one as is made together. Returns how many these are. */
static MRT_NOINLINE uint32_t compute(depthwise3x3_t *depthwise, uint32_t row)
{
    form_t form = go_to(depthwise, row);
    const int8_t *input = NULL;
    int8_t *output = NULL;
    bool goes_on = true;
    while (goes_on) {
        if (depthwise->form != form) {
            begin(depthwise, form);
        }
        input = find_lanes(depthwise);
        output = find_places(depthwise, row);
        goes_on = ((input == NULL) || (output == NULL)) && (form != ROW);
        form = goes_on ? ROW : form;
    }
    depthwise->row.record = depthwise->filters;
    if (input == NULL) {
        make_far_row(depthwise, output);
    } else if (!is_inside(depthwise, 0) || !is_inside(depthwise, KERNEL - 1)) {
        make_padded_row(depthwise, input, output);
    } else {
        make_rows(depthwise, input, output);
    }
    return (form == ROW) ? 1u : 2u;
}

mrt_status_t mrt_depthwise3x3_s8_mve_run(const mrt_call_t *call)
{
    depthwise3x3_t depthwise;
    depthwise.call = call;
    depthwise.attrs = (const mrt_depthwise_conv2d_s8_mve_attrs_t *)call->attrs; /* MISRA D1 */
    depthwise.filters = mrt_input_s32(call, 1u, 0u);
    depthwise.form = NOTHING;
    uint32_t row = call->row_begin;
    while (row < call->row_end) {
        row += compute(&depthwise, row);
    }
    return MRT_OK;
}

uint32_t mrt_depthwise3x3_s8_mve_workspace(const void *attrs)
{
    (void)attrs;
    return 0u;
}

/* Whether along an axis each window has something of the image under it, and at most one column or row of padding on
 * either side. */
static bool axis_is_sound(int32_t input, int32_t output, int32_t stride, int32_t padding)
{
    const int64_t end = ((((int64_t)output - 1) * stride) + KERNEL) - padding;
    return mrt_check_range(padding, 0, 1) && (end <= ((int64_t)input + 1));
}

mrt_status_t mrt_depthwise3x3_s8_mve_check(const mrt_call_t *call)
{
    const mrt_depthwise_conv2d_s8_mve_attrs_t *attrs =
        (const mrt_depthwise_conv2d_s8_mve_attrs_t *)call->attrs; /* MISRA D1 */
    const mrt_window_t *window = &attrs->window;
    if (!mrt_window_check(call, window, 2u, (uint32_t)MRT_DTYPE_S8)) {
        return MRT_ERR_ATTRIBUTE;
    }
    const bool is_3x3 = (window->kernel_height == KERNEL) && (window->kernel_width == KERNEL)
                        && (window->dilation_height == 1) && (window->dilation_width == 1);
    const uint64_t words = (uint64_t)(uint32_t)window->output_channels * (uint32_t)MRT_MVE_RECORD_WORDS;
    return mrt_check_status(
        is_3x3 && (window->output_channels == window->input_channels) && mrt_check_range(window->stride_width, 1, 2)
        && (window->output_width >= MRT_MVE_EIGHT)
        && axis_is_sound(window->input_height, window->output_height, window->stride_height, window->padding_top)
        && axis_is_sound(window->input_width, window->output_width, window->stride_width, window->padding_left)
        && (mrt_call_input(call, 0u)->row_bytes <= ((uint32_t)UINT16_MAX / 2u))
        && (mrt_call_output(call, 0u)->row_bytes <= (uint32_t)UINT16_MAX)
        && mrt_check_elements(mrt_call_input(call, 1u), (uint32_t)MRT_DTYPE_S32, words)
        && mrt_check_range(attrs->input_zero_point, -128, 127) && (attrs->scaling != (int32_t)MRT_MVE_ANY)
        && mrt_mve_output_check(attrs->output_offset, attrs->activation_min, attrs->activation_max, attrs->scaling));
}
