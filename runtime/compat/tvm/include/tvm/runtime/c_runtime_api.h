/**
 * @file c_runtime_api.h
 * @brief The part of TVM's C ABI that its generated operators need: values, their type codes, functions.
 */
#ifndef MRT_COMPAT_TVM_C_RUNTIME_API_H
#define MRT_COMPAT_TVM_C_RUNTIME_API_H

#include "../../dlpack/dlpack.h"
#include <stddef.h>
#include <stdint.h>

/** Generated code marks what it defines with this; nothing is exported from firmware. */
#ifndef TVM_DLL
#define TVM_DLL
#endif

/**
 * Marks generated functions that use each piece of memory by one type only: of these alone gcc may assume that pointers to
 * different types point to different memory, while the rest is compiled by -fno-strict-aliasing.
 */
#if defined(__GNUC__) && !defined(__clang__)
#define MRT_TVM_TYPED __attribute__((optimize("strict-aliasing")))
#else
#define MRT_TVM_TYPED
#endif

/** Type codes of packed arguments. */
enum {
    kTVMArgInt = kDLInt,
    kTVMArgFloat = kDLFloat,
    kTVMOpaqueHandle = 3,
    kTVMNullptr = 4,
    kTVMDataType = 5,
    kDLDevice = 6,
    kTVMDLTensorHandle = 7,
    kTVMObjectHandle = 8,
    kTVMModuleHandle = 9,
    kTVMPackedFuncHandle = 10,
    kTVMStr = 11,
    kTVMBytes = 12,
    kTVMNDArrayHandle = 13,
    kTVMObjectRValueRefArg = 14
};

/** A packed argument: 8 bytes, of which the type code says what they are. */
typedef union { /* MISRA D9 */
    int64_t v_int64;
    double v_float64;
    void *v_handle;
    const char *v_str;
    DLDataType v_type;
    DLDevice v_device;
} TVMValue;

/** A function that takes packed arguments; 0 where it succeeded. */
typedef int32_t (*TVMBackendPackedCFunc)(TVMValue *args, int *type_codes, int num_args, TVMValue *out_ret_value,
                                         int *out_ret_tcode, void *resource_handle);

/** Generated code with assertions says by this what failed; the text is dropped, the operator's result counts. */
void TVMAPISetLastError(const char *msg);

#endif
