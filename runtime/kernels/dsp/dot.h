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
    const mrt_dsp_scale_t scale = {(int32_t)words[0], (int32_t)(step << words[1]), words[1]};
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
    return (int32_t)(2u * even);
}

/** Twice the sum of an odd channel, from the sum of 256 times it and its even neighbour, and from the latter. */
static inline int32_t mrt_dsp_twice_odd(uint32_t both, uint32_t even)
{
    const int32_t odd = (int32_t)(both - even);
    return odd >> 7u; /* MISRA D2 */
}

#if MRT_DSP == 1

/* Quads of an unrolled turn. */
#define MRT_DSP_TURN 4u

/* Bytes of code of a quad in mrt_dsp_dot_two: 24 instructions of four bytes. */
#define MRT_DSP_TWO_CODE 96u

/* Bytes of code of a quad in mrt_dsp_dot_one: 15 instructions of four bytes. */
#define MRT_DSP_ONE_CODE 60u

/** Bytes of code to leave out so that the first turn does what is left of `quads`. */
static inline uint32_t mrt_dsp_skip(uint32_t quads, uint32_t code)
{
    const uint32_t missing = (0u - quads) % MRT_DSP_TURN;
    return missing * code;
}

/**
 * Adds the products of two pixels with the weights from `weights` on; returns the word behind them. In assembly, since
 * the loop needs every register and a compiler that does not know so moves sums to memory and back.
 */
static inline const uint32_t *mrt_dsp_dot_two(const mrt_dsp_walk_t *walk, const uint32_t *weights, uint32_t skip,
                                              mrt_dsp_sums_t *sums)
{
    const uint32_t *x = walk->lanes;
    const uint32_t *w = weights;
    const uint32_t *end = &weights[4u * walk->quads];
    uint32_t xa;
    uint32_t xb;
    uint32_t w0;
    uint32_t w1;
    __asm volatile( /* MISRA D5 */
        "    ldr     %[xa], %[skip]\n"
        "    add     pc, %[xa]\n" /* two bytes; pc reads as the address of the loop */
        "    nop\n"
        "1:\n"
        "    .rept   8\n"
        "    ldrd    %[xa], %[xb], [%[x]], #8\n"
        "    ldrd    %[w0], %[w1], [%[w]], #8\n"
        "    smlad   %[a1], %[xa], %[w0], %[a1]\n"
        "    smlad   %[b1], %[xb], %[w0], %[b1]\n"
        "    sxtb16  %[w0], %[w0]\n"
        "    smlad   %[a3], %[xa], %[w1], %[a3]\n"
        "    smlad   %[b3], %[xb], %[w1], %[b3]\n"
        "    sxtb16  %[w1], %[w1]\n"
        "    smlad   %[a0], %[xa], %[w0], %[a0]\n"
        "    smlad   %[b0], %[xb], %[w0], %[b0]\n"
        "    smlad   %[a2], %[xa], %[w1], %[a2]\n"
        "    smlad   %[b2], %[xb], %[w1], %[b2]\n"
        "    .endr\n"
        "    ldr     %[xa], %[end]\n"
        "    cmp     %[w], %[xa]\n"
        "    bne     1b\n"
        : [x] "+r"(x), [w] "+r"(w), [xa] "=&r"(xa), [xb] "=&r"(xb), [w0] "=&r"(w0), [w1] "=&r"(w1),
          [a0] "+r"(sums->a0), [a1] "+r"(sums->a1), [a2] "+r"(sums->a2), [a3] "+r"(sums->a3), [b0] "+r"(sums->b0),
          [b1] "+r"(sums->b1), [b2] "+r"(sums->b2), [b3] "+r"(sums->b3)
        : [end] "m"(end), [skip] "m"(skip)
        : "cc", "memory");
    return w;
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

#define MRT_DSP_TWO_CODE 0u
#define MRT_DSP_ONE_CODE 0u

static inline uint32_t mrt_dsp_skip(uint32_t quads, uint32_t code)
{
    (void)quads;
    return code;
}

static inline const uint32_t *mrt_dsp_dot_two(const mrt_dsp_walk_t *walk, const uint32_t *weights, uint32_t skip,
                                              mrt_dsp_sums_t *sums)
{
    (void)skip;
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
