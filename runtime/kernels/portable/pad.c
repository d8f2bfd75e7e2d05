/* Padding with a constant, up to five dimensions, any dtype, portable. */
#include "micrort/kernels.h"
#include "runtime/kernels/check.h"
#include "runtime/kernels/elements.h"

/* Input row behind row `row` of the output; false where the row is all padding. */
static bool input_row_of(const mrt_pad_attrs_t *attrs, uint32_t row, uint32_t *input_row)
{
    const int32_t output = (int32_t)row;
    const int32_t i2 = (output % attrs->output_2) - attrs->before_2;
    const int32_t i1 = ((output / attrs->output_2) % attrs->output_1) - attrs->before_1;
    const int32_t i0 = ((output / attrs->output_2) / attrs->output_1) - attrs->before_0;
    const bool inside = (i0 >= 0) && (i0 < attrs->input_0) && (i1 >= 0) && (i1 < attrs->input_1) && (i2 >= 0)
                        && (i2 < attrs->input_2);
    const int32_t source = (((i0 * attrs->input_1) + i1) * attrs->input_2) + i2;
    *input_row = inside ? (uint32_t)source : 0u;
    return inside;
}

/* A row that holds input: padding, then columns with padding around each, then padding. */
static void pad_row(const mrt_pad_attrs_t *attrs, const void *source, void *target)
{
    const uint32_t bytes = (uint32_t)attrs->element_bytes;
    const uint32_t column = (uint32_t)attrs->input_4 * bytes;
    const int32_t after = attrs->output_4 - (attrs->before_4 + attrs->input_4);
    const int32_t columns_after = attrs->output_3 - (attrs->before_3 + attrs->input_3);
    /* What lies between two columns of input is filled in one go. */
    const uint32_t before = (uint32_t)attrs->before_4;
    uint32_t gap = ((uint32_t)attrs->before_3 * (uint32_t)attrs->output_4) + before;
    uint32_t offset = 0u;
    for (int32_t x = 0; x < attrs->input_3; ++x) {
        mrt_elements_fill(mrt_address_mut(target, offset), gap, attrs->value, attrs->element_bytes);
        offset += gap * bytes;
        (void)memcpy(mrt_address_mut(target, offset), mrt_address(source, (uint32_t)x * column), column);
        offset += column;
        gap = (uint32_t)after + before;
    }
    gap = (uint32_t)after + ((uint32_t)columns_after * (uint32_t)attrs->output_4);
    mrt_elements_fill(mrt_address_mut(target, offset), gap, attrs->value, attrs->element_bytes);
}

mrt_status_t mrt_pad_run(const mrt_call_t *call)
{
    const mrt_pad_attrs_t *attrs = call->attrs; /* MISRA D1 */
    const uint32_t count = (uint32_t)attrs->output_3 * (uint32_t)attrs->output_4;
    for (uint32_t row = call->row_begin; row < call->row_end; ++row) {
        uint32_t input_row = 0u;
        void *target = mrt_output_row(call, 0u, row);
        if (input_row_of(attrs, row, &input_row)) {
            pad_row(attrs, mrt_input_row(call, 0u, input_row), target);
        } else {
            mrt_elements_fill(target, count, attrs->value, attrs->element_bytes);
        }
    }
    return MRT_OK;
}

mrt_rows_t mrt_reads_pad(const mrt_call_t *call, uint32_t input)
{
    const mrt_pad_attrs_t *attrs = call->attrs; /* MISRA D1 */
    mrt_rows_t rows = {0u, 0u};
    if (input == 0u) {
        for (uint32_t row = call->row_begin; row < call->row_end; ++row) {
            uint32_t input_row = 0u;
            if (input_row_of(attrs, row, &input_row)) { /* rows come in order */
                rows.begin = (rows.end == 0u) ? input_row : rows.begin;
                rows.end = input_row + 1u;
            }
        }
    }
    return rows;
}

uint32_t mrt_pad_workspace(const void *attrs)
{
    (void)attrs;
    return 0u;
}

/* Whether three row dimensions and two dimensions within a row are those of the tensor. */
static bool shape_sound(const mrt_tensor_t *tensor, const int32_t sizes[5], int32_t element_bytes)
{
    for (uint32_t axis = 0u; axis < 5u; ++axis) {
        if (sizes[axis] < 1) {
            return false;
        }
    }
    const int32_t limit = UINT16_MAX;
    if ((sizes[0] > limit) || (sizes[1] > limit) || (sizes[2] > limit)) {
        return false; /* more rows than a tensor has; below it the product of three fits uint64 */
    }
    const uint64_t rows = (uint64_t)(uint32_t)sizes[0] * (uint32_t)sizes[1] * (uint32_t)sizes[2];
    const uint64_t elements = (uint64_t)(uint32_t)sizes[3] * (uint32_t)sizes[4];
    return (rows == tensor->rows) && (elements <= (uint64_t)INT32_MAX)
           && ((elements * (uint32_t)element_bytes) == tensor->row_bytes);
}

mrt_status_t mrt_pad_check(const mrt_call_t *call)
{
    const mrt_pad_attrs_t *attrs = call->attrs; /* MISRA D1 */
    const int32_t input[5] = {attrs->input_0, attrs->input_1, attrs->input_2, attrs->input_3, attrs->input_4};
    const int32_t before[5] = {attrs->before_0, attrs->before_1, attrs->before_2, attrs->before_3, attrs->before_4};
    const int32_t output[5] = {attrs->output_0, attrs->output_1, attrs->output_2, attrs->output_3, attrs->output_4};
    if (!mrt_check_unary(call) || !mrt_elements_known(attrs->element_bytes)) {
        return MRT_ERR_ATTRIBUTE;
    }
    const mrt_tensor_t *source = mrt_call_input(call, 0u);
    const mrt_tensor_t *target = mrt_call_output(call, 0u);
    bool sound = shape_sound(source, input, attrs->element_bytes) && shape_sound(target, output, attrs->element_bytes)
                 && (mrt_check_dtype_bytes(target->dtype) == (uint32_t)attrs->element_bytes);
    for (uint32_t axis = 0u; axis < 5u; ++axis) {
        sound = sound && (before[axis] >= 0) && (((int64_t)before[axis] + input[axis]) <= output[axis]);
    }
    return mrt_check_status(sound);
}
