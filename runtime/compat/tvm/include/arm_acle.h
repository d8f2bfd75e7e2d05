/**
 * @file arm_acle.h
 * @brief Stands before the compiler's header of the same name in units of TVM's generated C: the instructions of the
 *        DSP extension that they use, as C for cores and hosts without it.
 *
 * Not a part of the runtime: nothing of ours includes it, and the names are not ours to choose. Halfword packing and
 * rotation are C on every core, where generated units would define functions that clash once two of them are linked.
 * Source: Arm C Language Extensions, section 8 (data-processing intrinsics).
 */
#ifndef MRT_COMPAT_TVM_ARM_ACLE_H
#define MRT_COMPAT_TVM_ARM_ACLE_H

#include <stdint.h>

#if defined(__arm__)
#include_next <arm_acle.h>
#endif

#define ARM_CPU_INTRINSICS_EXIST

static inline uint32_t mrt_tvm_ror(uint32_t value, uint32_t count)
{
    return (value >> (count & 31u)) | (value << ((32u - count) & 31u));
}
#define __ror(value, count) mrt_tvm_ror((uint32_t)(value), (uint32_t)(count))

static inline uint32_t mrt_tvm_pack(uint32_t bottom, uint32_t top)
{
    return (bottom & 0xFFFFu) | (top & 0xFFFF0000u);
}
#define __pkhbt(first, second, shift) mrt_tvm_pack((uint32_t)(first), (uint32_t)(second) << (shift))
#define __pkhtb(first, second, shift) mrt_tvm_pack((uint32_t)((int32_t)(second) >> (shift)), (uint32_t)(first))

#if !defined(__ARM_FEATURE_SIMD32)

typedef int32_t int16x2_t;
typedef int32_t int8x4_t;
typedef uint32_t uint16x2_t;
typedef uint32_t uint8x4_t;

/* The flags that additions and subtractions of lanes set and __sel reads. */
static uint32_t mrt_tvm_ge __attribute__((unused));

static inline int32_t mrt_tvm_low(int32_t value)
{
    return (int16_t)(uint16_t)((uint32_t)value & 0xFFFFu);
}

static inline int32_t mrt_tvm_high(int32_t value)
{
    return (int16_t)(uint16_t)((uint32_t)value >> 16);
}

static inline int32_t mrt_tvm_lanes(int32_t low, int32_t high)
{
    return (int32_t)(((uint32_t)low & 0xFFFFu) | ((uint32_t)high << 16));
}

static inline int32_t mrt_tvm_sum(int32_t a, int32_t b)
{
    return (int32_t)((uint32_t)a + (uint32_t)b); /* wraps, as the instructions do */
}

static inline int32_t mrt_tvm_byte(int32_t value, uint32_t index)
{
    return (int8_t)(uint8_t)((uint32_t)value >> (8u * index));
}

static inline int32_t mrt_tvm_halves(int32_t low, int32_t high)
{
    mrt_tvm_ge = ((low >= 0) ? 3u : 0u) | ((high >= 0) ? 12u : 0u);
    return mrt_tvm_lanes(low, high);
}

static inline int32_t mrt_tvm_bytes(int32_t a, int32_t b, int32_t sign)
{
    uint32_t result = 0u;
    mrt_tvm_ge = 0u;
    for (uint32_t index = 0u; index < 4u; ++index) {
        const int32_t value = mrt_tvm_byte(a, index) + (sign * mrt_tvm_byte(b, index));
        result |= ((uint32_t)value & 0xFFu) << (8u * index);
        mrt_tvm_ge |= (value >= 0) ? (1u << index) : 0u;
    }
    return (int32_t)result;
}

static inline int32_t __sxtb16(int32_t value)
{
    return mrt_tvm_lanes(mrt_tvm_byte(value, 0u), mrt_tvm_byte(value, 2u));
}

static inline int32_t __sxtab16(int32_t sum, int32_t value)
{
    return mrt_tvm_lanes(mrt_tvm_low(sum) + mrt_tvm_byte(value, 0u), mrt_tvm_high(sum) + mrt_tvm_byte(value, 2u));
}

static inline uint32_t __uxtb16(uint32_t value)
{
    return value & 0x00FF00FFu;
}

static inline int32_t __sadd16(int32_t a, int32_t b)
{
    return mrt_tvm_halves(mrt_tvm_low(a) + mrt_tvm_low(b), mrt_tvm_high(a) + mrt_tvm_high(b));
}

static inline int32_t __ssub16(int32_t a, int32_t b)
{
    return mrt_tvm_halves(mrt_tvm_low(a) - mrt_tvm_low(b), mrt_tvm_high(a) - mrt_tvm_high(b));
}

static inline int32_t __sadd8(int32_t a, int32_t b)
{
    return mrt_tvm_bytes(a, b, 1);
}

static inline int32_t __ssub8(int32_t a, int32_t b)
{
    return mrt_tvm_bytes(a, b, -1);
}

static inline uint32_t __sel(uint32_t a, uint32_t b)
{
    uint32_t mask = 0u;
    for (uint32_t index = 0u; index < 4u; ++index) {
        mask |= ((mrt_tvm_ge >> index) & 1u) * (0xFFu << (8u * index));
    }
    return (a & mask) | (b & ~mask);
}

static inline int32_t __smuad(int32_t a, int32_t b)
{
    return mrt_tvm_sum(mrt_tvm_low(a) * mrt_tvm_low(b), mrt_tvm_high(a) * mrt_tvm_high(b));
}

static inline int32_t __smuadx(int32_t a, int32_t b)
{
    return mrt_tvm_sum(mrt_tvm_low(a) * mrt_tvm_high(b), mrt_tvm_high(a) * mrt_tvm_low(b));
}

static inline int32_t __smlad(int32_t a, int32_t b, int32_t sum)
{
    return mrt_tvm_sum(sum, __smuad(a, b));
}

static inline int32_t __smladx(int32_t a, int32_t b, int32_t sum)
{
    return mrt_tvm_sum(sum, __smuadx(a, b));
}

static inline int32_t __smlabb(int32_t a, int32_t b, int32_t sum)
{
    return mrt_tvm_sum(sum, mrt_tvm_low(a) * mrt_tvm_low(b));
}

static inline int32_t __smlabt(int32_t a, int32_t b, int32_t sum)
{
    return mrt_tvm_sum(sum, mrt_tvm_low(a) * mrt_tvm_high(b));
}

static inline int32_t __smlatb(int32_t a, int32_t b, int32_t sum)
{
    return mrt_tvm_sum(sum, mrt_tvm_high(a) * mrt_tvm_low(b));
}

static inline int32_t __smlatt(int32_t a, int32_t b, int32_t sum)
{
    return mrt_tvm_sum(sum, mrt_tvm_high(a) * mrt_tvm_high(b));
}

#define __builtin_arm_smuad __smuad
#define __builtin_arm_smlad __smlad
#define __builtin_arm_smladx __smladx
#define __builtin_arm_smlabb __smlabb
#define __builtin_arm_smlabt __smlabt
#define __builtin_arm_smlatb __smlatb
#define __builtin_arm_smlatt __smlatt

#endif

#endif
