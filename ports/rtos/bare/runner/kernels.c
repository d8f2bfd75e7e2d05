/*
 * The kernels that this firmware offers. KERNELS_LIST is a file of rows of micrort/kernels/kernels.def; kernels that
 * stand in no row are not linked. Firmware of your own does the same with a list of its own.
 */
#include "micrort/kernels.h"
#include "ports/rtos/bare/runner/kernels.h"

static const mrt_kernel_t kernels[] = {
#define MRT_KERNEL(id, name, attrs_type, rows) MRT_KERNEL_ROW(id, name, attrs_type, rows),
#include KERNELS_LIST /* MISRA D4 */
#undef MRT_KERNEL /* MISRA D4 */
};

#define KERNEL_COUNT (sizeof(kernels) / sizeof(kernels[0]))

static mrt_kernel_run_t runs[KERNEL_COUNT];
static const mrt_kernel_t *rows[KERNEL_COUNT];

mrt_loader_t mrt_runner_loader = {
    .kernels = kernels,
    .kernel_count = (uint32_t)KERNEL_COUNT,
    .runs = runs,
    .rows = rows,
    .kernel_room = (uint32_t)KERNEL_COUNT,
};
