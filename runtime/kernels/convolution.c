#include "runtime/kernels/convolution.h"

#include "runtime/kernels/check.h"
#include "runtime/kernels/window.h"

bool mrt_convolution_check(const mrt_call_t *call, const mrt_window_t *window, int32_t weight_depth,
                           const mrt_convolution_types_t *types)
{
    const uint32_t inputs = (types->input == (uint32_t)MRT_DTYPE_F32) ? 3u : 5u;
    if (!mrt_window_check(call, window, inputs, types->input)) {
        return false;
    }
    /* Each factor is below 2^15 by now, so that the product fits; run indexes weights with int32. */
    const uint64_t taps = (uint64_t)(uint32_t)window->kernel_height * (uint32_t)window->kernel_width;
    const uint64_t weights = taps * (uint32_t)window->output_channels * (uint32_t)weight_depth;
    return (weights <= (uint64_t)INT32_MAX) && mrt_check_elements(mrt_call_input(call, 1u), types->weights, weights)
           && mrt_check_elements(mrt_call_input(call, 2u), types->bias, (uint32_t)window->output_channels);
}

bool mrt_convolution_check_groups(const mrt_window_t *window, int32_t groups)
{
    return (groups >= 1) && ((window->input_channels % groups) == 0) && ((window->output_channels % groups) == 0)
           && (window->input_channels >= groups) && (window->output_channels >= groups);
}
