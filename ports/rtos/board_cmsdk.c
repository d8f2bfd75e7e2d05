/* The UART of the MPS2 and MPS3 boards under an operating system that starts from the bare-metal port's vector table. */
#include "ports/rtos/board.h"

#include "ports/drivers/cmsdk_uart.h"

/* 115,200 baud from the peripheral clock. */
#define DIVIDER (MRT_BOARD_CLOCK_HZ / 115200u)

static mrt_cmsdk_uart_t uart;

void mrt_port_interrupt(void);

/* Only the UART's receive interrupt is enabled. */
void mrt_port_interrupt(void)
{
    mrt_cmsdk_uart_interrupt(&uart);
    board_received();
}

mrt_uart_t board_uart(void)
{
    return mrt_cmsdk_uart_init(&uart, MRT_BOARD_UART_BASE, MRT_BOARD_UART_INTERRUPT, DIVIDER);
}
