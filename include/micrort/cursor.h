/**
 * @file cursor.h
 * @brief Walks along a schedule, loops included: for the executor, for proofs, and for tools that trace it.
 */
#ifndef MRT_CURSOR_H
#define MRT_CURSOR_H

#include "micrort/graph.h"

/** A place in a schedule. Its members are private. */
typedef struct mrt_cursor {
    uint32_t step;       /**< The entry that is next; step_count when an inference is complete. */
    uint32_t loop_begin; /**< First step of the loop that is under way. */
    uint32_t loop_end;   /**< One past its last step; 0 outside of loops. */
    uint32_t round;      /**< Repetitions done. */
    uint32_t rounds;     /**< Repetitions in all. */
} mrt_cursor_t;

/* For C, as the accessors of kernel.h. */
#if !defined(MRT_CDEF) && !defined(__cplusplus)

/** The start of a schedule whose first entry may be a loop. */
static inline void mrt_cursor_begin(mrt_cursor_t *cursor)
{
    cursor->step = 0u;
    cursor->loop_begin = 0u;
    cursor->loop_end = 0u;
    cursor->round = 0u;
    cursor->rounds = 0u;
}

/** The step at which a cursor stands, which is not at the end; enters the loop that begins there. */
static inline const mrt_step_t *mrt_cursor_step(mrt_cursor_t *cursor, const mrt_graph_t *graph)
{
    const mrt_step_t *step = &graph->steps[cursor->step];
    if (step->node == (uint16_t)MRT_STEP_LOOP) {
        cursor->step += 1u;
        cursor->loop_begin = cursor->step;
        cursor->loop_end = cursor->step + step->row_begin;
        cursor->round = 0u;
        cursor->rounds = step->row_end;
        step = &graph->steps[cursor->step];
    }
    return step;
}

/** The rows of that step, in this repetition. */
static inline mrt_rows_t mrt_cursor_rows(const mrt_cursor_t *cursor, const mrt_step_t *step)
{
    const uint32_t moved = cursor->round * step->advance;
    const mrt_rows_t rows = {step->row_begin + moved, step->row_end + moved};
    return rows;
}

/** Goes on to the next step. */
static inline void mrt_cursor_advance(mrt_cursor_t *cursor)
{
    cursor->step += 1u;
    if (cursor->step == cursor->loop_end) {
        cursor->round += 1u;
        if (cursor->round < cursor->rounds) {
            cursor->step = cursor->loop_begin;
        } else { /* the steps behind the loop are not moved */
            cursor->round = 0u;
            cursor->loop_end = 0u;
        }
    }
}

#endif

#endif
