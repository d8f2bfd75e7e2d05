#include "runtime/kernels/mve/products.h"

#include "runtime/kernels/check.h"
#include "runtime/kernels/mve/tiles.h"
#include "runtime/kernels/product.h"

/* Twice as many channels, so far behind, are within reach of 8 bits. */
#define TWINS_DISTANCE 248

/* All groups of all pairs of one span, with any scaling. */
static MRT_NOINLINE void multiply_any(const mrt_mve_tiles_t *tiles)
{
    const int8_t *first = tiles->spans->at[0];
    const int8_t *second = tiles->spans->at[1];
    int8_t *output = tiles->output;
    for (int32_t pair = 0; pair < tiles->pairs; ++pair) {
        const int32_t move = (pair == 0) ? tiles->first_moves[0] : tiles->moves[0];
        const int32_t *groups = tiles->groups;
        for (int32_t channel = 0; channel < tiles->channels; channel += MRT_MVE_GROUP) {
            const mrt_mve_sums_t sums = mrt_mve_dot_2x4(first, second, groups, &tiles->blocks);
            const int32x4_t multiplier = vldrwq_s32(sums.next);
            const int32x4_t shift = vldrwq_s32(&sums.next[MRT_MVE_GROUP]);
            const mrt_mve_scales_t scales = {multiplier, shift, multiplier, shift};
            vstrbq_scatter_offset_s16(&output[channel], tiles->places,
                                      mrt_mve_scale(&sums, &scales, &tiles->end, MRT_MVE_ANY));
            groups = &sums.next[2 * MRT_MVE_GROUP];
        }
        if ((pair + 1) < tiles->pairs) {
            first = &first[move];
            second = &second[move];
            output = &output[(pair == 0) ? tiles->first_output_move : tiles->output_move];
        }
    }
}

/* Likewise of any spans, but not with any scaling. */
static MRT_NOINLINE void multiply_tiles(const mrt_mve_tiles_t *tiles, int32_t scaling)
{
    mrt_mve_tiles(tiles, (scaling == (int32_t)MRT_MVE_RECTIFIED) ? MRT_MVE_RECTIFIED : MRT_MVE_SIGNED);
}

static MRT_NOINLINE void multiply_twins(const mrt_mve_tiles_t *tiles, int32_t distance)
{
    mrt_mve_twins(tiles, mrt_mve_twin_places(distance));
}

/*
 * All channels of pairs of one span, whose pixels' outputs are `distance` apart: groups two by two, one by one, what is
 * left.
 */
static void multiply_pairs(const mrt_mve_product_t *product, mrt_mve_tiles_t *tiles, int32_t distance)
{
    const int32_t words = (3 + (4 * product->blocks)) * MRT_MVE_GROUP; /* of a group */
    const bool twins = (product->scaling == (int32_t)MRT_MVE_RECTIFIED) && (product->blocks <= MRT_MVE_STEPS)
                       && (distance <= TWINS_DISTANCE);
    const int8_t *const first = tiles->spans[0].at[0];
    const int8_t *const second = tiles->spans[0].at[1];
    int8_t *output = tiles->output;
    int32_t done = 0;
    tiles->groups = product->groups;
    if (twins && (product->channels >= (2 * MRT_MVE_GROUP))) {
        done = product->channels - (product->channels % (2 * MRT_MVE_GROUP));
        tiles->channels = done;
        multiply_twins(tiles, distance);
    }
    while (done < product->channels) {
        const int32_t left = product->channels - done;
        const int32_t whole = left - (left % MRT_MVE_GROUP);
        tiles->spans[0].at[0] = first; /* of the first pair again */
        tiles->spans[0].at[1] = second;
        tiles->groups = &product->groups[(done / MRT_MVE_GROUP) * words];
        tiles->output = &output[done];
        tiles->channels = (whole > 0) ? whole : MRT_MVE_GROUP;
        tiles->places = mrt_mve_places((whole > 0) ? MRT_MVE_GROUP : left, distance);
        if (product->scaling == (int32_t)MRT_MVE_ANY) {
            multiply_any(tiles);
        } else {
            multiply_tiles(tiles, product->scaling);
        }
        done += tiles->channels;
    }
}

/* Pairs of pixels; from one to the next in the direction of the signs of `step` and `output_step`, which are those of
 * pixels, the same ones within pairs. */
static MRT_NOINLINE void multiply_along(const mrt_mve_product_t *product, const int8_t *input, int32_t step,
                                        int32_t count, int8_t *output, int32_t output_step)
{
    const bool alone = count == 1; /* twice the same, to the same place */
    const int32_t first = ((count % 2) != 0) ? 1 : 2; /* pixels from the first pair to the second */
    const int32_t moves[2] = {first * step, 2 * step};
    const int32_t distance = (output_step < 0) ? -output_step : output_step;
    mrt_mve_span_t spans[2]; /* member by member: an initialiser would first clear it, by a call */
    spans[0].at[0] = input;
    spans[0].at[1] = alone ? input : &input[(step < 0) ? -step : step];
    mrt_mve_tiles_t tiles; /* likewise */
    tiles.spans = spans;
    tiles.span_count = 1;
    tiles.first_moves = moves;
    tiles.moves = &moves[1];
    tiles.first_output_move = first * output_step;
    tiles.output_move = 2 * output_step;
    tiles.pairs = (count + 1) / 2;
    tiles.blocks = product->blocks;
    tiles.output = output;
    tiles.end = product->output;
    multiply_pairs(product, &tiles, alone ? 0 : distance);
}

void mrt_mve_multiply(const mrt_mve_product_t *product, const int8_t *input, int32_t step, int32_t count,
                      int8_t *output, int32_t output_step)
{
    if (count > 0) {
        multiply_along(product, input, step, count, output, output_step);
    }
}

void mrt_mve_multiply_back(const mrt_mve_product_t *product, const int8_t *input, int32_t step, int32_t count,
                           int8_t *output, int32_t output_step)
{
    const int32_t last = (count > 1) ? (count - 2) : 0;
    multiply_along(product, &input[last * step], -step, count, &output[last * output_step], -output_step);
}

void mrt_mve_multiply_spans(const mrt_mve_product_t *product, const mrt_mve_pairs_t *pairs, int8_t *output)
{
    mrt_mve_tiles_t tiles; /* member by member, as above */
    tiles.spans = pairs->spans;
    tiles.span_count = pairs->span_count;
    tiles.first_moves = pairs->moves;
    tiles.moves = pairs->moves;
    tiles.first_output_move = 2 * product->channels;
    tiles.output_move = 2 * product->channels;
    tiles.pairs = pairs->count;
    tiles.groups = product->groups;
    tiles.blocks = pairs->blocks;
    tiles.output = output;
    tiles.channels = product->channels;
    tiles.places = mrt_mve_places(MRT_MVE_GROUP, product->channels);
    tiles.end = product->output;
    multiply_tiles(&tiles, product->scaling);
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
