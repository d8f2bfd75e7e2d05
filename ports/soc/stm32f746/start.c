/*
 * Sets an STM32F746 up before main: 216 MHz from the board's clock source, flash accelerator, caches, cycle counter.
 * Where the source does not start, the PLL runs from the internal oscillator: the same frequency, to 1 %.
 * Code is fetched through the AXI bus and the instruction cache; the accelerator serves the flash's alias at 0x00200000.
 * The caches are on and nothing here uses DMA; an application that does cleans and invalidates what it shares.
 */
#include "ports/rtos/bare/port.h"
#include "ports/soc/stm32f746/console.h"
#include "ports/soc/stm32f746/stm32f746.h"

/* The PLL: 1 MHz in, times 432, by 2 for the core (216 MHz), by 9 for USB (48 MHz). */
#define PLL_MULTIPLY 432u
#define PLL_USB 9u
#define INTERNAL_MHZ 16u
/* At 2.7 V and more: a wait state for every 30 MHz that begin. */
#define WAIT_STATES 7u
/* Passes of a loop, after which a clock source counts as dead: some 60 ms at the 16 MHz after reset. */
#define PATIENCE 200000u

extern const uint32_t mrt_port_vectors_begin[]; /* MISRA D6 */

void mrt_port_board(void);

static void barrier(void)
{
    __asm volatile("dsb\n\tisb" ::: "memory"); /* MISRA D5 */
}

/* Whether the external source runs. */
static bool external_clock(void)
{
#if MRT_BOARD_HSE_BYPASS != 0
    MRT_RCC_CR |= MRT_RCC_CR_HSE_BYPASS; /* can be written only while the source is off */
#endif
    MRT_RCC_CR |= MRT_RCC_CR_HSE_ON;
    uint32_t left = PATIENCE;
    while (((MRT_RCC_CR & MRT_RCC_CR_HSE_READY) == 0u) && (left > 0u)) {
        --left;
    }
    return left > 0u;
}

/* RM0385, 4.1.4: over-drive is entered while the PLL starts and the core still runs from the internal oscillator. */
static void raise_power(void)
{
    MRT_PWR_CR1 |= MRT_PWR_CR1_OVERDRIVE;
    while ((MRT_PWR_CSR1 & MRT_PWR_CR1_OVERDRIVE) == 0u) {
        /* the regulator rises */
    }
    MRT_PWR_CR1 |= MRT_PWR_CR1_OVERDRIVE_SWITCH;
    while ((MRT_PWR_CSR1 & MRT_PWR_CR1_OVERDRIVE_SWITCH) == 0u) {
        /* the switch */
    }
}

static void start_clock(void)
{
    MRT_RCC_APB1ENR |= MRT_RCC_APB1ENR_PWR;
    MRT_PWR_CR1 |= MRT_PWR_CR1_SCALE_1;
    const bool external = external_clock();
    const uint32_t divide = external ? (MRT_BOARD_HSE_HZ / 1000000u) : INTERNAL_MHZ;
    const uint32_t factors = divide | ((uint32_t)PLL_MULTIPLY << 6u) | ((uint32_t)PLL_USB << 24u);
    const uint32_t source = external ? MRT_RCC_PLLCFGR_FROM_HSE : 0u;
    MRT_RCC_PLLCFGR = (MRT_RCC_PLLCFGR & MRT_RCC_PLLCFGR_RESERVED) | factors | source;
    MRT_RCC_CR |= MRT_RCC_CR_PLL_ON;
    raise_power();
    while ((MRT_RCC_CR & MRT_RCC_CR_PLL_READY) == 0u) {
        /* the PLL locks */
    }
    MRT_FLASH_ACR = WAIT_STATES | MRT_FLASH_ACR_PREFETCH | MRT_FLASH_ACR_ART;
    while ((MRT_FLASH_ACR & MRT_FLASH_ACR_WAIT_STATES) != WAIT_STATES) {
        /* the flash takes the wait states over before the clock rises */
    }
    MRT_RCC_CFGR = MRT_RCC_CFGR_APB1_QUARTER | MRT_RCC_CFGR_APB2_HALF | MRT_RCC_CFGR_SWITCH_PLL;
    while ((MRT_RCC_CFGR & MRT_RCC_CFGR_SWITCHED) != MRT_RCC_CFGR_SWITCHED_PLL) {
        /* the switch */
    }
}

/* After reset the caches hold anything: all lines are invalidated, by set and way for data, before they are on. */
static void start_caches(void)
{
    MRT_SCB_ICIALLU = 0u;
    MRT_SCB_CSSELR = 0u; /* the data cache of level 1 */
    barrier();
    const uint32_t size = MRT_SCB_CCSIDR;
    const uint32_t sets = ((size >> 13) & 0x7FFFu) + 1u;
    const uint32_t ways = ((size >> 3) & 0x3FFu) + 1u;
    for (uint32_t set = 0u; set < sets; ++set) {
        for (uint32_t way = 0u; way < ways; ++way) {
            MRT_SCB_DCISW = (way << 30) | (set << 5); /* four ways, lines of 32 bytes */
        }
    }
    barrier();
    MRT_SCB_CCR |= MRT_SCB_CCR_INSTRUCTION_CACHE | MRT_SCB_CCR_DATA_CACHE;
    barrier();
}

static void start_cycle_counter(void)
{
    MRT_DEMCR |= MRT_DEMCR_TRACE;
    MRT_DWT_LAR = MRT_DWT_LAR_KEY;
    MRT_DWT_CYCCNT = 0u;
    MRT_DWT_CTRL |= 1u;
}

void mrt_port_board(void)
{
    /* The boot option byte may have started us through the flash's alias: vectors are where they were linked. */
    MRT_SCB_VTOR = (uint32_t)(uintptr_t)mrt_port_vectors_begin; /* MISRA D3 */
    start_clock();
    start_caches();
    start_cycle_counter();
    mrt_stm32f746_console_start();
}
