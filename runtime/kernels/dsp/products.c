#include "runtime/kernels/dsp/products.h"

#include "runtime/copy.h"
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
    const uint32_t rest = count % 4u;
    mrt_dsp_widening_t next = {a, b, lanes};
    next = mrt_dsp_widen_words(next, count / 4u);
    if (rest != 0u) {
        next.lanes = mrt_dsp_widen_quad(load_tail(next.a, rest), load_tail(next.b, rest), next.lanes);
    }
    return next.lanes;
}

/* Words of a group's scales. */
static uint32_t scale_words_of(bool wide, bool linear)
{
    const uint32_t linear_words = wide ? MRT_DSP_LINEAR_WIDE_WORDS : MRT_DSP_LINEAR_WORDS;
    return linear ? linear_words : (MRT_DSP_GROUP * MRT_DSP_SCALE_WORDS);
}

/* Words of a group. */
static uint32_t group_words_of(uint32_t quads, bool wide, bool linear)
{
    return MRT_DSP_START_WORDS + ((wide ? 8u : 4u) * quads) + scale_words_of(wide, linear);
}

/* Groups of two pixels, or of one: whole ones, then the last, of which only some channels count. The function is a
 * constant where these are inlined, and is called at one place, since it is long. */
typedef void (*groups_two_t)(mrt_dsp_groups_t *groups);
typedef const uint32_t *(*groups_one_t)(const mrt_dsp_walk_t *walk, const uint32_t *group, uint32_t count,
                                        const int8_t *from, int8_t *a);

static MRT_INLINE void multiply_two(groups_two_t multiply, bool wide, const mrt_dsp_walk_t *walk,
                                    const mrt_dsp_pixels_t *pixels)
{
    const uint32_t group_words = group_words_of(walk->quads, wide, walk->step == MRT_DSP_STEP_LINEAR);
    const uint32_t rest = walk->channels % MRT_DSP_GROUP;
    const uint32_t whole = walk->channels - rest;
    const uint32_t *const whole_end = &walk->groups[(whole / MRT_DSP_GROUP) * group_words];
    int8_t last_a[MRT_DSP_GROUP];
    int8_t last_b[MRT_DSP_GROUP];
    mrt_dsp_groups_t groups = {
        .next = walk->groups,
        .last = whole_end,
        .input = walk->lanes,
        .input_end = &walk->lanes[MRT_DSP_LANES_TWO * walk->quads],
        .to = {last_a, last_b}, /* a constant of eight bytes would lie too far away, behind the assembly */
        .entry = 0u,
        .step = walk->step,
        .output = 0u,
        .skip = mrt_dsp_skip(walk->quads),
    };
    for (uint32_t left = pixels->pairs; left > 0u; --left) {
        pixels->next(pixels->source, &groups.to);
        const mrt_dsp_places_t to = groups.to;
        for (uint32_t part = (whole != 0u) ? 0u : 1u; part < ((rest != 0u) ? 2u : 1u); ++part) {
            if (part != 0u) {
                groups.next = whole_end;
                groups.last = &whole_end[group_words];
                groups.to = (mrt_dsp_places_t){last_a, last_b};
            }
            multiply(&groups);
        }
        if (rest != 0u) {
            groups.next = walk->groups;
            groups.last = whole_end;
            mrt_copy(&to.a[whole], last_a, rest);
            mrt_copy(&to.b[whole], last_b, rest);
        }
    }
}

static MRT_INLINE void multiply_one(groups_one_t groups, const mrt_dsp_walk_t *walk, const int8_t *from, int8_t *a)
{
    const uint32_t channels = walk->channels;
    const uint32_t rest = channels % MRT_DSP_GROUP;
    const uint32_t *group = walk->groups;
    uint32_t count = channels / MRT_DSP_GROUP;
    int8_t last[MRT_DSP_GROUP];
    int8_t *to = a;
    for (uint32_t part = (count != 0u) ? 0u : 1u; part < ((rest != 0u) ? 2u : 1u); ++part) {
        if (part != 0u) {
            count = 1u;
            to = last;
        }
        group = groups(walk, group, count, from, to);
    }
    if (rest != 0u) {
        mrt_copy(&a[channels - rest], last, rest);
    }
}

void mrt_dsp_multiply_two(const mrt_dsp_walk_t *walk, const mrt_dsp_pixels_t *pixels)
{
    multiply_two(mrt_dsp_groups_two, false, walk, pixels);
}

void mrt_dsp_multiply_two_wide(const mrt_dsp_walk_t *walk, const mrt_dsp_pixels_t *pixels)
{
    multiply_two(mrt_dsp_groups_two_wide, true, walk, pixels);
}

void mrt_dsp_multiply_one(const mrt_dsp_walk_t *walk, const int8_t *from, int8_t *a)
{
    multiply_one(mrt_dsp_groups_one, walk, from, a);
}

void mrt_dsp_multiply_one_wide(const mrt_dsp_walk_t *walk, const int8_t *from, int8_t *a)
{
    multiply_one(mrt_dsp_groups_one_wide, walk, from, a);
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

bool mrt_dsp_groups_check(const mrt_call_t *call, const mrt_dsp_layout_t *layout)
{
    const mrt_tensor_t *tensor = mrt_call_input(call, 1u);
    const uint64_t quads = layout->quads;
    if ((quads > MRT_DSP_QUADS_MAX) || !mrt_check_range(layout->linear, 0, 1)) {
        return false;
    }
    const uint64_t groups = ((uint64_t)layout->channels + (MRT_DSP_GROUP - 1u)) / MRT_DSP_GROUP;
    const uint64_t group_words = group_words_of(layout->quads, layout->wide, layout->linear != 0);
    if ((tensor->pool != (uint8_t)MRT_POOL_PARAMS)
        || !mrt_check_elements(tensor, (uint32_t)MRT_DTYPE_S32, groups * group_words)) {
        return false;
    }
    const int32_t *words = mrt_input_s32(call, 1u, 0u);
    bool sound = true;
    for (uint64_t end = group_words; (layout->linear == 0) && sound && (end <= (groups * group_words)); end += group_words) {
        sound = shifts_are_sound(words, end);
    }
    return sound;
}

bool mrt_dsp_vectors_fit(const mrt_call_t *call, uint32_t depth, uint32_t channels)
{
    const mrt_tensor_t *output = mrt_call_output(call, 0u);
    const uint64_t vectors = ((uint64_t)output->row_bytes / channels) * output->rows;
    return mrt_check_dtype(mrt_call_input(call, 0u), (uint32_t)MRT_DTYPE_S8)
           && mrt_check_dtype(output, (uint32_t)MRT_DTYPE_S8) && ((output->row_bytes % channels) == 0u)
           && (vectors <= (uint64_t)INT32_MAX) && (mrt_check_bytes(mrt_call_input(call, 0u)) == (vectors * depth));
}

bool mrt_dsp_output_check(int32_t point, int32_t low, int32_t high)
{
    return mrt_check_range(point, -128, 127) && mrt_check_range(low, -128, high) && mrt_check_range(high, -128, 127);
}
