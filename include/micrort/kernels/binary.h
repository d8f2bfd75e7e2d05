/**
 * @file binary.h
 * @brief Attributes of the arithmetic kernels with two operands: add, sub, mul, minimum, maximum.
 *
 * Inputs: two operands of one dtype, each of the output's shape or repeated along some of its axes. Output: the
 * broadcast shape, of the same dtype. Operands may be constant, and may be the same tensor. Where an operand is
 * not repeated, the output may share its memory.
 */
#ifndef MRT_KERNELS_BINARY_H
#define MRT_KERNELS_BINARY_H

#include "micrort/kernel.h"

/**
 * How operands are repeated to the output's shape [rows0, rows1, rows2, rows3, width, channels]. The output's
 * rows are rows0 * rows1 * rows2 * rows3, each of width * channels elements.
 */
typedef struct mrt_broadcast {
    int32_t rows0;          /**< Axis 0, the outermost; at least 1. */
    int32_t rows1;          /**< Axis 1, at least 1. */
    int32_t rows2;          /**< Axis 2, at least 1. */
    int32_t rows3;          /**< Axis 3, at least 1. */
    int32_t width;          /**< Axis 4, at least 1. */
    int32_t channels;       /**< Axis 5, the innermost; at least 1. */
    int32_t input0_repeats; /**< Bit i set: operand 0 has one element along axis i, used for all; 0..63. */
    int32_t input1_repeats; /**< Likewise operand 1. */
} mrt_broadcast_t;

/**
 * Attributes of add and sub, s8 and s16. Each operand is shifted left (by 20 bits for s8, 15 for s16), brought to
 * half the larger operand's scale by its multiplier, and the sum or difference is scaled to the output.
 */
typedef struct mrt_addition_attrs {
    mrt_broadcast_t broadcast; /**< How the operands are repeated to the output. */
    int32_t input0_offset;     /**< Minus the zero point of operand 0. */
    int32_t input0_multiplier; /**< With its shift at most one half. */
    int32_t input0_shift;      /**< -31..0. */
    int32_t input1_offset;     /**< Minus the zero point of operand 1. */
    int32_t input1_multiplier; /**< As for operand 0. */
    int32_t input1_shift;      /**< -31..0. */
    int32_t output_offset;     /**< The output's zero point. */
    int32_t output_multiplier; /**< At least 0. */
    int32_t output_shift;      /**< -31..0. */
    int32_t activation_min;    /**< Clamp of the output, within its dtype. */
    int32_t activation_max;    /**< Clamp of the output, activation_min or more. */
} mrt_addition_attrs_t;

/** Attributes of mul, s8 and s16. */
typedef struct mrt_multiplication_attrs {
    mrt_broadcast_t broadcast; /**< How the operands are repeated to the output. */
    int32_t input0_offset;     /**< Minus the zero point of operand 0; 0 for s16. */
    int32_t input1_offset;     /**< Minus the zero point of operand 1; 0 for s16. */
    int32_t output_offset;     /**< The output's zero point. */
    int32_t multiplier;        /**< At least 0. */
    int32_t shift;             /**< As mrt_requantise takes it, -31..30. */
    int32_t activation_min;    /**< Clamp of the output. */
    int32_t activation_max;    /**< Clamp of the output, activation_min or more. */
} mrt_multiplication_attrs_t;

/** Attributes of add, sub and mul, s32, which wrap on overflow, then clamp. */
typedef struct mrt_binary_s32_attrs {
    mrt_broadcast_t broadcast; /**< How the operands are repeated to the output. */
    int32_t activation_min;    /**< Clamp of the output. */
    int32_t activation_max;    /**< Clamp of the output, activation_min or more. */
} mrt_binary_s32_attrs_t;

/** Attributes of add, sub and mul, f32. The clamp applies to infinities, and leaves a NaN alone. */
typedef struct mrt_binary_f32_attrs {
    mrt_broadcast_t broadcast; /**< How the operands are repeated to the output. */
    float activation_min;      /**< Clamp of the output. */
    float activation_max;      /**< Clamp of the output, activation_min or more. */
} mrt_binary_f32_attrs_t;

/** Attributes of minimum and maximum, of any dtype. Elements are compared as they are stored. */
typedef struct mrt_extremum_attrs {
    mrt_broadcast_t broadcast; /**< How the operands are repeated to the output. */
} mrt_extremum_attrs_t;

#endif
