/**
 * @file convolution.h
 * @brief The proof that all convolution kernels share.
 */
#ifndef MRT_KERNELS_CONVOLUTION_H
#define MRT_KERNELS_CONVOLUTION_H

#include "micrort/kernels/window.h"

#include <stdbool.h>

/** Element types (mrt_dtype_t) of a convolution's tensors; input and output have the same. */
typedef struct mrt_convolution_types {
    uint32_t input;
    uint32_t weights;
    uint32_t bias;
} mrt_convolution_types_t;

/**
 * Whether input 0, weights, bias and output 0 fit a window: counts of arguments (3 inputs, or 5 where the types are
 * not float), geometry, dtypes, sizes.
 * @param weight_depth Weights for each tap and output channel: at most window->input_channels.
 */
bool mrt_convolution_check(const mrt_call_t *call, const mrt_window_t *window, int32_t weight_depth,
                           const mrt_convolution_types_t *types);

/** Whether groups divide the window's input and output channels. */
bool mrt_convolution_check_groups(const mrt_window_t *window, int32_t groups);

#endif
