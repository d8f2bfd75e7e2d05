#include "runtime/kernels/mve/pointwise.h"

#include "micrort/kernels.h"
#include "runtime/kernels/mve/products.h"
#include "runtime/kernels/window.h"

#include <stddef.h>

/* Runs of pixels that follow one another. */
#define RUNS 2

typedef struct pointwise {
    const mrt_call_t *call;
    int32_t partial; /* Pixels at the end of several that follow one another, behind which nothing may be read. */
    int32_t count;   /* Of runs. */
    mrt_mve_run_t runs[RUNS];
    mrt_mve_pixels_t pixels;
} pointwise_t;

/* Exact for sizes that were checked. */
bool mrt_mve_is_pointwise(const mrt_window_t *window)
{
    return (window->kernel_height == 1) && (window->kernel_width == 1) && (window->padding_top == 0)
           && (window->padding_left == 0)
           && ((((uint32_t)window->output_width - 1u) * (uint32_t)window->stride_width) < (uint32_t)window->input_width)
           && ((((uint32_t)window->output_height - 1u) * (uint32_t)window->stride_height)
               < (uint32_t)window->input_height);
}

static inline int32_t pixel_step(const mrt_window_t *window)
{
    return window->stride_width * window->input_channels;
}

/* Pixels at the end of several from which on a whole block reaches behind the last one. */
static inline int32_t partial_pixels(const mrt_window_t *window)
{
    const int32_t rest = window->input_channels % MRT_MVE_BYTES;
    const int32_t step = pixel_step(window);
    return (rest == 0) ? 0 : (((MRT_MVE_BYTES - rest) + (step - 1)) / step);
}

static inline void add_run(pointwise_t *pointwise, const int8_t *input, int8_t *output, int32_t pairs)
{
    mrt_mve_make_run(&pointwise->runs[pointwise->count], &pointwise->pixels, input, output, pairs);
    pointwise->count += 1;
}

/* `count` pixels from `input` on, from a copy of all of them where partial ones are among them. */
static MRT_NOINLINE void add_last_pixels(pointwise_t *pointwise, const int8_t *input, int8_t *output, int32_t count)
{
    const mrt_mve_pixels_t *pixels = &pointwise->pixels;
    const int8_t *from = input;
    if (pointwise->partial > 0) {
        int8_t *copy = (int8_t *)mrt_workspace(pointwise->call); /* MISRA D1 */
        const int32_t bytes = ((count - 1) * pixels->step) + pixels->attrs->window.input_channels;
        mrt_mve_copy(copy, input, (uint32_t)bytes);
        from = copy;
    }
    add_run(pointwise, from, output, mrt_mve_pairs(count));
    if ((count > 1) && ((count % 2) != 0)) {
        add_run(pointwise, &from[(count - 2) * pixels->step], &output[(count - 2) * pixels->output_step], 1);
    }
}

/*
 * The runs of `count` pixels: pairs where they lie, as far as whole blocks may be read there, then the others. A pair
 * behind those shares a pixel with them where that makes it one.
 */
static inline void add_pixels(pointwise_t *pointwise, const int8_t *input, int8_t *output, int32_t count)
{
    mrt_mve_pixels_t *pixels = &pointwise->pixels;
    const int32_t whole = count - pointwise->partial;
    int32_t done = 0;
    pointwise->count = 0;
    pixels->distance = (count == 1) ? 0 : pixels->output_step;
    if (whole > 1) {
        add_run(pointwise, input, output, whole / 2);
        done = whole - (whole % 2);
    }
    if (done < count) {
        done -= ((done > 0) && (((count - done) % 2) != 0)) ? 1 : 0;
        add_last_pixels(pointwise, &input[done * pixels->step], &output[done * pixels->output_step], count - done);
    }
}

/* All pixels, over the input itself, from the last one to the first. */
static MRT_NOINLINE void add_back(pointwise_t *pointwise)
{
    const mrt_call_t *call = pointwise->call;
    mrt_mve_pixels_t *pixels = &pointwise->pixels;
    const mrt_window_t *window = &pixels->attrs->window;
    const uint32_t all = (call->row_end - call->row_begin) * (uint32_t)window->output_width;
    const int32_t count = (int32_t)all;
    const int8_t *input = mrt_input_s8(call, 0u, call->row_begin);
    int8_t *output = mrt_output_s8(call, 0u, call->row_begin);
    pixels->step = -window->input_channels;
    pixels->output_step = -window->output_channels;
    pixels->distance = (count == 1) ? 0 : window->output_channels;
    pointwise->count = 0;
    if (count > 1) {
        add_run(pointwise, &input[(count - 2) * window->input_channels],
                &output[(count - 2) * window->output_channels], count / 2);
    }
    if ((count % 2) != 0) {
        add_run(pointwise, input, output, 1);
    }
}

/* The row of the input that output row `row` is made of. */
static inline uint32_t source_of(const mrt_window_t *window, uint32_t row)
{
    const uint32_t height = (uint32_t)window->output_height;
    const uint32_t image = row / height;
    const uint32_t y = (row - (image * height)) * (uint32_t)window->stride_height;
    return (image * (uint32_t)window->input_height) + y;
}

bool mrt_mve_pointwise(const mrt_call_t *call)
{
    const mrt_conv2d_s8_mve_attrs_t *attrs = (const mrt_conv2d_s8_mve_attrs_t *)call->attrs; /* MISRA D1 */
    const mrt_window_t *window = &attrs->window;
    const bool dense = mrt_window_is_dense(window);
    if (!dense && !mrt_mve_is_pointwise(window)) {
        return false;
    }
    pointwise_t pointwise; /* member by member: an initialiser would first clear it, by a call */
    pointwise.call = call;
    pointwise.partial = partial_pixels(window);
    pointwise.pixels.attrs = attrs;
    pointwise.pixels.groups = mrt_input_s32(call, 1u, 0u);
    pointwise.pixels.blocks = mrt_mve_blocks(window->input_channels);
    pointwise.pixels.spans = 1;
    pointwise.pixels.step = pixel_step(window);
    pointwise.pixels.output_step = window->output_channels;
    const bool back = dense && (pointwise.partial == 0) && mrt_window_goes_back(call); /* the output may lie over it */
    uint32_t row = call->row_begin;
    while (row < call->row_end) {
        uint32_t end = back ? call->row_end : (row + 1u);
        if (back) {
            add_back(&pointwise);
        } else {
            if (dense) { /* rows whose pixels follow one another, so that none but the last ends with half a pair */
                end = mrt_rows_adjoin(call, mrt_call_output(call, 0u), row, call->row_end);
                end = mrt_rows_adjoin(call, mrt_call_input(call, 0u), row, end);
            }
            const uint32_t count = (end - row) * (uint32_t)window->output_width;
            add_pixels(&pointwise, mrt_input_s8(call, 0u, dense ? row : source_of(window, row)),
                       mrt_output_s8(call, 0u, row), (int32_t)count);
        }
        mrt_mve_multiply(&pointwise.pixels, pointwise.runs, pointwise.count);
        row = end;
    }
    return true;
}

uint32_t mrt_mve_pointwise_workspace(const mrt_window_t *window)
{
    const int32_t partial = partial_pixels(window);
    const int32_t between = (partial + ((partial + 1) % 2)) * pixel_step(window); /* of an even number of pixels */
    const int32_t bytes = (partial == 0) ? 0 : (between + (mrt_mve_blocks(window->input_channels) * MRT_MVE_BYTES));
    return ((uint32_t)bytes + 3u) & ~3u;
}
