/**
 * @file print.h
 * @brief Text on a platform's transport.
 *
 * One thread at a time, not from an ISR.
 */
#ifndef MRT_PORTS_SERVICE_PRINT_H
#define MRT_PORTS_SERVICE_PRINT_H

#include "micrort/platform.h"

/** Sends `text`. */
void mrt_print(const mrt_platform_t *platform, const char *text);

/** Sends `value` in decimal. */
void mrt_print_number(const mrt_platform_t *platform, int32_t value);

/** Sends `value` as 0x and eight hexadecimal digits. */
void mrt_print_hex(const mrt_platform_t *platform, uint32_t value);

#endif
