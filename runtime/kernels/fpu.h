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

/** Four sums, and what they grow by next. */
typedef struct mrt_fpu_four {
    const float *x; /**< Elements of the input. */
    const float *a; /**< Those that they are multiplied by for the first sum, */
    const float *b; /**< the second, */
    const float *c; /**< the third */
    const float *d; /**< and the fourth. */
    float sum_a;
    float sum_b;
    float sum_c;
    float sum_d;
} mrt_fpu_four_t;

#if MRT_FPU == 1

/** Each sum grows by `length` products, at least 0; all pointers move on behind their elements. */
static inline void mrt_fpu_dot_four(mrt_fpu_four_t *four, int32_t length)
{
    uint32_t fours = (uint32_t)length / 4u;
    uint32_t rest = (uint32_t)length % 4u;
    __asm("cmp %[fours], #0\n" /* MISRA D5 */
          "beq 2f\n"
          "1: vldmia %[x]!, {s16-s19}\n"
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
          "subs %[fours], %[fours], #1\n"
          "bne 1b\n"
          "2: cmp %[rest], #0\n"
          "beq 4f\n"
          "3: vldmia %[x]!, {s16}\n"
          "vldmia %[a]!, {s20}\n"
          "vldmia %[b]!, {s24}\n"
          "vldmia %[c]!, {s28}\n"
          "vldmia %[d]!, {s12}\n"
          "vmla.f32 %[p], s16, s20\n"
          "vmla.f32 %[q], s16, s24\n"
          "vmla.f32 %[r], s16, s28\n"
          "vmla.f32 %[s], s16, s12\n"
          "subs %[rest], %[rest], #1\n"
          "bne 3b\n"
          "4:\n"
          : [p] "+t"(four->sum_a), [q] "+t"(four->sum_b), [r] "+t"(four->sum_c), [s] "+t"(four->sum_d),
            [x] "+r"(four->x), [a] "+r"(four->a), [b] "+r"(four->b), [c] "+r"(four->c), [d] "+r"(four->d),
            [fours] "+r"(fours), [rest] "+r"(rest)
          :
          : "s12", "s13", "s14", "s15", "s16", "s17", "s18", "s19", "s20", "s21", "s22", "s23", "s24", "s25", "s26",
            "s27", "s28", "s29", "s30", "s31", "cc", "memory");
}

#else

static inline void mrt_fpu_dot_four(mrt_fpu_four_t *four, int32_t length)
{
    float a = four->sum_a;
    float b = four->sum_b;
    float c = four->sum_c;
    float d = four->sum_d;
    for (int32_t i = 0; i < length; ++i) {
        const float value = four->x[i];
        a += value * four->a[i];
        b += value * four->b[i];
        c += value * four->c[i];
        d += value * four->d[i];
    }
    *four = (mrt_fpu_four_t){&four->x[length], &four->a[length], &four->b[length], &four->c[length], &four->d[length],
                             a, b, c, d};
}

#endif

#endif
