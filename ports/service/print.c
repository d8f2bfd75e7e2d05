#include "ports/service/print.h"

void mrt_print(const mrt_platform_t *platform, const char *text)
{
    uint32_t size = 0u;
    while (text[size] != '\0') {
        size += 1u;
    }
    (void)platform->write(platform->context, (const uint8_t *)text, size);
}

void mrt_print_number(const mrt_platform_t *platform, int32_t value)
{
    static const char digits[10] = {'0', '1', '2', '3', '4', '5', '6', '7', '8', '9'};
    char text[12] = {0};
    uint32_t rest = (value < 0) ? (0u - (uint32_t)value) : (uint32_t)value;
    uint32_t first = 11u;
    do {
        first -= 1u;
        text[first] = digits[rest % 10u];
        rest /= 10u;
    } while (rest != 0u);
    if (value < 0) {
        first -= 1u;
        text[first] = '-';
    }
    mrt_print(platform, &text[first]);
}

void mrt_print_hex(const mrt_platform_t *platform, uint32_t value)
{
    static const char digits[] = "0123456789abcdef";
    char text[11] = {0};
    text[0] = '0';
    text[1] = 'x';
    for (uint32_t digit = 0u; digit < 8u; ++digit) {
        text[2u + digit] = digits[(value >> (28u - (4u * digit))) & 0xFu];
    }
    mrt_print(platform, text);
}
