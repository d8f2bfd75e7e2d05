/* Vector table, reset and fault handling for any Cortex-M. */
#include "ports/rtos/bare/port.h"
#include "ports/rtos/bare/registers.h"

/* Made by the linker script. */
extern uint32_t mrt_port_stack_bottom[];
extern uint32_t mrt_port_stack_top[];
extern uint32_t mrt_port_data_begin[];
extern uint32_t mrt_port_data_end[];
extern const uint32_t mrt_port_data_image[];
extern uint32_t mrt_port_bss_begin[];
extern uint32_t mrt_port_bss_end[];

__attribute__((noreturn)) void mrt_port_reset(void);
void mrt_port_fault(void);
__attribute__((noreturn, used)) void mrt_port_fault_report(const uint32_t *frame);
void mrt_port_systick(void);

/* The first sixteen entries are the architecture's; the port enables no device interrupts. */
typedef struct vector_table {
    uint32_t *stack_top;
    void (*handlers[15])(void);
} vector_table_t;

extern const vector_table_t mrt_port_vectors;

__attribute__((section(".vectors"), used)) const vector_table_t mrt_port_vectors = {
    mrt_port_stack_top,
    {
        mrt_port_reset, /* 1 */
        mrt_port_fault, /* 2 NMI */
        mrt_port_fault, /* 3 HardFault; the configurable faults below escalate to it */
        mrt_port_fault, mrt_port_fault, mrt_port_fault, mrt_port_fault, mrt_port_fault, mrt_port_fault, mrt_port_fault,
        mrt_port_fault, /* 11 SVCall */
        mrt_port_fault, mrt_port_fault,
        mrt_port_fault,  /* 14 PendSV */
        mrt_port_systick /* 15 SysTick */
    },
};

/* Every load and store from here on may rely on what is set up here, so it comes before the first C object is used. */
static void enable_core_features(void)
{
#if defined(__ARM_FP) || defined(__ARM_FEATURE_MVE)
    MRT_SCB_CPACR |= MRT_SCB_CPACR_FPU_FULL;
    __asm volatile("dsb\n\tisb" ::: "memory");
#endif
#if defined(__ARM_ARCH_8M_MAIN__) || defined(__ARM_ARCH_8_1M_MAIN__)
    __asm volatile("msr msplim, %0" : : "r"(mrt_port_stack_bottom)); /* a stack overflow faults */
#endif
}

void mrt_port_reset(void)
{
    enable_core_features();
    const uint32_t *image = mrt_port_data_image;
    for (uint32_t *word = mrt_port_data_begin; word != mrt_port_data_end; ++word) {
        *word = *image;
        ++image;
    }
    for (uint32_t *word = mrt_port_bss_begin; word != mrt_port_bss_end; ++word) {
        *word = 0u;
    }
    mrt_port_exit(main());
}

/* Finds the exception frame and reports on a fresh stack: the old one may be what broke. Armv6-M instructions only. */
__attribute__((naked)) void mrt_port_fault(void)
{
    __asm volatile(".syntax unified\n\t"
                   "movs r0, #4\n\t"
                   "mov  r1, lr\n\t"
                   "tst  r0, r1\n\t"
                   "beq  1f\n\t"
                   "mrs  r0, psp\n\t"
                   "b    2f\n"
                   "1:\n\t"
                   "mrs  r0, msp\n"
                   "2:\n\t"
                   "ldr  r1, =mrt_port_stack_top\n\t"
                   "mov  sp, r1\n\t"
                   "ldr  r1, =mrt_port_fault_report\n\t"
                   "bx   r1\n\t"
                   ".ltorg");
}

void mrt_port_fault_report(const uint32_t *frame)
{
    mrt_port_print("\nfault: CFSR ");
    mrt_port_print_hex(MRT_SCB_CFSR);
    mrt_port_print(" HFSR ");
    mrt_port_print_hex(MRT_SCB_HFSR);
    /* Reading a frame outside the stack could fault again, which locks the core up. */
    const uintptr_t address = (uintptr_t)frame; /* MISRA P1 */
    if ((address >= (uintptr_t)mrt_port_stack_bottom) && ((address + 32u) <= (uintptr_t)mrt_port_stack_top)) {
        mrt_port_print(" PC ");
        mrt_port_print_hex(frame[6]);
        mrt_port_print(" LR ");
        mrt_port_print_hex(frame[5]);
    } else {
        mrt_port_print(" stack pointer ");
        mrt_port_print_hex((uint32_t)address);
        mrt_port_print(" outside the stack");
    }
    mrt_port_print("\n");
    mrt_port_exit(MRT_PORT_EXIT_FAULT);
}
