/* Softmax along the last axis, int16: exponentials and the reciprocal of their sum from interpolated tables. */
#include "micrort/kernels.h"
#include "runtime/kernels/check.h"
#include "runtime/kernels/fixed_point.h"
#include "runtime/kernels/requantise.h"
#include "runtime/kernels/softmax.h"

/* table at value, where -32768..32767 spans the table's 512 steps of 128 each. */
static int32_t interpolate(const int16_t *table, int32_t value)
{
    const int32_t position = value - INT16_MIN;
    const int32_t base = table[position / 128];
    const int32_t slope = table[(position / 128) + 1] - base;
    return base + (((slope * (position % 128)) + 64) >> 7u); /* MISRA D2 */
}

/* exp of an element `difference` above the largest one (so at most 0), Q0.15. */
static int32_t exp_of(const mrt_softmax_s16_attrs_t *attrs, const int16_t *table, int32_t difference)
{
    /* Scaled so that -65535..0 is -10..0; whatever is less, the table takes for -10. */
    const int32_t scaled = mrt_requantise(difference, attrs->multiplier, attrs->shift);
    const int32_t recentred = mrt_clamp(scaled, -65535, 0) + INT16_MAX;
    return interpolate(table, recentred);
}

static int32_t largest_of(const int16_t *input, uint32_t count)
{
    int32_t largest = INT16_MIN;
    for (uint32_t i = 0u; i < count; ++i) {
        largest = (input[i] > largest) ? input[i] : largest;
    }
    return largest;
}

/* One vector. The output holds the exponentials until their sum is known. */
static void compute_vector(const mrt_call_t *call, const int16_t *input, int16_t *output)
{
    const mrt_softmax_s16_attrs_t *attrs = call->attrs; /* MISRA D1 */
    const int16_t *exp_table = mrt_input_s16(call, 1u, 0u);
    const int16_t *reciprocal_table = mrt_input_s16(call, 2u, 0u);
    const uint32_t depth = (uint32_t)attrs->depth;
    const int32_t largest = largest_of(input, depth);
    int32_t sum = 0; /* Q16.15 */
    for (uint32_t i = 0u; i < depth; ++i) {
        const int32_t term = exp_of(attrs, exp_table, input[i] - largest);
        output[i] = (int16_t)term;
        sum += term;
    }
    /* True tables give at least 1.0; a hostile one must not become an illegal shift. */
    sum = (sum < 2) ? 2 : sum;
    const uint32_t headroom = mrt_leading_zeros((uint32_t)sum);
    /* The sum as 1 + x, with x in 0..65535 recentred to the table's range by 1.5 * 65536. */
    const uint32_t normalised = (((uint32_t)sum << (headroom - 1u)) + (UINT32_C(1) << 13u)) >> 14u;
    const int32_t recentred = mrt_clamp((int32_t)normalised - 98304, INT16_MIN, INT16_MAX);
    const int32_t reciprocal = interpolate(reciprocal_table, recentred);
    const uint32_t shift = 31u - headroom;
    const uint64_t half = UINT64_C(1) << (shift - 1u);
    for (uint32_t i = 0u; i < depth; ++i) {
        const int64_t product = ((int64_t)output[i] * reciprocal) + (int64_t)half;
        output[i] = (int16_t)mrt_clamp((int32_t)(product >> shift), 0, INT16_MAX); /* MISRA D2 */
    }
}

mrt_status_t mrt_softmax_s16_run(const mrt_call_t *call)
{
    const mrt_softmax_s16_attrs_t *attrs = call->attrs; /* MISRA D1 */
    const uint32_t depth = (uint32_t)attrs->depth;
    const uint32_t elements = mrt_call_input(call, 0u)->row_bytes / (uint32_t)sizeof(int16_t);
    for (uint32_t row = call->row_begin; row < call->row_end; ++row) {
        const int16_t *input = mrt_input_s16(call, 0u, row);
        int16_t *output = mrt_output_s16(call, 0u, row);
        for (uint32_t first = 0u; first < elements; first += depth) {
            compute_vector(call, &input[first], &output[first]);
        }
    }
    return MRT_OK;
}

uint32_t mrt_softmax_s16_workspace(const void *attrs)
{
    (void)attrs;
    return 0u;
}

mrt_status_t mrt_softmax_s16_check(const mrt_call_t *call)
{
    const mrt_softmax_s16_attrs_t *attrs = call->attrs; /* MISRA D1 */
    const uint32_t dtype = (uint32_t)MRT_DTYPE_S16;
    /* 65535 elements of at most 32767 sum up within int32. */
    return mrt_check_status(mrt_check_counts(call, 3u, 1u) && mrt_softmax_is_sound(call, attrs->depth, dtype, dtype)
                            && mrt_check_range(attrs->depth, 1, UINT16_MAX) && (attrs->multiplier >= 0)
                            && mrt_check_shift(attrs->shift)
                            && mrt_check_elements(mrt_call_input(call, 1u), dtype, MRT_SOFTMAX_TABLE_SIZE)
                            && mrt_check_elements(mrt_call_input(call, 2u), dtype, MRT_SOFTMAX_TABLE_SIZE));
}
