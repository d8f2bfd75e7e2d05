/**
 * @file platform.h
 * @brief What a port gives: time, a lock, events, and a transport for bytes.
 *
 * The executor needs none of it. It is for applications that share an executor between threads or talk to a
 * workstation, and is the same on every operating system; ports/README.md lists those that fill it. A port's own header
 * has the function that makes an `mrt_platform_t`, and says who owns the memory behind it.
 *
 * ```c
 * status = platform->lock(platform->context, 100u);
 * if (status == MRT_OK) {
 *     ... set inputs, run, get outputs of an executor that other threads use, too ...
 *     status = platform->unlock(platform->context);
 * }
 * ```
 */
#ifndef MRT_PLATFORM_H
#define MRT_PLATFORM_H

#include "micrort/status.h"
#ifndef MRT_CDEF
#include <stdint.h>
#endif

/** A timeout that never ends. Other timeouts are milliseconds; 0 only tries. */
#define MRT_FOREVER 0xFFFFFFFFu

/** Events that a platform has, numbered from 0. */
#define MRT_EVENT_COUNT 4u

/** The event that the transport's interrupt handler signals; not for applications. */
#define MRT_EVENT_RECEIVED 0u

/**
 * A platform: functions that a port fills, and what they work on. All functions may be called from any thread;
 * none from an ISR but `now` and `signal`.
 */
typedef struct mrt_platform {
    void *context; /**< First argument of every function; the port's. */

    /** Microseconds since some moment before the first call; never goes back. The resolution is the port's. */
    uint64_t (*now)(void *context);

    /**
     * Takes the lock. A thread that holds it already must not take it again.
     * Returns MRT_OK, or MRT_ERR_TIMEOUT where another thread keeps it for longer than `timeout_ms`.
     */
    mrt_status_t (*lock)(void *context, uint32_t timeout_ms);

    /** Gives the lock back. Returns MRT_OK, or MRT_ERR_STATE where the caller does not hold it. */
    mrt_status_t (*unlock)(void *context);

    /**
     * Waits until event `event` (0..MRT_EVENT_COUNT-1) is signalled, and clears it. One signal wakes one waiter; a
     * signal that nobody waits for is kept, several are kept as one.
     * Returns MRT_OK, MRT_ERR_TIMEOUT, or MRT_ERR_ARGUMENT (no such event).
     */
    mrt_status_t (*wait)(void *context, uint32_t event, uint32_t timeout_ms);

    /** Signals event `event`, also from an ISR. Returns MRT_OK, or MRT_ERR_ARGUMENT (no such event). */
    mrt_status_t (*signal)(void *context, uint32_t event);

    /**
     * Reads exactly `size` bytes that arrived, in order, into `data`. One thread at a time.
     * Returns MRT_OK, MRT_ERR_TIMEOUT (fewer came within `timeout_ms`; those are lost), or MRT_ERR_ARGUMENT.
     */
    mrt_status_t (*read)(void *context, uint8_t *data, uint32_t size, uint32_t timeout_ms);

    /**
     * Sends `size` bytes from `data`; all have left the caller's memory on return. One thread at a time.
     * Returns MRT_OK, or MRT_ERR_ARGUMENT.
     */
    mrt_status_t (*write)(void *context, const uint8_t *data, uint32_t size);
} mrt_platform_t;

#endif
