/**
 * @file softmax.h
 * @brief Attributes of the softmax kernels: along the last axis.
 *
 * Input: any shape whose last axis is `depth`. Output: the same shape, in the input's memory where the dtype is
 * the same. softmax_s16 has two more inputs, tables of 513 int16 each: exp over [-10, 0], then 1 / (1 + x) over
 * [0, 1], both in Q0.15 and interpolated.
 */
#ifndef MRT_KERNELS_SOFTMAX_H
#define MRT_KERNELS_SOFTMAX_H

#include "micrort/kernel.h"

/** Elements of each table of softmax_s16: 512 steps, and the end of the last one. */
#define MRT_SOFTMAX_TABLE_SIZE 513

/**
 * Attributes of softmax_s8 (output int8, scale 1/256, zero point -128) and softmax_s8_s16 (output int16, scale
 * 1/65536, zero point -32768).
 */
typedef struct mrt_softmax_s8_attrs {
    int32_t depth;      /**< At least 1; divides a row's elements. */
    int32_t multiplier; /**< Of beta * input scale in Q5.26; at least 0. */
    int32_t shift;      /**< Left shift that belongs to the multiplier, 0..30. */
    int32_t diff_min;   /**< Elements further than this below the largest count as zero; -255..0. */
} mrt_softmax_s8_attrs_t;

/** Attributes of softmax_s16 (input zero point 0; output scale 1/32768, zero point 0). */
typedef struct mrt_softmax_s16_attrs {
    int32_t depth;      /**< 1..65535; divides a row's elements. */
    int32_t multiplier; /**< Of beta * input scale * 65535 / 10; at least 0. */
    int32_t shift;      /**< As mrt_requantise takes it, -31..30. */
} mrt_softmax_s16_attrs_t;

/** Attributes of softmax_f32. */
typedef struct mrt_softmax_f32_attrs {
    int32_t depth; /**< At least 1; divides a row's elements. */
    float beta; /**< Factor of the input before exp. */
} mrt_softmax_f32_attrs_t;

#endif
