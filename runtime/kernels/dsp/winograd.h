/**
 * @file winograd.h
 * @brief The inner loop of winograd_s8_dsp: convolutions 3 x 3 by minimal filtering, F(2 x 2, 3 x 3) of S. Winograd
 *        (Arithmetic Complexity of Computations, 1980; A. Lavin, S. Gray: Fast Algorithms for Convolutional Neural
 *        Networks, 2016), in integers and exact.
 *
 * A tile is 2 x 2 outputs of 4 x 4 inputs d. With
 *
 *         | 1  0 -1  0 |        | 2  0  0 |          | 1  1  1  0 |
 *     B = | 0  1  1  0 |    G = | 1  1  1 |      A = | 0  1 -1 -1 |
 *         | 0 -1  1  0 |        | 1 -1  1 |
 *         | 0  1  0 -1 |        | 0  0  2 |
 *
 * and products at 16 positions in place of 36, A ((G g G') * (B d B')) A' is four times the convolution of d with g.
 * (B d B') is at most 512 in magnitude, (G g G') at most 1152: lanes of 16 bits hold them. Sums go modulo 2^32; only the
 * result has to fit, which the compiler proves for each channel.
 *
 * Two tiles side by side are computed at a time. Positions go column by column of the 4 x 4. The stream of a group of
 * four channels is, in words:
 *
 *     weights[16][pairs][4]     (G g G') for each position and pair of lanes a word of each channel
 *     start[4]                  four times what a channel's sum begins with
 *     (multiplier, shift)[4]    of each channel, as mrt_dsp_scale in dot.h takes them
 *
 * where the pairs of four input channels are (0, 2) and (1, 3), as SXTB16 gives them.
 */
#ifndef MRT_RUNTIME_KERNELS_DSP_WINOGRAD_H
#define MRT_RUNTIME_KERNELS_DSP_WINOGRAD_H

#include "runtime/kernels/dsp/dot.h"
#include "runtime/kernels/dsp/intrinsics.h"
#include "runtime/kernels/dsp/products.h"

/** Positions of a tile. */
#define MRT_WINOGRAD_POSITIONS 16u

/** Words of sums at a position: four channels of the first tile, then of the second. */
#define MRT_WINOGRAD_SUMS 8u

#if MRT_DSP == 1

/* Bytes of code of four input channels: 22 instructions of four bytes. */
#define MRT_WINOGRAD_QUAD_CODE 88u

/**
 * The sums of a group of channels: those behind each position, without a new beginning from one position to the next.
 * Returns the word behind the weights. In assembly, since the loop needs every register, and a compiler that does not
 * know so moves sums to memory and back. r0 to r3 are the sums of the first tile, r4 to r7 those of the second, r8 walks
 * through the lanes, r9 through the weights.
 *
 * @param lanes    Transformed input: for each position and pair of lanes a word of each tile.
 * @param weights  Of the group.
 * @param channels Of the input: a multiple of 4, at least 4.
 * @param sums     MRT_WINOGRAD_SUMS for each position.
 */
static inline const uint32_t *mrt_winograd_multiply(const uint32_t *lanes, const uint32_t *weights, uint32_t channels,
                                                    uint32_t *sums)
{
    const uint32_t words = 2u * channels;
    const uint32_t *last = &weights[MRT_WINOGRAD_POSITIONS * words];
    /* Where the weights of a position end, and where its sums go; neighbours, so that they move together. */
    struct {
        const uint32_t *end;
        uint32_t *to;
        uint32_t bytes;
    } at = {&weights[words], sums, words * (uint32_t)sizeof(uint32_t)};
    const uint32_t skip = ((0u - (channels / 4u)) % 4u) * MRT_WINOGRAD_QUAD_CODE;
    __asm volatile( /* MISRA D5 */
        "    ldr     r8, %[lanes]\n"
        "    ldr     r9, %[weights]\n"
        "    movs    r0, #0\n"
        "    movs    r1, #0\n"
        "    movs    r2, #0\n"
        "    movs    r3, #0\n"
        "    movs    r4, #0\n"
        "    movs    r5, #0\n"
        "    movs    r6, #0\n"
        "    movs    r7, #0\n"
        "1:\n"
        "    ldr     r10, %[skip]\n"
        "    .balign 4\n"
        "    add     pc, r10\n" /* two bytes; pc reads as the address of the loop */
        "    nop\n"
        "2:\n"
        "    .rept   8\n"
        MRT_DSP_PAIR_WIDE
        "    .endr\n"
        "    ldr     r10, %[end]\n"
        "    cmp     r9, r10\n"
        "    bne     2b\n"
        "    ldrd    r11, r12, %[to]\n"
        "    stmia   r11!, {r0, r1, r2, r3, r4, r5, r6, r7}\n"
        "    add     r10, r12\n"
        "    strd    r10, r11, %[end]\n"
        "    ldr     r12, %[last]\n"
        "    cmp     r9, r12\n"
        "    bne     1b\n"
        : [end] "+m"(at.end), [to] "+m"(at.to)
        : [lanes] "m"(lanes), [weights] "m"(weights), [last] "m"(last), [skip] "m"(skip), "m"(at.bytes)
        : "r0", "r1", "r2", "r3", "r4", "r5", "r6", "r7", "r8", "r9", "r10", "r11", "r12", "lr", "cc", "memory");
    return last;
}

#else

static inline const uint32_t *mrt_winograd_multiply(const uint32_t *lanes, const uint32_t *weights, uint32_t channels,
                                                    uint32_t *sums)
{
    const uint32_t pairs = channels / 2u;
    const uint32_t *w = weights;
    const uint32_t *x = lanes;
    uint32_t running[MRT_WINOGRAD_SUMS] = {0u, 0u, 0u, 0u, 0u, 0u, 0u, 0u};
    for (uint32_t position = 0u; position < MRT_WINOGRAD_POSITIONS; ++position) {
        for (uint32_t pair = 0u; pair < pairs; ++pair) {
            for (uint32_t channel = 0u; channel < MRT_DSP_GROUP; ++channel) {
                const uint32_t second = MRT_DSP_GROUP + channel;
                running[channel] = mrt_dsp_smlad(x[0], w[channel], running[channel]);
                running[second] = mrt_dsp_smlad(x[1], w[channel], running[second]);
            }
            x = &x[2];
            w = &w[MRT_DSP_GROUP];
        }
        (void)memcpy(&sums[position * MRT_WINOGRAD_SUMS], running, sizeof(running));
    }
    return w;
}

#endif

#endif
