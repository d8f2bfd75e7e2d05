/* Matrix product of vectors with weights, int8, for cores without SIMD: two channels in a word, vector by vector. */
#include "micrort/kernels.h"
#include "runtime/kernels/check.h"
#include "runtime/kernels/product.h"
#include "runtime/kernels/requantise.h"
#include "runtime/kernels/scalar/channels.h"
#include "runtime/kernels/scalar/scale.h"

#include <stddef.h>
#include <string.h>

/* Channels that share words. */
#define GROUP 2u

/* What stays the same for all vectors of one call. */
typedef struct product_scalar {
    const mrt_call_t *call;
    const uint32_t *records;
    uint32_t depth;
    uint32_t channels;
    uint32_t chunk;
    uint32_t *words;  /* a chunk of the vector */
    int32_t *partial; /* sums of all channels, where a vector is several chunks */
    mrt_scalar_scale_t scale;
} product_scalar_t;

/* A place in the input. */
typedef struct place {
    uint32_t row;
    uint32_t element;
} place_t;

/* Sizes of a multiple of `step` that holds `count`. */
static uint32_t whole(uint32_t count, uint32_t step)
{
    return ((count + (step - 1u)) / step) * step;
}

/* Copies up to a block of elements from wherever their rows lie; zeros follow. */
static void copy_block(const mrt_call_t *call, place_t *place, uint32_t count, int8_t block[MRT_SCALAR_BLOCK])
{
    const uint32_t row_bytes = mrt_call_input(call, 0u)->row_bytes;
    (void)memset(block, 0, MRT_SCALAR_BLOCK);
    for (uint32_t i = 0u; i < count; ++i) {
        if (place->element == row_bytes) {
            place->row += 1u;
            place->element = 0u;
        }
        block[i] = mrt_input_s8(call, 0u, place->row)[place->element];
        place->element += 1u;
    }
}

/* The next `count` elements of the vector as words. */
static void widen(const product_scalar_t *product, place_t *place, uint32_t count)
{
    const uint32_t row_bytes = mrt_call_input(product->call, 0u)->row_bytes;
    uint32_t *words = product->words;
    uint32_t left = count;
    while (left > 0u) {
        const uint32_t some = (left < MRT_SCALAR_BLOCK) ? left : MRT_SCALAR_BLOCK;
        if ((some == MRT_SCALAR_BLOCK) && ((row_bytes - place->element) >= MRT_SCALAR_BLOCK)) {
            mrt_scalar_widen(&mrt_input_s8(product->call, 0u, place->row)[place->element], words);
            place->element += MRT_SCALAR_BLOCK;
        } else {
            int8_t block[MRT_SCALAR_BLOCK];
            copy_block(product->call, place, some, block);
            mrt_scalar_widen(block, words);
        }
        words = &words[MRT_SCALAR_BLOCK_WORDS];
        left -= some;
    }
}

/* Sums of two channels over a chunk; `group` begins with the windows of its blocks. */
static inline mrt_scalar_pair_t dot(const uint32_t *words, const uint32_t *group, uint32_t blocks)
{
    if (group[0] == MRT_SCALAR_WINDOW_OF_EIGHT) {
        return mrt_scalar_dot_eight(words, &group[1], blocks);
    }
    if (group[0] == MRT_SCALAR_WINDOWS_OF_FOUR) {
        return mrt_scalar_dot_four(words, &group[1], blocks);
    }
    return mrt_scalar_dot_two(words, &group[1], blocks);
}

/* Adds the products of a chunk to the sums of all channels; returns the weights of the next chunk. */
static MRT_NOINLINE const uint32_t *add_chunk(const product_scalar_t *product, const uint32_t *weights, uint32_t blocks)
{
    const uint32_t *group = weights;
    for (uint32_t channel = 0u; channel < product->channels; channel += GROUP) {
        const mrt_scalar_pair_t sums = dot(product->words, group, blocks);
        int32_t *partial = &product->partial[channel];
        partial[0] = mrt_wrapping_add(partial[0], sums.first);
        partial[1] = mrt_wrapping_add(partial[1], sums.second);
        group = &group[1u + (blocks * MRT_SCALAR_BLOCK_WEIGHTS)];
    }
    return group;
}

/* The last chunk, or the only one: its sums become outputs. */
static MRT_NOINLINE void end_chunk(const product_scalar_t *product, const uint32_t *weights, uint32_t blocks, int8_t *output)
{
    const mrt_scalar_scale_t *scale = &product->scale;
    const uint32_t step = 1u + (blocks * MRT_SCALAR_BLOCK_WEIGHTS);
    const int8_t *end = &output[product->channels];
    const int32_t *partial = (product->depth > product->chunk) ? product->partial : NULL;
    const uint32_t *group = weights;
    const uint32_t *record = product->records;
    int8_t *to = output;
    while (to != end) {
        mrt_scalar_pair_t sums = dot(product->words, group, blocks);
        if (partial != NULL) {
            sums.first = mrt_wrapping_add(sums.first, partial[0]);
            sums.second = mrt_wrapping_add(sums.second, partial[1]);
            partial = &partial[GROUP];
        }
        *to = mrt_scalar_output(scale, record, sums.first);
        to = &to[1];
        if (to == end) {
            break;
        }
        record = &record[scale->words];
        *to = mrt_scalar_output(scale, record, sums.second);
        to = &to[1];
        record = &record[scale->words];
        group = &group[step];
    }
}

/* One vector, which begins at `place` of the input. */
static void multiply(const product_scalar_t *product, place_t place, int8_t *output)
{
    const uint32_t channels = whole(product->channels, GROUP);
    const uint32_t *weights = &product->records[channels * product->scale.words];
    place_t next = place;
    uint32_t left = product->depth;
    if (left > product->chunk) {
        (void)memset(product->partial, 0, channels * sizeof(int32_t));
    }
    while (left > product->chunk) {
        widen(product, &next, product->chunk);
        weights = add_chunk(product, weights, product->chunk / MRT_SCALAR_BLOCK);
        left -= product->chunk;
    }
    widen(product, &next, left);
    end_chunk(product, weights, whole(left, MRT_SCALAR_BLOCK) / MRT_SCALAR_BLOCK, output);
}

/* Words that hold a chunk of a vector. */
static uint32_t chunk_words(uint32_t depth, uint32_t chunk)
{
    const uint32_t most = (depth < chunk) ? whole(depth, MRT_SCALAR_BLOCK) : chunk;
    return (most / MRT_SCALAR_BLOCK) * MRT_SCALAR_BLOCK_WORDS;
}

mrt_status_t mrt_fully_connected_s8_scalar_run(const mrt_call_t *call)
{
    const mrt_fully_connected_s8_scalar_attrs_t *attrs = call->attrs; /* MISRA D1 */
    const uint32_t depth = (uint32_t)attrs->depth;
    const uint32_t chunk = (uint32_t)attrs->chunk;
    const uint32_t channels = (uint32_t)attrs->channels;
    const uint32_t input_row = mrt_call_input(call, 0u)->row_bytes;
    const uint32_t vectors = mrt_call_output(call, 0u)->row_bytes / channels;
    uint32_t *words = mrt_workspace(call); /* MISRA D1 */
    product_scalar_t product = {
        .call = call,
        .records = mrt_input_row(call, 1u, 0u),
        .depth = depth,
        .channels = channels,
        .chunk = chunk,
        .words = words,
        .partial = mrt_address_mut(words, chunk_words(depth, chunk) * (uint32_t)sizeof(uint32_t)),
    };
    mrt_scalar_scale_set(&product.scale, &attrs->scaling);
    for (uint32_t row = call->row_begin; row < call->row_end; ++row) {
        int8_t *output = mrt_output_s8(call, 0u, row);
        for (uint32_t i = 0u; i < vectors; ++i) {
            const uint32_t vector = (row * vectors) + i;
            place_t place = {vector * (depth / input_row), 0u};
            if (depth < input_row) {
                const uint32_t per_row = input_row / depth;
                place.row = vector / per_row;
                place.element = (vector % per_row) * depth;
            }
            multiply(&product, place, &output[i * channels]);
        }
    }
    return MRT_OK;
}

/* Largest depth, and number of channels: all that is computed from them stays below 2^31. */
#define AXIS_MAX 0x1000000
#define CHUNK_MAX 256

static bool sizes_are_sound(const mrt_fully_connected_s8_scalar_attrs_t *attrs)
{
    return mrt_check_range(attrs->depth, 1, AXIS_MAX) && mrt_check_range(attrs->channels, 1, AXIS_MAX)
           && mrt_check_range(attrs->chunk, (int32_t)MRT_SCALAR_BLOCK, CHUNK_MAX)
           && (((uint32_t)attrs->chunk % MRT_SCALAR_BLOCK) == 0u);
}

uint32_t mrt_fully_connected_s8_scalar_workspace(const void *attrs)
{
    const mrt_fully_connected_s8_scalar_attrs_t *own = attrs; /* MISRA D1 */
    if (!sizes_are_sound(own)) {
        return 0u;
    }
    const uint32_t words = chunk_words((uint32_t)own->depth, (uint32_t)own->chunk);
    const uint32_t partial = (own->depth > own->chunk) ? whole((uint32_t)own->channels, GROUP) : 0u;
    return (words + partial) * (uint32_t)sizeof(uint32_t);
}

/* Whether vectors lie in rows as `run` walks over them. */
static bool rows_are_sound(const mrt_call_t *call, uint32_t depth, uint32_t channels)
{
    const mrt_tensor_t *input = mrt_call_input(call, 0u);
    const mrt_tensor_t *output = mrt_call_output(call, 0u);
    const uint64_t vectors = ((uint64_t)output->row_bytes / channels) * output->rows;
    const bool lie_whole = ((input->row_bytes % depth) == 0u) || ((depth % input->row_bytes) == 0u);
    return ((output->row_bytes % channels) == 0u) && lie_whole && (mrt_check_bytes(input) == (vectors * depth));
}

static bool matrix_is_sound(const mrt_call_t *call, const mrt_fully_connected_s8_scalar_attrs_t *attrs)
{
    const mrt_tensor_t *tensor = mrt_call_input(call, 1u);
    const uint64_t channels = whole((uint32_t)attrs->channels, GROUP);
    const uint32_t depth = (uint32_t)attrs->depth;
    const uint32_t words = mrt_scalar_record_words(&attrs->scaling);
    const uint64_t chunks = whole(depth, (uint32_t)attrs->chunk) / (uint32_t)attrs->chunk;
    const uint64_t group = (whole(depth, MRT_SCALAR_BLOCK) / GROUP) + chunks;
    return (tensor->pool == (uint8_t)MRT_POOL_PARAMS)
           && mrt_check_elements(tensor, (uint32_t)MRT_DTYPE_S32, (channels * words) + ((channels / GROUP) * group))
           && mrt_scalar_records_check(mrt_input_row(call, 1u, 0u), channels, words);
}

mrt_status_t mrt_fully_connected_s8_scalar_check(const mrt_call_t *call)
{
    const mrt_fully_connected_s8_scalar_attrs_t *attrs = call->attrs; /* MISRA D1 */
    if (!mrt_check_counts(call, 2u, 1u) || !sizes_are_sound(attrs)) {
        return MRT_ERR_ATTRIBUTE;
    }
    return mrt_check_status(mrt_check_dtype(mrt_call_input(call, 0u), (uint32_t)MRT_DTYPE_S8)
                            && mrt_check_dtype(mrt_call_output(call, 0u), (uint32_t)MRT_DTYPE_S8)
                            && mrt_scalar_scaling_check(&attrs->scaling)
                            && rows_are_sound(call, (uint32_t)attrs->depth, (uint32_t)attrs->channels)
                            && matrix_is_sound(call, attrs));
}
