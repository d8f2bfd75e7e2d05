/* Stack painting: how deep calls went. */
#include "ports/rtos/bare/linker.h"
#include "ports/rtos/bare/port.h"

#define PATTERN 0x5AC3A55Cu

__attribute__((noinline)) void mrt_port_stack_paint(void)
{
    /*
     * Nothing below the stack pointer is alive. Interrupts would leave their frames there, so they wait until the stack
     * is measured. In one block, for the compiler may save registers between two, below a stack pointer read before.
     */
    uint32_t *word = mrt_port_stack_bottom;
    uint32_t *end;
    __asm volatile(".syntax unified\n\t" /* MISRA D5 */
                   "cpsid i\n\t"
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
    __asm volatile("mov %0, sp" : "=r"(end)); /* MISRA D5 */
    __asm volatile("cpsie i" ::: "memory"); /* MISRA D5 */
    uint32_t used = 0u;
    bool below = true;
    for (const uint32_t *word = mrt_port_stack_bottom; word < end; ++word) {
        below = below && (*word == PATTERN);
        used += below ? 0u : (uint32_t)sizeof(uint32_t);
    }
    return used;
}
