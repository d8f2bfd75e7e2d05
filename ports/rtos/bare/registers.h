/**
 * @file registers.h
 * @brief The few registers of the Cortex-M system control space that the port uses (Armv8-M ARM, chapter D1).
 */
#ifndef MRT_PORTS_BARE_REGISTERS_H
#define MRT_PORTS_BARE_REGISTERS_H

#include <stdint.h>

/* A memory-mapped register. The address is fixed by the architecture. */
#define MRT_REGISTER(address) (*(volatile uint32_t *)(address))

/* SysTick control and status. */
#define MRT_SYST_CSR MRT_REGISTER(0xE000E010u) /* MISRA D3 */
/* SysTick reload value. */
#define MRT_SYST_RVR MRT_REGISTER(0xE000E014u) /* MISRA D3 */
/* SysTick current value, counts down. */
#define MRT_SYST_CVR MRT_REGISTER(0xE000E018u) /* MISRA D3 */
/* Interrupt control and state. */
#define MRT_SCB_ICSR MRT_REGISTER(0xE000ED04u) /* MISRA D3 */
/* Configurable fault status; reads 0 on Armv6-M. */
#define MRT_SCB_CFSR MRT_REGISTER(0xE000ED28u) /* MISRA D3 */
/* Hard fault status; reads 0 on Armv6-M. */
#define MRT_SCB_HFSR MRT_REGISTER(0xE000ED2Cu) /* MISRA D3 */
/* Address of a memory management fault. */
#define MRT_SCB_MMFAR MRT_REGISTER(0xE000ED34u) /* MISRA D3 */
/* Coprocessor access control. */
#define MRT_SCB_CPACR MRT_REGISTER(0xE000ED88u) /* MISRA D3 */

#define MRT_SYST_CSR_ENABLE 0x1u
#define MRT_SYST_CSR_INTERRUPT 0x2u
#define MRT_SYST_CSR_CORE_CLOCK 0x4u
#define MRT_SCB_ICSR_SYSTICK_PENDING 0x04000000u
#define MRT_SCB_CFSR_EXECUTION 0x1u  /* memory management: an instruction was fetched */
#define MRT_SCB_CFSR_STACKING 0x10u  /* memory management: while an exception was entered */
#define MRT_SCB_CFSR_MMAR_VALID 0x80u /* memory management: MMFAR holds the address */
#define MRT_SCB_CPACR_FPU_FULL 0x00F00000u /* CP10 and CP11: floating point and MVE */

#endif
