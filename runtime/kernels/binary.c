#include "runtime/kernels/binary.h"

#include "runtime/kernels/check.h"

/* The axes of a broadcast in the order of its bits. */
#define AXIS_WIDTH 4u
#define AXIS_CHANNELS 5u
#define AXIS_COUNT 6u
#define ROW_AXES_MASK 15u

static uint32_t is_repeated(int32_t repeats, uint32_t axis)
{
    return ((uint32_t)repeats >> axis) & 1u;
}

static void read_rows(const mrt_broadcast_t *broadcast, uint32_t rows[MRT_BROADCAST_ROW_AXES])
{
    rows[0] = (uint32_t)broadcast->rows0;
    rows[1] = (uint32_t)broadcast->rows1;
    rows[2] = (uint32_t)broadcast->rows2;
    rows[3] = (uint32_t)broadcast->rows3;
}

mrt_operand_t mrt_broadcast_operand(const mrt_broadcast_t *broadcast, int32_t repeats)
{
    mrt_operand_t operand;
    uint32_t rows[MRT_BROADCAST_ROW_AXES];
    read_rows(broadcast, rows);
    uint32_t step = 1u;
    for (uint32_t axis = MRT_BROADCAST_ROW_AXES; axis > 0u; --axis) {
        const bool repeated = is_repeated(repeats, axis - 1u) != 0u;
        operand.row_step[axis - 1u] = repeated ? 0u : step;
        step *= repeated ? 1u : rows[axis - 1u];
    }
    const bool one_channel = is_repeated(repeats, AXIS_CHANNELS) != 0u;
    const uint32_t pixel = one_channel ? 1u : (uint32_t)broadcast->channels;
    operand.channel_step = one_channel ? 0u : 1u;
    operand.width_step = (is_repeated(repeats, AXIS_WIDTH) != 0u) ? 0u : pixel;
    operand.rows_agree = ((uint32_t)repeats & ROW_AXES_MASK) == 0u;
    return operand;
}

uint32_t mrt_broadcast_row(const mrt_broadcast_t *broadcast, const mrt_operand_t *operand, uint32_t row)
{
    if (operand->rows_agree) {
        return row; /* the common case costs no division */
    }
    uint32_t rows[MRT_BROADCAST_ROW_AXES];
    read_rows(broadcast, rows);
    uint32_t rest = row;
    uint32_t found = 0u;
    for (uint32_t axis = MRT_BROADCAST_ROW_AXES; axis > 0u; --axis) {
        found += (rest % rows[axis - 1u]) * operand->row_step[axis - 1u];
        rest /= rows[axis - 1u];
    }
    return found;
}

/* Whether a tensor has the broadcast's shape less the axes that are repeated. */
static bool tensor_fits(const mrt_tensor_t *tensor, uint32_t dtype, const int32_t extents[AXIS_COUNT], int32_t repeats)
{
    uint64_t rows = 1u;
    uint64_t elements = 1u;
    for (uint32_t axis = 0u; axis < AXIS_COUNT; ++axis) {
        const uint64_t extent = (is_repeated(repeats, axis) != 0u) ? UINT64_C(1) : (uint64_t)(uint32_t)extents[axis];
        rows *= (axis < AXIS_WIDTH) ? extent : UINT64_C(1);
        elements *= (axis < AXIS_WIDTH) ? UINT64_C(1) : extent;
    }
    return mrt_check_dtype(tensor, dtype) && (tensor->rows == rows)
           && (tensor->row_bytes == (elements * mrt_check_dtype_bytes(dtype)));
}

bool mrt_broadcast_is_sound(const mrt_call_t *call, const mrt_broadcast_t *broadcast, uint32_t dtype)
{
    const int32_t extents[AXIS_COUNT] = {broadcast->rows0, broadcast->rows1, broadcast->rows2,
                                         broadcast->rows3, broadcast->width, broadcast->channels};
    if (!mrt_check_counts(call, 2u, 1u) || !mrt_check_range(broadcast->input0_repeats, 0, 63)
        || !mrt_check_range(broadcast->input1_repeats, 0, 63)) {
        return false;
    }
    for (uint32_t axis = 0u; axis < AXIS_COUNT; ++axis) {
        /* Rows are counted in 16 bits, so that products of four extents stay within 64. */
        const int32_t most = (axis < AXIS_WIDTH) ? 65535 : INT32_MAX;
        if (!mrt_check_range(extents[axis], 1, most)) {
            return false;
        }
    }
    return mrt_check_writable(mrt_call_output(call, 0u)) && tensor_fits(mrt_call_output(call, 0u), dtype, extents, 0)
           && tensor_fits(mrt_call_input(call, 0u), dtype, extents, broadcast->input0_repeats)
           && tensor_fits(mrt_call_input(call, 1u), dtype, extents, broadcast->input1_repeats);
}

/* Operands less their zero points stay below 2^31 when shifted left, so at most one half of it each sums up. */
static bool scale_is_half_at_most(int32_t multiplier, int32_t shift)
{
    const int32_t half = 1073741824; /* 2^30 */
    return (multiplier >= 0) && mrt_check_range(shift, -31, 0) && ((shift < 0) || (multiplier <= half));
}

static bool clamp_is_sound(int32_t output_offset, int32_t minimum, int32_t maximum, int32_t low, int32_t high)
{
    return mrt_check_range(output_offset, low, high) && mrt_check_range(minimum, low, high)
           && mrt_check_range(maximum, minimum, high);
}

bool mrt_addition_is_sound(const mrt_addition_attrs_t *attrs, int32_t low, int32_t high)
{
    return mrt_check_range(attrs->input0_offset, -high, -low) && mrt_check_range(attrs->input1_offset, -high, -low)
           && scale_is_half_at_most(attrs->input0_multiplier, attrs->input0_shift)
           && scale_is_half_at_most(attrs->input1_multiplier, attrs->input1_shift)
           && (attrs->output_multiplier >= 0) && mrt_check_range(attrs->output_shift, -31, 0)
           && clamp_is_sound(attrs->output_offset, attrs->activation_min, attrs->activation_max, low, high);
}

bool mrt_multiplication_is_sound(const mrt_multiplication_attrs_t *attrs, int32_t offset_max, int32_t low,
                                 int32_t high)
{
    return mrt_check_range(attrs->input0_offset, -offset_max, offset_max)
           && mrt_check_range(attrs->input1_offset, -offset_max, offset_max) && (attrs->multiplier >= 0)
           && mrt_check_shift(attrs->shift)
           && clamp_is_sound(attrs->output_offset, attrs->activation_min, attrs->activation_max, low, high);
}
