/**
 * @file board.h
 * @brief What an application asks of a board where the operating system brings no support for it.
 *
 * Clock, UART address and interrupt are macros that come from the board's board.toml (MRT_BOARD_*).
 */
#ifndef MRT_PORTS_RTOS_BOARD_H
#define MRT_PORTS_RTOS_BOARD_H

#include <stdint.h>

#include "ports/drivers/uart.h"

/** Sets up the board's UART; its receive interrupt calls board_received from now on. */
mrt_uart_t board_uart(void);

/** Called by the receive interrupt when bytes have been taken; the application's. */
void board_received(void);

/** Ends the firmware: an emulator exits with `code`. Does not return. */
__attribute__((noreturn)) void board_exit(int32_t code);

/** Prints a reason in two parts on the debugger's console and ends the firmware with code 2. */
__attribute__((noreturn)) void board_fail(const char *reason, const char *what);

#endif
