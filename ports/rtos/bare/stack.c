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
    /* Without a frame of its own, which would lie where it looks; and interrupts wait until it has looked. */
    const uint32_t *word = mrt_port_stack_bottom;
    uint32_t used;
    uint32_t value;
    __asm volatile(".syntax unified\n\t" /* MISRA D5 */
                   "mov  %[used], sp\n"
                   "1:\n\t"
                   "ldr  %[value], [%[word]]\n\t"
                   "cmp  %[value], %[pattern]\n\t"
                   "bne  2f\n\t"
                   "adds %[word], #4\n\t"
                   "cmp  %[word], %[used]\n\t"
                   "blo  1b\n"
                   "2:\n\t"
                   "subs %[used], %[used], %[word]\n\t"
                   "cpsie i"
                   : [word] "+&l"(word), [used] "=&l"(used), [value] "=&l"(value)
                   : [pattern] "l"(PATTERN)
                   : "cc", "memory");
    return used;
}
