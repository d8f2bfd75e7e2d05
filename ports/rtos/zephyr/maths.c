/*
 * What newlib's libm, which some operators of TVM's call, needs of a C library: Zephyr's minimal one has another name for it.
 */
#include <errno.h>

int *__errno(void); /* MISRA P4 */

/* Where the calling thread's error number lies. */
int *__errno(void)
{
    return &errno;
}
