/**
 * @file uart.h
 * @brief What a port asks of a serial line: bytes out, and bytes that have arrived.
 */
#ifndef MRT_PORTS_DRIVERS_UART_H
#define MRT_PORTS_DRIVERS_UART_H

#include <stdint.h>

/** A serial line. Filled by a driver, or by the application for one of its own. */
typedef struct mrt_uart {
    void *context; /**< First argument of both functions. */
    /** Takes up to `size` bytes that have arrived; returns how many. Does not wait. */
    uint32_t (*read)(void *context, uint8_t *data, uint32_t size);
    /** Sends `size` bytes; returns when all are sent or kept elsewhere. */
    void (*write)(void *context, const uint8_t *data, uint32_t size);
} mrt_uart_t;

#endif
