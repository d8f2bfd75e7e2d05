/**
 * @file ticks.h
 * @brief Timeouts as ticks of an operating system.
 */
#ifndef MRT_PORTS_RTOS_TICKS_H
#define MRT_PORTS_RTOS_TICKS_H

#include "micrort/platform.h"

/** What mrt_ticks_of gives for MRT_FOREVER: the value by which FreeRTOS, ThreadX and CMSIS-RTOS2 mean it, too. */
#define MRT_TICKS_FOREVER 0xFFFFFFFFu

/**
 * @brief Ticks that last at least `timeout_ms`: waiting for n ticks ends between n - 1 and n of them.
 * @param timeout_ms Milliseconds, or MRT_FOREVER.
 * @param ticks_per_second The system's, at least 1.
 * @return 0 for 0, MRT_TICKS_FOREVER for MRT_FOREVER; a time too long to count is as long as can be counted.
 */
static inline uint32_t mrt_ticks_of(uint32_t timeout_ms, uint32_t ticks_per_second)
{
    if ((timeout_ms == 0u) || (timeout_ms == MRT_FOREVER)) {
        return timeout_ms;
    }
    const uint64_t ticks = ((((uint64_t)timeout_ms * ticks_per_second) + 999u) / 1000u) + 1u;
    return (ticks < MRT_TICKS_FOREVER) ? (uint32_t)ticks : (MRT_TICKS_FOREVER - 1u);
}

#endif
