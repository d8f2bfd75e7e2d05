/**
 * @file nvic.h
 * @brief The core's interrupt controller, for drivers: the same registers on every Cortex-M (Armv7-M ARM, B3.4).
 */
#ifndef MRT_PORTS_DRIVERS_NVIC_H
#define MRT_PORTS_DRIVERS_NVIC_H

#include <stdint.h>

/** The priority of drivers: above PendSV, in which ThreadX idles, and where FreeRTOS allows calls of its functions. */
#define MRT_NVIC_PRIORITY 0xC0u

/**
 * @brief Enables an interrupt at MRT_NVIC_PRIORITY.
 * @param interrupt Its number, 0 the first behind the sixteen of the architecture; it had priority 0, as after reset.
 */
static inline void mrt_nvic_enable(uint32_t interrupt)
{
    /* A byte for each priority, a bit to enable each. Word access only: Armv6-M has no other to these registers. */
    volatile uint32_t *priorities = (volatile uint32_t *)0xE000E400u; /* MISRA D3 */
    volatile uint32_t *enable = (volatile uint32_t *)0xE000E100u;     /* MISRA D3 */
    priorities[interrupt / 4u] |= MRT_NVIC_PRIORITY << (8u * (interrupt % 4u));
    enable[interrupt / 32u] = 1uL << (interrupt % 32u);
}

#endif
