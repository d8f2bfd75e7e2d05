/**
 * @file elements.h
 * @brief Elements of 1, 2 or 4 bytes, filled and copied without looking at them.
 */
#ifndef MRT_RUNTIME_KERNELS_ELEMENTS_H
#define MRT_RUNTIME_KERNELS_ELEMENTS_H

#include "micrort/kernel.h"

#include <stdbool.h>
#include <string.h>

/** Whether these kernels know elements of so many bytes. */
static inline bool mrt_elements_known(int32_t bytes)
{
    return (bytes == 1) || (bytes == 2) || (bytes == 4);
}

/** Writes `value`'s low bytes to `count` elements. */
static inline void mrt_elements_fill(void *target, uint32_t count, int32_t value, int32_t element_bytes)
{
    const uint32_t bits = (uint32_t)value;
    if (element_bytes == 1) {
        const uint8_t low = (uint8_t)(bits & 0xFFu);
        (void)memset(target, (int)low, count);
    } else if (element_bytes == 2) {
        uint16_t *elements = target; /* MISRA D1 */
        for (uint32_t index = 0u; index < count; ++index) {
            elements[index] = (uint16_t)(bits & 0xFFFFu);
        }
    } else {
        uint32_t *elements = target; /* MISRA D1 */
        for (uint32_t index = 0u; index < count; ++index) {
            elements[index] = bits;
        }
    }
}

/** Copies `count` elements that lie `stride` elements apart, from source[start] on, to a dense target. */
static inline void mrt_elements_gather(void *target, const void *source, int32_t start, int32_t count, int32_t stride,
                                       int32_t element_bytes)
{
    if (stride == 1) {
        const uint32_t bytes = (uint32_t)element_bytes;
        (void)memcpy(target, mrt_address(source, (uint32_t)start * bytes), (uint32_t)count * bytes);
    } else if (element_bytes == 1) {
        uint8_t *to = target;         /* MISRA D1 */
        const uint8_t *from = source; /* MISRA D1 */
        for (int32_t index = 0; index < count; ++index) {
            to[index] = from[start + (index * stride)];
        }
    } else if (element_bytes == 2) {
        uint16_t *to = target;         /* MISRA D1 */
        const uint16_t *from = source; /* MISRA D1 */
        for (int32_t index = 0; index < count; ++index) {
            to[index] = from[start + (index * stride)];
        }
    } else {
        uint32_t *to = target;         /* MISRA D1 */
        const uint32_t *from = source; /* MISRA D1 */
        for (int32_t index = 0; index < count; ++index) {
            to[index] = from[start + (index * stride)];
        }
    }
}

#endif
