/**
 * @file platform.h
 * @brief The platform on Mbed OS 6 or later: the CMSIS-RTOS2 interface of its kernel, RTX; static objects only, no heap.
 *
 * Time is Mbed's microsecond ticker. The transport may be any UART; serial.h has Mbed's own.
 */
#ifndef MRT_PORTS_MBED_PLATFORM_H
#define MRT_PORTS_MBED_PLATFORM_H

#include "rtx_os.h"

#include "micrort/platform.h"
#include "ports/drivers/uart.h"

/** What the platform works on. Owned by the caller; its members are private. */
typedef struct mrt_mbed {
    mrt_platform_t platform;                        /**< The functions. */
    const mrt_uart_t *uart;                         /**< Null where there is no transport. */
    osRtxMutex_t lock_memory;                       /**< Of the lock. */
    osMutexId_t lock;                               /**< With priority inheritance. */
    osRtxSemaphore_t event_memory[MRT_EVENT_COUNT]; /**< Of the events. */
    osSemaphoreId_t events[MRT_EVENT_COUNT];        /**< Each counts to one. */
} mrt_mbed_t;

/**
 * @brief Makes a platform. From a thread, or before the kernel starts; not from an ISR.
 * @param[out] port Outlives the platform.
 * @param uart The transport's line, whose interrupt signals MRT_EVENT_RECEIVED; outlives the platform. Null: `read` and
 *             `write` return MRT_ERR_ARGUMENT.
 * @return The platform, valid as long as `port`; null where the kernel refused to make its objects.
 */
const mrt_platform_t *mrt_mbed_init(mrt_mbed_t *port, const mrt_uart_t *uart);

#endif
