/* Logistic function, int16, portable: interpolation between 256 points of one half of the curve. */
#include "micrort/kernels.h"
#include "runtime/kernels/elementwise.h"

/* Table entries leave out the leading half, so that they fit int16. */
#define HALF 32768
/* 1 in the unit of the interpolation, 2^-25. */
#define ONE 33554432

static int16_t logistic_at(int32_t position, const int16_t *table)
{
    const int32_t magnitude = (position < 0) ? -position : position;
    const int32_t cell = magnitude / 512;
    int32_t curve = INT32_C(0x7FFF) * 1024; /* in 2^-25, the upper half of the curve */
    if (cell < 255) {
        const int32_t left = table[cell] + HALF;
        const int32_t right = table[cell + 1] + HALF;
        curve = (left * 512) + ((magnitude % 512) * (right - left));
    }
    /* Round to 2^-15; the mirrored half rounds its ties the other way. */
    const int32_t rounded = (position >= 0) ? (curve + 512) : ((ONE - curve) + 511);
    return (int16_t)(rounded / 1024);
}

mrt_status_t mrt_logistic_s16_run(const mrt_call_t *call)
{
    const mrt_sigmoid_s16_attrs_t *attrs = call->attrs; /* MISRA D1 */
    const int16_t *table = mrt_input_s16(call, 1u, 0u);
    const uint32_t count = mrt_call_output(call, 0u)->row_bytes / (uint32_t)sizeof(int16_t);
    for (uint32_t row = call->row_begin; row < call->row_end; ++row) {
        const int16_t *input = mrt_input_s16(call, 0u, row);
        int16_t *output = mrt_output_s16(call, 0u, row);
        for (uint32_t index = 0u; index < count; ++index) {
            output[index] = logistic_at(mrt_sigmoid_position(input[index], attrs), table);
        }
    }
    return MRT_OK;
}

uint32_t mrt_logistic_s16_workspace(const void *attrs)
{
    (void)attrs;
    return 0u;
}

mrt_status_t mrt_logistic_s16_check(const mrt_call_t *call)
{
    return mrt_check_status(mrt_sigmoid_s16_sound(call));
}
