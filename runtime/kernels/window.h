/**
 * @file window.h
 * @brief What window kernels share: which taps of a window lie inside the input, and the proof of the geometry.
 */
#ifndef MRT_RUNTIME_KERNELS_WINDOW_H
#define MRT_RUNTIME_KERNELS_WINDOW_H

#include "micrort/kernels/window.h"

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
    taps.begin = (taps.origin >= 0) ? 0 : (((dilation - 1) - taps.origin) / dilation);
    const int32_t room = input_size - taps.origin;
    const int32_t fitting = (room <= 0) ? 0 : (((room - 1) / dilation) + 1);
    taps.end = (fitting < kernel_size) ? fitting : kernel_size;
    if (taps.end < taps.begin) {
        taps.end = taps.begin;
    }
    return taps;
}

/**
 * Proves a window: every size in range, output rows and columns start inside the padded input, and the element
 * counts of input and output equal those of the tensors, of `element_bytes` each.
 */
mrt_status_t mrt_window_check(const mrt_window_t *window, const mrt_tensor_t *input, const mrt_tensor_t *output,
                              uint32_t element_bytes);

#endif
