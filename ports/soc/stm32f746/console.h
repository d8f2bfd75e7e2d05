/**
 * @file console.h
 * @brief The console of STM32F746 boards: the USART that ST-LINK shows as a serial port, 115,200 baud, 8N1.
 */
#ifndef MRT_PORTS_SOC_STM32F746_CONSOLE_H
#define MRT_PORTS_SOC_STM32F746_CONSOLE_H

#include <stdint.h>

/** Sets pins and USART up; the clocks run already. Then mrt_port_print prints there. */
void mrt_stm32f746_console_start(void);

/** Sends a byte; waits until the one before has left. */
void mrt_stm32f746_console_send(uint8_t byte);

#endif
