/**
 * @file ring.h
 * @brief Bytes on their way from a receive interrupt to the one thread that reads them. Needs no lock on one core.
 */
#ifndef MRT_PORTS_DRIVERS_RING_H
#define MRT_PORTS_DRIVERS_RING_H

#include <stdint.h>

/** Bytes that may wait to be read; a power of two. */
#define MRT_RING_BYTES 128u

/** A ring. Owned by the driver, zeroed before its interrupt is on; its members are private. */
typedef struct mrt_ring {
    volatile uint32_t received;             /**< Bytes that came; written by the interrupt handler alone. */
    volatile uint32_t taken;                /**< Bytes that were read; written by the reader alone. */
    volatile uint8_t bytes[MRT_RING_BYTES]; /**< Byte n at n modulo the ring's size. */
} mrt_ring_t;

/** Keeps a byte, or drops it where there is no room. From the interrupt handler. */
static inline void mrt_ring_put(mrt_ring_t *ring, uint8_t byte)
{
    const uint32_t received = ring->received;
    if ((received - ring->taken) < MRT_RING_BYTES) {
        ring->bytes[received % MRT_RING_BYTES] = byte;
        ring->received = received + 1u;
    }
}

/** Takes up to `size` bytes; returns how many. From the reader. */
static inline uint32_t mrt_ring_take(mrt_ring_t *ring, uint8_t *data, uint32_t size)
{
    uint32_t taken = ring->taken;
    uint32_t count = 0u;
    while ((count < size) && (taken != ring->received)) {
        data[count] = ring->bytes[taken % MRT_RING_BYTES];
        taken += 1u;
        count += 1u;
    }
    ring->taken = taken;
    return count;
}

#endif
