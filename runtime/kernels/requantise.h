/**
 * @file requantise.h
 * @brief The only fixed-point arithmetic of the library, with one rounding contract.
 *
 * The contract is TensorFlow Lite Micro's "double rounding" (gemmlowp's SaturatingRoundingDoublingHighMul, then
 * RoundingDivideByPOT):
 *
 * 1. The product of two Q31 numbers is rounded to the nearest integer, ties toward positive infinity, for
 *    negative products too. (gemmlowp nudges by the sign and divides toward zero, which comes to the same.)
 * 2. The shift to the right is rounded to the nearest integer, ties away from zero.
 *
 * Values with 64 bits, as int16 kernels accumulate them, are rounded once, ties toward positive infinity, with a
 * multiplier of 16 bits. Where TensorFlow Lite Micro overflows a signed integer (it trusts its models), these
 * functions wrap modulo 2^32 or 2^64: no input is undefined behaviour.
 */
#ifndef MRT_KERNELS_REQUANTISE_H
#define MRT_KERNELS_REQUANTISE_H

#include <stdint.h>

/** a + b modulo 2^32. */
static inline int32_t mrt_wrapping_add(int32_t a, int32_t b)
{
    const uint32_t sum = (uint32_t)a + (uint32_t)b;
    return (int32_t)sum;
}

/** round(a * b / 2^31), ties toward positive infinity; saturated in the one case that overflows (both INT32_MIN). */
static inline int32_t mrt_multiply_high(int32_t a, int32_t b)
{
    if ((a == INT32_MIN) && (b == INT32_MIN)) {
        return INT32_MAX;
    }
    const int64_t product = ((int64_t)a * (int64_t)b) + INT64_C(0x40000000);
    return (int32_t)(product >> 31u); /* MISRA D2 */
}

/** round(value / 2^exponent), ties away from zero; exponent 0..31. */
static inline int32_t mrt_shift_right(int32_t value, int32_t exponent)
{
    const uint32_t count = (uint32_t)exponent;
    const uint32_t mask = (UINT32_C(1) << count) - 1u;
    const uint32_t remainder = (uint32_t)value & mask;
    const uint32_t threshold = (mask >> 1u) + ((value < 0) ? 1u : 0u);
    return (value >> count) + ((remainder > threshold) ? 1 : 0); /* MISRA D2 */
}

/**
 * value * multiplier / 2^31 * 2^shift with the rounding contract above.
 * shift in -31..30; positive shifts go left before the product and wrap on overflow, as TFLite's do.
 */
static inline int32_t mrt_requantise(int32_t value, int32_t multiplier, int32_t shift)
{
    if (shift > 0) {
        const uint32_t shifted = (uint32_t)value << (uint32_t)shift;
        return mrt_multiply_high((int32_t)shifted, multiplier);
    }
    return mrt_shift_right(mrt_multiply_high(value, multiplier), -shift);
}

/** Largest shift that mrt_requantise_s64 takes; the smallest is -31. */
#define MRT_SHIFT_S64_MAX 7

/**
 * value * multiplier / 2^31 * 2^shift for a value of up to 48 bits, the multiplier first rounded to 16 bits.
 * shift in -31..MRT_SHIFT_S64_MAX. The result wraps to 32 bits.
 */
static inline int32_t mrt_requantise_s64(int64_t value, int32_t multiplier, int32_t shift)
{
    /* Q15: the largest multipliers would round up to 1.0, which 16 bits cannot hold. */
    const int32_t reduced = (multiplier < 0x7FFF0000) ? ((multiplier + 0x8000) >> 16u) : 0x7FFF; /* MISRA D2 */
    const int32_t distance = 15 - shift;
    const uint32_t count = (uint32_t)distance;
    const uint64_t product = ((uint64_t)value * (uint64_t)(int64_t)reduced) + (UINT64_C(1) << (count - 1u));
    return (int32_t)((int64_t)product >> count); /* MISRA D2 */
}

/** value limited to low..high. */
static inline int32_t mrt_clamp(int32_t value, int32_t low, int32_t high)
{
    const int32_t raised = (value < low) ? low : value;
    return (raised > high) ? high : raised;
}

#endif
