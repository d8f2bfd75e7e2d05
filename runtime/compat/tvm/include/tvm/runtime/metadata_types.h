/**
 * @file metadata_types.h
 * @brief The description of a model that TVM's ahead-of-time compiler writes as C.
 *
 * Generated units hold constants of these types; nothing on the device reads them, so they are not linked.
 */
#ifndef MRT_COMPAT_TVM_METADATA_TYPES_H
#define MRT_COMPAT_TVM_METADATA_TYPES_H

#include "c_runtime_api.h"

/** An input, output or workspace pool. */
struct TVMTensorInfo {
    const char *name;
    const int64_t *shape;
    int64_t num_shape;
    DLDataType dtype;
};

/** A constant, with its bytes as in a params file. */
struct TVMConstantInfo {
    const char *name_hint;
    uint64_t byte_offset;
    int64_t data_len;
    const char *data_bytes;
};

/** A model. */
struct TVMMetadata {
    int64_t version;
    const struct TVMTensorInfo *inputs;
    int64_t num_inputs;
    const struct TVMTensorInfo *outputs;
    int64_t num_outputs;
    const struct TVMTensorInfo *workspace_pools;
    int64_t num_workspace_pools;
    const struct TVMConstantInfo *constant_pools;
    int64_t num_constant_pools;
    const char *mod_name;
};

#endif
