/**
 * @file workspace.h
 * @brief The memory of the operator of TVM that is running: its node's workspace, in the model's arena.
 *
 * TVM's ABI has operators ask for memory (TVMBackendAllocWorkspace) and gives them nothing by which to say whose. So a
 * pointer to the workspace of the running operator is kept for the time of the call, the only variable of the runtime:
 * operators of TVM's archives must not run in two threads at the same time. A second one is refused (MRT_ERR_STATE) as
 * long as the first has not returned.
 *
 * A workspace begins with the pools that the archive planned itself (mrt_tvm_pool), if it has any. Behind them lie
 * blocks, the last taken on top. Each block ends with a word that says where it begins, so that a block given back in
 * another order, or one whose end was written over, is noticed.
 */
#ifndef MRT_COMPAT_TVM_WORKSPACE_H
#define MRT_COMPAT_TVM_WORKSPACE_H

#include "micrort/kernel.h"

/** Multiple in which blocks begin and end, in bytes; python/micrort/tvm/workspace.py counts with it, too. */
#define MRT_TVM_GRANULE 16u

/** A workspace, for the time of one call of an operator. Its members are private. */
typedef struct mrt_tvm_workspace {
    void *base;          /**< Start, a multiple of MRT_TVM_GRANULE; null where there is none. */
    uint32_t size;       /**< Bytes. */
    uint32_t first;      /**< Where blocks begin, behind the pools. */
    uint32_t used;       /**< End of the last block. */
    mrt_status_t status; /**< MRT_OK, or the first thing that went wrong. */
} mrt_tvm_workspace_t;

/**
 * @brief Makes the workspace of a node that of the running operator.
 * @param call The node's call, with a workspace or without.
 * @param pools Bytes of the pools at the start of the workspace.
 * @param[out] workspace Kept by reference until mrt_tvm_end.
 * @return MRT_OK; MRT_ERR_STATE (another operator is running), MRT_ERR_MEMORY (pools beyond the workspace),
 *         MRT_ERR_ALIGNMENT. On error no operator may be called.
 */
MRT_CHECK_RESULT mrt_status_t mrt_tvm_begin(const mrt_call_t *call, uint32_t pools, mrt_tvm_workspace_t *workspace);

/**
 * @brief Ends a call that mrt_tvm_begin began.
 * @param workspace The workspace given there.
 * @param result What the operator returned.
 * @return MRT_OK; MRT_ERR_MEMORY (it asked for more than the workspace holds), MRT_ERR_RUN (it failed, did not give
 *         back what it took, gave back something else, or wrote over the end of a block).
 */
MRT_CHECK_RESULT mrt_status_t mrt_tvm_end(const mrt_tvm_workspace_t *workspace, int32_t result);

/**
 * @brief A pool that the archive planned: byte `offset` of the workspace of the running operator.
 * @return Its address; null where no operator with a workspace is running.
 */
void *mrt_tvm_pool(uint32_t offset);

#endif
