/**
 * @file patch.h
 * @brief Convolutions in little code, for cores with the DSP extension: what lies under a window is copied first, whatever
 *        the window, then multiplied where it lies, one output pixel after the other.
 */
#ifndef MRT_RUNTIME_KERNELS_DSP_PATCH_H
#define MRT_RUNTIME_KERNELS_DSP_PATCH_H

#include "micrort/kernels.h"

#include <stdbool.h>

/** All channels of an output pixel at `to`, from the patch under its window: tap rows, taps, channels. */
typedef void (*mrt_dsp_pixel_t)(const mrt_call_t *call, const int8_t *patch, int8_t *to);

/** The run of both kernels; `pixel` makes an output pixel. */
mrt_status_t mrt_dsp_patch_run(const mrt_call_t *call, mrt_dsp_pixel_t pixel);

/** Elements of a patch; of more than 2^26 as of so many and one. */
uint32_t mrt_dsp_patch_elements(const mrt_window_t *window);

/** The workspace of both: a patch in whole words. */
uint32_t mrt_dsp_patch_workspace(const void *attrs);

/** Whether all is sound but input 1. */
bool mrt_dsp_patch_check(const mrt_call_t *call);

#endif
