/**
 * @file neighbours.h
 * @brief Depthwise outputs under windows of 3 x 3, from the bytes where they lie: several neighbours at a time.
 *
 * Neighbours are two outputs of a row; or where strides are 1 two of a row and the two below them, and where they are 2
 * one and the one below it. What lies under them is a patch of at most 16 bytes: three rows of five columns, or four
 * rows of four columns, or five rows of three columns. Two gathers and a move
 * bring it into a vector, column after column, and each output is one product of vectors, whose weights are 0 where a
 * byte lies under other outputs only.
 */
#ifndef MRT_RUNTIME_KERNELS_MVE_NEIGHBOURS_H
#define MRT_RUNTIME_KERNELS_MVE_NEIGHBOURS_H

#include "micrort/kernel.h"
#include "runtime/kernels/mve/scale.h"

/** Bytes of a patch; those of even numbers are lanes of the first gather, the others of the second one. */
#define MRT_MVE_PATCH_BYTES 16
#define MRT_MVE_GATHERED 8

/** Outputs of a batch: four times two neighbours, or twice four. */
#define MRT_MVE_EIGHT 8

/** What a byte is changed by from 0..255 to -128..127. */
#define MRT_MVE_SIGN 128

/** Words of a filter with bias, multiplier and shift: those of the filter are columns, each of three taps and a 0. */
#define MRT_MVE_FILTER_WORDS 3
#define MRT_MVE_RECORD_WORDS 6

/** The byte of a filter that is 0, for bytes of a patch that an output has no tap for. */
#define MRT_MVE_NO_TAP 3

/** A row of outputs of several channels, or two rows. Assembly reads members at their offsets. */
typedef struct mrt_mve_neighbours {
    int32_t scales[3];     /**< Of a channel: bias, multiplier, shift. */
    int32_t sign;          /**< MRT_MVE_SIGN. */
    int32_t pixels;        /**< Bytes of output from batch to batch. */
    const int32_t *record; /**< Of the first channel, as mrt_depthwise_conv2d_s8_mve_attrs_t has it. */
    /**
     * For each byte of a patch a byte of the filter: of the first neighbour and of the second one; then of taps in rows
     * of padding. The third and the fourth neighbour, below those, are there where columns have four bytes.
     */
    const uint8_t *taps;
    int32_t padded;        /**< The zero point, where a row lies in padding; else 0. Of single rows only. */
    int32_t count;         /**< Batches; the last one may share outputs with the one before. */
    int32_t channels;
    int32_t before;        /**< Bytes of padding before the first column. */
    int32_t step;          /**< Bytes of input from neighbours to the next ones. */
    /** Lanes of the first patch that lie inside the image, two bits each: of the first gather, then of the second. */
    uint32_t left;
    int32_t zero;          /**< The zero point. */
    uint32_t right;        /**< Lanes of the last patch, likewise. */
    int32_t back[2];       /**< From where the last batch would begin to where it does: in the input, in the output. */
    int32_t next[2];       /**< From behind a channel's outputs to the next channel, likewise. */
    const int8_t *end;     /**< Behind the last channel of the first output. */
    const int32_t *clamp;  /**< Output offset, least and largest output. */
    uint16_t lanes[2][MRT_MVE_GATHERED]; /**< From the first column to each byte of a patch, padding included. */
    uint16_t places[MRT_MVE_EIGHT]; /**< Of a batch: from its first output to those of even lanes, and of odd ones. */
} mrt_mve_neighbours_t;

#if MRT_MVE == 1

/* Of `count` rows those that taps are in, where the first tap inside is `begin`: for others the nearest one. */
static MRT_MVE_INLINE uint16x8_t mrt_mve_tap_rows(int32_t begin, int32_t count)
{
    const uint16x8_t inside = vqsubq_n_u16(vidupq_n_u16(0u, 1), (uint16_t)begin);
    return vminq_u16(inside, vdupq_n_u16((uint16_t)((uint32_t)count - 1u)));
}

/**
 * For each tap of a column how far behind the lowest of `count` rows, whose places `table` has, its row lies, modulo
 * 2^16 bytes; the first of these rows is under tap `begin`. Returns how far the highest one does, in MRT_ROW_UNIT.
 */
static MRT_MVE_INLINE uint32_t mrt_mve_find_rows(const uint16_t *table, int32_t begin, int32_t count,
                                                 uint16_t rows[MRT_MVE_GATHERED])
{
    const uint16x8_t places = vldrhq_gather_shifted_offset_u16(table, mrt_mve_tap_rows(begin, count));
    const uint16x8_t behind = vsubq_n_u16(places, vminvq_u16(UINT16_MAX, places));
    vst1q_u16(rows, vmulq_n_u16(behind, MRT_ROW_UNIT));
    return vmaxvq_u16(0u, behind);
}

/** Likewise of rows at one distance. */
static MRT_MVE_INLINE void mrt_mve_find_even_rows(uint32_t row_bytes, int32_t begin, int32_t count,
                                                  uint16_t rows[MRT_MVE_GATHERED])
{
    vst1q_u16(rows, vmulq_n_u16(mrt_mve_tap_rows(begin, count), (uint16_t)row_bytes));
}

/** Makes lanes of rows so far behind the lowest one. `patch` holds for each lane its row and its column. */
static MRT_MVE_INLINE void mrt_mve_find_lanes(mrt_mve_neighbours_t *row, const uint16_t rows[MRT_MVE_GATHERED],
                                              const uint8_t patch[2][2][MRT_MVE_GATHERED], int32_t channels)
{
    for (int32_t i = 0; i < 2; ++i) {
        const uint16x8_t begin = vldrhq_gather_shifted_offset_u16(rows, vldrbq_u16(patch[i][0]));
        const uint16x8_t column = vmulq_n_u16(vldrbq_u16(patch[i][1]), (uint16_t)channels);
        vst1q_u16(row->lanes[i], vaddq_u16(begin, column));
    }
}

/* A member of `row`. */
#define MRT_MVE_AT(member) "[%[row], %[" member "]]" /* MISRA D4 */

/* Weights of a channel's neighbours, of which there are two or four: the lower ones' are a byte of each column further. */
#define MRT_MVE_TWO_WEIGHTS /* MISRA D4 */ \
    "vldrb.u8 %q[x], [r0]\n\tvldrb.u8 %q[a], [r12, %q[x]]\n\t" \
    "vldrb.u8 %q[x], [r0, #16]\n\tvldrb.u8 %q[b], [r12, %q[x]]\n\t"
#define MRT_MVE_FOUR_WEIGHTS /* MISRA D4 */ \
    MRT_MVE_TWO_WEIGHTS "vshl.i32 %q[c], %q[a], #8\n\tvshl.i32 %q[d], %q[b], #8\n\t"

/* Behind a filter bias, multiplier and shift: of four neighbours; of two, whose taps may lie in padding. */
#define MRT_MVE_FOUR_SCALES /* MISRA D4 */ \
    "adds r12, #12\n\tldm r12!, {r2, r4, r6}\n\t"
#define MRT_MVE_TWO_SCALES /* MISRA D4 */ \
    "ldrd r2, r4, [r12, #12]\n\tldr r6, [r12, #20]\n\tldr r8, " MRT_MVE_AT("padded") "\n\tcmp r8, #0\n\tbeq 2f\n\t" \
    "vldrb.u8 %q[x], [r0, #32]\n\tvldrb.u8 %q[y], [r12, %q[x]]\n\tvaddv.s8 r10, %q[y]\n\tmla r2, r10, r8, r2\n" \
    "2:\n\tadd r12, r12, #24\n\t"

/* Two neighbours, or four: what lies under them, and their sums. */
#define MRT_MVE_UNDER \
    "vldrb.s16 %q[x], [%[in], %q[p]]\n\tvldrb.s16 %q[y], [%[in], %q[q]]\n\tvmovnt.i16 %q[x], %q[y]\n\t" \
    "add %[in], %[in], %[step]\n\t"
#define MRT_MVE_TWO_SUMS(first, right) \
    "vmladav.s8 " first ", %q[x], %q[a]\n\tvmladav.s8 " right ", %q[x], %q[b]\n\t"
#define MRT_MVE_FOUR_SUMS(first, right, below, last) \
    MRT_MVE_TWO_SUMS(first, right) \
    "vmladav.s8 " below ", %q[x], %q[c]\n\tvmladav.s8 " last ", %q[x], %q[d]\n\t"

/* The same at a border, where lanes outside the image are the zero point. `members` are the lanes inside and the zero
 * point, in this order or the other one, which two registers take. */
#define MRT_MVE_BORDER_LANES(members, registers, lanes) /* MISRA D4 */ \
    "ldrd " registers ", " MRT_MVE_AT(members) "\n\tvmsr p0, " lanes "\n\t"
#define MRT_MVE_BORDER_TWOS(members, registers, lanes, zero) /* MISRA D4 */ \
    MRT_MVE_BORDER_LANES(members, registers, lanes) "lsr " lanes ", " lanes ", #16\n\t" \
    "vpste\n\tvldrbt.s16 %q[x], [%[in], %q[p]]\n\tvdupe.16 %q[x], " zero "\n\tvmsr p0, " lanes "\n\t" \
    "vpste\n\tvldrbt.s16 %q[y], [%[in], %q[q]]\n\tvdupe.16 %q[y], " zero "\n\t" \
    "vmovnt.i16 %q[x], %q[y]\n\tadd %[in], %[in], %[step]\n\t"
/* Of patches of four columns, where both gathers have the same lanes inside. */
#define MRT_MVE_BORDER_FOURS(members, registers, lanes, zero) \
    MRT_MVE_BORDER_LANES(members, registers, lanes) \
    "vpstete\n\tvldrbt.s16 %q[x], [%[in], %q[p]]\n\tvdupe.16 %q[x], " zero "\n\t" \
    "vldrbt.s16 %q[y], [%[in], %q[q]]\n\tvdupe.16 %q[y], " zero "\n\t" \
    "vmovnt.i16 %q[x], %q[y]\n\tadd %[in], %[in], %[step]\n\t"

/* Scaled sums to bytes: rectified ones, and others, of which r6 holds MRT_MVE_SIGN, and r8 is left alone. */
#define MRT_MVE_NEIGHBOURS_RECTIFY \
    "vqmovunb.s32 %q[x], %q[x]\n\tvqmovunt.s32 %q[x], %q[y]\n\tvqmovnb.u16 %q[x], %q[x]\n\t" \
    "vadd.i16 %q[x], %q[x], r6\n\t"
#define MRT_MVE_NEIGHBOURS_CLAMP \
    "ldr r0, " MRT_MVE_AT("clamp") "\n\tldm r0, {r0, r2, r4}\n\t" \
    "vqmovnb.s32 %q[x], %q[x]\n\tvqmovnt.s32 %q[x], %q[y]\n\tvqadd.s16 %q[x], %q[x], r0\n\t" \
    "vdup.16 %q[y], r2\n\tvmax.s16 %q[x], %q[x], %q[y]\n\tvdup.16 %q[y], r4\n\tvmin.s16 %q[x], %q[x], %q[y]\n\t"

/* The neighbours of a batch from its second ones to its last but one, and the sums of the first and the last ones. */
#define MRT_MVE_FIRST_TWO MRT_MVE_TWO_SUMS("r0", "r2")
#define MRT_MVE_OTHER_TWOS MRT_MVE_UNDER MRT_MVE_TWO_SUMS("r4", "r6") MRT_MVE_UNDER MRT_MVE_TWO_SUMS("r8", "r10")
#define MRT_MVE_LAST_TWO MRT_MVE_TWO_SUMS("r12", "lr")
#define MRT_MVE_FIRST_FOUR MRT_MVE_FOUR_SUMS("r0", "r2", "r4", "r6")
#define MRT_MVE_LAST_FOUR MRT_MVE_FOUR_SUMS("r8", "r10", "r12", "lr")

/*
 * All batches of all channels. The last batch, which begins earlier where it would not be whole, has its last neighbours
 * at the border; the flags say behind a batch whether it is the next one or has been made.
 */
#define MRT_MVE_NEIGHBOURS(weights, scales, border, first, others, last, round, finish) /* MISRA D4 */ \
    "ldr r0, " MRT_MVE_AT("before") "\n\tsub %[in], %[in], r0\n\t" \
    "vldrh.u16 %q[p], " MRT_MVE_AT("lanes") "\n\tvldrh.u16 %q[q], [%[row], %[lanes] + 16]\n" \
    "1:\n\tldr r0, " MRT_MVE_AT("taps") "\n\tldr r12, " MRT_MVE_AT("record") "\n\t" weights scales \
    "stm %[row], {r2, r4, r6}\n\tstr r12, " MRT_MVE_AT("record") "\n\tldr %[n], " MRT_MVE_AT("count") "\n\t" \
    border("left", "r8, r10", "r8", "r10") "subs %[n], #1\n\tbne 5f\n\tb 3f\n" \
    "4:\n\t" MRT_MVE_UNDER \
    "5:\n\t" first others MRT_MVE_UNDER \
    "6:\n\t" last MRT_MVE_SPREAD \
    "ldm %[row], {r0, r2, r4, r6, r8}\n\tvadd.i32 %q[x], %q[x], r0\n\tvadd.i32 %q[y], %q[y], r0\n\t" \
    "vqrdmulh.s32 %q[x], %q[x], r2\n\tvqrdmulh.s32 %q[y], %q[y], r2\n\t" round \
    "vrshl.s32 %q[x], r4\n\tvrshl.s32 %q[y], r4\n\t" finish \
    "vldrh.u16 %q[y], " MRT_MVE_AT("places") "\n\tvstrb.16 %q[x], [%[out], %q[y]]\n\t" \
    "add %[out], r8\n\tsubs %[n], #1\n\tbgt 4b\n\tbmi 8f\n\t" \
    "ldrd r0, r2, " MRT_MVE_AT("back") "\n\tadd %[in], r0\n\tadd %[out], r2\n\t" MRT_MVE_UNDER \
    "3:\n\t" first others border("zero", "r12, lr", "lr", "r12") "b 6b\n" \
    "8:\n\tldrd r0, r2, " MRT_MVE_AT("next") "\n\tadd %[in], r0\n\tadd %[out], r2\n\t" \
    "ldr r0, " MRT_MVE_AT("end") "\n\tcmp %[out], r0\n\tbne 1b\n\t"

#define MRT_MVE_OFFSET(member) [member] "i"(offsetof(mrt_mve_neighbours_t, member))

/* By itself, as it takes all registers. */
#define MRT_MVE_NEIGHBOURS_OF(name, weights, scales, border, first, others, last, round, finish) /* MISRA D4 */ \
    static MRT_NOINLINE void name(mrt_mve_neighbours_t *row, const int8_t *input, int8_t *output) \
    { \
        const int8_t *in = input; \
        int8_t *out = output; \
        int32_t n; \
        int32x4_t a; \
        int32x4_t b; \
        int32x4_t c; \
        int32x4_t d; \
        int32x4_t p; \
        int32x4_t q; \
        int32x4_t x; \
        int32x4_t y; \
        __asm volatile(MRT_MVE_NEIGHBOURS(weights, scales, border, first, others, last, round, finish) /* MISRA D5 */ \
                       : [in] "+r"(in), [out] "+r"(out), [n] "=&r"(n), [a] "=&w"(a), [b] "=&w"(b), [c] "=&w"(c), \
                         [d] "=&w"(d), [p] "=&w"(p), [q] "=&w"(q), [x] "=&w"(x), [y] "=&w"(y) \
                       : [row] "r"(row), [step] "r"(row->step), MRT_MVE_OFFSET(taps), MRT_MVE_OFFSET(record), \
                         MRT_MVE_OFFSET(padded), MRT_MVE_OFFSET(count), MRT_MVE_OFFSET(before), MRT_MVE_OFFSET(left), \
                         MRT_MVE_OFFSET(zero), MRT_MVE_OFFSET(back), MRT_MVE_OFFSET(next), \
                         MRT_MVE_OFFSET(end), MRT_MVE_OFFSET(clamp), MRT_MVE_OFFSET(lanes), MRT_MVE_OFFSET(places) \
                       : MRT_MVE_SUMS, "cc", "memory"); \
    }
MRT_MVE_NEIGHBOURS_OF(mrt_mve_twos_rectified, MRT_MVE_TWO_WEIGHTS, MRT_MVE_TWO_SCALES, MRT_MVE_BORDER_TWOS,
                      MRT_MVE_FIRST_TWO, MRT_MVE_OTHER_TWOS, MRT_MVE_LAST_TWO, "", MRT_MVE_NEIGHBOURS_RECTIFY)
MRT_MVE_NEIGHBOURS_OF(mrt_mve_twos_signed, MRT_MVE_TWO_WEIGHTS, MRT_MVE_TWO_SCALES, MRT_MVE_BORDER_TWOS,
                      MRT_MVE_FIRST_TWO, MRT_MVE_OTHER_TWOS, MRT_MVE_LAST_TWO, MRT_MVE_AWAY("c"),
                      MRT_MVE_NEIGHBOURS_CLAMP)
MRT_MVE_NEIGHBOURS_OF(mrt_mve_fours_rectified, MRT_MVE_FOUR_WEIGHTS, MRT_MVE_FOUR_SCALES, MRT_MVE_BORDER_FOURS, MRT_MVE_FIRST_FOUR, "",
                      MRT_MVE_LAST_FOUR, "", MRT_MVE_NEIGHBOURS_RECTIFY)
MRT_MVE_NEIGHBOURS_OF(mrt_mve_fours_signed, MRT_MVE_FOUR_WEIGHTS, MRT_MVE_FOUR_SCALES, MRT_MVE_BORDER_FOURS, MRT_MVE_FIRST_FOUR, "",
                      MRT_MVE_LAST_FOUR, MRT_MVE_AWAY("p") "vldrh.u16 %q[p], " MRT_MVE_AT("lanes") "\n\t",
                      MRT_MVE_NEIGHBOURS_CLAMP)

#else

/* Of `count` rows the one that tap `tap` is in, or the nearest one. */
static inline int32_t mrt_mve_tap_row(int32_t tap, int32_t begin, int32_t count)
{
    const int32_t row = (tap < begin) ? 0 : (tap - begin);
    return (row < count) ? row : (count - 1);
}

static inline uint32_t mrt_mve_find_rows(const uint16_t *table, int32_t begin, int32_t count,
                                         uint16_t rows[MRT_MVE_GATHERED])
{
    uint32_t lowest = UINT16_MAX;
    uint32_t highest = 0u;
    for (int32_t row = 0; row < count; ++row) {
        lowest = (table[row] < lowest) ? table[row] : lowest;
        highest = (table[row] > highest) ? table[row] : highest;
    }
    for (int32_t tap = 0; tap < MRT_MVE_GATHERED; ++tap) {
        const uint32_t behind = table[mrt_mve_tap_row(tap, begin, count)] - lowest;
        rows[tap] = (uint16_t)(behind * (uint32_t)MRT_ROW_UNIT);
    }
    return highest - lowest;
}

static inline void mrt_mve_find_even_rows(uint32_t row_bytes, int32_t begin, int32_t count,
                                          uint16_t rows[MRT_MVE_GATHERED])
{
    for (int32_t tap = 0; tap < MRT_MVE_GATHERED; ++tap) {
        rows[tap] = (uint16_t)((uint32_t)mrt_mve_tap_row(tap, begin, count) * row_bytes);
    }
}

static inline void mrt_mve_find_lanes(mrt_mve_neighbours_t *row, const uint16_t rows[MRT_MVE_GATHERED],
                                      const uint8_t patch[2][2][MRT_MVE_GATHERED], int32_t channels)
{
    for (int32_t i = 0; i < MRT_MVE_PATCH_BYTES; ++i) {
        const int32_t lane = i / 2;
        const int32_t column = (int32_t)patch[i % 2][1][lane] * channels;
        row->lanes[i % 2][lane] = (uint16_t)(rows[patch[i % 2][0][lane]] + (uint32_t)column);
    }
}

/* What lies under neighbours of a channel, whose first column is at `input`; outside the image, where `inside` does not
 * have its bits, the zero point. */
static inline void mrt_mve_take_patch(const mrt_mve_neighbours_t *row, const int8_t *input, int32_t offset,
                                      uint32_t inside, int8_t patch[MRT_MVE_PATCH_BYTES])
{
    for (int32_t i = 0; i < MRT_MVE_PATCH_BYTES; ++i) {
        const uint32_t bits = (inside >> (16u * ((uint32_t)i % 2u))) >> (2u * ((uint32_t)i / 2u));
        const int32_t place = (offset - row->before) + (int32_t)row->lanes[i % 2][i / 2];
        patch[i] = (int8_t)(((bits & 1u) != 0u) ? input[place] : row->zero);
    }
}

/* The weight that neighbour `index` has for byte `byte` of a patch: of a lower one, that of the byte above it. */
static inline int32_t mrt_mve_neighbour_weight(const mrt_mve_neighbours_t *row, int32_t index, int32_t byte)
{
    const int8_t *weights = (const int8_t *)row->record;
    const int32_t lower = index / 2;
    const bool above = (lower > 0) && ((byte % 4) == 0);
    return above ? 0 : weights[row->taps[((index % 2) * MRT_MVE_PATCH_BYTES) + (byte - lower)]];
}

/* The sum of the neighbour `index` above a patch, modulo 2^32. */
static inline int32_t mrt_mve_neighbour_sum(const mrt_mve_neighbours_t *row, const int8_t *patch, int32_t index)
{
    const int8_t *weights = (const int8_t *)row->record;
    uint32_t sum = (uint32_t)row->record[MRT_MVE_FILTER_WORDS];
    for (int32_t i = 0; i < MRT_MVE_PATCH_BYTES; ++i) {
        const int32_t product = patch[i] * mrt_mve_neighbour_weight(row, index, i);
        sum += (uint32_t)product;
        if (row->padded != 0) {
            const int32_t outside = row->padded * weights[row->taps[(2 * MRT_MVE_PATCH_BYTES) + i]];
            sum += (uint32_t)outside;
        }
    }
    return (int32_t)sum;
}

/* All batches of the next channel, of `each` neighbours above a patch. */
static inline void mrt_mve_neighbours_channel(const mrt_mve_neighbours_t *row, const int8_t *input, int8_t *output,
                                              int32_t each, mrt_mve_scaling_t scaling)
{
    const mrt_mve_output_t end = {row->clamp[0], row->clamp[1], row->clamp[2]};
    const int32x4_t multiplier = vdupq_n_s32(row->record[MRT_MVE_FILTER_WORDS + 1]);
    const int32x4_t shift = vdupq_n_s32(row->record[MRT_MVE_FILTER_WORDS + 2]);
    const mrt_mve_scales_t scales = {multiplier, shift, multiplier, shift};
    const int32_t count = MRT_MVE_EIGHT / each; /* patches of a batch */
    for (int32_t batch = 0; batch < row->count; ++batch) {
        const bool is_last = (batch + 1) == row->count;
        int32_t sums[MRT_MVE_EIGHT] = {0};
        for (int32_t i = 0; i < count; ++i) {
            const int32_t index = (batch * count) + i;
            const uint32_t right = (is_last && ((i + 1) == count)) ? row->right : UINT32_MAX;
            int8_t patch[MRT_MVE_PATCH_BYTES];
            mrt_mve_take_patch(row, input, (index * row->step) + (is_last ? row->back[0] : 0),
                               (index == 0) ? row->left : right, patch);
            for (int32_t k = 0; k < each; ++k) {
                sums[(i * each) + k] = mrt_mve_neighbour_sum(row, patch, k);
            }
        }
        mrt_mve_sums_t all;
        all.first = vldrwq_s32(sums);
        all.second = vldrwq_s32(&sums[4]);
        all.next = NULL;
        int8_t *target = &output[(batch * row->pixels) + (is_last ? row->back[1] : 0)];
        vstrbq_scatter_offset_s16(target, vldrhq_u16(row->places), mrt_mve_scale(&all, &scales, &end, scaling));
    }
}

static inline void mrt_mve_neighbours_of(mrt_mve_neighbours_t *row, const int8_t *input, int8_t *output, int32_t each,
                                         mrt_mve_scaling_t scaling)
{
    for (int32_t channel = 0; channel < row->channels; ++channel) {
        mrt_mve_neighbours_channel(row, &input[channel], &output[channel], each, scaling);
        row->record = &row->record[MRT_MVE_RECORD_WORDS];
    }
}

static inline void mrt_mve_twos_rectified(mrt_mve_neighbours_t *row, const int8_t *input, int8_t *output)
{
    mrt_mve_neighbours_of(row, input, output, 2, MRT_MVE_RECTIFIED);
}

static inline void mrt_mve_twos_signed(mrt_mve_neighbours_t *row, const int8_t *input, int8_t *output)
{
    mrt_mve_neighbours_of(row, input, output, 2, MRT_MVE_SIGNED);
}

static inline void mrt_mve_fours_rectified(mrt_mve_neighbours_t *row, const int8_t *input, int8_t *output)
{
    mrt_mve_neighbours_of(row, input, output, 4, MRT_MVE_RECTIFIED);
}

static inline void mrt_mve_fours_signed(mrt_mve_neighbours_t *row, const int8_t *input, int8_t *output)
{
    mrt_mve_neighbours_of(row, input, output, 4, MRT_MVE_SIGNED);
}

#endif

#endif
