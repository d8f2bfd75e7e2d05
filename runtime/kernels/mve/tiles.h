/**
 * @file tiles.h
 * @brief Outputs of two pixels for groups of four channels, from bytes to bytes.
 */
#ifndef MRT_RUNTIME_KERNELS_MVE_TILES_H
#define MRT_RUNTIME_KERNELS_MVE_TILES_H

#include "runtime/kernels/mve/scale.h"

/** Two pixels, which may be the same, and whole groups of output channels. */
typedef struct mrt_mve_tiles {
    const int8_t *pixels[2];
    const int32_t *groups; /**< As micrort/kernels/mve.h lays them out. */
    int32_t blocks;        /**< Times 16: elements of a filter. */
    int8_t *output;        /**< Of the first pixel. */
    const int8_t *end;     /**< Behind the last group's output of the first pixel; not `output`. */
    int32_t offset;        /**< The output's zero point. */
    uint16x8_t places;     /**< Of a group's outputs: even lanes belong to the first pixel. */
} mrt_mve_tiles_t;

#if MRT_MVE == 1

/* VRSHL rounds ties up; one less makes that of negative values away from zero. */
#define MRT_MVE_TILES_ROUND /* MISRA D4 */ \
    "vshr.s32 %q[u], %q[x], #31\n\tvqadd.s32 %q[x], %q[x], %q[u]\n\t" \
    "vshr.s32 %q[u], %q[y], #31\n\tvqadd.s32 %q[y], %q[y], %q[u]\n\t"

/* All groups: biases, products, multipliers, shifts, zero point, bytes. */
#define MRT_MVE_TILES(round) /* MISRA D4 */ \
    "5:\n\tldm %[w], {r0, r2, r4, r6}\n\tldm %[w]!, {r8, r10, r12, lr}\n\tldrd %[a], %[b], %[pixels]\n\t" \
    MRT_MVE_REPEAT(MRT_MVE_STEP_2X4) MRT_MVE_SPREAD \
    "vldrw.u32 %q[u], [%[w]], #16\n\tvldrw.u32 %q[v], [%[w]], #16\n\t" \
    "vqrdmulh.s32 %q[x], %q[x], %q[u]\n\tvqrdmulh.s32 %q[y], %q[y], %q[u]\n\t" round \
    "vrshl.s32 %q[x], %q[x], %q[v]\n\tvrshl.s32 %q[y], %q[y], %q[v]\n\t" \
    "ldr r0, %[offset]\n\t" MRT_MVE_NARROW("r0") "vstrb.16 %q[x], [%[out], %q[places]]\n\t" \
    "add %[out], #4\n\tldr r0, %[end]\n\tcmp %[out], r0\n\tbne 5b\n\t"

/** All channels of the groups; `scaling` is a constant, and not MRT_MVE_ANY. */
static MRT_MVE_INLINE void mrt_mve_tiles_2x4(const mrt_mve_tiles_t *tiles, mrt_mve_scaling_t scaling)
{
    const int8_t *a;
    const int8_t *b;
    const int32_t *w = tiles->groups;
    int8_t *out = tiles->output;
    int32_t count;
    int32x4_t x;
    int32x4_t y;
    int8x16_t u;
    int8x16_t v;
    if (scaling == MRT_MVE_RECTIFIED) {
        __asm volatile(MRT_MVE_TILES("") /* MISRA D5 */
                       : [a] "=&r"(a), [b] "=&r"(b), [w] "+r"(w), [out] "+r"(out), [n] "=&r"(count), [x] "=&w"(x),
                         [y] "=&w"(y), [u] "=&w"(u), [v] "=&w"(v)
                       : [pixels] "m"(tiles->pixels), [blocks] "m"(tiles->blocks), [offset] "m"(tiles->offset),
                         [end] "m"(tiles->end), [places] "w"(tiles->places)
                       : MRT_MVE_SUMS, "cc", "memory");
    } else {
        __asm volatile(MRT_MVE_TILES(MRT_MVE_TILES_ROUND) /* MISRA D5 */
                       : [a] "=&r"(a), [b] "=&r"(b), [w] "+r"(w), [out] "+r"(out), [n] "=&r"(count), [x] "=&w"(x),
                         [y] "=&w"(y), [u] "=&w"(u), [v] "=&w"(v)
                       : [pixels] "m"(tiles->pixels), [blocks] "m"(tiles->blocks), [offset] "m"(tiles->offset),
                         [end] "m"(tiles->end), [places] "w"(tiles->places)
                       : MRT_MVE_SUMS, "cc", "memory");
    }
}

#else

static inline void mrt_mve_tiles_2x4(const mrt_mve_tiles_t *tiles, mrt_mve_scaling_t scaling)
{
    const mrt_mve_output_t end = {tiles->offset, INT8_MIN, INT8_MAX};
    const int32_t *groups = tiles->groups;
    for (int8_t *out = tiles->output; out != tiles->end; out = &out[4]) {
        const mrt_mve_sums_t sums = mrt_mve_dot_2x4(tiles->pixels[0], tiles->pixels[1], groups, &tiles->blocks);
        const int32x4_t multiplier = vldrwq_s32(sums.next);
        const int32x4_t shift = vldrwq_s32(&sums.next[4]);
        const mrt_mve_scales_t scales = {multiplier, shift, multiplier, shift};
        vstrbq_scatter_offset_s16(out, tiles->places, mrt_mve_scale(&sums, &scales, &end, scaling));
        groups = &sums.next[8];
    }
}

#endif

#endif
