#include "runtime/kernels/softmax.h"

#include "runtime/kernels/check.h"
#include "runtime/kernels/fixed_point.h"
#include "runtime/kernels/requantise.h"

/* Bits before the point of the sum of exponentials: Q12.19. */
#define SUM_INTEGER_BITS 12

/* exp of an element `difference` above the largest one (so at most 0), Q0.31. */
static MRT_NOINLINE int32_t exp_of(const mrt_softmax_s8_attrs_t *attrs, int32_t difference)
{
    return mrt_exp_of_negative(mrt_requantise(difference, attrs->multiplier, attrs->shift));
}

static int32_t largest_of(const int8_t *input, int32_t count)
{
    int32_t largest = INT8_MIN;
    for (int32_t i = 0; i < count; ++i) {
        largest = (input[i] > largest) ? input[i] : largest;
    }
    return largest;
}

mrt_softmax_norm_t mrt_softmax_norm(const mrt_softmax_s8_attrs_t *attrs, const int8_t *input, int32_t output_bits)
{
    mrt_softmax_norm_t norm;
    norm.largest = largest_of(input, attrs->depth);
    int32_t sum = 0;
    for (int32_t i = 0; i < attrs->depth; ++i) {
        const int32_t difference = input[i] - norm.largest;
        if (difference >= attrs->diff_min) {
            const int32_t term = mrt_shift_right(exp_of(attrs, difference), SUM_INTEGER_BITS);
            /* Saturates where the reference overflows: more than 4095 elements near the largest. */
            sum = (sum > (INT32_MAX - term)) ? INT32_MAX : (sum + term);
        }
    }
    /* The largest element alone gives 1.0, which is 2^19, so at most 12 bits above it are zero. */
    const uint32_t headroom = mrt_leading_zeros((uint32_t)sum);
    const uint32_t fraction = ((uint32_t)sum << headroom) - (UINT32_C(1) << 31u);
    norm.scale = mrt_reciprocal_of_one_plus((int32_t)fraction);
    norm.exponent = ((SUM_INTEGER_BITS - (int32_t)headroom) + 31) - output_bits;
    return norm;
}

int32_t mrt_softmax_probability(const mrt_softmax_s8_attrs_t *attrs, const mrt_softmax_norm_t *norm, int8_t element)
{
    const int32_t difference = element - norm->largest;
    /* Exponents above 31, where the reference aborts, mean probabilities below half a unit. */
    if ((difference < attrs->diff_min) || (norm->exponent > 31)) {
        return 0;
    }
    return mrt_shift_right(mrt_multiply_high(norm->scale, exp_of(attrs, difference)), norm->exponent);
}

bool mrt_softmax_is_sound(const mrt_call_t *call, int32_t depth, uint32_t input_dtype, uint32_t output_dtype)
{
    if ((depth < 1) || !mrt_check_elementwise(call, input_dtype, output_dtype)) {
        return false;
    }
    const uint32_t elements = mrt_call_input(call, 0u)->row_bytes / mrt_check_dtype_bytes(input_dtype);
    return (elements % (uint32_t)depth) == 0u;
}

bool mrt_softmax_s8_attrs_are_sound(const mrt_softmax_s8_attrs_t *attrs)
{
    return (attrs->multiplier >= 0) && mrt_check_range(attrs->shift, 0, 30)
           && mrt_check_range(attrs->diff_min, -255, 0);
}
