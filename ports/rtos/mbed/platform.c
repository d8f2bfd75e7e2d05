/* Functions of the platform on Mbed OS. */
#include "ports/rtos/mbed/platform.h"

#include <stdbool.h>
#include <stddef.h>
#include <string.h>

#include "hal/ticker_api.h"
#include "hal/us_ticker_api.h"

#include "ports/drivers/transport.h"
#include "ports/rtos/ticks.h"

_Static_assert(osWaitForever == MRT_TICKS_FOREVER, "the kernel means another value by waiting for ever");

static uint64_t now(void *context)
{
    (void)context;
    return ticker_read_us(get_us_ticker_data());
}

static mrt_status_t lock(void *context, uint32_t timeout_ms)
{
    const mrt_mbed_t *port = context;
    const osStatus_t taken = osMutexAcquire(port->lock, mrt_ticks_of(timeout_ms, osKernelGetTickFreq()));
    return (taken == osOK) ? MRT_OK : MRT_ERR_TIMEOUT;
}

static mrt_status_t unlock(void *context)
{
    const mrt_mbed_t *port = context;
    return (osMutexRelease(port->lock) == osOK) ? MRT_OK : MRT_ERR_STATE;
}

static mrt_status_t wait(void *context, uint32_t event, uint32_t timeout_ms)
{
    const mrt_mbed_t *port = context;
    if (event >= MRT_EVENT_COUNT) {
        return MRT_ERR_ARGUMENT;
    }
    const osStatus_t got = osSemaphoreAcquire(port->events[event], mrt_ticks_of(timeout_ms, osKernelGetTickFreq()));
    return (got == osOK) ? MRT_OK : MRT_ERR_TIMEOUT;
}

static mrt_status_t signal(void *context, uint32_t event)
{
    const mrt_mbed_t *port = context;
    if (event >= MRT_EVENT_COUNT) {
        return MRT_ERR_ARGUMENT;
    }
    /* It fails where the signal of before still waits: then that one is kept. */
    (void)osSemaphoreRelease(port->events[event]);
    return MRT_OK;
}

static mrt_status_t read(void *context, uint8_t *data, uint32_t size, uint32_t timeout_ms)
{
    const mrt_mbed_t *port = context;
    return mrt_transport_read(&port->platform, port->uart, data, size, timeout_ms);
}

static mrt_status_t write(void *context, const uint8_t *data, uint32_t size)
{
    const mrt_mbed_t *port = context;
    return mrt_transport_write(port->uart, data, size);
}

const mrt_platform_t *mrt_mbed_init(mrt_mbed_t *port, const mrt_uart_t *uart)
{
    const mrt_platform_t platform = {port, now, lock, unlock, wait, signal, read, write};
    const osMutexAttr_t mutex = {"micrort", osMutexPrioInherit, &port->lock_memory, (uint32_t)sizeof(port->lock_memory)};
    port->platform = platform;
    port->uart = uart;
    (void)memset(&port->lock_memory, 0, sizeof(port->lock_memory)); /* the kernel takes used memory for a live object */
    (void)memset(port->event_memory, 0, sizeof(port->event_memory));
    port->lock = osMutexNew(&mutex);
    bool made = (port->lock != NULL);
    for (uint32_t event = 0u; event < MRT_EVENT_COUNT; ++event) {
        const osSemaphoreAttr_t semaphore = {"micrort", 0u, &port->event_memory[event],
                                             (uint32_t)sizeof(port->event_memory[event])};
        port->events[event] = osSemaphoreNew(1u, 0u, &semaphore);
        made = made && (port->events[event] != NULL);
    }
    return made ? &port->platform : NULL;
}
