/**
 * @file tensor.h
 * @brief Tensors as the device sees them: where the bytes of each row lie.
 *
 * Every tensor is a stack of rows. A tensor of shape [N, H, W, C] has N*H rows of W*C elements; shapes of
 * lower rank are extended on the left with ones, higher ranks fold their leading dimensions into N. Rows are
 * what kernels produce, what a schedule steps over, and what the planner places.
 */
#ifndef MRT_TENSOR_H
#define MRT_TENSOR_H

#include "micrort/config.h"
#ifndef MRT_CDEF
#include <stdbool.h>
#include <stdint.h>
#endif

/** Element types: X(name, value, bytes). Values are stable, they are stored in graph blobs. */
#define MRT_DTYPE_MAP(X) /* MISRA D4 */ \
    X(S8, 0, 1) X(U8, 1, 1) X(S16, 2, 2) X(S32, 3, 4) X(F32, 4, 4) X(BOOL, 5, 1) X(S64, 6, 8) X(U32, 7, 4)

/** Element type of a tensor. */
typedef enum mrt_dtype {
#define MRT_DTYPE_ENUM(name, value, bytes) MRT_DTYPE_##name = (value), /* MISRA D4 */
    MRT_DTYPE_MAP(MRT_DTYPE_ENUM)
#undef MRT_DTYPE_ENUM /* MISRA D4 */
    MRT_DTYPE_COUNT = 8 /**< Number of element types. */
} mrt_dtype_t;

/** Value of mrt_tensor_t::pool for a constant tensor, whose offset counts from the start of the params. */
#define MRT_POOL_PARAMS 255

/** Bit of mrt_tensor_t::pool: the tensor's rows are placed one by one, by the row table. */
#define MRT_POOL_ROW_TABLE 16
/** Unit of the entries of a row table, in bytes. */
#define MRT_ROW_UNIT 4

/**
 * One tensor of a graph. 12 bytes, the same in C tables and in blobs. Never modified at run time.
 *
 * Rows lie at one stride, row_bytes; or, where pool has MRT_POOL_ROW_TABLE, each where the graph's row table says, so
 * that rows can be given up and taken again one by one.
 */
typedef struct mrt_tensor {
    uint32_t offset;    /**< Bytes from the start of its pool (or of the params) to row 0; with a row table the index
                             of row 0's entry, which counts MRT_ROW_UNIT bytes from the start of the pool. */
    uint32_t row_bytes; /**< Bytes of one row; also the distance between rows, unless they have a row table. */
    uint16_t rows;      /**< Number of rows, at least 1. */
    uint8_t pool;       /**< Index of the memory pool, with or without MRT_POOL_ROW_TABLE; or MRT_POOL_PARAMS. */
    uint8_t dtype;      /**< An mrt_dtype_t. */
} mrt_tensor_t;

/** What an application needs to know of a model's input or output. */
typedef struct mrt_tensor_info {
    uint16_t tensor;             /**< Index into mrt_graph_t::tensors. */
    uint8_t dtype;               /**< An mrt_dtype_t. */
    uint8_t rank;                /**< Number of dimensions, 0..MRT_RANK_MAX. */
    int32_t shape[MRT_RANK_MAX]; /**< Dimensions, outermost first; unused ones are 1. */
    float scale;                 /**< real = scale * (q - zero_point); 0 where the tensor is not quantised. */
    int32_t zero_point;          /**< See scale. */
} mrt_tensor_info_t;

#ifndef MRT_CDEF
/** Total bytes of a tensor. */
static inline uint32_t mrt_tensor_bytes(const mrt_tensor_t *tensor)
{
    return (uint32_t)tensor->rows * tensor->row_bytes;
}

/** Whether a tensor's rows are placed one by one. */
static inline bool mrt_tensor_has_row_table(const mrt_tensor_t *tensor)
{
    return (tensor->pool & 0xF0u) == (uint32_t)MRT_POOL_ROW_TABLE;
}

/** The memory pool of a tensor that is not in the params. */
static inline uint32_t mrt_tensor_pool(const mrt_tensor_t *tensor)
{
    return tensor->pool & 0x0Fu;
}
#endif

#endif
