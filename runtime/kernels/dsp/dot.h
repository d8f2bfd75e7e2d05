/**
 * @file dot.h
 * @brief The inner loops behind products.h: four channels of one pixel or of two, and what follows each sum.
 *
 * The only assembly of the library beside the single instructions of intrinsics.h; each loop has its twin in C.
 */
#ifndef MRT_RUNTIME_KERNELS_DSP_DOT_H
#define MRT_RUNTIME_KERNELS_DSP_DOT_H

#include "runtime/kernels/dsp/intrinsics.h"
#include "runtime/kernels/dsp/products.h"

/** Sums of four channels: of pixel a, of pixel b. */
typedef struct mrt_dsp_sums {
    uint32_t a0;
    uint32_t a1;
    uint32_t a2;
    uint32_t a3;
    uint32_t b0;
    uint32_t b1;
    uint32_t b2;
    uint32_t b3;
} mrt_dsp_sums_t;

/** How a channel's sums become output elements. */
typedef struct mrt_dsp_scale {
    int32_t multiplier;
    int32_t offset; /**< The output's zero point and one half, shifted left by `shift` + 1. */
    uint32_t shift; /**< To the right, less one. */
} mrt_dsp_scale_t;

/**
 * The scale of channel `lane` of a group, whose scales begin at `scales`: a multiplier and a shift to the right, less
 * one, for each channel.
 * @param step What mrt_dsp_step gives for the output's zero point.
 */
static inline mrt_dsp_scale_t mrt_dsp_scale(const uint32_t *scales, uint32_t lane, uint32_t step)
{
    const uint32_t *words = &scales[MRT_DSP_SCALE_WORDS * lane];
    const uint32_t offset = step << words[1];
    const mrt_dsp_scale_t scale = {(int32_t)words[0], (int32_t)offset, words[1]};
    return scale;
}

/** An output element from twice its sum: rounded twice as requantise.h says, plus the zero point, saturated. */
static inline int8_t mrt_dsp_requantise(int32_t twice, mrt_dsp_scale_t scale)
{
    /* Ties of the shift go away from zero: one less in front of it where the sum is negative. */
    const int32_t offset = mrt_dsp_add_sign(scale.offset, twice);
    const int32_t scaled = mrt_dsp_smmlar(twice, scale.multiplier, offset);
    return (int8_t)mrt_dsp_ssat8_half(scaled >> scale.shift); /* MISRA D2 */
}

/** Twice the sum of an even channel. */
static inline int32_t mrt_dsp_twice_even(uint32_t even)
{
    const uint32_t twice = 2u * even;
    return (int32_t)twice;
}

/** Twice the sum of an odd channel, from the sum of 256 times it and its even neighbour, and from the latter. */
static inline int32_t mrt_dsp_twice_odd(uint32_t both, uint32_t even)
{
    const uint32_t odd = both - even;
    return (int32_t)odd >> 7u; /* MISRA D2 */
}

/** Four elements of two pixels as lanes: MRT_DSP_LANES_TWO words. */
static inline void mrt_dsp_widen_quad(uint32_t a, uint32_t b, uint32_t *lanes)
{
    lanes[0] = mrt_dsp_sxtb16(a);
    lanes[1] = mrt_dsp_sxtb16(b);
    lanes[2] = mrt_dsp_sxtb16_odd(a);
    lanes[3] = mrt_dsp_sxtb16_odd(b);
}

#if MRT_DSP == 1

/* Quads of an unrolled turn. */
#define MRT_DSP_TURN 4u

/* Bytes of code of a quad in mrt_dsp_dot_one: 15 instructions of four bytes. */
#define MRT_DSP_ONE_CODE 60u

/** Bytes of code to leave out so that the first turn does what is left of `quads`. */
static inline uint32_t mrt_dsp_skip(uint32_t quads, uint32_t code)
{
    const uint32_t missing = (0u - quads) % MRT_DSP_TURN;
    return missing * code;
}

/* Bytes of code of a quad in mrt_dsp_groups_two: 24 instructions of four bytes. */
#define MRT_DSP_TWO_CODE 96u

/* One channel of both pixels: scale, then rounded, shifted and saturated sums; see mrt_dsp_requantise. */
#define MRT_DSP_CHANNEL_TWO(a, b) /* MISRA D4 */ \
    "    ldrd    r10, r11, [r9], #8\n" \
    "    ldr     r12, %[step]\n" \
    "    lsl     r12, r12, r11\n" \
    "    add     lr, r12, " a ", asr #31\n" \
    "    smmlar  " a ", " a ", r10, lr\n" \
    "    add     lr, r12, " b ", asr #31\n" \
    "    smmlar  " b ", " b ", r10, lr\n" \
    "    asrs    " a ", " a ", r11\n" \
    "    asrs    " b ", " b ", r11\n" \
    "    ssat    " a ", #8, " a ", asr #1\n" \
    "    ssat    " b ", #8, " b ", asr #1\n"

/**
 * `count` whole groups of two pixels from `group` on, at least one; returns the next group. In assembly, since the loop
 * needs every register, and a compiler that does not know so moves sums to memory and back. r0 to r3 are the sums of
 * pixel a, r4 to r7 those of pixel b, r8 walks through the lanes, r9 through the group.
 */
static inline const uint32_t *mrt_dsp_groups_two(const mrt_dsp_walk_t *walk, const uint32_t *group, uint32_t count,
                                                 int8_t *a, int8_t *b)
{
    const uint32_t *lanes = walk->lanes;
    const uint32_t weight_bytes = 16u * walk->quads;
    const uint32_t skip = mrt_dsp_skip(walk->quads, MRT_DSP_TWO_CODE);
    const uint32_t step = walk->step;
    const uint32_t *next = group;
    const uint32_t *end;
    uint32_t left = count;
    int8_t *to_a = a;
    int8_t *to_b = b;
    __asm volatile( /* MISRA D5 */
        "    ldr     r9, %[next]\n"
        "1:\n"
        "    ldm     r9, {r0, r1, r2, r3}\n"
        "    ldm     r9!, {r4, r5, r6, r7}\n"
        "    ldr     r10, %[weight_bytes]\n"
        "    ldr     r8, %[lanes]\n"
        "    add     r10, r9, r10\n"
        "    str     r10, %[end]\n"
        "    ldr     r10, %[skip]\n"
        "    .balign 4\n"
        "    add     pc, r10\n" /* two bytes; pc reads as the address of the loop */
        "    nop\n"
        "2:\n"
        "    .rept   8\n"
        "    ldrd    r10, r11, [r8], #8\n"
        "    ldrd    r12, lr, [r9], #8\n"
        "    smlad   r1, r10, r12, r1\n"
        "    smlad   r5, r11, r12, r5\n"
        "    sxtb16  r12, r12\n"
        "    smlad   r3, r10, lr, r3\n"
        "    smlad   r7, r11, lr, r7\n"
        "    sxtb16  lr, lr\n"
        "    smlad   r0, r10, r12, r0\n"
        "    smlad   r4, r11, r12, r4\n"
        "    smlad   r2, r10, lr, r2\n"
        "    smlad   r6, r11, lr, r6\n"
        "    .endr\n"
        "    ldr     r10, %[end]\n"
        "    cmp     r9, r10\n"
        "    bne     2b\n"
        "    subs    r1, r1, r0\n" /* twice each sum: see mrt_dsp_twice_even, mrt_dsp_twice_odd */
        "    subs    r3, r3, r2\n"
        "    subs    r5, r5, r4\n"
        "    subs    r7, r7, r6\n"
        "    lsls    r0, r0, #1\n"
        "    asrs    r1, r1, #7\n"
        "    lsls    r2, r2, #1\n"
        "    asrs    r3, r3, #7\n"
        "    lsls    r4, r4, #1\n"
        "    asrs    r5, r5, #7\n"
        "    lsls    r6, r6, #1\n"
        "    asrs    r7, r7, #7\n" MRT_DSP_CHANNEL_TWO("r0", "r4") MRT_DSP_CHANNEL_TWO("r1", "r5")
            MRT_DSP_CHANNEL_TWO("r2", "r6") MRT_DSP_CHANNEL_TWO("r3", "r7")
        "    ldr     r10, %[a]\n"
        "    ldr     r11, %[b]\n"
        "    strb    r0, [r10], #1\n"
        "    strb    r4, [r11], #1\n"
        "    strb    r1, [r10], #1\n"
        "    strb    r5, [r11], #1\n"
        "    strb    r2, [r10], #1\n"
        "    strb    r6, [r11], #1\n"
        "    strb    r3, [r10], #1\n"
        "    strb    r7, [r11], #1\n"
        "    str     r10, %[a]\n"
        "    str     r11, %[b]\n"
        "    ldr     r12, %[left]\n"
        "    subs    r12, r12, #1\n"
        "    str     r12, %[left]\n"
        "    bne     1b\n"
        "    str     r9, %[next]\n"
        : [next] "+m"(next), [left] "+m"(left), [a] "+m"(to_a), [b] "+m"(to_b), [end] "=m"(end)
        : [lanes] "m"(lanes), [weight_bytes] "m"(weight_bytes), [skip] "m"(skip), [step] "m"(step)
        : "r0", "r1", "r2", "r3", "r4", "r5", "r6", "r7", "r8", "r9", "r10", "r11", "r12", "lr", "cc", "memory");
    return next;
}

/** The same of one pixel, whose lanes lie one pair behind the other. */
static inline const uint32_t *mrt_dsp_dot_one(const mrt_dsp_walk_t *walk, const uint32_t *weights, uint32_t skip,
                                              mrt_dsp_sums_t *sums)
{
    const uint32_t *x = walk->lanes;
    const uint32_t *w = weights;
    const uint32_t *end = &weights[4u * walk->quads];
    uint32_t x0;
    uint32_t x1;
    uint32_t w0;
    uint32_t w1;
    __asm volatile( /* MISRA D5 */
        "    ldr     %[x0], %[skip]\n"
        "    add     pc, %[x0]\n"
        "    nop\n"
        "1:\n"
        "    .rept   4\n"
        "    ldrd    %[x0], %[x1], [%[x]], #8\n"
        "    ldrd    %[w0], %[w1], [%[w]], #8\n"
        "    smlad   %[a1], %[x0], %[w0], %[a1]\n"
        "    sxtb16  %[w0], %[w0]\n"
        "    smlad   %[a3], %[x0], %[w1], %[a3]\n"
        "    sxtb16  %[w1], %[w1]\n"
        "    smlad   %[a0], %[x0], %[w0], %[a0]\n"
        "    smlad   %[a2], %[x0], %[w1], %[a2]\n"
        "    ldrd    %[w0], %[w1], [%[w]], #8\n"
        "    smlad   %[a1], %[x1], %[w0], %[a1]\n"
        "    sxtb16  %[w0], %[w0]\n"
        "    smlad   %[a3], %[x1], %[w1], %[a3]\n"
        "    sxtb16  %[w1], %[w1]\n"
        "    smlad   %[a0], %[x1], %[w0], %[a0]\n"
        "    smlad   %[a2], %[x1], %[w1], %[a2]\n"
        "    .endr\n"
        "    ldr     %[x0], %[end]\n"
        "    cmp     %[w], %[x0]\n"
        "    bne     1b\n"
        : [x] "+r"(x), [w] "+r"(w), [x0] "=&r"(x0), [x1] "=&r"(x1), [w0] "=&r"(w0), [w1] "=&r"(w1),
          [a0] "+r"(sums->a0), [a1] "+r"(sums->a1), [a2] "+r"(sums->a2), [a3] "+r"(sums->a3)
        : [end] "m"(end), [skip] "m"(skip)
        : "cc", "memory");
    return w;
}

#else

#define MRT_DSP_ONE_CODE 0u

static inline uint32_t mrt_dsp_skip(uint32_t quads, uint32_t code)
{
    (void)quads;
    return code;
}

/* The sums of one group of two pixels; returns its scales. */
static inline const uint32_t *mrt_dsp_dot_two(const mrt_dsp_walk_t *walk, const uint32_t *weights, mrt_dsp_sums_t *sums)
{
    for (uint32_t pair = 0u; pair < (2u * walk->quads); ++pair) {
        const uint32_t a = walk->lanes[2u * pair];
        const uint32_t b = walk->lanes[(2u * pair) + 1u];
        const uint32_t first = weights[2u * pair];
        const uint32_t second = weights[(2u * pair) + 1u];
        sums->a0 = mrt_dsp_smlad(a, mrt_dsp_sxtb16(first), sums->a0);
        sums->b0 = mrt_dsp_smlad(b, mrt_dsp_sxtb16(first), sums->b0);
        sums->a1 = mrt_dsp_smlad(a, first, sums->a1);
        sums->b1 = mrt_dsp_smlad(b, first, sums->b1);
        sums->a2 = mrt_dsp_smlad(a, mrt_dsp_sxtb16(second), sums->a2);
        sums->b2 = mrt_dsp_smlad(b, mrt_dsp_sxtb16(second), sums->b2);
        sums->a3 = mrt_dsp_smlad(a, second, sums->a3);
        sums->b3 = mrt_dsp_smlad(b, second, sums->b3);
    }
    return &weights[4u * walk->quads];
}

static inline const uint32_t *mrt_dsp_groups_two(const mrt_dsp_walk_t *walk, const uint32_t *group, uint32_t count,
                                                 int8_t *a, int8_t *b)
{
    const uint32_t *next = group;
    for (uint32_t done = 0u; done < count; ++done) {
        mrt_dsp_sums_t sums = {next[0], next[1], next[2], next[3], next[0], next[1], next[2], next[3]};
        const uint32_t *scales = mrt_dsp_dot_two(walk, &next[MRT_DSP_GROUP], &sums);
        const int32_t twice_a[MRT_DSP_GROUP] = {mrt_dsp_twice_even(sums.a0), mrt_dsp_twice_odd(sums.a1, sums.a0),
                                                mrt_dsp_twice_even(sums.a2), mrt_dsp_twice_odd(sums.a3, sums.a2)};
        const int32_t twice_b[MRT_DSP_GROUP] = {mrt_dsp_twice_even(sums.b0), mrt_dsp_twice_odd(sums.b1, sums.b0),
                                                mrt_dsp_twice_even(sums.b2), mrt_dsp_twice_odd(sums.b3, sums.b2)};
        for (uint32_t lane = 0u; lane < MRT_DSP_GROUP; ++lane) {
            const mrt_dsp_scale_t scale = mrt_dsp_scale(scales, lane, walk->step);
            a[(MRT_DSP_GROUP * done) + lane] = mrt_dsp_requantise(twice_a[lane], scale);
            b[(MRT_DSP_GROUP * done) + lane] = mrt_dsp_requantise(twice_b[lane], scale);
        }
        next = &scales[MRT_DSP_GROUP * MRT_DSP_SCALE_WORDS];
    }
    return next;
}

static inline const uint32_t *mrt_dsp_dot_one(const mrt_dsp_walk_t *walk, const uint32_t *weights, uint32_t skip,
                                              mrt_dsp_sums_t *sums)
{
    (void)skip;
    for (uint32_t pair = 0u; pair < (2u * walk->quads); ++pair) {
        const uint32_t x = walk->lanes[pair];
        const uint32_t first = weights[2u * pair];
        const uint32_t second = weights[(2u * pair) + 1u];
        sums->a0 = mrt_dsp_smlad(x, mrt_dsp_sxtb16(first), sums->a0);
        sums->a1 = mrt_dsp_smlad(x, first, sums->a1);
        sums->a2 = mrt_dsp_smlad(x, mrt_dsp_sxtb16(second), sums->a2);
        sums->a3 = mrt_dsp_smlad(x, second, sums->a3);
    }
    return &weights[4u * walk->quads];
}

#endif

#endif
