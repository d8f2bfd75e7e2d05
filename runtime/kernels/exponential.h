/**
 * @file exponential.h
 * @brief The exponential and the hyperbolic tangent of float32, by float32 arithmetic alone.
 *
 * The C library's need double precision and a variable for errors, which cost cores without an FPU for doubles much
 * time, stack and static memory. These give the same bits on every core and on the host.
 */
#ifndef MRT_RUNTIME_KERNELS_EXPONENTIAL_H
#define MRT_RUNTIME_KERNELS_EXPONENTIAL_H

/** e to the power of `value`, within two units in the last place; not-a-number of itself. */
float mrt_exponential_f32(float value);

/** The hyperbolic tangent of `value`, within four units in the last place; not-a-number of itself. */
float mrt_tanh_of_f32(float value);

#endif
