#include "runtime/kernels/dsp/products.h"

#include "runtime/kernels/check.h"
#include "runtime/kernels/dsp/dot.h"
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
    uint32_t *to = lanes;
    const int8_t *from_a = a;
    const int8_t *from_b = b;
    for (uint32_t quad = count / 4u; quad > 0u; --quad) {
        mrt_dsp_widen_quad(mrt_dsp_load(from_a), mrt_dsp_load(from_b), to);
        from_a = &from_a[4];
        from_b = &from_b[4];
        to = &to[MRT_DSP_LANES_TWO];
    }
    if ((count % 4u) != 0u) {
        mrt_dsp_widen_quad(load_tail(from_a, count % 4u), load_tail(from_b, count % 4u), to);
        to = &to[MRT_DSP_LANES_TWO];
    }
    return to;
}

static inline void widen_quad_one(uint32_t a, uint32_t *lanes)
{
    lanes[0] = mrt_dsp_sxtb16(a);
    lanes[1] = mrt_dsp_sxtb16_odd(a);
}

uint32_t *mrt_dsp_widen_one(const int8_t *a, uint32_t count, uint32_t *lanes)
{
    uint32_t *to = lanes;
    const int8_t *from = a;
    for (uint32_t quad = count / 4u; quad > 0u; --quad) {
        widen_quad_one(mrt_dsp_load(from), to);
        from = &from[4];
        to = &to[MRT_DSP_LANES_ONE];
    }
    if ((count % 4u) != 0u) {
        widen_quad_one(load_tail(from, count % 4u), to);
        to = &to[MRT_DSP_LANES_ONE];
    }
    return to;
}

void mrt_dsp_multiply_two(const mrt_dsp_walk_t *walk, uint32_t channels, int8_t *a, int8_t *b)
{
    /* One call for whole groups and one for the last, of which only some channels count, so that the code is there once. */
    int8_t last_a[MRT_DSP_GROUP];
    int8_t last_b[MRT_DSP_GROUP];
    const uint32_t rest = channels % MRT_DSP_GROUP;
    const uint32_t *group = walk->groups;
    int8_t *to_a = a;
    int8_t *to_b = b;
    uint32_t count = channels / MRT_DSP_GROUP;
    for (uint32_t part = (count != 0u) ? 0u : 1u; part < ((rest != 0u) ? 2u : 1u); ++part) {
        if (part != 0u) {
            to_a = last_a;
            to_b = last_b;
            count = 1u;
        }
        group = mrt_dsp_groups_two(walk, group, count, to_a, to_b);
    }
    if (rest != 0u) {
        (void)memcpy(&a[channels - rest], last_a, rest);
        (void)memcpy(&b[channels - rest], last_b, rest);
    }
}

/* One group of channels of one pixel; returns the next group. */
static inline const uint32_t *group_of_one(const mrt_dsp_walk_t *walk, const uint32_t *group, uint32_t skip, int8_t *a)
{
    const uint32_t step = walk->step;
    mrt_dsp_sums_t sums = {group[0], group[1], group[2], group[3], 0u, 0u, 0u, 0u};
    const uint32_t *scales = mrt_dsp_dot_one(walk, &group[MRT_DSP_GROUP], skip, &sums);
    a[0] = mrt_dsp_requantise(mrt_dsp_twice_even(sums.a0), mrt_dsp_scale(scales, 0u, step));
    a[1] = mrt_dsp_requantise(mrt_dsp_twice_odd(sums.a1, sums.a0), mrt_dsp_scale(scales, 1u, step));
    a[2] = mrt_dsp_requantise(mrt_dsp_twice_even(sums.a2), mrt_dsp_scale(scales, 2u, step));
    a[3] = mrt_dsp_requantise(mrt_dsp_twice_odd(sums.a3, sums.a2), mrt_dsp_scale(scales, 3u, step));
    return &scales[MRT_DSP_GROUP * MRT_DSP_SCALE_WORDS];
}

void mrt_dsp_multiply_one(const mrt_dsp_walk_t *walk, uint32_t channels, int8_t *a)
{
    const uint32_t skip = mrt_dsp_skip(walk->quads, MRT_DSP_ONE_CODE);
    const uint32_t *group = walk->groups;
    int8_t last[MRT_DSP_GROUP] = {0};
    uint32_t done = 0u;
    while (done < channels) {
        int8_t *const to = ((channels - done) >= MRT_DSP_GROUP) ? &a[done] : last;
        group = group_of_one(walk, group, skip, to);
        done += MRT_DSP_GROUP;
    }
    if (done > channels) {
        const uint32_t begin = done - MRT_DSP_GROUP;
        (void)memcpy(&a[begin], last, channels - begin);
    }
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

uint32_t mrt_dsp_lanes_bytes(uint32_t quads, uint32_t words)
{
    const uint32_t counted = (quads <= MRT_DSP_QUADS_MAX) ? quads : MRT_DSP_QUADS_MAX;
    return counted * words * (uint32_t)sizeof(uint32_t);
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

/* Whether a group's weights behind the first `elements` of the last quad are 0. Of four elements the first pair of words
   has 0 and 2, in this order from the low end, the other pair 1 and 3. */
static bool rest_is_zero(const int32_t *words, uint64_t end, uint32_t elements)
{
    static const uint32_t unused[4][2] = {{0u, 0u}, {0xFFFF0000u, 0xFFFFFFFFu}, {0xFFFF0000u, 0xFFFF0000u},
                                          {0u, 0xFFFF0000u}}; /* by elements: bits of either pair */
    const int32_t *quad = &words[(end - (MRT_DSP_GROUP_WORDS - MRT_DSP_GROUP)) - 4u];
    uint32_t rest = 0u;
    for (uint32_t word = 0u; word < 4u; ++word) {
        rest |= (uint32_t)quad[word] & unused[elements % 4u][word / 2u];
    }
    return rest == 0u;
}

bool mrt_dsp_groups_check(const mrt_call_t *call, uint32_t index, uint32_t channels, uint32_t elements)
{
    const mrt_tensor_t *tensor = mrt_call_input(call, index);
    const uint32_t quads = mrt_dsp_quads(elements);
    if (quads > MRT_DSP_QUADS_MAX) {
        return false;
    }
    const uint64_t groups = ((uint64_t)channels + (MRT_DSP_GROUP - 1u)) / MRT_DSP_GROUP;
    const uint64_t group_words = MRT_DSP_GROUP_WORDS + (4u * (uint64_t)quads);
    if ((tensor->pool != (uint8_t)MRT_POOL_PARAMS)
        || !mrt_check_elements(tensor, (uint32_t)MRT_DTYPE_S32, groups * group_words)) {
        return false;
    }
    const int32_t *words = mrt_input_s32(call, index, 0u);
    bool sound = true;
    for (uint64_t end = group_words; sound && (end <= (groups * group_words)); end += group_words) {
        sound = shifts_are_sound(words, end) && rest_is_zero(words, end, elements);
    }
    return sound;
}
