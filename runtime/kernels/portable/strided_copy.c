/* Slices, transpositions and reversals of up to six dimensions, any dtype, portable. */
#include "micrort/kernels.h"
#include "runtime/kernels/check.h"
#include "runtime/kernels/elements.h"

/* Index in the input of the first element of row `row` of the output. */
static int32_t row_start(const mrt_strided_copy_attrs_t *attrs, uint32_t row)
{
    int32_t rest = (int32_t)row;
    const int32_t i3 = rest % attrs->size_3;
    rest /= attrs->size_3;
    const int32_t i2 = rest % attrs->size_2;
    rest /= attrs->size_2;
    const int32_t i1 = rest % attrs->size_1;
    const int32_t i0 = rest / attrs->size_1;
    const int32_t outer = attrs->start + (i0 * attrs->stride_0) + (i1 * attrs->stride_1);
    return outer + (i2 * attrs->stride_2) + (i3 * attrs->stride_3);
}

mrt_status_t mrt_strided_copy_run(const mrt_call_t *call)
{
    const mrt_strided_copy_attrs_t *attrs = call->attrs; /* MISRA D1 */
    const void *source = mrt_input_row(call, 0u, 0u);
    const uint32_t column_bytes = (uint32_t)attrs->size_5 * (uint32_t)attrs->element_bytes;
    for (uint32_t row = call->row_begin; row < call->row_end; ++row) {
        void *target = mrt_output_row(call, 0u, row);
        const int32_t first = row_start(attrs, row);
        for (int32_t x = 0; x < attrs->size_4; ++x) {
            mrt_elements_gather(mrt_address_mut(target, (uint32_t)x * column_bytes), source,
                                first + (x * attrs->stride_4), attrs->size_5, attrs->stride_5, attrs->element_bytes);
        }
    }
    return MRT_OK;
}

uint32_t mrt_strided_copy_workspace(const void *attrs)
{
    (void)attrs;
    return 0u;
}

/* Whether four row dimensions and two dimensions within a row are those of the output. */
static bool output_sound(const int32_t sizes[6], const mrt_tensor_t *output, uint32_t element_bytes)
{
    uint64_t rows = 1u;
    for (uint32_t axis = 0u; axis < 4u; ++axis) {
        if (!mrt_check_range(sizes[axis], 1, UINT16_MAX)) {
            return false;
        }
        rows *= (uint32_t)sizes[axis]; /* four factors below 2^16 */
    }
    if ((sizes[4] < 1) || (sizes[5] < 1)) {
        return false;
    }
    const uint64_t elements = (uint64_t)(uint32_t)sizes[4] * (uint32_t)sizes[5];
    return (rows == output->rows) && (elements <= (uint64_t)INT32_MAX) && ((elements * element_bytes) == output->row_bytes);
}

/* Whether start and all steps stay within 0..count-1; so does every partial sum of them. */
static bool indices_sound(int32_t start, const int32_t sizes[6], const int32_t strides[6], int64_t count)
{
    int64_t lowest = start;
    int64_t highest = start;
    for (uint32_t axis = 0u; axis < 6u; ++axis) {
        const int64_t reach = ((int64_t)sizes[axis] - 1) * strides[axis];
        lowest += (reach < 0) ? reach : 0;
        highest += (reach > 0) ? reach : 0;
        if ((lowest < 0) || (highest >= count)) {
            return false; /* checked at each axis, which also keeps the sums in int64 */
        }
    }
    return true;
}

mrt_status_t mrt_strided_copy_check(const mrt_call_t *call)
{
    const mrt_strided_copy_attrs_t *attrs = call->attrs; /* MISRA D1 */
    const int32_t sizes[6] = {attrs->size_0, attrs->size_1, attrs->size_2,
                              attrs->size_3, attrs->size_4, attrs->size_5};
    const int32_t strides[6] = {attrs->stride_0, attrs->stride_1, attrs->stride_2,
                                attrs->stride_3, attrs->stride_4, attrs->stride_5};
    if (!mrt_check_unary(call) || !mrt_elements_known(attrs->element_bytes)) {
        return MRT_ERR_ATTRIBUTE;
    }
    const uint32_t bytes = (uint32_t)attrs->element_bytes;
    const mrt_tensor_t *input = mrt_call_input(call, 0u);
    const mrt_tensor_t *output = mrt_call_output(call, 0u);
    const uint64_t count = mrt_check_bytes(input) / bytes;
    const bool typed = (mrt_check_dtype_bytes(input->dtype) == bytes)
                       && (mrt_check_dtype_bytes(output->dtype) == bytes) && mrt_check_at_one_stride(input);
    return mrt_check_status(typed && (count <= (uint64_t)INT32_MAX) && output_sound(sizes, output, bytes)
                            && indices_sound(attrs->start, sizes, strides, (int64_t)count));
}
