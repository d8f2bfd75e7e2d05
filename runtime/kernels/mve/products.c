#include "runtime/kernels/mve/products.h"

#include "runtime/kernels/check.h"
#include "runtime/kernels/product.h"

/* Output channels of a group. */
#define GROUP 4

/* One after another, the places of eight outputs: even lanes belong to one pixel, odd ones to another. */
static MRT_NOINLINE uint16x8_t places_of(uint16_t distance)
{
    uint16_t places[8];
    for (uint32_t lane = 0u; lane < 8u; ++lane) {
        places[lane] = (uint16_t)((lane / 2u) + (((lane % 2u) != 0u) ? distance : 0u));
    }
    return vldrhq_u16(places);
}

/* Two pixels, which may be the same, and where their outputs go. */
typedef struct pair {
    const int8_t *first;
    const int8_t *second;
    int8_t *output;
    uint16x8_t places;
} pair_t;

/* The first `channels` channels of two pixels; `scaling` is constant in each copy of this loop. */
static MRT_MVE_INLINE void multiply_pair(const mrt_mve_product_t *product, const pair_t *pair, int32_t channels,
                                         mrt_mve_scaling_t scaling)
{
    const mrt_mve_output_t end = product->output;
    const int32_t blocks = product->blocks;
    const int32_t *groups = product->groups;
    int8_t *output = pair->output;
    for (int32_t left = channels; left > 0; left -= GROUP) {
        const mrt_mve_sums_t sums = mrt_mve_dot_2x4(pair->first, pair->second, groups, &blocks);
        const int32x4_t multiplier = vldrwq_s32(sums.next);
        const int32x4_t shift = vldrwq_s32(&sums.next[GROUP]);
        const mrt_mve_scales_t scales = {multiplier, shift, multiplier, shift};
        const int16x8_t lanes = mrt_mve_scale(&sums, &scales, &end, scaling);
        if (scaling == MRT_MVE_ANY) {
            vstrbq_scatter_offset_p_s16(output, pair->places, lanes, vctp16q(2u * (uint32_t)left));
        } else {
            vstrbq_scatter_offset_s16(output, pair->places, lanes);
        }
        groups = &sums.next[2 * GROUP];
        output = &output[GROUP];
    }
}

/* The channels behind the last whole group. */
static MRT_NOINLINE void multiply_rest(const mrt_mve_product_t *product, const pair_t *pair)
{
    const int32_t whole = product->channels / GROUP;
    mrt_mve_product_t rest = *product;
    rest.groups = &product->groups[whole * (((3 + (4 * product->blocks))) * GROUP)];
    const pair_t behind = {pair->first, pair->second, &pair->output[whole * GROUP], pair->places};
    multiply_pair(&rest, &behind, product->channels % GROUP, MRT_MVE_ANY);
}

/* All channels of two pixels. Outputs of a whole group need no predicate, and any scaling is right for the rest. */
static MRT_MVE_INLINE void multiply_all(const mrt_mve_product_t *product, const pair_t *pair, mrt_mve_scaling_t scaling)
{
    const int32_t rest = (int32_t)((uint32_t)product->channels % (uint32_t)GROUP);
    multiply_pair(product, pair, product->channels - rest, scaling);
    if (rest != 0) {
        multiply_rest(product, pair);
    }
}

static MRT_MVE_INLINE void multiply(const mrt_mve_product_t *product, const int8_t *input, int32_t step,
                                    int32_t count, int8_t *output, mrt_mve_scaling_t scaling)
{
    pair_t pair = {input, input, output, places_of((uint16_t)product->channels)};
    for (int32_t left = count; left > 0; left -= 2) {
        pair.second = (left == 1) ? pair.first : &pair.first[step];
        if (left == 1) { /* twice the same, to the same place */
            pair.places = places_of(0u);
        }
        multiply_all(product, &pair, scaling);
        pair.first = &pair.second[step];
        pair.output = &pair.output[2 * product->channels];
    }
}

static MRT_NOINLINE void multiply_any(const mrt_mve_product_t *product, const int8_t *input, int32_t step,
                                      int32_t count, int8_t *output)
{
    multiply(product, input, step, count, output, MRT_MVE_ANY);
}

static MRT_NOINLINE void multiply_signed(const mrt_mve_product_t *product, const int8_t *input, int32_t step,
                                         int32_t count, int8_t *output)
{
    multiply(product, input, step, count, output, MRT_MVE_SIGNED);
}

static MRT_NOINLINE void multiply_rectified(const mrt_mve_product_t *product, const int8_t *input, int32_t step,
                                            int32_t count, int8_t *output)
{
    multiply(product, input, step, count, output, MRT_MVE_RECTIFIED);
}

void mrt_mve_multiply(const mrt_mve_product_t *product, const int8_t *input, int32_t step, int32_t count,
                      int8_t *output)
{
    if (product->scaling == (int32_t)MRT_MVE_RECTIFIED) {
        multiply_rectified(product, input, step, count, output);
    } else if (product->scaling == (int32_t)MRT_MVE_SIGNED) {
        multiply_signed(product, input, step, count, output);
    } else {
        multiply_any(product, input, step, count, output);
    }
}

bool mrt_mve_groups_check(const mrt_call_t *call, uint32_t index, int32_t lanes, int32_t channels, uint64_t elements)
{
    const uint64_t count = ((uint64_t)(uint32_t)channels + (uint32_t)lanes - 1u) / (uint32_t)lanes;
    const uint64_t blocks = (elements + (uint32_t)MRT_MVE_BYTES - 1u) / (uint32_t)MRT_MVE_BYTES;
    const uint64_t words = 3u + (4u * blocks);
    return mrt_check_elements(mrt_call_input(call, index), (uint32_t)MRT_DTYPE_S32, count * words * (uint32_t)lanes);
}

bool mrt_mve_output_check(int32_t offset, int32_t low, int32_t high, int32_t scaling)
{
    return mrt_check_range(offset, -128, 127) && mrt_check_range(low, -128, high) && mrt_check_range(high, -128, 127)
           && mrt_check_range(scaling, 0, (int32_t)MRT_MVE_RECTIFIED);
}
