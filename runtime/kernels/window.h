/**
 * @file window.h
 * @brief What window kernels share: which taps of a window lie inside the input, where their elements lie, and the
 *        proof of the geometry.
 */
#ifndef MRT_RUNTIME_KERNELS_WINDOW_H
#define MRT_RUNTIME_KERNELS_WINDOW_H

#include "micrort/kernels/window.h"

#include <stdbool.h>

/** The taps [begin, end) of one axis that lie inside the input, and the input index of tap 0. */
typedef struct mrt_taps {
    int32_t begin;
    int32_t end;
    int32_t origin;
} mrt_taps_t;

/**
 * Taps of output index `output` along an axis of `input_size` elements.
 * All arguments as in mrt_window_t; the result is empty (begin == end) where the window misses the input.
 */
static inline mrt_taps_t mrt_window_taps(int32_t output, int32_t stride, int32_t padding, int32_t dilation,
                                         int32_t kernel_size, int32_t input_size)
{
    mrt_taps_t taps;
    taps.origin = (output * stride) - padding;
    taps.begin = 0;
    taps.end = kernel_size;
    const int32_t room = input_size - taps.origin;
    /* Most windows lie inside, and cores without a divider are in a hurry. */
    if ((taps.origin < 0) || ((((kernel_size - 1) * dilation) + 1) > room)) {
        taps.begin = (taps.origin >= 0) ? 0 : (((dilation - 1) - taps.origin) / dilation);
        const int32_t fitting = (room <= 0) ? 0 : (((room - 1) / dilation) + 1);
        taps.end = (fitting < kernel_size) ? fitting : kernel_size;
        if (taps.end < taps.begin) {
            taps.end = taps.begin;
        }
    }
    return taps;
}

/** Row pointers that mrt_lines_t keeps; rows beyond are looked up at each use. */
#define MRT_LINES_MAX 10

/** The input rows under one output row of a window kernel with input 0. */
typedef struct mrt_lines {
    const mrt_call_t *call;
    mrt_taps_t taps;
    uint32_t first_row; /**< Row of the batch's first input row. */
    int32_t dilation;
    const void *rows[MRT_LINES_MAX]; /**< Of the taps from taps.begin on. */
} mrt_lines_t;

/** Address of the input row under tap `tap`, from the graph's tables. */
static MRT_NOINLINE const void *mrt_lines_find(const mrt_lines_t *lines, int32_t tap)
{
    const int32_t row = lines->taps.origin + (tap * lines->dilation);
    return mrt_input_row(lines->call, 0u, lines->first_row + (uint32_t)row);
}

/** Makes the rows under row `row` of the output. */
static inline void mrt_lines_make(mrt_lines_t *lines, const mrt_call_t *call, const mrt_window_t *window, uint32_t row)
{
    const uint32_t output_height = (uint32_t)window->output_height;
    lines->call = call;
    const uint32_t y = row % output_height;
    lines->taps = mrt_window_taps((int32_t)y, window->stride_height, window->padding_top, window->dilation_height,
                                  window->kernel_height, window->input_height);
    lines->first_row = (row / output_height) * (uint32_t)window->input_height;
    lines->dilation = window->dilation_height;
    for (int32_t tap = lines->taps.begin; (tap < lines->taps.end) && ((tap - lines->taps.begin) < MRT_LINES_MAX);
         ++tap) {
        lines->rows[tap - lines->taps.begin] = mrt_lines_find(lines, tap);
    }
}

/** The same in a function of its own, so that its caller keeps nothing of it on the stack. */
void mrt_lines_make_apart(mrt_lines_t *lines, const mrt_call_t *call, const mrt_window_t *window, uint32_t row);

/** Address of the input row under tap `tap`, one of lines->taps. */
static inline const void *mrt_lines_row(const mrt_lines_t *lines, int32_t tap)
{
    const int32_t index = tap - lines->taps.begin;
    return (index < MRT_LINES_MAX) ? lines->rows[index] : mrt_lines_find(lines, tap);
}

/** The elements under the taps of one output column, as `count` runs of neighbouring elements in each tap row. */
typedef struct mrt_runs {
    int32_t count;
    int32_t length;       /**< Elements of a run, in the input and in the weights. */
    int32_t input;        /**< First element in an input row. */
    int32_t input_step;   /**< Elements from run to run in the input row. */
    int32_t weights;      /**< First element in a row of weights. */
    int32_t weights_step; /**< Elements from run to run in the row of weights. */
} mrt_runs_t;

/** Runs of one tap each under output column `x`: `length` elements of input, `weights_step` weights apart. */
static inline mrt_runs_t mrt_window_runs(const mrt_window_t *window, int32_t x, int32_t length, int32_t weights_step)
{
    const mrt_taps_t taps = mrt_window_taps(x, window->stride_width, window->padding_left, window->dilation_width,
                                            window->kernel_width, window->input_width);
    mrt_runs_t runs;
    runs.count = taps.end - taps.begin;
    runs.length = length;
    runs.input_step = window->dilation_width * window->input_channels;
    runs.weights_step = weights_step;
    /* An empty window may begin beyond the row; its first elements are not computed from there. */
    runs.input = (runs.count == 0) ? 0
                                   : ((taps.origin + (taps.begin * window->dilation_width)) * window->input_channels);
    runs.weights = (runs.count == 0) ? 0 : (taps.begin * weights_step);
    return runs;
}

/** Makes one run of those that follow one another without gaps in the input, as they do in weights. */
static inline void mrt_runs_join(mrt_runs_t *runs)
{
    if ((runs->count > 0) && (runs->input_step == runs->length)) {
        runs->length = runs->count * runs->length;
        runs->count = 1;
    }
}

/** Whether each window of an image is one pixel, the one at its place. */
static inline bool mrt_window_is_dense(const mrt_window_t *window)
{
    return (window->kernel_height == 1) && (window->kernel_width == 1) && (window->padding_top == 0)
           && (window->padding_left == 0) && (window->input_height == window->output_height)
           && (window->input_width == window->output_width) && (window->stride_height == 1)
           && (window->stride_width == 1);
}

/**
 * Whether a kernel that may write over its input goes from the last row to the first: where its output begins behind
 * the input, so that it does not write over rows that it has yet to read.
 */
static inline bool mrt_window_goes_back(const mrt_call_t *call)
{
    const mrt_tensor_t *source = mrt_call_input(call, 0u);
    const mrt_tensor_t *output = mrt_call_output(call, 0u);
    return !mrt_tensor_has_row_table(source) && !mrt_tensor_has_row_table(output) && (output->offset > source->offset);
}

/**
 * Whether a call has so many inputs and one output, input 0 and output 0 are of this dtype, and the window is sound:
 * every size in range, and the sizes of input and output those of the tensors.
 */
bool mrt_window_check(const mrt_call_t *call, const mrt_window_t *window, uint32_t inputs, uint32_t dtype);

#endif
