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

#include "runtime/kernels/scalar/lanes.h"
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
    uint32_t elements;         /**< How many words. */
    const uint32_t *groups;
    uint32_t whole;            /**< Channels of the output in whole groups. */
    uint32_t rest;             /**< Further channels; at least 1 with those. */
    uint32_t skip;             /**< What mrt_scalar_quads_skip gives. */
    /* What assembly works with; nothing to set. */
    const uint32_t *group;
    int8_t *output;
    int8_t *end;
    int32_t sum;
    int8_t last[MRT_SCALAR_QUAD]; /**< Outputs of the group of further channels. */
} mrt_scalar_quads_t;

/** The code that a group leaves out in front of the first of so many pairs of elements. */
uint32_t mrt_scalar_quads_skip(uint32_t pairs);

/** Computes an output pixel. */
void mrt_scalar_quads_multiply(mrt_scalar_quads_t *quads, int8_t *output);

#if MRT_SCALAR_ASSEMBLY == 1

/** Elements as words, sign extended; returns the word behind the last. */
static inline uint32_t *mrt_scalar_quads_widen(const int8_t *elements, uint32_t count, uint32_t *words)
{
    uint32_t *to = words;
    const int8_t *even = &elements[count];
    const int8_t *odd = &even[1];
    int32_t i = -(int32_t)count;
    __asm volatile( /* MISRA D5 */
        "    .syntax unified\n"
        "    lsrs    r2, %[i], #1\n"
        "    bcc     1f\n"
        "    ldrsb   r2, [%[even], %[i]]\n"
        "    stm     %[to]!, {r2}\n"
        "    adds    %[i], #1\n"
        "1:  lsrs    r2, %[i], #2\n"
        "    bcc     3f\n"
        "    ldrsb   r2, [%[even], %[i]]\n"
        "    ldrsb   r3, [%[odd], %[i]]\n"
        "    stm     %[to]!, {r2, r3}\n"
        "    adds    %[i], #2\n"
        "3:  cmp     %[i], #0\n"
        "    beq     4f\n"
        "2:  ldrsb   r2, [%[even], %[i]]\n"
        "    ldrsb   r3, [%[odd], %[i]]\n"
        "    adds    %[i], #2\n"
        "    ldrsb   r4, [%[even], %[i]]\n"
        "    ldrsb   r5, [%[odd], %[i]]\n"
        "    stm     %[to]!, {r2, r3, r4, r5}\n"
        "    adds    %[i], #2\n"
        "    bne     2b\n"
        "4:\n"
        : [to] "+l"(to), [i] "+l"(i)
        : [even] "l"(even), [odd] "l"(odd)
        : "r2", "r3", "r4", "r5", "cc", "memory");
    return to;
}

#else

static inline uint32_t *mrt_scalar_quads_widen(const int8_t *elements, uint32_t count, uint32_t *words)
{
    for (uint32_t i = 0u; i < count; ++i) {
        words[i] = (uint32_t)(int32_t)elements[i];
    }
    return &words[count];
}

#endif

#endif
