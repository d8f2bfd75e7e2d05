/* Any function of one byte by table, portable: int8 or uint8 in and out. */
#include "micrort/kernels.h"
#include "runtime/kernels/check.h"

mrt_status_t mrt_lut_s8_run(const mrt_call_t *call)
{
    /* Bytes are moved as unsigned, whatever their type: an int8 indexes the table by its two's complement. */
    const uint8_t *table = mrt_input_u8(call, 1u, 0u);
    const uint32_t count = mrt_call_output(call, 0u)->row_bytes;
    for (uint32_t row = call->row_begin; row < call->row_end; ++row) {
        const uint8_t *input = mrt_input_u8(call, 0u, row);
        uint8_t *output = mrt_output_u8(call, 0u, row);
        for (uint32_t index = 0u; index < count; ++index) {
            output[index] = table[input[index]];
        }
    }
    return MRT_OK;
}

uint32_t mrt_lut_s8_workspace(const void *attrs)
{
    (void)attrs;
    return 0u;
}

static bool is_byte(uint32_t dtype)
{
    return (dtype == (uint32_t)MRT_DTYPE_S8) || (dtype == (uint32_t)MRT_DTYPE_U8);
}

mrt_status_t mrt_lut_s8_check(const mrt_call_t *call)
{
    if (!mrt_check_counts(call, 2u, 1u)) {
        return MRT_ERR_ATTRIBUTE;
    }
    const uint32_t input = mrt_call_input(call, 0u)->dtype;
    const uint32_t output = mrt_call_output(call, 0u)->dtype;
    return mrt_check_status(is_byte(input) && is_byte(output) && mrt_check_elementwise(call, input, output)
                            && mrt_check_elements(mrt_call_input(call, 1u), output, 256u));
}
