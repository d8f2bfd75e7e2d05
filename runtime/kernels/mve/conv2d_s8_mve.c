/* Convolution, int8, for cores with MVE: any kernel, stride, dilation and padding, one group. */
#include "micrort/kernels.h"
#include "runtime/kernels/check.h"
#include "runtime/kernels/mve/pointwise.h"
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
    int32_t made;    /* So many are not yet multiplied. */
    int32_t limit;   /* There is room for so many. */
    mrt_mve_pixels_t pixels;
} convolution_t;

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
    patches_t patches = {.limit = 2};
    const uint64_t taps = (uint64_t)(uint32_t)window->kernel_height * (uint32_t)window->kernel_width;
    const uint64_t elements = taps * (uint32_t)window->input_channels;
    const bool fits = (taps <= (uint64_t)PATCH_MAX) && (elements <= (uint64_t)PATCH_MAX);
    patches.size = mrt_mve_blocks(fits ? (int32_t)elements : PATCH_MAX) * MRT_MVE_BYTES;
    patches.pairs = direct_pairs(attrs);
    if (patches.pairs == 0) {
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
    copies.target = &conv->patches[conv->made * copies.patch];
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
    while ((at < window->output_width) && (conv->made < conv->limit)) {
        int32_t made = 1;
        if ((at >= row->begin) && (at < row->end)) {
            const int32_t left = row->end - at;
            const int32_t room = conv->limit - conv->made;
            made = (left < room) ? left : room;
            fill_patches(conv, &row->lines, at, made);
        } else {
            fill_patch(conv, &row->lines, at, &conv->patches[conv->made * conv->pixels.step]);
        }
        at += made;
        conv->made += made;
    }
    return at;
}

/*
 * Begins a run of patches from patch `first` on, whose outputs are from `output` on: pairs, or the last two, where there
 * are an odd number, or the only one. Returns the patch that the next run begins with.
 */
static MRT_NOINLINE int32_t begin_run(convolution_t *conv, mrt_mve_run_t *run, int8_t *output, int32_t first)
{
    mrt_mve_pixels_t *pixels = &conv->pixels;
    const bool rest = (conv->made > 1) && ((conv->made % 2) != 0) && (first == 0);
    const int32_t count = conv->made - first;
    pixels->distance = (conv->made == 1) ? 0 : pixels->output_step;
    mrt_mve_make_run(run, pixels, &conv->patches[first * pixels->step], &output[first * pixels->output_step],
                     mrt_mve_pairs(count));
    return rest ? (conv->made - 2) : conv->made;
}

static inline void multiply_patches(convolution_t *conv, int8_t *output)
{
    mrt_mve_run_t run;
    int32_t first = 0;
    while (first < conv->made) {
        first = begin_run(conv, &run, output, first);
        mrt_mve_multiply(&conv->pixels, &run, 1);
    }
    conv->made = 0;
}

/* Windows of a row that are multiplied where they lie: from column `begin` to `end`; then those beside them. */
typedef struct direct {
    int32_t begin;
    int32_t end;
    int32_t x; /* Of those beside them, the next one. */
    mrt_mve_run_t run;
    mrt_mve_span_t spans[SPANS + 2]; /* Rows of the first two; room for those of the other windows behind them. */
} direct_t;

/* Rows of the first two windows of output row `row` that are multiplied where they lie; rows of padding stand still. */
static MRT_NOINLINE void begin_spans(convolution_t *conv, uint32_t row, direct_t *direct)
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
    conv->pixels.spans = window->kernel_height;
    conv->pixels.step = step;
    conv->pixels.output_step = window->output_channels;
    conv->pixels.distance = window->output_channels;
    direct->x = (direct->begin == 0) ? direct->end : 0;
    mrt_mve_make_run(&direct->run, &conv->pixels, conv->patches,
                     &mrt_output_s8(conv->call, 0u, row)[direct->begin * window->output_channels],
                     (direct->end - direct->begin) / 2);
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
        /* As many as begin_spans has set. NOLINTNEXTLINE(clang-analyzer-core.UndefinedBinaryOperatorResult) */
        if (span->at[0] != span->at[1]) {
            mrt_mve_copy(&target[tap * pitch], &span->at[0][from], (uint32_t)size);
        }
    }
}

/*
 * The next two windows of a row beside those, or the last one, to patches. Returns whether there are any. By itself, as
 * above.
 */
static MRT_NOINLINE bool fill_edges(convolution_t *conv, direct_t *direct, uint32_t row)
{
    const mrt_window_t *window = &conv->pixels.attrs->window;
    mrt_mve_span_t *span = &direct->spans[window->kernel_height];
    int8_t *output = mrt_output_s8(conv->call, 0u, row);
    int32_t made = 0;
    int32_t first = 0;
    while ((made < 2) && (direct->x < window->output_width)) {
        const int32_t place = direct->x * window->output_channels;
        int8_t *patch = &conv->patches[made * patch_size(conv)];
        fill_edge(conv, direct, direct->x, patch);
        span->at[1] = patch;
        first = (made == 0) ? place : first;
        conv->pixels.distance = place - first;
        made += 1;
        direct->x = ((direct->x + 1) == direct->begin) ? direct->end : (direct->x + 1);
    }
    span->at[0] = conv->patches;
    conv->pixels.spans = 1;
    mrt_mve_make_run(&direct->run, &conv->pixels, conv->patches, &output[first], 1);
    return made > 0;
}

/* All windows of all rows, `pairs` of each row where they lie, then the others. */
static MRT_NOINLINE void compute_directly(convolution_t *conv, int32_t pairs)
{
    const mrt_window_t *window = &conv->pixels.attrs->window;
    direct_t direct;
    direct.begin = inside_begin(window);
    direct.end = direct.begin + (2 * pairs);
    for (uint32_t row = conv->call->row_begin; row < conv->call->row_end; ++row) {
        begin_spans(conv, row, &direct);
        mrt_mve_multiply_spans(&conv->pixels, &direct.run, direct.spans);
        while (fill_edges(conv, &direct, row)) {
            mrt_mve_multiply_spans(&conv->pixels, &direct.run, &direct.spans[window->kernel_height]);
        }
    }
}

/* The end of the output rows from `row` on that follow one another without a gap. */
static uint32_t adjoining_end(const mrt_call_t *call, uint32_t row)
{
    return (row < call->row_end) ? mrt_rows_adjoin(call, mrt_call_output(call, 0u), row, call->row_end) : row;
}

/* All windows of all rows by patches. */
static MRT_NOINLINE void compute_windows(convolution_t *conv)
{
    const mrt_call_t *call = conv->call;
    const mrt_window_t *window = &conv->pixels.attrs->window;
    uint32_t adjoining = adjoining_end(call, call->row_begin);
    int8_t *output = NULL;
    row_t row;
    row.begin = inside_begin(window);
    row.end = inside_end(window);
    conv->pixels.step = patch_size(conv);
    conv->pixels.output_step = window->output_channels;
    for (row.index = call->row_begin; row.index < call->row_end; ++row.index) {
        mrt_lines_make_apart(&row.lines, call, window, row.index);
        int32_t x = 0;
        while (x < window->output_width) {
            if (conv->made == 0) {
                output = &mrt_output_s8(call, 0u, row.index)[x * window->output_channels];
            }
            x = fill_row(conv, &row, x);
            const bool is_last = (x == window->output_width) && ((row.index + 1u) == adjoining);
            if ((conv->made == conv->limit) || is_last) {
                multiply_patches(conv, output);
            }
        }
        if ((row.index + 1u) == adjoining) { /* the outputs of the next row lie elsewhere */
            adjoining = adjoining_end(call, row.index + 1u);
        }
    }
}

uint32_t mrt_conv2d_s8_mve_workspace(const void *attrs)
{
    const mrt_conv2d_s8_mve_attrs_t *own = (const mrt_conv2d_s8_mve_attrs_t *)attrs; /* MISRA D1 */
    if (mrt_mve_is_pointwise(&own->window)) {
        return mrt_mve_pointwise_workspace(&own->window);
    }
    const patches_t patches = patches_of(own);
    const int32_t padding = (patches.pairs > 0) ? (own->window.kernel_width * own->window.input_channels) : 0;
    const int32_t bytes = (patches.limit * patches.size) + padding;
    return (uint32_t)bytes;
}

static MRT_NOINLINE void begin(convolution_t *conv, const mrt_call_t *call)
{
    const mrt_conv2d_s8_mve_attrs_t *attrs = (const mrt_conv2d_s8_mve_attrs_t *)call->attrs; /* MISRA D1 */
    const mrt_window_t *window = &attrs->window;
    conv->call = call;
    conv->patches = (int8_t *)mrt_workspace(call); /* MISRA D1 */
    conv->made = 0;
    conv->pixels.spans = 1;
    conv->pixels.attrs = attrs;
    conv->pixels.groups = mrt_input_s32(call, 1u, 0u);
    conv->pixels.blocks = mrt_mve_blocks(window->kernel_height * row_elements(window));
}

/* Begins windows; returns how many pairs of a row's are multiplied where they lie. */
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
    if (!mrt_mve_pointwise(call)) {
        convolution_t conv;
        begin(&conv, call);
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
