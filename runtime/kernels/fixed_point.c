#include "runtime/kernels/fixed_point.h"

#include "micrort/kernel.h"
#include "runtime/kernels/requantise.h"

/* x * 2^exponent, at most INT32_MAX; exponent 1..30. No caller comes near the lower end, where the reference saturates. */
static int32_t saturating_shift_left(int32_t x, uint32_t exponent)
{
    const uint32_t shifted = (uint32_t)x << exponent;
    const uint32_t largest = (UINT32_C(1) << (31u - exponent)) - 1u;
    return (x > (int32_t)largest) ? INT32_MAX : (int32_t)shifted;
}

/* exp(x) for x in [-1/4, 0), all Q0.31: the first terms of the Taylor series around -1/8. */
static int32_t exp_near_zero(int32_t x)
{
    const int32_t exp_of_minus_eighth = 1895147668;
    const int32_t one_third = 715827883;
    const int32_t eighth = 268435456; /* 2^28 */
    const int32_t y = x + eighth;
    const int32_t y2 = mrt_multiply_high(y, y);
    const int32_t y3 = mrt_multiply_high(y2, y);
    const int32_t y4 = mrt_multiply_high(y2, y2);
    /* y^2/2 + y^3/6 + y^4/24, from the inside out */
    const int32_t cubic = mrt_multiply_high(mrt_shift_right(y4, 2) + y3, one_third);
    const int32_t tail = mrt_shift_right(cubic + y2, 1);
    return exp_of_minus_eighth + mrt_multiply_high(exp_of_minus_eighth, y + tail);
}

int32_t mrt_exp_of_negative(int32_t x)
{
    /* exp(-2^i) in Q0.31 for i = -2..4: x is a sum of some of these powers and a rest in [-1/4, 0). */
    static const int32_t factors[7] = {1672461947, 1302514674, 790015084, 290630308, 39332535, 720401, 242};
    const uint32_t quarter = UINT32_C(1) << 24u;
    if (x == 0) {
        return INT32_MAX;
    }
    /* Unsigned, since the remainder of a positive x, which no caller means, would leave int32. */
    const uint32_t rest = ((uint32_t)x & (quarter - 1u)) - quarter;
    const uint32_t powers = rest - (uint32_t)x;
    const uint32_t rest_in_q31 = rest << 5u;
    int32_t result = exp_near_zero((int32_t)rest_in_q31);
    for (uint32_t i = 0u; i < 7u; ++i) {
        if (((powers >> (24u + i)) & 1u) != 0u) {
            result = mrt_multiply_high(result, factors[i]);
        }
    }
    return result;
}

MRT_ONCE int32_t mrt_reciprocal_of_one_plus(int32_t x)
{
    /* Newton-Raphson division, in Q2.29, from the linear estimate 48/17 - 32/17 d of 1/d. */
    const int32_t constant_48_over_17 = 1515870810;
    const int32_t constant_32_over_17 = 1010580540;
    const int32_t one = 536870912; /* 2^29 */
    const int64_t denominator = (int64_t)x + INT64_C(2147483647);
    const int32_t half_denominator = (int32_t)((denominator + 1) / 2);
    int32_t estimate = constant_48_over_17 + mrt_multiply_high(half_denominator, -constant_32_over_17);
    for (uint32_t step = 0u; step < 3u; ++step) {
        const int32_t error = one - mrt_multiply_high(half_denominator, estimate);
        estimate += saturating_shift_left(mrt_multiply_high(estimate, error), 2u);
    }
    return saturating_shift_left(estimate, 1u);
}

uint32_t mrt_leading_zeros(uint32_t value)
{
    uint32_t count = 0u;
    for (uint32_t rest = value; (count < 32u) && ((rest & (UINT32_C(1) << 31u)) == 0u); rest <<= 1u) {
        ++count;
    }
    return count;
}
