/* Functions of the platform on FreeRTOS. Waiting needs the scheduler; time is the tick count, so as fine as a tick. */
#include "ports/rtos/freertos/platform.h"

#include <stddef.h>

#include "ports/drivers/transport.h"
#include "ports/rtos/ticks.h"
#include "task.h"

_Static_assert(portMAX_DELAY == MRT_TICKS_FOREVER, "the port needs configTICK_TYPE_WIDTH_IN_BITS of 32");

static uint64_t now(void *context)
{
    (void)context;
    TimeOut_t time;
    vTaskSetTimeOutState(&time);
    const uint64_t overflows = (uint32_t)time.xOverflowCount;
    const uint64_t ticks = (overflows << (8u * sizeof(TickType_t))) + time.xTimeOnEntering;
    return (ticks * 1000000u) / configTICK_RATE_HZ;
}

static mrt_status_t lock(void *context, uint32_t timeout_ms)
{
    const mrt_freertos_t *port = context; /* MISRA D1 */
    return (xSemaphoreTake(port->lock, mrt_ticks_of(timeout_ms, configTICK_RATE_HZ)) == pdTRUE) ? MRT_OK : MRT_ERR_TIMEOUT;
}

static mrt_status_t unlock(void *context)
{
    const mrt_freertos_t *port = context; /* MISRA D1 */
    if (xSemaphoreGetMutexHolder(port->lock) != xTaskGetCurrentTaskHandle()) {
        return MRT_ERR_STATE;
    }
    return (xSemaphoreGive(port->lock) == pdTRUE) ? MRT_OK : MRT_ERR_STATE;
}

static mrt_status_t wait(void *context, uint32_t event, uint32_t timeout_ms)
{
    const mrt_freertos_t *port = context; /* MISRA D1 */
    if (event >= MRT_EVENT_COUNT) {
        return MRT_ERR_ARGUMENT;
    }
    return (xSemaphoreTake(port->events[event], mrt_ticks_of(timeout_ms, configTICK_RATE_HZ)) == pdTRUE) ? MRT_OK : MRT_ERR_TIMEOUT;
}

static mrt_status_t signal(void *context, uint32_t event)
{
    const mrt_freertos_t *port = context; /* MISRA D1 */
    if (event >= MRT_EVENT_COUNT) {
        return MRT_ERR_ARGUMENT;
    }
    /* Giving fails where the signal of before still waits: then it is kept once. */
    if (xPortIsInsideInterrupt() == pdTRUE) {
        BaseType_t woken = pdFALSE;
        (void)xSemaphoreGiveFromISR(port->events[event], &woken);
        portYIELD_FROM_ISR(woken);
    } else {
        (void)xSemaphoreGive(port->events[event]);
    }
    return MRT_OK;
}

static mrt_status_t read(void *context, uint8_t *data, uint32_t size, uint32_t timeout_ms)
{
    const mrt_freertos_t *port = context; /* MISRA D1 */
    return mrt_transport_read(&port->platform, port->uart, data, size, timeout_ms);
}

static mrt_status_t write(void *context, const uint8_t *data, uint32_t size)
{
    const mrt_freertos_t *port = context; /* MISRA D1 */
    return mrt_transport_write(port->uart, data, size);
}

const mrt_platform_t *mrt_freertos_init(mrt_freertos_t *port, const mrt_uart_t *uart)
{
    const mrt_platform_t platform = {port, now, lock, unlock, wait, signal, read, write};
    port->platform = platform;
    port->uart = uart;
    port->lock = xSemaphoreCreateMutexStatic(&port->lock_memory);
    for (uint32_t event = 0u; event < MRT_EVENT_COUNT; ++event) {
        port->events[event] = xSemaphoreCreateBinaryStatic(&port->event_memory[event]);
    }
    return &port->platform;
}
