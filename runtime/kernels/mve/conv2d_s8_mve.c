/* Convolution, int8, for cores with MVE: any kernel, stride, dilation and padding, one group. */
#include "micrort/kernels.h"
#include "runtime/kernels/check.h"
#include "runtime/kernels/mve/products.h"
#include "runtime/kernels/product.h"
#include "runtime/kernels/window.h"

#include <stddef.h>

/* Bytes of patches that are made before they are multiplied, if a patch is no larger than half of it. */
#define PATCHES_BYTES 1024

/* No patch is larger: two of them, and every index into them, stay inside int32. */
#define PATCH_MAX 0x1FFFFFFF

/* Rows of windows, at most, that are multiplied where they lie. */
#define SPANS 5

typedef struct convolution {
    const mrt_call_t *call;
    const mrt_conv2d_s8_mve_attrs_t *attrs;
    mrt_mve_product_t product;
    mrt_mve_copies_t copies; /* What a patch takes of an output row's lines, where it touches no padding. */
    int8_t *patches;    /* Copies of the elements under output pixels, each followed by up to 15 bytes of anything. */
    int32_t patch_size; /* Distance of patches. */
    int32_t limit;      /* There is room for so many. */
    int32_t count;
    int32_t pairs;  /* Of a row, multiplied where they lie. */
    const int8_t *padding; /* As much as a row of a window; where there are such pairs. */
    int8_t *output; /* Of the first patch. */
    int32_t output_step; /* To those of the next. */
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

/* The columns of windows that touch no padding; none where taps have gaps. */
static mrt_taps_t inside_columns(const mrt_window_t *window)
{
    const int32_t room = (window->input_width - window->kernel_width) + window->padding_left;
    mrt_taps_t inside = {.begin = (window->padding_left + (window->stride_width - 1)) / window->stride_width};
    if ((window->dilation_width == 1) && (room >= 0)) {
        const int32_t last = room / window->stride_width;
        inside.end = (last < window->output_width) ? (last + 1) : window->output_width;
    }
    return inside;
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
        const mrt_taps_t inside = inside_columns(window);
        pairs = (inside.end > inside.begin) ? ((inside.end - inside.begin) / 2) : 0;
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

static patches_t patches_of(const mrt_conv2d_s8_mve_attrs_t *attrs)
{
    const mrt_window_t *window = &attrs->window;
    patches_t patches = {.pointwise = is_pointwise(window), .limit = 2};
    const uint64_t taps = (uint64_t)(uint32_t)window->kernel_height * (uint32_t)window->kernel_width;
    const uint64_t elements = taps * (uint32_t)window->input_channels;
    const bool fits = (taps <= (uint64_t)PATCH_MAX) && (elements <= (uint64_t)PATCH_MAX);
    patches.size = mrt_mve_blocks(fits ? (int32_t)elements : PATCH_MAX) * MRT_MVE_BYTES;
    patches.pairs = patches.pointwise ? 0 : direct_pairs(attrs);
    if (!patches.pointwise && (patches.pairs == 0) && (patches.size <= (PATCHES_BYTES / 4))) {
        patches.limit = 2 * (PATCHES_BYTES / (2 * patches.size));
    }
    return patches;
}

/* The next patch; `output` is the pixel it makes. */
static int8_t *next_patch(convolution_t *conv, int8_t *output)
{
    if (conv->count == 0) {
        conv->output = output;
    }
    conv->count += 1;
    return &conv->patches[(conv->count - 1) * conv->patch_size];
}

static void multiply_patches(convolution_t *conv)
{
    mrt_mve_multiply(&conv->product, conv->patches, conv->patch_size, conv->count, conv->output, conv->output_step);
    conv->count = 0;
}

static MRT_NOINLINE void copy_patches(const mrt_mve_copies_t *copies)
{
    mrt_mve_copy_patches(copies);
}

/* Copies the same bytes of all rows of a window. */
static void copy_lines(const mrt_lines_t *lines, mrt_mve_copies_t *copies)
{
    copies->height = lines->taps.end - lines->taps.begin;
    copies->rows = lines->rows;
    if (copies->height <= MRT_LINES_MAX) {
        copy_patches(copies);
    } else {
        mrt_mve_copies_t single = *copies;
        single.height = 1;
        for (int32_t tap = lines->taps.begin; tap < lines->taps.end; ++tap) {
            const void *row = mrt_lines_row(lines, tap);
            single.rows = &row;
            copy_patches(&single);
            single.target = &single.target[single.pitch];
        }
    }
}

/* The window at column `x`, where it may touch padding and have gaps. */
static MRT_NOINLINE void fill_patch(const convolution_t *conv, const mrt_lines_t *lines, int32_t x, int8_t *patch)
{
    const mrt_window_t *window = &conv->attrs->window;
    const int32_t channels = window->input_channels;
    const mrt_taps_t taps = mrt_window_taps(x, window->stride_width, window->padding_left, window->dilation_width,
                                            window->kernel_width, window->input_width);
    const bool joined = window->dilation_width == 1;
    const bool empty = lines->taps.begin == lines->taps.end;
    mrt_mve_copies_t copies = conv->copies;
    copies.count = 1;
    const int32_t bytes = window->kernel_height * copies.pitch;
    mrt_mve_fill(patch, (int8_t)conv->attrs->input_zero_point, (uint32_t)bytes);
    for (int32_t tap = taps.begin; (tap < taps.end) && !empty; tap = joined ? taps.end : (tap + 1)) {
        copies.first = (taps.origin + (tap * window->dilation_width)) * channels;
        copies.size = joined ? ((taps.end - tap) * channels) : channels;
        copies.target = &patch[(lines->taps.begin * copies.pitch) + (tap * channels)];
        copy_lines(lines, &copies);
    }
}

/* Windows at columns from `x` on that touch no padding and have no gaps. */
static void fill_patches(convolution_t *conv, const mrt_lines_t *lines, int32_t x, int32_t count, int8_t *patches)
{
    const mrt_window_t *window = &conv->attrs->window;
    conv->copies.first = ((x * window->stride_width) - window->padding_left) * window->input_channels;
    conv->copies.target = patches;
    conv->copies.count = count;
    copy_lines(lines, &conv->copies);
}

/* All windows of an output row. */
static void compute_row(convolution_t *conv, const mrt_lines_t *lines, const mrt_taps_t *inside, int8_t *output)
{
    const mrt_window_t *window = &conv->attrs->window;
    const bool whole = (lines->taps.end - lines->taps.begin) == window->kernel_height;
    int32_t x = 0;
    while (x < window->output_width) {
        int8_t *patch = &conv->patches[conv->count * conv->patch_size];
        int32_t made = 1;
        if (conv->count == 0) {
            conv->output = &output[x * window->output_channels];
        }
        if (whole && (x >= inside->begin) && (x < inside->end)) {
            const int32_t room = conv->limit - conv->count;
            made = ((inside->end - x) < room) ? (inside->end - x) : room;
            fill_patches(conv, lines, x, made, patch);
        } else {
            fill_patch(conv, lines, x, patch);
        }
        x += made;
        conv->count += made;
        if (conv->count == conv->limit) {
            multiply_patches(conv);
        }
    }
}

/* Multiplies pairs of windows from column `x` on where they lie; rows of padding stand still. */
static MRT_NOINLINE void multiply_lines(const convolution_t *conv, const mrt_lines_t *lines, int32_t x, int8_t *output)
{
    const mrt_window_t *window = &conv->attrs->window;
    const int32_t step = conv->copies.step;
    const int32_t first = (x * window->stride_width * window->input_channels)
                          - (window->padding_left * window->input_channels);
    mrt_mve_span_t spans[SPANS + 1];
    int32_t moves[SPANS];
    for (int32_t tap = 0; tap < window->kernel_height; ++tap) {
        const bool there = (tap >= lines->taps.begin) && (tap < lines->taps.end);
        const int8_t *row = conv->padding;
        if (there) {
            row = &((const int8_t *)mrt_lines_row(lines, tap))[first]; /* MISRA D1 */
        }
        spans[tap].at[0] = row;
        spans[tap].at[1] = there ? &row[step] : row;
        moves[tap] = there ? (2 * step) : 0;
    }
    const mrt_mve_pairs_t pairs = {spans, moves, window->kernel_height, conv->copies.size / MRT_MVE_BYTES, conv->pairs};
    mrt_mve_multiply_spans(&conv->product, &pairs, output);
}

/* All windows of an output row: pairs where they lie, the others by patches, two by two. */
static void compute_row_directly(convolution_t *conv, const mrt_lines_t *lines, int32_t begin, int8_t *output)
{
    const mrt_window_t *window = &conv->attrs->window;
    const int32_t channels = window->output_channels;
    const int32_t end = begin + (2 * conv->pairs);
    multiply_lines(conv, lines, begin, &output[begin * channels]);
    int32_t before = 0;
    for (int32_t x = (begin == 0) ? end : 0; x < window->output_width; x = ((x + 1) == begin) ? end : (x + 1)) {
        fill_patch(conv, lines, x, next_patch(conv, &output[x * channels]));
        conv->output_step = (x - before) * channels;
        before = x;
        if (conv->count == conv->limit) {
            multiply_patches(conv);
        }
    }
    multiply_patches(conv);
}

/* The end of the output rows from `row` on that follow one another without a gap. */
static uint32_t adjoining_end(const mrt_call_t *call, uint32_t row)
{
    return (row < call->row_end) ? mrt_rows_adjoin(call, mrt_call_output(call, 0u), row, call->row_end) : row;
}

static void compute_windows(convolution_t *conv)
{
    const mrt_call_t *call = conv->call;
    const mrt_window_t *window = &conv->attrs->window;
    const mrt_taps_t inside = inside_columns(window);
    uint32_t adjoining = (conv->pairs > 0) ? 0u : adjoining_end(call, call->row_begin);
    mrt_lines_t lines;
    for (uint32_t row = call->row_begin; row < call->row_end; ++row) {
        int8_t *output = mrt_output_s8(call, 0u, row);
        mrt_lines_make(&lines, call, window, row);
        if (conv->pairs > 0) {
            compute_row_directly(conv, &lines, inside.begin, output);
        } else {
            compute_row(conv, &lines, &inside, output);
            if ((row + 1u) == adjoining) { /* the outputs of the next row lie elsewhere */
                multiply_patches(conv);
                adjoining = adjoining_end(call, row + 1u);
            }
        }
    }
}

/* `count` pixels, `step` elements apart, from the input itself as far as whole blocks may be read there; then from
 * copies. */
static void compute_pixels(convolution_t *conv, const int8_t *input, int32_t step, int32_t count, int8_t *output)
{
    const mrt_window_t *window = &conv->attrs->window;
    const int32_t room = (((count - 1) * step) + window->input_channels) - conv->patch_size;
    const int32_t whole = (room < 0) ? 0 : ((room / step) + 1);
    const int32_t there = (whole < count) ? (whole - (whole % 2)) : count;
    mrt_mve_multiply(&conv->product, input, step, there, output, window->output_channels);
    for (int32_t i = there; i < count; ++i) {
        int8_t *patch = next_patch(conv, &output[i * window->output_channels]);
        mrt_mve_copy(patch, &input[i * step], (uint32_t)window->input_channels);
        if (conv->count == conv->limit) {
            multiply_patches(conv);
        }
    }
    multiply_patches(conv);
}

static void compute_pointwise(convolution_t *conv)
{
    const mrt_call_t *call = conv->call;
    const mrt_window_t *window = &conv->attrs->window;
    const uint32_t height = (uint32_t)window->output_height;
    const bool dense = mrt_window_is_dense(window);
    if (dense && mrt_window_goes_back(call) && ((window->input_channels % MRT_MVE_BYTES) == 0)) {
        const uint32_t pixels = (call->row_end - call->row_begin) * (uint32_t)window->output_width;
        if (pixels > 0u) {
            mrt_mve_multiply_back(&conv->product, mrt_input_s8(call, 0u, call->row_begin), window->input_channels,
                                  (int32_t)pixels, mrt_output_s8(call, 0u, call->row_begin), window->output_channels);
        }
    } else if (dense) { /* Pixels follow one another over rows that adjoin, so that none of them ends with half a pair. */
        uint32_t row = call->row_begin;
        while (row < call->row_end) {
            const uint32_t end = mrt_rows_adjoin(call, mrt_call_input(call, 0u), row, adjoining_end(call, row));
            const uint32_t pixels = (end - row) * (uint32_t)window->output_width;
            compute_pixels(conv, mrt_input_s8(call, 0u, row), window->input_channels, (int32_t)pixels,
                           mrt_output_s8(call, 0u, row));
            row = end;
        }
    } else {
        for (uint32_t row = call->row_begin; row < call->row_end; ++row) {
            const uint32_t y = (row % height) * (uint32_t)window->stride_height;
            const uint32_t input_row = ((row / height) * (uint32_t)window->input_height) + y;
            compute_pixels(conv, mrt_input_s8(call, 0u, input_row), window->stride_width * window->input_channels,
                           window->output_width, mrt_output_s8(call, 0u, row));
        }
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

mrt_status_t mrt_conv2d_s8_mve_run(const mrt_call_t *call)
{
    const mrt_conv2d_s8_mve_attrs_t *attrs = (const mrt_conv2d_s8_mve_attrs_t *)call->attrs; /* MISRA D1 */
    const mrt_window_t *window = &attrs->window;
    const int32_t size = window->kernel_width * window->input_channels;
    const patches_t patches = patches_of(attrs);
    convolution_t conv;
    conv.call = call;
    conv.attrs = attrs;
    conv.patch_size = patches.size;
    conv.limit = patches.limit;
    conv.count = 0;
    conv.output = NULL; /* no patch yet */
    conv.output_step = window->output_channels;
    conv.patches = (call->workspace_count == 0u) ? NULL : (int8_t *)mrt_workspace(call); /* MISRA D1 */
    conv.pairs = patches.pairs;
    conv.padding = NULL;
    if (patches.pairs > 0) {
        int8_t *padding = &conv.patches[patches.limit * patches.size];
        mrt_mve_fill(padding, (int8_t)attrs->input_zero_point, (uint32_t)size);
        conv.padding = padding;
    }
    conv.product.groups = mrt_input_s32(call, 1u, 0u);
    conv.product.blocks = conv.patch_size / MRT_MVE_BYTES;
    conv.product.channels = window->output_channels;
    conv.product.output.offset = attrs->output_offset;
    conv.product.output.low = attrs->activation_min;
    conv.product.output.high = attrs->activation_max;
    conv.product.scaling = attrs->scaling;
    conv.copies.size = size;
    conv.copies.pitch = size;
    conv.copies.step = window->stride_width * window->input_channels;
    conv.copies.patch = conv.patch_size;
    if (patches.pointwise) {
        compute_pointwise(&conv);
    } else {
        compute_windows(&conv);
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
                            && mrt_mve_output_check(attrs->output_offset, attrs->activation_min,
                                                    attrs->activation_max, attrs->scaling));
}
