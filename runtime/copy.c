#include "runtime/copy.h"

#include "runtime/address.h"

void mrt_copy(void *to, const void *from, uint32_t bytes)
{
    const bool aligned = mrt_is_aligned(to, 4u) && mrt_is_aligned(from, 4u);
    const uint32_t words = aligned ? (bytes / 4u) : 0u;
    mrt_word_t *word = to;         /* MISRA D1 */
    const mrt_word_t *read = from; /* MISRA D1 */
    for (uint32_t left = words; left > 0u; --left) {
        word[0] = read[0];
        word = &word[1];
        read = &read[1];
    }
    uint8_t *target = to;         /* MISRA D1 */
    const uint8_t *source = from; /* MISRA D1 */
    for (uint32_t i = 4u * words; i < bytes; ++i) {
        target[i] = source[i];
    }
}
