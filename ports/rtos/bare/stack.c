/* Stack painting: how deep calls went. */
#include "ports/rtos/bare/port.h"

#define PATTERN 0x5AC3A55Cu

/* Made by the linker script. */
extern uint32_t mrt_port_stack_bottom[];

/*
 * The caller's stack pointer. Both functions below are leaves that the compiler may not inline into a frame of
 * another size, so that painting and measuring refer to the same depth.
 */
static inline uint32_t *stack_pointer(void)
{
    uint32_t *pointer;
    __asm volatile("mov %0, sp" : "=r"(pointer));
    return pointer;
}

__attribute__((noinline)) void mrt_port_stack_paint(void)
{
    /* Nothing below the stack pointer is alive: no interrupt is enabled that could use it meanwhile. */
    const uint32_t *const end = stack_pointer();
    for (volatile uint32_t *word = mrt_port_stack_bottom; word != end; ++word) {
        *word = PATTERN;
    }
}

__attribute__((noinline)) uint32_t mrt_port_stack_used(void)
{
    const uint32_t *const end = stack_pointer();
    const uint32_t *word = mrt_port_stack_bottom;
    while ((word != end) && (*word == PATTERN)) {
        ++word;
    }
    return (uint32_t)(end - word) * (uint32_t)sizeof(uint32_t);
}
