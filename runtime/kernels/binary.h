/**
 * @file binary.h
 * @brief What the arithmetic kernels with two operands share: how a broadcast operand is read, scaled sums, clamps.
 */
#ifndef MRT_RUNTIME_KERNELS_BINARY_H
#define MRT_RUNTIME_KERNELS_BINARY_H

#include "micrort/kernels/binary.h"
#include "runtime/kernels/clamp.h"
#include "runtime/kernels/requantise.h"

#include <stdbool.h>

/** Axes of mrt_broadcast_t that make rows. */
#define MRT_BROADCAST_ROW_AXES 4

/** How an operand is read: what one step along each axis of the output is worth in it; 0 where it is repeated. */
typedef struct mrt_operand {
    uint32_t row_step[MRT_BROADCAST_ROW_AXES]; /* in rows of the operand */
    uint32_t width_step;                       /* in elements */
    uint32_t channel_step;                     /* in elements */
    bool rows_agree;                           /* row i of the output needs row i of the operand */
} mrt_operand_t;

/** The steps of the operand whose repeated axes are the bits of `repeats`. */
mrt_operand_t mrt_broadcast_operand(const mrt_broadcast_t *broadcast, int32_t repeats);

/** The operand's row that output row `row` needs. */
uint32_t mrt_broadcast_row(const mrt_broadcast_t *broadcast, const mrt_operand_t *operand, uint32_t row);

/** Proves a call of a binary kernel: two inputs and an output of `dtype` whose sizes are those of the broadcast. */
bool mrt_broadcast_is_sound(const mrt_call_t *call, const mrt_broadcast_t *broadcast, uint32_t dtype);

/** Proves that the arithmetic of add and sub stays within int32 for operands and output in low..high. */
bool mrt_addition_is_sound(const mrt_addition_attrs_t *attrs, int32_t low, int32_t high);

/** Proves that the arithmetic of mul stays within int32, for offsets of operands up to `offset_max`. */
bool mrt_multiplication_is_sound(const mrt_multiplication_attrs_t *attrs, int32_t offset_max, int32_t low,
                                 int32_t high);

/** An operand of add or sub, given less its zero point, at the common scale: value * headroom, scaled. */
static inline int32_t mrt_common_scale(int32_t value, int32_t headroom, int32_t multiplier, int32_t shift)
{
    return mrt_requantise(value * headroom, multiplier, shift);
}

/** The output of add or sub from a sum at the common scale. */
static inline int32_t mrt_addition_output(const mrt_addition_attrs_t *attrs, int32_t sum)
{
    const int32_t scaled = mrt_requantise(sum, attrs->output_multiplier, attrs->output_shift);
    return mrt_clamp(scaled + attrs->output_offset, attrs->activation_min, attrs->activation_max);
}

/** The output of mul from the product of both operands less their zero points. */
static inline int32_t mrt_multiplication_output(const mrt_multiplication_attrs_t *attrs, int32_t product)
{
    /* Clamped before the offset is added: a large product may scale to the end of int32. */
    const int32_t low = attrs->activation_min - attrs->output_offset;
    const int32_t high = attrs->activation_max - attrs->output_offset;
    return mrt_clamp(mrt_requantise(product, attrs->multiplier, attrs->shift), low, high) + attrs->output_offset;
}

#endif
