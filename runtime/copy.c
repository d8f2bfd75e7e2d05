#include "runtime/copy.h"

#include "runtime/address.h"

/* Objects of any type are copied by words, which C forbids unless it is told. */
#if defined(__GNUC__)
typedef uint32_t __attribute__((may_alias)) word_t;
#else
#error "say here how this compiler is told that a word may be part of any object"
#endif

void mrt_copy(void *to, const void *from, uint32_t bytes)
{
    uint8_t *target = to;         /* MISRA D1 */
    const uint8_t *source = from; /* MISRA D1 */
    uint32_t words = (mrt_is_aligned(to, 4u) && mrt_is_aligned(from, 4u)) ? (bytes / 4u) : 0u;
    const uint8_t *const end = &target[bytes];
    for (; words > 0u; --words) {
        void *word = target;             /* MISRA D1 */
        const void *read = source;       /* MISRA D1 */
        *(word_t *)word = *(const word_t *)read; /* MISRA D1 */
        target = &target[4];
        source = &source[4];
    }
    for (; target != end; target = &target[1]) {
        target[0] = source[0];
        source = &source[1];
    }
}
