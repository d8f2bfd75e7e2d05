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
    char text[12] = {0};
    uint32_t rest = (value < 0) ? (0u - (uint32_t)value) : (uint32_t)value;
    uint32_t first = 11u;
    do {
        first -= 1u;
        text[first] = (char)('0' + (char)(rest % 10u));
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
    char text[11] = "0x";
    for (uint32_t digit = 0u; digit < 8u; ++digit) {
        text[2u + digit] = digits[(value >> (28u - (4u * digit))) & 0xFu];
    }
    mrt_print(platform, text);
}
