#include "runtime/kernels/mve/products.h"

#include "runtime/kernels/check.h"
#include "runtime/kernels/mve/tiles.h"
#include "runtime/kernels/product.h"

/* Twice as many channels, so far behind, are within reach of 8 bits. */
#define TWINS_DISTANCE 248

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

/* Channels from `done` on of a run, with any scaling, which is read again for each group, since all registers take part
 * in sums. */
static MRT_NOINLINE void multiply_any(const mrt_mve_pixels_t *pixels, const mrt_mve_run_t *run, int32_t done)
{
    const mrt_conv2d_s8_mve_attrs_t *attrs = pixels->attrs;
    const int32_t channels = channels_from(pixels, done);
    const int32_t *const start = groups_from(pixels, done);
    const uint16x8_t places = mrt_mve_places(channels, pixels->distance);
    const int8_t *first = run->at[0];
    const int8_t *second = run->at[1];
    for (int8_t *output = run->output; output != run->end; output = &output[2 * pixels->output_step]) {
        const int32_t *groups = start;
        for (int32_t channel = 0; channel < channels; channel += MRT_MVE_GROUP) {
            const mrt_mve_sums_t sums = mrt_mve_dot_2x4(first, second, groups, &pixels->blocks);
            const int32x4_t multiplier = vldrwq_s32(sums.next);
            const int32x4_t shift = vldrwq_s32(&sums.next[MRT_MVE_GROUP]);
            const mrt_mve_scales_t scales = {multiplier, shift, multiplier, shift};
            const mrt_mve_output_t end = {attrs->output_offset, attrs->activation_min, attrs->activation_max};
            vstrbq_scatter_offset_s16(&output[done + channel], places,
                                      mrt_mve_scale(&sums, &scales, &end, MRT_MVE_ANY));
            groups = &sums.next[2 * MRT_MVE_GROUP];
        }
        first = &first[2 * pixels->step];
        second = &second[2 * pixels->step];
    }
}

/* Channels from `done` on of a run, but not with any scaling; `spans` are those of its first pair. */
static MRT_NOINLINE void multiply_tiles(const mrt_mve_pixels_t *pixels, const mrt_mve_run_t *run, mrt_mve_span_t *spans,
                                        int32_t done)
{
    const mrt_conv2d_s8_mve_attrs_t *attrs = pixels->attrs;
    const int32_t channels = channels_from(pixels, done);
    mrt_mve_tiles_t tiles; /* member by member: an initialiser would first clear it, by a call */
    tiles.places = mrt_mve_places(channels, pixels->distance);
    tiles.spans = spans;
    tiles.span_count = pixels->spans;
    tiles.move = (pixels->step < 0) ? -2 : 2;
    tiles.distance = (pixels->step < 0) ? -pixels->step : pixels->step;
    tiles.output_move = 2 * pixels->output_step;
    tiles.last = &run->end[done];
    tiles.groups = groups_from(pixels, done);
    tiles.blocks = (pixels->spans == 1) ? pixels->blocks : (pixels->blocks / pixels->spans);
    tiles.output = &run->output[done];
    tiles.channels = (channels < MRT_MVE_GROUP) ? MRT_MVE_GROUP : channels;
    tiles.end.offset = attrs->output_offset;
    tiles.end.low = attrs->activation_min;
    tiles.end.high = attrs->activation_max;
    mrt_mve_tiles(&tiles, (mrt_mve_scaling_t)attrs->scaling);
}

/* Likewise two groups at a time, of runs of one span. */
static MRT_NOINLINE void multiply_twins(const mrt_mve_pixels_t *pixels, const mrt_mve_run_t *runs,
                                        const mrt_mve_run_t *end, int32_t channels)
{
    mrt_mve_twins(pixels, runs, end, channels, mrt_mve_twin_places(pixels->distance));
}

/* Channels from `done` on of a run, less than twice a group or with other scaling. */
static void multiply_run(const mrt_mve_pixels_t *pixels, const mrt_mve_run_t *run, int32_t done)
{
    if (pixels->attrs->scaling == (int32_t)MRT_MVE_ANY) {
        multiply_any(pixels, run, done);
    } else {
        mrt_mve_span_t spans[2];
        spans[0].at[0] = run->at[0];
        spans[0].at[1] = run->at[1];
        multiply_tiles(pixels, run, spans, done);
    }
}

/* All channels: groups two by two, one by one, what is left; where that is more than one of these, run by run. */
void mrt_mve_multiply(const mrt_mve_pixels_t *pixels, const mrt_mve_run_t *runs, int32_t count)
{
    const int32_t channels = pixels->attrs->window.output_channels;
    const bool twins = (pixels->attrs->scaling == (int32_t)MRT_MVE_RECTIFIED) && (pixels->blocks <= MRT_MVE_STEPS)
                       && (pixels->distance <= TWINS_DISTANCE);
    const int32_t twin_channels = twins ? (channels - (channels % (2 * MRT_MVE_GROUP))) : 0;
    const mrt_mve_run_t *const end = &runs[count];
    const mrt_mve_run_t *run = runs;
    while (run != end) {
        const mrt_mve_run_t *next = (twin_channels == channels) ? end : &run[1];
        if (twin_channels > 0) {
            multiply_twins(pixels, run, next, twin_channels);
        }
        for (int32_t done = twin_channels; done < channels; done += channels_from(pixels, done)) {
            multiply_run(pixels, run, done);
        }
        run = next;
    }
}

void mrt_mve_multiply_spans(const mrt_mve_pixels_t *pixels, const mrt_mve_run_t *run, mrt_mve_span_t *spans)
{
    multiply_tiles(pixels, run, spans, 0);
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
