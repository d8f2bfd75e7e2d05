/**
 * @file emulation.h
 * @brief The intrinsics of arm_mve.h that the kernels in this folder use, in plain C, bit by bit the same. For
 *        workstations, where the kernels are tested, and for cores without MVE.
 *
 * Vectors are structs of lanes; each function does to every lane what the Arm architecture says. Lanes that an
 * instruction leaves as they are come from its first operand, as in arm_mve.h.
 */
#ifndef MRT_RUNTIME_KERNELS_MVE_EMULATION_H
#define MRT_RUNTIME_KERNELS_MVE_EMULATION_H

#include <stdint.h>
#include <string.h>

typedef struct int8x16 {
    int8_t lane[16];
} int8x16_t;

typedef struct uint8x16 {
    uint8_t lane[16];
} uint8x16_t;

typedef struct int16x8 {
    int16_t lane[8];
} int16x8_t;

typedef struct uint16x8 {
    uint16_t lane[8];
} uint16x8_t;

typedef struct int32x4 {
    int32_t lane[4];
} int32x4_t;

typedef struct uint32x4 {
    uint32_t lane[4];
} uint32x4_t;

/** A predicate: one bit for each byte of a vector. */
typedef uint16_t mve_pred16_t;

/** A 64-bit result limited to low..high. */
static inline int32_t mrt_mve_saturate(int64_t value, int32_t low, int32_t high)
{
    const int64_t raised = (value < low) ? low : value;
    return (int32_t)((raised > high) ? high : raised);
}

/* Loads, stores, moves. */

static inline int32x4_t vldrwq_s32(const int32_t *base)
{
    int32x4_t result = {{0}};
    (void)memcpy(result.lane, base, sizeof(result));
    return result;
}

static inline int32x4_t vdupq_n_s32(int32_t value)
{
    const int32x4_t result = {{value, value, value, value}};
    return result;
}

static inline int8x16_t vdupq_n_s8(int8_t value)
{
    int8x16_t result = {{0}};
    for (uint32_t i = 0u; i < 16u; ++i) {
        result.lane[i] = value;
    }
    return result;
}

static inline void vst1q_s32(int32_t *base, int32x4_t value)
{
    (void)memcpy(base, value.lane, sizeof(value));
}

static inline void vst1q_s16(int16_t *base, int16x8_t value)
{
    (void)memcpy(base, value.lane, sizeof(value));
}

static inline void vstrbq_s8(int8_t *base, int8x16_t value)
{
    (void)memcpy(base, value.lane, sizeof(value));
}

static inline uint16x8_t vldrhq_u16(const uint16_t *base)
{
    uint16x8_t result = {{0}};
    (void)memcpy(result.lane, base, sizeof(result));
    return result;
}

/** Moves the bytes of a vector, whatever its lanes are. */
static inline void mrt_mve_same_bytes(void *to, const void *from)
{
    (void)memcpy(to, from, 16u);
}

static inline uint32x4_t vreinterpretq_u32_s32(int32x4_t value)
{
    uint32x4_t result = {{0}};
    mrt_mve_same_bytes(result.lane, value.lane);
    return result;
}

static inline int32x4_t vreinterpretq_s32_u32(uint32x4_t value)
{
    int32x4_t result = {{0}};
    mrt_mve_same_bytes(result.lane, value.lane);
    return result;
}

static inline int16x8_t vreinterpretq_s16_s32(int32x4_t value)
{
    int16x8_t result = {{0}};
    mrt_mve_same_bytes(result.lane, value.lane);
    return result;
}

static inline int8x16_t vreinterpretq_s8_s32(int32x4_t value)
{
    int8x16_t result = {{0}};
    mrt_mve_same_bytes(result.lane, value.lane);
    return result;
}

static inline int32x4_t vreinterpretq_s32_s8(int8x16_t value)
{
    int32x4_t result = {{0}};
    mrt_mve_same_bytes(result.lane, value.lane);
    return result;
}

static inline int8x16_t vreinterpretq_s8_s16(int16x8_t value)
{
    int8x16_t result = {{0}};
    mrt_mve_same_bytes(result.lane, value.lane);
    return result;
}

static inline int16x8_t vreinterpretq_s16_s8(int8x16_t value)
{
    int16x8_t result = {{0}};
    mrt_mve_same_bytes(result.lane, value.lane);
    return result;
}

/** The first `count` lanes of 16 bits. */
static inline mve_pred16_t vctp16q(uint32_t count)
{
    return (count < 8u) ? (mve_pred16_t)((UINT32_C(1) << (2u * count)) - 1u) : (mve_pred16_t)0xFFFFu;
}

/** The first `count` lanes of 8 bits. */
static inline mve_pred16_t vctp8q(uint32_t count)
{
    return (count < 16u) ? (mve_pred16_t)((UINT32_C(1) << count) - 1u) : (mve_pred16_t)0xFFFFu;
}

/** The first `count` lanes of 32 bits. */
static inline mve_pred16_t vctp32q(uint32_t count)
{
    return (count < 4u) ? (mve_pred16_t)((UINT32_C(1) << (4u * count)) - 1u) : (mve_pred16_t)0xFFFFu;
}

/** 0 where the predicate is not set. */
static inline int32x4_t vldrwq_z_s32(const int32_t *base, mve_pred16_t predicate)
{
    int32x4_t result = {{0, 0, 0, 0}};
    for (uint32_t i = 0u; i < 4u; ++i) {
        if ((((uint32_t)predicate >> (4u * i)) & 1u) != 0u) {
            result.lane[i] = base[i];
        }
    }
    return result;
}

/** Bytes to lanes of 32 bits; 0 where the predicate is not set. */
static inline int32x4_t vldrbq_z_s32(const int8_t *base, mve_pred16_t predicate)
{
    int32x4_t result = {{0, 0, 0, 0}};
    for (uint32_t i = 0u; i < 4u; ++i) {
        if ((((uint32_t)predicate >> (4u * i)) & 1u) != 0u) {
            result.lane[i] += base[i];
        }
    }
    return result;
}

static inline int32x4_t vldrbq_s32(const int8_t *base)
{
    const int32x4_t result = {{base[0], base[1], base[2], base[3]}};
    return result;
}

static inline int8x16_t vldrbq_z_s8(const int8_t *base, mve_pred16_t predicate)
{
    int8x16_t result = vdupq_n_s8(0);
    for (uint32_t i = 0u; i < 16u; ++i) {
        if ((((uint32_t)predicate >> i) & 1u) != 0u) {
            result.lane[i] = base[i];
        }
    }
    return result;
}

static inline void vstrbq_p_s8(int8_t *base, int8x16_t value, mve_pred16_t predicate)
{
    for (uint32_t i = 0u; i < 16u; ++i) {
        if ((((uint32_t)predicate >> i) & 1u) != 0u) {
            base[i] = value.lane[i];
        }
    }
}

static inline void vstrbq_p_s16(int8_t *base, int16x8_t value, mve_pred16_t predicate)
{
    for (uint32_t i = 0u; i < 8u; ++i) {
        if ((((uint32_t)predicate >> (2u * i)) & 1u) != 0u) {
            base[i] = (int8_t)(uint8_t)((uint32_t)value.lane[i] & 0xFFu);
        }
    }
}

static inline void vstrbq_scatter_offset_s16(int8_t *base, uint16x8_t offset, int16x8_t value)
{
    for (uint32_t i = 0u; i < 8u; ++i) {
        base[offset.lane[i]] = (int8_t)(uint8_t)((uint32_t)value.lane[i] & 0xFFu);
    }
}

static inline void vst1q_u32(uint32_t *base, uint32x4_t value)
{
    (void)memcpy(base, value.lane, sizeof(value));
}

static inline void vst1q_u16(uint16_t *base, uint16x8_t value)
{
    (void)memcpy(base, value.lane, sizeof(value));
}

static inline void vstrhq_p_u16(uint16_t *base, uint16x8_t value, mve_pred16_t predicate)
{
    for (uint32_t i = 0u; i < 8u; ++i) {
        if ((((uint32_t)predicate >> (2u * i)) & 1u) != 0u) {
            base[i] = value.lane[i];
        }
    }
}

/* Arithmetic of 32 bits. */

static inline int32x4_t vaddq_n_s32(int32x4_t a, int32_t b)
{
    int32x4_t result = a;
    for (uint32_t i = 0u; i < 4u; ++i) {
        const uint32_t word = (uint32_t)a.lane[i] + (uint32_t)b;
        result.lane[i] = (int32_t)word;
    }
    return result;
}

static inline int32x4_t vaddq_s32(int32x4_t a, int32x4_t b)
{
    int32x4_t result = a;
    for (uint32_t i = 0u; i < 4u; ++i) {
        const uint32_t word = (uint32_t)a.lane[i] + (uint32_t)b.lane[i];
        result.lane[i] = (int32_t)word;
    }
    return result;
}

static inline int32x4_t vqaddq_s32(int32x4_t a, int32x4_t b)
{
    int32x4_t result = a;
    for (uint32_t i = 0u; i < 4u; ++i) {
        result.lane[i] = mrt_mve_saturate((int64_t)a.lane[i] + b.lane[i], INT32_MIN, INT32_MAX);
    }
    return result;
}

static inline int32x4_t vandq_s32(int32x4_t a, int32x4_t b)
{
    int32x4_t result = a;
    for (uint32_t i = 0u; i < 4u; ++i) {
        const uint32_t word = (uint32_t)a.lane[i] & (uint32_t)b.lane[i];
        result.lane[i] = (int32_t)word;
    }
    return result;
}

static inline int32x4_t vmaxq_s32(int32x4_t a, int32x4_t b)
{
    int32x4_t result = a;
    for (uint32_t i = 0u; i < 4u; ++i) {
        result.lane[i] = (a.lane[i] > b.lane[i]) ? a.lane[i] : b.lane[i];
    }
    return result;
}

static inline int32x4_t vminq_s32(int32x4_t a, int32x4_t b)
{
    int32x4_t result = a;
    for (uint32_t i = 0u; i < 4u; ++i) {
        result.lane[i] = (a.lane[i] < b.lane[i]) ? a.lane[i] : b.lane[i];
    }
    return result;
}

/** round(a * b / 2^31), ties toward positive infinity, saturated. */
static inline int32x4_t vqrdmulhq_s32(int32x4_t a, int32x4_t b)
{
    int32x4_t result = a;
    for (uint32_t i = 0u; i < 4u; ++i) {
        const int64_t product = ((int64_t)a.lane[i] * b.lane[i]) + INT64_C(0x40000000);
        result.lane[i] = mrt_mve_saturate(product >> 31u, INT32_MIN, INT32_MAX); /* MISRA D2 */
    }
    return result;
}

/** To the right by `count`, 1..32; rounds down. */
static inline int32x4_t vshrq_n_s32(int32x4_t a, int32_t count)
{
    int32x4_t result = a;
    for (uint32_t i = 0u; i < 4u; ++i) {
        result.lane[i] = (int32_t)((int64_t)a.lane[i] >> count); /* MISRA D2 */
    }
    return result;
}

/** To the left by `count`, 0..31; bits beyond are lost. */
static inline int32x4_t vshlq_n_s32(int32x4_t a, int32_t count)
{
    int32x4_t result = a;
    for (uint32_t i = 0u; i < 4u; ++i) {
        const uint32_t shifted = (uint32_t)a.lane[i] << (uint32_t)count;
        result.lane[i] = (int32_t)shifted;
    }
    return result;
}

/** To the right by `count`, 1..32; zeros come in. */
static inline uint32x4_t vshrq_n_u32(uint32x4_t a, int32_t count)
{
    uint32x4_t result = a;
    for (uint32_t i = 0u; i < 4u; ++i) {
        result.lane[i] = (uint32_t)((uint64_t)a.lane[i] >> (uint32_t)count);
    }
    return result;
}

static inline int32x4_t vorrq_s32(int32x4_t a, int32x4_t b)
{
    int32x4_t result = a;
    for (uint32_t i = 0u; i < 4u; ++i) {
        const uint32_t word = (uint32_t)a.lane[i] | (uint32_t)b.lane[i];
        result.lane[i] = (int32_t)word;
    }
    return result;
}

/** The whole vector to the left by a lane; what comes in is `*carry`, what goes out too. `count` is 32. */
static inline int32x4_t vshlcq_s32(int32x4_t a, uint32_t *carry, int32_t count)
{
    (void)count;
    const int32x4_t result = {{(int32_t)*carry, a.lane[0], a.lane[1], a.lane[2]}};
    *carry = (uint32_t)a.lane[3];
    return result;
}

/** The count of a shift by register: the lowest byte, signed. */
static inline int32_t mrt_mve_count(int32_t count)
{
    const uint32_t low = (uint32_t)count & 0xFFu;
    return (low > 127u) ? ((int32_t)low - 256) : (int32_t)low;
}

/** To the left by the count, bits beyond are lost; negative counts go right and round down. */
static inline int32x4_t vshlq_s32(int32x4_t a, int32x4_t b)
{
    int32x4_t result = a;
    for (uint32_t i = 0u; i < 4u; ++i) {
        const int32_t count = mrt_mve_count(b.lane[i]);
        const uint32_t left = (count > 31) ? 0u : ((uint32_t)a.lane[i] << ((uint32_t)count & 31u));
        const int64_t right = (int64_t)a.lane[i] >> ((count < -32) ? 32 : -((count < 0) ? count : 0)); /* MISRA D2 */
        result.lane[i] = (count < 0) ? (int32_t)right : (int32_t)left;
    }
    return result;
}

/** To the left by the count, bits beyond are lost; negative counts go right, to the nearest, ties upwards. */
static inline int32x4_t vrshlq_s32(int32x4_t a, int32x4_t b)
{
    int32x4_t result = vshlq_s32(a, b);
    for (uint32_t i = 0u; i < 4u; ++i) {
        const int32_t count = mrt_mve_count(b.lane[i]);
        if (count < 0) {
            const uint32_t right = (count < -33) ? 33u : (uint32_t)-count;
            const uint64_t half = UINT64_C(1) << (right - 1u);
            result.lane[i] = (int32_t)(((int64_t)a.lane[i] + (int64_t)half) >> right); /* MISRA D2 */
        }
    }
    return result;
}

/* Arithmetic of 16 bits. */

static inline int16x8_t vdupq_n_s16(int16_t value)
{
    const int16x8_t result = {{value, value, value, value, value, value, value, value}};
    return result;
}

static inline uint16x8_t vdupq_n_u16(uint16_t value)
{
    const uint16x8_t result = {{value, value, value, value, value, value, value, value}};
    return result;
}

static inline uint16x8_t vminq_u16(uint16x8_t a, uint16x8_t b)
{
    uint16x8_t result = a;
    for (uint32_t i = 0u; i < 8u; ++i) {
        result.lane[i] = (uint16_t)((a.lane[i] < b.lane[i]) ? a.lane[i] : b.lane[i]);
    }
    return result;
}

static inline uint16x8_t vmulq_n_u16(uint16x8_t a, uint16_t b)
{
    uint16x8_t result = a;
    for (uint32_t i = 0u; i < 8u; ++i) {
        const uint32_t product = (uint32_t)a.lane[i] * (uint32_t)b;
        result.lane[i] = (uint16_t)(product & 0xFFFFu);
    }
    return result;
}

static inline uint16x8_t vqaddq_u16(uint16x8_t a, uint16x8_t b)
{
    uint16x8_t result = a;
    for (uint32_t i = 0u; i < 8u; ++i) {
        const uint32_t sum = (uint32_t)a.lane[i] + (uint32_t)b.lane[i];
        result.lane[i] = (uint16_t)((sum < 0xFFFFu) ? sum : 0xFFFFu);
    }
    return result;
}

/** Lanes that are at least as large. */
static inline mve_pred16_t vcmpcsq_n_u16(uint16x8_t a, uint16_t b)
{
    const uint32_t both = 3u; /* bytes of a lane */
    uint32_t result = 0u;
    for (uint32_t i = 0u; i < 8u; ++i) {
        result |= (a.lane[i] >= b) ? (both << (2u * i)) : 0u;
    }
    return (mve_pred16_t)result;
}

static inline uint16x8_t vandq_u16(uint16x8_t a, uint16x8_t b)
{
    uint16x8_t result = a;
    for (uint32_t i = 0u; i < 8u; ++i) {
        const uint32_t both = (uint32_t)a.lane[i] & (uint32_t)b.lane[i];
        result.lane[i] = (uint16_t)both;
    }
    return result;
}

static inline uint16x8_t vaddq_u16(uint16x8_t a, uint16x8_t b)
{
    uint16x8_t result = a;
    for (uint32_t i = 0u; i < 8u; ++i) {
        const uint32_t sum = (uint32_t)a.lane[i] + (uint32_t)b.lane[i];
        result.lane[i] = (uint16_t)(sum & 0xFFFFu);
    }
    return result;
}

static inline int16x8_t vmaxq_s16(int16x8_t a, int16x8_t b)
{
    int16x8_t result = a;
    for (uint32_t i = 0u; i < 8u; ++i) {
        result.lane[i] = (int16_t)((a.lane[i] > b.lane[i]) ? a.lane[i] : b.lane[i]);
    }
    return result;
}

static inline int16x8_t vminq_s16(int16x8_t a, int16x8_t b)
{
    int16x8_t result = a;
    for (uint32_t i = 0u; i < 8u; ++i) {
        result.lane[i] = (int16_t)((a.lane[i] < b.lane[i]) ? a.lane[i] : b.lane[i]);
    }
    return result;
}

/* Arithmetic of 8 bits. */

static inline uint8x16_t vldrbq_u8(const uint8_t *base)
{
    uint8x16_t result = {{0}};
    (void)memcpy(result.lane, base, sizeof(result));
    return result;
}

static inline uint8x16_t vdupq_n_u8(uint8_t value)
{
    uint8x16_t result = {{0}};
    (void)memset(result.lane, value, sizeof(result));
    return result;
}

static inline uint8x16_t vandq_u8(uint8x16_t a, uint8x16_t b)
{
    uint8x16_t result = a;
    for (uint32_t i = 0u; i < 16u; ++i) {
        const uint32_t both = (uint32_t)a.lane[i] & (uint32_t)b.lane[i];
        result.lane[i] = (uint8_t)both;
    }
    return result;
}

static inline uint8x16_t vaddq_u8(uint8x16_t a, uint8x16_t b)
{
    uint8x16_t result = a;
    for (uint32_t i = 0u; i < 16u; ++i) {
        const uint32_t sum = (uint32_t)a.lane[i] + (uint32_t)b.lane[i];
        result.lane[i] = (uint8_t)(sum & 0xFFu);
    }
    return result;
}

static inline int8x16_t vmaxq_s8(int8x16_t a, int8x16_t b)
{
    int8x16_t result = a;
    for (uint32_t i = 0u; i < 16u; ++i) {
        result.lane[i] = (int8_t)((a.lane[i] > b.lane[i]) ? a.lane[i] : b.lane[i]);
    }
    return result;
}

static inline int8x16_t vminq_s8(int8x16_t a, int8x16_t b)
{
    int8x16_t result = a;
    for (uint32_t i = 0u; i < 16u; ++i) {
        result.lane[i] = (int8_t)((a.lane[i] < b.lane[i]) ? a.lane[i] : b.lane[i]);
    }
    return result;
}

/* Narrower lanes. */

/** The lanes of `b`, saturated, into the even lanes of `a`. */
static inline int16x8_t vqmovnbq_s32(int16x8_t a, int32x4_t b)
{
    int16x8_t result = a;
    for (uint32_t i = 0u; i < 4u; ++i) {
        result.lane[2u * i] = (int16_t)mrt_mve_saturate(b.lane[i], INT16_MIN, INT16_MAX);
    }
    return result;
}

/** Likewise into the odd lanes. */
static inline int16x8_t vqmovntq_s32(int16x8_t a, int32x4_t b)
{
    int16x8_t result = a;
    for (uint32_t i = 0u; i < 4u; ++i) {
        result.lane[(2u * i) + 1u] = (int16_t)mrt_mve_saturate(b.lane[i], INT16_MIN, INT16_MAX);
    }
    return result;
}

static inline int8x16_t vqmovnbq_s16(int8x16_t a, int16x8_t b)
{
    int8x16_t result = a;
    for (uint32_t i = 0u; i < 8u; ++i) {
        result.lane[2u * i] = (int8_t)mrt_mve_saturate(b.lane[i], INT8_MIN, INT8_MAX);
    }
    return result;
}

static inline int16x8_t vqaddq_n_s16(int16x8_t a, int16_t b)
{
    int16x8_t result = a;
    for (uint32_t i = 0u; i < 8u; ++i) {
        result.lane[i] = (int16_t)mrt_mve_saturate((int64_t)a.lane[i] + b, INT16_MIN, INT16_MAX);
    }
    return result;
}

#endif
