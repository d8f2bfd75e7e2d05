/* Arguments for TVM's packed functions, made of the operands of a call. */
#include "runtime/compat/tvm/operator.h"
#include <stdbool.h>
#include <stddef.h>

/* The address without const: TVM's operators take all tensors by the same type and do not write to their inputs. */
static void *without_const(const void *address)
{
    const uint8_t *bytes = address;  /* MISRA D1 */
    /* Else const could not be taken away. NOLINTNEXTLINE(performance-no-int-to-ptr) */
    return (void *)(uintptr_t)bytes; /* MISRA D8 */
}

/* A constant that is linked in, by its storage id; null where there is none. */
static void *linked_constant(TVMBackendPackedCFunc lookup, int32_t id) /* MISRA D9 */
{
    TVMValue argument = {.v_int64 = id};   /* MISRA D9 */
    TVMValue found = {.v_handle = NULL}; /* MISRA D9 */
    int code = (int)kTVMArgInt;
    int found_code = (int)kTVMNullptr;
    const int32_t result = lookup(&argument, &code, 1, &found, &found_code, NULL);
    return ((result == 0) && (found_code == (int)kTVMOpaqueHandle)) ? found.v_handle : NULL;
}

/* Operand `index` of a call: its inputs, then its outputs. */
static void *operand(const mrt_call_t *call, uint32_t index)
{
    const uint32_t inputs = call->input_count;
    return (index < inputs) ? without_const(mrt_input_row(call, index, 0u)) : mrt_output_row(call, index - inputs, 0u);
}

mrt_status_t mrt_tvm_arguments(const mrt_call_t *call, const mrt_tvm_operator_t *described,
                               const mrt_tvm_arguments_t *arguments)
{
    mrt_status_t status = MRT_OK;
    uint32_t next = 0u;
    for (uint32_t index = 0u; index < described->count; ++index) {
        const mrt_tvm_argument_t *argument = &described->arguments[index];
        DLTensor *tensor = &arguments->tensors[index];
        if (argument->linked >= 0) {
            tensor->data = linked_constant(described->lookup, argument->linked);
            status = (tensor->data != NULL) ? status : MRT_ERR_RUN;
        } else {
            tensor->data = operand(call, next);
            next += 1u;
        }
        tensor->device.device_type = kDLCPU;
        tensor->device.device_id = 0;
        tensor->ndim = argument->ndim;
        tensor->dtype = argument->dtype;
        tensor->shape = without_const(argument->shape); /* MISRA D1 */
        tensor->strides = NULL;
        tensor->byte_offset = 0u;
        arguments->values[index].v_handle = tensor;
        arguments->codes[index] = (int)kTVMDLTensorHandle;
    }
    return status;
}

/* Whether two strings are equal. */
static bool is_same(const char *left, const char *right)
{
    uint32_t index = 0u;
    while ((left[index] != '\0') && (left[index] == right[index])) {
        index += 1u;
    }
    return left[index] == right[index];
}

TVMBackendPackedCFunc mrt_tvm_find(const TVMModule *module, const char *name)
{
    TVMBackendPackedCFunc found = NULL; /* MISRA D9 */
    if (module != NULL) {
        const char *names = &module->registry->names[2]; /* behind the number of functions */
        uint32_t index = 0u;
        while ((names[0] != '\0') && (found == NULL)) {
            found = is_same(names, name) ? module->registry->funcs[index] : NULL;
            while (names[0] != '\0') {
                names = &names[1];
            }
            names = &names[1];
            index += 1u;
        }
    }
    return found;
}
