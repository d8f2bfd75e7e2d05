/**
 * @file fixed_point.h
 * @brief Functions of fixed-point numbers, bit for bit those of gemmlowp's fixedpoint.h that TensorFlow Lite uses.
 *
 * A number in Qm.n has m bits before and n bits behind the point, and a sign.
 */
#ifndef MRT_RUNTIME_KERNELS_FIXED_POINT_H
#define MRT_RUNTIME_KERNELS_FIXED_POINT_H

#include <stdint.h>

/** exp(x) in Q0.31, for x in Q5.26 and at most 0. Any int32 gives some value. */
int32_t mrt_exp_of_negative(int32_t x);

/** 1 / (1 + x) in Q0.31, for x in Q0.31 and at least 0. */
int32_t mrt_reciprocal_of_one_plus(int32_t x);

/** Number of zero bits above the highest one; 32 for 0. */
uint32_t mrt_leading_zeros(uint32_t value);

#endif
