/* Memory for TVM's operators, a stack in the workspace of the running one. */
#include "runtime/compat/tvm/workspace.h"
#include "runtime/compat/tvm/include/tvm/runtime/c_backend_api.h"
#include "runtime/address.h"
#include <stdbool.h>
#include <stddef.h>
#include <string.h>

/* Bytes of the word at the end of a block. */
#define TAG_BYTES 4u

/* The one variable of the runtime: see "State that an ABI forces" in MISRA.md. */
static mrt_tvm_workspace_t *running = NULL;

mrt_status_t mrt_tvm_begin(const mrt_call_t *call, uint32_t pools, mrt_tvm_workspace_t *workspace)
{
    if (running != NULL) {
        return MRT_ERR_STATE;
    }
    workspace->base = NULL;
    workspace->size = 0u;
    if (call->workspace_count != 0u) {
        const uint32_t index = (uint32_t)call->input_count + call->output_count;
        workspace->base = mrt_workspace(call);
        workspace->size = mrt_tensor_bytes(&call->tensors[call->args[index]]);
    }
    workspace->first = (pools + (MRT_TVM_GRANULE - 1u)) & ~(MRT_TVM_GRANULE - 1u);
    workspace->used = workspace->first;
    workspace->status = MRT_OK;
    if (workspace->first > workspace->size) {
        return MRT_ERR_MEMORY;
    }
    if (!mrt_is_aligned(workspace->base, MRT_TVM_GRANULE)) {
        return MRT_ERR_ALIGNMENT;
    }
    running = workspace;
    return MRT_OK;
}

mrt_status_t mrt_tvm_end(const mrt_tvm_workspace_t *workspace, int32_t result)
{
    running = NULL;
    if (workspace->status != MRT_OK) {
        return workspace->status;
    }
    return ((result == 0) && (workspace->used == workspace->first)) ? MRT_OK : MRT_ERR_RUN;
}

void *mrt_tvm_pool(uint32_t offset)
{
    const bool exists = (running != NULL) && (running->base != NULL);
    return exists ? mrt_address_mut(running->base, offset) : NULL;
}

void TVMAPISetLastError(const char *msg)
{
    (void)msg;
}

void *TVMBackendAllocWorkspace(int device_type, int device_id, uint64_t nbytes, int dtype_code_hint,
                               int dtype_bits_hint)
{
    (void)device_type;
    (void)device_id;
    (void)dtype_code_hint;
    (void)dtype_bits_hint;
    if (running == NULL) {
        return NULL;
    }
    const uint32_t room = running->size - running->used;
    const uint64_t mask = (uint64_t)MRT_TVM_GRANULE - 1u;
    /* Compared first, so that the sum cannot wrap. */
    const uint64_t bytes = (nbytes <= room) ? ((nbytes + TAG_BYTES + mask) & ~mask) : UINT64_MAX;
    if (bytes > room) {
        running->status = MRT_ERR_MEMORY;
        return NULL;
    }
    const uint32_t begin = running->used;
    running->used = begin + (uint32_t)bytes;
    (void)memcpy(mrt_address_mut(running->base, running->used - TAG_BYTES), &begin, TAG_BYTES);
    return mrt_address_mut(running->base, begin);
}

int TVMBackendFreeWorkspace(int device_type, int device_id, void *ptr) /* MISRA D9 */
{
    (void)device_type;
    (void)device_id;
    if (running == NULL) {
        return -1;
    }
    bool sound = (running->used > running->first);
    if (sound) {
        uint32_t begin = 0u;
        (void)memcpy(&begin, mrt_address(running->base, running->used - TAG_BYTES), TAG_BYTES);
        sound = (begin >= running->first) && (begin < running->used) && (ptr == mrt_address_mut(running->base, begin));
        running->used = sound ? begin : running->used;
    }
    if (!sound && (running->status == MRT_OK)) {
        running->status = MRT_ERR_RUN;
    }
    return sound ? 0 : -1;
}
