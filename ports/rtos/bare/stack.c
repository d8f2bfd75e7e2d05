/* Stack painting: how deep calls went. */
#include "ports/rtos/bare/port.h"

#define PATTERN 0x5AC3A55Cu

/* Made by the linker script. */
extern uint32_t mrt_port_stack_bottom[];

__attribute__((noinline)) void mrt_port_stack_paint(void)
{
    /*
     * Nothing below the stack pointer is alive: no interrupt is enabled that could use it meanwhile. In one block, for
     * the compiler may save registers between two, below a stack pointer read before.
     */
    uint32_t *word = mrt_port_stack_bottom;
    uint32_t *end;
    __asm volatile(".syntax unified\n\t"
                   "mov  %[end], sp\n"
                   "1:\n\t"
                   "stm  %[word]!, {%[pattern]}\n\t"
                   "cmp  %[word], %[end]\n\t"
                   "blo  1b"
                   : [word] "+&l"(word), [end] "=&l"(end)
                   : [pattern] "l"(PATTERN)
                   : "cc", "memory");
}

__attribute__((noinline)) uint32_t mrt_port_stack_used(void)
{
    const uint32_t *end;
    __asm volatile("mov %0, sp" : "=r"(end));
    const uint32_t *word = mrt_port_stack_bottom;
    while ((word < end) && (*word == PATTERN)) {
        ++word;
    }
    return (uint32_t)(end - word) * (uint32_t)sizeof(uint32_t);
}
