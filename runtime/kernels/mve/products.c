#include "runtime/kernels/mve/products.h"

#include "runtime/kernels/check.h"
#include "runtime/kernels/mve/tiles.h"
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

/* The channels from `begin` on, which begins a group, with any scaling. */
static MRT_NOINLINE void multiply_pair(const mrt_mve_product_t *product, const pair_t *pair, int32_t begin)
{
    const int32_t *groups = &product->groups[(begin / GROUP) * ((3 + (4 * product->blocks)) * GROUP)];
    int8_t *output = &pair->output[begin];
    for (int32_t left = product->channels - begin; left > 0; left -= GROUP) {
        const mrt_mve_sums_t sums = mrt_mve_dot_2x4(pair->first, pair->second, groups, &product->blocks);
        const int32x4_t multiplier = vldrwq_s32(sums.next);
        const int32x4_t shift = vldrwq_s32(&sums.next[GROUP]);
        const mrt_mve_scales_t scales = {multiplier, shift, multiplier, shift};
        vstrbq_scatter_offset_p_s16(output, pair->places,
                                    mrt_mve_scale(&sums, &scales, &product->output, MRT_MVE_ANY),
                                    vctp16q(2u * (uint32_t)left));
        groups = &sums.next[2 * GROUP];
        output = &output[GROUP];
    }
}

/* All channels of two pixels. Whole groups need no predicate, and any scaling is right for the rest. */
static MRT_MVE_INLINE void multiply_all(const mrt_mve_product_t *product, const pair_t *pair,
                                        mrt_mve_scaling_t scaling)
{
    int32_t whole = 0;
    if (scaling != MRT_MVE_ANY) {
        whole = product->channels - (int32_t)((uint32_t)product->channels % (uint32_t)GROUP);
        if (whole > 0) {
            const mrt_mve_tiles_t tiles = {.pixels = {pair->first, pair->second},
                                           .groups = product->groups,
                                           .blocks = product->blocks,
                                           .output = pair->output,
                                           .end = &pair->output[whole],
                                           .offset = product->output.offset,
                                           .places = pair->places};
            mrt_mve_tiles_2x4(&tiles, scaling);
        }
    }
    if (whole < product->channels) {
        multiply_pair(product, pair, whole);
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
