/**
 * @file clamp.h
 * @brief The clamp of float kernels' outputs; integers have theirs in requantise.h.
 */
#ifndef MRT_RUNTIME_KERNELS_CLAMP_H
#define MRT_RUNTIME_KERNELS_CLAMP_H

/** value limited to low..high; not-a-number stays what it is. */
static inline float mrt_clamp_f32(float value, float low, float high)
{
    const float raised = (value < low) ? low : value;
    return (high < raised) ? high : raised;
}

#endif
