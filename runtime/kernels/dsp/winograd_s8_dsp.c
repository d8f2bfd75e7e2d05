/* Convolution 3 x 3 of stride 1, int8, for cores with the DSP extension: see winograd.h. Two tiles side by side are made
 * at a time, 2 x 4 outputs of 4 x 6 inputs. */
#include "micrort/kernels.h"
#include "runtime/kernels/check.h"
#include "runtime/kernels/dsp/winograd.h"
#include "runtime/kernels/product.h"
#include "runtime/kernels/window.h"

#include <string.h>

/* Rows and columns of the input under two tiles; rows and columns of the output. */
#define PATCH_ROWS 4u
#define PATCH_COLUMNS 6u
#define TILE_ROWS 2u
#define TILE_COLUMNS 4u

#define SUMS_BYTES (MRT_WINOGRAD_POSITIONS * MRT_WINOGRAD_SUMS * (uint32_t)sizeof(uint32_t))

/* What stays the same for all tiles of one call. */
typedef struct winograd {
    const mrt_window_t *window;
    uint32_t channels; /* of the input */
    uint32_t step;     /* see mrt_dsp_step */
    const uint32_t *groups;
    uint32_t *lanes;      /* transformed input */
    uint32_t *sums;
    const int8_t *points; /* a pixel of zero points */
} winograd_t;

/* A strip of tiles along one or two rows of the output. */
typedef struct strip {
    const int8_t *inputs[PATCH_ROWS]; /* zero points where outside the image, or not needed */
    uint32_t pixel_bytes[PATCH_ROWS]; /* from pixel to pixel; 0 where there are zero points */
    int8_t *outputs[TILE_ROWS];
    uint32_t rows; /* of the output: 1 or 2 */
} strip_t;

/* The pixels under two tiles. */
typedef struct patch {
    const int8_t *pixels[PATCH_COLUMNS][PATCH_ROWS];
} patch_t;

/* The strip that begins with row `row` of the output: two rows where both are asked for and lie in one image. */
static void begin_strip(const winograd_t *winograd, const mrt_call_t *call, uint32_t row, strip_t *strip)
{
    const mrt_window_t *window = winograd->window;
    const uint32_t height = (uint32_t)window->output_height;
    const uint32_t y = row % height;
    const uint32_t first = (row / height) * (uint32_t)window->input_height;
    strip->rows = (((row + 1u) < call->row_end) && ((y + 1u) < height)) ? TILE_ROWS : 1u;
    for (uint32_t line = 0u; line < PATCH_ROWS; ++line) {
        const int32_t at = ((int32_t)y + (int32_t)line) - window->padding_top;
        const bool inside = (at >= 0) && (at < window->input_height) && (line < (strip->rows + 2u));
        strip->inputs[line] = inside ? mrt_input_s8(call, 0u, first + (uint32_t)at) : winograd->points;
        strip->pixel_bytes[line] = inside ? winograd->channels : 0u;
    }
    for (uint32_t line = 0u; line < strip->rows; ++line) {
        strip->outputs[line] = mrt_output_s8(call, 0u, row + line);
    }
}

/* The pixels under the tiles from output column `x` on. */
static void find_patch(const winograd_t *winograd, const strip_t *strip, int32_t x, patch_t *patch)
{
    const int32_t first = x - winograd->window->padding_left;
    const int32_t width = winograd->window->input_width;
    const int8_t *points = winograd->points;
    for (uint32_t i = 0u; i < PATCH_COLUMNS; ++i) {
        const int32_t column = first + (int32_t)i;
        const bool inside = (column >= 0) && (column < width);
        for (uint32_t line = 0u; line < PATCH_ROWS; ++line) {
            patch->pixels[i][line] = inside ? &strip->inputs[line][(uint32_t)column * strip->pixel_bytes[line]]
                                            : points;
        }
    }
}

/* A column of B d: d0 - d2, d1 + d2, d2 - d1, d1 - d3. */
static inline void transform_column(uint32_t d0, uint32_t d1, uint32_t d2, uint32_t d3, uint32_t *to)
{
    to[0] = mrt_dsp_ssub16(d0, d2);
    to[2u * PATCH_COLUMNS] = mrt_dsp_sadd16(d1, d2);
    to[4u * PATCH_COLUMNS] = mrt_dsp_ssub16(d2, d1);
    to[6u * PATCH_COLUMNS] = mrt_dsp_ssub16(d1, d3);
}

/* B d of four channels: each row first of the even pair of lanes, then of the odd one. */
static inline void transform_columns(const patch_t *patch, uint32_t channel, uint32_t *rows)
{
    for (uint32_t i = 0u; i < PATCH_COLUMNS; ++i) {
        const int8_t *const *pixels = patch->pixels[i];
        const uint32_t d0 = mrt_dsp_load(&pixels[0][channel]);
        const uint32_t d1 = mrt_dsp_load(&pixels[1][channel]);
        const uint32_t d2 = mrt_dsp_load(&pixels[2][channel]);
        const uint32_t d3 = mrt_dsp_load(&pixels[3][channel]);
        transform_column(mrt_dsp_sxtb16(d0), mrt_dsp_sxtb16(d1), mrt_dsp_sxtb16(d2), mrt_dsp_sxtb16(d3), &rows[i]);
        transform_column(mrt_dsp_sxtb16_odd(d0), mrt_dsp_sxtb16_odd(d1), mrt_dsp_sxtb16_odd(d2),
                         mrt_dsp_sxtb16_odd(d3), &rows[PATCH_COLUMNS + i]);
    }
}

/* A row of (B d) B' for both tiles, to positions `step` words apart. */
static inline void transform_row(const uint32_t *row, uint32_t *lanes, uint32_t step)
{
    const uint32_t d0 = row[0];
    const uint32_t d1 = row[1];
    const uint32_t d2 = row[2];
    const uint32_t d3 = row[3];
    const uint32_t d4 = row[4];
    const uint32_t d5 = row[5];
    uint32_t *to = lanes;
    to[0] = mrt_dsp_ssub16(d0, d2);
    to[1] = mrt_dsp_ssub16(d2, d4);
    to = &to[step];
    to[0] = mrt_dsp_sadd16(d1, d2);
    to[1] = mrt_dsp_sadd16(d3, d4);
    to = &to[step];
    to[0] = mrt_dsp_ssub16(d2, d1);
    to[1] = mrt_dsp_ssub16(d4, d3);
    to = &to[step];
    to[0] = mrt_dsp_ssub16(d1, d3);
    to[1] = mrt_dsp_ssub16(d3, d5);
}

/* B d B' of both tiles from output column `x` on. B d stands where the sums will. A function of its own, so that its
 * stack is given back before the next stage. */
static MRT_NOINLINE void transform_input(const winograd_t *winograd, const strip_t *strip, int32_t x)
{
    patch_t patch;
    find_patch(winograd, strip, x, &patch);
    const uint32_t words = winograd->channels; /* of a position */
    uint32_t *rows = winograd->sums;
    for (uint32_t channel = 0u; channel < words; channel += 4u) {
        const uint32_t *row = rows;
        uint32_t *lanes = &winograd->lanes[channel];
        transform_columns(&patch, channel, rows);
        for (uint32_t i = 0u; i < PATCH_ROWS; ++i) {
            transform_row(row, lanes, PATCH_ROWS * words);
            transform_row(&row[PATCH_COLUMNS], &lanes[2], PATCH_ROWS * words);
            row = &row[2u * PATCH_COLUMNS];
            lanes = &lanes[words];
        }
    }
}

/* The sums between positions `from` and `to` of a lane. */
static inline uint32_t between(const uint32_t *sums, uint32_t from, uint32_t to)
{
    return sums[to * MRT_WINOGRAD_SUMS] - sums[from * MRT_WINOGRAD_SUMS];
}

/* An output from four times its sum. */
static inline int8_t output_of(uint32_t four, mrt_dsp_scale_t scale)
{
    return mrt_dsp_requantise((int32_t)four >> 1u, scale); /* MISRA D2 */
}

/* Where four channels of both tiles go. */
typedef struct target {
    int8_t *rows[TILE_ROWS];
    uint32_t pixel_bytes; /* from pixel to pixel of a row */
} target_t;

/* A tile of one channel, from its lane of the sums: the products at positions 4 x column + row, each a difference of
 * neighbouring sums. Its first pixel is `at` elements from the target's rows. */
static inline void transform_output(const uint32_t *sums, uint32_t start, mrt_dsp_scale_t scale,
                                    const target_t *target, uint32_t at)
{
    int8_t *upper = &target->rows[0][at];
    int8_t *lower = &target->rows[1][at];
    /* Rows 0 + 1 + 2 of the products' columns, and rows 1 - 2 - 3. */
    const uint32_t upper0 = sums[2u * MRT_WINOGRAD_SUMS];
    const uint32_t upper1 = start + between(sums, 3u, 6u);
    const uint32_t upper2 = between(sums, 7u, 10u);
    const uint32_t upper3 = between(sums, 11u, 14u);
    upper[0] = output_of(upper0 + upper1 + upper2, scale);
    upper[target->pixel_bytes] = output_of(upper1 - upper2 - upper3, scale);
    const uint32_t lower0 = between(sums, 0u, 1u) - between(sums, 1u, 3u);
    const uint32_t lower1 = start + (between(sums, 4u, 5u) - between(sums, 5u, 7u));
    const uint32_t lower2 = between(sums, 8u, 9u) - between(sums, 9u, 11u);
    const uint32_t lower3 = between(sums, 12u, 13u) - between(sums, 13u, 15u);
    lower[0] = output_of(lower0 + lower1 + lower2, scale);
    lower[target->pixel_bytes] = output_of(lower1 - lower2 - lower3, scale);
}

/* Four channels of both tiles, from the words behind a group's weights. */
static void transform_group(const winograd_t *winograd, const uint32_t *starts, const target_t *target)
{
    const uint32_t *scales = &starts[MRT_DSP_GROUP];
    const target_t own = *target; /* nothing that is stored can change this one, which therefore stays in registers */
    const uint32_t step = winograd->step;
    for (uint32_t lane = 0u; lane < MRT_DSP_GROUP; ++lane) {
        const mrt_dsp_scale_t scale = mrt_dsp_scale(scales, lane, step);
        const uint32_t *sums = &winograd->sums[lane];
        transform_output(sums, starts[lane], scale, &own, lane);
        transform_output(&sums[MRT_DSP_GROUP], starts[lane], scale, &own, (2u * own.pixel_bytes) + lane);
    }
}

/* The same where the output takes only part of it: `channels` of `pixels` pixels in each row of the strip, from byte
 * `at` on. */
static MRT_NOINLINE void transform_part(const winograd_t *winograd, const uint32_t *starts, const strip_t *strip,
                                        uint32_t at, uint32_t pixels, uint32_t channels)
{
    int8_t tiles[TILE_ROWS][TILE_COLUMNS * MRT_DSP_GROUP];
    const target_t target = {{tiles[0], tiles[1]}, MRT_DSP_GROUP};
    transform_group(winograd, starts, &target);
    for (uint32_t row = 0u; row < strip->rows; ++row) {
        int8_t *to = &strip->outputs[row][at];
        for (uint32_t i = 0u; i < pixels; ++i) {
            (void)memcpy(to, &tiles[row][i * MRT_DSP_GROUP], channels);
            to = &to[(uint32_t)winograd->window->output_channels];
        }
    }
}

/* All outputs of both tiles from column `x` on, from the transformed input. */
static void make_tiles(const winograd_t *winograd, const strip_t *strip, uint32_t x)
{
    const uint32_t channels = (uint32_t)winograd->window->output_channels;
    const uint32_t left = (uint32_t)winograd->window->output_width - x;
    const uint32_t pixels = (left < TILE_COLUMNS) ? left : TILE_COLUMNS;
    const bool whole = (pixels == TILE_COLUMNS) && (strip->rows == TILE_ROWS);
    const uint32_t *group = winograd->groups;
    for (uint32_t done = 0u; done < channels; done += MRT_DSP_GROUP) {
        const uint32_t *starts = mrt_winograd_multiply(winograd->lanes, group, winograd->channels, winograd->sums);
        const uint32_t rest = channels - done;
        const uint32_t at = (x * channels) + done;
        if (whole && (rest >= MRT_DSP_GROUP)) {
            const target_t target = {{&strip->outputs[0][at], &strip->outputs[1][at]}, channels};
            transform_group(winograd, starts, &target);
        } else {
            transform_part(winograd, starts, strip, at, pixels, (rest < MRT_DSP_GROUP) ? rest : MRT_DSP_GROUP);
        }
        group = &starts[MRT_DSP_GROUP_WORDS];
    }
}

mrt_status_t mrt_winograd_s8_dsp_run(const mrt_call_t *call)
{
    const mrt_conv2d_s8_dsp_attrs_t *attrs = call->attrs; /* MISRA D1 */
    const mrt_window_t *window = &attrs->window;
    const uint32_t channels = (uint32_t)window->input_channels;
    uint32_t *workspace = mrt_workspace(call);            /* MISRA D1 */
    const uint32_t *groups = mrt_input_row(call, 1u, 0u); /* MISRA D1 */
    uint32_t *sums = &workspace[MRT_WINOGRAD_POSITIONS * channels];
    int8_t *points = mrt_address_mut(sums, SUMS_BYTES); /* MISRA D1 */
    const winograd_t winograd = {
        .window = window,
        .channels = channels,
        .step = mrt_dsp_step(attrs->output_point),
        .groups = groups,
        .lanes = workspace,
        .sums = sums,
        .points = points,
    };
    (void)memset(points, attrs->input_point, channels);
    strip_t strip;
    for (uint32_t row = call->row_begin; row < call->row_end; row += strip.rows) {
        begin_strip(&winograd, call, row, &strip);
        for (int32_t x = 0; x < window->output_width; x += (int32_t)TILE_COLUMNS) {
            transform_input(&winograd, &strip, x);
            make_tiles(&winograd, &strip, (uint32_t)x);
        }
    }
    mrt_dsp_clamp_rows(call, attrs->activation_min, attrs->activation_max);
    return MRT_OK;
}

uint32_t mrt_winograd_s8_dsp_workspace(const void *attrs)
{
    const mrt_conv2d_s8_dsp_attrs_t *own = attrs; /* MISRA D1 */
    /* A word for each position and channel, and a pixel; check refuses more channels than a window may have. */
    const uint32_t channels = (uint32_t)own->window.input_channels & UINT32_C(0xFFFC);
    return (channels * ((uint32_t)sizeof(uint32_t) * MRT_WINOGRAD_POSITIONS)) + SUMS_BYTES + channels;
}

/* Whether input 1 holds the groups of winograd.h, with shifts within 0..30. */
static bool check_groups(const mrt_call_t *call, const mrt_window_t *window)
{
    const mrt_tensor_t *tensor = mrt_call_input(call, 1u);
    const uint64_t weights = (2u * (uint64_t)MRT_WINOGRAD_POSITIONS) * (uint32_t)window->input_channels;
    const uint64_t count = ((uint64_t)(uint32_t)window->output_channels + (MRT_DSP_GROUP - 1u)) / MRT_DSP_GROUP;
    const uint64_t words = weights + MRT_DSP_GROUP_WORDS;
    if ((tensor->pool != (uint8_t)MRT_POOL_PARAMS)
        || !mrt_check_elements(tensor, (uint32_t)MRT_DTYPE_S32, count * words)) {
        return false;
    }
    const int32_t *values = mrt_input_s32(call, 1u, 0u);
    bool sound = true;
    for (uint64_t group = 0u; group < count; ++group) {
        const int32_t *scales = &values[(group * words) + weights + MRT_DSP_GROUP];
        for (uint32_t lane = 0u; lane < MRT_DSP_GROUP; ++lane) {
            sound = sound && mrt_check_range(scales[(lane * MRT_DSP_SCALE_WORDS) + 1u], 0, 30);
        }
    }
    return sound;
}

/* Whether a window is 3 x 3, one after the other, over channels by fours. */
static bool check_window(const mrt_window_t *window)
{
    return (window->kernel_height == 3) && (window->kernel_width == 3) && (window->stride_height == 1)
           && (window->stride_width == 1) && (window->dilation_height == 1) && (window->dilation_width == 1)
           && ((window->input_channels % 4) == 0);
}

mrt_status_t mrt_winograd_s8_dsp_check(const mrt_call_t *call)
{
    const mrt_conv2d_s8_dsp_attrs_t *attrs = call->attrs; /* MISRA D1 */
    const mrt_window_t *window = &attrs->window;
    return mrt_check_status(mrt_window_check(call, window, 2u, (uint32_t)MRT_DTYPE_S8) && check_window(window)
                            && check_groups(call, window) && mrt_check_range(attrs->input_point, -128, 127)
                            && mrt_dsp_output_check(attrs->output_point, attrs->activation_min, attrs->activation_max) && (attrs->linear == 0));
}
