/**
 * @file quads.h
 * @brief A vector times all filters, four at a time, for cores without SIMD and models that may grow for speed.
 *
 * As in lanes.h one multiplication makes two products, but of two channels: a word of weights is first + second * 2^16.
 * The vector's elements are words too, so that all operands come by loads of several words. A group, of four channels
 * (A: 0 and 1, B: 2 and 3), is, in words:
 *
 *     0    a record for each channel, taken apart (scale.h)
 *     20   a step for each channel
 *     24   windows: 1, where the sums of eight products fit into a lane; 0, where those of two do
 *     25   weights: for each two elements two words of A, two of B
 */
#ifndef MRT_RUNTIME_KERNELS_SCALAR_QUADS_H
#define MRT_RUNTIME_KERNELS_SCALAR_QUADS_H

#include "runtime/kernels/scalar/scale.h"

/** Channels of a group. */
#define MRT_SCALAR_QUAD 4u

/** Places in a group, in words. */
#define MRT_SCALAR_QUAD_STEPS 20u
#define MRT_SCALAR_QUAD_WINDOWS 24u
#define MRT_SCALAR_QUAD_WEIGHTS 25u

/** Elements of a window of eight. */
#define MRT_SCALAR_QUAD_EIGHT 8u

/** What a vector is multiplied with. */
typedef struct mrt_scalar_quads {
    mrt_scalar_apart_t shared; /**< By all channels. */
    const uint32_t *words;     /**< The vector; behind it, where that makes their number even, any word. */
    const uint32_t *words_end; /**< Behind all of them. */
    const uint32_t *groups;
    uint32_t channels;         /**< Of the output, at least 1. */
    uint32_t skip;             /**< What mrt_scalar_quads_skip gives. */
    /* What assembly works with; nothing to set. */
    const uint32_t *group;
    int8_t *output;
    int8_t *end;
    int32_t sum;
} mrt_scalar_quads_t;

/** The code that a group leaves out in front of the first of so many pairs of elements. */
uint32_t mrt_scalar_quads_skip(uint32_t pairs);

/** Computes an output pixel. */
void mrt_scalar_quads_multiply(mrt_scalar_quads_t *quads, int8_t *output);

/** Elements as words, sign extended. */
void mrt_scalar_quads_widen(const int8_t *elements, uint32_t count, uint32_t *words);

#endif
