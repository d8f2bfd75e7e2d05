/**
 * @file c_backend_api.h
 * @brief What TVM's generated operators call: memory for the time of a call. See runtime/compat/tvm/workspace.h.
 */
#ifndef MRT_COMPAT_TVM_C_BACKEND_API_H
#define MRT_COMPAT_TVM_C_BACKEND_API_H

#include "c_runtime_api.h"

/**
 * @brief Takes memory from the workspace of the operator that is running, 16-byte aligned.
 * @param device_type Not looked at; likewise device_id and the hints.
 * @param device_id See device_type.
 * @param nbytes Bytes.
 * @param dtype_code_hint See device_type.
 * @param dtype_bits_hint See device_type.
 * @return The memory; null where the workspace is too small, or no operator is running.
 */
void *TVMBackendAllocWorkspace(int device_type, int device_id, uint64_t nbytes, int dtype_code_hint,
                               int dtype_bits_hint);

/**
 * @brief Gives back the memory that was taken last.
 * @param device_type Not looked at; likewise device_id.
 * @param device_id See device_type.
 * @param ptr What TVMBackendAllocWorkspace returned.
 * @return 0; -1 where it is not what was taken last, or its end was written over.
 */
int TVMBackendFreeWorkspace(int device_type, int device_id, void *ptr);

#endif
