/* Resize by nearest neighbour, any dtype, portable. */
#include "micrort/kernels.h"
#include "runtime/kernels/check.h"

#include <string.h>

#define SIZE_MAX_PER_AXIS 32767

/* Input index behind output index `index`, in the float32 arithmetic of TensorFlow Lite. */
static uint32_t source_of(uint32_t index, const mrt_resize_nearest_attrs_t *attrs, float scale, int32_t size)
{
    const float position = ((float)index + attrs->offset) * scale;
    int32_t whole = (int32_t)position;
    if ((attrs->to_nearest != 0) && ((position - (float)whole) >= 0.5f)) {
        ++whole;
    }
    return (uint32_t)((whole < size) ? whole : (size - 1));
}

mrt_status_t mrt_resize_nearest_run(const mrt_call_t *call)
{
    const mrt_resize_nearest_attrs_t *attrs = call->attrs; /* MISRA D1 */
    const uint32_t output_height = (uint32_t)attrs->output_height;
    const uint32_t pixel = (uint32_t)attrs->pixel_bytes;
    for (uint32_t row = call->row_begin; row < call->row_end; ++row) {
        const uint32_t image = row / output_height;
        const uint32_t y = source_of(row % output_height, attrs, attrs->height_scale, attrs->input_height);
        const uint8_t *source = mrt_input_u8(call, 0u, (image * (uint32_t)attrs->input_height) + y);
        uint8_t *target = mrt_output_u8(call, 0u, row);
        for (uint32_t x = 0u; x < (uint32_t)attrs->output_width; ++x) {
            const uint32_t column = source_of(x, attrs, attrs->width_scale, attrs->input_width);
            (void)memcpy(&target[x * pixel], &source[column * pixel], pixel);
        }
    }
    return MRT_OK;
}

mrt_rows_t mrt_reads_resize(const mrt_call_t *call, uint32_t input)
{
    const mrt_resize_nearest_attrs_t *attrs = call->attrs; /* MISRA D1 */
    const uint32_t height = (uint32_t)attrs->output_height;
    mrt_rows_t rows = {0u, 0u};
    if (input == 0u) { /* positions never decrease */
        const uint32_t last = call->row_end - 1u;
        rows.begin = ((call->row_begin / height) * (uint32_t)attrs->input_height)
                     + source_of(call->row_begin % height, attrs, attrs->height_scale, attrs->input_height);
        rows.end = ((last / height) * (uint32_t)attrs->input_height)
                   + source_of(last % height, attrs, attrs->height_scale, attrs->input_height) + 1u;
    }
    return rows;
}

uint32_t mrt_resize_nearest_workspace(const void *attrs)
{
    (void)attrs;
    return 0u;
}

/* Whether `height` rows of `width` pixels, any number of times, make the tensor. */
static bool image_sound(const mrt_tensor_t *tensor, int32_t height, int32_t width, int32_t pixel)
{
    return mrt_check_range(height, 1, SIZE_MAX_PER_AXIS) && mrt_check_range(width, 1, SIZE_MAX_PER_AXIS)
           && ((tensor->rows % (uint32_t)height) == 0u)
           && (tensor->row_bytes == ((uint64_t)(uint32_t)width * (uint32_t)pixel));
}

static bool scale_sound(float scale)
{
    return (scale >= 0.0f) && (scale <= (float)SIZE_MAX_PER_AXIS); /* false for NaN */
}

mrt_status_t mrt_resize_nearest_check(const mrt_call_t *call)
{
    const mrt_resize_nearest_attrs_t *attrs = call->attrs; /* MISRA D1 */
    if (!mrt_check_unary(call) || (attrs->pixel_bytes < 1) || !scale_sound(attrs->height_scale)
        || !scale_sound(attrs->width_scale) || !((attrs->offset >= 0.0f) && (attrs->offset <= 0.5f))) {
        return MRT_ERR_ATTRIBUTE;
    }
    const mrt_tensor_t *input = mrt_call_input(call, 0u);
    const mrt_tensor_t *output = mrt_call_output(call, 0u);
    if (!image_sound(input, attrs->input_height, attrs->input_width, attrs->pixel_bytes)
        || !image_sound(output, attrs->output_height, attrs->output_width, attrs->pixel_bytes)) {
        return MRT_ERR_ATTRIBUTE;
    }
    const uint32_t images = (uint32_t)input->rows / (uint32_t)attrs->input_height;
    return mrt_check_status(images == ((uint32_t)output->rows / (uint32_t)attrs->output_height));
}
