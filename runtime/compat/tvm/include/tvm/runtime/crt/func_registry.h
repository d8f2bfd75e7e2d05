/**
 * @file func_registry.h
 * @brief Packed functions by name.
 */
#ifndef MRT_COMPAT_TVM_FUNC_REGISTRY_H
#define MRT_COMPAT_TVM_FUNC_REGISTRY_H

#include "../c_runtime_api.h"

/** A list of functions. */
typedef struct TVMFuncRegistry {
    const char *names; /**< Their number (uint16, little-endian), the names in order, each with a NUL, and a NUL. */
    const TVMBackendPackedCFunc *funcs; /* MISRA D9 */ /**< The functions, in the same order. */
} TVMFuncRegistry;

#endif
