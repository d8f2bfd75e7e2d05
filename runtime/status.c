#include "micrort/status.h"

const char *mrt_status_text(mrt_status_t status)
{
    switch (status) {
#define MRT_STATUS_CASE(name, value, text) /* MISRA D4 */ \
    case MRT_##name: \
        return text;
        MRT_STATUS_MAP(MRT_STATUS_CASE)
#undef MRT_STATUS_CASE /* MISRA D4 */
    default:
        return "unknown status";
    }
}
