/**
 * @file cmsdk_uart.h
 * @brief The UART of Arm's Cortex-M System Design Kit (CMSDK APB UART), which the MPS2 and MPS3 boards have.
 *
 * Receives by interrupt into a ring, sends by polling. 8 data bits, no parity, 1 stop bit.
 */
#ifndef MRT_PORTS_DRIVERS_CMSDK_UART_H
#define MRT_PORTS_DRIVERS_CMSDK_UART_H

#include "ports/drivers/ring.h"
#include "ports/drivers/uart.h"

/** A UART. Owned by the caller; its members are private. */
typedef struct mrt_cmsdk_uart {
    uint32_t base;   /**< Address of its registers. */
    mrt_ring_t ring; /**< What was received. */
} mrt_cmsdk_uart_t;

/**
 * @brief Sets the UART up, and lets it interrupt the core on received bytes.
 * @param[out] uart The UART.
 * @param base Address of its registers.
 * @param interrupt Number of its receive interrupt (0: the first behind the sixteen of the architecture), which gets
 *                  MRT_NVIC_PRIORITY.
 * @param divider Peripheral clock over baud rate, at least 16.
 * @return The line as ports see it; valid as long as `uart`.
 */
mrt_uart_t mrt_cmsdk_uart_init(mrt_cmsdk_uart_t *uart, uint32_t base, uint32_t interrupt, uint32_t divider);

/**
 * @brief Takes what has arrived into the ring. Call it from the receive interrupt, then signal MRT_EVENT_RECEIVED.
 *
 * Bytes for which the ring has no room are dropped.
 *
 * @param uart An initialised UART.
 */
void mrt_cmsdk_uart_interrupt(mrt_cmsdk_uart_t *uart);

#endif
