/**
 * @file fully_connected.h
 * @brief Attributes of the matrix product kernels.
 *
 * Inputs: input of any shape, read as vectors of `depth` elements, one behind the other; weights [channels, depth],
 * perhaps made by another kernel; bias [channels]. Output: of any shape whose rows hold whole vectors of `channels`
 * elements; one output vector for each input vector.
 *
 * Quantised kernels scale per tensor by the attributes `multiplier` and `shift`, or, with two inputs more, per
 * channel by multiplier [channels] (int32) and shift [channels] (int32, constant); the attributes are then 0.
 */
#ifndef MRT_KERNELS_FULLY_CONNECTED_H
#define MRT_KERNELS_FULLY_CONNECTED_H

#include "micrort/kernel.h"

/** Attributes of fully_connected_s8: int8 input, weights (zero point 0) and output, int32 bias. */
typedef struct mrt_fully_connected_s8_attrs {
    int32_t depth;          /**< Elements of an input vector, at least 1. */
    int32_t channels;       /**< Elements of an output vector, at least 1. */
    int32_t input_offset;   /**< Minus the input's zero point, -127..128. */
    int32_t output_offset;  /**< The output's zero point, -128..127. */
    int32_t multiplier;     /**< Per tensor: as mrt_requantise takes it. */
    int32_t shift;          /**< Per tensor: -31..30. */
    int32_t activation_min; /**< Clamp of the output, -128..127. */
    int32_t activation_max; /**< Clamp of the output, activation_min..127. */
} mrt_fully_connected_s8_attrs_t;

/**
 * Attributes of fully_connected_s16: int16 input and output, int8 weights (zero point 0). The bias is int64, and
 * mrt_requantise_s64 scales (shifts up to 7), or int32, and mrt_requantise scales.
 */
typedef struct mrt_fully_connected_s16_attrs {
    int32_t depth;          /**< Elements of an input vector, at least 1. */
    int32_t channels;       /**< Elements of an output vector, at least 1. */
    int32_t input_offset;   /**< Minus the input's zero point, -32767..32768. */
    int32_t output_offset;  /**< The output's zero point, -32768..32767. */
    int32_t multiplier;     /**< Per tensor: as mrt_requantise or mrt_requantise_s64 takes it. */
    int32_t shift;          /**< Per tensor: -31..30, or ..7 with an int64 bias. */
    int32_t activation_min; /**< Clamp of the output, -32768..32767. */
    int32_t activation_max; /**< Clamp of the output, activation_min..32767. */
} mrt_fully_connected_s16_attrs_t;

/** Attributes of fully_connected_f32: all of float32. */
typedef struct mrt_fully_connected_f32_attrs {
    int32_t depth;        /**< Elements of an input vector, at least 1. */
    int32_t channels;     /**< Elements of an output vector, at least 1. */
    float activation_min; /**< Clamp of the output. */
    float activation_max; /**< Clamp of the output, not below activation_min. */
} mrt_fully_connected_f32_attrs_t;

#endif
