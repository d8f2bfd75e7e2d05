/* The UART of STM32F746 boards under an operating system that starts from the bare-metal port's vector table. */
#include "ports/rtos/board.h"

#include "ports/soc/stm32f746/uart.h"

static mrt_ring_t ring;

void mrt_port_interrupt(void);

/* Only the USART's interrupt is enabled. */
void mrt_port_interrupt(void)
{
    mrt_stm32f746_uart_interrupt(&ring);
    board_received();
}

mrt_uart_t board_uart(void)
{
    return mrt_stm32f746_uart_init(&ring);
}
