/* What ThreadX leaves to the board: its tick, the priorities of its exceptions, and the stack of interrupts. */
#include "tx_api.h"
#include "tx_initialize.h"
#include "tx_thread.h"
#include "tx_timer.h"

#include "ports/rtos/bare/linker.h"
#include "ports/rtos/bare/registers.h"

/* Priorities of exceptions 8 to 15, a byte each: SVCall and PendSV the lowest, SysTick above them. */
#define SHPR2 MRT_REGISTER(0xE000ED1Cu) /* MISRA D3 */
#define SHPR3 MRT_REGISTER(0xE000ED20u) /* MISRA D3 */

void _tx_initialize_low_level(void);
void _tx_timer_interrupt(void);
void SysTick_Handler(void);

void _tx_initialize_low_level(void)
{
    __asm volatile("cpsid i" ::: "memory"); /* MISRA D5 */
    _tx_thread_system_stack_ptr = mrt_port_stack_top;
    _tx_initialize_unused_memory = NULL; /* all memory is static */
    SHPR2 = 0xFF000000u;
    SHPR3 = 0x40FF0000u;
    MRT_SYST_RVR = (MRT_BOARD_CLOCK_HZ / TX_TIMER_TICKS_PER_SECOND) - 1u;
    MRT_SYST_CVR = 0u;
    MRT_SYST_CSR = MRT_SYST_CSR_ENABLE | MRT_SYST_CSR_INTERRUPT | MRT_SYST_CSR_CORE_CLOCK;
}

void SysTick_Handler(void)
{
    _tx_timer_interrupt();
}
