#include "runtime/kernels/scalar/line.h"

#include "runtime/kernels/scalar/lanes.h"

#include <stddef.h>

/* The sums of two outputs. */
static inline void dot(const uint32_t *words, const uint32_t *weights, uint32_t windows, int32_t sums[2])
{
    uint32_t low = 0u;
    uint32_t both = windows;
    for (uint32_t i = 0u; i < (2u * windows); i += 2u) {
        mrt_scalar_part((words[i] * weights[i]) + (words[i + 1u] * weights[i + 1u]), &low, &both);
    }
    sums[0] = (int32_t)low;
    sums[1] = mrt_scalar_high(low, both);
}

/* The line in C. */
static void run(const mrt_scalar_line_t *line, const mrt_scalar_scale_t *scale, const uint32_t *record)
{
    const uint32_t *words = line->words;
    uint32_t at = 0u;
    for (uint32_t i = 0u; i < line->outputs; ++i) {
        int32_t sums[2];
        dot(words, line->weights, line->windows, sums);
        line->low[at] = mrt_scalar_output(scale, record, sums[0]);
        line->high[at] = mrt_scalar_output(scale, record, sums[1]);
        words = &words[line->next_words];
        at += line->next_output;
    }
}

#if MRT_SCALAR_ASSEMBLY == 1

/* Windows of an unrolled turn: those of 3 x 3 taps. */
#define TURN 5u

/* Bytes of code of a window: nine instructions. */
#define WINDOW_CODE 18u

/* A line and the scale of its channel, taken apart; the assembly counts it down. */
typedef struct state {
    const uint32_t *words;
    const uint32_t *weights;
    uint32_t windows;
    uint32_t turns;
    uint32_t skip; /* code to leave out so that the first turn does what is left of the windows */
    uint32_t next_words;
    int8_t *low;
    int8_t *high;
    uint32_t next_output;
    uint32_t outputs;
    uint32_t coarse; /* from here to `fraction` loaded together */
    uint32_t fine;
    uint32_t rest;
    uint32_t factor;
    uint32_t fraction;
    uint32_t addend;
    uint32_t step;
    int32_t begin;
    int32_t end;
    int32_t middle;
    int32_t least;
    int32_t most;
} state_t;

static state_t state_of(const mrt_scalar_line_t *line, const mrt_scalar_scale_t *scale, const uint32_t *record)
{
    uint32_t turns = 1u;
    while ((turns * TURN) < line->windows) {
        turns += 1u;
    }
    const state_t state = {
        .words = line->words,
        .weights = line->weights,
        .windows = line->windows,
        .turns = turns,
        .skip = ((turns * TURN) - line->windows) * WINDOW_CODE,
        .next_words = line->next_words * (uint32_t)sizeof(uint32_t),
        .low = line->low,
        .high = line->high,
        .next_output = line->next_output,
        .outputs = line->outputs,
        .coarse = scale->coarse,
        .fine = scale->rest,
        .rest = record[1] & 0xFFFFu,
        .factor = record[1] >> 16u,
        .fraction = scale->fraction,
        .addend = record[2],
        .step = (scale->words > 3u) ? record[3] : 0u,
        .begin = mrt_scalar_record_begin(record),
        .end = mrt_scalar_record_end(record),
        .middle = scale->middle,
        .least = scale->low,
        .most = scale->high,
    };
    return state;
}

/* r2 becomes an output, from a sum: as mrt_scalar_output does it. Each use has labels of its own, by their last digit. */
#define OUTPUT(n) \
    "    movs    r6, r2\n" \
    "    asrs    r6, r6, r0\n" \
    "    cmp     r6, r10\n" \
    "    blt     3" n "f\n" \
    "    cmp     r6, r11\n" \
    "    bgt     4" n "f\n" \
    "    muls    r6, r3\n" \
    "    asrs    r6, r6, r1\n" \
    "    muls    r2, r4\n" \
    "    adds    r2, r2, r6\n" \
    "    add     r2, lr\n" \
    "    cmp     r2, r12\n" \
    "    blt     5" n "f\n" \
    "6" n ": asrs    r2, r2, r5\n" \
    "7" n ":\n"

/* What few sums need. */
#define OUTSIDE(n) \
    "3" n ": ldr     r2, [%[s], %[least]]\n" \
    "    b       7" n "b\n" \
    "4" n ": ldr     r2, [%[s], %[most]]\n" \
    "    b       7" n "b\n" \
    "5" n ": ldr     r6, [%[s], %[step]]\n" \
    "    adds    r2, r2, r6\n" \
    "    b       6" n "b\n"

/* Stores r2 where `place` points, and moves it on. */
#define STORE(place) \
    "    ldr     r6, [%[s], %[" place "]]\n" \
    "    strb    r2, [r6]\n" \
    "    ldr     r2, [%[s], %[next_output]]\n" \
    "    adds    r6, r6, r2\n" \
    "    str     r6, [%[s], %[" place "]]\n"

#define MEMBER(name) [name] "i"(offsetof(state_t, name)) /* MISRA D4 */

/* The line in assembly: of a record without multiplier. */
static void run_state(state_t *state)
{
    __asm volatile( /* MISRA D5 */
        "    .syntax unified\n"
        "    ldr     r0, [%[s], %[begin]]\n"
        "    mov     r10, r0\n"
        "    ldr     r0, [%[s], %[end]]\n"
        "    mov     r11, r0\n"
        "    ldr     r0, [%[s], %[middle]]\n"
        "    mov     r12, r0\n"
        "    ldr     r0, [%[s], %[addend]]\n"
        "    mov     lr, r0\n"
        "1:\n"
        "    ldr     r0, [%[s], %[words]]\n"
        "    ldr     r1, [%[s], %[weights]]\n"
        "    ldr     r2, [%[s], %[windows]]\n"
        "    mov     r9, r2\n"
        "    movs    r2, #0\n"
        "    mov     r8, r2\n"
        "    ldr     r6, [%[s], %[turns]]\n"
        "    ldr     r2, [%[s], %[skip]]\n"
        "    add     pc, r2\n" /* two bytes; pc reads as the address of the loop */
        "    nop\n"
        "2:\n"
        "    .rept   5\n"
        "    ldm     r0!, {r2, r3}\n"
        "    ldm     r1!, {r4, r5}\n"
        "    muls    r2, r4\n"
        "    muls    r3, r5\n"
        "    adds    r2, r2, r3\n"
        "    sxth    r3, r2\n"
        "    add     r8, r3\n"
        "    asrs    r2, r2, #8\n"
        "    add     r9, r2\n"
        "    .endr\n"
        "    subs    r6, #1\n"
        "    bne     2b\n"
        "    mov     r2, r8\n"
        "    asrs    r3, r2, #8\n"
        "    mov     r4, r9\n"
        "    subs    r4, r4, r3\n"
        "    asrs    r4, r4, #8\n"
        "    mov     r9, r4\n"
        "    mov     r6, %[s]\n"
        "    adds    r6, %[coarse]\n"
        "    ldm     r6!, {r0, r1, r3, r4, r5}\n"
        OUTPUT("0") STORE("low")
        "    mov     r2, r9\n"
        OUTPUT("1") STORE("high")
        "    ldr     r0, [%[s], %[words]]\n"
        "    ldr     r1, [%[s], %[next_words]]\n"
        "    adds    r0, r0, r1\n"
        "    str     r0, [%[s], %[words]]\n"
        "    ldr     r0, [%[s], %[outputs]]\n"
        "    subs    r0, #1\n"
        "    str     r0, [%[s], %[outputs]]\n"
        "    beq     8f\n"
        "    b       1b\n"
        OUTSIDE("0") OUTSIDE("1")
        "8:\n"
        :
        : [s] "l"(state), MEMBER(begin), MEMBER(end), MEMBER(middle), MEMBER(addend), MEMBER(words), MEMBER(weights),
          MEMBER(windows), MEMBER(turns), MEMBER(skip), MEMBER(coarse), MEMBER(low), MEMBER(high), MEMBER(next_output),
          MEMBER(next_words), MEMBER(outputs), MEMBER(least), MEMBER(most), MEMBER(step)
        : "r0", "r1", "r2", "r3", "r4", "r5", "r6", "r8", "r9", "r10", "r11", "r12", "lr", "cc", "memory");
}

void mrt_scalar_line_run(const mrt_scalar_line_t *line, const mrt_scalar_scale_t *scale, const uint32_t *record)
{
    if (mrt_scalar_record_begin(record) == MRT_SCALAR_EXACT) {
        run(line, scale, record);
    } else {
        state_t state = state_of(line, scale, record);
        run_state(&state);
    }
}

#else

void mrt_scalar_line_run(const mrt_scalar_line_t *line, const mrt_scalar_scale_t *scale, const uint32_t *record)
{
    run(line, scale, record);
}

#endif
