/* Addition and subtraction, int8, for cores with the DSP extension: one linear form of both operands. */
#include "micrort/kernels.h"
#include "runtime/kernels/check.h"
#include "runtime/kernels/dsp/intrinsics.h"
#include "runtime/kernels/dsp/products.h"
#include "runtime/kernels/requantise.h"

/* Elements in the high bytes of lanes: times 256. */
#define HIGH_BYTES 0xFF00FF00u

static inline int8_t output_of(int32_t sum)
{
    return (int8_t)mrt_dsp_ssat8_half(sum >> (MRT_ADD_S8_DSP_SHIFT - 1)); /* MISRA D2 */
}

/* The output where only one of the lanes matters. */
static inline int8_t add_one(const mrt_add_s8_dsp_attrs_t *attrs, int8_t left, int8_t right)
{
    const int32_t sum = mrt_dsp_smlawb(attrs->factor0, ((uint32_t)left << 8u) & HIGH_BYTES, attrs->constant);
    return output_of(mrt_dsp_smlawb(attrs->factor1, ((uint32_t)right << 8u) & HIGH_BYTES, sum));
}

static void add_row(const mrt_add_s8_dsp_attrs_t *attrs, const int8_t *left, const int8_t *right, int8_t *output,
                    uint32_t count)
{
    const int32_t factor0 = attrs->factor0;
    const int32_t factor1 = attrs->factor1;
    const int32_t constant = attrs->constant;
    uint32_t i = 0u;
    while ((count - i) >= 4u) {
        const uint32_t a = mrt_dsp_load(&left[i]);
        const uint32_t b = mrt_dsp_load(&right[i]);
        const uint32_t a_even = (a << 8u) & HIGH_BYTES;
        const uint32_t b_even = (b << 8u) & HIGH_BYTES;
        const uint32_t a_odd = a & HIGH_BYTES;
        const uint32_t b_odd = b & HIGH_BYTES;
        output[i] = output_of(mrt_dsp_smlawb(factor1, b_even, mrt_dsp_smlawb(factor0, a_even, constant)));
        output[i + 1u] = output_of(mrt_dsp_smlawb(factor1, b_odd, mrt_dsp_smlawb(factor0, a_odd, constant)));
        output[i + 2u] = output_of(mrt_dsp_smlawt(factor1, b_even, mrt_dsp_smlawt(factor0, a_even, constant)));
        output[i + 3u] = output_of(mrt_dsp_smlawt(factor1, b_odd, mrt_dsp_smlawt(factor0, a_odd, constant)));
        i += 4u;
    }
    while (i < count) {
        output[i] = add_one(attrs, left[i], right[i]);
        ++i;
    }
}

mrt_status_t mrt_add_s8_dsp_run(const mrt_call_t *call)
{
    const mrt_add_s8_dsp_attrs_t *attrs = call->attrs; /* MISRA D1 */
    for (uint32_t row = call->row_begin; row < call->row_end; ++row) {
        add_row(attrs, mrt_input_s8(call, 0u, row), mrt_input_s8(call, 1u, row), mrt_output_s8(call, 0u, row),
                mrt_call_output(call, 0u)->row_bytes);
    }
    mrt_dsp_clamp_rows(call, attrs->activation_min, attrs->activation_max);
    return MRT_OK;
}

uint32_t mrt_add_s8_dsp_workspace(const void *attrs)
{
    (void)attrs;
    return 0u;
}

mrt_status_t mrt_add_s8_dsp_check(const mrt_call_t *call)
{
    const mrt_add_s8_dsp_attrs_t *attrs = call->attrs; /* MISRA D1 */
    if (!mrt_check_counts(call, 2u, 1u)) {
        return MRT_ERR_ATTRIBUTE;
    }
    const mrt_tensor_t *output = mrt_call_output(call, 0u);
    bool sound = mrt_check_dtype(output, (uint32_t)MRT_DTYPE_S8) && mrt_check_writable(output);
    for (uint32_t index = 0u; index < 2u; ++index) {
        const mrt_tensor_t *input = mrt_call_input(call, index);
        sound = sound && mrt_check_dtype(input, (uint32_t)MRT_DTYPE_S8) && (input->rows == output->rows)
                && (input->row_bytes == output->row_bytes);
    }
    return mrt_check_status(sound && mrt_check_range(attrs->activation_min, -128, attrs->activation_max)
                            && mrt_check_range(attrs->activation_max, -128, 127));
}
