/* Matrix product of vectors with weights, int8, for cores with the DSP extension; also convolution 1 x 1. */
#include "micrort/kernels.h"
#include "runtime/kernels/check.h"
#include "runtime/kernels/dsp/products.h"

/* Vectors of a tensor one after the other, from row to row. */
typedef struct vectors {
    uint32_t row;
    uint32_t left;    /* in this row */
    uint32_t per_row; /* at least 1 */
} vectors_t;

/* The place of the next vector: its row; *index is its number in the row. */
static inline uint32_t next_vector(vectors_t *vectors, uint32_t *index)
{
    if (vectors->left == 0u) {
        vectors->row += 1u;
        vectors->left = vectors->per_row;
    }
    *index = vectors->per_row - vectors->left;
    vectors->left -= 1u;
    return vectors->row;
}

static vectors_t vectors_from(uint32_t first, uint32_t per_row)
{
    const vectors_t vectors = {first / per_row, per_row - (first % per_row), per_row};
    return vectors;
}

/* What stays the same for all vectors of one call. */
typedef struct product_dsp {
    const mrt_call_t *call;
    uint32_t depth;
    uint32_t channels;
    vectors_t inputs;
    vectors_t outputs;
    uint32_t *lanes;
    mrt_dsp_walk_t walk;
} product_dsp_t;

static inline const int8_t *next_input(product_dsp_t *product)
{
    uint32_t index = 0u;
    const uint32_t row = next_vector(&product->inputs, &index);
    const int8_t *elements = mrt_input_s8(product->call, 0u, row);
    return &elements[index * product->depth];
}

static inline int8_t *next_output(product_dsp_t *product)
{
    uint32_t index = 0u;
    const uint32_t row = next_vector(&product->outputs, &index);
    int8_t *elements = mrt_output_s8(product->call, 0u, row);
    return &elements[index * product->channels];
}

static void compute_two(product_dsp_t *product)
{
    const int8_t *a = next_input(product);
    const int8_t *b = next_input(product);
    (void)mrt_dsp_widen_two(a, b, product->depth, product->lanes);
    int8_t *output_a = next_output(product);
    int8_t *output_b = next_output(product);
    mrt_dsp_multiply_two(&product->walk, product->channels, output_a, output_b);
}

static void compute_one(product_dsp_t *product)
{
    (void)mrt_dsp_widen_one(next_input(product), product->depth, product->lanes);
    mrt_dsp_multiply_one(&product->walk, product->channels, next_output(product));
}

/* Vector `vector`, which is several input rows. */
static void compute_rows(product_dsp_t *product, uint32_t vector)
{
    const uint32_t row_elements = mrt_call_input(product->call, 0u)->row_bytes;
    const uint32_t rows = product->depth / row_elements;
    uint32_t *lanes = product->lanes;
    for (uint32_t row = 0u; row < rows; ++row) {
        lanes = mrt_dsp_widen_one(mrt_input_s8(product->call, 0u, (vector * rows) + row), row_elements, lanes);
    }
    mrt_dsp_multiply_one(&product->walk, product->channels, next_output(product));
}

mrt_status_t mrt_fully_connected_s8_dsp_run(const mrt_call_t *call)
{
    const mrt_fully_connected_s8_dsp_attrs_t *attrs = call->attrs; /* MISRA D1 */
    const uint32_t depth = (uint32_t)attrs->depth;
    const uint32_t channels = (uint32_t)attrs->channels;
    const uint32_t input_row = mrt_call_input(call, 0u)->row_bytes;
    const uint32_t output_row = mrt_call_output(call, 0u)->row_bytes;
    const uint32_t per_output_row = output_row / channels;
    const uint32_t first = call->row_begin * per_output_row;
    const uint32_t count = (call->row_end - call->row_begin) * per_output_row;
    uint32_t *lanes = mrt_workspace(call);                  /* MISRA D1 */
    const uint32_t *groups = mrt_input_row(call, 1u, 0u); /* MISRA D1 */
    product_dsp_t product = {
        .call = call,
        .depth = depth,
        .channels = channels,
        .outputs = vectors_from(first, per_output_row),
        .lanes = lanes,
        .walk = {lanes, groups, mrt_dsp_quads(depth), mrt_dsp_step(attrs->output_point)},
    };
    if (depth > input_row) {
        for (uint32_t vector = first; vector < (first + count); ++vector) {
            compute_rows(&product, vector);
        }
    } else {
        uint32_t left = count;
        product.inputs = vectors_from(first, input_row / depth);
        while ((left >= 2u) && (attrs->tile == 2)) {
            compute_two(&product);
            left -= 2u;
        }
        while (left > 0u) {
            compute_one(&product);
            left -= 1u;
        }
    }
    mrt_dsp_clamp_rows(call, attrs->activation_min, attrs->activation_max);
    return MRT_OK;
}

uint32_t mrt_fully_connected_s8_dsp_workspace(const void *attrs)
{
    const mrt_fully_connected_s8_dsp_attrs_t *own = attrs; /* MISRA D1 */
    const uint32_t words = (own->tile == 2) ? MRT_DSP_LANES_TWO : MRT_DSP_LANES_ONE;
    return mrt_dsp_lanes_bytes(mrt_dsp_quads((uint32_t)own->depth), words);
}

/* Whether vectors lie in rows as `run` walks over them. */
static bool rows_are_sound(const mrt_call_t *call, uint32_t depth, uint32_t channels)
{
    const mrt_tensor_t *input = mrt_call_input(call, 0u);
    const mrt_tensor_t *output = mrt_call_output(call, 0u);
    const uint64_t vectors = ((uint64_t)output->row_bytes / channels) * output->rows;
    const bool within = (input->row_bytes % depth) == 0u;
    const bool across = ((depth % input->row_bytes) == 0u) && ((input->row_bytes % 4u) == 0u);
    return ((output->row_bytes % channels) == 0u) && (within || across) && (vectors <= (uint64_t)INT32_MAX)
           && (mrt_check_bytes(input) == (vectors * depth));
}

mrt_status_t mrt_fully_connected_s8_dsp_check(const mrt_call_t *call)
{
    const mrt_fully_connected_s8_dsp_attrs_t *attrs = call->attrs; /* MISRA D1 */
    if (!mrt_check_counts(call, 2u, 1u) || (attrs->depth < 1) || (attrs->channels < 1)) {
        return MRT_ERR_ATTRIBUTE;
    }
    const uint32_t depth = (uint32_t)attrs->depth;
    const uint32_t channels = (uint32_t)attrs->channels;
    return mrt_check_status(mrt_check_dtype(mrt_call_input(call, 0u), (uint32_t)MRT_DTYPE_S8)
                            && mrt_check_dtype(mrt_call_output(call, 0u), (uint32_t)MRT_DTYPE_S8)
                            && mrt_check_range(attrs->tile, 1, 2) && rows_are_sound(call, depth, channels)
                            && mrt_dsp_groups_check(call, 1u, channels, depth)
                            && mrt_check_range(attrs->output_point, -128, 127)
                            && mrt_check_range(attrs->activation_min, -128, attrs->activation_max)
                            && mrt_check_range(attrs->activation_max, -128, 127));
}
