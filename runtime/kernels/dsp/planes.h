/**
 * @file planes.h
 * @brief Channels of a depthwise convolution as planes of lanes of 16 bits, padding included, for taps.h.
 *
 * Lines go along the inner axis: the width, or the height ("transposed"). A line is one array of words, each with the
 * two elements that neighbouring taps of an output multiply; or some arrays, one for each pair of taps.
 */
#ifndef MRT_RUNTIME_KERNELS_DSP_PLANES_H
#define MRT_RUNTIME_KERNELS_DSP_PLANES_H

#include "micrort/kernels.h"

#include <stdbool.h>

/** Channels that are brought into planes at a time; all of an input that has fewer. */
#define MRT_DSP_PLANES 4u

/** How elements lie in words: near, each is two neighbours; far, two that are as far apart as the taps. */
typedef struct mrt_dsp_order {
    bool near;
    uint32_t apart;     /**< Elements between the two of a word. */
    uint32_t next_word; /**< Elements from a word to the next. */
    uint32_t steps;     /**< Of a line: pairs of taps; near also those of neighbours that begin a lane later. */
    uint32_t arrays;    /**< Of a line: one for all steps, or where strides keep these apart one for each. */
    uint32_t next_step; /**< Words of an array from a step to the next; 0 where each has one. */
    uint32_t behind;    /**< Words of an array behind those of the first step. */
} mrt_dsp_order_t;

/** Sizes of a block of so many output rows. */
typedef struct mrt_dsp_extents {
    uint32_t lines;
    uint32_t array_words;
    uint32_t line_words;
    uint32_t used_words; /**< Of an array: those that outputs depend on. */
} mrt_dsp_extents_t;

/** What planes are made from. */
typedef struct mrt_dsp_planes {
    const mrt_call_t *call;
    const mrt_window_t *window;
    uint32_t *words; /**< Plane behind plane. */
    uint32_t point;  /**< Four zero points. */
    bool transposed;
    /* What mrt_dsp_order_of gives. */
    bool near;
    uint16_t apart;
    uint16_t next_word;
    uint16_t arrays;
    /* The rest is set by mrt_dsp_planes_place. */
    uint16_t image;       /**< The image's first row of the input. */
    uint16_t inner_begin; /**< The first inner index inside the image that outputs depend on, if there are any. */
    int32_t inner_end;    /**< Behind the last of them. */
    int32_t outer_origin; /**< The input's outer index of line 0. */
    int32_t inner_origin; /**< The input's inner index of lane 0. */
    mrt_dsp_extents_t extents;
    uint32_t plane_words;
    const int8_t *first; /**< Transposed: the row at inner_begin, if rows adjoin; else null. */
    uint32_t pitch;      /**< Elements from one inner index to the next. */
} mrt_dsp_planes_t;

/** The order of elements under a window. */
mrt_dsp_order_t mrt_dsp_order_of(const mrt_window_t *window, bool transposed);

/** The sizes of a block of `rows` output rows, at least 1. Those of a window that was checked stay within uint32. */
mrt_dsp_extents_t mrt_dsp_extents_of(const mrt_window_t *window, bool transposed, int32_t rows);

/** Begins planes of a call, whose words begin at `words`. */
void mrt_dsp_planes_begin(mrt_dsp_planes_t *planes, const mrt_call_t *call, uint32_t *words);

/** Turns to the `rows` output rows from `row` on, which lie in one image. */
void mrt_dsp_planes_place(mrt_dsp_planes_t *planes, uint32_t row, uint32_t rows);

/**
 * Makes the planes of `channels` channels, at most MRT_DSP_PLANES, from `channel` on; what lies outside the image only
 * with `borders`: it stays as it is.
 */
void mrt_dsp_planes_make(const mrt_dsp_planes_t *planes, uint32_t channel, uint32_t channels, bool borders);

#endif
