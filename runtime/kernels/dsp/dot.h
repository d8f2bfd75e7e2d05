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
#include "runtime/kernels/requantise.h"

#include <stdbool.h>

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

/** Bits behind an output element in a linear form, see mrt_dsp_linear. */
#define MRT_DSP_LINEAR_SHIFT 12u
#define MRT_DSP_LINEAR_SHIFT_TEXT "12"

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

/** Quads of an unrolled turn of the loops, and pairs of lanes; one quad where code shall be small. */
#if defined(__OPTIMIZE_SIZE__)
#define MRT_DSP_TURN 1u
#define MRT_DSP_TURN_QUADS "1"
#define MRT_DSP_TURN_PAIRS "2"
#else
#define MRT_DSP_TURN 4u
#define MRT_DSP_TURN_QUADS "4"
#define MRT_DSP_TURN_PAIRS "8"
#endif

/** Quads to leave out so that the first turn does what is left of `quads`. */
static inline uint32_t mrt_dsp_skip(uint32_t quads)
{
    return (0u - quads) % MRT_DSP_TURN;
}

/** Some groups of two pixels, which the loops below walk along. */
typedef struct mrt_dsp_groups {
    const uint32_t *next;  /**< The first group; stays. */
    const uint32_t *last;  /**< Behind the last one; there is at least one. */
    const uint32_t *input; /**< The lanes, and what is behind them. */
    const uint32_t *input_end;
    mrt_dsp_places_t to;   /**< The next outputs. */
    uint32_t entry;        /**< For the assembly, as `output`: an address in its code, 0 at first. */
    uint32_t step;         /**< See mrt_dsp_walk_t. */
    uint32_t output;
    uint32_t skip;         /**< Quads that the first turn leaves out. */
} mrt_dsp_groups_t;

/** Elements of two pixels, and where their lanes go. */
typedef struct mrt_dsp_widening {
    const int8_t *a;
    const int8_t *b;
    uint32_t *lanes;
} mrt_dsp_widening_t;

#if MRT_DSP == 1

/** Four elements of two pixels as lanes: MRT_DSP_LANES_TWO words; returns the word behind them. */
static inline uint32_t *mrt_dsp_widen_quad(uint32_t a, uint32_t b, uint32_t *lanes)
{
    uint32_t from_a = a;
    uint32_t from_b = b;
    uint32_t *to = lanes;
    uint32_t even_a;
    uint32_t even_b;
    __asm volatile("sxtb16 %[x], %[a]\n sxtb16 %[y], %[b]\n strd %[x], %[y], [%[to]], #8\n" /* MISRA D5 */
                   "sxtb16 %[a], %[a], ror #8\n sxtb16 %[b], %[b], ror #8\n strd %[a], %[b], [%[to]], #8\n"
                   : [a] "+r"(from_a), [b] "+r"(from_b), [to] "+r"(to), [x] "=&r"(even_a), [y] "=&r"(even_b)
                   :
                   : "memory");
    return to;
}

/** The same of `words` times four elements; returns what is behind them. */
static inline mrt_dsp_widening_t mrt_dsp_widen_words(mrt_dsp_widening_t from, uint32_t words)
{
    mrt_dsp_widening_t next = from;
    uint32_t left = words;
    uint32_t odd_a;
    uint32_t odd_b;
    uint32_t even_a;
    uint32_t even_b;
    if (words > 0u) {
        __asm volatile("1:\n ldr %[a], [%[from_a]], #4\n ldr %[b], [%[from_b]], #4\n" /* MISRA D5 */
                       "sxtb16 %[x], %[a]\n sxtb16 %[y], %[b]\n strd %[x], %[y], [%[to]], #8\n"
                       "sxtb16 %[a], %[a], ror #8\n sxtb16 %[b], %[b], ror #8\n strd %[a], %[b], [%[to]], #8\n"
                       "subs %[left], %[left], #1\n bne 1b\n"
                       : [from_a] "+r"(next.a), [from_b] "+r"(next.b), [to] "+r"(next.lanes), [left] "+r"(left),
                         [a] "=&r"(odd_a), [b] "=&r"(odd_b), [x] "=&r"(even_a), [y] "=&r"(even_b)
                       :
                       : "cc", "memory");
    }
    return next;
}

/**
 * The next `count` elements of two pixels, each with that of the same pixel in another row, `high`, whose lanes these
 * are; returns the word behind them.
 */
static inline uint32_t *mrt_dsp_widen_rest(mrt_dsp_widening_t low, mrt_dsp_widening_t high, uint32_t count)
{
    mrt_dsp_widening_t first = low;
    mrt_dsp_widening_t second = high;
    uint32_t left = count;
    uint32_t x;
    uint32_t y;
    if (count > 0u) {
        __asm volatile("1:\n ldrsb %[x], [%[low_a]], #1\n ldrsb %[y], [%[high_a]], #1\n" /* MISRA D5 */
                       "pkhbt %[x], %[x], %[y], lsl #16\n str %[x], [%[to]], #4\n"
                       "ldrsb %[x], [%[low_b]], #1\n ldrsb %[y], [%[high_b]], #1\n"
                       "pkhbt %[x], %[x], %[y], lsl #16\n str %[x], [%[to]], #4\n"
                       "subs %[left], %[left], #1\n bne 1b\n"
                       : [low_a] "+r"(first.a), [low_b] "+r"(first.b), [high_a] "+r"(second.a), [high_b] "+r"(second.b),
                         [to] "+r"(second.lanes), [left] "+r"(left), [x] "=&r"(x), [y] "=&r"(y)
                       :
                       : "cc", "memory");
    }
    return second.lanes;
}

/* The next channel's scale to r10, r11, its offset to r12; r8 holds the step. */
#define MRT_DSP_SCALE_NEXT /* MISRA D4 */ \
    "    ldrd    r10, r11, [r9], #8\n" \
    "    lsl     r12, r8, r11\n"

/* An output from twice its sum: see mrt_dsp_requantise. */
#define MRT_DSP_OUTPUT(sum) /* MISRA D4 */ \
    "    add     lr, r12, " sum ", asr #31\n" \
    "    smmlar  " sum ", " sum ", r10, lr\n" \
    "    asrs    " sum ", " sum ", r11\n" \
    "    ssat    " sum ", #8, " sum ", asr #1\n"

/* Twice the sums of an even and an odd channel: see mrt_dsp_twice_even, mrt_dsp_twice_odd. */
#define MRT_DSP_TWICE(even, odd) /* MISRA D4 */ \
    "    subs    " odd ", " odd ", " even "\n" \
    "    lsls    " even ", " even ", #1\n" \
    "    asrs    " odd ", " odd ", #7\n"
#define MRT_DSP_TWICE_ONE MRT_DSP_TWICE("r0", "r1") MRT_DSP_TWICE("r2", "r3")
#define MRT_DSP_TWICE_TWO MRT_DSP_TWICE_ONE MRT_DSP_TWICE("r4", "r5") MRT_DSP_TWICE("r6", "r7")

/*
 * Whole groups from %[next] to %[last], at least one. In assembly, since the loops need every register, and a compiler
 * that does not know so moves sums to memory and back. r0 to r3 are the sums of pixel a, r4 to r7 those of pixel b or
 * weights, r8 walks through the input, r9 through the group. `begin` loads the sums, `turn` is four quads of MRT_DSP_TURN,
 * all of instructions of four bytes, of which the first turn leaves out what is too much: it begins at %[entry], which is
 * `2:` and what is skipped. `output` ends a group with the store of its outputs.
 */
#define MRT_DSP_GROUPS(begin, turn, output) \
    "    ldr     r9, %[next]\n" \
    "1:\n" begin \
    "    ldr     r8, %[input]\n" \
    "    ldr     pc, %[entry]\n" \
    "    .balign 4\n" \
    "2:\n" turn \
    "    ldr     r10, %[input_end]\n" \
    "    cmp     r8, r10\n" \
    "    bne     2b\n" output \
    "    ldr     r12, %[last]\n" \
    "    cmp     r9, r12\n" \
    "    bne     1b\n"
#define MRT_DSP_GROUPS_CLOBBERS \
    "r0", "r1", "r2", "r3", "r4", "r5", "r6", "r7", "r8", "r9", "r10", "r11", "r12", "lr", "cc", "memory"

/* `code`: bytes of a quad. The addresses of `4:` and `5:` are those of Thumb code. */
#define MRT_DSP_GROUPS_TWO(name, code, quads_code, twice, linear) /* MISRA D4 */ \
    static inline void name(mrt_dsp_groups_t *groups) \
    { \
        __asm volatile("    ldr     r0, %[output]\n" /* MISRA D5 */ \
                       "    cbnz    r0, 7f\n" \
                       "    ldr     r8, %[step]\n" \
                       "    ldr     r9, %[skip]\n" \
                       "    adr     r10, 2f + 1\n" \
                       "    mov     r12, #" code "\n" \
                       "    mla     r10, r9, r12, r10\n" \
                       "    cmp     r8, #0\n" \
                       "    ite     eq\n" \
                       "    adreq   r11, 4f + 1\n" \
                       "    adrne   r11, 5f + 1\n" \
                       "    str     r10, %[entry]\n" \
                       "    str     r11, %[output]\n" \
                       "7:\n" \
                       MRT_DSP_GROUPS("    ldm     r9, {r0, r1, r2, r3}\n" \
                                      "    ldm     r9!, {r4, r5, r6, r7}\n", \
                                      quads_code, MRT_DSP_OUTPUTS_TWO(twice, linear)) \
                       : [to] "+m"(groups->to), [entry] "+m"(groups->entry), [output] "+m"(groups->output) \
                       : [next] "m"(groups->next), [last] "m"(groups->last), [input] "m"(groups->input), \
                         [input_end] "m"(groups->input_end), [skip] "m"(groups->skip), [step] "m"(groups->step) \
                       : MRT_DSP_GROUPS_CLOBBERS); \
    }
#define MRT_DSP_OUTPUTS_TWO(twice, linear) /* MISRA D4 */ \
    "    ldr     pc, %[output]\n" \
    "    .balign 4\n" \
    "5:\n" \
    "    ldr     r8, %[step]\n" twice \
    MRT_DSP_SCALE_NEXT MRT_DSP_OUTPUT("r0") MRT_DSP_OUTPUT("r4") \
    MRT_DSP_SCALE_NEXT MRT_DSP_OUTPUT("r1") MRT_DSP_OUTPUT("r5") \
    MRT_DSP_SCALE_NEXT MRT_DSP_OUTPUT("r2") MRT_DSP_OUTPUT("r6") \
    MRT_DSP_SCALE_NEXT MRT_DSP_OUTPUT("r3") MRT_DSP_OUTPUT("r7") \
    "    b       6f\n" \
    "    .balign 4\n" \
    "4:\n" linear \
    "6:\n" \
    "    ldrd    r10, r11, %[to]\n" \
    "    strb    r0, [r10], #1\n" \
    "    strb    r4, [r11], #1\n" \
    "    strb    r1, [r10], #1\n" \
    "    strb    r5, [r11], #1\n" \
    "    strb    r2, [r10], #1\n" \
    "    strb    r6, [r11], #1\n" \
    "    strb    r3, [r10], #1\n" \
    "    strb    r7, [r11], #1\n" \
    "    strd    r10, r11, %[to]\n"

/* The same as a linear form: see mrt_dsp_linear. */
#define MRT_DSP_LINEAR(sum, multiplier) /* MISRA D4 */ \
    "    smmulr  " sum ", " sum ", " multiplier "\n" \
    "    ssat    " sum ", #8, " sum ", asr #" MRT_DSP_LINEAR_SHIFT_TEXT "\n"

/* Two channels of two pixels, from sums as mrt_dsp_groups_two has them. */
#define MRT_DSP_LINEAR_PAIR(even_a, odd_a, even_b, odd_b) /* MISRA D4 */ \
    "    ldm.w   r9!, {r10, r11, r12}\n" \
    "    subs    " odd_a ", " odd_a ", " even_a "\n" \
    "    subs    " odd_b ", " odd_b ", " even_b "\n" \
    "    add     " even_a ", r10, " even_a ", lsl #8\n" \
    "    add     " even_b ", r10, " even_b ", lsl #8\n" MRT_DSP_LINEAR(even_a, "r11") MRT_DSP_LINEAR(even_b, "r11") \
        MRT_DSP_LINEAR(odd_a, "r12") MRT_DSP_LINEAR(odd_b, "r12")

/** Groups of two pixels: 24 instructions a quad. */
MRT_DSP_GROUPS_TWO(mrt_dsp_groups_two, "96", /* MISRA D5 */
                   "    .rept   " MRT_DSP_TURN_PAIRS "\n"
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
                   "    .endr\n",
                   MRT_DSP_TWICE_TWO,
                   MRT_DSP_LINEAR_PAIR("r0", "r1", "r4", "r5") MRT_DSP_LINEAR_PAIR("r2", "r3", "r6", "r7"))

/** Two elements of two lanes at r8 with weights as wide at r9, of four channels: to r0..r3 and r4..r7. */
#define MRT_DSP_PAIR_WIDE /* MISRA D4 */ \
    "    ldrd    r10, r11, [r8], #8\n" \
    "    ldrd    r12, lr, [r9], #8\n" \
    "    smlad   r0, r10, r12, r0\n" \
    "    smlad   r4, r11, r12, r4\n" \
    "    smlad   r1, r10, lr, r1\n" \
    "    smlad   r5, r11, lr, r5\n" \
    "    ldrd    r12, lr, [r9], #8\n" \
    "    smlad   r2, r10, r12, r2\n" \
    "    smlad   r6, r11, r12, r6\n" \
    "    smlad   r3, r10, lr, r3\n" \
    "    smlad   r7, r11, lr, r7\n"

/** The same with weights as wide as the input: 22 instructions a quad. */
MRT_DSP_GROUPS_TWO(mrt_dsp_groups_two_wide, "88", /* MISRA D5 */
                   "    .rept   " MRT_DSP_TURN_PAIRS "\n"
                   MRT_DSP_PAIR_WIDE
                   "    .endr\n",
                   "",
                   "    ldm.w   r9!, {r10, r11, r12, lr}\n"
                   MRT_DSP_LINEAR("r0", "r10") MRT_DSP_LINEAR("r4", "r10")
                   MRT_DSP_LINEAR("r1", "r11") MRT_DSP_LINEAR("r5", "r11")
                   MRT_DSP_LINEAR("r2", "r12") MRT_DSP_LINEAR("r6", "r12")
                   MRT_DSP_LINEAR("r3", "lr") MRT_DSP_LINEAR("r7", "lr"))

#define MRT_DSP_GROUPS_ONE(name, quad_words, code, quads_code, twice) /* MISRA D4 */ \
    static inline const uint32_t *name(const mrt_dsp_walk_t *walk, const uint32_t *group, uint32_t count, \
                                       const int8_t *from, int8_t *a) \
    { \
        const uint32_t group_words = MRT_DSP_GROUP_WORDS + ((quad_words) * walk->quads); \
        const int8_t *const input = from; \
        const int8_t *const input_end = &from[4u * walk->quads]; \
        const uint32_t *const next = group; \
        const uint32_t *const last = &group[count * group_words]; \
        const uint32_t skip = mrt_dsp_skip(walk->quads) * (code); \
        const uint32_t step = walk->step; \
        uint32_t entry = 0u; \
        int8_t *to_a = a; \
        __asm volatile("    ldr     r9, %[skip]\n" /* MISRA D5 */ \
                       "    adr     r10, 2f + 1\n" \
                       "    add     r10, r10, r9\n" \
                       "    str     r10, %[entry]\n" \
                       MRT_DSP_GROUPS("    ldm     r9!, {r0, r1, r2, r3}\n", quads_code, \
                                      "    ldr     r8, %[step]\n" twice MRT_DSP_OUTPUTS_ONE) \
                       : [a] "+m"(to_a), [entry] "+m"(entry) \
                       : [next] "m"(next), [last] "m"(last), [input] "m"(input), [input_end] "m"(input_end), \
                         [skip] "m"(skip), [step] "m"(step) \
                       : MRT_DSP_GROUPS_CLOBBERS); \
        return last; \
    }
#define MRT_DSP_OUTPUTS_ONE /* MISRA D4 */ \
    MRT_DSP_SCALE_NEXT MRT_DSP_OUTPUT("r0") MRT_DSP_SCALE_NEXT MRT_DSP_OUTPUT("r1") \
    MRT_DSP_SCALE_NEXT MRT_DSP_OUTPUT("r2") MRT_DSP_SCALE_NEXT MRT_DSP_OUTPUT("r3") \
    "    ldr     r10, %[a]\n" \
    "    strb    r0, [r10], #1\n" \
    "    strb    r1, [r10], #1\n" \
    "    strb    r2, [r10], #1\n" \
    "    strb    r3, [r10], #1\n" \
    "    str     r10, %[a]\n"

/** Groups of one pixel straight from its elements, of which there are whole quads: 16 instructions a quad. */
MRT_DSP_GROUPS_ONE(mrt_dsp_groups_one, 4u, 64u,
                   "    .rept   " MRT_DSP_TURN_QUADS "\n"
                   "    ldr     r10, [r8], #4\n"
                   "    ldm.w   r9!, {r4, r5, r6, r7}\n"
                   "    sxtb16  r11, r10, ror #8\n"
                   "    sxtb16  r10, r10\n"
                   "    smlad   r1, r10, r4, r1\n"
                   "    smlad   r3, r10, r5, r3\n"
                   "    sxtb16  r4, r4\n"
                   "    sxtb16  r5, r5\n"
                   "    smlad   r0, r10, r4, r0\n"
                   "    smlad   r2, r10, r5, r2\n"
                   "    smlad   r1, r11, r6, r1\n"
                   "    smlad   r3, r11, r7, r3\n"
                   "    sxtb16  r6, r6\n"
                   "    sxtb16  r7, r7\n"
                   "    smlad   r0, r11, r6, r0\n"
                   "    smlad   r2, r11, r7, r2\n"
                   "    .endr\n",
                   MRT_DSP_TWICE_ONE)

/** The same with weights as wide as the input: 13 instructions a quad. */
MRT_DSP_GROUPS_ONE(mrt_dsp_groups_one_wide, 8u, 52u,
                   "    .rept   " MRT_DSP_TURN_QUADS "\n"
                   "    ldr     r10, [r8], #4\n"
                   "    ldm.w   r9!, {r4, r5, r6, r7}\n"
                   "    sxtb16  r11, r10, ror #8\n"
                   "    sxtb16  r10, r10\n"
                   "    smlad   r0, r10, r4, r0\n"
                   "    smlad   r1, r10, r5, r1\n"
                   "    smlad   r2, r10, r6, r2\n"
                   "    smlad   r3, r10, r7, r3\n"
                   "    ldm.w   r9!, {r4, r5, r6, r7}\n"
                   "    smlad   r0, r11, r4, r0\n"
                   "    smlad   r1, r11, r5, r1\n"
                   "    smlad   r2, r11, r6, r2\n"
                   "    smlad   r3, r11, r7, r3\n"
                   "    .endr\n",
                   "")

#else

/**
 * An output element as a linear form of 256 times its sum, plus what the sum began with: no zero point, one rounding. The
 * compiler found the multiplier and the start, and proved that the bytes are those of mrt_dsp_requantise for every sum.
 */
static inline int8_t mrt_dsp_linear(int32_t sum, int32_t multiplier)
{
    const int32_t scaled = mrt_dsp_smmlar(sum, multiplier, 0);
    return (int8_t)mrt_clamp(scaled >> MRT_DSP_LINEAR_SHIFT, INT8_MIN, INT8_MAX); /* MISRA D2 */
}

static inline uint32_t *mrt_dsp_widen_quad(uint32_t a, uint32_t b, uint32_t *lanes)
{
    lanes[0] = mrt_dsp_sxtb16(a);
    lanes[1] = mrt_dsp_sxtb16(b);
    lanes[2] = mrt_dsp_sxtb16_odd(a);
    lanes[3] = mrt_dsp_sxtb16_odd(b);
    return &lanes[MRT_DSP_LANES_TWO];
}

static inline mrt_dsp_widening_t mrt_dsp_widen_words(mrt_dsp_widening_t from, uint32_t words)
{
    mrt_dsp_widening_t next = from;
    for (uint32_t left = words; left > 0u; --left) {
        next.lanes = mrt_dsp_widen_quad(mrt_dsp_load(next.a), mrt_dsp_load(next.b), next.lanes);
        next.a = &next.a[4];
        next.b = &next.b[4];
    }
    return next;
}

static inline uint32_t *mrt_dsp_widen_rest(mrt_dsp_widening_t low, mrt_dsp_widening_t high, uint32_t count)
{
    uint32_t *lanes = high.lanes;
    for (uint32_t i = 0u; i < count; ++i) {
        lanes[0] = mrt_dsp_pack_low((uint32_t)low.a[i], (uint32_t)high.a[i]);
        lanes[1] = mrt_dsp_pack_low((uint32_t)low.b[i], (uint32_t)high.b[i]);
        lanes = &lanes[MRT_DSP_LANES_TWO / 2u];
    }
    return lanes;
}

/* Adds the products of a pair of lanes of one pixel to the sums of a group, as SMLAD makes them. */
static inline void mrt_dsp_add_pair(uint32_t x, const uint32_t *weights, bool wide, uint32_t sums[MRT_DSP_GROUP])
{
    for (uint32_t lane = 0u; lane < MRT_DSP_GROUP; ++lane) {
        uint32_t word = wide ? weights[lane] : weights[lane / 2u];
        if (!wide && ((lane % 2u) == 0u)) {
            word = mrt_dsp_sxtb16(word);
        }
        sums[lane] = mrt_dsp_smlad(x, word, sums[lane]);
    }
}

/* The outputs of a group; sums of wide weights are doubled. */
static inline void mrt_dsp_store_group(const uint32_t sums[MRT_DSP_GROUP], const uint32_t *scales, uint32_t step,
                                       bool wide, int8_t *to)
{
    for (uint32_t lane = 0u; lane < MRT_DSP_GROUP; ++lane) {
        int32_t twice = (int32_t)sums[lane];
        if (!wide) {
            twice = ((lane % 2u) == 0u) ? mrt_dsp_twice_even(sums[lane])
                                        : mrt_dsp_twice_odd(sums[lane], sums[lane - 1u]);
        }
        to[lane] = mrt_dsp_requantise(twice, mrt_dsp_scale(scales, lane, step));
    }
}

/* The same where outputs are linear: scales as products.h has them; sums of wide weights are 256 times themselves. */
static inline void mrt_dsp_store_linear(const uint32_t sums[MRT_DSP_GROUP], const uint32_t *scales, bool wide, int8_t *to)
{
    for (uint32_t lane = 0u; lane < MRT_DSP_GROUP; ++lane) {
        const uint32_t *pair = &scales[(lane / 2u) * 3u];
        uint32_t sum = sums[lane];
        uint32_t multiplier = scales[lane];
        if (!wide) {
            const bool even = (lane % 2u) == 0u;
            sum = even ? (pair[0] + (256u * sum)) : (sum - sums[lane - 1u]);
            multiplier = even ? pair[1] : pair[2];
        }
        to[lane] = mrt_dsp_linear((int32_t)sum, (int32_t)multiplier);
    }
}

/* A group of one pixel, whose lanes are every second word from `lanes` on; returns the next group. */
static inline const uint32_t *mrt_dsp_group(const mrt_dsp_groups_t *groups, const uint32_t *lanes, bool wide, int8_t *to)
{
    const uint32_t pair_words = wide ? 4u : 2u;
    const uint32_t *start = groups->next;
    const uint32_t *weights = &start[MRT_DSP_GROUP];
    uint32_t sums[MRT_DSP_GROUP] = {start[0], start[1], start[2], start[3]};
    for (const uint32_t *lane = lanes; lane < groups->input_end; lane = &lane[2]) {
        mrt_dsp_add_pair(lane[0], weights, wide, sums);
        weights = &weights[pair_words];
    }
    if (groups->step == MRT_DSP_STEP_LINEAR) {
        mrt_dsp_store_linear(sums, weights, wide, to);
        return &weights[wide ? MRT_DSP_LINEAR_WIDE_WORDS : MRT_DSP_LINEAR_WORDS];
    }
    mrt_dsp_store_group(sums, weights, groups->step, wide, to);
    return &weights[MRT_DSP_GROUP * MRT_DSP_SCALE_WORDS];
}

static inline void mrt_dsp_groups_of_two(mrt_dsp_groups_t *groups, bool wide)
{
    const uint32_t *next = groups->next;
    while (groups->next != groups->last) {
        (void)mrt_dsp_group(groups, groups->input, wide, groups->to.a);
        groups->next = mrt_dsp_group(groups, &groups->input[1], wide, groups->to.b);
        groups->to.a = &groups->to.a[MRT_DSP_GROUP];
        groups->to.b = &groups->to.b[MRT_DSP_GROUP];
    }
    groups->next = next;
}

static inline void mrt_dsp_groups_two(mrt_dsp_groups_t *groups)
{
    mrt_dsp_groups_of_two(groups, false);
}

static inline void mrt_dsp_groups_two_wide(mrt_dsp_groups_t *groups)
{
    mrt_dsp_groups_of_two(groups, true);
}

static inline const uint32_t *mrt_dsp_groups_of_one(const mrt_dsp_walk_t *walk, const uint32_t *group, uint32_t count,
                                                    bool wide, const int8_t *from, int8_t *a)
{
    const uint32_t pair_words = wide ? 4u : 2u;
    const uint32_t *next = group;
    for (uint32_t done = 0u; done < count; ++done) {
        const uint32_t *weights = &next[MRT_DSP_GROUP];
        uint32_t sums[MRT_DSP_GROUP] = {next[0], next[1], next[2], next[3]};
        for (uint32_t quad = 0u; quad < walk->quads; ++quad) {
            const uint32_t word = mrt_dsp_load(&from[4u * quad]);
            mrt_dsp_add_pair(mrt_dsp_sxtb16(word), weights, wide, sums);
            mrt_dsp_add_pair(mrt_dsp_sxtb16_odd(word), &weights[pair_words], wide, sums);
            weights = &weights[2u * pair_words];
        }
        mrt_dsp_store_group(sums, weights, walk->step, wide, &a[MRT_DSP_GROUP * done]);
        next = &weights[MRT_DSP_GROUP * MRT_DSP_SCALE_WORDS];
    }
    return next;
}

static inline const uint32_t *mrt_dsp_groups_one(const mrt_dsp_walk_t *walk, const uint32_t *group, uint32_t count,
                                                 const int8_t *from, int8_t *a)
{
    return mrt_dsp_groups_of_one(walk, group, count, false, from, a);
}

static inline const uint32_t *mrt_dsp_groups_one_wide(const mrt_dsp_walk_t *walk, const uint32_t *group, uint32_t count,
                                                      const int8_t *from, int8_t *a)
{
    return mrt_dsp_groups_of_one(walk, group, count, true, from, a);
}

#endif

#endif
