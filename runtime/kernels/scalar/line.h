/**
 * @file line.h
 * @brief A line of outputs of one channel, two at a time, for depthwise convolutions on cores without SIMD.
 *
 * The elements under one output of a line, of one channel, are words that lie one behind the other, those under the next
 * output some words further; each word holds elements for two outputs (lanes.h). The outputs of the low lanes lie one
 * beside the other, a pixel apart, those of the high lanes likewise, elsewhere.
 */
#ifndef MRT_RUNTIME_KERNELS_SCALAR_LINE_H
#define MRT_RUNTIME_KERNELS_SCALAR_LINE_H

#include "runtime/kernels/scalar/scale.h"

/** What a line is computed from. */
typedef struct mrt_scalar_line {
    const uint32_t *words;   /**< Under the first output. */
    const uint32_t *weights; /**< Of the channel, one a word, an even number. */
    uint32_t windows;        /**< Pairs of weights, 1..255. */
    uint32_t next_words;     /**< Words from those under an output to those under the next. */
    int8_t *low;             /**< The first output of the low lanes. */
    int8_t *high;            /**< The same of the high lanes. */
    uint32_t next_output;    /**< Elements from an output to the next. */
    uint32_t outputs;        /**< Of each lane, at least 1. */
} mrt_scalar_line_t;

/** Computes the outputs of a line by a channel's record. */
void mrt_scalar_line_run(const mrt_scalar_line_t *line, const mrt_scalar_scale_t *scale, const uint32_t *record);

#endif
