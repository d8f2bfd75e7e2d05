/**
 * @file products.h
 * @brief Products of int8 pixels with the weights of all output channels, for cores with the DSP extension.
 *
 * Elements of the input are widened once to lanes of 16 bits, in the order in which SXTB16 gives them: of four
 * elements first the pair (0, 2), then the pair (1, 3). Weights stay int8, four output channels at a time, and one word
 * holds the pair of lanes of two channels: each lane is 256 * odd + even. SMLAD with the word as it is makes
 * the sum of 256 * odd + even; SXTB16 of it leaves the even channel's weights, whose sum subtracted gives the odd
 * channel's. So two channels cost one instruction to unpack, not two.
 *
 * A group of four channels is one stream of words in the params, made by the compiler:
 *
 *     start[4]                  sums to begin with, of the channels (0, 256 * 1 + 0, 2, 256 * 3 + 2)
 *     weights[4 * quads]        for each pair of lanes a word of channels 0 and 1, and one of channels 2 and 3
 *     (multiplier, shift)[4]    of each channel, as mrt_dsp_scale in dot.h takes them
 *
 * Wide weights take twice as much, need nothing unpacked, and give sums that are doubled already:
 *
 *     start[4]                  twice the sums to begin with, of the channels 0 to 3
 *     weights[8 * quads]        for each pair of lanes a word of each channel: twice its weights
 *     (multiplier, shift)[4]
 *
 * Outputs may be linear in their sums (mrt_dsp_linear in dot.h), which are then 256 times themselves. What stands behind
 * the weights is for each pair of channels, the even one with what is added to 256 times its sum,
 *
 *     (addend, multiplier, odd multiplier)[2]
 *
 * and with wide weights, which are 256 times themselves, multiplier[4].
 */
#ifndef MRT_RUNTIME_KERNELS_DSP_PRODUCTS_H
#define MRT_RUNTIME_KERNELS_DSP_PRODUCTS_H

#include "micrort/kernel.h"

#include <stdbool.h>
#include <stdint.h>

/** Words of a group's sums to begin with; of a group beside its weights, where outputs are not linear. */
#define MRT_DSP_START_WORDS 4u
#define MRT_DSP_GROUP_WORDS 12u

/** Channels of a group. */
#define MRT_DSP_GROUP 4u

/** Words of a channel's scale. */
#define MRT_DSP_SCALE_WORDS 2u

/** Words of a group's scales where outputs are linear, by the width of weights. */
#define MRT_DSP_LINEAR_WORDS 6u
#define MRT_DSP_LINEAR_WIDE_WORDS 4u

/** Where a walk along the stream of groups is, and the widened input that each group multiplies. */
typedef struct mrt_dsp_walk {
    const uint32_t *lanes;  /**< Widened input: `quads` times two pairs of lanes of two pixels. */
    const uint32_t *groups; /**< The next group. */
    uint32_t quads;         /**< Elements of the input, divided by four. */
    uint32_t step;          /**< See mrt_dsp_step; MRT_DSP_STEP_LINEAR where outputs are linear. */
    uint32_t channels;      /**< Of the output. */
} mrt_dsp_walk_t;

/** No step: that of any zero point is odd. */
#define MRT_DSP_STEP_LINEAR 0u

/** What a scale's offset is made of, from the output's zero point: the zero point and one half, doubled. */
static inline uint32_t mrt_dsp_step(int32_t output_point)
{
    return (2u * (uint32_t)output_point) + 1u;
}

/** The step of a walk. */
static inline uint32_t mrt_dsp_walk_step(int32_t output_point, int32_t linear)
{
    return (linear != 0) ? MRT_DSP_STEP_LINEAR : mrt_dsp_step(output_point);
}

/** Words of lanes that `quads` times four elements of two pixels take. */
#define MRT_DSP_LANES_TWO 4u

/** Pairs of so many pixels; the last of an odd number counts twice. */
static inline uint32_t mrt_dsp_pairs(uint32_t pixels)
{
    return (pixels / 2u) + (pixels % 2u);
}

/** Widens `count` elements of two pixels; returns the word behind the last. What is left of the last quad is 0. */
uint32_t *mrt_dsp_widen_two(const int8_t *a, const int8_t *b, uint32_t count, uint32_t *lanes);

/** Where the outputs of two pixels go. */
typedef struct mrt_dsp_places {
    int8_t *a;
    int8_t *b;
} mrt_dsp_places_t;

/** Brings the next two pixels of `source` to the lanes of its walk, and gives their places. */
typedef void (*mrt_dsp_next_two_t)(void *source, mrt_dsp_places_t *to);

/** Pixels to multiply. */
typedef struct mrt_dsp_pixels {
    mrt_dsp_next_two_t next;
    void *source;
    uint32_t pairs;
} mrt_dsp_pixels_t;

/** All output channels of some pairs of pixels. */
void mrt_dsp_multiply_two(const mrt_dsp_walk_t *walk, const mrt_dsp_pixels_t *pixels);

/** The same by wide weights. */
void mrt_dsp_multiply_two_wide(const mrt_dsp_walk_t *walk, const mrt_dsp_pixels_t *pixels);

/** One of the two above. */
typedef void (*mrt_dsp_multiply_two_t)(const mrt_dsp_walk_t *walk, const mrt_dsp_pixels_t *pixels);

/**
 * All output channels of one pixel, straight from its elements, of which there are whole quads; needs no lanes. Outputs
 * are not linear.
 */
void mrt_dsp_multiply_one(const mrt_dsp_walk_t *walk, const int8_t *from, int8_t *a);

/** The same by wide weights. */
void mrt_dsp_multiply_one_wide(const mrt_dsp_walk_t *walk, const int8_t *from, int8_t *a);

/** One of the two above. */
typedef void (*mrt_dsp_multiply_one_t)(const mrt_dsp_walk_t *walk, const int8_t *from, int8_t *a);

/** Limits the output rows of a call to low..high, each an int8; nothing to do where that is the whole range. */
void mrt_dsp_clamp_rows(const mrt_call_t *call, int32_t low, int32_t high);

/** Elements divided by four, rounded up. */
static inline uint32_t mrt_dsp_quads(uint32_t elements)
{
    return (elements / 4u) + (((elements % 4u) != 0u) ? 1u : 0u);
}

/** Bytes of the lanes of `quads`; for more quads than MRT_DSP_QUADS_MAX as for so many. */
uint32_t mrt_dsp_lanes_bytes(uint32_t quads);

/** What groups are said to hold. */
typedef struct mrt_dsp_layout {
    uint32_t channels; /**< At least 1. */
    uint32_t quads;    /**< Of a filter, at least 1; more than MRT_DSP_QUADS_MAX are refused. */
    bool wide;         /**< Whether weights are. */
    int32_t linear;    /**< Whether outputs are: 0 or 1, any other is refused. */
} mrt_dsp_layout_t;

/**
 * Whether input 1 is a constant of int32 words that holds such groups: all shifts, where there are any, within 0..30.
 */
bool mrt_dsp_groups_check(const mrt_call_t *call, const mrt_dsp_layout_t *layout);

/**
 * Whether input 0 and the output are int8, the output's rows hold whole vectors of `channels` elements, and the input as
 * many of `depth`, at most INT32_MAX; both are at least 1.
 */
bool mrt_dsp_vectors_fit(const mrt_call_t *call, uint32_t depth, uint32_t channels);

/** Whether an output's zero point and clamp are int8, and the clamp is a range. */
bool mrt_dsp_output_check(int32_t point, int32_t low, int32_t high);

/** Most quads: their lanes' bytes stay far below 2^31. */
#define MRT_DSP_QUADS_MAX (UINT32_C(1) << 24u)

#endif
