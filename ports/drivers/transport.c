#include "ports/drivers/transport.h"

#include <stddef.h>

/* Milliseconds that are left of a timeout. */
static uint32_t left_of(const mrt_platform_t *platform, uint64_t begin, uint32_t timeout_ms)
{
    if (timeout_ms == MRT_FOREVER) {
        return MRT_FOREVER;
    }
    const uint64_t passed = (platform->now(platform->context) - begin) / 1000u;
    return (passed < timeout_ms) ? (timeout_ms - (uint32_t)passed) : 0u;
}

mrt_status_t mrt_transport_read(const mrt_platform_t *platform, const mrt_uart_t *uart, uint8_t *data, uint32_t size,
                                uint32_t timeout_ms)
{
    if (((data == NULL) && (size != 0u)) || (uart == NULL)) {
        return MRT_ERR_ARGUMENT;
    }
    const uint64_t begin = platform->now(platform->context);
    uint32_t count = 0u;
    mrt_status_t status = MRT_OK;
    while ((count < size) && (status == MRT_OK)) {
        const uint32_t more = uart->read(uart->context, &data[count], size - count);
        count += more;
        if (more == 0u) {
            /* A signal may stand for bytes that an earlier read took: then this is once more round the loop. */
            status = platform->wait(platform->context, MRT_EVENT_RECEIVED, left_of(platform, begin, timeout_ms));
        }
    }
    return status;
}

mrt_status_t mrt_transport_write(const mrt_uart_t *uart, const uint8_t *data, uint32_t size)
{
    if (((data == NULL) && (size != 0u)) || (uart == NULL)) {
        return MRT_ERR_ARGUMENT;
    }
    uart->write(uart->context, data, size);
    return MRT_OK;
}
