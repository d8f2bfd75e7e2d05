/**
 * @file address.h
 * @brief The one place where the core looks at an address as a number.
 */
#ifndef MRT_RUNTIME_ADDRESS_H
#define MRT_RUNTIME_ADDRESS_H

#include <stdbool.h>
#include <stdint.h>

/* Objects of any type are read and copied by words, which C forbids unless it is told. */
#if defined(__GNUC__)
typedef uint32_t __attribute__((may_alias)) mrt_word_t;
#else
#error "say here how this compiler is told that a word may be part of any object"
#endif

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
