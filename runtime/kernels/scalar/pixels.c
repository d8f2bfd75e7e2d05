#include "runtime/kernels/scalar/pixels.h"

#include "runtime/kernels/product.h"
#include "runtime/kernels/requantise.h"
#include "runtime/kernels/scalar/lanes.h"

/* Words of a group. */
static inline uint32_t group_words(const mrt_scalar_pixels_t *pixels)
{
    return (MRT_SCALAR_GROUP * pixels->scale.words) + (pixels->elements / 2u);
}

/* The sums of two channels of two pixels, run by run. */
static MRT_NOINLINE void add_runs(const mrt_scalar_pixels_t *pixels, const int8_t *weights, mrt_scalar_sums_t *sums)
{
    const uint32_t *words = pixels->words;
    const int8_t *w = weights;
    uint32_t left = pixels->elements;
    sums->low0 = 0; /* member by member: an initialiser would clear it by a call */
    sums->high0 = 0;
    sums->low1 = 0;
    sums->high1 = 0;
    while (left > 0u) {
        const uint32_t count = (left < MRT_SCALAR_RUN_MAX) ? left : MRT_SCALAR_RUN_MAX;
        mrt_scalar_sums_t part;
        w = mrt_scalar_dot_pixels(words, w, count, &part);
        sums->low0 = mrt_wrapping_add(sums->low0, part.low0);
        sums->high0 = mrt_wrapping_add(sums->high0, part.high0);
        sums->low1 = mrt_wrapping_add(sums->low1, part.low1);
        sums->high1 = mrt_wrapping_add(sums->high1, part.high1);
        words = &words[count];
        left -= count;
    }
}

/* Channels from `first` on, an even one. */
static MRT_NOINLINE void multiply_from(const mrt_scalar_pixels_t *pixels, uint32_t first, int8_t *a, int8_t *b)
{
    const mrt_scalar_scale_t *scale = &pixels->scale;
    const uint32_t *group = &pixels->groups[(first / MRT_SCALAR_GROUP) * group_words(pixels)];
    for (uint32_t channel = first; channel < pixels->channels; channel += MRT_SCALAR_GROUP) {
        const uint32_t *second = &group[scale->words];
        mrt_scalar_sums_t sums;
        add_runs(pixels, (const int8_t *)&second[scale->words], &sums);
        a[channel] = mrt_scalar_output(scale, group, sums.low0);
        b[channel] = mrt_scalar_output(scale, group, sums.high0);
        if ((channel + 1u) < pixels->channels) {
            a[channel + 1u] = mrt_scalar_output(scale, second, sums.low1);
            b[channel + 1u] = mrt_scalar_output(scale, second, sums.high1);
        }
        group = &group[group_words(pixels)];
    }
}

#if MRT_SCALAR_ASSEMBLY_PAIRS == 1

/* Two weights of a channel times two words; the lanes of the sum to two registers. */
#define CHANNEL(low, high) /* MISRA D4 */ \
    "    ldrsb   r4, [r6, r1]\n" \
    "    ldrsb   r5, [%[s], r1]\n" \
    "    adds    r1, #2\n" \
    "    muls    r4, r2\n" \
    "    muls    r5, r3\n" \
    "    adds    r4, r4, r5\n" \
    "    sxth    r5, r4\n" \
    "    add     " low ", r5\n" \
    "    asrs    r4, r4, #8\n" \
    "    add     " high ", r4\n"

/* The last of a turn leaves the flags to the branch. */
#define CHANNEL_LAST(low, high) /* MISRA D4 */ \
    "    ldrsb   r4, [r6, r1]\n" \
    "    ldrsb   r5, [%[s], r1]\n" \
    "    muls    r4, r2\n" \
    "    muls    r5, r3\n" \
    "    adds    r4, r4, r5\n" \
    "    sxth    r5, r4\n" \
    "    add     " low ", r5\n" \
    "    asrs    r4, r4, #8\n" \
    "    add     " high ", r4\n" \
    "    adds    r1, #2\n"

/* r5 becomes the sum of high lanes, r4 the sum of low ones. */
#define PART(low, high) /* MISRA D4 */ \
    "    mov     r4, " low "\n" \
    "    asrs    r6, r4, #8\n" \
    "    mov     r5, " high "\n" \
    "    subs    r5, r5, r6\n" \
    "    asrs    r5, r5, #8\n"

/* Takes the record at r6 apart. */
#define RECORD /* MISRA D4 */ \
    "    ldm     r6!, {r3, r4, r5}\n" \
    "    str     r6, [%[s], %[step]]\n" \
    "    sxth    r0, r3\n" \
    "    mov     r10, r0\n" \
    "    asrs    r3, r3, #16\n" \
    "    mov     r11, r3\n" \
    "    mov     lr, r5\n" \
    "    uxth    r3, r4\n" \
    "    lsrs    r4, r4, #16\n" \
    "    ldr     r0, [%[s], %[coarse]]\n" \
    "    ldr     r1, [%[s], %[fine]]\n" \
    "    ldr     r5, [%[s], %[fraction]]\n"

#define STORE(pixel, channel) /* MISRA D4 */ \
    "    ldr     r6, [%[s], %[" pixel "]]\n" \
    "    strb    r2, [r6, #" channel "]\n"

#define MEMBER(name) MRT_SCALAR_MEMBER(mrt_scalar_pixels_t, name)

/* Whole groups. The loop needs every register, also the one that holds the state's address, which r12 keeps meanwhile. */
static MRT_NOINLINE void multiply_plain(mrt_scalar_pixels_t *pixels)
{
    mrt_scalar_pixels_t *s = pixels;
    s->start = -2 * (int32_t)s->elements;
    s->records = MRT_SCALAR_GROUP * s->scale.words * (uint32_t)sizeof(uint32_t);
    s->record = (s->scale.words - 3u) * (uint32_t)sizeof(uint32_t);
    __asm volatile( /* MISRA D5 */
        "    .syntax unified\n"
        "    mov     r12, %[s]\n"
        "1:\n"
        "    ldr     r6, [%[s], %[group]]\n"
        "    ldr     r0, [%[s], %[records]]\n"
        "    adds    r6, r6, r0\n"
        "    ldr     r1, [%[s], %[start]]\n"
        "    subs    r6, r6, r1\n"
        "    str     r6, [%[s], %[next]]\n"
        "    ldr     r0, [%[s], %[words]]\n"
        "    adds    %[s], r6, #1\n"
        "    movs    r4, #0\n"
        "    mov     r8, r4\n"
        "    mov     r10, r4\n"
        "    asrs    r5, r1, #2\n"
        "    subs    r4, r4, r5\n" /* what the divisions can have lost, at most: one for each two elements */
        "    mov     r9, r4\n"
        "    mov     r11, r4\n"
        "    lsls    r4, r1, #29\n"
        "    bmi     21f\n" /* an odd number of pairs: the first turn is half a turn */
        "2:\n"
        "    ldm     r0!, {r2, r3}\n"
        CHANNEL("r8", "r9") CHANNEL("r10", "r11")
        "21:\n"
        "    ldm     r0!, {r2, r3}\n"
        CHANNEL("r8", "r9") CHANNEL_LAST("r10", "r11")
        "    bne     2b\n"
        "    mov     %[s], r12\n"
        PART("r10", "r11")
        "    str     r4, [%[s], %[sums] + 4]\n"
        "    str     r5, [%[s], %[sums] + 8]\n"
        PART("r8", "r9")
        "    str     r5, [%[s], %[sums]]\n"
        "    mov     r2, r4\n"
        "    ldr     r6, [%[s], %[group]]\n"
        RECORD
        MRT_SCALAR_OUTPUT("0") STORE("a", "0")
        "    ldr     r2, [%[s], %[sums]]\n"
        MRT_SCALAR_OUTPUT("1") STORE("b", "0")
        "    ldr     r6, [%[s], %[step]]\n"
        "    ldr     r2, [%[s], %[record]]\n"
        "    adds    r6, r6, r2\n"
        RECORD
        "    ldr     r2, [%[s], %[sums] + 4]\n"
        MRT_SCALAR_OUTPUT("2") STORE("a", "1")
        "    adds    r6, #2\n"
        "    str     r6, [%[s], %[a]]\n"
        "    ldr     r2, [%[s], %[sums] + 8]\n"
        MRT_SCALAR_OUTPUT("3") STORE("b", "1")
        "    adds    r6, #2\n"
        "    str     r6, [%[s], %[b]]\n"
        "    ldr     r0, [%[s], %[next]]\n"
        "    str     r0, [%[s], %[group]]\n"
        "    ldr     r6, [%[s], %[a]]\n"
        "    ldr     r0, [%[s], %[end]]\n"
        "    cmp     r6, r0\n"
        "    beq     9f\n"
        "    b       1b\n"
        MRT_SCALAR_OUTSIDE("0") MRT_SCALAR_OUTSIDE("1") MRT_SCALAR_OUTSIDE("2") MRT_SCALAR_OUTSIDE("3")
        "9:\n"
        : [s] "+l"(s)
        : MRT_SCALAR_OF_SCALE(coarse), MRT_SCALAR_OF_SCALE(fine), MRT_SCALAR_OF_SCALE(fraction), MRT_SCALAR_OF_SCALE(middle),
          MRT_SCALAR_OF_SCALE(least), MRT_SCALAR_OF_SCALE(most), MRT_SCALAR_OF_SCALE(step), MEMBER(words), MEMBER(start),
          MEMBER(group), MEMBER(records), MEMBER(record), MEMBER(next), MEMBER(end), MEMBER(a), MEMBER(b), MEMBER(sums)
        : "r0", "r1", "r2", "r3", "r4", "r5", "r6", "r8", "r9", "r10", "r11", "r12", "lr", "cc", "memory");
}

#else

static MRT_NOINLINE void multiply_plain(mrt_scalar_pixels_t *pixels)
{
    while (pixels->a != pixels->end) {
        const uint32_t *second = &pixels->group[pixels->scale.words];
        mrt_scalar_sums_t sums;
        (void)mrt_scalar_dot_pixels(pixels->words, (const int8_t *)&second[pixels->scale.words], pixels->elements,
                                    &sums);
        pixels->a[0] = mrt_scalar_output(&pixels->scale, pixels->group, sums.low0);
        pixels->b[0] = mrt_scalar_output(&pixels->scale, pixels->group, sums.high0);
        pixels->a[1] = mrt_scalar_output(&pixels->scale, second, sums.low1);
        pixels->b[1] = mrt_scalar_output(&pixels->scale, second, sums.high1);
        pixels->a = &pixels->a[MRT_SCALAR_GROUP];
        pixels->b = &pixels->b[MRT_SCALAR_GROUP];
        pixels->group = &pixels->group[group_words(pixels)];
    }
}

#endif

void mrt_scalar_pixels_multiply(mrt_scalar_pixels_t *pixels, int8_t *a, int8_t *b)
{
    if (pixels->plain > 0u) {
        pixels->group = pixels->groups;
        pixels->a = a;
        pixels->b = b;
        pixels->end = &a[pixels->plain];
        multiply_plain(pixels);
    }
    if (pixels->plain < pixels->channels) {
        multiply_from(pixels, pixels->plain, a, b);
    }
}
