/**
 * @file platform.h
 * @brief The platform on ThreadX (Azure RTOS, Eclipse ThreadX) 6.1 or later: static objects only, no byte pool.
 *
 * The board's receive interrupt needs a priority above PendSV's (a smaller number): ThreadX idles there, and an interrupt
 * of the same priority would wait until the next tick finds a thread to run.
 */
#ifndef MRT_PORTS_THREADX_PLATFORM_H
#define MRT_PORTS_THREADX_PLATFORM_H

#include "tx_api.h"

#include "micrort/platform.h"
#include "ports/drivers/uart.h"

/** What the platform works on. Owned by the caller; its members are private. */
typedef struct mrt_threadx {
    mrt_platform_t platform;              /**< The functions. */
    const mrt_uart_t *uart;               /**< Null where there is no transport. */
    TX_MUTEX lock;                        /**< With priority inheritance. */
    TX_SEMAPHORE events[MRT_EVENT_COUNT]; /**< Each counts to one. */
    ULONG ticks;                          /**< Of the last call of `now`. */
    uint32_t overflows;                   /**< How often the system's tick count began again. */
} mrt_threadx_t;

/**
 * @brief Makes a platform. From tx_application_define or a thread.
 *
 * `now` must be called at least once in 2^32 ticks to tell the tick count's rounds.
 *
 * @param[out] port Outlives the platform.
 * @param uart The transport's line; outlives the platform. Null: `read` and `write` return MRT_ERR_ARGUMENT.
 * @return The platform, valid as long as `port`; null where ThreadX refused to make its objects (already made ones).
 */
const mrt_platform_t *mrt_threadx_init(mrt_threadx_t *port, const mrt_uart_t *uart);

#endif
