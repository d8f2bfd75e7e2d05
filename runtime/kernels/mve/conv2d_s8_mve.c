/* Convolution, int8, for cores with MVE: any kernel, stride, dilation and padding, one group. */
#include "micrort/kernels.h"
#include "runtime/kernels/check.h"
#include "runtime/kernels/mve/products.h"
#include "runtime/kernels/product.h"
#include "runtime/kernels/window.h"

#include <stddef.h>

/* Bytes of patches that are made before they are multiplied, at most, if a patch is no larger than half of it; and so
 * many of them. */
#define PATCHES_BYTES 1024
#define PATCHES_MAX 64

/* No patch is larger: two of them, and every index into them, stay inside int32. */
#define PATCH_MAX 0x1FFFFFFF

/* Rows of windows, at most, that are multiplied where they lie. */
#define SPANS 5

typedef struct convolution {
    const mrt_call_t *call;
    int8_t *patches; /* Copies of the elements under output pixels, each followed by up to 15 bytes of anything. */
    mrt_mve_pixels_t pixels; /* Those of them that are made and not yet multiplied; or pixels where they lie. */
    int32_t limit;           /* There is room for so many. */
} convolution_t;

/* Whether a window is one pixel of the input: a kernel of 1 x 1 without padding. Exact for sizes that were checked. */
static bool is_pointwise(const mrt_window_t *window)
{
    return (window->kernel_height == 1) && (window->kernel_width == 1) && (window->padding_top == 0)
           && (window->padding_left == 0)
           && ((((uint32_t)window->output_width - 1u) * (uint32_t)window->stride_width) < (uint32_t)window->input_width)
           && ((((uint32_t)window->output_height - 1u) * (uint32_t)window->stride_height)
               < (uint32_t)window->input_height);
}

/* The first column whose window touches no padding on the left. */
static inline int32_t inside_begin(const mrt_window_t *window)
{
    return (window->padding_left + (window->stride_width - 1)) / window->stride_width;
}

/* The column behind the last one whose window touches no padding; 0 where there are none, or taps have gaps. */
static int32_t inside_end(const mrt_window_t *window)
{
    const int32_t room = (window->input_width - window->kernel_width) + window->padding_left;
    int32_t end = 0;
    if ((window->dilation_width == 1) && (room >= 0)) {
        const int32_t last = room / window->stride_width;
        end = (last < window->output_width) ? (last + 1) : window->output_width;
    }
    return end;
}

/*
 * How many pairs of each row's windows, from the first column inside on, are multiplied where they lie; 0: all go
 * through patches. Each row of a window has to be whole blocks, and at least half of the row has to gain by it.
 */
static int32_t direct_pairs(const mrt_conv2d_s8_mve_attrs_t *attrs)
{
    const mrt_window_t *window = &attrs->window;
    const int64_t row = (int64_t)window->kernel_width * window->input_channels;
    const int64_t outputs = (int64_t)window->output_width * window->output_channels;
    int32_t pairs = 0;
    if ((attrs->scaling != (int32_t)MRT_MVE_ANY) && ((row % MRT_MVE_BYTES) == 0) && (outputs <= (int64_t)UINT16_MAX)
        && ((window->output_channels % MRT_MVE_GROUP) == 0) && (window->kernel_height <= SPANS)) {
        const int32_t columns = inside_end(window) - inside_begin(window);
        pairs = (columns > 0) ? (columns / 2) : 0;
        pairs = ((4 * pairs) >= window->output_width) ? pairs : 0;
    }
    return pairs;
}

/* Bytes of patches and how many there is room for; patches are at most PATCH_MAX, also where `check` would refuse. */
typedef struct patches {
    bool pointwise;
    int32_t pairs; /* See direct_pairs. */
    int32_t size;
    int32_t limit;
} patches_t;

static int32_t limit_of(const mrt_conv2d_s8_mve_attrs_t *attrs, int32_t size)
{
    const int32_t most = (size <= (PATCHES_BYTES / 4)) ? (2 * (PATCHES_BYTES / (2 * size))) : 2;
    return ((attrs->patches >= 2) && (attrs->patches < most)) ? attrs->patches : most;
}

static patches_t patches_of(const mrt_conv2d_s8_mve_attrs_t *attrs)
{
    const mrt_window_t *window = &attrs->window;
    patches_t patches = {.pointwise = is_pointwise(window), .limit = 2};
    const uint64_t taps = (uint64_t)(uint32_t)window->kernel_height * (uint32_t)window->kernel_width;
    const uint64_t elements = taps * (uint32_t)window->input_channels;
    const bool fits = (taps <= (uint64_t)PATCH_MAX) && (elements <= (uint64_t)PATCH_MAX);
    patches.size = mrt_mve_blocks(fits ? (int32_t)elements : PATCH_MAX) * MRT_MVE_BYTES;
    patches.pairs = patches.pointwise ? 0 : direct_pairs(attrs);
    if (!patches.pointwise && (patches.pairs == 0)) {
        patches.limit = limit_of(attrs, patches.size);
    }
    return patches;
}

/* Elements of a row of a window, and of the input from window to window. */
static inline int32_t row_elements(const mrt_window_t *window)
{
    return window->kernel_width * window->input_channels;
}

static inline int32_t window_step(const mrt_window_t *window)
{
    return window->stride_width * window->input_channels;
}

/* Distance of patches. */
static inline int32_t patch_size(const convolution_t *conv)
{
    return conv->pixels.blocks * MRT_MVE_BYTES;
}

/* From here on patches are gathered. */
static inline void begin_patches(convolution_t *conv)
{
    conv->pixels.input = conv->patches;
    conv->pixels.step = patch_size(conv);
    conv->pixels.count = 0;
    conv->pixels.output_step = conv->pixels.attrs->window.output_channels;
}

/* The next patch; `output` is the pixel it makes. */
static int8_t *next_patch(convolution_t *conv, int8_t *output)
{
    mrt_mve_pixels_t *pixels = &conv->pixels;
    if (pixels->count == 0) {
        pixels->output = output;
    }
    pixels->count += 1;
    return &conv->patches[(pixels->count - 1) * pixels->step];
}

static void multiply_patches(convolution_t *conv)
{
    mrt_mve_span_t spans[2];
    mrt_mve_multiply(&conv->pixels, spans);
    conv->pixels.count = 0;
}

static MRT_NOINLINE void copy_patches(const mrt_mve_copies_t *copies)
{
    mrt_mve_copy_patches(copies);
}

/* Copies the same bytes of all rows of a window; moves the target on where these are many. */
static void copy_lines(const mrt_lines_t *lines, mrt_mve_copies_t *copies)
{
    copies->height = lines->taps.end - lines->taps.begin;
    copies->rows = lines->rows;
    if (copies->height <= MRT_LINES_MAX) {
        copy_patches(copies);
    } else {
        copies->height = 1;
        for (int32_t tap = lines->taps.begin; tap < lines->taps.end; ++tap) {
            const void *row = mrt_lines_row(lines, tap);
            copies->rows = &row;
            copy_patches(copies);
            copies->target = &copies->target[copies->pitch];
        }
        copies->rows = lines->rows;
    }
}

/* The window at column `x`, where it may touch padding and have gaps. */
static MRT_NOINLINE void fill_patch(const convolution_t *conv, const mrt_lines_t *lines, int32_t x, int8_t *patch)
{
    const mrt_window_t *window = &conv->pixels.attrs->window;
    const int32_t channels = window->input_channels;
    const mrt_taps_t taps = mrt_window_taps(x, window->stride_width, window->padding_left, window->dilation_width,
                                            window->kernel_width, window->input_width);
    const bool joined = window->dilation_width == 1;
    const bool empty = lines->taps.begin == lines->taps.end;
    mrt_mve_copies_t copies; /* member by member: an initialiser would first clear it, by a call */
    copies.pitch = row_elements(window);
    copies.step = 0; /* there is no next patch */
    copies.patch = 0;
    copies.count = 1;
    const int32_t bytes = window->kernel_height * copies.pitch;
    mrt_mve_fill(patch, (int8_t)conv->pixels.attrs->input_zero_point, (uint32_t)bytes);
    for (int32_t tap = taps.begin; (tap < taps.end) && !empty; tap = joined ? taps.end : (tap + 1)) {
        copies.first = (taps.origin + (tap * window->dilation_width)) * channels;
        copies.size = joined ? ((taps.end - tap) * channels) : channels;
        copies.target = &patch[(lines->taps.begin * copies.pitch) + (tap * channels)];
        copy_lines(lines, &copies);
    }
}

/* Windows at columns from `x` on that touch no padding at their sides and have no gaps, behind the patches there. */
static MRT_NOINLINE void fill_patches(const convolution_t *conv, const mrt_lines_t *lines, int32_t x, int32_t count)
{
    const mrt_window_t *window = &conv->pixels.attrs->window;
    const int32_t there = lines->taps.end - lines->taps.begin;
    mrt_mve_copies_t copies; /* likewise */
    copies.size = row_elements(window);
    copies.pitch = copies.size;
    copies.step = window_step(window);
    copies.patch = conv->pixels.step;
    copies.first = (x * copies.step) - (window->padding_left * window->input_channels);
    copies.target = &conv->patches[conv->pixels.count * copies.patch];
    copies.count = count;
    if (there < window->kernel_height) {
        const int32_t bytes = count * copies.patch;
        mrt_mve_fill(copies.target, (int8_t)conv->pixels.attrs->input_zero_point, (uint32_t)bytes);
        copies.target = &copies.target[lines->taps.begin * copies.pitch];
    }
    if (there > 0) {
        copy_lines(lines, &copies);
    }
}

/* A row of windows that go through patches. */
typedef struct row {
    mrt_lines_t lines;
    uint32_t index; /* In the output. */
    int32_t begin;  /* Of the columns whose windows touch no padding at their sides; and their end. */
    int32_t end;
} row_t;

/*
 * Windows of a row from column `x` on to patches, as many as there is room for; returns the column behind them. By
 * itself, so that nothing of it is on the stack where patches are multiplied.
 */
static MRT_NOINLINE int32_t fill_row(convolution_t *conv, const row_t *row, int32_t x)
{
    const mrt_window_t *window = &conv->pixels.attrs->window;
    int32_t at = x;
    if (conv->pixels.count == 0) {
        conv->pixels.output = &mrt_output_s8(conv->call, 0u, row->index)[x * window->output_channels];
    }
    while ((at < window->output_width) && (conv->pixels.count < conv->limit)) {
        int32_t made = 1;
        if ((at >= row->begin) && (at < row->end)) {
            const int32_t left = row->end - at;
            const int32_t room = conv->limit - conv->pixels.count;
            made = (left < room) ? left : room;
            fill_patches(conv, &row->lines, at, made);
        } else {
            fill_patch(conv, &row->lines, at, &conv->patches[conv->pixels.count * conv->pixels.step]);
        }
        at += made;
        conv->pixels.count += made;
    }
    return at;
}

/* Windows of a row that are multiplied where they lie: from column `begin` to `end`. */
typedef struct direct {
    int32_t begin;
    int32_t end;
    mrt_mve_span_t spans[SPANS + 2]; /* Rows of the first two; room for those of the other windows behind them. */
} direct_t;

/* Rows of the first two windows of output row `row` that are multiplied where they lie; rows of padding stand still. */
static MRT_NOINLINE void begin_spans(const convolution_t *conv, uint32_t row, direct_t *direct)
{
    const mrt_window_t *window = &conv->pixels.attrs->window;
    const int32_t step = window_step(window);
    const int32_t first = (direct->begin * step) - (window->padding_left * window->input_channels);
    const int8_t *padding = &conv->patches[2 * patch_size(conv)];
    mrt_lines_t lines;
    mrt_lines_make_apart(&lines, conv->call, window, row);
    for (int32_t tap = 0; tap < window->kernel_height; ++tap) {
        const bool there = (tap >= lines.taps.begin) && (tap < lines.taps.end);
        const int8_t *at = padding;
        if (there) {
            at = &((const int8_t *)lines.rows[tap - lines.taps.begin])[first]; /* MISRA D1 */
        }
        direct->spans[tap].at[0] = at;
        direct->spans[tap].at[1] = there ? &at[step] : at;
    }
}

/* Another window, at column `x`: its part of the rows where the spans of the last two windows are now. */
static MRT_NOINLINE void fill_edge(const convolution_t *conv, const direct_t *direct, int32_t x, int8_t *patch)
{
    const mrt_window_t *window = &conv->pixels.attrs->window;
    const int32_t channels = window->input_channels;
    const int32_t pitch = row_elements(window);
    const mrt_taps_t taps = mrt_window_taps(x, window->stride_width, window->padding_left, 1, window->kernel_width,
                                            window->input_width);
    const int32_t size = (taps.end - taps.begin) * channels;
    const int32_t from = ((x - (direct->end - 2)) * window_step(window)) + (taps.begin * channels);
    int8_t *target = &patch[taps.begin * channels];
    const int32_t bytes = window->kernel_height * pitch;
    mrt_mve_fill(patch, (int8_t)conv->pixels.attrs->input_zero_point, (uint32_t)bytes);
    for (int32_t tap = 0; tap < window->kernel_height; ++tap) {
        const mrt_mve_span_t *span = &direct->spans[tap];
        if (span->at[0] != span->at[1]) {
            mrt_mve_copy(&target[tap * pitch], &span->at[0][from], (uint32_t)size);
        }
    }
}

/* The end of the output rows from `row` on that follow one another without a gap. */
static uint32_t adjoining_end(const mrt_call_t *call, uint32_t row)
{
    return (row < call->row_end) ? mrt_rows_adjoin(call, mrt_call_output(call, 0u), row, call->row_end) : row;
}

/* The windows of a row beside those, by patches, two by two. */
static void compute_edges(convolution_t *conv, direct_t *direct, int8_t *output)
{
    const mrt_window_t *window = &conv->pixels.attrs->window;
    int32_t x = (direct->begin == 0) ? direct->end : 0;
    begin_patches(conv);
    while (x < window->output_width) {
        const int32_t place = x * window->output_channels;
        fill_edge(conv, direct, x, next_patch(conv, &output[place]));
        conv->pixels.output_step = (conv->pixels.count == 1) ? -place : (conv->pixels.output_step + place);
        x = ((x + 1) == direct->begin) ? direct->end : (x + 1);
        if ((conv->pixels.count == 2) || (x >= window->output_width)) {
            mrt_mve_span_t *span = &direct->spans[window->kernel_height];
            span->at[0] = conv->patches;
            span->at[1] = &conv->patches[(conv->pixels.count - 1) * conv->pixels.step];
            mrt_mve_multiply_spans(&conv->pixels, span, 1);
            conv->pixels.count = 0;
        }
    }
}

/* All windows of all rows, `pairs` of each row where they lie, then the others. */
static MRT_NOINLINE void compute_directly(convolution_t *conv, int32_t pairs)
{
    const mrt_call_t *call = conv->call;
    const mrt_window_t *window = &conv->pixels.attrs->window;
    mrt_mve_pixels_t *pixels = &conv->pixels;
    direct_t direct;
    direct.begin = inside_begin(window);
    direct.end = direct.begin + (2 * pairs);
    for (uint32_t row = call->row_begin; row < call->row_end; ++row) {
        begin_spans(conv, row, &direct);
        pixels->step = window_step(window);
        pixels->count = direct.end - direct.begin;
        pixels->output = &mrt_output_s8(call, 0u, row)[direct.begin * window->output_channels];
        pixels->output_step = window->output_channels;
        mrt_mve_multiply_spans(pixels, direct.spans, window->kernel_height);
        compute_edges(conv, &direct, mrt_output_s8(call, 0u, row));
    }
}

/* Likewise all of them by patches. */
static MRT_NOINLINE void compute_windows(convolution_t *conv)
{
    const mrt_call_t *call = conv->call;
    const int32_t width = conv->pixels.attrs->window.output_width;
    uint32_t adjoining = adjoining_end(call, call->row_begin);
    row_t row;
    row.begin = inside_begin(&conv->pixels.attrs->window);
    row.end = inside_end(&conv->pixels.attrs->window);
    begin_patches(conv);
    for (row.index = call->row_begin; row.index < call->row_end; ++row.index) {
        mrt_lines_make_apart(&row.lines, call, &conv->pixels.attrs->window, row.index);
        int32_t x = 0;
        while (x < width) {
            x = fill_row(conv, &row, x);
            if (conv->pixels.count == conv->limit) {
                multiply_patches(conv);
            }
        }
        if ((row.index + 1u) == adjoining) { /* the outputs of the next row lie elsewhere */
            multiply_patches(conv);
            adjoining = adjoining_end(call, row.index + 1u);
        }
    }
}

/* `count` pixels, `step` elements apart, from the input itself as far as whole blocks may be read there; then from
 * copies. */
static MRT_NOINLINE void compute_pixels(convolution_t *conv, const int8_t *input, int32_t step, int32_t count,
                                        int8_t *output)
{
    const mrt_window_t *window = &conv->pixels.attrs->window;
    const int32_t behind = patch_size(conv) - window->input_channels; /* of whole blocks, what is not the pixel's */
    int32_t there = count;
    if (behind > 0) {
        const int32_t room = ((count - 1) * step) - behind;
        const int32_t whole = (room < 0) ? 0 : ((room / step) + 1);
        there = (whole < count) ? (whole - (whole % 2)) : count;
    }
    conv->pixels.input = input;
    conv->pixels.step = step;
    conv->pixels.count = there;
    conv->pixels.output = output;
    conv->pixels.output_step = window->output_channels;
    multiply_patches(conv);
    if (there < count) {
        begin_patches(conv);
        for (int32_t i = there; i < count; ++i) {
            int8_t *patch = next_patch(conv, &output[i * window->output_channels]);
            mrt_mve_copy(patch, &input[i * step], (uint32_t)window->input_channels);
            if (conv->pixels.count == conv->limit) {
                multiply_patches(conv);
            }
        }
        multiply_patches(conv);
    }
}

/* Pixel by pixel over the input itself, from the last one to the first. */
static MRT_NOINLINE void compute_back(convolution_t *conv)
{
    const mrt_call_t *call = conv->call;
    const mrt_window_t *window = &conv->pixels.attrs->window;
    const uint32_t width = (uint32_t)window->output_width;
    const uint32_t all = (call->row_end - call->row_begin) * width;
    const int32_t count = (int32_t)all;
    const int32_t last = (count > 1) ? (count - 2) : 0;
    mrt_mve_pixels_t *pixels = &conv->pixels;
    if (count > 0) {
        pixels->input = &mrt_input_s8(call, 0u, call->row_begin)[last * window->input_channels];
        pixels->step = -window->input_channels;
        pixels->count = count;
        pixels->output = &mrt_output_s8(call, 0u, call->row_begin)[last * window->output_channels];
        pixels->output_step = -window->output_channels;
        mrt_mve_span_t spans[2];
        mrt_mve_multiply(pixels, spans);
    }
}

/* The end of the rows from `row` on whose pixels follow one another, in input and output, so that none but the last of
 * them ends with half a pair. */
static MRT_NOINLINE uint32_t dense_end(const mrt_call_t *call, uint32_t row)
{
    return mrt_rows_adjoin(call, mrt_call_input(call, 0u), row, adjoining_end(call, row));
}

static MRT_NOINLINE void compute_pointwise(convolution_t *conv)
{
    const mrt_call_t *call = conv->call;
    const mrt_window_t *window = &conv->pixels.attrs->window;
    const bool dense = mrt_window_is_dense(window);
    if (dense && ((window->input_channels % MRT_MVE_BYTES) == 0) && mrt_window_goes_back(call)) {
        compute_back(conv);
        return;
    }
    uint32_t row = call->row_begin;
    while (row < call->row_end) {
        const uint32_t height = (uint32_t)window->output_height;
        const uint32_t image = row / height;
        const uint32_t y = (row - (image * height)) * (uint32_t)window->stride_height;
        const uint32_t input_row = (image * (uint32_t)window->input_height) + y;
        const uint32_t end = (dense && ((row + 1u) < call->row_end)) ? dense_end(call, row) : (row + 1u);
        const uint32_t pixels = (end - row) * (uint32_t)window->output_width;
        compute_pixels(conv, mrt_input_s8(call, 0u, input_row), window_step(window), (int32_t)pixels,
                       mrt_output_s8(call, 0u, row));
        row = end;
    }
}

uint32_t mrt_conv2d_s8_mve_workspace(const void *attrs)
{
    const mrt_conv2d_s8_mve_attrs_t *own = (const mrt_conv2d_s8_mve_attrs_t *)attrs; /* MISRA D1 */
    const patches_t patches = patches_of(own);
    const bool in_place = patches.pointwise && ((own->window.input_channels % MRT_MVE_BYTES) == 0);
    const int32_t padding = (patches.pairs > 0) ? (own->window.kernel_width * own->window.input_channels) : 0;
    const int32_t bytes = in_place ? 0 : ((patches.limit * patches.size) + padding);
    return (uint32_t)bytes;
}

static void begin(convolution_t *conv, const mrt_call_t *call)
{
    const mrt_conv2d_s8_mve_attrs_t *attrs = (const mrt_conv2d_s8_mve_attrs_t *)call->attrs; /* MISRA D1 */
    const mrt_window_t *window = &attrs->window;
    conv->call = call;
    conv->patches = (call->workspace_count == 0u) ? NULL : (int8_t *)mrt_workspace(call); /* MISRA D1 */
    conv->limit = 2;
    conv->pixels.attrs = attrs;
    conv->pixels.groups = mrt_input_s32(call, 1u, 0u);
    conv->pixels.blocks = mrt_mve_blocks(window->kernel_height * row_elements(window));
}

/* Begins windows of more than single pixels; returns how many pairs of a row's are multiplied where they lie. */
static MRT_NOINLINE int32_t begin_windows(convolution_t *conv)
{
    const mrt_conv2d_s8_mve_attrs_t *attrs = conv->pixels.attrs;
    const int32_t pairs = direct_pairs(attrs);
    if (pairs > 0) { /* a row of padding lies behind the patches */
        const uint32_t bytes = (uint32_t)row_elements(&attrs->window);
        mrt_mve_fill(&conv->patches[2 * patch_size(conv)], (int8_t)attrs->input_zero_point, bytes);
    } else {
        conv->limit = limit_of(attrs, patch_size(conv));
    }
    return pairs;
}

mrt_status_t mrt_conv2d_s8_mve_run(const mrt_call_t *call)
{
    convolution_t conv;
    begin(&conv, call);
    if (is_pointwise(&conv.pixels.attrs->window)) {
        compute_pointwise(&conv);
    } else {
        const int32_t pairs = begin_windows(&conv);
        if (pairs > 0) {
            compute_directly(&conv, pairs);
        } else {
            compute_windows(&conv);
        }
    }
    return MRT_OK;
}

mrt_status_t mrt_conv2d_s8_mve_check(const mrt_call_t *call)
{
    const mrt_conv2d_s8_mve_attrs_t *attrs = (const mrt_conv2d_s8_mve_attrs_t *)call->attrs; /* MISRA D1 */
    const mrt_window_t *window = &attrs->window;
    if (!mrt_window_check(call, window, 2u, (uint32_t)MRT_DTYPE_S8)) {
        return MRT_ERR_ATTRIBUTE;
    }
    /* Each factor is below 2^15 by now. */
    const uint64_t taps = (uint64_t)(uint32_t)window->kernel_height * (uint32_t)window->kernel_width;
    const uint64_t elements = taps * (uint32_t)window->input_channels;
    return mrt_check_status((elements <= (uint64_t)PATCH_MAX)
                            && mrt_mve_groups_check(call, 1u, 4, window->output_channels, elements)
                            && (mrt_check_bytes(mrt_call_input(call, 0u)) <= (uint64_t)INT32_MAX)
                            && (mrt_check_bytes(mrt_call_output(call, 0u)) <= (uint64_t)INT32_MAX)
                            && mrt_check_range(attrs->input_zero_point, -128, 127)
                            && mrt_check_range(attrs->patches, 2, PATCHES_MAX) && ((attrs->patches % 2) == 0)
                            && mrt_mve_output_check(attrs->output_offset, attrs->activation_min,
                                                    attrs->activation_max, attrs->scaling));
}
