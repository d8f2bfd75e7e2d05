/**
 * @file requantise.h
 * @brief The only fixed-point arithmetic of the library, with one rounding contract.
 *
 * The contract is TensorFlow Lite Micro's double rounding (gemmlowp's SaturatingRoundingDoublingHighMul, then
 * RoundingDivideByPOT): a Q31 product rounded to nearest with ties away from zero for positive and toward
 * positive infinity for negative products, then a right shift rounded to nearest with ties away from zero.
 */
#ifndef MRT_KERNELS_REQUANTISE_H
#define MRT_KERNELS_REQUANTISE_H

#include <stdint.h>

/** round(a * b / 2^31), saturated in the one case that overflows (both INT32_MIN). */
static inline int32_t mrt_multiply_high(int32_t a, int32_t b)
{
    if ((a == INT32_MIN) && (b == INT32_MIN)) {
        return INT32_MAX;
    }
    const int64_t product = (int64_t)a * b;
    const int64_t nudge = (product >= 0) ? (INT64_C(1) << 30) : (1 - (INT64_C(1) << 30));
    return (int32_t)((product + nudge) / (INT64_C(1) << 31));
}

/** round(value / 2^exponent), ties away from zero; exponent 0..31. */
static inline int32_t mrt_shift_right(int32_t value, int32_t exponent)
{
    const int32_t mask = (int32_t)((UINT32_C(1) << (uint32_t)exponent) - 1u);
    const int32_t remainder = value & mask; /* MISRA D2 */
    const int32_t threshold = (mask >> 1) + ((value < 0) ? 1 : 0); /* MISRA D2 */
    return (value >> exponent) + ((remainder > threshold) ? 1 : 0); /* MISRA D2 */
}

/**
 * value * multiplier / 2^31 * 2^shift with the rounding contract above.
 * shift in -31..30; positive shifts go left before the product and wrap like TFLite's on overflow.
 */
static inline int32_t mrt_requantise(int32_t value, int32_t multiplier, int32_t shift)
{
    if (shift > 0) {
        return mrt_multiply_high((int32_t)((uint32_t)value << (uint32_t)shift), multiplier);
    }
    return mrt_shift_right(mrt_multiply_high(value, multiplier), -shift);
}

/** value limited to low..high. */
static inline int32_t mrt_clamp(int32_t value, int32_t low, int32_t high)
{
    const int32_t raised = (value < low) ? low : value;
    return (raised > high) ? high : raised;
}

#endif
