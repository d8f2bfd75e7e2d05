/* Functions of the platform on ThreadX. Time is the tick count, so as fine as a tick. */
#include "ports/rtos/threadx/platform.h"

#include <stddef.h>

#include "ports/drivers/transport.h"
#include "ports/rtos/ticks.h"

_Static_assert(TX_WAIT_FOREVER == MRT_TICKS_FOREVER, "ThreadX means another value by waiting for ever");

static uint64_t now(void *context)
{
    mrt_threadx_t *port = context; /* MISRA D1 */
    TX_INTERRUPT_SAVE_AREA
    TX_DISABLE
    const ULONG ticks = tx_time_get();
    port->overflows += (ticks < port->ticks) ? 1u : 0u;
    port->ticks = ticks;
    const uint64_t all = ((uint64_t)port->overflows << 32u) + ticks;
    TX_RESTORE
    return (all * 1000000u) / TX_TIMER_TICKS_PER_SECOND;
}

static mrt_status_t lock(void *context, uint32_t timeout_ms)
{
    mrt_threadx_t *port = context; /* MISRA D1 */
    const UINT taken = tx_mutex_get(&port->lock, mrt_ticks_of(timeout_ms, TX_TIMER_TICKS_PER_SECOND));
    return (taken == TX_SUCCESS) ? MRT_OK : MRT_ERR_TIMEOUT;
}

static mrt_status_t unlock(void *context)
{
    mrt_threadx_t *port = context; /* MISRA D1 */
    return (tx_mutex_put(&port->lock) == TX_SUCCESS) ? MRT_OK : MRT_ERR_STATE;
}

static mrt_status_t wait(void *context, uint32_t event, uint32_t timeout_ms)
{
    mrt_threadx_t *port = context; /* MISRA D1 */
    if (event >= MRT_EVENT_COUNT) {
        return MRT_ERR_ARGUMENT;
    }
    const UINT got = tx_semaphore_get(&port->events[event], mrt_ticks_of(timeout_ms, TX_TIMER_TICKS_PER_SECOND));
    return (got == TX_SUCCESS) ? MRT_OK : MRT_ERR_TIMEOUT;
}

static mrt_status_t signal(void *context, uint32_t event)
{
    mrt_threadx_t *port = context; /* MISRA D1 */
    if (event >= MRT_EVENT_COUNT) {
        return MRT_ERR_ARGUMENT;
    }
    /* It exceeds the ceiling where the signal of before still waits: then that one is kept. */
    (void)tx_semaphore_ceiling_put(&port->events[event], 1u);
    return MRT_OK;
}

static mrt_status_t read(void *context, uint8_t *data, uint32_t size, uint32_t timeout_ms)
{
    const mrt_threadx_t *port = context; /* MISRA D1 */
    return mrt_transport_read(&port->platform, port->uart, data, size, timeout_ms);
}

static mrt_status_t write(void *context, const uint8_t *data, uint32_t size)
{
    const mrt_threadx_t *port = context; /* MISRA D1 */
    return mrt_transport_write(port->uart, data, size);
}

const mrt_platform_t *mrt_threadx_init(mrt_threadx_t *port, const mrt_uart_t *uart)
{
    static CHAR name[] = "micrort";
    const mrt_platform_t platform = {port, now, lock, unlock, wait, signal, read, write};
    port->platform = platform;
    port->uart = uart;
    port->ticks = 0u;
    port->overflows = 0u;
    UINT status = tx_mutex_create(&port->lock, name, TX_INHERIT);
    for (uint32_t event = 0u; (event < MRT_EVENT_COUNT) && (status == TX_SUCCESS); ++event) {
        status = tx_semaphore_create(&port->events[event], name, 0u);
    }
    return (status == TX_SUCCESS) ? &port->platform : NULL;
}
