#include "micrort/kernels.h"

const mrt_kernel_t mrt_kernels[MRT_KERNEL_COUNT] = {
#define MRT_KERNEL(id, name, attrs_type, rows) [id] = MRT_KERNEL_ROW(id, name, attrs_type, rows),
#include "micrort/kernels/kernels.def" /* MISRA D4 */
#undef MRT_KERNEL /* MISRA D4 */
};
