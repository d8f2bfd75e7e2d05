/* The exact planner. Not public; see plan_exact.c. */
#ifndef MRT_RUNTIME_PLAN_EXACT_H
#define MRT_RUNTIME_PLAN_EXACT_H

#include "runtime/plan_search.h"

/* Memory of the exact planner. */
typedef struct mrt_plan_exact {
    mrt_plan_search_t search;
    uint32_t *first;   /* by index of buffer: first section of time */
    uint32_t *last;    /* by index of buffer: one past the last section */
    uint64_t *address; /* by index of buffer: the plan being made */
} mrt_plan_exact_t;

/* Takes the memory for a problem of `buffer_count` buffers. */
void mrt_plan_exact_take(mrt_plan_exact_t *exact, mrt_plan_scratch_t *scratch, uint32_t buffer_count);

/*
 * Finds a plan if the task has none, and then, if the `smallest` is wanted, lowers it. Needs the sorted `bound`;
 * raises the lower bounds, by index of pool, to what it could prove.
 */
mrt_plan_answer_t mrt_plan_exact(mrt_plan_task_t *task, const mrt_plan_bound_t *bound, mrt_plan_exact_t *exact,
                                 bool smallest, uint64_t *lower_bound);

#endif
