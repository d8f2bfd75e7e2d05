/**
 * @file serial.h
 * @brief A serial port of Mbed's hardware layer as a line: received by interrupt into a ring, sent by polling.
 *
 * 8 data bits, no parity, 1 stop bit. The port must be nobody else's: nothing may be printed to Mbed's console on it.
 */
#ifndef MRT_PORTS_MBED_SERIAL_H
#define MRT_PORTS_MBED_SERIAL_H

#include "hal/serial_api.h"

#include "micrort/platform.h"
#include "ports/drivers/ring.h"
#include "ports/drivers/uart.h"

/** A serial port. Owned by the caller; its members are private. */
typedef struct mrt_mbed_serial {
    serial_t port;                  /**< Mbed's. */
    const mrt_platform_t *platform; /**< Whose MRT_EVENT_RECEIVED the interrupt signals. */
    mrt_ring_t ring;                /**< What was received. */
} mrt_mbed_serial_t;

/**
 * @brief The line of a serial port that is started later, so that a platform can be made of it first.
 * @param serial Outlives the line.
 */
mrt_uart_t mrt_mbed_serial_line(mrt_mbed_serial_t *serial);

/**
 * @brief Starts the port, at 115,200 baud. Bytes for which the ring has no room are dropped.
 * @param[out] serial The port; outlives its use.
 * @param platform Its MRT_EVENT_RECEIVED is signalled; outlives the port.
 * @param transmit Pin that sends, e.g. CONSOLE_TX.
 * @param receive Pin that receives, e.g. CONSOLE_RX.
 */
void mrt_mbed_serial_start(mrt_mbed_serial_t *serial, const mrt_platform_t *platform, PinName transmit, PinName receive);

#endif
