/**
 * @file vectors.h
 * @brief Matrix products of vectors, two at a time, for cores with the DSP extension, with weights of either width.
 */
#ifndef MRT_RUNTIME_KERNELS_DSP_VECTORS_H
#define MRT_RUNTIME_KERNELS_DSP_VECTORS_H

#include "micrort/kernels.h"
#include "runtime/kernels/dsp/products.h"

#include <stdbool.h>

/** The run of fully_connected_s8_dsp and its like; `multiply` takes weights of their width. */
mrt_status_t mrt_dsp_vectors_run(const mrt_call_t *call, mrt_dsp_multiply_two_t multiply);

/** Its workspace: the lanes of two vectors. */
uint32_t mrt_dsp_vectors_workspace(const void *attrs);

/** Its check. */
mrt_status_t mrt_dsp_vectors_check(const mrt_call_t *call, bool wide);

#endif
