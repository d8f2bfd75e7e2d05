/* Arguments for TVM's packed functions, made of the operands of a call. */
#include "runtime/compat/tvm/operator.h"
#include <stdbool.h>
#include <stddef.h>

/* A constant that is linked in, by its storage id; null where there is none. */
static void *linked_constant(TVMBackendPackedCFunc lookup, int32_t id)
{
    TVMValue argument = {.v_int64 = id};
    TVMValue found = {.v_handle = NULL};
    int code = (int)kTVMArgInt;
    int found_code = (int)kTVMNullptr;
    const int32_t result = lookup(&argument, &code, 1, &found, &found_code, NULL);
    return ((result == 0) && (found_code == (int)kTVMOpaqueHandle)) ? found.v_handle : NULL;
}

/* Operand `index` of a call: its inputs, then its outputs. */
static void *operand(const mrt_call_t *call, uint32_t index)
{
    const uint32_t inputs = call->input_count;
    /* TVM's operators take all tensors by the same type and do not write to their inputs. */
    return (index < inputs) ? (void *)mrt_input_row(call, index, 0u) /* MISRA D9 */
                            : mrt_output_row(call, index - inputs, 0u);
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
        tensor->shape = (int64_t *)argument->shape; /* MISRA D9 */
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
    TVMBackendPackedCFunc found = NULL;
    if (module != NULL) {
        const char *names = &module->registry->names[2]; /* behind the number of functions */
        for (uint32_t index = 0u; (names[0] != '\0') && (found == NULL); ++index) {
            found = is_same(names, name) ? module->registry->funcs[index] : NULL;
            while (names[0] != '\0') {
                names = &names[1];
            }
            names = &names[1];
        }
    }
    return found;
}
