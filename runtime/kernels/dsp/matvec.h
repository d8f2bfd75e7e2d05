/**
 * @file matvec.h
 * @brief Matrix products of one vector after the other for cores with the DSP extension, with weights of either width.
 */
#ifndef MRT_RUNTIME_KERNELS_DSP_MATVEC_H
#define MRT_RUNTIME_KERNELS_DSP_MATVEC_H

#include "micrort/kernels.h"
#include "runtime/kernels/dsp/products.h"

#include <stdbool.h>

/** The run of matvec_s8_dsp and its like; `multiply` takes weights of their width. */
mrt_status_t mrt_dsp_matvec_run(const mrt_call_t *call, mrt_dsp_multiply_one_t multiply);

/** Its workspace: a copy of a vector, or none. */
uint32_t mrt_dsp_matvec_workspace(const void *attrs);

/** Its check. */
mrt_status_t mrt_dsp_matvec_check(const mrt_call_t *call, bool wide);

#endif
