/**
 * @file plane.h
 * @brief One channel of an image as a plane of words, and 3 x 3 filters over it, for cores without SIMD.
 *
 * A word holds the elements of two rows of the image, some rows apart, so that one multiplication makes products for two
 * rows of outputs (lanes.h): for lines of low lanes and lines of high lanes.
 */
#ifndef MRT_RUNTIME_KERNELS_SCALAR_PLANE_H
#define MRT_RUNTIME_KERNELS_SCALAR_PLANE_H

#include "runtime/kernels/scalar/scale.h"

/** Taps of a filter, and of a row of it. */
#define MRT_SCALAR_PLANE_TAPS 9u
#define MRT_SCALAR_PLANE_SIDE 3u

/** A filter, and the lines of outputs that it makes. Assembly takes weights and record from the front. */
typedef struct mrt_scalar_plane {
    uint32_t weights[MRT_SCALAR_PLANE_TAPS]; /**< Row by row. */
    uint32_t record[MRT_SCALAR_APART];       /**< Taken apart (scale.h). */
    uint32_t step;                           /**< Of the record. */
    mrt_scalar_apart_t shared;               /**< By all channels. */
    uint32_t next_row;     /**< Bytes from behind a row of taps to the next one. */
    uint32_t next_output;  /**< Bytes from the words under an output to those under the next. */
    uint32_t next_line;    /**< Bytes from where a line's next output would begin to the next line's first. */
    uint32_t channels;     /**< Bytes from an output to the next. */
    uint32_t line;         /**< Bytes from a line's outputs to the next's: outputs of all lines adjoin. */
    const uint32_t *words; /**< Under the first output. */
    int8_t *low;           /**< The first output of low lanes. */
    int8_t *high;          /**< The same of high lanes. */
    int8_t *line_end;      /**< Where the first line's next output of low lanes would be; moved on by the loop. */
    int8_t *end;           /**< The same of the last line. */
} mrt_scalar_plane_t;

/** Rows of an image on their way into a plane. */
typedef struct mrt_scalar_rows {
    const int8_t *low;  /**< The first element of low lanes. */
    const int8_t *high; /**< The same of high lanes. */
    uint32_t step;      /**< Bytes from an element to the next. */
    uint32_t columns;   /**< Elements of a row, at least 1. */
    uint32_t row_bytes; /**< From a row to the next, where there are several. */
    uint32_t rows;      /**< At least 1. */
    uint32_t *to;       /**< The word of the first. */
    uint32_t gap;       /**< Bytes of words between the rows. */
} mrt_scalar_rows_t;

/** Elements of two lanes to words. */
void mrt_scalar_plane_join(mrt_scalar_rows_t *rows);

/** The outputs of all lines. */
void mrt_scalar_plane_run(mrt_scalar_plane_t *plane);

#endif
