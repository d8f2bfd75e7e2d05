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
 */
#ifndef MRT_RUNTIME_KERNELS_SCALAR_SCALE_H
#define MRT_RUNTIME_KERNELS_SCALAR_SCALE_H

#include "micrort/kernels/scalar.h"

#include <stdbool.h>

/** `begin` of a record with multiplier and shift. */
#define MRT_SCALAR_EXACT INT16_MAX

/** What the channels of a call share. */
typedef struct mrt_scalar_scale {
    uint32_t coarse;
    uint32_t rest;     /**< 16 - coarse */
    uint32_t fraction;
    int32_t middle;    /**< The zero point as a scaled sum, and a half; INT32_MIN where scaling is one-sided. */
    uint32_t words;    /**< Of a record. */
    int32_t low;
    int32_t high;
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

/** What the channels of a call share, from its attributes. */
mrt_scalar_scale_t mrt_scalar_scale_of(const mrt_scalar_scaling_t *scaling);

/** The output of a sum, which holds neither bias nor the input's zero point. */
int8_t mrt_scalar_output(const mrt_scalar_scale_t *scale, const uint32_t *record, int32_t sum);

/** Whether the attributes are within their ranges. */
bool mrt_scalar_scaling_check(const mrt_scalar_scaling_t *scaling);

/** Words of a record; 3 for attributes out of range. */
uint32_t mrt_scalar_record_words(const mrt_scalar_scaling_t *scaling);

/** Whether `count` records, each `step` words behind the last, are safe to use. */
bool mrt_scalar_records_check(const uint32_t *records, uint64_t count, uint64_t step);

#endif
