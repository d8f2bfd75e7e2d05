/**
 * @file intrinsics.h
 * @brief The instructions of Arm's DSP extension that kernels use, and exact models of them for all other cores.
 *
 * A word of two signed 16-bit lanes is a uint32_t, the first lane in its low half; a word of four int8 elements
 * has the first in its low byte. Where the core has no DSP extension (and on the host) the same functions are plain C
 * with the same results bit for bit, so that every DSP kernel runs and is tested everywhere.
 */
#ifndef MRT_RUNTIME_KERNELS_DSP_INTRINSICS_H
#define MRT_RUNTIME_KERNELS_DSP_INTRINSICS_H

#include <stdint.h>
#include <string.h>

/** Whether the instructions themselves are used. */
#if defined(__ARM_FEATURE_DSP) && (__ARM_FEATURE_DSP == 1) && defined(__GNUC__)
#define MRT_DSP 1
#else
#define MRT_DSP 0
#endif

/** The four elements from `bytes` on, of any alignment: one LDR on cores with this extension. */
static inline uint32_t mrt_dsp_load(const int8_t *bytes)
{
    uint32_t word;
    (void)memcpy(&word, bytes, sizeof(word)); /* MISRA D7 */
    return word;
}

/** Stores four elements. */
static inline void mrt_dsp_store(int8_t *bytes, uint32_t word)
{
    (void)memcpy(bytes, &word, sizeof(word)); /* MISRA D7 */
}

/** The signed value of the lane or byte in the low bits of `word`. */
static inline int32_t mrt_dsp_signed(uint32_t word, uint32_t sign_bit)
{
    const uint32_t field = word & ((2u * sign_bit) - 1u);
    const uint32_t flipped = field ^ sign_bit;
    return (int32_t)flipped - (int32_t)sign_bit;
}

#if MRT_DSP == 1

/** Bytes 0 and 2 as lanes. */
static inline uint32_t mrt_dsp_sxtb16(uint32_t word)
{
    uint32_t lanes;
    __asm("sxtb16 %0, %1" : "=r"(lanes) : "r"(word)); /* MISRA D5 */
    return lanes;
}

/** Bytes 1 and 3 as lanes. */
static inline uint32_t mrt_dsp_sxtb16_odd(uint32_t word)
{
    uint32_t lanes;
    __asm("sxtb16 %0, %1, ror #8" : "=r"(lanes) : "r"(word)); /* MISRA D5 */
    return lanes;
}

/** `lanes`, plus bytes 0 and 2 of `word`; modulo 2^16. */
static inline uint32_t mrt_dsp_sxtab16(uint32_t lanes, uint32_t word)
{
    uint32_t sums;
    __asm("sxtab16 %0, %1, %2" : "=r"(sums) : "r"(lanes), "r"(word)); /* MISRA D5 */
    return sums;
}

/** The same with bytes 1 and 3. */
static inline uint32_t mrt_dsp_sxtab16_odd(uint32_t lanes, uint32_t word)
{
    uint32_t sums;
    __asm("sxtab16 %0, %1, %2, ror #8" : "=r"(sums) : "r"(lanes), "r"(word)); /* MISRA D5 */
    return sums;
}

/** The first halves of two words. */
static inline uint32_t mrt_dsp_pack_low(uint32_t a, uint32_t b)
{
    uint32_t word;
    __asm("pkhbt %0, %1, %2, lsl #16" : "=r"(word) : "r"(a), "r"(b)); /* MISRA D5 */
    return word;
}

/** The second halves of two words. */
static inline uint32_t mrt_dsp_pack_high(uint32_t a, uint32_t b)
{
    uint32_t word;
    __asm("pkhtb %0, %1, %2, asr #16" : "=r"(word) : "r"(b), "r"(a)); /* MISRA D5 */
    return word;
}

/** The sum of each pair of lanes, modulo 2^16. */
static inline uint32_t mrt_dsp_sadd16(uint32_t a, uint32_t b)
{
    uint32_t lanes;
    __asm("sadd16 %0, %1, %2" : "=r"(lanes) : "r"(a), "r"(b)); /* MISRA D5 */
    return lanes;
}

/** The difference of each pair of lanes, modulo 2^16. */
static inline uint32_t mrt_dsp_ssub16(uint32_t a, uint32_t b)
{
    uint32_t lanes;
    __asm("ssub16 %0, %1, %2" : "=r"(lanes) : "r"(a), "r"(b)); /* MISRA D5 */
    return lanes;
}

/** Both lane products added to `sum`, modulo 2^32. */
static inline uint32_t mrt_dsp_smlad(uint32_t a, uint32_t b, uint32_t sum)
{
    uint32_t result;
    __asm("smlad %0, %1, %2, %3" : "=r"(result) : "r"(a), "r"(b), "r"(sum)); /* MISRA D5 */
    return result;
}

/** a * b / 2^32, rounded to the nearest, ties up, plus `addend`; modulo 2^32. */
static inline int32_t mrt_dsp_smmlar(int32_t a, int32_t b, int32_t addend)
{
    int32_t result;
    __asm("smmlar %0, %1, %2, %3" : "=r"(result) : "r"(a), "r"(b), "r"(addend)); /* MISRA D5 */
    return result;
}

/** `sum` and factor * the first lane / 2^16, rounded down; modulo 2^32. */
static inline int32_t mrt_dsp_smlawb(int32_t factor, uint32_t lanes, int32_t sum)
{
    int32_t result;
    __asm("smlawb %0, %1, %2, %3" : "=r"(result) : "r"(factor), "r"(lanes), "r"(sum)); /* MISRA D5 */
    return result;
}

/** The same with the second lane. */
static inline int32_t mrt_dsp_smlawt(int32_t factor, uint32_t lanes, int32_t sum)
{
    int32_t result;
    __asm("smlawt %0, %1, %2, %3" : "=r"(result) : "r"(factor), "r"(lanes), "r"(sum)); /* MISRA D5 */
    return result;
}

/** `addend`, less one where `value` is negative. */
static inline int32_t mrt_dsp_add_sign(int32_t addend, int32_t value)
{
    int32_t result;
    __asm("add %0, %1, %2, asr #31" : "=r"(result) : "r"(addend), "r"(value)); /* MISRA D5 */
    return result;
}

/** value / 2, rounded down, limited to -128..127. */
static inline int32_t mrt_dsp_ssat8_half(int32_t value)
{
    int32_t result;
    __asm("ssat %0, #8, %1, asr #1" : "=r"(result) : "r"(value)); /* MISRA D5 */
    return result;
}

#else

static inline uint32_t mrt_dsp_sxtb16(uint32_t word)
{
    const uint32_t low = (uint32_t)mrt_dsp_signed(word, 0x80u) & 0xFFFFu;
    const uint32_t high = (uint32_t)mrt_dsp_signed(word >> 16u, 0x80u) & 0xFFFFu;
    return low | (high << 16u);
}

static inline uint32_t mrt_dsp_sxtb16_odd(uint32_t word)
{
    return mrt_dsp_sxtb16(word >> 8u);
}

static inline uint32_t mrt_dsp_pack_low(uint32_t a, uint32_t b)
{
    return (a & 0xFFFFu) | (b << 16u);
}

static inline uint32_t mrt_dsp_pack_high(uint32_t a, uint32_t b)
{
    return (a >> 16u) | (b & 0xFFFF0000u);
}

static inline uint32_t mrt_dsp_sadd16(uint32_t a, uint32_t b)
{
    const uint32_t low = (a + b) & 0xFFFFu;
    const uint32_t high = ((a >> 16u) + (b >> 16u)) & 0xFFFFu;
    return low | (high << 16u);
}

static inline uint32_t mrt_dsp_sxtab16(uint32_t lanes, uint32_t word)
{
    return mrt_dsp_sadd16(lanes, mrt_dsp_sxtb16(word));
}

static inline uint32_t mrt_dsp_sxtab16_odd(uint32_t lanes, uint32_t word)
{
    return mrt_dsp_sadd16(lanes, mrt_dsp_sxtb16_odd(word));
}

static inline uint32_t mrt_dsp_ssub16(uint32_t a, uint32_t b)
{
    const uint32_t low = (a - b) & 0xFFFFu;
    const uint32_t high = ((a >> 16u) - (b >> 16u)) & 0xFFFFu;
    return low | (high << 16u);
}

static inline uint32_t mrt_dsp_smlad(uint32_t a, uint32_t b, uint32_t sum)
{
    const int32_t low = mrt_dsp_signed(a, 0x8000u) * mrt_dsp_signed(b, 0x8000u);
    const int32_t high = mrt_dsp_signed(a >> 16u, 0x8000u) * mrt_dsp_signed(b >> 16u, 0x8000u);
    return sum + (uint32_t)low + (uint32_t)high;
}

static inline int32_t mrt_dsp_smmlar(int32_t a, int32_t b, int32_t addend)
{
    const int64_t product = ((int64_t)a * (int64_t)b) + INT64_C(2147483648);
    const uint32_t high = (uint32_t)((uint64_t)product >> 32u);
    const uint32_t sum = high + (uint32_t)addend;
    return (int32_t)sum;
}

static inline int32_t mrt_dsp_smlawb(int32_t factor, uint32_t lanes, int32_t sum)
{
    const int64_t product = (int64_t)factor * mrt_dsp_signed(lanes, 0x8000u);
    const int64_t scaled = product >> 16u; /* MISRA D2 */
    const uint32_t total = (uint32_t)(uint64_t)scaled + (uint32_t)sum;
    return (int32_t)total;
}

static inline int32_t mrt_dsp_smlawt(int32_t factor, uint32_t lanes, int32_t sum)
{
    return mrt_dsp_smlawb(factor, lanes >> 16u, sum);
}

static inline int32_t mrt_dsp_add_sign(int32_t addend, int32_t value)
{
    const uint32_t sum = (uint32_t)addend - ((uint32_t)value >> 31u);
    return (int32_t)sum;
}

static inline int32_t mrt_dsp_ssat8_half(int32_t value)
{
    const int32_t raised = (value < -256) ? -256 : value;
    return ((raised > 255) ? 255 : raised) >> 1u; /* MISRA D2 */
}

#endif

/** Twice each lane, modulo 2^16. */
static inline uint32_t mrt_dsp_double(uint32_t lanes)
{
    return mrt_dsp_sadd16(lanes, lanes);
}

#endif
