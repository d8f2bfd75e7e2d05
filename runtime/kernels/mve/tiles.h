/**
 * @file tiles.h
 * @brief Outputs of pixels, two by two, for groups of four channels, from bytes to bytes.
 */
#ifndef MRT_RUNTIME_KERNELS_MVE_TILES_H
#define MRT_RUNTIME_KERNELS_MVE_TILES_H

#include "runtime/kernels/mve/scale.h"

/** Pairs of pixels, and groups of output channels of each. */
typedef struct mrt_mve_tiles {
    const int8_t *pixels[2]; /**< The first pair; both may be the same. */
    int32_t pixel_step;      /**< Bytes from pixel to pixel. */
    int32_t output_step;     /**< Likewise of outputs. */
    bool odd;                /**< Whether the second pair begins with the first one's second pixel. */
    int32_t pairs;           /**< At least 1. */
    const int32_t *groups;   /**< As micrort/kernels/mve.h lays them out. */
    int32_t blocks;          /**< Times 16: elements of a filter; at least 1. */
    int8_t *output;          /**< Of the first pixel. */
    int32_t channels;        /**< Four for each group. */
    uint16x8_t places;       /**< Of a group's outputs: even lanes belong to the first pixel. */
    mrt_mve_output_t end;
} mrt_mve_tiles_t;

/** The first pixel of pair `pair`. */
static inline int32_t mrt_mve_first_pixel(const mrt_mve_tiles_t *tiles, int32_t pair)
{
    return (2 * pair) - ((tiles->odd && (pair > 0)) ? 1 : 0);
}

/** Steps of a pass: of that many blocks. */
#define MRT_MVE_STEPS 4

#if MRT_MVE == 1

/* Bytes of MRT_MVE_PRODUCTS_2X4. */
#define MRT_MVE_STEP_BYTES 56

/* Places in the code below, which the code itself looks up, and what it counts with. */
typedef struct mrt_mve_tiles_state {
    const int8_t *pixels[2];
    int32_t moves[2]; /* To the next pair: of pixels, and from the last group's end to its outputs. */
    int32_t later[2]; /* Likewise from that one on. */
    int32_t pairs;
    const int32_t *groups;
    int32_t passes; /* Of MRT_MVE_STEPS steps each, before the rest. */
    int32_t channels;
    uint32_t first;
    uint32_t rest; /* At first the bytes of the steps of the rest. */
    uint32_t tail; /* At first 1 for rectified outputs, else 0. */
} mrt_mve_tiles_state_t;

/* Where the steps of a group begin (1: in passes), where the rest of them does, and which tail follows. */
#define MRT_MVE_TILES_PLACES /* MISRA D4 */ \
    "adr r0, 3f\n\tldr r2, %[rest]\n\tsub r0, r0, r2\n\tadd r0, #1\n\tstr r0, %[rest]\n\t" \
    "adr r2, 1f\n\tadd r2, #1\n\tldr r4, %[passes]\n\tcmp r4, #0\n\tit ne\n\tmovne r0, r2\n\tstr r0, %[first]\n\t" \
    "adr r0, 6f\n\tadr r2, 7f\n\tldr r4, %[tail]\n\tcmp r4, #0\n\tit eq\n\tmoveq r0, r2\n\tadd r0, #1\n\t" \
    "str r0, %[tail]\n\t"

/* The groups of a pair. */
#define MRT_MVE_TILES_PAIR \
    "4:\n\tldr r0, %[channels]\n\tadd %[end], %[out], r0\n\tldr %[w], %[groups]\n"

/* Biases and products of a group, scaled by the multipliers. */
#define MRT_MVE_TILES_GROUP /* MISRA D4 */ \
    "5:\n\tldm %[w], {r0, r2, r4, r6}\n\tldm %[w]!, {r8, r10, r12, lr}\n\t" \
    "ldrd %[a], %[b], %[pixels]\n\tldr pc, %[first]\n" \
    "1:\n\tldr %[n], %[passes]\n" \
    "2:\n\t" MRT_MVE_STEP_2X4 MRT_MVE_STEP_2X4 MRT_MVE_STEP_2X4 MRT_MVE_STEP_2X4 "subs %[n], #1\n\tbne 2b\n\t" \
    "ldr pc, %[rest]\n\t" MRT_MVE_STEP_2X4 MRT_MVE_STEP_2X4 MRT_MVE_STEP_2X4 MRT_MVE_STEP_2X4 \
    "3:\n\t" MRT_MVE_SPREAD "vldrw.u32 %q[u], [%[w]], #16\n\tvldrw.u32 %q[v], [%[w]], #16\n\t" \
    "vqrdmulh.s32 %q[x], %q[x], %q[u]\n\tvqrdmulh.s32 %q[y], %q[y], %q[u]\n\tldr pc, %[tail]\n"

/* Shifts and zero point; VRSHL rounds ties up. */
#define MRT_MVE_TILES_SHIFT \
    "vrshl.s32 %q[x], %q[x], %q[v]\n\tvrshl.s32 %q[y], %q[y], %q[v]\n\t" \
    "vqmovnb.s32 %q[x], %q[x]\n\tvqmovnt.s32 %q[x], %q[y]\n\tvqadd.s16 %q[x], %q[x], %q[offset]\n\t"

/* Stores eight outputs and goes to the next group, if there is one. */
#define MRT_MVE_TILES_STORE /* MISRA D4 */ \
    "vstrb.16 %q[x], [%[out], %q[places]]\n\tadd %[out], #4\n\tcmp %[out], %[end]\n\tbne 5b\n\t"

/* The two tails: for rectified outputs, and for others, whose negative sums must be rounded away from zero. */
#define MRT_MVE_TILES_TAILS /* MISRA D4 */ \
    "6:\n\t" MRT_MVE_TILES_SHIFT "vqmovnb.s16 %q[x], %q[x]\n\t" MRT_MVE_TILES_STORE "b 8f\n" \
    "7:\n\tvshr.s32 %q[u], %q[x], #31\n\tvqadd.s32 %q[x], %q[x], %q[u]\n\t" \
    "vshr.s32 %q[u], %q[y], #31\n\tvqadd.s32 %q[y], %q[y], %q[u]\n\t" MRT_MVE_TILES_SHIFT \
    "vmax.s16 %q[x], %q[x], %q[low]\n\tvmin.s16 %q[x], %q[x], %q[high]\n\t" MRT_MVE_TILES_STORE

/* The next pair, if there is one. */
#define MRT_MVE_TILES_NEXT /* MISRA D4 */ \
    "8:\n\tldr r0, %[pairs]\n\tsubs r0, #1\n\tbeq 9f\n\tstr r0, %[pairs]\n\t" \
    "ldrd %[a], %[b], %[pixels]\n\tldrd r0, r2, %[moves]\n\tadd %[a], r0\n\tadd %[b], r0\n\tadd %[out], r2\n\t" \
    "strd %[a], %[b], %[pixels]\n\tldrd r0, r2, %[later]\n\tstrd r0, r2, %[moves]\n\tb 4b\n" \
    "9:\n\t"

/** All groups of all pairs. */
static MRT_MVE_INLINE void mrt_mve_tiles(const mrt_mve_tiles_t *tiles, mrt_mve_scaling_t scaling)
{
    const int32_t passes = (tiles->blocks - 1) / MRT_MVE_STEPS;
    const int32_t first = tiles->odd ? 1 : 2; /* pixels */
    mrt_mve_tiles_state_t state = {
        .pixels = {tiles->pixels[0], tiles->pixels[1]},
        .moves = {first * tiles->pixel_step, (first * tiles->output_step) - tiles->channels},
        .later = {2 * tiles->pixel_step, (2 * tiles->output_step) - tiles->channels},
        .pairs = tiles->pairs,
        .groups = tiles->groups,
        .passes = passes,
        .channels = tiles->channels,
        .rest = (uint32_t)(tiles->blocks - (passes * MRT_MVE_STEPS)) * MRT_MVE_STEP_BYTES,
        .tail = (scaling == MRT_MVE_RECTIFIED) ? 1u : 0u,
    };
    const int8_t *a;
    const int8_t *b;
    const int32_t *w;
    int8_t *out = tiles->output;
    int8_t *end;
    int32_t n;
    int32x4_t x;
    int32x4_t y;
    int32x4_t u;
    int32x4_t v;
    __asm volatile(MRT_MVE_TILES_PLACES MRT_MVE_TILES_PAIR MRT_MVE_TILES_GROUP MRT_MVE_TILES_TAILS /* MISRA D5 */
                       MRT_MVE_TILES_NEXT
                   : [a] "=&r"(a), [b] "=&r"(b), [w] "=&r"(w), [out] "+r"(out), [end] "=&r"(end), [n] "=&r"(n),
                     [x] "=&w"(x), [y] "=&w"(y), [u] "=&w"(u), [v] "=&w"(v), [pixels] "+m"(state.pixels),
                     [pairs] "+m"(state.pairs), [first] "=m"(state.first), [rest] "+m"(state.rest),
                     [tail] "+m"(state.tail), [moves] "+m"(state.moves)
                   : [later] "m"(state.later), [groups] "m"(state.groups), [passes] "m"(state.passes),
                     [channels] "m"(state.channels), [places] "w"(tiles->places),
                     [offset] "w"(vdupq_n_s16((int16_t)tiles->end.offset)),
                     [low] "w"(vdupq_n_s16((int16_t)tiles->end.low)),
                     [high] "w"(vdupq_n_s16((int16_t)tiles->end.high))
                   : MRT_MVE_SUMS, "cc", "memory");
}

/* Where the steps of both groups begin. */
#define MRT_MVE_TWINS_PLACES /* MISRA D4 */ \
    "adr r0, 3f\n\tldr r2, %[first]\n\tsub r0, r0, r2\n\tadd r0, #1\n\tstr r0, %[first]\n\t" \
    "adr r0, 4f\n\tsub r0, r0, r2\n\tadd r0, #1\n\tstr r0, %[second]\n\t"

/* A group's sums, scaled, as unsigned numbers of 16 bits in `narrow`; its steps begin at `place` and end at `label`. */
#define MRT_MVE_TWIN(place, label, narrow) /* MISRA D4 */ \
    "ldm %[w], {r0, r2, r4, r6}\n\tldm %[w]!, {r8, r10, r12, lr}\n\tldr pc, " place "\n\t" \
    MRT_MVE_STEP_AT("#0") MRT_MVE_STEP_AT("#16") MRT_MVE_STEP_AT("#32") MRT_MVE_STEP_AT("#48") \
    label ":\n\t" MRT_MVE_SPREAD "vldrw.u32 %q[u], [%[w]], #16\n\tvldrw.u32 %q[v], [%[w]], #16\n\t" \
    "vqrdmulh.s32 %q[x], %q[x], %q[u]\n\tvqrdmulh.s32 %q[y], %q[y], %q[u]\n\t" \
    "vrshl.s32 %q[x], %q[x], %q[v]\n\tvrshl.s32 %q[y], %q[y], %q[v]\n\t" \
    "vqmovunb.s32 " narrow ", %q[x]\n\tvqmovunt.s32 " narrow ", %q[y]\n\t"

/* Both groups' outputs to bytes; -128 is but another highest bit. */
#define MRT_MVE_TWINS /* MISRA D4 */ \
    "2:\n\tldr r0, %[channels]\n\tadd %[end], %[out], r0\n\tldr %[w], %[groups]\n" \
    "1:\n\t" MRT_MVE_TWIN("%[first]", "3", "%q[z]") MRT_MVE_TWIN("%[second]", "4", "%q[x]") \
    "vqmovnb.u16 %q[z], %q[z]\n\tvqmovnt.u16 %q[z], %q[x]\n\tveor %q[z], %q[z], %q[sign]\n\t" \
    "vstrb.8 %q[z], [%[out], %q[places]]\n\tadd %[out], #8\n\tcmp %[out], %[end]\n\tbne 1b\n\t" \
    "ldrd r0, r2, %[moves]\n\tadd %[a], r0\n\tadd %[b], r0\n\tadd %[out], r2\n\t" \
    "ldrd r0, r2, %[later]\n\tstrd r0, r2, %[moves]\n\t" \
    "ldr r0, %[pairs]\n\tsubs r0, #1\n\tstr r0, %[pairs]\n\tbne 2b\n\t"

/**
 * All groups of all pairs, two groups at a time, for rectified outputs, of at most MRT_MVE_STEPS blocks.
 * `channels` is a multiple of 8, and the second pixel's outputs are at most 248 bytes behind the first one's.
 */
static MRT_MVE_INLINE void mrt_mve_twins(const mrt_mve_tiles_t *tiles, uint8x16_t places)
{
    const int32_t unused = (MRT_MVE_STEPS - tiles->blocks) * MRT_MVE_BYTES; /* steps that are not made */
    const int32_t *groups = tiles->groups;
    const int32_t channels = tiles->channels;
    const int32_t start = tiles->odd ? 1 : 2; /* pixels */
    int32_t moves[2] = {start * tiles->pixel_step, (start * tiles->output_step) - channels};
    const int32_t later[2] = {2 * tiles->pixel_step, (2 * tiles->output_step) - channels};
    int32_t pairs = tiles->pairs;
    uint32_t first = (uint32_t)tiles->blocks * MRT_MVE_STEP_BYTES;
    uint32_t second;
    const int8_t *a = tiles->pixels[0] - unused;
    const int8_t *b = tiles->pixels[1] - unused;
    const int32_t *w;
    int8_t *out = tiles->output;
    int8_t *end;
    int32x4_t x;
    int32x4_t y;
    int32x4_t z;
    int32x4_t u;
    int32x4_t v;
    __asm volatile(MRT_MVE_TWINS_PLACES MRT_MVE_TWINS /* MISRA D5 */
                   : [a] "+r"(a), [b] "+r"(b), [w] "=&r"(w), [out] "+r"(out), [end] "=&r"(end), [x] "=&w"(x),
                     [y] "=&w"(y), [z] "=&w"(z), [u] "=&w"(u), [v] "=&w"(v), [pairs] "+m"(pairs), [first] "+m"(first),
                     [second] "=m"(second), [moves] "+m"(moves)
                   : [later] "m"(later), [groups] "m"(groups), [channels] "m"(channels), [places] "w"(places), [sign] "w"(vdupq_n_u8(0x80u))
                   : MRT_MVE_SUMS, "cc", "memory");
}

#else

static inline void mrt_mve_tiles(const mrt_mve_tiles_t *tiles, mrt_mve_scaling_t scaling)
{
    for (int32_t pair = 0; pair < tiles->pairs; ++pair) {
        const int32_t pixel = mrt_mve_first_pixel(tiles, pair);
        const int8_t *first = &tiles->pixels[0][pixel * tiles->pixel_step];
        const int8_t *second = &tiles->pixels[1][pixel * tiles->pixel_step];
        int8_t *output = &tiles->output[pixel * tiles->output_step];
        const int32_t *groups = tiles->groups;
        for (int32_t channel = 0; channel < tiles->channels; channel += 4) {
            const mrt_mve_sums_t sums = mrt_mve_dot_2x4(first, second, groups, &tiles->blocks);
            const int32x4_t multiplier = vldrwq_s32(sums.next);
            const int32x4_t shift = vldrwq_s32(&sums.next[4]);
            const mrt_mve_scales_t scales = {multiplier, shift, multiplier, shift};
            vstrbq_scatter_offset_s16(&output[channel], tiles->places,
                                      mrt_mve_scale(&sums, &scales, &tiles->end, scaling));
            groups = &sums.next[8];
        }
    }
}

static inline void mrt_mve_twins(const mrt_mve_tiles_t *tiles, uint8x16_t places)
{
    for (int32_t pair = 0; pair < tiles->pairs; ++pair) {
        const int32_t pixel = mrt_mve_first_pixel(tiles, pair);
        const int8_t *first = &tiles->pixels[0][pixel * tiles->pixel_step];
        const int8_t *second = &tiles->pixels[1][pixel * tiles->pixel_step];
        int8_t *output = &tiles->output[pixel * tiles->output_step];
        const int32_t *groups = tiles->groups;
        for (int32_t channel = 0; channel < tiles->channels; channel += 8) {
            int16_t lanes[2][8];
            for (int32_t group = 0; group < 2; ++group) {
                const mrt_mve_sums_t sums = mrt_mve_dot_2x4(first, second, groups, &tiles->blocks);
                const int32x4_t multiplier = vldrwq_s32(sums.next);
                const int32x4_t shift = vldrwq_s32(&sums.next[4]);
                const mrt_mve_scales_t scales = {multiplier, shift, multiplier, shift};
                vst1q_s16(lanes[group], mrt_mve_scale(&sums, &scales, &tiles->end, MRT_MVE_RECTIFIED));
                groups = &sums.next[8];
            }
            for (int32_t i = 0; i < 16; ++i) {
                const uint32_t low = (uint32_t)lanes[i % 2][i / 2] & 0xFFu;
                output[channel + (int32_t)places.lane[i]] = (int8_t)(uint8_t)low;
            }
        }
    }
}

#endif

#endif
