#include "runtime/kernels/mean.h"

#include "runtime/kernels/check.h"
#include "runtime/kernels/requantise.h"

/* The axes of a reduction in the order of its bits; the first four make rows. */
#define AXIS_WIDTH 4u
#define AXIS_CHANNELS 5u
#define AXIS_COUNT 6u

static bool is_reduced(const mrt_reduction_t *reduction, uint32_t axis)
{
    return (((uint32_t)reduction->reduced >> axis) & 1u) != 0u;
}

static void read_extents(const mrt_reduction_t *reduction, uint32_t extents[AXIS_COUNT])
{
    extents[0] = (uint32_t)reduction->rows0;
    extents[1] = (uint32_t)reduction->rows1;
    extents[2] = (uint32_t)reduction->rows2;
    extents[3] = (uint32_t)reduction->rows3;
    extents[AXIS_WIDTH] = (uint32_t)reduction->width;
    extents[AXIS_CHANNELS] = (uint32_t)reduction->channels;
}

mrt_extent_t mrt_reduction_extent(const mrt_reduction_t *reduction)
{
    uint32_t extents[AXIS_COUNT];
    read_extents(reduction, extents);
    mrt_extent_t extent = {.rows = 1u, .inner_rows = 1u, .inner_step = 0u, .outer_step = 0u};
    uint32_t step = 1u;
    for (uint32_t axis = AXIS_WIDTH; axis > 0u; --axis) {
        const uint32_t length = extents[axis - 1u];
        if (is_reduced(reduction, axis - 1u) && (length > 1u)) {
            if (extent.rows == 1u) { /* the first one from the right is the inner one */
                extent.inner_rows = length;
                extent.inner_step = step;
            } else {
                extent.outer_step = step;
            }
            extent.rows *= length;
        }
        step *= length;
    }
    extent.width = is_reduced(reduction, AXIS_WIDTH) ? extents[AXIS_WIDTH] : 1u;
    extent.channels = is_reduced(reduction, AXIS_CHANNELS) ? extents[AXIS_CHANNELS] : 1u;
    return extent;
}

mrt_place_t mrt_reduction_first(const mrt_reduction_t *reduction, uint32_t index)
{
    uint32_t extents[AXIS_COUNT];
    read_extents(reduction, extents);
    mrt_place_t place = {0u, 0u};
    uint32_t rest = index;
    uint32_t step = 1u;
    for (uint32_t axis = AXIS_COUNT; axis > 0u; --axis) {
        if (axis == AXIS_WIDTH) {
            step = 1u; /* from here on in rows */
        }
        const uint32_t length = extents[axis - 1u];
        if (!is_reduced(reduction, axis - 1u) && (length > 1u)) {
            const uint32_t offset = (rest % length) * step;
            place.row += (axis <= AXIS_WIDTH) ? offset : 0u;
            place.column += (axis <= AXIS_WIDTH) ? 0u : offset;
            rest /= length;
        }
        step *= length;
    }
    return place;
}

/* Whether extents are positive, few enough, and together those of the input. */
static bool input_fits(const mrt_tensor_t *input, uint32_t dtype, const uint32_t extents[AXIS_COUNT])
{
    uint64_t rows = 1u;
    for (uint32_t axis = 0u; axis < AXIS_COUNT; ++axis) {
        /* Rows are counted in 16 bits, so that products of four extents stay within 64. */
        const uint32_t most = (axis < AXIS_WIDTH) ? (uint32_t)UINT16_MAX : (uint32_t)INT32_MAX;
        if ((extents[axis] < 1u) || (extents[axis] > most)) {
            return false;
        }
        rows *= (axis < AXIS_WIDTH) ? extents[axis] : 1u;
    }
    const uint64_t elements = (uint64_t)extents[AXIS_WIDTH] * extents[AXIS_CHANNELS];
    return mrt_check_dtype(input, dtype) && (input->rows == rows)
           && (elements == (input->row_bytes / mrt_check_dtype_bytes(dtype)));
}

bool mrt_reduction_is_sound(const mrt_call_t *call, const mrt_reduction_t *reduction, uint32_t dtype)
{
    uint32_t extents[AXIS_COUNT];
    read_extents(reduction, extents);
    if (!mrt_check_unary(call) || !mrt_check_range(reduction->reduced, 0, 63)
        || !input_fits(mrt_call_input(call, 0u), dtype, extents)) {
        return false;
    }
    uint64_t outputs = 1u;
    uint64_t count = 1u;
    uint32_t reduced_row_axes = 0u;
    for (uint32_t axis = 0u; axis < AXIS_COUNT; ++axis) {
        const bool reduced = is_reduced(reduction, axis);
        count *= reduced ? extents[axis] : 1u;
        outputs *= reduced ? 1u : extents[axis];
        reduced_row_axes += (reduced && (axis < AXIS_WIDTH) && (extents[axis] > 1u)) ? 1u : 0u;
    }
    return (reduced_row_axes <= 2u) && (count <= UINT32_MAX) && mrt_check_writable(mrt_call_output(call, 0u))
           && mrt_check_elements(mrt_call_output(call, 0u), dtype, outputs);
}

bool mrt_mean_scale_is_sound(const mrt_mean_attrs_t *attrs, int32_t low, int32_t high)
{
    return mrt_check_range(attrs->input_offset, -high, -low) && mrt_check_range(attrs->output_offset, low, high)
           && (attrs->multiplier >= 0) && mrt_check_shift(attrs->shift);
}

int32_t mrt_mean_output(const mrt_mean_attrs_t *attrs, int32_t sum, uint32_t count, int32_t low, int32_t high)
{
    const uint32_t less_zero = (uint32_t)sum + ((uint32_t)attrs->input_offset * count);
    const int32_t scaled = mrt_requantise((int32_t)less_zero, attrs->multiplier, attrs->shift);
    /* Clamped before the offset is added: a large sum may scale to the end of int32. */
    return mrt_clamp(scaled, low - attrs->output_offset, high - attrs->output_offset) + attrs->output_offset;
}
