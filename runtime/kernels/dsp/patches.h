/**
 * @file patches.h
 * @brief Convolution with any window for cores with the DSP extension, with weights of either width: the patches of two
 *        pixels are widened, then multiplied with all filters.
 *
 * Pixels go in pairs from row to row, so that narrow images fill the pairs too. Where channels come in a multiple of
 * four, patches are widened straight from the image, tap by tap at its borders. Else tap rows end within a word: those
 * that leave the image are copied first.
 */
#ifndef MRT_RUNTIME_KERNELS_DSP_PATCHES_H
#define MRT_RUNTIME_KERNELS_DSP_PATCHES_H

#include "micrort/kernels.h"
#include "runtime/kernels/dsp/dot.h"
#include "runtime/kernels/dsp/intrinsics.h"
#include "runtime/kernels/dsp/products.h"
#include "runtime/kernels/product.h"
#include "runtime/kernels/window.h"

#include <string.h>

/** How two pixels are multiplied: a function of products.h. */
typedef void (*mrt_dsp_multiply_two_t)(const mrt_dsp_walk_t *walk, uint32_t channels, int8_t *a, int8_t *b);

/** In place of the offset of a tap row that lies outside the image. */
#define MRT_DSP_OUTSIDE INT32_MIN

/** An output row: what lies under its windows. */
typedef struct mrt_dsp_line {
    int32_t *offsets; /**< Of each tap row from the input's first row on. */
    int32_t begin;    /**< Columns [begin, end) have whole windows in the image, one tap beside the other. */
    int32_t end;
} mrt_dsp_line_t;

/** A place in the output. */
typedef struct mrt_dsp_pixel {
    const mrt_dsp_line_t *line;
    int32_t x;
    int32_t origin; /**< Input column of tap 0. */
    int8_t *to;
} mrt_dsp_pixel_t;

/** What stays the same for all pixels of one call. */
typedef struct mrt_dsp_patches {
    const mrt_call_t *call;
    const mrt_window_t *window;
    const int8_t *input;
    uint32_t channels;     /**< Of the input. */
    uint32_t run;          /**< Elements of a tap row. */
    uint32_t *lanes;
    int8_t *bytes;         /**< A tap's zero points; or two patches, where channels come in no multiple of four. */
    uint32_t patch;        /**< Bytes from such a patch to the next. */
    int32_t *packed;       /**< Offsets of the tap rows of such a patch. */
    int8_t point;          /**< The input's zero point. */
    mrt_dsp_walk_t walk;
    mrt_dsp_line_t lines[2]; /**< Of two pixels one after the other each has its line. */
    uint32_t current;
    uint32_t row;
    mrt_dsp_pixel_t next;
} mrt_dsp_patches_t;

/** Begins output row patches->row. */
static MRT_NOINLINE void mrt_dsp_begin_row(mrt_dsp_patches_t *patches)
{
    const mrt_window_t *window = patches->window;
    const uint32_t height = (uint32_t)window->output_height;
    const uint32_t image = (patches->row / height) * (uint32_t)window->input_height;
    const uint32_t y = patches->row % height;
    const int32_t top = ((int32_t)y * window->stride_height) - window->padding_top;
    const mrt_tensor_t *tensor = mrt_call_input(patches->call, 0u);
    const uint32_t base = mrt_row_offset(patches->call, tensor, 0u);
    patches->current = 1u - patches->current;
    mrt_dsp_line_t *line = &patches->lines[patches->current];
    bool whole = window->dilation_width == 1;
    for (int32_t tap = 0; tap < window->kernel_height; ++tap) {
        const int32_t row = top + (tap * window->dilation_height);
        const bool there = (row >= 0) && (row < window->input_height);
        whole = whole && there;
        line->offsets[tap] = MRT_DSP_OUTSIDE;
        if (there) {
            const uint32_t offset = mrt_row_offset(patches->call, tensor, image + (uint32_t)row) - base;
            line->offsets[tap] = (int32_t)offset;
        }
    }
    const int32_t room = (window->input_width - window->kernel_width) + window->padding_left;
    line->begin = ((window->padding_left + window->stride_width) - 1) / window->stride_width;
    line->end = ((room < 0) || !whole) ? 0 : ((room / window->stride_width) + 1);
    patches->next = (mrt_dsp_pixel_t){line, 0, -window->padding_left, mrt_output_s8(patches->call, 0u, patches->row)};
}

static inline mrt_dsp_pixel_t mrt_dsp_next_pixel(mrt_dsp_patches_t *patches)
{
    if (patches->next.x == patches->window->output_width) {
        patches->row += 1u;
        mrt_dsp_begin_row(patches);
    }
    const mrt_dsp_pixel_t pixel = patches->next;
    patches->next.x += 1;
    patches->next.origin += patches->window->stride_width;
    patches->next.to = &patches->next.to[patches->window->output_channels];
    return pixel;
}

static inline bool mrt_dsp_is_whole(const mrt_dsp_pixel_t *pixel)
{
    return (pixel->x >= pixel->line->begin) && (pixel->x < pixel->line->end);
}

/** The elements under a tap; zero points where it lies outside the image. */
static inline const int8_t *mrt_dsp_tap(const mrt_dsp_patches_t *patches, const mrt_dsp_pixel_t *pixel, int32_t row,
                                        int32_t tap)
{
    const int32_t offset = pixel->line->offsets[row];
    const int32_t column = pixel->origin + (tap * patches->window->dilation_width);
    const bool there = (offset != MRT_DSP_OUTSIDE) && (column >= 0) && (column < patches->window->input_width);
    return there ? &patches->input[offset + (column * (int32_t)patches->channels)] : patches->bytes;
}

/** Widens two patches from the image: by whole tap rows, or tap by tap at the borders. */
static MRT_NOINLINE void mrt_dsp_widen_taps(const mrt_dsp_patches_t *patches, const mrt_dsp_pixel_t *a,
                                            const mrt_dsp_pixel_t *b)
{
    const mrt_window_t *window = patches->window;
    const bool whole = mrt_dsp_is_whole(a) && mrt_dsp_is_whole(b);
    const int32_t step = whole ? window->kernel_width : 1;
    const uint32_t count = whole ? patches->run : patches->channels;
    uint32_t *lanes = patches->lanes;
    for (int32_t row = 0; row < window->kernel_height; ++row) {
        for (int32_t tap = 0; tap < window->kernel_width; tap += step) {
            const int8_t *from = mrt_dsp_tap(patches, a, row, tap);
            lanes = mrt_dsp_widen_two(from, mrt_dsp_tap(patches, b, row, tap), count, lanes);
        }
    }
}

static MRT_NOINLINE int8_t *mrt_dsp_fill(int8_t *to, int8_t point, int32_t count)
{
    for (int32_t i = 0; i < count; ++i) {
        to[i] = point;
    }
    return &to[count];
}

/** Copies a patch; zero points where it leaves the image. */
static MRT_NOINLINE void mrt_dsp_copy_patch(const mrt_dsp_patches_t *patches, const mrt_dsp_pixel_t *pixel, int8_t *patch)
{
    const mrt_window_t *window = patches->window;
    const int32_t channels = (int32_t)patches->channels;
    const mrt_taps_t taps = mrt_window_taps(pixel->x, window->stride_width, window->padding_left,
                                            window->dilation_width, window->kernel_width, window->input_width);
    const int32_t run = (window->dilation_width == 1) ? (taps.end - taps.begin) : 1;
    int8_t *to = patch;
    for (int32_t row = 0; row < window->kernel_height; ++row) {
        const int32_t offset = pixel->line->offsets[row];
        const bool missed = (offset == MRT_DSP_OUTSIDE) || (taps.begin == taps.end);
        const int32_t begin = missed ? window->kernel_width : taps.begin;
        const int32_t end = missed ? window->kernel_width : taps.end;
        to = mrt_dsp_fill(to, patches->point, begin * channels);
        for (int32_t tap = begin; tap < end; tap += run) {
            const int32_t column = taps.origin + (tap * window->dilation_width);
            const int8_t *from = &patches->input[offset + (column * channels)];
            for (int32_t i = 0; i < (run * channels); ++i) {
                to[i] = from[i];
            }
            to = &to[run * channels];
        }
        to = mrt_dsp_fill(to, patches->point, (window->kernel_width - end) * channels);
    }
}

/** Where the tap rows of a patch are: in the image, or in a copy. */
typedef struct mrt_dsp_source {
    const int8_t *from;
    const int32_t *offsets;
} mrt_dsp_source_t;

static inline mrt_dsp_source_t mrt_dsp_source(const mrt_dsp_patches_t *patches, const mrt_dsp_pixel_t *pixel, int8_t *room)
{
    mrt_dsp_source_t source = {room, patches->packed};
    if (mrt_dsp_is_whole(pixel)) {
        source.from = &patches->input[pixel->origin * (int32_t)patches->channels];
        source.offsets = pixel->line->offsets;
    } else {
        mrt_dsp_copy_patch(patches, pixel, room);
    }
    return source;
}

/** The last one to three elements of a tap row, the first lowest. */
static inline uint32_t mrt_dsp_load_rest(const int8_t *from, uint32_t rest)
{
    uint32_t word = (uint8_t)from[0];
    if (rest > 1u) {
        word |= (uint32_t)(uint8_t)from[1] << 8u;
    }
    if (rest > 2u) {
        word |= (uint32_t)(uint8_t)from[2] << 16u;
    }
    return word;
}

/** Widens two patches: whole words of each tap row; what is left of the rows as soon as it fills words. */
static MRT_NOINLINE void mrt_dsp_widen_rows(const mrt_dsp_patches_t *patches, const mrt_dsp_source_t *a,
                                            const mrt_dsp_source_t *b)
{
    const uint32_t height = (uint32_t)patches->window->kernel_height;
    const uint32_t words = patches->run & ~3u;
    const uint32_t rest = patches->run % 4u;
    uint32_t *lanes = patches->lanes;
    uint32_t left_a = 0u; /* elements that fill no word yet, the first lowest */
    uint32_t left_b = 0u;
    uint32_t bits = 0u;
    for (uint32_t row = 0u; row < height; ++row) {
        const int8_t *from_a = &a->from[a->offsets[row]];
        const int8_t *from_b = &b->from[b->offsets[row]];
        for (uint32_t i = 0u; i < words; i += 4u) {
            lanes = mrt_dsp_widen_quad(mrt_dsp_load(&from_a[i]), mrt_dsp_load(&from_b[i]), lanes);
        }
        if (rest != 0u) {
            const uint32_t last_a = mrt_dsp_load_rest(&from_a[words], rest);
            const uint32_t last_b = mrt_dsp_load_rest(&from_b[words], rest);
            left_a |= last_a << bits;
            left_b |= last_b << bits;
            bits += 8u * rest;
            if (bits >= 32u) {
                lanes = mrt_dsp_widen_quad(left_a, left_b, lanes);
                bits -= 32u;
                left_a = (bits == 0u) ? 0u : (last_a >> ((8u * rest) - bits));
                left_b = (bits == 0u) ? 0u : (last_b >> ((8u * rest) - bits));
            }
        }
    }
    if (bits != 0u) {
        (void)mrt_dsp_widen_quad(left_a, left_b, lanes);
    }
}

/** Words of tables of tap rows, behind the lanes. */
static inline uint32_t mrt_dsp_tables_words(uint32_t height, bool by_taps)
{
    return (by_taps ? 2u : 3u) * height;
}

/** The run of conv2d_s8_dsp and its like. */
static MRT_INLINE mrt_status_t mrt_dsp_patches_run(const mrt_call_t *call, mrt_dsp_multiply_two_t multiply)
{
    const mrt_conv2d_s8_dsp_attrs_t *attrs = call->attrs; /* MISRA D1 */
    const mrt_window_t *window = &attrs->window;
    const uint32_t channels = (uint32_t)window->input_channels;
    const uint32_t height = (uint32_t)window->kernel_height;
    const uint32_t run = (uint32_t)window->kernel_width * channels;
    const uint32_t quads = mrt_dsp_quads(height * run);
    const bool by_taps = (channels % 4u) == 0u;
    uint32_t *lanes = mrt_workspace(call);                                         /* MISRA D1 */
    int32_t *offsets = mrt_address_mut(lanes, mrt_dsp_lanes_bytes(quads));         /* MISRA D1 */
    int8_t *bytes = mrt_address_mut(offsets, 4u * mrt_dsp_tables_words(height, by_taps)); /* MISRA D1 */
    const uint32_t *groups = mrt_input_row(call, 1u, 0u);                          /* MISRA D1 */
    mrt_dsp_patches_t patches = {
        .call = call,
        .window = window,
        .input = mrt_input_s8(call, 0u, 0u),
        .channels = channels,
        .run = run,
        .lanes = lanes,
        .bytes = bytes,
        .patch = 4u * quads,
        .packed = &offsets[2u * height],
        .point = (int8_t)attrs->input_point,
        .walk = {lanes, groups, quads, mrt_dsp_walk_step(attrs->output_point, attrs->linear)},
        .lines = {{offsets, 0, 0}, {&offsets[height], 0, 0}},
        .row = call->row_begin,
    };
    mrt_dsp_begin_row(&patches);
    for (uint32_t i = 0u; i < (by_taps ? channels : height); ++i) {
        if (by_taps) {
            bytes[i] = patches.point;
        } else {
            const uint32_t offset = i * run;
            patches.packed[i] = (int32_t)offset;
        }
    }
    const uint32_t pixels = (call->row_end - call->row_begin) * (uint32_t)window->output_width;
    for (uint32_t pixel = 0u; pixel < pixels; pixel += 2u) {
        const mrt_dsp_pixel_t a = mrt_dsp_next_pixel(&patches);
        const bool last = (pixel + 1u) == pixels; /* twice the same, where it has no neighbour */
        const mrt_dsp_pixel_t b = last ? a : mrt_dsp_next_pixel(&patches);
        if (by_taps) {
            mrt_dsp_widen_taps(&patches, &a, &b);
        } else {
            const mrt_dsp_source_t source_a = mrt_dsp_source(&patches, &a, bytes);
            const mrt_dsp_source_t source_b = mrt_dsp_source(&patches, &b, &bytes[patches.patch]);
            mrt_dsp_widen_rows(&patches, &source_a, &source_b);
        }
        multiply(&patches.walk, (uint32_t)window->output_channels, a.to, b.to);
    }
    mrt_dsp_clamp_rows(call, attrs->activation_min, attrs->activation_max);
    return MRT_OK;
}

/** Its workspace. */
uint32_t mrt_dsp_patches_workspace(const void *attrs);

/** Its check. */
mrt_status_t mrt_dsp_patches_check(const mrt_call_t *call, bool wide);

#endif
