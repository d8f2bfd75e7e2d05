/**
 * @file rgb.h
 * @brief Outputs of windows of 3 x 3 pixels of three channels, two by two, for groups of eight output channels.
 *
 * 27 elements make two vectors: row 0 with the first seven elements of row 1, and row 2 with the other two of row 1,
 * which are elements 10 and 11 there.
 */
#ifndef MRT_RUNTIME_KERNELS_MVE_RGB_H
#define MRT_RUNTIME_KERNELS_MVE_RGB_H

#include "runtime/kernels/mve/tiles.h"

/** Elements of a row of a window. */
#define MRT_MVE_RGB_ROW 9

/** Output channels that are made together. */
#define MRT_MVE_RGB_CHANNELS 8

/** Windows of an output row. */
typedef struct mrt_mve_rgb {
    const int8_t *rows[3]; /**< Of the first window. */
    int32_t step;          /**< Bytes from window to window. */
    int32_t count;         /**< Windows, at least 1. */
    const int32_t *groups; /**< Of two blocks, as micrort/kernels/mve.h lays them out. */
    int32_t channels;      /**< A multiple of 8, at most 248. */
    mrt_mve_output_t end;
    int8_t *output;        /**< Of the first window. */
} mrt_mve_rgb_t;

/** The second window of a pair: another one, but for a row of a single one. */
static inline int32_t mrt_mve_rgb_second(const mrt_mve_rgb_t *rgb)
{
    return (rgb->count > 1) ? 1 : 0;
}

/** Windows from the first pair to the second; two from then on. */
static inline int32_t mrt_mve_rgb_first_move(const mrt_mve_rgb_t *rgb)
{
    return ((rgb->count % 2) != 0) ? 1 : 2;
}

#if MRT_MVE == 1

/* Zero point and clamp, and where outputs go. */
typedef struct mrt_mve_rgb_ends {
    int16_t offset[8];
    int8_t low[16];
    int8_t high[16];
    uint8_t places[16];
} mrt_mve_rgb_ends_t;

/* The two vectors of the window at r1, r3 and r5; the predicate holds as many lanes as a row has elements. */
#define MRT_MVE_RGB_WINDOW(first, second) /* MISRA D4 */ \
    "vpstet\n\tvldrbt.8 " first ", [r1]\n\tvldrbe.8 %q[t], [r3, #-9]\n\tvldrbt.8 " second ", [r5]\n\t" \
    "vorr " first ", " first ", %q[t]\n\tldrh r0, [r3, #7]\n\tvmov.16 " second "[5], r0\n\t"

/* Sixteen products of both windows with each of four channels. */
#define MRT_MVE_RGB_PRODUCTS(first, second) /* MISRA D4 */ \
    "vldrb.8 %q[x], [%[w]], #16\n\tvmladava.s8 r0, " first ", %q[x]\n\tvmladava.s8 r8, " second ", %q[x]\n\t" \
    "vldrb.8 %q[y], [%[w]], #16\n\tvmladava.s8 r2, " first ", %q[y]\n\tvmladava.s8 r10, " second ", %q[y]\n\t" \
    "vldrb.8 %q[x], [%[w]], #16\n\tvmladava.s8 r4, " first ", %q[x]\n\tvmladava.s8 r12, " second ", %q[x]\n\t" \
    "vldrb.8 %q[y], [%[w]], #16\n\tvmladava.s8 r6, " first ", %q[y]\n\tvmladava.s8 lr, " second ", %q[y]\n\t"

/* VRSHL rounds ties up; one less makes that of negative values away from zero. */
#define MRT_MVE_RGB_AWAY /* MISRA D4 */ \
    "vshr.s32 %q[t], %q[x], #31\n\tvqadd.s32 %q[x], %q[x], %q[t]\n\t" \
    "vshr.s32 %q[t], %q[y], #31\n\tvqadd.s32 %q[y], %q[y], %q[t]\n\t"

/* A group's sums, scaled. */
#define MRT_MVE_RGB_GROUP(round) /* MISRA D4 */ \
    "ldm %[w], {r0, r2, r4, r6}\n\tldm %[w]!, {r8, r10, r12, lr}\n\t" \
    MRT_MVE_RGB_PRODUCTS("%q[a]", "%q[c]") MRT_MVE_RGB_PRODUCTS("%q[b]", "%q[d]") MRT_MVE_SPREAD \
    "vldrw.u32 %q[t], [%[w]], #16\n\tvqrdmulh.s32 %q[x], %q[x], %q[t]\n\tvqrdmulh.s32 %q[y], %q[y], %q[t]\n\t" round \
    "vldrw.u32 %q[t], [%[w]], #16\n\tvrshl.s32 %q[x], %q[x], %q[t]\n\tvrshl.s32 %q[y], %q[y], %q[t]\n\t"

/* Eight channels of both windows to bytes: rectified ones, where -128 is but another highest bit, and others. */
#define MRT_MVE_RGB_RECTIFIED /* MISRA D4 */ \
    MRT_MVE_RGB_GROUP("") "vqmovunb.s32 %q[z], %q[x]\n\tvqmovunt.s32 %q[z], %q[y]\n\t" \
    MRT_MVE_RGB_GROUP("") "vqmovunb.s32 %q[x], %q[x]\n\tvqmovunt.s32 %q[x], %q[y]\n\t" \
    "vqmovnb.u16 %q[z], %q[z]\n\tvqmovnt.u16 %q[z], %q[x]\n\tvmov.i8 %q[t], #128\n\tveor %q[z], %q[z], %q[t]\n\t" \
    "ldr r0, %[ends]\n\t"
#define MRT_MVE_RGB_SIGNED /* MISRA D4 */ \
    MRT_MVE_RGB_GROUP(MRT_MVE_RGB_AWAY) "vqmovnb.s32 %q[z], %q[x]\n\tvqmovnt.s32 %q[z], %q[y]\n\t" \
    MRT_MVE_RGB_GROUP(MRT_MVE_RGB_AWAY) "vqmovnb.s32 %q[x], %q[x]\n\tvqmovnt.s32 %q[x], %q[y]\n\t" \
    "ldr r0, %[ends]\n\tvldrw.u32 %q[t], [r0]\n\tvqadd.s16 %q[z], %q[z], %q[t]\n\tvqadd.s16 %q[x], %q[x], %q[t]\n\t" \
    "vqmovnb.s16 %q[z], %q[z]\n\tvqmovnt.s16 %q[z], %q[x]\n\tvldrw.u32 %q[t], [r0, #16]\n\t" \
    "vmax.s8 %q[z], %q[z], %q[t]\n\tvldrw.u32 %q[t], [r0, #32]\n\tvmin.s8 %q[z], %q[z], %q[t]\n\t"

/* All pairs. */
#define MRT_MVE_RGB_PAIRS(outputs) /* MISRA D4 */ \
    "movs r0, #9\n\tvctp.8 r0\n\tldr r0, %[rows]\n\tldr r1, [r0]\n\tldr r3, [r0, #4]\n\tldr r5, [r0, #8]\n" \
    "1:\n\t" MRT_MVE_RGB_WINDOW("%q[a]", "%q[b]") "ldr r0, %[second]\n\tadd r1, r0\n\tadd r3, r0\n\tadd r5, r0\n\t" \
    MRT_MVE_RGB_WINDOW("%q[c]", "%q[d]") "ldrd r0, r2, %[moves]\n\tadd r1, r0\n\tadd r3, r0\n\tadd r5, r0\n\t" \
    "ldr %[w], %[groups]\n\tldr r0, %[channels]\n\tadd %[end], %[out], r0\n" \
    "2:\n\t" outputs "vldrb.8 %q[t], [r0, #48]\n\tvstrb.8 %q[z], [%[out], %q[t]]\n\t" \
    "add %[out], #8\n\tcmp %[out], %[end]\n\tbne 2b\n\t" \
    "ldrd r0, r2, %[moves]\n\tadd %[out], r2\n\tldrd r0, r2, %[later]\n\tstrd r0, r2, %[moves]\n\t" \
    "ldr r0, %[pairs]\n\tsubs r0, #1\n\tstr r0, %[pairs]\n\tbne 1b\n\t"

/** All channels of all windows; `rectified` is best a constant. */
static MRT_MVE_INLINE void mrt_mve_rgb_row(const mrt_mve_rgb_t *rgb, bool rectified)
{
    const int32_t channels = rgb->channels;
    const int32_t second = mrt_mve_rgb_second(rgb) * rgb->step;
    const int32_t first = mrt_mve_rgb_first_move(rgb);
    int32_t moves[2] = {(first * rgb->step) - second, (first - 1) * channels}; /* of pointers, of outputs */
    const int32_t later[2] = {rgb->step, channels};
    const int32_t *groups = rgb->groups;
    const int8_t *const *rows = rgb->rows;
    int32_t pairs = (rgb->count + 1) / 2;
    mrt_mve_rgb_ends_t values;
    vst1q_s16(values.offset, vdupq_n_s16((int16_t)rgb->end.offset));
    vstrbq_s8(values.low, vdupq_n_s8((int8_t)rgb->end.low));
    vstrbq_s8(values.high, vdupq_n_s8((int8_t)rgb->end.high));
    vstrbq_u8(values.places, mrt_mve_twin_places(mrt_mve_rgb_second(rgb) * channels));
    const mrt_mve_rgb_ends_t *const ends = &values;
    const int32_t *w;
    int8_t *out = rgb->output;
    const int8_t *end;
    int32x4_t a;
    int32x4_t b;
    int32x4_t c;
    int32x4_t d;
    int32x4_t x;
    int32x4_t y;
    int32x4_t z;
    int32x4_t t;
    if (rectified) {
        __asm volatile(MRT_MVE_RGB_PAIRS(MRT_MVE_RGB_RECTIFIED) /* MISRA D5 */
                       : [w] "=&r"(w), [out] "+r"(out), [end] "=&r"(end), [a] "=&w"(a), [b] "=&w"(b), [c] "=&w"(c),
                         [d] "=&w"(d), [x] "=&w"(x), [y] "=&w"(y), [z] "=&w"(z), [t] "=&w"(t), [pairs] "+m"(pairs),
                         [moves] "+m"(moves)
                       : [rows] "m"(rows), [second] "m"(second), [later] "m"(later), [groups] "m"(groups),
                         [channels] "m"(channels), [ends] "m"(ends)
                       : MRT_MVE_SUMS, "r1", "r3", "r5", "cc", "memory");
    } else {
        __asm volatile(MRT_MVE_RGB_PAIRS(MRT_MVE_RGB_SIGNED) /* MISRA D5 */
                       : [w] "=&r"(w), [out] "+r"(out), [end] "=&r"(end), [a] "=&w"(a), [b] "=&w"(b), [c] "=&w"(c),
                         [d] "=&w"(d), [x] "=&w"(x), [y] "=&w"(y), [z] "=&w"(z), [t] "=&w"(t), [pairs] "+m"(pairs),
                         [moves] "+m"(moves)
                       : [rows] "m"(rows), [second] "m"(second), [later] "m"(later), [groups] "m"(groups),
                         [channels] "m"(channels), [ends] "m"(ends)
                       : MRT_MVE_SUMS, "r1", "r3", "r5", "cc", "memory");
    }
}

#else

/* The elements of a window as two vectors. */
static inline void mrt_mve_rgb_window(const mrt_mve_rgb_t *rgb, int32_t window, int8_t elements[2 * MRT_MVE_BYTES])
{
    for (int32_t i = 0; i < (2 * MRT_MVE_BYTES); ++i) {
        elements[i] = 0;
    }
    for (int32_t i = 0; i < MRT_MVE_RGB_ROW; ++i) {
        const int32_t at = (window * rgb->step) + i;
        elements[i] = rgb->rows[0][at];
        elements[(i < 7) ? (MRT_MVE_RGB_ROW + i) : (MRT_MVE_BYTES + 3 + i)] = rgb->rows[1][at];
        elements[MRT_MVE_BYTES + i] = rgb->rows[2][at];
    }
}

static inline void mrt_mve_rgb_row(const mrt_mve_rgb_t *rgb, bool rectified)
{
    int8_t elements[2][2 * MRT_MVE_BYTES];
    mrt_mve_span_t span = {.at = {elements[0], elements[1]}};
    int32_t first = 0;
    for (int32_t pair = 0; pair < ((rgb->count + 1) / 2); ++pair) {
        const int32_t second = first + mrt_mve_rgb_second(rgb);
        mrt_mve_rgb_window(rgb, first, elements[0]);
        mrt_mve_rgb_window(rgb, second, elements[1]);
        mrt_mve_tiles_t tiles = {.spans = &span,
                                 .span_count = 1,
                                 .groups = rgb->groups,
                                 .blocks = 2,
                                 .output = &rgb->output[first * rgb->channels],
                                 .last = &rgb->output[first * rgb->channels],
                                 .channels = rgb->channels,
                                 .end = rgb->end};
        tiles.places = mrt_mve_places(MRT_MVE_GROUP, (second - first) * rgb->channels);
        mrt_mve_tiles(&tiles, rectified ? MRT_MVE_RECTIFIED : MRT_MVE_SIGNED);
        first += (pair == 0) ? mrt_mve_rgb_first_move(rgb) : 2;
    }
}

#endif

#endif
