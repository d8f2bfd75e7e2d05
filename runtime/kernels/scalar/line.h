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

/** What a line is computed from. The scale comes first: assembly takes it from there. */
typedef struct mrt_scalar_line {
    mrt_scalar_scale_t scale;        /**< Of the call, and by mrt_scalar_line_record of a channel. */
    const uint32_t *record;          /**< Of a channel. */
    uint32_t *words;                 /**< Under the first output; not written to. */
    const uint32_t *weights;         /**< Of the channel, one a word, an even number of at least 2. */
    const uint32_t *weights_end;     /**< Behind them. */
    uint32_t next_words;             /**< Bytes from the words under an output to those under the next. */
    int8_t *low;                     /**< The first output of the low lanes. */
    int8_t *high;                    /**< The same of the high lanes; moved on by mrt_scalar_line_run. */
    int8_t *low_end;                 /**< Behind the last output of the low lanes, where the next one would be. */
    uint32_t next_output;            /**< Elements from an output to the next. */
    uint32_t skip;                   /**< What mrt_scalar_line_skip gives. */
} mrt_scalar_line_t;

/** Takes a channel's record. */
static inline void mrt_scalar_line_record(mrt_scalar_line_t *line, const uint32_t *record)
{
    line->record = record;
    line->scale.rest = record[1] & 0xFFFFu;
    line->scale.factor = record[1] >> 16u;
    line->scale.step = &record[3];
}

/** The code that a line leaves out in front of the first of `windows` pairs of weights. */
uint32_t mrt_scalar_line_skip(uint32_t windows);

/** Computes the outputs of a line. */
void mrt_scalar_line_run(mrt_scalar_line_t *line);

#endif
