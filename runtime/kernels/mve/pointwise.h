/**
 * @file pointwise.h
 * @brief Convolutions under windows of one pixel, from the pixels where they lie.
 */
#ifndef MRT_RUNTIME_KERNELS_MVE_POINTWISE_H
#define MRT_RUNTIME_KERNELS_MVE_POINTWISE_H

#include "micrort/kernel.h"
#include "micrort/kernels/mve.h"

#include <stdbool.h>
#include <stdint.h>

/** Whether each window is one pixel of the input, whatever its strides. */
bool mrt_mve_is_pointwise(const mrt_window_t *window);

/** Bytes of workspace of such a convolution. */
uint32_t mrt_mve_pointwise_workspace(const mrt_window_t *window);

/** Runs a call of conv2d_s8_mve whose window is pointwise. Returns whether it is. */
bool mrt_mve_pointwise(const mrt_call_t *call);

#endif
