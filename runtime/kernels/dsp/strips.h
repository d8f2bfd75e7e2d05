/**
 * @file strips.h
 * @brief Depthwise convolution with 3 x 3 taps, int8, for cores with the DSP extension: what its kernels share.
 *
 * Four channels of a block of rows are brought into strips of lanes, padding included; then each output channel is
 * computed strip by strip: see three.h.
 */
#ifndef MRT_RUNTIME_KERNELS_DSP_STRIPS_H
#define MRT_RUNTIME_KERNELS_DSP_STRIPS_H

#include "micrort/kernel.h"
#include "runtime/kernels/dsp/three.h"

#include <stdbool.h>

/** The loops of a kernel, of three.h: strips of two rows of outputs, of one, and of one with a stride of 2. */
typedef struct mrt_dsp_loops {
    void (*two)(const mrt_dsp_three_t *made);
    void (*one)(const mrt_dsp_three_t *made);
    void (*wide)(const mrt_dsp_three_t *made);
    void (*widen)(const int8_t *const rows[MRT_DSP_THREE_ROWS], uint32_t pixel, uint32_t columns, uint32_t *lanes);
    uint32_t record_words;
    uint32_t words; /**< Of a channel in a column: MRT_DSP_THREE_WORDS, or MRT_DSP_THREE_WORDS_TALL for tall strips. */
} mrt_dsp_loops_t;

/** The run of depthwise3x3_s8_dsp and its like. */
mrt_status_t mrt_dsp_strips_run(const mrt_call_t *call, const mrt_dsp_loops_t *loops);

/** Its workspace; of tall strips. */
uint32_t mrt_dsp_strips_workspace(const void *attrs);
uint32_t mrt_dsp_strips_workspace_tall(const void *attrs);

/** Its check; `linear`: whether the records are those of linear outputs. Tall strips are always linear. */
mrt_status_t mrt_dsp_strips_check(const mrt_call_t *call, bool linear);
mrt_status_t mrt_dsp_strips_check_tall(const mrt_call_t *call);

#endif
