/*
 * Vector table, reset and fault handling for any Cortex-M. Handlers have the names of CMSIS; one that nobody else
 * defines is the fault handler. An operating system under which the core starts here brings SVC_Handler, PendSV_Handler
 * and SysTick_Handler; mrt_port_interrupt takes all interrupts of devices, and mrt_port_board, which runs before main when variables have
 * their first values, sets up clocks, caches and console where a board needs it.
 */
#include "ports/rtos/bare/linker.h"
#include "ports/rtos/bare/mpu.h"
#include "ports/rtos/bare/port.h"
#include "ports/rtos/bare/registers.h"

/* Whether memory protection is on from the start; 0 under an operating system, which the MPU may belong to. */
#if !defined(MRT_PORT_PROTECTED)
#define MRT_PORT_PROTECTED 1
#endif

__attribute__((noreturn)) void mrt_port_reset(void);
void mrt_port_no_board(void);
void mrt_port_board(void) __attribute__((weak, alias("mrt_port_no_board")));
void mrt_port_fault(void);
__attribute__((noreturn, used)) void mrt_port_fault_report(const uint32_t *frame);
void SVC_Handler(void) __attribute__((weak, alias("mrt_port_fault")));
void PendSV_Handler(void) __attribute__((weak, alias("mrt_port_fault")));
void SysTick_Handler(void) __attribute__((weak, alias("mrt_port_fault")));
void mrt_port_interrupt(void) __attribute__((weak, alias("mrt_port_fault")));

/* Interrupts of devices; the largest multiple of 16 for which all boards have room. */
#define DEVICES 64

/* The first sixteen entries are the architecture's. */
typedef struct vector_table {
    uint32_t *stack_top;
    void (*handlers[15])(void);
    void (*devices[DEVICES])(void);
} vector_table_t;

#define FOUR(handler) handler, handler, handler, handler
#define SIXTEEN(handler) FOUR(handler), FOUR(handler), FOUR(handler), FOUR(handler)

extern const vector_table_t mrt_port_vectors;

__attribute__((section(".vectors"), used)) const vector_table_t mrt_port_vectors = {
    mrt_port_stack_top,
    {
        mrt_port_reset, /* 1 */
        mrt_port_fault, /* 2 NMI */
        mrt_port_fault, /* 3 HardFault; the configurable faults below escalate to it */
        mrt_port_fault, mrt_port_fault, mrt_port_fault, mrt_port_fault, mrt_port_fault, mrt_port_fault, mrt_port_fault,
        SVC_Handler, /* 11 */
        mrt_port_fault, mrt_port_fault,
        PendSV_Handler, /* 14 */
        SysTick_Handler /* 15 */
    },
    {SIXTEEN(mrt_port_interrupt), SIXTEEN(mrt_port_interrupt), SIXTEEN(mrt_port_interrupt), SIXTEEN(mrt_port_interrupt)},
};

/* Every load and store from here on may rely on what is set up here, so it comes before the first C object is used. */
static void enable_core_features(void)
{
#if defined(__ARM_FP) || defined(__ARM_FEATURE_MVE)
    MRT_SCB_CPACR |= MRT_SCB_CPACR_FPU_FULL;
    __asm volatile("dsb\n\tisb" ::: "memory"); /* MISRA D5 */
#endif
#if defined(__ARM_ARCH_8M_MAIN__) || defined(__ARM_ARCH_8_1M_MAIN__)
    __asm volatile("msr msplim, %0" : : "r"(mrt_port_stack_bottom)); /* a stack overflow faults. MISRA D5 */
#endif
}

void mrt_port_no_board(void)
{
    /* nothing to set up: an emulated board, or one that its boot loader set up */
}

void mrt_port_reset(void)
{
    enable_core_features();
    uint32_t count = 0u;
    while (&mrt_port_data_begin[count] != mrt_port_data_end) {
        mrt_port_data_begin[count] = mrt_port_data_image[count];
        count += 1u;
    }
    count = 0u;
    while (&mrt_port_bss_begin[count] != mrt_port_bss_end) {
        mrt_port_bss_begin[count] = 0u;
        count += 1u;
    }
    mrt_port_board();
#if MRT_PORT_PROTECTED == 1
    if (!mrt_port_mpu_protect()) {
        mrt_port_print("too few MPU regions for the guards of all arenas\n");
        mrt_port_exit(MRT_PORT_EXIT_FAULT);
    }
#endif
    mrt_port_exit(main());
}

/* Finds the exception frame and reports on a fresh stack: the old one may be what broke. Armv6-M instructions only. */
__attribute__((naked)) void mrt_port_fault(void)
{
    __asm volatile(".syntax unified\n\t" /* MISRA D5 */
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

#if MRT_PORT_PROTECTED == 1
/* What memory protection has to say. Its handler runs with protection off, so that nothing here can fault again. */
static void report_protection(void)
{
    const uint32_t status = MRT_SCB_CFSR;
    if ((status & MRT_SCB_CFSR_MMAR_VALID) != 0u) {
        const uint32_t address = MRT_SCB_MMFAR;
        mrt_port_print("memory protection: access to ");
        mrt_port_print_hex(address);
        mrt_port_print(", ");
        mrt_port_print(mrt_port_mpu_text(address));
        mrt_port_print("\n");
    } else if ((status & MRT_SCB_CFSR_STACKING) != 0u) {
        mrt_port_print("memory protection: no room on the stack for an exception\n");
    } else if ((status & MRT_SCB_CFSR_EXECUTION) != 0u) {
        mrt_port_print("memory protection: execution of data, or of no memory\n");
    } else {
        /* another kind of fault */
    }
}
#endif

void mrt_port_fault_report(const uint32_t *frame)
{
    mrt_port_print("\nfault: CFSR ");
    mrt_port_print_hex(MRT_SCB_CFSR);
    mrt_port_print(" HFSR ");
    mrt_port_print_hex(MRT_SCB_HFSR);
    /* Reading a frame outside the stack could fault again, which locks the core up. */
    const uintptr_t address = (uintptr_t)frame; /* MISRA D3 */
    const uintptr_t bottom = (uintptr_t)mrt_port_stack_bottom; /* MISRA D3 */
    const uintptr_t top = (uintptr_t)mrt_port_stack_top;       /* MISRA D3 */
    if ((address >= bottom) && ((address + 32u) <= top)) {
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
#if MRT_PORT_PROTECTED == 1
    report_protection();
#endif
    mrt_port_exit(MRT_PORT_EXIT_FAULT);
}
