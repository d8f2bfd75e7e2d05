/* Concatenation of any number of tensors along any axis, any dtype, portable. */
#include "micrort/kernels.h"
#include "runtime/kernels/check.h"

#include <string.h>

/* Whether the axis lies within the rows, so that a row of the output is made of one row of each input. */
static bool joins_rows(const mrt_call_t *call, uint32_t outer)
{
    const uint32_t rows = mrt_call_output(call, 0u)->rows;
    bool equal = ((outer % rows) == 0u);
    for (uint32_t index = 0u; index < call->input_count; ++index) {
        equal = equal && (mrt_call_input(call, index)->rows == rows);
    }
    return equal;
}

/* One row of the output: `count` times a chunk of each input's same row. */
static void join_row(const mrt_call_t *call, uint32_t row, uint32_t count)
{
    const uint32_t stride = mrt_call_output(call, 0u)->row_bytes / count;
    uint32_t first = 0u;
    for (uint32_t index = 0u; index < call->input_count; ++index) {
        const uint32_t chunk = mrt_call_input(call, index)->row_bytes / count;
        const uint8_t *source = mrt_input_u8(call, index, row);
        uint8_t *target = &mrt_output_u8(call, 0u, row)[first];
        for (uint32_t item = 0u; item < count; ++item) {
            (void)memcpy(&target[item * stride], &source[item * chunk], chunk);
        }
        first += chunk;
    }
}

/* The bytes of one chunk that fall into [begin, end) of the output; `position` is where the chunk goes. */
static void copy_part(uint8_t *output, const uint8_t *source, uint32_t position, uint32_t chunk,
                      const uint32_t range[2])
{
    const uint32_t begin = (position > range[0]) ? position : range[0];
    const uint32_t end = ((position + chunk) < range[1]) ? (position + chunk) : range[1];
    if (begin < end) {
        (void)memcpy(&output[begin], &source[begin - position], end - begin);
    }
}

/* Axes in front of the rows, and tensors cut into other rows than the output: the requested bytes, chunk by chunk. */
static void join_bytes(const mrt_call_t *call, uint32_t outer)
{
    const mrt_tensor_t *output = mrt_call_output(call, 0u);
    const uint32_t range[2] = {call->row_begin * output->row_bytes, call->row_end * output->row_bytes};
    const uint32_t stride = mrt_tensor_bytes(output) / outer;
    uint32_t item = range[0] / stride;
    uint32_t position = item * stride;
    while (position < range[1]) {
        for (uint32_t index = 0u; index < call->input_count; ++index) {
            const uint32_t chunk = mrt_tensor_bytes(mrt_call_input(call, index)) / outer;
            copy_part(mrt_output_u8(call, 0u, 0u), &mrt_input_u8(call, index, 0u)[item * chunk], position, chunk, range);
            position += chunk;
        }
        ++item;
    }
}

mrt_status_t mrt_concatenation_run(const mrt_call_t *call)
{
    const mrt_concatenation_attrs_t *attrs = call->attrs; /* MISRA D1 */
    const uint32_t outer = (uint32_t)attrs->outer;
    if (!joins_rows(call, outer)) {
        join_bytes(call, outer);
        return MRT_OK;
    }
    for (uint32_t row = call->row_begin; row < call->row_end; ++row) {
        join_row(call, row, outer / mrt_call_output(call, 0u)->rows);
    }
    return MRT_OK;
}

mrt_rows_t mrt_reads_joined(const mrt_call_t *call, uint32_t input)
{
    const mrt_concatenation_attrs_t *attrs = call->attrs; /* MISRA D1 */
    mrt_rows_t rows = {0u, 0u};
    if (input < call->input_count) {
        const bool by_rows = joins_rows(call, (uint32_t)attrs->outer);
        rows.begin = by_rows ? call->row_begin : 0u;
        rows.end = by_rows ? call->row_end : mrt_call_input(call, input)->rows;
    }
    return rows;
}

uint32_t mrt_concatenation_workspace(const void *attrs)
{
    (void)attrs;
    return 0u;
}

/* What join_bytes goes through as bytes. */
static bool all_at_one_stride(const mrt_call_t *call)
{
    bool at_one_stride = mrt_check_at_one_stride(mrt_call_output(call, 0u));
    for (uint32_t index = 0u; index < call->input_count; ++index) {
        at_one_stride = at_one_stride && mrt_check_at_one_stride(mrt_call_input(call, index));
    }
    return at_one_stride;
}

mrt_status_t mrt_concatenation_check(const mrt_call_t *call)
{
    const mrt_concatenation_attrs_t *attrs = call->attrs; /* MISRA D1 */
    if ((attrs->outer < 1) || (call->input_count == 0u) || (call->output_count != 1u)) {
        return MRT_ERR_ATTRIBUTE;
    }
    const uint64_t bytes = mrt_check_bytes(mrt_call_output(call, 0u));
    uint64_t joined = 0u;
    bool whole = (bytes <= UINT32_MAX);
    for (uint32_t index = 0u; index < call->input_count; ++index) {
        const uint64_t part = mrt_check_bytes(mrt_call_input(call, index));
        whole = whole && ((part % (uint32_t)attrs->outer) == 0u);
        joined += part;
    }
    return mrt_check_status(whole && (joined == bytes)
                            && (joins_rows(call, (uint32_t)attrs->outer) || all_at_one_stride(call)));
}
