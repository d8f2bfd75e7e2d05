/**
 * @file tiles.h
 * @brief Outputs of pixels, two by two, for groups of four channels, from bytes to bytes.
 */
#ifndef MRT_RUNTIME_KERNELS_MVE_TILES_H
#define MRT_RUNTIME_KERNELS_MVE_TILES_H

#include "runtime/kernels/mve/products.h"

/** Pairs of pixels, and groups of output channels of each. */
typedef struct mrt_mve_tiles {
    mrt_mve_span_t *spans; /**< Of the first pair, and room for one more; the second pixel of a pair may be the first
                                one. They go along with the pairs. */
    int32_t span_count;    /**< At least 1. */
    int32_t move;        /**< From pair to pair: times the distance of the pair's pixels, so that a span whose pixels
                              are the same stands still. */
    int32_t distance;    /**< Of the pixels of a pair, in bytes, unless they are the same. */
    int32_t output_move; /**< From pair to pair of outputs, in bytes. */
    int8_t *last;        /**< Where the output of a pair behind the last one would be. */
    const int32_t *groups; /**< As micrort/kernels/mve.h lays them out. */
    int32_t blocks;        /**< Times 16: elements of a span; at least 1. */
    int8_t *output;        /**< Of the first pixel. */
    int32_t channels;      /**< Four for each group. */
    uint16x8_t places;     /**< Of a group's outputs: even lanes belong to the first pixel. */
    mrt_mve_output_t end;
} mrt_mve_tiles_t;

/**
 * One after another, the places of eight outputs: even lanes belong to one pixel, odd ones `distance` further. Channels
 * beyond the last one of `count` are copies of it and go to its place.
 */
static inline uint16x8_t mrt_mve_places(int32_t count, int32_t distance)
{
    static const uint16_t channels[8] = {0u, 0u, 1u, 1u, 2u, 2u, 3u, 3u};
    static const uint16_t odd[8] = {0u, UINT16_MAX, 0u, UINT16_MAX, 0u, UINT16_MAX, 0u, UINT16_MAX};
    const int32_t last = count - 1;
    const uint16x8_t channel = vminq_u16(vldrhq_u16(channels), vdupq_n_u16((uint16_t)last));
    return vaddq_u16(channel, vandq_u16(vldrhq_u16(odd), vdupq_n_u16((uint16_t)distance)));
}

/** Likewise of two groups' sixteen outputs, in bytes, where the second group's stand in odd lanes. */
static inline uint8x16_t mrt_mve_twin_places(int32_t distance)
{
    static const uint8_t channels[16] = {0u, 4u, 0u, 4u, 1u, 5u, 1u, 5u, 2u, 6u, 2u, 6u, 3u, 7u, 3u, 7u};
    static const uint8_t odd[16] = {0u, 0u, 255u, 255u, 0u, 0u, 255u, 255u, 0u, 0u, 255u, 255u, 0u, 0u, 255u, 255u};
    return vaddq_u8(vldrbq_u8(channels), vandq_u8(vldrbq_u8(odd), vdupq_n_u8((uint8_t)distance)));
}

/** Steps of a pass: of that many blocks. */
#define MRT_MVE_STEPS 4

#if MRT_MVE == 1

/* Bytes of MRT_MVE_PRODUCTS_2X4. */
#define MRT_MVE_STEP_BYTES 56

/* Places in the code below, which the code itself looks up, and what it counts with. */
typedef struct mrt_mve_tiles_state {
    mrt_mve_span_t *spans;
    const int8_t *end; /* Of the outputs of a pair's first pixel. */
    int32_t move;
    int32_t output_move; /* From behind a pair's outputs. */
    int8_t *last;
    int32_t counts[2]; /* Of passes, of MRT_MVE_STEPS steps each, before the rest; of spans. */
    const int32_t *groups;
    int32_t channels;
    uint32_t first; /* At first the bytes of the steps of the rest. */
    uint32_t tail;  /* At first 1 for rectified outputs, else 0. */
} mrt_mve_tiles_state_t;

/* 16 products of both pixels of a span with four channels. */
#define MRT_MVE_TILES_STEP /* MISRA D4 */ \
    MRT_MVE_PRODUCTS_2X4("vldrb.8 %q[x], [r1], #16\n\tvldrb.8 %q[y], [r3], #16\n\t")

/* Each span's passes, and where its products begin; behind the spans, the group's end. Which tail follows.
 * Aligned for ADR, see vector.h. */
#define MRT_MVE_TILES_PLACES /* MISRA D4 */ \
    ".balign 4\n\tadr r4, 2f\n\tldr r2, %[first]\n\tsub r4, r4, r2\n\tadd r4, #1\n\tstr r4, %[first]\n\t" \
    "ldrd r2, lr, %[counts]\n\tcmp r2, #0\n\tittt ne\n\tadrne r6, 1f\n\tmovne r4, r6\n\taddne r4, #1\n\t" \
    "ldr r0, %[spans]\n\tdls lr, lr\n" \
    "12:\n\tstrd r2, r4, [r0, #8]\n\tadd r0, #16\n\tle lr, 12b\n\t" \
    "adr r4, 3f\n\tadd r4, #1\n\tstr r4, [r0, #12]\n\t" \
    "adr r0, 6f\n\tadr r2, 7f\n\tldr r4, %[tail]\n\tcmp r4, #0\n\tit eq\n\tmoveq r0, r2\n\tadd r0, #1\n\t" \
    "str r0, %[tail]\n"

/* What a span has: both pixels in r1 and r3, passes in r5, and what to do with them. */
#define MRT_MVE_TILES_LOAD "ldm %[s]!, {r1, r3, r5, pc}\n"

/* A pair's groups; their biases. */
#define MRT_MVE_TILES_GROUP \
    "4:\n\tldr r0, %[channels]\n\tadd r0, %[out]\n\tstr r0, %[end]\n\tldr %[w], %[groups]\n" \
    "5:\n\tldm %[w], {r0, r2, r4, r6}\n\tldm %[w]!, {r8, r10, r12, lr}\n\tldr %[s], %[spans]\n\t" MRT_MVE_TILES_LOAD

/* The products of a span: passes, where there are any, and the rest; then the next span. */
#define MRT_MVE_TILES_SPAN /* MISRA D4 */ \
    "1:\n\t" MRT_MVE_TILES_STEP MRT_MVE_TILES_STEP MRT_MVE_TILES_STEP MRT_MVE_TILES_STEP \
    "subs r5, #1\n\tbne 1b\n\tldr pc, %[first]\n\t" \
    MRT_MVE_TILES_STEP MRT_MVE_TILES_STEP MRT_MVE_TILES_STEP MRT_MVE_TILES_STEP \
    "2:\n\t" MRT_MVE_TILES_LOAD

/* A group's sums, scaled by the multipliers. */
#define MRT_MVE_TILES_SCALE /* MISRA D4 */ \
    "3:\n\t" MRT_MVE_SPREAD "vldrw.u32 %q[u], [%[w]], #16\n\tvldrw.u32 %q[v], [%[w]], #16\n\t" \
    "vqrdmulh.s32 %q[x], %q[x], %q[u]\n\tvqrdmulh.s32 %q[y], %q[y], %q[u]\n\tldr pc, %[tail]\n"

/* Shifts and zero point; VRSHL rounds ties up. */
#define MRT_MVE_TILES_SHIFT \
    "vrshl.s32 %q[x], %q[x], %q[v]\n\tvrshl.s32 %q[y], %q[y], %q[v]\n\t" \
    "vqmovnb.s32 %q[x], %q[x]\n\tvqmovnt.s32 %q[x], %q[y]\n\tvqadd.s16 %q[x], %q[x], %q[offset]\n\t"

/* Stores eight outputs and goes to the next group, if there is one. */
#define MRT_MVE_TILES_STORE /* MISRA D4 */ \
    "ldr r0, %[end]\n\tvstrb.16 %q[x], [%[out], %q[places]]\n\tadd %[out], #4\n\tcmp %[out], r0\n\tbne 5b\n\t"

/* The two tails: for rectified outputs, and for others, whose negative sums must be rounded away from zero. */
#define MRT_MVE_TILES_TAILS /* MISRA D4 */ \
    "6:\n\t" MRT_MVE_TILES_SHIFT "vqmovnb.s16 %q[x], %q[x]\n\t" MRT_MVE_TILES_STORE "b 8f\n" \
    "7:\n\tvshr.s32 %q[u], %q[x], #31\n\tvqadd.s32 %q[x], %q[x], %q[u]\n\t" \
    "vshr.s32 %q[u], %q[y], #31\n\tvqadd.s32 %q[y], %q[y], %q[u]\n\t" MRT_MVE_TILES_SHIFT \
    "vmax.s16 %q[x], %q[x], %q[low]\n\tvmin.s16 %q[x], %q[x], %q[high]\n\t" MRT_MVE_TILES_STORE

/* The next pair, if there is one. */
#define MRT_MVE_TILES_NEXT /* MISRA D4 */ \
    "8:\n\tldr r0, %[output_move]\n\tadd %[out], r0\n\tldr r0, %[last]\n\tcmp %[out], r0\n\tbeq 9f\n\t" \
    "ldrd r0, lr, %[counts]\n\tldr r0, %[spans]\n\tldr r2, %[move]\n\tdls lr, lr\n" \
    "11:\n\tldrd r1, r3, [r0]\n\tsub r5, r3, r1\n\tmla r1, r5, r2, r1\n\tmla r3, r5, r2, r3\n\t" \
    "strd r1, r3, [r0], #16\n\tle lr, 11b\n\tb 4b\n" \
    "9:\n\t"

/** All groups of all pairs. */
static MRT_MVE_INLINE void mrt_mve_tiles(const mrt_mve_tiles_t *tiles, mrt_mve_scaling_t scaling)
{
    const int32_t passes = (tiles->blocks - 1) / MRT_MVE_STEPS;
    /* Member by member: an initialiser would first clear it, by a call. Volatile, so that none waits in memory for its
     * turn: that takes stack. */
    volatile mrt_mve_tiles_state_t state;
    state.spans = tiles->spans;
    state.move = tiles->move;
    state.output_move = tiles->output_move - tiles->channels;
    state.last = tiles->last;
    state.counts[0] = passes;
    state.counts[1] = tiles->span_count;
    state.groups = tiles->groups;
    state.channels = tiles->channels;
    state.first = (uint32_t)(tiles->blocks - (passes * MRT_MVE_STEPS)) * MRT_MVE_STEP_BYTES;
    state.tail = (scaling == MRT_MVE_RECTIFIED) ? 1u : 0u;
    const int32_t *w;
    int8_t *out = tiles->output;
    const mrt_mve_span_t *s;
    int32x4_t x;
    int32x4_t y;
    int32x4_t u;
    int32x4_t v;
    __asm volatile(MRT_MVE_TILES_PLACES MRT_MVE_TILES_GROUP MRT_MVE_TILES_SPAN MRT_MVE_TILES_SCALE /* MISRA D5 */
                       MRT_MVE_TILES_TAILS MRT_MVE_TILES_NEXT
                   : [w] "=&r"(w), [out] "+r"(out), [s] "=&r"(s), [x] "=&w"(x), [y] "=&w"(y), [u] "=&w"(u),
                     [v] "=&w"(v), [end] "=m"(state.end), [tail] "+m"(state.tail), [first] "+m"(state.first)
                   : [spans] "m"(state.spans), [counts] "m"(state.counts), [move] "m"(state.move),
                     [output_move] "m"(state.output_move), [last] "m"(state.last), [groups] "m"(state.groups), [channels] "m"(state.channels), [places] "w"(tiles->places),
                     [offset] "w"(vdupq_n_s16((int16_t)tiles->end.offset)),
                     [low] "w"(vdupq_n_s16((int16_t)tiles->end.low)),
                     [high] "w"(vdupq_n_s16((int16_t)tiles->end.high))
                   : MRT_MVE_SUMS, "r1", "r3", "r5", "cc", "memory");
}

/* Where the steps of both groups begin. Aligned for ADR, see vector.h. */
#define MRT_MVE_TWINS_PLACES /* MISRA D4 */ \
    ".balign 4\n\tadr r0, 3f\n\tldr r2, %[first]\n\tsub r0, r0, r2\n\tadd r0, #1\n\tstr r0, %[first]\n\t" \
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
    "2:\n\tldr r0, %[runs]\n\tldrd %[a], %[b], [r0]\n\tldrd %[out], %[last], [r0, #8]\n\tadd r0, #16\n\t" \
    "str r0, %[runs]\n\tldr r0, %[unused]\n\tsub %[a], r0\n\tsub %[b], r0\n" \
    "5:\n\tldr r0, %[channels]\n\tadd %[end], %[out], r0\n\tldr %[w], %[groups]\n" \
    "1:\n\t" MRT_MVE_TWIN("%[first]", "3", "%q[z]") MRT_MVE_TWIN("%[second]", "4", "%q[x]") \
    "vqmovnb.u16 %q[z], %q[z]\n\tvqmovnt.u16 %q[z], %q[x]\n\tveor %q[z], %q[z], %q[sign]\n\t" \
    "vstrb.8 %q[z], [%[out], %q[places]]\n\tadd %[out], #8\n\tcmp %[out], %[end]\n\tbne 1b\n\t" \
    "ldrd r0, r2, %[moves]\n\tadd %[a], r0\n\tadd %[b], r0\n\tadd %[out], r2\n\tcmp %[out], %[last]\n\tbne 5b\n\t" \
    "ldr r0, %[runs]\n\tldr r2, %[stop]\n\tcmp r0, r2\n\tbne 2b\n\t"

/**
 * All groups of all pairs of runs, at least one, two groups at a time, for rectified outputs, of one span of at most
 * MRT_MVE_STEPS blocks. `channels` is a multiple of 8, and the second pixel's outputs are at most 248 bytes behind the
 * first one's.
 */
static MRT_MVE_INLINE void mrt_mve_twins(const mrt_mve_pixels_t *pixels, const mrt_mve_run_t *first_run,
                                         const mrt_mve_run_t *stop, int32_t channels, uint8x16_t places)
{
    const int32_t unused = (MRT_MVE_STEPS - pixels->blocks) * MRT_MVE_BYTES; /* of steps that are not made */
    const int32_t *groups = pixels->groups;
    const int32_t moves[2] = {2 * pixels->step, (2 * pixels->output_step) - channels};
    uint32_t first = (uint32_t)pixels->blocks * MRT_MVE_STEP_BYTES;
    uint32_t second;
    const mrt_mve_run_t *runs = first_run;
    const int8_t *a;
    const int8_t *b;
    const int32_t *w;
    int8_t *out;
    int8_t *last;
    int8_t *end;
    int32x4_t x;
    int32x4_t y;
    int32x4_t z;
    int32x4_t u;
    int32x4_t v;
    __asm volatile(MRT_MVE_TWINS_PLACES MRT_MVE_TWINS /* MISRA D5 */
                   : [a] "=&r"(a), [b] "=&r"(b), [w] "=&r"(w), [out] "=&r"(out), [end] "=&r"(end), [last] "=&r"(last),
                     [x] "=&w"(x), [y] "=&w"(y), [z] "=&w"(z), [u] "=&w"(u), [v] "=&w"(v), [first] "+m"(first),
                     [second] "=m"(second), [runs] "+m"(runs)
                   : [moves] "m"(moves), [groups] "m"(groups), [channels] "m"(channels), [unused] "m"(unused),
                     [stop] "m"(stop), [places] "w"(places), [sign] "w"(vdupq_n_u8(0x80u))
                   : MRT_MVE_SUMS, "cc", "memory");
}

#else

/* Sums of the pair that the spans stand at. */
static inline mrt_mve_sums_t mrt_mve_sum_spans(const mrt_mve_tiles_t *tiles, const int32_t *group)
{
    mrt_mve_sums_t sums = {.first = vldrwq_s32(group), .second = vldrwq_s32(group), .next = &group[4]};
    const int32_t length = tiles->blocks * MRT_MVE_BYTES;
    for (int32_t i = 0; i < tiles->span_count; ++i) {
        const mrt_mve_span_t *span = &tiles->spans[i];
        const int8_t *weights = (const int8_t *)sums.next;
        for (int32_t lane = 0; lane < 4; ++lane) {
            sums.first.lane[lane] = mrt_mve_dot(sums.first.lane[lane], span->at[0], weights, 4, lane, length);
            sums.second.lane[lane] = mrt_mve_dot(sums.second.lane[lane], span->at[1], weights, 4, lane, length);
        }
        sums.next = &sums.next[length];
    }
    return sums;
}

/* Moves the spans to the next pair. */
static inline void mrt_mve_next_pair(const mrt_mve_tiles_t *tiles)
{
    for (int32_t i = 0; i < tiles->span_count; ++i) {
        mrt_mve_span_t *span = &tiles->spans[i];
        const int32_t distance = (span->at[0] == span->at[1]) ? 0 : tiles->distance;
        span->at[0] = &span->at[0][tiles->move * distance];
        span->at[1] = &span->at[1][tiles->move * distance];
    }
}

/* Sums of a group to outputs, eight of them. */
static inline int16x8_t mrt_mve_end_group(const mrt_mve_tiles_t *tiles, const mrt_mve_sums_t *sums,
                                          mrt_mve_scaling_t scaling)
{
    const int32x4_t multiplier = vldrwq_s32(sums->next);
    const int32x4_t shift = vldrwq_s32(&sums->next[4]);
    const mrt_mve_scales_t scales = {multiplier, shift, multiplier, shift};
    return mrt_mve_scale(sums, &scales, &tiles->end, scaling);
}

static inline void mrt_mve_tiles(const mrt_mve_tiles_t *tiles, mrt_mve_scaling_t scaling)
{
    int8_t *output = tiles->output;
    bool goes_on = true;
    while (goes_on) {
        const int32_t *groups = tiles->groups;
        for (int32_t channel = 0; channel < tiles->channels; channel += 4) {
            const mrt_mve_sums_t sums = mrt_mve_sum_spans(tiles, groups);
            vstrbq_scatter_offset_s16(&output[channel], tiles->places, mrt_mve_end_group(tiles, &sums, scaling));
            groups = &sums.next[8];
        }
        output = &output[tiles->output_move];
        goes_on = output != tiles->last;
        if (goes_on) {
            mrt_mve_next_pair(tiles);
        }
    }
}

/* Two groups of a pair. */
static inline void mrt_mve_twin(const mrt_mve_tiles_t *tiles, const int32_t *groups, uint8x16_t places, int8_t *output)
{
    const int32_t words = (3 + (4 * tiles->blocks)) * 4; /* of a group */
    int16_t lanes[2][8];
    for (int32_t group = 0; group < 2; ++group) {
        const mrt_mve_sums_t sums = mrt_mve_sum_spans(tiles, &groups[group * words]);
        vst1q_s16(lanes[group], mrt_mve_end_group(tiles, &sums, MRT_MVE_RECTIFIED));
    }
    for (int32_t i = 0; i < 16; ++i) {
        const uint32_t low = (uint32_t)lanes[i % 2][i / 2] & 0xFFu;
        output[(int32_t)places.lane[i]] = (int8_t)(uint8_t)low;
    }
}

static inline void mrt_mve_twins(const mrt_mve_pixels_t *pixels, const mrt_mve_run_t *first_run,
                                 const mrt_mve_run_t *stop, int32_t channels, uint8x16_t places)
{
    const int32_t words = (3 + (4 * pixels->blocks)) * 4;
    mrt_mve_span_t span;
    const mrt_mve_tiles_t tiles = {
        .spans = &span,
        .span_count = 1,
        .blocks = pixels->blocks,
        .end = {pixels->attrs->output_offset, pixels->attrs->activation_min, pixels->attrs->activation_max}};
    for (const mrt_mve_run_t *run = first_run; run != stop; run = &run[1]) {
        span.at[0] = run->at[0];
        span.at[1] = run->at[1];
        for (int8_t *output = run->output; output != run->end; output = &output[2 * pixels->output_step]) {
            for (int32_t channel = 0; channel < channels; channel += 8) {
                mrt_mve_twin(&tiles, &pixels->groups[(channel / 4) * words], places, &output[channel]);
            }
            span.at[0] = &span.at[0][2 * pixels->step];
            span.at[1] = &span.at[1][2 * pixels->step];
        }
    }
}

#endif

#endif
