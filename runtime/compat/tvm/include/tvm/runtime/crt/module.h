/**
 * @file module.h
 * @brief A module of TVM's C runtime: a list of packed functions by name.
 */
#ifndef MRT_COMPAT_TVM_MODULE_H
#define MRT_COMPAT_TVM_MODULE_H

#include "../c_backend_api.h"
#include "func_registry.h"

/** A module. */
typedef struct TVMModule {
    const TVMFuncRegistry *registry; /**< Its functions. */
} TVMModule;

/** The functions that were generated together; defined by the generated unit lib0.c of an archive with a system library. */
const TVMModule *TVMSystemLibEntryPoint(void);

#endif
