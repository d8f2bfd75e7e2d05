/* Convolution of three channels with kernels of 3 x 3, int8, for cores with MVE: first layers of networks for images. */
#include "micrort/kernels.h"
#include "runtime/kernels/check.h"
#include "runtime/kernels/mve/rgb.h"
#include "runtime/kernels/product.h"
#include "runtime/kernels/window.h"

/* Input channels, and sides of the kernel. */
#define CHANNELS 3
#define KERNEL 3

/* Output channels at most, so that the second window's outputs are within reach of 8 bits. */
#define OUTPUT_CHANNELS 248

static MRT_NOINLINE void rectified_row(const mrt_mve_rgb_t *rgb)
{
    mrt_mve_rgb_row(rgb, true);
}

static MRT_NOINLINE void signed_row(const mrt_mve_rgb_t *rgb)
{
    mrt_mve_rgb_row(rgb, false);
}

/* Columns under the windows of an output row, padding included. */
static int64_t columns_of(const mrt_window_t *window)
{
    return (((int64_t)window->output_width - 1) * window->stride_width) + KERNEL;
}

/* Whether any column of them is padding: then rows are copied between it. */
static bool has_padding(const mrt_window_t *window)
{
    return (window->padding_left > 0) || (columns_of(window) > window->input_width);
}

/* A call, and the copies of the rows under its last output row, from the first to the last tap. */
typedef struct rows {
    const mrt_call_t *call;
    const mrt_window_t *window;
    int8_t padding;
    int8_t *copies[KERNEL];
} rows_t;

/* Bytes of padding before the image, in a copied row. */
static int32_t padding_bytes(const mrt_window_t *window)
{
    const int32_t columns = (int32_t)columns_of(window);
    return ((window->padding_left < columns) ? window->padding_left : columns) * CHANNELS;
}

/* Bytes of a row of the image that lie under windows. */
static int32_t image_bytes(const mrt_window_t *window)
{
    const int32_t room = ((int32_t)columns_of(window) * CHANNELS) - padding_bytes(window);
    const int32_t image = window->input_width * CHANNELS;
    return (image < room) ? image : room;
}

/* The padding on both sides of rows that are copied to `copies`, one behind the other. */
static void pad_rows(const mrt_window_t *window, int8_t padding, int8_t *copies)
{
    const int32_t before = padding_bytes(window);
    const int32_t behind = before + image_bytes(window);
    const int32_t pitch = (int32_t)columns_of(window) * CHANNELS;
    const int32_t rest = pitch - behind;
    for (int32_t tap = 0; tap < KERNEL; ++tap) {
        int8_t *copy = &copies[tap * pitch];
        mrt_mve_fill(copy, padding, (uint32_t)before);
        mrt_mve_fill(&copy[behind], padding, (uint32_t)rest);
    }
}

/* Row `y` of the image that begins with row `first`, between its padding; nothing but padding beyond the image. */
static void copy_row(const rows_t *rows, uint32_t first, int32_t y, int8_t *copy)
{
    const mrt_window_t *window = rows->window;
    if ((y >= 0) && (y < window->input_height)) {
        const int32_t before = padding_bytes(window);
        const uint32_t copied = (uint32_t)image_bytes(window);
        mrt_mve_copy(&copy[before], mrt_input_s8(rows->call, 0u, first + (uint32_t)y), copied);
    } else {
        const int32_t bytes = (int32_t)columns_of(window) * CHANNELS;
        mrt_mve_fill(copy, rows->padding, (uint32_t)bytes);
    }
}

/* The rows under output row `row`. Those that the row above has copied already are not copied again. */
static void find_rows(rows_t *rows, uint32_t row, const int8_t *found[KERNEL])
{
    const mrt_window_t *window = rows->window;
    const uint32_t height = (uint32_t)window->output_height;
    const uint32_t image = row / height;
    const uint32_t first = image * (uint32_t)window->input_height;
    const uint32_t top = row - (image * height);
    const int32_t y = ((int32_t)top * window->stride_height) - window->padding_top;
    const bool goes_on = (row != rows->call->row_begin) && (top != 0u);
    const int32_t kept = (goes_on && (window->stride_height < KERNEL)) ? (KERNEL - window->stride_height) : 0;
    for (int32_t i = kept; i < KERNEL; ++i) { /* to the front with what is kept */
        int8_t *const oldest = rows->copies[0];
        rows->copies[0] = rows->copies[1];
        rows->copies[1] = rows->copies[2];
        rows->copies[2] = oldest;
    }
    for (int32_t tap = 0; tap < KERNEL; ++tap) {
        const int32_t here = y + tap;
        found[tap] = rows->copies[tap];
        if (!has_padding(window) && (here >= 0) && (here < window->input_height)) {
            found[tap] = mrt_input_s8(rows->call, 0u, first + (uint32_t)here);
        } else if (tap >= kept) {
            copy_row(rows, first, here, rows->copies[tap]);
        } else {
            /* as the row above left it */
        }
    }
}

mrt_status_t mrt_conv2d_rgb_s8_mve_run(const mrt_call_t *call)
{
    const mrt_conv2d_s8_mve_attrs_t *attrs = (const mrt_conv2d_s8_mve_attrs_t *)call->attrs; /* MISRA D1 */
    const mrt_window_t *window = &attrs->window;
    int8_t *copies = (int8_t *)mrt_workspace(call); /* MISRA D1 */
    const int32_t pitch = (int32_t)columns_of(window) * CHANNELS;
    rows_t rows = {call, window, (int8_t)attrs->input_zero_point, {copies, &copies[pitch], &copies[2 * pitch]}};
    mrt_mve_rgb_t rgb;
    rgb.step = window->stride_width * CHANNELS;
    rgb.count = window->output_width;
    rgb.groups = mrt_input_s32(call, 1u, 0u);
    rgb.channels = window->output_channels;
    rgb.end.offset = attrs->output_offset;
    rgb.end.low = attrs->activation_min;
    rgb.end.high = attrs->activation_max;
    pad_rows(window, rows.padding, copies);
    for (uint32_t row = call->row_begin; row < call->row_end; ++row) {
        find_rows(&rows, row, rgb.rows);
        rgb.output = mrt_output_s8(call, 0u, row);
        if (attrs->scaling == (int32_t)MRT_MVE_RECTIFIED) {
            rectified_row(&rgb);
        } else {
            signed_row(&rgb);
        }
    }
    return MRT_OK;
}

uint32_t mrt_conv2d_rgb_s8_mve_workspace(const void *attrs)
{
    const mrt_conv2d_s8_mve_attrs_t *own = (const mrt_conv2d_s8_mve_attrs_t *)attrs; /* MISRA D1 */
    const int64_t columns = columns_of(&own->window);
    const bool fits = (columns > 0) && (columns <= INT16_MAX);
    const int64_t bytes = fits ? (columns * KERNEL * CHANNELS) : 0;
    return (uint32_t)bytes;
}

mrt_status_t mrt_conv2d_rgb_s8_mve_check(const mrt_call_t *call)
{
    const mrt_conv2d_s8_mve_attrs_t *attrs = (const mrt_conv2d_s8_mve_attrs_t *)call->attrs; /* MISRA D1 */
    const mrt_window_t *window = &attrs->window;
    if (!mrt_window_check(call, window, 2u, (uint32_t)MRT_DTYPE_S8)) {
        return MRT_ERR_ATTRIBUTE;
    }
    return mrt_check_status((window->input_channels == CHANNELS) && (window->kernel_height == KERNEL)
                            && (window->kernel_width == KERNEL) && (window->dilation_width == 1) && (window->dilation_height == 1)
                            && ((window->output_channels % MRT_MVE_RGB_CHANNELS) == 0)
                            && (window->output_channels <= OUTPUT_CHANNELS)
                            && (mrt_conv2d_rgb_s8_mve_workspace(attrs) > 0u)
                            && mrt_mve_groups_check(call, 1u, MRT_MVE_GROUP, window->output_channels, 2u * 16u)
                            && mrt_check_range(attrs->input_zero_point, -128, 127)
                            && mrt_check_range(attrs->scaling, (int32_t)MRT_MVE_SIGNED, (int32_t)MRT_MVE_RECTIFIED)
                            && mrt_mve_output_check(attrs->output_offset, attrs->activation_min,
                                                    attrs->activation_max, attrs->scaling));
}
