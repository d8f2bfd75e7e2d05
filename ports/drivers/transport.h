/**
 * @file transport.h
 * @brief The transport of a platform over a serial line: its `read` and `write`, the same on every operating system.
 */
#ifndef MRT_PORTS_DRIVERS_TRANSPORT_H
#define MRT_PORTS_DRIVERS_TRANSPORT_H

#include "micrort/platform.h"
#include "ports/drivers/uart.h"

/**
 * @brief mrt_platform_t::read over a line whose interrupt handler signals MRT_EVENT_RECEIVED.
 * @param platform Has `now` and `wait`.
 * @param uart The line.
 * @param[out] data Room for `size` bytes.
 * @param size Bytes to read.
 * @param timeout_ms For all of them.
 * @return See mrt_platform_t::read.
 */
mrt_status_t mrt_transport_read(const mrt_platform_t *platform, const mrt_uart_t *uart, uint8_t *data, uint32_t size,
                                uint32_t timeout_ms);

/**
 * @brief mrt_platform_t::write over a line.
 * @param uart The line.
 * @param data `size` bytes.
 * @param size Bytes to send.
 * @return See mrt_platform_t::write.
 */
mrt_status_t mrt_transport_write(const mrt_uart_t *uart, const uint8_t *data, uint32_t size);

#endif
