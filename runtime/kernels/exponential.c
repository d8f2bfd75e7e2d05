#include "runtime/kernels/exponential.h"

#include <float.h>
#include <math.h>
#include <stdint.h>
#include <string.h>

/* 2 to the power of `exponent`, -126..127. */
static float power_of_two(int32_t exponent)
{
    const int32_t biased = exponent + 127;
    const uint32_t bits = (uint32_t)biased << 23u;
    float power;
    (void)memcpy(&power, &bits, sizeof(power)); /* MISRA D7 */
    return power;
}

/* exp(value) = 2^n * exp(r) with |r| <= ln(2) / 2, where Taylor's polynomial of degree 7 is exact to 2^-27. */
float mrt_exponential_f32(float value)
{
    /* ln(2) in two parts, the first of so few bits that its multiples are exact (Cody and Waite). */
    static const float ln2_high = 0.693359375f;
    static const float ln2_low = -2.12194440e-4f;
    static const float log2_of_e = 1.44269504f;
    static const float overflows_above = 88.7228394f;
    static const float vanishes_below = -103.972076f;
    if (!(value <= overflows_above)) { /* or not-a-number */
        return (value > overflows_above) ? HUGE_VALF : value;
    }
    if (value < vanishes_below) {
        return 0.0f;
    }
    const int32_t n = (int32_t)((value * log2_of_e) + ((value < 0.0f) ? -0.5f : 0.5f));
    const float multiple = (float)n;
    const float r = (value - (multiple * ln2_high)) - (multiple * ln2_low);
    static const float factors[] = {1.0f / 5040.0f, 1.0f / 720.0f, 1.0f / 120.0f, 1.0f / 24.0f, 1.0f / 6.0f, 0.5f};
    float sum = factors[0];
    for (uint32_t i = 1u; i < (sizeof(factors) / sizeof(factors[0])); ++i) {
        sum = (sum * r) + factors[i];
    }
    const float power = ((sum * r) * r) + r + 1.0f;
    const int32_t half = n / 2; /* in two steps, so that results below FLT_MIN are rounded once */
    return (power * power_of_two(half)) * power_of_two(n - half);
}

/* Small values by Lambert's continued fraction, which keeps all their digits; others by the exponential. */
float mrt_tanh_of_f32(float value)
{
    const float size = (value < 0.0f) ? -value : value;
    if (size < 0.625f) {
        const float square = value * value;
        const float above = 10395.0f + (square * (1260.0f + (square * 21.0f)));
        const float below = 10395.0f + (square * (4725.0f + (square * (210.0f + square))));
        return value * (above / below);
    }
    if (size > 9.5f) { /* not for not-a-number */
        return (value < 0.0f) ? -1.0f : 1.0f;
    }
    const float result = 1.0f - (2.0f / (mrt_exponential_f32(2.0f * size) + 1.0f));
    return (value < 0.0f) ? -result : result;
}
