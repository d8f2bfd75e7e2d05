#include "runtime/kernels/dsp/products.h"

#include "runtime/kernels/check.h"
#include "runtime/kernels/dsp/dot.h"
#include "runtime/kernels/product.h"
#include "runtime/kernels/requantise.h"

/* The last one to three elements, and 0. */
static uint32_t load_tail(const int8_t *bytes, uint32_t count)
{
    uint32_t word = 0u;
    for (uint32_t i = count; i > 0u; --i) {
        const uint8_t byte = (uint8_t)bytes[i - 1u];
        word = (word << 8u) | byte;
    }
    return word;
}

uint32_t *mrt_dsp_widen_two(const int8_t *a, const int8_t *b, uint32_t count, uint32_t *lanes)
{
    const uint32_t whole = count - (count % 4u);
    uint32_t *to = lanes;
    for (uint32_t i = 0u; i < whole; i += 4u) {
        to = mrt_dsp_widen_quad(mrt_dsp_load(&a[i]), mrt_dsp_load(&b[i]), to);
    }
    if (whole != count) {
        to = mrt_dsp_widen_quad(load_tail(&a[whole], count - whole), load_tail(&b[whole], count - whole), to);
    }
    return to;
}

static MRT_NOINLINE const uint32_t *groups_two(const mrt_dsp_walk_t *walk, const uint32_t *group, uint32_t count,
                                              int8_t *a, int8_t *b)
{
    return mrt_dsp_groups_two(walk, group, count, a, b);
}

static MRT_NOINLINE const uint32_t *groups_two_wide(const mrt_dsp_walk_t *walk, const uint32_t *group, uint32_t count,
                                              int8_t *a, int8_t *b)
{
    return mrt_dsp_groups_two_wide(walk, group, count, a, b);
}

static MRT_NOINLINE const uint32_t *groups_one(const mrt_dsp_walk_t *walk, const uint32_t *group, uint32_t count,
                                              const int8_t *from, int8_t *a)
{
    return mrt_dsp_groups_one(walk, group, count, from, a);
}

static MRT_NOINLINE const uint32_t *groups_one_wide(const mrt_dsp_walk_t *walk, const uint32_t *group, uint32_t count,
                                              const int8_t *from, int8_t *a)
{
    return mrt_dsp_groups_one_wide(walk, group, count, from, a);
}

/* Groups of two pixels, or of one: whole ones, then the last, of which only some channels count. The function is a
 * constant where these are inlined. */
typedef const uint32_t *(*groups_two_t)(const mrt_dsp_walk_t *walk, const uint32_t *group, uint32_t count, int8_t *a,
                                        int8_t *b);
typedef const uint32_t *(*groups_one_t)(const mrt_dsp_walk_t *walk, const uint32_t *group, uint32_t count,
                                        const int8_t *from, int8_t *a);

static MRT_INLINE void multiply_two(groups_two_t groups, const mrt_dsp_walk_t *walk, uint32_t channels, int8_t *a,
                                int8_t *b)
{
    const uint32_t rest = channels % MRT_DSP_GROUP;
    const uint32_t *group = walk->groups;
    if (channels >= MRT_DSP_GROUP) {
        group = groups(walk, group, channels / MRT_DSP_GROUP, a, b);
    }
    if (rest != 0u) {
        int8_t last_a[MRT_DSP_GROUP];
        int8_t last_b[MRT_DSP_GROUP];
        (void)groups(walk, group, 1u, last_a, last_b);
        (void)memcpy(&a[channels - rest], last_a, rest);
        (void)memcpy(&b[channels - rest], last_b, rest);
    }
}

static MRT_INLINE void multiply_one(groups_one_t groups, const mrt_dsp_walk_t *walk, uint32_t channels, const int8_t *from,
                                int8_t *a)
{
    const uint32_t rest = channels % MRT_DSP_GROUP;
    const uint32_t *group = walk->groups;
    if (channels >= MRT_DSP_GROUP) {
        group = groups(walk, group, channels / MRT_DSP_GROUP, from, a);
    }
    if (rest != 0u) {
        int8_t last[MRT_DSP_GROUP];
        (void)groups(walk, group, 1u, from, last);
        (void)memcpy(&a[channels - rest], last, rest);
    }
}

void mrt_dsp_multiply_two(const mrt_dsp_walk_t *walk, uint32_t channels, int8_t *a, int8_t *b)
{
    multiply_two(groups_two, walk, channels, a, b);
}

void mrt_dsp_multiply_two_wide(const mrt_dsp_walk_t *walk, uint32_t channels, int8_t *a, int8_t *b)
{
    multiply_two(groups_two_wide, walk, channels, a, b);
}

void mrt_dsp_multiply_one(const mrt_dsp_walk_t *walk, uint32_t channels, const int8_t *from, int8_t *a)
{
    multiply_one(groups_one, walk, channels, from, a);
}

void mrt_dsp_multiply_one_wide(const mrt_dsp_walk_t *walk, uint32_t channels, const int8_t *from, int8_t *a)
{
    multiply_one(groups_one_wide, walk, channels, from, a);
}

void mrt_dsp_clamp_rows(const mrt_call_t *call, int32_t low, int32_t high)
{
    const bool whole = (low == INT8_MIN) && (high == INT8_MAX);
    const uint32_t row_end = whole ? call->row_begin : call->row_end;
    for (uint32_t row = call->row_begin; row < row_end; ++row) {
        int8_t *elements = mrt_output_s8(call, 0u, row);
        const uint32_t count = mrt_call_output(call, 0u)->row_bytes;
        for (uint32_t i = 0u; i < count; ++i) {
            elements[i] = (int8_t)mrt_clamp(elements[i], low, high);
        }
    }
}

uint32_t mrt_dsp_lanes_bytes(uint32_t quads)
{
    const uint32_t counted = (quads <= MRT_DSP_QUADS_MAX) ? quads : MRT_DSP_QUADS_MAX;
    return counted * MRT_DSP_LANES_TWO * (uint32_t)sizeof(uint32_t);
}

/* Whether the shifts of a group are in range; `end`: behind its last word. */
static bool shifts_are_sound(const int32_t *words, uint64_t end)
{
    bool sound = true;
    for (uint64_t channel = 0u; channel < MRT_DSP_GROUP; ++channel) {
        sound = sound && mrt_check_range(words[(end - 1u) - (channel * MRT_DSP_SCALE_WORDS)], 0, 30);
    }
    return sound;
}

/* Whether the weights of a group's last quad, of `quad_words`, behind its first `elements` are 0. Of four elements the
   first pair of words has 0 and 2, in this order from the low end, the other pair 1 and 3. */
static bool rest_is_zero(const int32_t *quad, uint32_t quad_words, uint32_t elements)
{
    static const uint32_t unused[4][2] = {{0u, 0u}, {0xFFFF0000u, 0xFFFFFFFFu}, {0xFFFF0000u, 0xFFFF0000u},
                                          {0u, 0xFFFF0000u}}; /* by elements: bits of either pair */
    uint32_t rest = 0u;
    for (uint32_t word = 0u; word < quad_words; ++word) {
        rest |= (uint32_t)quad[word] & unused[elements % 4u][(2u * word) / quad_words];
    }
    return rest == 0u;
}

/* Words of a group's scales. */
static uint32_t scale_words_of(const mrt_dsp_layout_t *layout)
{
    const uint32_t linear = layout->wide ? MRT_DSP_LINEAR_WIDE_WORDS : MRT_DSP_LINEAR_WORDS;
    return (layout->linear != 0) ? linear : (MRT_DSP_GROUP * MRT_DSP_SCALE_WORDS);
}

bool mrt_dsp_groups_check(const mrt_call_t *call, const mrt_dsp_layout_t *layout)
{
    const mrt_tensor_t *tensor = mrt_call_input(call, 1u);
    const uint32_t quads = mrt_dsp_quads(layout->elements);
    if ((quads > MRT_DSP_QUADS_MAX) || !mrt_check_range(layout->linear, 0, 1)) {
        return false;
    }
    const uint32_t quad_words = layout->wide ? 8u : 4u;
    const uint32_t scale_words = scale_words_of(layout);
    const uint64_t groups = ((uint64_t)layout->channels + (MRT_DSP_GROUP - 1u)) / MRT_DSP_GROUP;
    const uint64_t group_words = MRT_DSP_START_WORDS + (quad_words * (uint64_t)quads) + scale_words;
    if ((tensor->pool != (uint8_t)MRT_POOL_PARAMS)
        || !mrt_check_elements(tensor, (uint32_t)MRT_DTYPE_S32, groups * group_words)) {
        return false;
    }
    const int32_t *words = mrt_input_s32(call, 1u, 0u);
    bool sound = true;
    for (uint64_t end = group_words; sound && (end <= (groups * group_words)); end += group_words) {
        const uint64_t scales = end - scale_words;
        sound = ((layout->linear != 0) || shifts_are_sound(words, end))
                && rest_is_zero(&words[scales - quad_words], quad_words, layout->elements);
    }
    return sound;
}
