/**
 * @file operator.h
 * @brief Packed functions of TVM as kernels: what the adapters that micrort generates for an archive have in common.
 */
#ifndef MRT_COMPAT_TVM_OPERATOR_H
#define MRT_COMPAT_TVM_OPERATOR_H

#include "runtime/compat/tvm/include/tvm/runtime/crt/module.h"
#include "runtime/compat/tvm/workspace.h"

/** An argument of a packed function, as the archive describes it. */
typedef struct mrt_tvm_argument {
    const int64_t *shape; /**< ndim extents. */
    int32_t ndim;         /**< Dimensions. */
    DLDataType dtype;     /**< Element type. */
    int32_t linked;       /**< Storage id of a constant that is linked in, or negative: the next operand of the call. */
} mrt_tvm_argument_t;

/** What an adapter is made of; const. */
typedef struct mrt_tvm_operator {
    const mrt_tvm_argument_t *arguments; /**< Inputs, then outputs. */
    uint32_t count;                      /**< How many. */
    uint32_t pools;                      /**< Bytes of pools at the start of the workspace. */
    TVMBackendPackedCFunc lookup; /* MISRA D9 */ /**< Where linked constants are asked for; null where there are none. */
} mrt_tvm_operator_t;

/** The arguments of one call, all on the adapter's stack: `count` entries each. */
typedef struct mrt_tvm_arguments {
    DLTensor *tensors; /**< Descriptors. */
    TVMValue *values; /* MISRA D9 */ /**< Pointers to them. */
    int *codes;        /**< Type codes of those. */
} mrt_tvm_arguments_t;

/**
 * @brief Fills in the arguments of a packed function from the operands of a call.
 * @param call Its inputs and outputs are, in order, the arguments that are not linked in.
 * @param described The operator.
 * @param arguments Room for `described->count` entries each.
 * @return MRT_OK; MRT_ERR_RUN (a linked constant does not exist).
 */
MRT_CHECK_RESULT mrt_status_t mrt_tvm_arguments(const mrt_call_t *call, const mrt_tvm_operator_t *described,
                                                const mrt_tvm_arguments_t *arguments);

/**
 * @brief Finds a function by name, as TVM's own runtime does.
 * @param module A module, e.g. what TVMSystemLibEntryPoint returns; may be null.
 * @param name The function's name.
 * @return The function; null where the module has none of this name.
 */
TVMBackendPackedCFunc mrt_tvm_find(const TVMModule *module, const char *name);

#endif
