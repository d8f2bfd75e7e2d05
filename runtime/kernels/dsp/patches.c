#include "runtime/kernels/dsp/patches.h"

#include "runtime/kernels/check.h"
#include "runtime/kernels/dsp/dot.h"
#include "runtime/kernels/dsp/intrinsics.h"
#include "runtime/kernels/product.h"
#include "runtime/kernels/window.h"

/* In place of the offset of a tap row that lies outside the image. */
#define OUTSIDE INT32_MIN

/* A place in the output. */
typedef struct pixel {
    int32_t *offsets; /* Of each tap row of its output row, from the input's first row on. */
    int32_t x;
    int8_t *to;
} pixel_t;

/* What stays the same for all pixels of one call. */
typedef struct patches_dsp {
    const mrt_call_t *call;
    const mrt_window_t *window;
    const int8_t *input;
    uint32_t run;     /* Elements of a tap row. */
    uint32_t *lanes;
    int8_t *outside;  /* Zero points of a tap. Where channels come in no multiple of four: those of a tap row in whole
                       * words, and behind them room for two patches. */
    int32_t *offsets; /* Of two output rows: of two pixels one after the other each has its own. */
    uint32_t left;    /* Pixels to come. */
    uint16_t begin;   /* Columns [begin, end) have windows that no border cuts off on the left or right. */
    uint16_t end;
    uint16_t whole; /* Columns [begin, whole) of the next pixel's row have tap rows that are whole, or lie outside. */
    uint16_t row;
    pixel_t next;
} patches_dsp_t;

/* Channels of the input. */
static inline uint32_t channels_of(const patches_dsp_t *patches)
{
    return (uint32_t)patches->window->input_channels;
}

/* The input column of tap 0 of a pixel. */
static inline int32_t origin_of(const patches_dsp_t *patches, int32_t x)
{
    return (x * patches->window->stride_width) - patches->window->padding_left;
}

/* Bytes of a patch that is copied, in whole words. */
static uint32_t patch_bytes(const patches_dsp_t *patches)
{
    return 4u * mrt_dsp_quads((uint32_t)patches->window->kernel_height * patches->run);
}

/* Begins output row patches->row. */
static MRT_ONCE void begin_row(patches_dsp_t *patches)
{
    const mrt_window_t *window = patches->window;
    const uint32_t height = (uint32_t)window->output_height;
    const uint32_t image = (patches->row / height) * (uint32_t)window->input_height;
    const uint32_t y = patches->row % height;
    const int32_t top = ((int32_t)y * window->stride_height) - window->padding_top;
    const mrt_tensor_t *tensor = mrt_call_input(patches->call, 0u);
    const uint32_t base = mrt_row_offset(patches->call, tensor, 0u);
    int32_t *offsets = &patches->offsets[(patches->next.offsets == patches->offsets) ? window->kernel_height : 0];
    patches->whole = patches->end;
    for (int32_t tap = 0; tap < window->kernel_height; ++tap) {
        const int32_t row = top + (tap * window->dilation_height);
        offsets[tap] = OUTSIDE;
        if ((row >= 0) && (row < window->input_height)) {
            const uint32_t offset = mrt_row_offset(patches->call, tensor, image + (uint32_t)row) - base;
            offsets[tap] = (int32_t)offset;
        } else if ((channels_of(patches) % 4u) == 0u) {
            patches->whole = 0u; /* there are zero points of a tap only */
        } else {
            /* There are zero points of a tap row. */
        }
    }
    patches->next = (pixel_t){offsets, 0, mrt_output_s8(patches->call, 0u, patches->row)};
}

static MRT_NOINLINE pixel_t next_pixel(patches_dsp_t *patches)
{
    if (patches->next.x == patches->window->output_width) {
        ++patches->row;
        begin_row(patches);
    }
    const pixel_t pixel = patches->next;
    patches->left -= 1u;
    patches->next.x += 1;
    patches->next.to = &patches->next.to[patches->window->output_channels];
    return pixel;
}

/* The elements under a tap in an input column, of the tap row at `offset`; zero points where it lies outside the image. */
static inline const int8_t *elements_of(const patches_dsp_t *patches, int32_t offset, int32_t column)
{
    const bool there = (offset != OUTSIDE) && (column >= 0) && (column < patches->window->input_width);
    return there ? &patches->input[offset + (column * patches->window->input_channels)] : patches->outside;
}

/* Widens two patches from the image tap by tap. */
static MRT_NOINLINE void widen_taps(const patches_dsp_t *patches, const pixel_t *a, const pixel_t *b)
{
    const mrt_window_t *window = patches->window;
    const int32_t origin = origin_of(patches, a->x);
    const int32_t apart = origin_of(patches, b->x) - origin;
    uint32_t *lanes = patches->lanes;
    for (int32_t row = 0; row < window->kernel_height; ++row) {
        int32_t column = origin;
        for (int32_t tap = 0; tap < window->kernel_width; ++tap) {
            const int8_t *from = elements_of(patches, a->offsets[row], column);
            const int8_t *other = elements_of(patches, b->offsets[row], column + apart);
            lanes = mrt_dsp_widen_two(from, other, channels_of(patches), lanes);
            column += window->dilation_width;
        }
    }
}

/* Copies `count` elements of each tap row that lies in the image, `begin` elements behind its offset. */
static void copy_columns(const patches_dsp_t *patches, const int32_t *offsets, int32_t begin, uint32_t count, int8_t *to)
{
    const int8_t *const from = &patches->input[begin];
    const uint32_t run = patches->run;
    const int32_t *const end = &offsets[patches->window->kernel_height];
    int8_t *row = to;
    for (const int32_t *offset = offsets; offset != end; offset = &offset[1]) {
        if (*offset != OUTSIDE) {
            const int8_t *const source = &from[*offset];
            for (uint32_t i = 0u; i < count; ++i) {
                row[i] = source[i];
            }
        }
        row = &row[run];
    }
}

/* Copies a patch; zero points where it leaves the image. */
static MRT_NOINLINE void copy_patch(const patches_dsp_t *patches, const pixel_t *pixel, int8_t *patch)
{
    const mrt_window_t *window = patches->window;
    const int32_t channels = window->input_channels;
    const int32_t dilation = window->dilation_width;
    const mrt_taps_t taps = mrt_window_taps(pixel->x, window->stride_width, window->padding_left, dilation,
                                            window->kernel_width, window->input_width);
    const int32_t step = (dilation == 1) ? window->kernel_width : 1; /* taps that lie side by side in the image, too */
    const int32_t count = ((dilation == 1) ? (taps.end - taps.begin) : 1) * channels;
    const uint32_t point = (uint8_t)patches->outside[0] * 0x01010101u;
    const int8_t *const end = &patch[patch_bytes(patches)];
    for (int8_t *word = patch; word != end; word = &word[4]) {
        mrt_dsp_store(word, point);
    }
    for (int32_t tap = taps.begin; tap < taps.end; tap += step) {
        const int32_t begin = (taps.origin + (tap * dilation)) * channels;
        copy_columns(patches, pixel->offsets, begin, (uint32_t)count, &patch[tap * channels]);
    }
}

/* The tap rows of two patches to come; what is in registers while they are widened. */
typedef struct tap_rows {
    const int8_t *from;
    uint32_t apart;
    const int8_t *outside;
    uint32_t words; /* Of a tap row. */
} tap_rows_t;

/* Widens the words of the tap row at `offset` of two patches; returns what is behind them. */
static MRT_INLINE mrt_dsp_widening_t widen_row(tap_rows_t rows, int32_t offset, uint32_t *lanes)
{
    mrt_dsp_widening_t next = {rows.outside, rows.outside, lanes};
    if (offset != OUTSIDE) {
        next.a = &rows.from[offset];
        next.b = &next.a[rows.apart];
    }
    return mrt_dsp_widen_words(next, rows.words);
}

/* Widens two patches by tap rows: one is `apart` elements behind the other, and its tap rows are `offsets` from `from` on. */
static MRT_NOINLINE void widen_rows(const patches_dsp_t *patches, const int8_t *from, const int32_t *offsets,
                                    uint32_t apart)
{
    const tap_rows_t rows = {from, apart, patches->outside, patches->run / 4u};
    const uint32_t rest = patches->run % 4u;
    const int32_t *offset = offsets;
    const int32_t *const end = &offset[patches->window->kernel_height];
    uint32_t *lanes = patches->lanes;
    uint32_t odd = 0u;
    while (offset != end) {
        const mrt_dsp_widening_t low = widen_row(rows, *offset, lanes);
        mrt_dsp_widening_t high = low;
        offset = &offset[1];
        if (offset != end) {
            high = widen_row(rows, *offset, low.lanes);
            offset = &offset[1];
        }
        lanes = mrt_dsp_widen_rest(low, high, rest);
        odd += rest;
    }
    if ((odd % 2u) != 0u) {
        lanes[0] = 0u;
        lanes[1] = 0u;
    }
}

/* Quads of a patch. */
static uint32_t patch_quads(uint32_t height, uint32_t run)
{
    const uint32_t pairs = (run % 4u) * ((height / 2u) + (height % 2u));
    return (height * (run / 4u)) + (pairs / 2u) + (pairs % 2u);
}

/* Widens the next two pixels tap by tap; the last one twice where it has no neighbour. */
static MRT_NOINLINE void next_by_taps(patches_dsp_t *patches, mrt_dsp_places_t *to)
{
    const pixel_t a = next_pixel(patches);
    const pixel_t b = (patches->left > 0u) ? next_pixel(patches) : a;
    to->a = a.to;
    to->b = b.to;
    widen_taps(patches, &a, &b);
}

/* The same from copies of their patches; offsets of the tap rows of a copy lie behind those of both lines. */
static MRT_NOINLINE void next_by_copies(patches_dsp_t *patches, mrt_dsp_places_t *to)
{
    int8_t *room = &patches->outside[4u * mrt_dsp_quads(patches->run)];
    uint32_t apart = 0u;
    pixel_t pixel = next_pixel(patches);
    copy_patch(patches, &pixel, room);
    to->a = pixel.to;
    if (patches->left > 0u) {
        apart = patch_bytes(patches);
        pixel = next_pixel(patches);
        copy_patch(patches, &pixel, &room[apart]);
    }
    to->b = pixel.to;
    widen_rows(patches, room, &patches->offsets[2 * patches->window->kernel_height], apart);
}

static void next_two_patches(void *source, mrt_dsp_places_t *to)
{
    patches_dsp_t *patches = source; /* MISRA D1 */
    const mrt_window_t *window = patches->window;
    pixel_t *next = &patches->next;
    if ((patches->left > 1u) && (next->x >= (int32_t)patches->begin) && ((next->x + 1) < (int32_t)patches->whole)) {
        const int32_t first = origin_of(patches, next->x) * window->input_channels;
        const int32_t apart = window->stride_width * window->input_channels;
        to->a = next->to;
        to->b = &next->to[window->output_channels];
        next->x += 2;
        next->to = &to->b[window->output_channels];
        patches->left -= 2u;
        widen_rows(patches, &patches->input[first], next->offsets, (uint32_t)apart);
    } else if ((channels_of(patches) % 4u) == 0u) {
        next_by_taps(patches, to);
    } else {
        next_by_copies(patches, to);
    }
}

/* Words of tables of tap rows, behind the lanes. */
static uint32_t tables_words(uint32_t height, bool by_taps)
{
    return (by_taps ? 2u : 3u) * height;
}

/* The column behind the last one whose window no border cuts off on the right; 0 where there are none, or taps have gaps. */
static int32_t inside_end(const mrt_window_t *window)
{
    const int32_t room = (window->input_width - window->kernel_width) + window->padding_left;
    const bool none = (room < 0) || (window->dilation_width != 1);
    const int32_t end = none ? 0 : ((room / window->stride_width) + 1);
    return (end < window->output_width) ? end : window->output_width;
}

/* Begins the call; its locals are gone when pixels are widened. */
static MRT_ONCE mrt_dsp_walk_t begin_call(patches_dsp_t *patches, const mrt_call_t *call)
{
    const mrt_conv2d_s8_dsp_attrs_t *attrs = call->attrs; /* MISRA D1 */
    const mrt_window_t *window = &attrs->window;
    const uint32_t channels = (uint32_t)window->input_channels;
    const uint32_t height = (uint32_t)window->kernel_height;
    const uint32_t run = (uint32_t)window->kernel_width * channels;
    const uint32_t quads = patch_quads(height, run);
    const bool by_taps = (channels % 4u) == 0u;
    uint32_t *lanes = mrt_workspace(call);                                         /* MISRA D1 */
    int32_t *offsets = mrt_address_mut(lanes, mrt_dsp_lanes_bytes(quads));         /* MISRA D1 */
    int8_t *outside = mrt_address_mut(offsets, 4u * tables_words(height, by_taps)); /* MISRA D1 */
    const int32_t begin = ((window->padding_left + window->stride_width) - 1) / window->stride_width;
    const uint32_t points = by_taps ? channels : (4u * mrt_dsp_quads(run));
    const uint32_t *groups = mrt_input_row(call, 1u, 0u);                          /* MISRA D1 */
    *patches = (patches_dsp_t){
        .call = call,
        .window = window,
        .input = mrt_input_s8(call, 0u, 0u),
        .run = run,
        .lanes = lanes,
        .outside = outside,
        .offsets = offsets,
        .left = (call->row_end - call->row_begin) * (uint32_t)window->output_width,
        .begin = (uint16_t)begin,
        .end = (uint16_t)inside_end(window),
        .whole = 0u,
        .row = (uint16_t)call->row_begin,
        .next = {NULL, 0, NULL},
    };
    for (uint32_t i = 0u; i < points; ++i) {
        outside[i] = (int8_t)attrs->input_point;
    }
    for (uint32_t i = 0u; !by_taps && (i < height); ++i) {
        const uint32_t offset = i * run;
        offsets[(2u * height) + i] = (int32_t)offset;
    }
    begin_row(patches);
    const mrt_dsp_walk_t walk = {lanes, groups, quads, mrt_dsp_walk_step(attrs->output_point, attrs->linear),
                                 (uint32_t)window->output_channels};
    return walk;
}

mrt_status_t mrt_dsp_patches_run(const mrt_call_t *call, mrt_dsp_multiply_two_t multiply)
{
    const mrt_conv2d_s8_dsp_attrs_t *attrs = call->attrs; /* MISRA D1 */
    patches_dsp_t patches;
    const mrt_dsp_walk_t walk = begin_call(&patches, call);
    const mrt_dsp_pixels_t pixels = {next_two_patches, &patches, mrt_dsp_pairs(patches.left)};
    multiply(&walk, &pixels);
    mrt_dsp_clamp_rows(call, attrs->activation_min, attrs->activation_max);
    return MRT_OK;
}

/* Elements of a patch; those of patches that are too large count as too many. */
static uint32_t patch_of(const mrt_window_t *window)
{
    const uint64_t most = 4u * (uint64_t)MRT_DSP_QUADS_MAX;
    const uint64_t taps = (uint64_t)(uint32_t)window->kernel_height * (uint32_t)window->kernel_width;
    const uint64_t patch = (taps <= most) ? (taps * (uint32_t)window->input_channels) : taps;
    return (patch <= most) ? (uint32_t)patch : (uint32_t)(most + 1u);
}

/* Quads of such a patch; those of patches that are too large count as too many. */
static uint32_t quads_of(const mrt_window_t *window)
{
    const uint32_t patch = patch_of(window);
    const uint32_t height = (uint32_t)window->kernel_height;
    uint32_t quads = 0u;
    if (patch > (4u * MRT_DSP_QUADS_MAX)) {
        quads = MRT_DSP_QUADS_MAX + 1u;
    } else if (patch != 0u) {
        quads = patch_quads(height, patch / height);
    } else {
        /* None. */
    }
    return quads;
}

uint32_t mrt_dsp_patches_workspace(const void *attrs)
{
    const mrt_conv2d_s8_dsp_attrs_t *own = attrs; /* MISRA D1 */
    const uint32_t patch = patch_of(&own->window);
    const bool by_taps = (own->window.input_channels % 4) == 0;
    /* Tap rows, their elements and channels are no more than elements of a patch; each patch is whole words. */
    const uint32_t rows = (uint32_t)own->window.kernel_height;
    const uint32_t channels = (uint32_t)own->window.input_channels;
    const uint32_t height = (rows < patch) ? rows : patch;
    const uint32_t run = (height != 0u) ? (patch / height) : 0u;
    const uint32_t tap = (channels < patch) ? channels : patch;
    const uint32_t bytes = by_taps ? tap : ((4u * mrt_dsp_quads(run)) + (8u * mrt_dsp_quads(patch)));
    return mrt_dsp_lanes_bytes(quads_of(&own->window)) + (4u * tables_words(height, by_taps)) + bytes;
}

mrt_status_t mrt_dsp_patches_check(const mrt_call_t *call, bool wide)
{
    const mrt_conv2d_s8_dsp_attrs_t *attrs = call->attrs; /* MISRA D1 */
    const mrt_window_t *window = &attrs->window;
    const mrt_dsp_layout_t layout = {(uint32_t)window->output_channels, quads_of(window), wide, attrs->linear};
    return mrt_check_status(mrt_window_check(call, window, 2u, (uint32_t)MRT_DTYPE_S8)
                            && mrt_dsp_groups_check(call, &layout)
                            && mrt_check_range(attrs->input_point, -128, 127)
                            && mrt_dsp_output_check(attrs->output_point, attrs->activation_min, attrs->activation_max));
}
