/* The firmware's own board support: a console, here by semihosting. */
#ifndef BOARD_H
#define BOARD_H

#include <stdint.h>

void board_print(const char *text);
void board_print_number(int32_t value);

#endif
