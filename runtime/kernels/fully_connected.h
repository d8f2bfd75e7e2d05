/**
 * @file fully_connected.h
 * @brief What the matrix product kernels share: where an input vector lies, and the proof of the sizes.
 */
#ifndef MRT_RUNTIME_KERNELS_FULLY_CONNECTED_H
#define MRT_RUNTIME_KERNELS_FULLY_CONNECTED_H

#include "micrort/kernel.h"

#include <stdbool.h>

/** A part of an input vector within one input row. */
typedef struct mrt_piece {
    uint32_t row;    /**< Input row. */
    uint32_t start;  /**< First element in the row. */
    uint32_t done;   /**< Elements of the vector before this part. */
    uint32_t length; /**< Elements of this part. */
} mrt_piece_t;

/** The first part of vector `vector` of `depth` elements, in rows of `row_elements` elements. */
static inline mrt_piece_t mrt_piece_first(uint32_t vector, uint32_t depth, uint32_t row_elements)
{
    const uint32_t element = vector * depth;
    mrt_piece_t piece;
    piece.row = element / row_elements;
    piece.start = element % row_elements;
    piece.done = 0u;
    piece.length = ((row_elements - piece.start) < depth) ? (row_elements - piece.start) : depth;
    return piece;
}

/** The next part; its length is 0 behind the last one. */
static inline void mrt_piece_next(mrt_piece_t *piece, uint32_t depth, uint32_t row_elements)
{
    piece->row += 1u;
    piece->start = 0u;
    piece->done += piece->length;
    const uint32_t left = depth - piece->done;
    piece->length = (left < row_elements) ? left : row_elements;
}

/** Element types (mrt_dtype_t); input and output have the same. */
typedef struct mrt_fully_connected_types {
    uint32_t input;
    uint32_t weights;
    uint32_t bias;
} mrt_fully_connected_types_t;

/** Whether the tensors hold as many vectors of `depth` and `channels` elements, and weights and bias fit them. */
bool mrt_fully_connected_check(const mrt_call_t *call, int32_t depth, int32_t channels,
                               const mrt_fully_connected_types_t *types);

/** Whether the scale is sound: one of the attributes with 3 inputs, or one per channel with 5; shifts -31..highest. */
bool mrt_fully_connected_check_scale(const mrt_call_t *call, int32_t channels, int32_t shift, int32_t highest);

#endif
