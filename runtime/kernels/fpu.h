/**
 * @file fpu.h
 * @brief The loop of float32 products, which a single-precision FPU does best by instructions that C cannot name:
 *        VLDM, which loads several elements, and VMLA, which rounds the product and then the sum.
 *
 * Every sum grows by one product after another, in the order of the elements, and both steps are rounded; so the
 * results are the same bit for bit as those of the plain C that does the work on other cores and on the host.
 */
#ifndef MRT_RUNTIME_KERNELS_FPU_H
#define MRT_RUNTIME_KERNELS_FPU_H

#include <stdint.h>

/** Whether the instructions themselves are used. */
#if defined(__ARM_FP) && ((__ARM_FP & 4) != 0) && defined(__arm__) && defined(__GNUC__)
#define MRT_FPU 1
#else
#define MRT_FPU 0
#endif

/** A pointer to elements for each of four sums. */
typedef struct mrt_fpu_lanes {
    const float *a;
    const float *b;
    const float *c;
    const float *d;
} mrt_fpu_lanes_t;

#if MRT_FPU == 1

/**
 * sums[i] grows by the products of the first elements of `input` and of lane i, as many of `length` as come in fours.
 * Returns how many these are; plain C does the rest.
 */
static inline int32_t mrt_fpu_dot_four(const float *input, const mrt_fpu_lanes_t *lanes, int32_t length, float sums[4])
{
    const float *x = input;
    mrt_fpu_lanes_t w = *lanes;
    int32_t left = length / 4;
    if (left <= 0) {
        return 0;
    }
    __asm("1: vldmia %[x]!, {s16-s19}\n" /* MISRA D5 */
          "vldmia %[a]!, {s20-s23}\n"
          "vldmia %[b]!, {s24-s27}\n"
          "vldmia %[c]!, {s28-s31}\n"
          "vldmia %[d]!, {s12-s15}\n"
          "vmla.f32 %[p], s16, s20\n"
          "vmla.f32 %[q], s16, s24\n"
          "vmla.f32 %[r], s16, s28\n"
          "vmla.f32 %[s], s16, s12\n"
          "vmla.f32 %[p], s17, s21\n"
          "vmla.f32 %[q], s17, s25\n"
          "vmla.f32 %[r], s17, s29\n"
          "vmla.f32 %[s], s17, s13\n"
          "vmla.f32 %[p], s18, s22\n"
          "vmla.f32 %[q], s18, s26\n"
          "vmla.f32 %[r], s18, s30\n"
          "vmla.f32 %[s], s18, s14\n"
          "vmla.f32 %[p], s19, s23\n"
          "vmla.f32 %[q], s19, s27\n"
          "vmla.f32 %[r], s19, s31\n"
          "vmla.f32 %[s], s19, s15\n"
          "subs %[left], %[left], #1\n"
          "bne 1b"
          : [p] "+t"(sums[0]), [q] "+t"(sums[1]), [r] "+t"(sums[2]), [s] "+t"(sums[3]), [x] "+r"(x), [a] "+r"(w.a),
            [b] "+r"(w.b), [c] "+r"(w.c), [d] "+r"(w.d), [left] "+r"(left)
          :
          : "s12", "s13", "s14", "s15", "s16", "s17", "s18", "s19", "s20", "s21", "s22", "s23", "s24", "s25", "s26",
            "s27", "s28", "s29", "s30", "s31", "cc", "memory");
    return length - (length % 4);
}

#else

static inline int32_t mrt_fpu_dot_four(const float *input, const mrt_fpu_lanes_t *lanes, int32_t length, float sums[4])
{
    (void)input;
    (void)lanes;
    (void)length;
    (void)sums;
    return 0;
}

#endif

#endif
