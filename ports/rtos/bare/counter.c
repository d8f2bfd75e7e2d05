/*
 * Instructions by SysTick, exactly.
 *
 * SysTick ticks once in tens of instructions, so a reading alone is too coarse. A stamp therefore samples SysTick in
 * a loop of exactly seven instructions and notes the pass in which each of the next 28 tick edges shows. The edges
 * meet the loop at every phase (7 and the instructions of a tick have no common divisor), as marks of a vernier do.
 * Count in quarters of an instruction: with q quarters from the first sample to the first edge, Q quarters a tick and
 * 28 quarters a pass, edge k shows in pass ceil((q + k Q) / 28), and the sum over k = 0..27 is q plus a constant
 * (Hermite's identity). So the sum of the passes is the phase, and the constant cancels between two stamps.
 * Quarters, because one machine has 31.25 instructions in a tick. Where Q and 28 share a divisor, 2 or 4, the edges meet
 * only every second or fourth phase, and nothing is lost: q is then a multiple of it, too.
 */
#include "ports/rtos/bare/port.h"
#include "ports/rtos/bare/registers.h"

#define EDGES 28u
#define QUARTERS_PER_PASS 28u
#define QUARTERS_PER_SECOND 4000000000u

/* Wraps of SysTick so far. The exception handler has no other way to reach its count. */
static volatile uint32_t wraps;

void SysTick_Handler(void);

void SysTick_Handler(void)
{
    wraps += 1u;
}

/* Raw samples of one stamp. */
typedef struct samples {
    uint32_t first; /* SysTick's value at the first sample */
    uint32_t last;  /* SysTick's value at the last sample */
    uint32_t passes;
    uint32_t edge_passes;
} samples_t;

/*
 * The sampling loop. Between samples lie seven instructions; the block that runs after an edge is seven more, in place
 * of one pass, which it therefore counts. Low registers only, for Armv6-M.
 */
static inline samples_t sample(void)
{
    samples_t samples;
    uint32_t last;
    uint32_t now;
    uint32_t passes = 0u;
    uint32_t sum = 0u;
    uint32_t edges = EDGES;
    __asm volatile(".syntax unified\n\t" /* MISRA D5 */
                   "ldr  %[last], [%[value]]\n\t"
                   "mov  %[first], %[last]\n\t"
                   "nop\n\tnop\n\tnop\n\tnop\n\tnop\n"
                   "1:\n\t"
                   "ldr  %[now], [%[value]]\n\t"
                   "adds %[passes], #1\n\t"
                   "nop\n\tnop\n\tnop\n\t"
                   "cmp  %[now], %[last]\n\t"
                   "beq  1b\n\t"
                   "mov  %[last], %[now]\n\t"
                   "adds %[sum], %[sum], %[passes]\n\t"
                   "adds %[passes], #1\n\t"
                   "subs %[edges], #1\n\t"
                   "nop\n\tnop\n\t"
                   "bne  1b"
                   : [first] "=&r"(samples.first), [last] "=&l"(last), [now] "=&l"(now), [passes] "+&l"(passes),
                     [sum] "+&l"(sum), [edges] "+&l"(edges)
                   : [value] "l"(&MRT_SYST_CVR)
                   : "cc", "memory");
    samples.last = last;
    samples.passes = passes;
    samples.edge_passes = sum;
    return samples;
}

/* Ticks since the last wrap, of a counter that counts down and wraps when it reaches 0. */
static uint32_t ticks_of(uint32_t value, uint32_t period)
{
    return (value == 0u) ? 0u : (period - value);
}

static mrt_port_stamp_t stamp(void)
{
    const uint32_t period = MRT_SYST_RVR + 1u;
    __asm volatile("cpsid i" ::: "memory"); /* MISRA D5 */
    const samples_t samples = sample();
    const uint32_t first = ticks_of(samples.first, period);
    /* A wrap that is pending now and did not come while sampling came before the first sample. */
    const bool pending = (MRT_SCB_ICSR & MRT_SCB_ICSR_SYSTICK_PENDING) != 0u;
    const bool wrapped_before = pending && (ticks_of(samples.last, period) > first);
    const uint32_t whole = wraps + (wrapped_before ? 1u : 0u);
    __asm volatile("cpsie i" ::: "memory"); /* MISRA D5 */
    const mrt_port_stamp_t result = {((uint64_t)whole * period) + first, samples.passes, samples.edge_passes};
    return result;
}

void mrt_port_counter_init(mrt_port_counter_t *counter, uint32_t clock_hz, uint32_t reload)
{
    MRT_SYST_CSR = 0u;
    MRT_SYST_RVR = reload;
    MRT_SYST_CVR = 0u; /* any value clears it; the first tick reloads */
    wraps = 0u;
    MRT_SYST_CSR = MRT_SYST_CSR_ENABLE | MRT_SYST_CSR_INTERRUPT | MRT_SYST_CSR_CORE_CLOCK;
    counter->quarters_per_tick = QUARTERS_PER_SECOND / clock_hz;
    counter->overhead = 0u;
    mrt_port_counter_start(counter);
    counter->overhead = mrt_port_counter_stop(counter);
}

void mrt_port_counter_start(mrt_port_counter_t *counter)
{
    counter->begin = stamp();
}

uint64_t mrt_port_counter_stop(const mrt_port_counter_t *counter)
{
    const mrt_port_stamp_t end = stamp();
    const mrt_port_stamp_t *begin = &counter->begin;
    const uint64_t edges = (end.ticks - begin->ticks) * counter->quarters_per_tick;
    /* From the end of the first sampling (passes) to the first sample of the second. */
    const uint64_t quarters = ((edges + begin->edge_passes) - end.edge_passes) -
                              ((uint64_t)begin->passes * QUARTERS_PER_PASS);
    const uint64_t instructions = (quarters + 2u) / 4u;
    return (instructions > counter->overhead) ? (instructions - counter->overhead) : 0u;
}
