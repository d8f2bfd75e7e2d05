/* Which rows of its inputs a kernel reads, for kernels of several kinds. On calls that check has accepted. */
#include "micrort/kernels.h"
#include "runtime/kernels/window.h"

static const mrt_rows_t no_rows = {0u, 0u};

static mrt_rows_t all_rows(const mrt_call_t *call, uint32_t input)
{
    const mrt_rows_t rows = {0u, mrt_call_input(call, input)->rows};
    return rows;
}

static mrt_rows_t same_rows(const mrt_call_t *call)
{
    const mrt_rows_t rows = {call->row_begin, call->row_end};
    return rows;
}

mrt_rows_t mrt_reads_same(const mrt_call_t *call, uint32_t input)
{
    if (input == call->input_count) {
        return no_rows;
    }
    const bool alike = mrt_call_input(call, input)->rows == mrt_call_output(call, 0u)->rows;
    return alike ? same_rows(call) : all_rows(call, input);
}

/* The rows under one output row; where none are, an empty range where they would be. */
static mrt_rows_t under(const mrt_window_t *window, uint32_t row)
{
    const uint32_t height = (uint32_t)window->output_height;
    const uint32_t image = (row / height) * (uint32_t)window->input_height;
    const uint32_t y = row % height;
    const mrt_taps_t taps =
        mrt_window_taps((int32_t)y, window->stride_height, window->padding_top, window->dilation_height,
                        window->kernel_height, window->input_height);
    mrt_rows_t rows = {image, image};
    if (taps.begin < taps.end) {
        const int32_t first = taps.origin + (taps.begin * window->dilation_height);
        const int32_t last = taps.origin + ((taps.end - 1) * window->dilation_height);
        rows.begin += (uint32_t)first;
        rows.end += (uint32_t)last + 1u;
    } else if (taps.origin >= 0) { /* below the image */
        rows.begin += (uint32_t)window->input_height;
        rows.end = rows.begin;
    } else {
        /* above it */
    }
    return rows;
}

mrt_rows_t mrt_reads_window(const mrt_call_t *call, uint32_t input)
{
    const mrt_window_t *window = call->attrs; /* MISRA D1 */
    if (input != 0u) {
        return (input == call->input_count) ? no_rows : all_rows(call, input);
    }
    const mrt_rows_t first = under(window, call->row_begin);
    const mrt_rows_t last = under(window, call->row_end - 1u);
    /* Taps of a dilated window may lie below an earlier row's last one. */
    const mrt_rows_t rows = {first.begin, (last.end > first.end) ? last.end : first.end};
    return rows;
}

mrt_rows_t mrt_reads_sums(const mrt_call_t *call, uint32_t input)
{
    mrt_rows_t rows = same_rows(call);
    if (input == call->input_count) {
        rows.end = rows.begin;
        rows.begin -= (rows.begin > 0u) ? 1u : 0u;
    }
    return rows;
}
