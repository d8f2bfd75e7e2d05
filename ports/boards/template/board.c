/*
 * What the board needs beside the start-up code, which works on any Cortex-M: clocks, and a console. Replace the bodies;
 * the names are those of ports/rtos/bare/port.h. As it stands, this is the UART of QEMU's mps2-an385.
 */
#include "ports/rtos/bare/port.h"
#include "ports/rtos/bare/registers.h"

#define UART_DATA MRT_REGISTER(MRT_BOARD_UART_BASE)              /* MISRA D3 */
#define UART_STATE MRT_REGISTER(MRT_BOARD_UART_BASE + 0x04u)     /* bit 0: no room for a character */
#define UART_CONTROL MRT_REGISTER(MRT_BOARD_UART_BASE + 0x08u)   /* bit 0: sends */
#define UART_DIVIDER MRT_REGISTER(MRT_BOARD_UART_BASE + 0x10u)   /* clock over baud rate */

void mrt_port_board(void);

/* Runs before main, when variables have their first values: clocks, flash wait states, caches, pins, console. */
void mrt_port_board(void)
{
    UART_DIVIDER = MRT_BOARD_UART_DIVIDER; /* MISRA D3 */
    UART_CONTROL = 1u; /* MISRA D3 */
}

static void send(char character)
{
    while ((UART_STATE & 1u) != 0u) { /* MISRA D3 */
        /* the transmitter is busy */
    }
    UART_DATA = (uint8_t)character;
}

void mrt_port_print(const char *text)
{
    for (uint32_t index = 0u; text[index] != '\0'; ++index) {
        send(text[index]);
    }
}

void mrt_port_exit(int32_t code)
{
    (void)code; /* a debugger finds it in r0 */
    for (;;) {
        __asm volatile("wfi" ::: "memory"); /* MISRA D5 */
    }
}
