/* Somebody's start-up code: vectors, FPU, then newlib's own start, whose console is semihosting. */
#include <stdint.h>

extern uint32_t stack_top[];
void _start(void);
void reset(void);
void stop(void);

struct vectors {
    uint32_t *stack;
    void (*handlers[15])(void);
};

__attribute__((section(".vectors"), used)) const struct vectors vectors = {
    stack_top,
    {reset, stop, stop, stop, stop, stop, stop, stop, stop, stop, stop, stop, stop, stop, stop},
};

void stop(void)
{
    for (;;) {
    }
}

void reset(void)
{
#if defined(__ARM_FP) || defined(__ARM_FEATURE_MVE)
    *(volatile uint32_t *)0xE000ED88u |= 0x00F00000u;
    __asm volatile("dsb\n\tisb" ::: "memory");
#endif
    _start();
}
