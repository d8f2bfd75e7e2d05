/**
 * @file patches.h
 * @brief Convolution with any window for cores with the DSP extension, with weights of either width: the patches of two
 *        pixels are widened, then multiplied with all filters.
 *
 * Pixels go in pairs from row to row, so that narrow images fill the pairs too. Two that lie side by side, with windows
 * that no border cuts off on the left or right, are widened straight from the image. At the borders, where channels come
 * in a multiple of four, patches are widened tap by tap; else they are copied first.
 *
 * Elements of a patch come in this order, to which weights are brought by the compiler: of two tap rows the whole words of
 * the first, those of the second, then what is left of either, one element of each row in a pair of lanes. The last of an
 * odd number of rows is its own neighbour there, with weights of 0. What is left of the last quad has lanes of 0.
 */
#ifndef MRT_RUNTIME_KERNELS_DSP_PATCHES_H
#define MRT_RUNTIME_KERNELS_DSP_PATCHES_H

#include "micrort/kernels.h"
#include "runtime/kernels/dsp/products.h"

#include <stdbool.h>

/** The run of conv2d_s8_dsp and its like; `multiply` takes weights of their width. */
mrt_status_t mrt_dsp_patches_run(const mrt_call_t *call, mrt_dsp_multiply_two_t multiply);

/** Its workspace. */
uint32_t mrt_dsp_patches_workspace(const void *attrs);

/** Its check. */
mrt_status_t mrt_dsp_patches_check(const mrt_call_t *call, bool wide);

#endif
