/**
 * @file check.h
 * @brief What the kernels' `check` functions share: counts, dtypes and sizes of tensors, ranges of attributes.
 */
#ifndef MRT_RUNTIME_KERNELS_CHECK_H
#define MRT_RUNTIME_KERNELS_CHECK_H

#include "micrort/kernel.h"

#include <stdbool.h>

/** MRT_OK for true, MRT_ERR_ATTRIBUTE for false. */
mrt_status_t mrt_check_status(bool sound);

/** Whether value lies in low..high. */
bool mrt_check_range(int32_t value, int32_t low, int32_t high);

/** Whether a call has just so many inputs and outputs. */
bool mrt_check_counts(const mrt_call_t *call, uint32_t inputs, uint32_t outputs);

/** Whether a call has one input and one output. */
bool mrt_check_unary(const mrt_call_t *call);

/** Bytes of one element of a dtype; 0 for a value that is no dtype. */
uint32_t mrt_check_dtype_bytes(uint32_t dtype);

/** Bytes of a tensor, in a width that no tensor table can overflow. */
uint64_t mrt_check_bytes(const mrt_tensor_t *tensor);

/** Whether a tensor has this dtype, whole elements in each row, and an offset that its elements can be read at. */
bool mrt_check_dtype(const mrt_tensor_t *tensor, uint32_t dtype);

/** Whether a tensor has this dtype and just so many elements. */
bool mrt_check_elements(const mrt_tensor_t *tensor, uint32_t dtype, uint64_t elements);

/** Whether a tensor's rows lie at one stride, so that its bytes can be addressed as one array. */
bool mrt_check_at_one_stride(const mrt_tensor_t *tensor);

/** Whether a tensor may be written: it does not lie among the constants. */
bool mrt_check_writable(const mrt_tensor_t *tensor);

/** Whether input 0 and output 0 have these dtypes and the same rows of the same number of elements. */
bool mrt_check_elementwise(const mrt_call_t *call, uint32_t input_dtype, uint32_t output_dtype);

/** Whether mrt_requantise takes this shift: -31..30. */
bool mrt_check_shift(int32_t shift);

/**
 * Whether inputs `index` and `index + 1` are int32 tensors of `count` multipliers and `count` constant shifts, all
 * shifts in -31..highest.
 */
bool mrt_check_multipliers(const mrt_call_t *call, uint32_t index, uint32_t count, int32_t highest);

#endif
