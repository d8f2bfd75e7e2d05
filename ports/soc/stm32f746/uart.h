/**
 * @file uart.h
 * @brief The console's USART as a serial line: received by interrupt into a ring, sent by polling. 115,200 baud, 8N1.
 *
 * There is one, which board.toml names; mrt_port_print may print on it from the same thread.
 */
#ifndef MRT_PORTS_SOC_STM32F746_UART_H
#define MRT_PORTS_SOC_STM32F746_UART_H

#include "ports/drivers/ring.h"
#include "ports/drivers/uart.h"

/**
 * @brief Lets received bytes interrupt the core, at MRT_NVIC_PRIORITY; the console was started before.
 * @param[out] ring Where they wait to be read; outlives the line.
 * @return The line as ports see it; valid as long as `ring`.
 */
mrt_uart_t mrt_stm32f746_uart_init(mrt_ring_t *ring);

/**
 * @brief Takes what has arrived into the ring. Call it from the USART's interrupt, then signal MRT_EVENT_RECEIVED.
 *
 * Bytes for which the ring has no room are dropped, and so are those that came while the interrupt was masked too long:
 * the USART itself holds one.
 *
 * @param ring That of mrt_stm32f746_uart_init.
 */
void mrt_stm32f746_uart_interrupt(mrt_ring_t *ring);

#endif
