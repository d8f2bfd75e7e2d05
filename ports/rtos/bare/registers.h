/**
 * @file registers.h
 * @brief The few registers of the Cortex-M system control space that the port uses (Armv8-M ARM, chapter D1).
 */
#ifndef MRT_PORTS_BARE_REGISTERS_H
#define MRT_PORTS_BARE_REGISTERS_H

#include <stdint.h>

/* A memory-mapped register. The address is fixed by the architecture. MISRA P1 */
#define MRT_REGISTER(address) (*(volatile uint32_t *)(address))

#define MRT_SYST_CSR MRT_REGISTER(0xE000E010u)  /* SysTick control and status */
#define MRT_SYST_RVR MRT_REGISTER(0xE000E014u)  /* SysTick reload value */
#define MRT_SYST_CVR MRT_REGISTER(0xE000E018u)  /* SysTick current value, counts down */
#define MRT_SCB_ICSR MRT_REGISTER(0xE000ED04u)  /* interrupt control and state */
#define MRT_SCB_VTOR MRT_REGISTER(0xE000ED08u)  /* vector table offset */
#define MRT_SCB_CFSR MRT_REGISTER(0xE000ED28u)  /* configurable fault status; reads 0 on Armv6-M */
#define MRT_SCB_HFSR MRT_REGISTER(0xE000ED2Cu)  /* hard fault status; reads 0 on Armv6-M */
#define MRT_SCB_CPACR MRT_REGISTER(0xE000ED88u) /* coprocessor access control */

#define MRT_SYST_CSR_ENABLE 0x1u
#define MRT_SYST_CSR_INTERRUPT 0x2u
#define MRT_SYST_CSR_CORE_CLOCK 0x4u
#define MRT_SCB_ICSR_SYSTICK_PENDING 0x04000000u
#define MRT_SCB_CPACR_FPU_FULL 0x00F00000u /* CP10 and CP11: floating point and MVE */

#endif
