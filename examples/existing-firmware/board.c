/* Start-up and console of this firmware; nothing here knows of micrort. */
#include "board.h"

extern uint32_t stack_top[], data_begin[], data_end[], bss_begin[], bss_end[];
extern const uint32_t data_image[];

int main(void);
void reset(void);
void stop(void);

/* The core's first sixteen vectors; this firmware uses no interrupts. */
struct vectors {
    uint32_t *stack;
    void (*handlers[15])(void);
};

extern const struct vectors vectors;
__attribute__((section(".vectors"), used)) const struct vectors vectors = {
    stack_top,
    {reset, stop, stop, stop, stop, stop, stop, stop, stop, stop, stop, stop, stop, stop, stop},
};

static void semihosting(uint32_t operation, const void *operand)
{
    register uint32_t r0 __asm("r0") = operation;
    register const void *r1 __asm("r1") = operand;
    __asm volatile("bkpt 0xAB" : "+r"(r0) : "r"(r1) : "memory");
}

static void leave(int32_t code)
{
    const uint32_t operands[2] = {0x20026u, (uint32_t)code};
    for (;;) {
        semihosting(0x20u, operands);
    }
}

void stop(void)
{
    leave(120);
}

void reset(void)
{
    *(volatile uint32_t *)0xE000ED88u |= 0x00F00000u; /* enables the FPU */
    __asm volatile("dsb\n\tisb" ::: "memory");
    const uint32_t *image = data_image;
    for (uint32_t *word = data_begin; word != data_end; ++word) {
        *word = *image++;
    }
    for (uint32_t *word = bss_begin; word != bss_end; ++word) {
        *word = 0u;
    }
    leave(main());
}

void board_print(const char *text)
{
    semihosting(4u, text);
}

void board_print_number(int32_t value)
{
    char text[12] = {0};
    uint32_t rest = (value < 0) ? (0u - (uint32_t)value) : (uint32_t)value;
    uint32_t first = 11u;
    do {
        text[--first] = (char)('0' + (char)(rest % 10u));
        rest /= 10u;
    } while (rest != 0u);
    if (value < 0) {
        text[--first] = '-';
    }
    board_print(&text[first]);
}
