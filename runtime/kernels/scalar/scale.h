/**
 * @file scale.h
 * @brief From sums to int8 outputs without a product of 64 bits.
 *
 * A channel's record, made by the compiler, is three words (four where scaling is two-sided):
 *
 *     begin, end    int16 each: the coarse part of sums whose outputs are not clamped
 *     rest, factor  uint16 each: the scale, in units of 2^-16 and 1 of what an addend counts
 *     addend        bias, zero points and rounding
 *     step          what is added besides where the output lies below the zero point: there ties round down
 *
 * An output is (sum * factor + ((sum >> coarse) * rest >> (16 - coarse)) + addend) >> fraction, modulo 2^32. The
 * compiler has compared it with requantise.h at each of the at most 255 sums where the output changes; a channel for
 * which no such numbers exist has `begin` MRT_SCALAR_EXACT, `end` the shift, then the multiplier and what sums begin
 * with, as requantise.h takes them.
 *
 * Where each number of a record is a whole word, the same coarse part and the same fraction do for nearly all channels:
 * records taken apart are begin, width, rest (signed), factor, addend. Sums whose offset sum - begin is at most `width`
 * are scaled so; others are clamped.
 */
#ifndef MRT_RUNTIME_KERNELS_SCALAR_SCALE_H
#define MRT_RUNTIME_KERNELS_SCALAR_SCALE_H

#include "micrort/kernels/scalar.h"

#include <stdbool.h>
#include <stddef.h>

/** `begin` of a record with multiplier and shift. */
#define MRT_SCALAR_EXACT INT16_MAX

/**
 * What the channels of a call share, and what assembly takes from a channel's record: it loads the first five members
 * at once, and addresses all by their place.
 */
typedef struct mrt_scalar_scale {
    uint32_t coarse;
    uint32_t fine;   /**< 16 - coarse */
    uint32_t rest;   /**< Of a record. */
    uint32_t factor; /**< Of a record. */
    uint32_t fraction;
    int32_t middle; /**< The zero point as a scaled sum, and a half; INT32_MIN where scaling is one-sided. */
    int32_t least;
    int32_t most;
    const uint32_t *step; /**< Where a record's fourth word is, or would be. */
    uint32_t words;       /**< Of a record. */
    int32_t point;
} mrt_scalar_scale_t;

/** The least coarse part of a record's range, or MRT_SCALAR_EXACT. */
static inline int32_t mrt_scalar_record_begin(const uint32_t *record)
{
    return (int16_t)(uint16_t)(record[0] & 0xFFFFu);
}

/** The greatest coarse part of a record's range, or its shift. */
static inline int32_t mrt_scalar_record_end(const uint32_t *record)
{
    return (int32_t)record[0] >> 16u; /* MISRA D2 */
}

/** Sets what the channels of a call share, from its attributes. */
void mrt_scalar_scale_set(mrt_scalar_scale_t *scale, const mrt_scalar_scaling_t *scaling);

/** The output of a sum, which holds neither bias nor the input's zero point. */
int8_t mrt_scalar_output(const mrt_scalar_scale_t *scale, const uint32_t *record, int32_t sum);

/** Words of a record taken apart; bits that the coarse part leaves out then, and bits of an output behind the point. */
#define MRT_SCALAR_APART 5u
#define MRT_SCALAR_APART_COARSE 4u
#define MRT_SCALAR_APART_FRACTION 24u

/** What channels with records taken apart share; members as above. */
typedef struct mrt_scalar_apart {
    int32_t middle;
    int32_t least;
    int32_t most;
} mrt_scalar_apart_t;

/** What channels with records taken apart share, from the attributes. */
mrt_scalar_apart_t mrt_scalar_apart(const mrt_scalar_scaling_t *scaling);

/** The output of a sum by a record taken apart; `step` as above, 0 where scaling is one-sided. */
int8_t mrt_scalar_output_apart(const mrt_scalar_apart_t *shared, const uint32_t record[MRT_SCALAR_APART], uint32_t step,
                               int32_t sum);

/** Whether the attributes are those of records taken apart. */
bool mrt_scalar_apart_check(const mrt_scalar_scaling_t *scaling);

/** Whether the attributes are within their ranges. */
bool mrt_scalar_scaling_check(const mrt_scalar_scaling_t *scaling);

/** Words of a record; 3 for attributes out of range. */
uint32_t mrt_scalar_record_words(const mrt_scalar_scaling_t *scaling);

/** Whether any of `count` records, each `step` words behind the last, has multiplier and shift. */
bool mrt_scalar_records_exact(const uint32_t *records, uint64_t count, uint64_t step);

/** Whether `count` records, each `step` words behind the last, are safe to use. */
bool mrt_scalar_records_check(const uint32_t *records, uint64_t count, uint64_t step);

/** An operand of assembly: the place of a member in a state of type `type`. */
#define MRT_SCALAR_MEMBER(type, name) [name] "i"(offsetof(type, name))

/** An operand of assembly: the place of a member of the scale, which a state begins with. */
#define MRT_SCALAR_OF_SCALE(name) MRT_SCALAR_MEMBER(mrt_scalar_scale_t, name)

/**
 * mrt_scalar_output in assembly, for loops that use all registers: r2 becomes an output, from a sum. Operand `s` is the
 * address of a state; r0, r1, r3, r4, r5 are its first five members, r10 and r11 the record's range, lr its addend. Each
 * use in a piece of assembly has labels of its own, by their last digit `n`.
 */
#define MRT_SCALAR_OUTPUT(n) /* MISRA D4 */ \
    "    movs    r6, r2\n" \
    "    asrs    r6, r6, r0\n" \
    "    cmp     r6, r10\n" \
    "    blt     3" n "f\n" \
    "    cmp     r6, r11\n" \
    "    bgt     4" n "f\n" \
    "    muls    r6, r3\n" \
    "    asrs    r6, r6, r1\n" \
    "    muls    r2, r4\n" \
    "    adds    r2, r2, r6\n" \
    "    add     r2, lr\n" \
    "    ldr     r6, [%[s], %[middle]]\n" \
    "    cmp     r2, r6\n" \
    "    blt     5" n "f\n" \
    "6" n ": asrs    r2, r2, r5\n" \
    "7" n ":\n"

/** What few sums need, behind the loop. */
#define MRT_SCALAR_OUTSIDE(n) /* MISRA D4 */ \
    "3" n ": ldr     r2, [%[s], %[least]]\n" \
    "    b       7" n "b\n" \
    "4" n ": ldr     r2, [%[s], %[most]]\n" \
    "    b       7" n "b\n" \
    "5" n ": ldr     r6, [%[s], %[step]]\n" \
    "    ldr     r6, [r6]\n" \
    "    adds    r2, r2, r6\n" \
    "    b       6" n "b\n"

#endif
