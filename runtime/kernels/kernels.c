#include "micrort/kernels.h"

const mrt_kernel_t mrt_kernels[MRT_KERNEL_COUNT] = {
#define MRT_KERNEL(id, name, attrs_type) /* MISRA D4 */ \
    [id] = {mrt_##name##_run, mrt_##name##_check, mrt_##name##_workspace, (uint32_t)sizeof(attrs_type)},
#include "micrort/kernels/kernels.def"
#undef MRT_KERNEL
};
