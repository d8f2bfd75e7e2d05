/**
 * @file matvec.h
 * @brief Matrix products of one vector after the other for cores with the DSP extension, with weights of either width.
 */
#ifndef MRT_RUNTIME_KERNELS_DSP_MATVEC_H
#define MRT_RUNTIME_KERNELS_DSP_MATVEC_H

#include "micrort/kernels.h"
#include "runtime/kernels/dsp/products.h"

#include <string.h>

/** The elements of a vector: within a row, or a copy of several. */
static inline const int8_t *mrt_dsp_matvec_input(const mrt_call_t *call, uint32_t depth, uint32_t vector, bool copied)
{
    const uint32_t row_bytes = mrt_call_input(call, 0u)->row_bytes;
    if (!copied) {
        const uint32_t inputs = row_bytes / depth;
        const uint32_t row = vector / inputs;
        return &mrt_input_s8(call, 0u, row)[(vector - (row * inputs)) * depth];
    }
    const uint32_t rows = depth / row_bytes;
    int8_t *copy = mrt_workspace(call); /* MISRA D1 */
    for (uint32_t row = 0u; row < rows; ++row) {
        (void)memcpy(&copy[row * row_bytes], mrt_input_s8(call, 0u, (vector * rows) + row), row_bytes);
    }
    return copy;
}

/** The run of matvec_s8_dsp and its like. */
static MRT_INLINE mrt_status_t mrt_dsp_matvec_run(const mrt_call_t *call, mrt_dsp_multiply_one_t multiply)
{
    const mrt_matvec_s8_dsp_attrs_t *attrs = call->attrs; /* MISRA D1 */
    const uint32_t depth = (uint32_t)attrs->depth;
    const uint32_t channels = (uint32_t)attrs->channels;
    const uint32_t outputs = mrt_call_output(call, 0u)->row_bytes / channels;
    const uint32_t *groups = mrt_input_row(call, 1u, 0u); /* MISRA D1 */
    const mrt_dsp_walk_t walk = {NULL, groups, depth / 4u, mrt_dsp_step(attrs->output_point)};
    for (uint32_t row = call->row_begin; row < call->row_end; ++row) {
        int8_t *to = mrt_output_s8(call, 0u, row);
        for (uint32_t i = 0u; i < outputs; ++i) {
            const int8_t *from = mrt_dsp_matvec_input(call, depth, (row * outputs) + i, attrs->copied == 1);
            multiply(&walk, channels, from, &to[i * channels]);
        }
    }
    mrt_dsp_clamp_rows(call, attrs->activation_min, attrs->activation_max);
    return MRT_OK;
}

/** Its workspace: a copy of a vector, or none. */
uint32_t mrt_dsp_matvec_workspace(const void *attrs);

/** Its check. */
mrt_status_t mrt_dsp_matvec_check(const mrt_call_t *call, bool wide);

#endif
