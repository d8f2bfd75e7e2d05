/* Functions of the platform on Zephyr. */
#include "ports/rtos/zephyr/platform.h"

#include <zephyr/drivers/uart.h>

#include "ports/drivers/transport.h"

static k_timeout_t timeout_of(uint32_t timeout_ms)
{
    return (timeout_ms == MRT_FOREVER) ? K_FOREVER : K_MSEC(timeout_ms);
}

static uint64_t now(void *context)
{
    (void)context;
    return k_ticks_to_us_floor64((uint64_t)k_uptime_ticks());
}

static mrt_status_t lock(void *context, uint32_t timeout_ms)
{
    mrt_zephyr_t *port = context; /* MISRA D1 */
    return (k_mutex_lock(&port->lock, timeout_of(timeout_ms)) == 0) ? MRT_OK : MRT_ERR_TIMEOUT;
}

static mrt_status_t unlock(void *context)
{
    mrt_zephyr_t *port = context; /* MISRA D1 */
    return (k_mutex_unlock(&port->lock) == 0) ? MRT_OK : MRT_ERR_STATE;
}

static mrt_status_t wait(void *context, uint32_t event, uint32_t timeout_ms)
{
    mrt_zephyr_t *port = context; /* MISRA D1 */
    if (event >= MRT_EVENT_COUNT) {
        return MRT_ERR_ARGUMENT;
    }
    return (k_sem_take(&port->events[event], timeout_of(timeout_ms)) == 0) ? MRT_OK : MRT_ERR_TIMEOUT;
}

static mrt_status_t signal(void *context, uint32_t event)
{
    mrt_zephyr_t *port = context; /* MISRA D1 */
    if (event >= MRT_EVENT_COUNT) {
        return MRT_ERR_ARGUMENT;
    }
    k_sem_give(&port->events[event]);
    return MRT_OK;
}

static const mrt_uart_t *line_of(const mrt_zephyr_t *port)
{
    return (port->device == NULL) ? NULL : &port->uart;
}

static mrt_status_t read(void *context, uint8_t *data, uint32_t size, uint32_t timeout_ms)
{
    const mrt_zephyr_t *port = context; /* MISRA D1 */
    return mrt_transport_read(&port->platform, line_of(port), data, size, timeout_ms);
}

static mrt_status_t write(void *context, const uint8_t *data, uint32_t size)
{
    const mrt_zephyr_t *port = context; /* MISRA D1 */
    return mrt_transport_write(line_of(port), data, size);
}

/* The UART's interrupt: bytes for which the ring has no room are dropped. */
static void interrupt(const struct device *device, void *context)
{
    mrt_zephyr_t *port = context; /* MISRA D1 */
    (void)uart_irq_update(device);
    if (uart_irq_rx_ready(device) != 0) {
        uint8_t byte = 0u;
        while (uart_fifo_read(device, &byte, 1) == 1) {
            (void)ring_buf_put(&port->received, &byte, 1u);
        }
        (void)signal(port, MRT_EVENT_RECEIVED);
    }
}

/* Enables the interrupt. A byte that came before may have raised none, and would keep others from raising one. */
static void start(mrt_zephyr_t *port)
{
    const unsigned int key = irq_lock();
    uart_irq_rx_enable(port->device);
    interrupt(port->device, port);
    irq_unlock(key);
}

static uint32_t take(void *context, uint8_t *data, uint32_t size)
{
    mrt_zephyr_t *port = context; /* MISRA D1 */
    return ring_buf_get(&port->received, data, size);
}

static void put(void *context, const uint8_t *data, uint32_t size)
{
    const mrt_zephyr_t *port = context; /* MISRA D1 */
    for (uint32_t index = 0u; index < size; ++index) {
        uart_poll_out(port->device, data[index]);
    }
}

const mrt_platform_t *mrt_zephyr_init(mrt_zephyr_t *port, const struct device *uart)
{
    const mrt_platform_t platform = {port, now, lock, unlock, wait, signal, read, write};
    const mrt_uart_t line = {port, take, put};
    port->platform = platform;
    port->uart = line;
    port->device = uart;
    ring_buf_init(&port->received, sizeof(port->ring), port->ring);
    (void)k_mutex_init(&port->lock);
    for (uint32_t event = 0u; event < MRT_EVENT_COUNT; ++event) {
        (void)k_sem_init(&port->events[event], 0u, 1u);
    }
    if (uart != NULL) {
        if (!device_is_ready(uart) || (uart_irq_callback_user_data_set(uart, interrupt, port) != 0)) {
            return NULL;
        }
        start(port);
    }
    return &port->platform;
}
