/**
 * @file scale.h
 * @brief How sums become int8 outputs, eight at a time, with the rounding of requantise.h.
 */
#ifndef MRT_RUNTIME_KERNELS_MVE_SCALE_H
#define MRT_RUNTIME_KERNELS_MVE_SCALE_H

#include "micrort/kernels/mve.h"
#include "runtime/kernels/mve/intrinsics.h"

/** Zero point and clamp of the outputs. */
typedef struct mrt_mve_output {
    int32_t offset;
    int32_t low;
    int32_t high;
} mrt_mve_output_t;

/** mrt_requantise of four sums, for any shift. */
static MRT_MVE_INLINE int32x4_t mrt_mve_requantise(int32x4_t sums, int32x4_t multiplier, int32x4_t shift)
{
    const int32x4_t zero = vdupq_n_s32(0);
    const int32x4_t right = vminq_s32(shift, zero);
    const int32x4_t product = vqrdmulhq_s32(vshlq_s32(sums, vmaxq_s32(shift, zero)), multiplier);
    /* VRSHL rounds ties up; one less makes it away from zero. A shift of 0 has no sign bit to take for it. */
    const int32x4_t sign = vshrq_n_s32(vandq_s32(product, right), 31);
    return vrshlq_s32(vqaddq_s32(product, sign), right);
}

/** Likewise for shifts of -31..-1. */
static MRT_MVE_INLINE int32x4_t mrt_mve_requantise_signed(int32x4_t sums, int32x4_t multiplier, int32x4_t shift)
{
    const int32x4_t product = vqrdmulhq_s32(sums, multiplier);
    return vrshlq_s32(vqaddq_s32(product, vshrq_n_s32(product, 31)), shift);
}

/** Likewise where negative results do not matter. */
static MRT_MVE_INLINE int32x4_t mrt_mve_requantise_rectified(int32x4_t sums, int32x4_t multiplier, int32x4_t shift)
{
    return vrshlq_s32(vqrdmulhq_s32(sums, multiplier), shift);
}

/** Scaled sums to the lowest bytes of eight lanes: `first` to the even lanes, `second` to the odd ones. */
static MRT_MVE_INLINE int16x8_t mrt_mve_narrow(int32x4_t first, int32x4_t second)
{
    return vqmovntq_s32(vqmovnbq_s32(vreinterpretq_s16_s32(first), first), second);
}

/** With zero point and clamp, the sum of them modulo 2^32. */
static MRT_MVE_INLINE int16x8_t mrt_mve_finish_any(int32x4_t first, int32x4_t second, const mrt_mve_output_t *output)
{
    const int32x4_t low = vdupq_n_s32(output->low);
    const int32x4_t high = vdupq_n_s32(output->high);
    const int32x4_t a = vaddq_n_s32(first, output->offset);
    const int32x4_t b = vaddq_n_s32(second, output->offset);
    return mrt_mve_narrow(vminq_s32(vmaxq_s32(a, low), high), vminq_s32(vmaxq_s32(b, low), high));
}

/** Likewise for scaled sums that are no larger than 2^30. */
static MRT_MVE_INLINE int16x8_t mrt_mve_finish_signed(int32x4_t first, int32x4_t second,
                                                      const mrt_mve_output_t *output)
{
    const int16x8_t wide = vqaddq_n_s16(mrt_mve_narrow(first, second), (int16_t)output->offset);
    const int16x8_t low = vdupq_n_s16((int16_t)output->low);
    const int16x8_t high = vdupq_n_s16((int16_t)output->high);
    return vminq_s16(vmaxq_s16(wide, low), high);
}

/** With zero point, clamped to int8; for scaled sums that are no larger than 2^30. */
static MRT_MVE_INLINE int16x8_t mrt_mve_finish(int32x4_t first, int32x4_t second, const mrt_mve_output_t *output)
{
    const int16x8_t wide = vqaddq_n_s16(mrt_mve_narrow(first, second), (int16_t)output->offset);
    return vreinterpretq_s16_s8(vqmovnbq_s16(vreinterpretq_s8_s16(wide), wide));
}

/** Multipliers and shifts of eight sums. */
typedef struct mrt_mve_scales {
    int32x4_t first_multiplier;
    int32x4_t first_shift;
    int32x4_t second_multiplier;
    int32x4_t second_shift;
} mrt_mve_scales_t;

/** Eight sums to outputs in the lanes of mrt_mve_narrow; `scaling` is best a constant. */
static MRT_MVE_INLINE int16x8_t mrt_mve_scale(const mrt_mve_sums_t *sums, const mrt_mve_scales_t *scales,
                                              const mrt_mve_output_t *output, mrt_mve_scaling_t scaling)
{
    int32x4_t first;
    int32x4_t second;
    if (scaling == MRT_MVE_RECTIFIED) {
        first = mrt_mve_requantise_rectified(sums->first, scales->first_multiplier, scales->first_shift);
        second = mrt_mve_requantise_rectified(sums->second, scales->second_multiplier, scales->second_shift);
    } else if (scaling == MRT_MVE_SIGNED) {
        first = mrt_mve_requantise_signed(sums->first, scales->first_multiplier, scales->first_shift);
        second = mrt_mve_requantise_signed(sums->second, scales->second_multiplier, scales->second_shift);
    } else {
        first = mrt_mve_requantise(sums->first, scales->first_multiplier, scales->first_shift);
        second = mrt_mve_requantise(sums->second, scales->second_multiplier, scales->second_shift);
    }
    if (scaling == MRT_MVE_RECTIFIED) {
        return mrt_mve_finish(first, second, output);
    }
    return (scaling == MRT_MVE_SIGNED) ? mrt_mve_finish_signed(first, second, output)
                                       : mrt_mve_finish_any(first, second, output);
}

#endif
