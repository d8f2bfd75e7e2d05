/**
 * @file pool2d.h
 * @brief What the pooling kernels share.
 */
#ifndef MRT_RUNTIME_KERNELS_POOL2D_H
#define MRT_RUNTIME_KERNELS_POOL2D_H

#include "micrort/kernels/pool2d.h"
#include "runtime/kernels/clamp.h"
#include "runtime/kernels/requantise.h"

#include <stdbool.h>

/** Proves a call of a pooling kernel: input and output of `dtype`, and every window at least one element. */
bool mrt_pool2d_is_sound(const mrt_call_t *call, const mrt_window_t *window, uint32_t dtype);

/** Whether the clamp of a quantised pool lies in low..high. */
bool mrt_pool2d_clamp_is_sound(const mrt_pool2d_attrs_t *attrs, int32_t low, int32_t high);

/** sum / count to nearest, ties away from zero; count 1..65535, sum that many elements of at most 16 bits. */
static inline int32_t mrt_pool2d_average(int32_t sum, int32_t count)
{
    /* A count is at least 1. NOLINTNEXTLINE(clang-analyzer-core.DivideZero) */
    return (sum > 0) ? ((sum + (count / 2)) / count) : ((sum - (count / 2)) / count);
}

#endif
