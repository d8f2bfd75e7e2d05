/* Numbers as text on whatever console mrt_port_print is. */
#include "ports/rtos/bare/port.h"

static const char digits[] = "0123456789abcdef";

void mrt_port_print_decimal(uint64_t value)
{
    char text[21];
    uint32_t first = (uint32_t)sizeof(text) - 1u;
    text[first] = '\0';
    uint64_t rest = value;
    do {
        --first;
        text[first] = digits[rest % 10u];
        rest /= 10u;
    } while (rest != 0u);
    mrt_port_print(&text[first]);
}

void mrt_port_print_hex(uint32_t value)
{
    char text[11];
    text[0] = '0';
    text[1] = 'x';
    text[10] = '\0';
    for (uint32_t digit = 0u; digit < 8u; ++digit) {
        text[2u + digit] = digits[(value >> (28u - (4u * digit))) & 0xFu];
    }
    mrt_port_print(text);
}
