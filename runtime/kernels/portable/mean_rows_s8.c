/* Averages over a whole image, int8, row by row: the image need not exist as a whole. */
#include "micrort/kernels.h"
#include "runtime/kernels/check.h"
#include "runtime/kernels/mean.h"
#include "runtime/kernels/pool2d.h"

/* Elements of an average, so that its sum fits in int32. */
#define COUNT_MAX 65535u

/* Adds row `row` of the input to the sums before it. */
static void add_row(const mrt_call_t *call, const mrt_mean_rows_attrs_t *attrs, uint32_t row)
{
    const int8_t *input = mrt_input_s8(call, 0u, row);
    int32_t *sums = mrt_output_s32(call, 0u, row);
    const int32_t *before = (row == 0u) ? NULL : mrt_output_s32(call, 0u, row - 1u);
    const int32_t channels = attrs->channels;
    for (int32_t channel = 0; channel < channels; ++channel) {
        int32_t sum = (before == NULL) ? 0 : before[channel];
        const int8_t *element = &input[channel];
        for (int32_t left = attrs->width; left > 1; --left) {
            sum += *element;
            element = &element[channels];
        }
        sums[channel] = sum + *element;
    }
}

static int8_t output_of(const mrt_mean_rows_attrs_t *attrs, const mrt_mean_attrs_t *scale, int32_t sum)
{
    const int32_t count = attrs->rows * attrs->width;
    const int32_t average = (attrs->pooled == 1) ? mrt_pool2d_average(sum, count)
                                                 : mrt_mean_output(scale, sum, (uint32_t)count, INT8_MIN, INT8_MAX);
    return (int8_t)mrt_clamp(average, attrs->activation_min, attrs->activation_max);
}

static mrt_mean_attrs_t scale_of(const mrt_mean_rows_attrs_t *attrs)
{
    const mrt_mean_attrs_t scale = {
        .input_offset = attrs->input_offset,
        .output_offset = attrs->output_offset,
        .multiplier = attrs->multiplier,
        .shift = attrs->shift,
    };
    return scale;
}

mrt_status_t mrt_mean_rows_s8_run(const mrt_call_t *call)
{
    const mrt_mean_rows_attrs_t *attrs = call->attrs; /* MISRA D1 */
    for (uint32_t row = call->row_begin; row < call->row_end; ++row) {
        add_row(call, attrs, row);
    }
    if (call->row_end == (uint32_t)attrs->rows) {
        const mrt_mean_attrs_t scale = scale_of(attrs);
        const int32_t *sums = mrt_output_s32(call, 0u, call->row_end - 1u);
        int8_t *output = mrt_output_s8(call, 1u, 0u);
        for (int32_t channel = 0; channel < attrs->channels; ++channel) {
            output[channel] = output_of(attrs, &scale, sums[channel]);
        }
    }
    return MRT_OK;
}

uint32_t mrt_mean_rows_s8_workspace(const void *attrs)
{
    (void)attrs;
    return 0u;
}

/* Whether a tensor is `rows` rows of `elements` elements. */
static bool has_rows(const mrt_tensor_t *tensor, uint32_t dtype, uint32_t rows, uint64_t elements)
{
    return mrt_check_dtype(tensor, dtype) && (tensor->rows == rows)
           && (tensor->row_bytes == (elements * mrt_check_dtype_bytes(dtype)));
}

mrt_status_t mrt_mean_rows_s8_check(const mrt_call_t *call)
{
    const mrt_mean_rows_attrs_t *attrs = call->attrs; /* MISRA D1 */
    if (!mrt_check_counts(call, 1u, 2u) || !mrt_check_range(attrs->rows, 1, UINT16_MAX)
        || !mrt_check_range(attrs->width, 1, UINT16_MAX) || (attrs->channels < 1)) {
        return MRT_ERR_ATTRIBUTE;
    }
    const uint32_t rows = (uint32_t)attrs->rows;
    const uint64_t channels = (uint32_t)attrs->channels;
    const mrt_mean_attrs_t scale = scale_of(attrs);
    return mrt_check_status(
        ((rows * (uint32_t)attrs->width) <= COUNT_MAX) && mrt_check_range(attrs->pooled, 0, 1)
        && has_rows(mrt_call_input(call, 0u), (uint32_t)MRT_DTYPE_S8, rows, channels * (uint32_t)attrs->width)
        && has_rows(mrt_call_output(call, 0u), (uint32_t)MRT_DTYPE_S32, rows, channels)
        && has_rows(mrt_call_output(call, 1u), (uint32_t)MRT_DTYPE_S8, 1u, channels)
        && mrt_mean_scale_is_sound(&scale, INT8_MIN, INT8_MAX)
        && mrt_check_range(attrs->activation_min, INT8_MIN, attrs->activation_max)
        && mrt_check_range(attrs->activation_max, INT8_MIN, INT8_MAX));
}
