/**
 * @file intrinsics.h
 * @brief What the kernels in this folder use of MVE (Helium): the C compiler's intrinsics, and short sequences of
 *        instructions where compilers spoil an inner loop. Elsewhere, C functions that compute the same.
 *
 * The intrinsics bear the names of the Arm C Language Extensions. Both forms are defined for all values.
 */
#ifndef MRT_RUNTIME_KERNELS_MVE_INTRINSICS_H
#define MRT_RUNTIME_KERNELS_MVE_INTRINSICS_H

#include "micrort/kernels/mve.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#if defined(__ARM_FEATURE_MVE) && defined(__GNUC__)
#define MRT_MVE 1
#include <arm_mve.h>
#else
#define MRT_MVE 0
#include "runtime/kernels/mve/emulation.h"
#include "runtime/kernels/mve/emulation_float.h"
#endif

/** Keeps sums in registers where a compiler would rather make a call. */
#if defined(__GNUC__)
#define MRT_MVE_INLINE inline __attribute__((always_inline))
#else
#define MRT_MVE_INLINE inline
#endif

/** Bytes of a vector. */
#define MRT_MVE_BYTES 16

/** Eight sums, and where the constants behind the weights lie. */
typedef struct mrt_mve_sums {
    int32x4_t first;
    int32x4_t second;
    const int32_t *next;
} mrt_mve_sums_t;

/** Four rows, and how far it is from pixel to pixel in each. */
typedef struct mrt_mve_rows {
    const int8_t *at[4];
    int32_t step[4];
} mrt_mve_rows_t;

/** Bytes of several rows to patches: `size` bytes of each row for each patch. */
typedef struct mrt_mve_copies {
    const void *const *rows; /**< Of bytes. */
    int32_t height;          /**< Rows. */
    int32_t first; /**< Of each row, what the first patch takes from here on. */
    int32_t size;
    int32_t step;   /**< In the rows, from patch to patch. */
    int8_t *target; /**< What the first patch takes of the first row goes here. */
    int32_t pitch;  /**< From row to row of a patch, no less than `size`. */
    int32_t patch;  /**< From patch to patch. */
    int32_t count;  /**< Patches. */
} mrt_mve_copies_t;

#if MRT_MVE == 1

/* 16 products of two pixels with four channels each, from vectors that `load` takes to x and y. */
#define MRT_MVE_PRODUCTS_2X4(load) /* MISRA D4 */ \
    load "vldrb.8 %q[u], [%[w]], #16\n\tvmladava.s8 r0, %q[x], %q[u]\n\tvmladava.s8 r8, %q[y], %q[u]\n\t" \
    "vldrb.8 %q[v], [%[w]], #16\n\tvmladava.s8 r2, %q[x], %q[v]\n\tvmladava.s8 r10, %q[y], %q[v]\n\t" \
    "vldrb.8 %q[u], [%[w]], #16\n\tvmladava.s8 r4, %q[x], %q[u]\n\tvmladava.s8 r12, %q[y], %q[u]\n\t" \
    "vldrb.8 %q[v], [%[w]], #16\n\tvmladava.s8 r6, %q[x], %q[v]\n\tvmladava.s8 lr, %q[y], %q[v]\n\t"

/* Likewise from the next elements of both pixels, and from those behind the `offset`. */
#define MRT_MVE_STEP_2X4 /* MISRA D4 */ \
    MRT_MVE_PRODUCTS_2X4("vldrb.8 %q[x], [%[a]], #16\n\tvldrb.8 %q[y], [%[b]], #16\n\t")
#define MRT_MVE_STEP_AT(offset) /* MISRA D4 */ \
    MRT_MVE_PRODUCTS_2X4("vldrb.8 %q[x], [%[a], " offset "]\n\tvldrb.8 %q[y], [%[b], " offset "]\n\t")

/* 16 products of one pixel with eight channels each. */
#define MRT_MVE_STEP_1X8 /* MISRA D4 */ \
    "vldrb.8 %q[x], [%[a]], #16\n\t" \
    "vldrb.8 %q[u], [%[w]], #16\n\tvmladava.s8 r0, %q[x], %q[u]\n\t" \
    "vldrb.8 %q[v], [%[w]], #16\n\tvmladava.s8 r2, %q[x], %q[v]\n\t" \
    "vldrb.8 %q[u], [%[w]], #16\n\tvmladava.s8 r4, %q[x], %q[u]\n\t" \
    "vldrb.8 %q[v], [%[w]], #16\n\tvmladava.s8 r6, %q[x], %q[v]\n\t" \
    "vldrb.8 %q[u], [%[w]], #16\n\tvmladava.s8 r8, %q[x], %q[u]\n\t" \
    "vldrb.8 %q[v], [%[w]], #16\n\tvmladava.s8 r10, %q[x], %q[v]\n\t" \
    "vldrb.8 %q[u], [%[w]], #16\n\tvmladava.s8 r12, %q[x], %q[u]\n\t" \
    "vldrb.8 %q[v], [%[w]], #16\n\tvmladava.s8 lr, %q[x], %q[v]\n\t"

/* `step` as often as `blocks` says: four at a time, then two and one as the two lowest bits of the rest tell. */
#define MRT_MVE_REPEAT(step) /* MISRA D4 */ \
    "ldr %[n], %[blocks]\n\tsubs %[n], #4\n\tblt 2f\n" \
    "1:\n\t" step step step step "subs %[n], #4\n\tbge 1b\n" \
    "2:\n\tlsls %[n], %[n], #31\n\tbcc 3f\n\t" step step \
    "3:\n\tbpl 4f\n\t" step \
    "4:\n\t"

/* Eight sums take all even registers. */
#define MRT_MVE_SUMS "r0", "r2", "r4", "r6", "r8", "r10", "r12", "lr"

/* Eight sums to two vectors: those of even numbers, then the others. */
#define MRT_MVE_GATHER \
    "vmov %q[x][2], %q[x][0], r0, r8\n\tvmov %q[x][3], %q[x][1], r4, r12\n\t" \
    "vmov %q[y][2], %q[y][0], r2, r10\n\tvmov %q[y][3], %q[y][1], r6, lr\n\t"

/* Eight sums to two vectors: the first four, then the others. */
#define MRT_MVE_SPREAD \
    "vmov %q[x][2], %q[x][0], r0, r4\n\tvmov %q[x][3], %q[x][1], r2, r6\n\t" \
    "vmov %q[y][2], %q[y][0], r8, r12\n\tvmov %q[y][3], %q[y][1], r10, lr\n\t"

/* VRSHL rounds ties up; one less makes that of negative values away from zero. By way of
 * a vector that is free. */
#define MRT_MVE_AWAY(t) /* MISRA D4 */ \
    "vshr.s32 %q[" t "], %q[x], #31\n\tvqadd.s32 %q[x], %q[x], %q[" t "]\n\t" \
    "vshr.s32 %q[" t "], %q[y], #31\n\tvqadd.s32 %q[y], %q[y], %q[" t "]\n\t"

/* Scaled sums in x and y to the bytes of x's even lanes; the output's zero point is in a register. */
#define MRT_MVE_NARROW(offset) /* MISRA D4 */ \
    "vqmovnb.s32 %q[x], %q[x]\n\tvqmovnt.s32 %q[x], %q[y]\n\t" \
    "vqadd.s16 %q[x], %q[x], " offset "\n\tvqmovnb.s16 %q[x], %q[x]\n\t"

/**
 * Sums of products of two pixels with four channels. `packed` holds four biases, then `*blocks` times 16 weights of
 * each channel.
 */
static MRT_MVE_INLINE mrt_mve_sums_t mrt_mve_dot_2x4(const int8_t *first, const int8_t *second, const int32_t *packed,
                                             const int32_t *blocks)
{
    mrt_mve_sums_t sums;
    const int8_t *a = first;
    const int8_t *b = second;
    int32_t count;
    int8x16_t u;
    int8x16_t v;
    sums.next = packed;
    /* MISRA D5 */
    __asm volatile("ldm %[w], {r0, r2, r4, r6}\n\t"
                   "ldm %[w]!, {r8, r10, r12, lr}\n\t" MRT_MVE_REPEAT(MRT_MVE_STEP_2X4)
                   MRT_MVE_SPREAD
                   : [a] "+r"(a), [b] "+r"(b), [w] "+r"(sums.next), [n] "=&r"(count), [x] "=&w"(sums.first),
                     [y] "=&w"(sums.second), [u] "=&w"(u), [v] "=&w"(v)
                   : [blocks] "m"(*blocks)
                   : MRT_MVE_SUMS, "cc", "memory");
    return sums;
}

/**
 * Sums of products of one pixel with eight channels: those of even channels first. `packed` holds eight biases, then
 * `*blocks` times 16 weights of each channel.
 */
static MRT_MVE_INLINE mrt_mve_sums_t mrt_mve_dot_1x8(const int8_t *input, const int32_t *packed, const int32_t *blocks)
{
    mrt_mve_sums_t sums;
    const int8_t *a = input;
    int32_t count;
    int8x16_t u;
    int8x16_t v;
    sums.next = packed;
    /* MISRA D5 */
    __asm volatile("ldm %[w]!, {r0, r2, r4, r6, r8, r10, r12, lr}\n\t" MRT_MVE_REPEAT(MRT_MVE_STEP_1X8)
                   MRT_MVE_GATHER
                   : [a] "+r"(a), [w] "+r"(sums.next), [n] "=&r"(count), [x] "=&w"(sums.first),
                     [y] "=&w"(sums.second), [u] "=&w"(u), [v] "=&w"(v)
                   : [blocks] "m"(*blocks)
                   : MRT_MVE_SUMS, "cc", "memory");
    return sums;
}

/* All sums begin with the same number, which is in k. */
#define MRT_MVE_ALIKE \
    "mov r0, %[k]\n\tmov r2, %[k]\n\tmov r4, %[k]\n\tmov r6, %[k]\n\t" \
    "mov r8, %[k]\n\tmov r10, %[k]\n\tmov r12, %[k]\n\tmov lr, %[k]\n"

/* On to the words of the next tile, if there is one. */
#define MRT_MVE_NEXT_TILE /* MISRA D4 */ \
    "ldr %[k], [%[w]], #4\n\tvadd.i32 %q[p], %q[p], %[k]\n\tcmp %[k], #0\n\tbne 1b\n\t"

/**
 * `bias` and the products of two patches with four weight vectors each: those of the first patch in `first`. The vectors
 * of all tiles follow one another; behind those of each stands how far it is, in bytes, from its words to the next one's,
 * 0 behind those of the last one. A tile of a patch is four words, `columns` behind words + patches[i], each of four bytes.
 */
static MRT_MVE_INLINE mrt_mve_sums_t mrt_mve_tiles_2x4(const int8_t *words, int32x4_t columns,
                                                       const uint32_t patches[2], const int32_t *tiles, int32_t bias)
{
    mrt_mve_sums_t sums = {.next = tiles};
    int32x4_t p = vaddq_n_s32(columns, (int32_t)words);
    int32_t k = bias;
    int32x4_t u;
    int32x4_t v;
    /* MISRA D5 */
    __asm volatile(MRT_MVE_ALIKE
                   "1:\n\tvldrw.u32 %q[x], [%[a], %q[p]]\n\tvldrw.u32 %q[y], [%[b], %q[p]]\n\t"
                   MRT_MVE_PRODUCTS_2X4("")
                   MRT_MVE_NEXT_TILE MRT_MVE_SPREAD
                   : [x] "=&w"(sums.first), [y] "=&w"(sums.second), [u] "=&w"(u), [v] "=&w"(v), [p] "+w"(p),
                     [w] "+r"(sums.next), [k] "+r"(k)
                   : [a] "r"(patches[0]), [b] "r"(patches[1])
                   : MRT_MVE_SUMS, "cc", "memory");
    return sums;
}

/* The patch at this offset of the list, and its sum. */
#define MRT_MVE_PATCH(offset, sum) \
    "ldr %[k], [%[m], " offset "]\n\tvldrw.u32 %q[x], [%[k], %q[p]]\n\tvmladava.s8 " sum ", %q[x], %q[u]\n\t"

/** Likewise of eight patches with one weight vector: those of the first four in `first`. */
static MRT_MVE_INLINE mrt_mve_sums_t mrt_mve_tiles_8x1(const int8_t *words, int32x4_t columns,
                                                       const uint32_t patches[8], const int32_t *tiles, int32_t bias)
{
    mrt_mve_sums_t sums = {.next = tiles};
    int32x4_t p = vaddq_n_s32(columns, (int32_t)words);
    int32_t k = bias;
    int32x4_t u;
    /* MISRA D5 */
    __asm volatile(MRT_MVE_ALIKE
                   "1:\n\tvldrw.u32 %q[u], [%[w]], #16\n\t"
                   MRT_MVE_PATCH("#0", "r0") MRT_MVE_PATCH("#4", "r2") MRT_MVE_PATCH("#8", "r4")
                   MRT_MVE_PATCH("#12", "r6") MRT_MVE_PATCH("#16", "r8") MRT_MVE_PATCH("#20", "r10")
                   MRT_MVE_PATCH("#24", "r12") MRT_MVE_PATCH("#28", "lr")
                   MRT_MVE_NEXT_TILE MRT_MVE_SPREAD
                   : [x] "=&w"(sums.first), [y] "=&w"(sums.second), [u] "=&w"(u), [p] "+w"(p), [w] "+r"(sums.next),
                     [k] "+r"(k)
                   : [m] "r"(patches)
                   : MRT_MVE_SUMS, "cc", "memory");
    return sums;
}

/* Vectors of four rows to words, and on to the next pixel. */
#define MRT_MVE_INTERLEAVE \
    "vst40.8 {q0, q1, q2, q3}, [%[t]]\n\tvst41.8 {q0, q1, q2, q3}, [%[t]]\n\t" \
    "vst42.8 {q0, q1, q2, q3}, [%[t]]\n\tvst43.8 {q0, q1, q2, q3}, [%[t]]\n\t" \
    "add %[a], %[j]\n\tadd %[b], %[k]\n\tadd %[c], %[l]\n\tadd %[d], %[m]\n\tadd %[t], %[column]\n\t" \
    "le lr, 1b\n" \
    "2:\n\t"

/**
 * Four rows of pixels to columns of words: byte i of row j of a pixel becomes byte j of word i of its column. Words are
 * written for 16 bytes, of which those in `lanes` are read, the others 0. gcc 12 makes an instruction of vst4q that
 * there is not.
 *
 * @param target  The first column; 64 bytes are written at each.
 * @param column  Bytes from column to column; columns are written in increasing order.
 * @param count   Pixels; may be 0.
 */
static MRT_MVE_INLINE void mrt_mve_interleave(int8_t *target, const mrt_mve_rows_t *rows, int32_t column, int32_t count,
                                              mve_pred16_t lanes)
{
    int8_t *words = target;
    const int8_t *a = rows->at[0];
    const int8_t *b = rows->at[1];
    const int8_t *c = rows->at[2];
    const int8_t *d = rows->at[3];
    if (lanes == 0xFFFFu) {
        /* MISRA D5 */
        __asm volatile("wls lr, %[n], 2f\n"
                       "1:\n\t"
                       "vldrb.8 q0, [%[a]]\n\tvldrb.8 q1, [%[b]]\n\tvldrb.8 q2, [%[c]]\n\tvldrb.8 q3, [%[d]]\n\t"
                       MRT_MVE_INTERLEAVE
                       : [t] "+r"(words), [a] "+r"(a), [b] "+r"(b), [c] "+r"(c), [d] "+r"(d)
                       : [n] "r"(count), [j] "r"(rows->step[0]), [k] "r"(rows->step[1]), [l] "r"(rows->step[2]),
                         [m] "r"(rows->step[3]), [column] "r"(column)
                       : "q0", "q1", "q2", "q3", "lr", "memory");
    } else {
        /* MISRA D5 */
        __asm volatile("vmsr p0, %[lanes]\n\twls lr, %[n], 2f\n"
                       "1:\n\tvpstttt\n\tvldrbt.8 q0, [%[a]]\n\tvldrbt.8 q1, [%[b]]\n\t"
                       "vldrbt.8 q2, [%[c]]\n\tvldrbt.8 q3, [%[d]]\n\t"
                       MRT_MVE_INTERLEAVE
                       : [t] "+r"(words), [a] "+r"(a), [b] "+r"(b), [c] "+r"(c), [d] "+r"(d)
                       : [n] "r"(count), [j] "r"(rows->step[0]), [k] "r"(rows->step[1]), [l] "r"(rows->step[2]),
                         [m] "r"(rows->step[3]), [column] "r"(column), [lanes] "r"((uint32_t)lanes)
                       : "q0", "q1", "q2", "q3", "lr", "memory");
    }
}

/** Copies bytes, vectors at a time; `count` may be 0. */
static MRT_MVE_INLINE void mrt_mve_copy(int8_t *target, const int8_t *source, uint32_t count)
{
    int8_t *to = target;
    const int8_t *from = source;
    int8x16_t data;
    /* MISRA D5 */
    __asm volatile("wlstp.8 lr, %[n], 2f\n"
                   "1:\n\t"
                   "vldrb.8 %q[q], [%[s]], #16\n\t"
                   "vstrb.8 %q[q], [%[t]], #16\n\t"
                   "letp lr, 1b\n"
                   "2:\n\t"
                   : [s] "+r"(from), [t] "+r"(to), [q] "=&w"(data)
                   : [n] "r"(count)
                   : "lr", "memory");
}

/* Patches of three rows of at most 16 bytes. */
static MRT_MVE_INLINE void mrt_mve_copy_three(const mrt_mve_copies_t *copies)
{
    const int8_t *a = &((const int8_t *)copies->rows[0])[copies->first];
    const int8_t *b = &((const int8_t *)copies->rows[1])[copies->first];
    const int8_t *c = &((const int8_t *)copies->rows[2])[copies->first];
    int8_t *x = copies->target;
    int8_t *y = &x[copies->pitch];
    int8_t *z = &y[copies->pitch];
    int8x16_t u;
    int8x16_t v;
    int8x16_t w;
    /* MISRA D5 */
    __asm volatile("vctp.8 %[size]\n\twls lr, %[n], 2f\n"
                   "1:\n\tvpsttt\n\tvldrbt.8 %q[u], [%[a]]\n\tvldrbt.8 %q[v], [%[b]]\n\tvldrbt.8 %q[w], [%[c]]\n\t"
                   "vpsttt\n\tvstrbt.8 %q[u], [%[x]]\n\tvstrbt.8 %q[v], [%[y]]\n\tvstrbt.8 %q[w], [%[z]]\n\t"
                   "add %[a], %[step]\n\tadd %[b], %[step]\n\tadd %[c], %[step]\n\t"
                   "add %[x], %[patch]\n\tadd %[y], %[patch]\n\tadd %[z], %[patch]\n\tle lr, 1b\n"
                   "2:\n\t"
                   : [a] "+r"(a), [b] "+r"(b), [c] "+r"(c), [x] "+r"(x), [y] "+r"(y), [z] "+r"(z), [u] "=&w"(u),
                     [v] "=&w"(v), [w] "=&w"(w)
                   : [n] "r"(copies->count), [size] "r"(copies->size), [step] "r"(copies->step),
                     [patch] "r"(copies->patch)
                   : "lr", "memory");
}

/* Patches of rows of one word each, at any address. */
static MRT_MVE_INLINE void mrt_mve_copy_words(const mrt_mve_copies_t *copies)
{
    const void *const *row;
    int32_t first = copies->first;
    int8_t *target = copies->target;
    int8_t *to;
    int32_t count = copies->count;
    uint32_t word;
    /* MISRA D5 */
    __asm volatile("1:\n\tmov %[r], %[rows]\n\tmov %[t], %[target]\n\twls lr, %[height], 3f\n"
                   "2:\n\tldr %[x], [%[r]], #4\n\tldr %[x], [%[x], %[first]]\n\tstr %[x], [%[t]]\n\t"
                   "add %[t], %[pitch]\n\tle lr, 2b\n"
                   "3:\n\tadd %[target], %[patch]\n\tadd %[first], %[step]\n\tsubs %[n], #1\n\tbne 1b\n\t"
                   : [r] "=&r"(row), [first] "+r"(first), [target] "+r"(target), [t] "=&r"(to), [n] "+r"(count),
                     [x] "=&r"(word)
                   : [rows] "r"(copies->rows), [height] "r"(copies->height), [pitch] "r"(copies->pitch),
                     [patch] "r"(copies->patch), [step] "r"(copies->step)
                   : "lr", "cc", "memory");
}

/* Patches of any rows. */
static MRT_MVE_INLINE void mrt_mve_copy_rows(const mrt_mve_copies_t *copies)
{
    const void *const *row;
    int32_t first = copies->first;
    int8_t *target = copies->target;
    int8_t *to;
    int32_t count = copies->count;
    const int8_t *from;
    int8x16_t data;
    /* MISRA D5 */
    __asm volatile("1:\n\tmov %[r], %[rows]\n\tmov %[t], %[target]\n"
                   "2:\n\tldr %[s], [%[r]], #4\n\tadd %[s], %[first]\n\twlstp.8 lr, %[size], 4f\n"
                   "3:\n\tvldrb.8 %q[q], [%[s]], #16\n\tvstrb.8 %q[q], [%[t]], #16\n\tletp lr, 3b\n"
                   "4:\n\tadd %[t], %[skip]\n\tcmp %[r], %[end]\n\tbne 2b\n\t"
                   "add %[target], %[patch]\n\tadd %[first], %[step]\n\tsubs %[n], #1\n\tbne 1b\n\t"
                   : [r] "=&r"(row), [first] "+r"(first), [target] "+r"(target), [t] "=&r"(to), [n] "+r"(count),
                     [s] "=&r"(from), [q] "=&w"(data)
                   : [rows] "r"(copies->rows), [end] "r"(&copies->rows[copies->height]), [size] "r"(copies->size),
                     [skip] "r"(copies->pitch - (((copies->size + 15) / 16) * 16)), /* stores have gone too far */
                     [patch] "r"(copies->patch), [step] "r"(copies->step)
                   : "lr", "cc", "memory");
}

/** The patches; one at least, of at least one row of at least one byte. */
static MRT_MVE_INLINE void mrt_mve_copy_patches(const mrt_mve_copies_t *copies)
{
    if ((copies->height == 3) && (copies->size <= 16)) {
        mrt_mve_copy_three(copies);
    } else if (copies->size == 4) {
        mrt_mve_copy_words(copies);
    } else {
        mrt_mve_copy_rows(copies);
    }
}

/** Sets bytes; `count` may be 0. */
static MRT_MVE_INLINE void mrt_mve_fill(int8_t *target, int8_t value, uint32_t count)
{
    int8_t *to = target;
    const int8x16_t data = vdupq_n_s8(value);
    /* MISRA D5 */
    __asm volatile("wlstp.8 lr, %[n], 2f\n"
                   "1:\n\t"
                   "vstrb.8 %q[q], [%[t]], #16\n\t"
                   "letp lr, 1b\n"
                   "2:\n\t"
                   : [t] "+r"(to)
                   : [n] "r"(count), [q] "w"(data)
                   : "lr", "memory");
}

/** `count` outputs as mrt_linear_s8_mve_attrs_t says; `count` may be 0. Each is written after its operands are read. */
static MRT_MVE_INLINE void mrt_mve_linear(const mrt_linear_s8_mve_attrs_t *attrs, const int8_t *first,
                                          const int8_t *second, int8_t *output, uint32_t count)
{
    const int8_t *a = first;
    const int8_t *b = second;
    int8_t *o = output;
    const int32x4_t low = vdupq_n_s32(attrs->activation_min);
    const int32x4_t high = vdupq_n_s32(attrs->activation_max);
    int32x4_t x;
    int32x4_t y;
    __asm volatile("wlstp.32 lr, %[n], 2f\n" /* MISRA D5 */
                   "1:\n\t"
                   "vldrb.s32 %q[x], [%[a]], #4\n\t"
                   "vldrb.s32 %q[y], [%[b]], #4\n\t"
                   "vmlas.s32 %q[x], %q[k], %[c]\n\t"
                   "vmla.s32 %q[x], %q[y], %[l]\n\t"
                   "vshl.s32 %q[x], %[s]\n\t"
                   "vmax.s32 %q[x], %q[x], %q[low]\n\t"
                   "vmin.s32 %q[x], %q[x], %q[high]\n\t"
                   "vstrb.32 %q[x], [%[o]], #4\n\t"
                   "letp lr, 1b\n"
                   "2:\n\t"
                   : [a] "+l"(a), [b] "+l"(b), [o] "+l"(o), [x] "=&w"(x), [y] "=&w"(y)
                   : [n] "r"(count), [k] "w"(vdupq_n_s32(attrs->first_factor)), [l] "r"(attrs->second_factor),
                     [c] "r"(attrs->addend), [s] "r"(-attrs->shift), [low] "w"(low), [high] "w"(high)
                   : "lr", "memory");
}

#else

/* Weight `element` of `channel` in a group of `lanes` channels. */
static inline int32_t mrt_mve_weight(const int8_t *weights, int32_t lanes, int32_t channel, int32_t element)
{
    const int32_t vector = ((element / MRT_MVE_BYTES) * lanes) + channel;
    return weights[(vector * MRT_MVE_BYTES) + (element % MRT_MVE_BYTES)];
}

/* A sum of products, modulo 2^32. */
static inline int32_t mrt_mve_dot(int32_t bias, const int8_t *input, const int8_t *weights, int32_t lanes,
                                  int32_t channel, int32_t length)
{
    uint32_t sum = (uint32_t)bias;
    for (int32_t i = 0; i < length; ++i) {
        const int32_t term = (int32_t)input[i] * mrt_mve_weight(weights, lanes, channel, i);
        sum += (uint32_t)term;
    }
    return (int32_t)sum;
}

static inline mrt_mve_sums_t mrt_mve_dot_2x4(const int8_t *first, const int8_t *second, const int32_t *packed,
                                             const int32_t *blocks)
{
    mrt_mve_sums_t sums;
    const int8_t *weights = (const int8_t *)&packed[4];
    const int32_t length = *blocks * MRT_MVE_BYTES;
    for (int32_t channel = 0; channel < 4; ++channel) {
        sums.first.lane[channel] = mrt_mve_dot(packed[channel], first, weights, 4, channel, length);
        sums.second.lane[channel] = mrt_mve_dot(packed[channel], second, weights, 4, channel, length);
    }
    sums.next = &packed[4 + length];
    return sums;
}

static inline mrt_mve_sums_t mrt_mve_dot_1x8(const int8_t *input, const int32_t *packed, const int32_t *blocks)
{
    mrt_mve_sums_t sums;
    const int8_t *weights = (const int8_t *)&packed[8];
    const int32_t length = *blocks * MRT_MVE_BYTES;
    for (int32_t lane = 0; lane < 4; ++lane) {
        sums.first.lane[lane] = mrt_mve_dot(packed[2 * lane], input, weights, 8, 2 * lane, length);
        sums.second.lane[lane] = mrt_mve_dot(packed[(2 * lane) + 1], input, weights, 8, (2 * lane) + 1, length);
    }
    sums.next = &packed[8 + (2 * length)];
    return sums;
}

/* Sum of products of a patch with a weight vector, modulo 2^32. */
static inline int32_t mrt_mve_patch(const int8_t *words, int32x4_t columns, int8x16_t weights)
{
    int32_t sum = 0; /* 16 products of int8 do not leave int32 */
    for (uint32_t i = 0u; i < 16u; ++i) {
        const int8_t *word = &words[columns.lane[i / 4u]];
        sum += (int32_t)word[i % 4u] * weights.lane[i];
    }
    return sum;
}

/* The bias and the products of a patch over all tiles, with weight vector `vector` of the `vectors` of each. */
static inline int32_t mrt_mve_tiles_sum(const int8_t *words, int32x4_t columns, const int32_t *tiles, uint32_t vectors,
                                        uint32_t vector, int32_t bias)
{
    const int8_t *at = words;
    const int32_t *tile = tiles;
    uint32_t sum = (uint32_t)bias;
    int32_t next;
    do {
        const int8x16_t weights = vreinterpretq_s8_s32(vldrwq_s32(&tile[4u * vector]));
        sum += (uint32_t)mrt_mve_patch(at, columns, weights);
        next = tile[4u * vectors];
        at = &at[next];
        tile = &tile[(4u * vectors) + 1u];
    } while (next != 0);
    return (int32_t)sum;
}

static inline mrt_mve_sums_t mrt_mve_tiles_2x4(const int8_t *words, int32x4_t columns, const uint32_t patches[2],
                                               const int32_t *tiles, int32_t bias)
{
    mrt_mve_sums_t sums = {.next = NULL};
    for (uint32_t lane = 0u; lane < 4u; ++lane) {
        sums.first.lane[lane] = mrt_mve_tiles_sum(&words[patches[0]], columns, tiles, 4u, lane, bias);
        sums.second.lane[lane] = mrt_mve_tiles_sum(&words[patches[1]], columns, tiles, 4u, lane, bias);
    }
    return sums;
}

static inline mrt_mve_sums_t mrt_mve_tiles_8x1(const int8_t *words, int32x4_t columns, const uint32_t patches[8],
                                               const int32_t *tiles, int32_t bias)
{
    mrt_mve_sums_t sums = {.next = NULL};
    for (uint32_t lane = 0u; lane < 4u; ++lane) {
        sums.first.lane[lane] = mrt_mve_tiles_sum(&words[patches[lane]], columns, tiles, 1u, 0u, bias);
        sums.second.lane[lane] = mrt_mve_tiles_sum(&words[patches[lane + 4u]], columns, tiles, 1u, 0u, bias);
    }
    return sums;
}

static inline void mrt_mve_interleave(int8_t *target, const mrt_mve_rows_t *rows, int32_t column, int32_t count,
                                      mve_pred16_t lanes)
{
    for (int32_t pixel = 0; pixel < count; ++pixel) {
        for (int32_t i = 0; i < 64; ++i) {
            const int32_t row = i % 4;
            const int8_t *bytes = &rows->at[row][pixel * rows->step[row]];
            const bool there = (((uint32_t)lanes >> ((uint32_t)i / 4u)) & 1u) != 0u;
            target[(pixel * column) + i] = (int8_t)(there ? bytes[i / 4] : 0);
        }
    }
}

static inline void mrt_mve_linear(const mrt_linear_s8_mve_attrs_t *attrs, const int8_t *first, const int8_t *second,
                                  int8_t *output, uint32_t count)
{
    for (uint32_t i = 0u; i < count; ++i) {
        const uint32_t left = (uint32_t)(int32_t)first[i] * (uint32_t)attrs->first_factor;
        const uint32_t right = (uint32_t)(int32_t)second[i] * (uint32_t)attrs->second_factor;
        const uint32_t sum = left + right + (uint32_t)attrs->addend;
        const int32_t scaled = (int32_t)sum >> (uint32_t)attrs->shift; /* MISRA D2 */
        const int32_t raised = (scaled < attrs->activation_min) ? attrs->activation_min : scaled;
        output[i] = (int8_t)((raised > attrs->activation_max) ? attrs->activation_max : raised);
    }
}

/** Copies bytes; `count` may be 0. */
static inline void mrt_mve_copy(int8_t *target, const int8_t *source, uint32_t count)
{
    for (uint32_t i = 0u; i < count; ++i) {
        target[i] = source[i];
    }
}

static inline void mrt_mve_copy_patches(const mrt_mve_copies_t *copies)
{
    for (int32_t i = 0; i < copies->count; ++i) {
        for (int32_t row = 0; row < copies->height; ++row) {
            int8_t *target = &copies->target[(i * copies->patch) + (row * copies->pitch)];
            const int8_t *source = (const int8_t *)copies->rows[row]; /* MISRA D1 */
            mrt_mve_copy(target, &source[copies->first + (i * copies->step)], (uint32_t)copies->size);
        }
    }
}

/** Sets bytes; `count` may be 0. */
static inline void mrt_mve_fill(int8_t *target, int8_t value, uint32_t count)
{
    for (uint32_t i = 0u; i < count; ++i) {
        target[i] = value;
    }
}

#endif

#endif
