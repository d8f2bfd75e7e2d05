/**
 * @file kernels.h
 * @brief The kernel library: attribute structs, entry points, and the table of all kernels.
 */
#ifndef MRT_KERNELS_H
#define MRT_KERNELS_H

#include "micrort/kernel.h"
#include "micrort/kernels/activation.h"
#include "micrort/kernels/binary.h"
#include "micrort/kernels/conv2d.h"
#include "micrort/kernels/depthwise_conv2d.h"
#include "micrort/kernels/dsp.h"
#include "micrort/kernels/foreign.h"
#include "micrort/kernels/fully_connected.h"
#include "micrort/kernels/mean.h"
#include "micrort/kernels/movement.h"
#include "micrort/kernels/mve.h"
#include "micrort/kernels/pool2d.h"
#include "micrort/kernels/quantise.h"
#include "micrort/kernels/scalar.h"
#include "micrort/kernels/softmax.h"
#ifndef MRT_CDEF
#include <stddef.h>
#endif

MRT_BEGIN_C

/* For each kernel: mrt_<name>_run, mrt_<name>_check, mrt_<name>_workspace, as kernel.h explains them. */
#define MRT_KERNEL(id, name, attrs_type, rows) /* MISRA D4 */ \
    mrt_status_t mrt_##name##_run(const mrt_call_t *call); \
    mrt_status_t mrt_##name##_check(const mrt_call_t *call); \
    uint32_t mrt_##name##_workspace(const void *attrs);
#include "micrort/kernels/kernels.def"
#undef MRT_KERNEL /* MISRA D4 */

/* Where an output may lie over an input, as mrt_kernel_in_place_t says. */

/** Elementwise kernels: at the input's start, as many elements, of the input's dtype or of one byte. */
bool mrt_in_place_elements(const mrt_call_t *call, uint32_t input);

/**
 * Kernels whose attributes begin with mrt_window_t, at input 0: so far before the input that each output row ends
 * before the first input row that it or a later one still needs.
 */
bool mrt_in_place_window(const mrt_call_t *call, uint32_t input);

/**
 * Kernels whose attributes begin with mrt_window_t and that read all of a channel's elements under some output rows
 * before they write that channel there: each output row over rows that no later one needs, channel over channel. Where
 * the output begins behind the input, they go from the last row to the first, and "later" means above.
 */
bool mrt_in_place_channels(const mrt_call_t *call, uint32_t input);

/**
 * Kernels whose attributes begin with mrt_window_t: as mrt_in_place_window; where the window is one pixel, which is
 * multiplied with the next one for eight output channels at a time, so far before the input that two output pixels end
 * before the two of the input; or, of pixels of a multiple of 16 channels, which are then made from the last to the
 * first, so far behind it that two output pixels begin where the two of the input end.
 */
bool mrt_in_place_pixels(const mrt_call_t *call, uint32_t input);

/* The rows that a kernel reads, as mrt_kernel_reads_t says. */

/** Row i for row i where an input has as many rows as the output, else all of them. */
mrt_rows_t mrt_reads_same(const mrt_call_t *call, uint32_t input);

/** Kernels whose attributes begin with mrt_window_t: of input 0 the rows under the windows. */
mrt_rows_t mrt_reads_window(const mrt_call_t *call, uint32_t input);

/** The rows that lie inside the padding, of pad. */
mrt_rows_t mrt_reads_pad(const mrt_call_t *call, uint32_t input);

/** The nearest rows, of resize_nearest. */
mrt_rows_t mrt_reads_resize(const mrt_call_t *call, uint32_t input);

/** Row i for row i where concatenation joins rows, else all of them. */
mrt_rows_t mrt_reads_joined(const mrt_call_t *call, uint32_t input);

/** Row i for row i, and row i - 1 of the output itself: of sums that go from row to row. */
mrt_rows_t mrt_reads_sums(const mrt_call_t *call, uint32_t input);

/** @cond in_place and reads of a kernel, by the word that stands for both in kernels.def */
#define MRT_ROWS_none NULL, NULL
#define MRT_ROWS_elements mrt_in_place_elements, mrt_reads_same
#define MRT_ROWS_same NULL, mrt_reads_same
#define MRT_ROWS_window mrt_in_place_window, mrt_reads_window
#define MRT_ROWS_channels mrt_in_place_channels, mrt_reads_window
#define MRT_ROWS_pixels mrt_in_place_pixels, mrt_reads_window
#define MRT_ROWS_taps NULL, mrt_reads_window
#define MRT_ROWS_pad NULL, mrt_reads_pad
#define MRT_ROWS_resize NULL, mrt_reads_resize
#define MRT_ROWS_joined NULL, mrt_reads_joined
#define MRT_ROWS_sums NULL, mrt_reads_sums
/** @endcond */

/** A row of a table of kernels, made from a row of kernels.def; for a firmware's own list, see mrt_graph_load. */
#define MRT_KERNEL_ROW(id, name, attrs_type, rows) /* MISRA D4 */ \
    {mrt_##name##_run, mrt_##name##_check, mrt_##name##_workspace, (uint32_t)sizeof(attrs_type), \
     MRT_ROWS_##rows, (id)}

/** Likewise for an operator of another compiler, by its adapter (micrort/kernels/foreign.h). */
#define MRT_FOREIGN_ROW(adapter) \
    {(adapter), mrt_foreign_check, mrt_foreign_workspace, (uint32_t)sizeof(mrt_foreign_attrs_t), MRT_ROWS_none, \
     (MRT_FOREIGN_ID)}

/** Length of mrt_kernels: one more than the highest kernel id. */
#define MRT_KERNEL_COUNT 200

/**
 * Every kernel of the library, indexed by its id; ids that are not in use hold null pointers. Referring to this
 * table links all kernels: firmware with compiled-in models does not.
 */
extern const mrt_kernel_t mrt_kernels[MRT_KERNEL_COUNT];

MRT_END_C

#endif
