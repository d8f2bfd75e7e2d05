/**
 * @file kernel.h
 * @brief The contract between the executor and the kernels.
 *
 * A kernel computes rows [row_begin, row_end) of its outputs. It sees tensors only through the accessors
 * below, so that a row may lie anywhere in a pool: each row is contiguous, but row + 1 need not lie behind row
 * (mrt_rows_adjoin tells). A kernel keeps no state, allocates nothing, and may be called from any thread, at the same
 * time as any other call that writes other memory.
 *
 * Rules of a kernel's `run`:
 *  1. It reads only the input rows that the requested output rows depend on.
 *  2. It writes only the requested output rows and its workspace, which holds nothing between calls.
 *  3. Elementwise kernels read element i before they write element i, and nothing at i after it, so that
 *     output and input may be the same memory. Window kernels that may work in place go through output rows in
 *     increasing order and have read all input rows above the window of row y + 1 only as that row's window says.
 *  4. It trusts its arguments: `check` has proved them, on the host or when a blob was loaded.
 */
#ifndef MRT_KERNEL_H
#define MRT_KERNEL_H

#include "micrort/status.h"
#include "micrort/tensor.h"
#ifndef MRT_CDEF
#include <stdbool.h>
#endif

/** One call of a kernel. Made by the executor on its stack; valid during the call only. */
typedef struct mrt_call {
    const mrt_tensor_t *tensors; /**< The graph's tensor table. */
    const uint16_t *args;        /**< Tensor indices: inputs, outputs, then the workspace if there is one. */
    const void *attrs;           /**< The kernel's attribute struct, 4-byte aligned, all members 32-bit words. */
    const void *params;          /**< Start of the constant tensors. */
    void *const *pools;          /**< Base address of each memory pool. */
    const uint16_t *row_table;   /**< The graph's row table; null where no tensor has one. */
    uint32_t row_begin;          /**< First output row to compute. */
    uint32_t row_end;            /**< One past the last output row to compute. */
    uint8_t input_count;         /**< Number of inputs in args. */
    uint8_t output_count;        /**< Number of outputs in args. */
    uint8_t workspace_count;     /**< 0 or 1. */
} mrt_call_t;

/**
 * Keeps a function out of its caller: inlined into a whole kernel, a loop's sums would not stay in registers; and a frame
 * that much runs above holds nothing of what is done and gone.
 */
#if defined(__GNUC__)
#define MRT_NOINLINE __attribute__((noinline))
#else
#define MRT_NOINLINE
#endif

/** Of a function that a call runs once, or seldom: small code is worth more there. It stays out of its caller. */
#if defined(__GNUC__)
#define MRT_ONCE __attribute__((noinline, cold))
#else
#define MRT_ONCE
#endif

/** Inlines a function that takes others as arguments, so that it calls none of them through a pointer. */
#if defined(__GNUC__)
#define MRT_INLINE inline __attribute__((always_inline))
#else
#define MRT_INLINE inline
#endif

/** The id in kernels.def of operators that another compiler made (micrort/kernels/foreign.h). */
#define MRT_FOREIGN_ID 170u

/** Computes output rows. Returns MRT_OK, or MRT_ERR_RUN where a foreign operator fails. */
typedef mrt_status_t (*mrt_kernel_run_t)(const mrt_call_t *call);

/**
 * Proves that `run` on these attributes and tensors stays within the tensors' bytes, divides by no zero,
 * overflows no signed integer and shifts by no illegal count, for any input data and any row range. It reads
 * attributes and tensor descriptors, and constant tensors where safety depends on their values (shifts, say).
 * Returns MRT_OK, or MRT_ERR_ATTRIBUTE. Not needed at run time for graphs that the compiler made.
 *
 * A check may rely on what mrt_graph_check and mrt_graph_check_kernels have established: args name existing
 * tensors; each tensor has at least one row of at least one element, lies within its pool or the params, and is
 * aligned for its dtype; no output and no workspace lies in the params; attrs holds the whole struct. It must
 * itself compare input_count, output_count, and the dtype and size of every tensor. The workspace is not its
 * business: the caller compares it with `workspace` afterwards. `pools` is null, so only constants can be read.
 */
typedef mrt_status_t (*mrt_kernel_check_t)(const mrt_call_t *call);

/** Bytes of workspace (4-byte aligned) that `run` needs with these attributes; 0 for most kernels. */
typedef uint32_t (*mrt_kernel_workspace_t)(const void *attrs);

/**
 * Whether the rows of output 0 that a call makes may lie where they lie, over rows of input `input` that the call reads:
 * rules 1 to 3 above let `run` read all of them before it writes there. Asked only about calls that `check` accepts.
 */
typedef bool (*mrt_kernel_in_place_t)(const mrt_call_t *call, uint32_t input);

/** Rows [begin, end) of a tensor; none where begin is not below end. */
typedef struct mrt_rows {
    uint32_t begin; /**< First row. */
    uint32_t end;   /**< One past the last row. */
} mrt_rows_t;

/**
 * The rows of input `input` that `run` reads to make rows [row_begin, row_end) of output 0; with input_count for
 * `input`, the rows of output 0 itself that it goes on from. Rows may be given that are not read, none left out that
 * are. Asked only about calls that `check` accepts. `pools` and `params` may be null.
 */
typedef mrt_rows_t (*mrt_kernel_reads_t)(const mrt_call_t *call, uint32_t input);

/** A row of the kernel library, which blobs and the host use; see include/micrort/kernels/kernels.def. */
typedef struct mrt_kernel {
    mrt_kernel_run_t run;             /**< Never null in a linked kernel. */
    mrt_kernel_check_t check;         /**< Never null in a linked kernel. */
    mrt_kernel_workspace_t workspace; /**< Never null in a linked kernel. */
    uint32_t attrs_bytes;             /**< sizeof the attribute struct. */
    mrt_kernel_in_place_t in_place;   /**< Null: never. */
    mrt_kernel_reads_t reads;         /**< Null: all rows of all inputs. */
    uint32_t id;                      /**< The kernel's id in blobs; 0: an empty row. */
} mrt_kernel_t;

/* The accessors are for kernels, which are C. */
#if !defined(MRT_CDEF) && !defined(__cplusplus)

/** Descriptor of input `index`. */
static inline const mrt_tensor_t *mrt_call_input(const mrt_call_t *call, uint32_t index)
{
    return &call->tensors[call->args[index]];
}

/** Descriptor of output `index`. */
static inline const mrt_tensor_t *mrt_call_output(const mrt_call_t *call, uint32_t index)
{
    return &call->tensors[call->args[call->input_count + index]];
}

/** Address of byte `offset` behind `base`. The only place where an untyped address is computed. */
static inline const void *mrt_address(const void *base, uint32_t offset)
{
    const uint8_t *bytes = base; /* MISRA D1 */
    return &bytes[offset];
}

/** Like mrt_address, for memory that may be written. */
static inline void *mrt_address_mut(void *base, uint32_t offset)
{
    uint8_t *bytes = base; /* MISRA D1 */
    return &bytes[offset];
}

/** Bytes from the start of its pool, or of the params, to row `row` of a tensor. */
static inline uint32_t mrt_row_offset(const mrt_call_t *call, const mrt_tensor_t *tensor, uint32_t row)
{
    uint32_t offset;
    if (mrt_tensor_has_row_table(tensor)) {
        offset = (uint32_t)MRT_ROW_UNIT * call->row_table[tensor->offset + row];
    } else {
        offset = tensor->offset + (row * tensor->row_bytes);
    }
    return offset;
}

/**
 * The end of the run of rows from `row` on that follow one another without a gap, at most `row_end`: for kernels that
 * are faster where rows adjoin. At least row + 1.
 */
static inline uint32_t mrt_rows_adjoin(const mrt_call_t *call, const mrt_tensor_t *tensor, uint32_t row,
                                       uint32_t row_end)
{
    uint32_t end = row_end;
    if (mrt_tensor_has_row_table(tensor)) {
        uint32_t next = mrt_row_offset(call, tensor, row);
        end = row;
        do {
            next += tensor->row_bytes;
            ++end;
        } while ((end < row_end) && (mrt_row_offset(call, tensor, end) == next));
    }
    return end;
}

/** Address that the offsets of rows of input `index`, which has a row table, count from: for kernels that look many up. */
static inline const void *mrt_input_base(const mrt_call_t *call, uint32_t index)
{
    return call->pools[mrt_tensor_pool(mrt_call_input(call, index))];
}

/** Address of row `row` of an input whose offsets count from `base`, and whose entries in the row table are `table`. */
static inline const void *mrt_input_spread_row(const void *base, const uint16_t *table, uint32_t row)
{
    return mrt_address(base, (uint32_t)MRT_ROW_UNIT * table[row]);
}

/** Address of row `row` of input `index`. By itself: gcc 12 would spill sums of float kernels behind mrt_input_base. */
static inline const void *mrt_input_row(const mrt_call_t *call, uint32_t index, uint32_t row)
{
    const mrt_tensor_t *tensor = mrt_call_input(call, index);
    const bool constant = tensor->pool == (uint8_t)MRT_POOL_PARAMS;
    const void *base = constant ? call->params : call->pools[mrt_tensor_pool(tensor)];
    return mrt_address(base, mrt_row_offset(call, tensor, row));
}

/** Address of row `row` of output `index`. */
static inline void *mrt_output_row(const mrt_call_t *call, uint32_t index, uint32_t row)
{
    const mrt_tensor_t *tensor = mrt_call_output(call, index);
    return mrt_address_mut(call->pools[mrt_tensor_pool(tensor)], mrt_row_offset(call, tensor, row));
}

/** Address of the workspace. Only where the kernel's `workspace` gave more than 0. */
static inline void *mrt_workspace(const mrt_call_t *call)
{
    const uint32_t index = (uint32_t)call->input_count + call->output_count;
    const mrt_tensor_t *tensor = &call->tensors[call->args[index]];
    return mrt_address_mut(call->pools[tensor->pool], tensor->offset);
}

/* Typed faces of the above: rows and workspaces are untyped memory until here. */

/** Row `row` of input `index`, of int8. */
static inline const int8_t *mrt_input_s8(const mrt_call_t *call, uint32_t index, uint32_t row)
{
    return (const int8_t *)mrt_input_row(call, index, row); /* MISRA D1 */
}

/** Row `row` of input `index`, of int16. */
static inline const int16_t *mrt_input_s16(const mrt_call_t *call, uint32_t index, uint32_t row)
{
    return (const int16_t *)mrt_input_row(call, index, row); /* MISRA D1 */
}

/** Row `row` of input `index`, of int32. */
static inline const int32_t *mrt_input_s32(const mrt_call_t *call, uint32_t index, uint32_t row)
{
    return (const int32_t *)mrt_input_row(call, index, row); /* MISRA D1 */
}

/** Row `row` of input `index`, of int64. */
static inline const int64_t *mrt_input_s64(const mrt_call_t *call, uint32_t index, uint32_t row)
{
    return (const int64_t *)mrt_input_row(call, index, row); /* MISRA D1 */
}

/** Row `row` of input `index`, of float32. */
static inline const float *mrt_input_f32(const mrt_call_t *call, uint32_t index, uint32_t row)
{
    return (const float *)mrt_input_row(call, index, row); /* MISRA D1 */
}

/** Row `row` of input `index`, of uint8. */
static inline const uint8_t *mrt_input_u8(const mrt_call_t *call, uint32_t index, uint32_t row)
{
    return (const uint8_t *)mrt_input_row(call, index, row); /* MISRA D1 */
}

/** Row `row` of output `index`, of int8. */
static inline int8_t *mrt_output_s8(const mrt_call_t *call, uint32_t index, uint32_t row)
{
    return (int8_t *)mrt_output_row(call, index, row); /* MISRA D1 */
}

/** Row `row` of output `index`, of int16. */
static inline int16_t *mrt_output_s16(const mrt_call_t *call, uint32_t index, uint32_t row)
{
    return (int16_t *)mrt_output_row(call, index, row); /* MISRA D1 */
}

/** Row `row` of output `index`, of int32. */
static inline int32_t *mrt_output_s32(const mrt_call_t *call, uint32_t index, uint32_t row)
{
    return (int32_t *)mrt_output_row(call, index, row); /* MISRA D1 */
}

/** Row `row` of output `index`, of float32. */
static inline float *mrt_output_f32(const mrt_call_t *call, uint32_t index, uint32_t row)
{
    return (float *)mrt_output_row(call, index, row); /* MISRA D1 */
}

/** Row `row` of output `index`, of uint8. */
static inline uint8_t *mrt_output_u8(const mrt_call_t *call, uint32_t index, uint32_t row)
{
    return (uint8_t *)mrt_output_row(call, index, row); /* MISRA D1 */
}

#endif

#endif
