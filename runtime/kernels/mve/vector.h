/**
 * @file vector.h
 * @brief Outputs of one vector, for groups of eight channels, from bytes to bytes.
 */
#ifndef MRT_RUNTIME_KERNELS_MVE_VECTOR_H
#define MRT_RUNTIME_KERNELS_MVE_VECTOR_H

#include "runtime/kernels/mve/products.h"

#if MRT_MVE == 1

/* Bytes of MRT_MVE_STEP_1X8, and how many of them a pass is. */
#define MRT_MVE_VECTOR_STEP_BYTES 68
#define MRT_MVE_VECTOR_STEPS 4

/* Where the first, shorter pass of a group begins. Aligned, since code that is to be small may begin at any half word, by
 * which ADR would be wrong. */
#define MRT_MVE_VECTOR_PLACE /* MISRA D4 */ \
    ".balign 4\n\tadr r0, 3f\n\tldr r2, %[first]\n\tsubs r0, r0, r2\n\tadds r0, #1\n\tstr r0, %[first]\n"

/* Biases and products of a group. */
#define MRT_MVE_VECTOR_SUMS /* MISRA D4 */ \
    "1:\n\tldm %[w]!, {r0, r2, r4, r6, r8, r10, r12, lr}\n\tldr %[a], %[input]\n\tldr %[n], %[passes]\n\t" \
    "ldr pc, %[first]\n" \
    "2:\n\t" MRT_MVE_STEP_1X8 MRT_MVE_STEP_1X8 MRT_MVE_STEP_1X8 MRT_MVE_STEP_1X8 \
    "3:\n\tsubs %[n], #1\n\tbne 2b\n\t" MRT_MVE_GATHER

/* Multipliers, shifts, zero point and clamp; VRSHL rounds ties up, which of rectified outputs nobody sees. */
#define MRT_MVE_VECTOR_SCALE /* MISRA D4 */ \
    "vldrw.u32 %q[u], [%[w]], #16\n\tvldrw.u32 %q[v], [%[w]], #16\n\tldr r0, %[rectified]\n\t" \
    "vqrdmulh.s32 %q[x], %q[x], %q[u]\n\tvqrdmulh.s32 %q[y], %q[y], %q[v]\n\tcbnz r0, 4f\n\t" \
    "vshr.s32 %q[u], %q[x], #31\n\tvqadd.s32 %q[x], %q[x], %q[u]\n\t" \
    "vshr.s32 %q[u], %q[y], #31\n\tvqadd.s32 %q[y], %q[y], %q[u]\n" \
    "4:\n\tvldrw.u32 %q[u], [%[w]], #16\n\tvldrw.u32 %q[v], [%[w]], #16\n\t" \
    "vrshl.s32 %q[x], %q[x], %q[u]\n\tvrshl.s32 %q[y], %q[y], %q[v]\n\t" \
    "vqmovnb.s32 %q[x], %q[x]\n\tvqmovnt.s32 %q[x], %q[y]\n\tvqadd.s16 %q[x], %q[x], %q[offset]\n\t" \
    "vmax.s16 %q[x], %q[x], %q[low]\n\tvmin.s16 %q[x], %q[x], %q[high]\n\t"

/* Stores what is left of eight outputs and goes to the next group, if there is one. */
#define MRT_MVE_VECTOR_STORE /* MISRA D4 */ \
    "vctp.16 %[left]\n\tvpst\n\tvstrbt.16 %q[x], [%[out]], #8\n\tsubs %[left], #8\n\tbgt 1b\n\t"

/** All groups of a vector, of product->blocks * 16 elements; with any scaling but MRT_MVE_ANY. */
static MRT_MVE_INLINE void mrt_mve_vector(const mrt_mve_product_t *product, const int8_t *input, int8_t *output)
{
    /* In reach of the stack pointer: */
    const int8_t *const start = input;
    const int32_t passes = (product->blocks + (MRT_MVE_VECTOR_STEPS - 1)) / MRT_MVE_VECTOR_STEPS;
    const int32_t steps = product->blocks - ((passes - 1) * MRT_MVE_VECTOR_STEPS); /* of the first pass */
    const uint32_t rectified = (product->scaling == (int32_t)MRT_MVE_RECTIFIED) ? 1u : 0u;
    uint32_t first = (uint32_t)steps * MRT_MVE_VECTOR_STEP_BYTES;
    const int32_t *w = product->groups;
    int8_t *out = output;
    int32_t left = product->channels;
    const int8_t *a;
    int32_t n;
    int32x4_t x;
    int32x4_t y;
    int32x4_t u;
    int32x4_t v;
    __asm volatile(MRT_MVE_VECTOR_PLACE MRT_MVE_VECTOR_SUMS MRT_MVE_VECTOR_SCALE MRT_MVE_VECTOR_STORE /* MISRA D5 */
                   : [a] "=&r"(a), [w] "+r"(w), [n] "=&r"(n), [out] "+l"(out), [left] "+r"(left), [x] "=&w"(x),
                     [y] "=&w"(y), [u] "=&w"(u), [v] "=&w"(v), [first] "+m"(first)
                   : [input] "m"(start), [passes] "m"(passes), [rectified] "m"(rectified),
                     [offset] "w"(vdupq_n_s16((int16_t)product->output.offset)),
                     [low] "w"(vdupq_n_s16((int16_t)product->output.low)),
                     [high] "w"(vdupq_n_s16((int16_t)product->output.high))
                   : MRT_MVE_SUMS, "cc", "memory");
}

#else

static inline void mrt_mve_vector(const mrt_mve_product_t *product, const int8_t *input, int8_t *output)
{
    const bool rectified = product->scaling == (int32_t)MRT_MVE_RECTIFIED;
    const mrt_mve_scaling_t scaling = rectified ? MRT_MVE_RECTIFIED : MRT_MVE_SIGNED;
    const int32_t *groups = product->groups;
    int8_t *out = output;
    for (int32_t left = product->channels; left > 0; left -= 8) {
        const mrt_mve_sums_t sums = mrt_mve_dot_1x8(input, groups, &product->blocks);
        const int32_t *packed = sums.next;
        mrt_mve_scales_t scales;
        scales.first_multiplier = vldrwq_s32(packed);
        scales.second_multiplier = vldrwq_s32(&packed[4]);
        scales.first_shift = vldrwq_s32(&packed[8]);
        scales.second_shift = vldrwq_s32(&packed[12]);
        vstrbq_p_s16(out, mrt_mve_scale(&sums, &scales, &product->output, scaling), vctp16q((uint32_t)left));
        groups = &packed[16];
        out = &out[8];
    }
}

#endif

#endif
