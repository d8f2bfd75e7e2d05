/* The place of operators of other compilers in the library: their adapters come with the model. */
#include "micrort/kernels/foreign.h"
#include "micrort/kernels.h"

mrt_status_t mrt_foreign_run(const mrt_call_t *call)
{
    (void)call;
    return MRT_ERR_KERNEL;
}

mrt_status_t mrt_foreign_check(const mrt_call_t *call)
{
    const mrt_foreign_attrs_t *attrs = call->attrs; /* MISRA D1 */
    return ((attrs->workspace & 3u) == 0u) ? MRT_OK : MRT_ERR_ATTRIBUTE;
}

uint32_t mrt_foreign_workspace(const void *attrs)
{
    const mrt_foreign_attrs_t *foreign = attrs; /* MISRA D1 */
    return foreign->workspace;
}
