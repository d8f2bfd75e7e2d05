/**
 * @file address.h
 * @brief The one place where the core looks at an address as a number.
 */
#ifndef MRT_RUNTIME_ADDRESS_H
#define MRT_RUNTIME_ADDRESS_H

#include <stdbool.h>
#include <stdint.h>

static inline bool mrt_is_power_of_two(uint32_t value)
{
    return (value != 0u) && ((value & (value - 1u)) == 0u);
}

/** Whether `alignment`, a power of two, divides the address. */
static inline bool mrt_is_aligned(const void *address, uint32_t alignment)
{
    const uint8_t *bytes = address; /* MISRA D1 */
    return ((uintptr_t)bytes & ((uintptr_t)alignment - 1u)) == 0u; /* MISRA D3 */
}

#endif
