/**
 * @file error_codes.h
 * @brief What operators may return beside 0 and -1: a category in the upper byte, a number in the lower.
 */
#ifndef MRT_COMPAT_TVM_ERROR_CODES_H
#define MRT_COMPAT_TVM_ERROR_CODES_H

/** An error. */
typedef enum {
    kTvmErrorNoError = 0,
    kTvmErrorPlatformNoMemory = 0x0503,
    kTvmErrorPlatformStackAllocBadFree = 0x0505,
    kTvmErrorFunctionCallNumArguments = 0x0800,
    kTvmErrorFunctionCallWrongArgType = 0x0801,
    kTvmErrorFunctionCallNotImplemented = 0x0802,
    kTvmErrorFunctionCallInvalidArg = 0x0803
} tvm_crt_error_t;

#endif
