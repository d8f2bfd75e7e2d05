/**
 * @file pixels.h
 * @brief Two pixels times all filters, for cores without SIMD.
 */
#ifndef MRT_RUNTIME_KERNELS_SCALAR_PIXELS_H
#define MRT_RUNTIME_KERNELS_SCALAR_PIXELS_H

#include "runtime/kernels/scalar/lanes.h"
#include "runtime/kernels/scalar/scale.h"

/** Channels of a group. */
#define MRT_SCALAR_GROUP 2u

/** What two pixels are multiplied with. The scale comes first: assembly takes it from there. */
typedef struct mrt_scalar_pixels {
    mrt_scalar_scale_t scale;
    const uint32_t *words;  /**< Elements of both pixels. */
    const uint32_t *groups; /**< As scalar.h has them for conv2d_s8_scalar. */
    uint32_t elements;      /**< An even number, at least 2. */
    uint32_t channels;      /**< Of the output. */
    uint32_t plain;         /**< Channels, an even number, without multiplier and shift; 0 for many elements. */
    /* The next group and its outputs, and their end; nothing to set. */
    const uint32_t *group;
    int8_t *a;
    int8_t *b;
    int8_t *end;
#if MRT_SCALAR_ASSEMBLY_PAIRS == 1
    /* What assembly works with besides. */
    int32_t start;
    uint32_t records;
    uint32_t record;
    const uint32_t *next;
    int32_t sums[3];
#endif
} mrt_scalar_pixels_t;

/** The output pixels `a` and `b`. Where there is only one, both are the same. */
void mrt_scalar_pixels_multiply(mrt_scalar_pixels_t *pixels, int8_t *a, int8_t *b);

#endif
