#include "runtime/kernels/mve/products.h"

#include "runtime/kernels/check.h"
#include "runtime/kernels/mve/tiles.h"
#include "runtime/kernels/product.h"

/* Twice as many channels, so far behind, are within reach of 8 bits. */
#define TWINS_DISTANCE 248

/* How far the outputs of a pair's pixels are apart: not at all, where they are the only one, which is made twice. */
static MRT_MVE_INLINE int32_t distance_of(const mrt_mve_pixels_t *pixels)
{
    const int32_t step = pixels->output_step;
    const int32_t distance = (step < 0) ? -step : step;
    return (pixels->count == 1) ? 0 : distance;
}

/* Channels from `done` on whose places are those of whole groups; or the last ones. */
static MRT_MVE_INLINE int32_t channels_from(const mrt_mve_pixels_t *pixels, int32_t done)
{
    const int32_t left = pixels->attrs->window.output_channels - done;
    return (left < MRT_MVE_GROUP) ? left : (left - (left % MRT_MVE_GROUP));
}

static MRT_MVE_INLINE const int32_t *groups_from(const mrt_mve_pixels_t *pixels, int32_t done)
{
    const int32_t words = (3 + (4 * pixels->blocks)) * MRT_MVE_GROUP; /* of a group */
    return &pixels->groups[(done / MRT_MVE_GROUP) * words];
}

/* The first pair. */
static void begin_span(mrt_mve_span_t *span, const mrt_mve_pixels_t *pixels)
{
    const int32_t step = (pixels->step < 0) ? -pixels->step : pixels->step;
    span->at[0] = pixels->input;
    span->at[1] = (pixels->count == 1) ? pixels->input : &pixels->input[step];
}

/* Channels from `done` on of all pairs of one span, with any scaling, which is read again for each group, since all
 * registers take part in sums. */
static MRT_NOINLINE void multiply_any(const mrt_mve_pixels_t *pixels, int32_t done)
{
    const mrt_conv2d_s8_mve_attrs_t *attrs = pixels->attrs;
    const int32_t channels = channels_from(pixels, done);
    const int32_t *const start = groups_from(pixels, done);
    const uint16x8_t places = mrt_mve_places(channels, distance_of(pixels));
    mrt_mve_span_t span; /* member by member: an initialiser would first clear it, by a call */
    begin_span(&span, pixels);
    int8_t *output = &pixels->output[done];
    for (int32_t pair = 0; pair < ((pixels->count + 1) / 2); ++pair) {
        const int32_t *groups = start;
        for (int32_t channel = 0; channel < channels; channel += MRT_MVE_GROUP) {
            const mrt_mve_sums_t sums = mrt_mve_dot_2x4(span.at[0], span.at[1], groups, &pixels->blocks);
            const int32x4_t multiplier = vldrwq_s32(sums.next);
            const int32x4_t shift = vldrwq_s32(&sums.next[MRT_MVE_GROUP]);
            const mrt_mve_scales_t scales = {multiplier, shift, multiplier, shift};
            const mrt_mve_output_t end = {attrs->output_offset, attrs->activation_min, attrs->activation_max};
            vstrbq_scatter_offset_s16(&output[channel], places, mrt_mve_scale(&sums, &scales, &end, MRT_MVE_ANY));
            groups = &sums.next[2 * MRT_MVE_GROUP];
        }
        if ((2 * (pair + 1)) < pixels->count) {
            const int32_t further = mrt_mve_pixels_further(pixels, pair);
            span.at[0] = &span.at[0][further * pixels->step];
            span.at[1] = &span.at[1][further * pixels->step];
            output = &output[further * pixels->output_step];
        }
    }
}

/* What pixels and tiles have in common. */
static MRT_MVE_INLINE void begin_tiles(mrt_mve_tiles_t *tiles, mrt_mve_span_t *spans, const mrt_mve_pixels_t *pixels)
{
    const mrt_conv2d_s8_mve_attrs_t *attrs = pixels->attrs;
    const int32_t sign = (pixels->step < 0) ? -1 : 1;
    const int32_t first = mrt_mve_pixels_further(pixels, 0);
    tiles->spans = spans;
    tiles->distance = sign * pixels->step;
    tiles->moves[0] = first * sign;
    tiles->moves[1] = 2 * sign;
    tiles->first_output_move = first * pixels->output_step;
    tiles->output_move = 2 * pixels->output_step;
    tiles->pairs = (pixels->count + 1) / 2;
    tiles->end.offset = attrs->output_offset;
    tiles->end.low = attrs->activation_min;
    tiles->end.high = attrs->activation_max;
}

/* Channels from `done` on of all pairs, but not with any scaling; `spans` are those of the first pair. */
static MRT_NOINLINE void multiply_tiles(const mrt_mve_pixels_t *pixels, mrt_mve_span_t *spans, int32_t done,
                                        int32_t span_count)
{
    const int32_t channels = channels_from(pixels, done);
    mrt_mve_tiles_t tiles; /* member by member, as above */
    tiles.places = mrt_mve_places(channels, distance_of(pixels));
    begin_tiles(&tiles, spans, pixels);
    tiles.span_count = span_count;
    tiles.groups = groups_from(pixels, done);
    tiles.blocks = (span_count == 1) ? pixels->blocks : (pixels->blocks / span_count);
    tiles.output = &pixels->output[done];
    tiles.channels = (channels < MRT_MVE_GROUP) ? MRT_MVE_GROUP : channels;
    mrt_mve_tiles(&tiles, (mrt_mve_scaling_t)pixels->attrs->scaling);
}

/* Likewise two groups at a time, of pairs of one span. */
static MRT_NOINLINE void multiply_twins(const mrt_mve_pixels_t *pixels, int32_t channels)
{
    mrt_mve_twins(pixels, channels, mrt_mve_twin_places(distance_of(pixels)));
}

/* All channels: groups two by two, one by one, what is left. */
void mrt_mve_multiply(const mrt_mve_pixels_t *pixels, mrt_mve_span_t *spans)
{
    const int32_t channels = (pixels->count > 0) ? pixels->attrs->window.output_channels : 0;
    const int32_t scaling = pixels->attrs->scaling;
    const bool twins = (scaling == (int32_t)MRT_MVE_RECTIFIED) && (pixels->blocks <= MRT_MVE_STEPS)
                       && (distance_of(pixels) <= TWINS_DISTANCE);
    int32_t done = 0;
    if (twins && (channels >= (2 * MRT_MVE_GROUP))) {
        done = channels - (channels % (2 * MRT_MVE_GROUP));
        multiply_twins(pixels, done);
    }
    while (done < channels) {
        if (scaling == (int32_t)MRT_MVE_ANY) {
            multiply_any(pixels, done);
        } else {
            begin_span(spans, pixels);
            multiply_tiles(pixels, spans, done, 1);
        }
        done += channels_from(pixels, done);
    }
}

void mrt_mve_multiply_spans(const mrt_mve_pixels_t *pixels, mrt_mve_span_t *spans, int32_t count)
{
    multiply_tiles(pixels, spans, 0, count);
}

/* Whether the last block of a filter ends with zeros: `rest` of 16 bytes, for each of `lanes` channels. */
static bool rest_is_zero(const int8_t *blocks, int32_t lanes, uint32_t rest)
{
    uint32_t found = 0u;
    for (int32_t lane = 0; lane < lanes; ++lane) {
        for (uint32_t i = (uint32_t)MRT_MVE_BYTES - rest; i < (uint32_t)MRT_MVE_BYTES; ++i) {
            found |= (uint8_t)blocks[((uint32_t)lane * (uint32_t)MRT_MVE_BYTES) + i];
        }
    }
    return found == 0u;
}

bool mrt_mve_groups_check(const mrt_call_t *call, uint32_t index, int32_t lanes, int32_t channels, uint64_t elements)
{
    const mrt_tensor_t *tensor = mrt_call_input(call, index);
    const uint64_t count = ((uint64_t)(uint32_t)channels + (uint32_t)lanes - 1u) / (uint32_t)lanes;
    const uint64_t blocks = (elements + (uint32_t)MRT_MVE_BYTES - 1u) / (uint32_t)MRT_MVE_BYTES;
    const uint64_t words = (3u + (4u * blocks)) * (uint32_t)lanes; /* of a group */
    if ((tensor->pool != (uint8_t)MRT_POOL_PARAMS)
        || !mrt_check_elements(tensor, (uint32_t)MRT_DTYPE_S32, count * words)) {
        return false;
    }
    const int8_t *groups = mrt_input_row(call, index, 0u); /* MISRA D1 */
    const uint32_t rest = (uint32_t)((blocks * (uint32_t)MRT_MVE_BYTES) - elements);
    bool sound = true;
    for (uint64_t group = 0u; sound && (group < count); ++group) {
        const uint64_t end = ((group + 1u) * words) - (2u * (uint64_t)(uint32_t)lanes);
        sound = rest_is_zero(&groups[4u * (end - (4u * (uint64_t)(uint32_t)lanes))], lanes, rest);
    }
    return sound;
}

bool mrt_mve_output_check(int32_t offset, int32_t low, int32_t high, int32_t scaling)
{
    return mrt_check_range(offset, -128, 127) && mrt_check_range(low, -128, high) && mrt_check_range(high, -128, 127)
           && mrt_check_range(scaling, 0, (int32_t)MRT_MVE_RECTIFIED);
}
