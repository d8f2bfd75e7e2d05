/**
 * @file platform.h
 * @brief The platform on FreeRTOS 10.4 or later: static objects only, no heap.
 *
 * FreeRTOSConfig.h needs configSUPPORT_STATIC_ALLOCATION, configUSE_MUTEXES and, for transports, the board's receive
 * interrupt at a priority from which FreeRTOS may be called (configMAX_SYSCALL_INTERRUPT_PRIORITY or below).
 */
#ifndef MRT_PORTS_FREERTOS_PLATFORM_H
#define MRT_PORTS_FREERTOS_PLATFORM_H

#include "FreeRTOS.h"
#include "semphr.h"

#include "micrort/platform.h"
#include "ports/drivers/uart.h"

/** What the platform works on. Owned by the caller; its members are private. */
typedef struct mrt_freertos {
    mrt_platform_t platform;                           /**< The functions. */
    const mrt_uart_t *uart;                            /**< Null where there is no transport. */
    StaticSemaphore_t lock_memory;                     /**< Of the lock. */
    SemaphoreHandle_t lock;                            /**< A mutex: with priority inheritance. */
    StaticSemaphore_t event_memory[MRT_EVENT_COUNT]; /**< Of the events. */
    SemaphoreHandle_t events[MRT_EVENT_COUNT];         /**< Binary semaphores. */
} mrt_freertos_t;

/**
 * @brief Makes a platform. Before or after the scheduler starts, not from an ISR.
 * @param[out] port Outlives the platform.
 * @param uart The transport's line; outlives the platform. Null: `read` and `write` return MRT_ERR_ARGUMENT.
 * @return The platform; valid as long as `port`.
 */
const mrt_platform_t *mrt_freertos_init(mrt_freertos_t *port, const mrt_uart_t *uart);

#endif
