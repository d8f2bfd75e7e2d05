/**
 * @file products.h
 * @brief Products of pixels with all output channels, for kernels whose weights come in groups of four channels.
 */
#ifndef MRT_RUNTIME_KERNELS_MVE_PRODUCTS_H
#define MRT_RUNTIME_KERNELS_MVE_PRODUCTS_H

#include "micrort/kernel.h"
#include "runtime/kernels/mve/scale.h"

#include <stdbool.h>

/** The output channels of a kernel and what makes them. */
typedef struct mrt_mve_product {
    const int32_t *groups; /**< As micrort/kernels/mve.h lays them out. */
    int32_t blocks;        /**< Times 16: elements of a filter. */
    int32_t channels;
    mrt_mve_output_t output;
    int32_t scaling; /**< An mrt_mve_scaling_t. */
} mrt_mve_product_t;

/**
 * Outputs of `count` pixels: pixel i is the blocks * 16 elements from input[i * step] on, all of which are read.
 * Outputs lie one behind the other.
 */
void mrt_mve_multiply(const mrt_mve_product_t *product, const int8_t *input, int32_t step, int32_t count,
                      int8_t *output);

/** Blocks of 16 that hold `elements`, which is not negative. */
static inline int32_t mrt_mve_blocks(int32_t elements)
{
    return (elements / MRT_MVE_BYTES) + (((elements % MRT_MVE_BYTES) != 0) ? 1 : 0);
}

/**
 * Whether an input is a constant of groups of `lanes` channels, enough for `channels` filters of `elements` (at least 1),
 * each continued by weights of 0, so that what stands behind the elements under it is of no matter.
 */
bool mrt_mve_groups_check(const mrt_call_t *call, uint32_t index, int32_t lanes, int32_t channels, uint64_t elements);

/** Whether offset, clamp and scaling are in range. */
bool mrt_mve_output_check(int32_t offset, int32_t low, int32_t high, int32_t scaling);

#endif
