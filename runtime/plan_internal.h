/* What the planner's strategies share: a task, the line of addresses, scratch, orders. Not public. */
#ifndef MRT_RUNTIME_PLAN_INTERNAL_H
#define MRT_RUNTIME_PLAN_INTERNAL_H

#include <stddef.h>

#include "micrort/plan.h"

/* An address where nothing can lie: above every real one. */
#define MRT_PLAN_NOWHERE UINT64_MAX

/*
 * The pools of a task, one behind the other on a single line of addresses, in the order of their cost. On this
 * line the best plan is simply the lowest one, and buffers in different pools can never collide, so that a
 * strategy need not know of pools: mrt_plan_fit hides alignment, allowed pools, capacities and pins.
 */
typedef struct mrt_plan_space {
    uint64_t base[MRT_PLAN_POOLS_MAX];     /* address of the pool's first byte */
    uint64_t capacity[MRT_PLAN_POOLS_MAX]; /* bytes of it that may be used */
    uint32_t pool[MRT_PLAN_POOLS_MAX];     /* the pool's index in the problem */
    uint32_t count;                        /* pools on the line */
} mrt_plan_space_t;

/* One search: the buffers of a group of pools that have no buffer in common with the other pools. */
typedef struct mrt_plan_task {
    const mrt_plan_problem_t *problem;
    mrt_plan_space_t space;
    const uint32_t *ids; /* indices of the buffers that the task places; empty ones are not among them */
    uint32_t count;      /* number of ids */
    uint64_t *address;   /* by index of buffer: the best plan so far */
    uint64_t height;     /* one past the last address of the best plan, or MRT_PLAN_NOWHERE */
    uint64_t steps;      /* placements tried so far */
    uint64_t budget;     /* most steps; greedy, which is never left out, may exceed it */
} mrt_plan_task_t;

/* Sorting criteria by index of buffer, greatest first; the next one decides among equals, and last the index. */
typedef struct mrt_plan_rank {
    const uint64_t *key[2];
} mrt_plan_rank_t;

/* The caller's scratch, handed out from front to back. Without memory it only counts. */
typedef struct mrt_plan_scratch {
    uint64_t *words;
    uint64_t used; /* words */
} mrt_plan_scratch_t;

/* Takes room for `count` items of `bytes` bytes, aligned to 8. Null while only counting. */
void *mrt_plan_take(mrt_plan_scratch_t *scratch, uint64_t count, uint64_t bytes);

/* Pools where a buffer may lie, as bits: allowed, existing, and aligned as it needs. */
uint32_t mrt_plan_allowed(const mrt_plan_problem_t *problem, const mrt_plan_buffer_t *buffer);

/* Pools connected with `first` by buffers that may lie in either, as bits: they are planned together. */
uint32_t mrt_plan_group(const mrt_plan_problem_t *problem, uint32_t first);

/* Lays the pools of a group on a line, the cheapest first. */
void mrt_plan_lay_out(const mrt_plan_problem_t *problem, uint32_t group, mrt_plan_space_t *space);

/* Bytes that the task's plan uses of the pool at `place` on the line. */
uint64_t mrt_plan_used(const mrt_plan_task_t *task, uint32_t place);

/* The lowest address from `from` on where the buffer may lie as far as its own limits go, or MRT_PLAN_NOWHERE. */
uint64_t mrt_plan_fit(const mrt_plan_task_t *task, uint32_t id, uint64_t from);

/* Pairs of an output: [begin, end) in the problem's list. */
typedef struct mrt_plan_range {
    uint32_t begin;
    uint32_t end;
} mrt_plan_range_t;

mrt_plan_range_t mrt_plan_pairs_of(const mrt_plan_problem_t *problem, uint32_t output);

/* How far above the start of buffer `lower` the buffer `upper` has to begin at least, if it begins no lower and both
   are alive at once: the size of `lower`, or less if it is the output of a pair with `upper`. */
uint32_t mrt_plan_distance(const mrt_plan_problem_t *problem, uint32_t lower, uint32_t upper);

/* What an output can have in common with its inputs at most: no more than with all of them one by one, and no more
   than what it has above the least distance. */
typedef struct mrt_plan_common {
    uint64_t sum;  /* bytes over the pairs */
    uint64_t most; /* bytes of the output that can lie over any input */
} mrt_plan_common_t;

/* Adds a pair of the output. */
void mrt_plan_common_add(const mrt_plan_problem_t *problem, const mrt_plan_pair_t *pair, mrt_plan_common_t *common);

/* Sorts indices by rank: in place, without recursion, at most n log n comparisons times a constant. */
void mrt_plan_sort(uint32_t *ids, uint32_t count, const mrt_plan_rank_t *rank);

/* A xorshift generator: the same numbers 0..bound-1 in every run, on every machine. The state is not 0. */
uint32_t mrt_plan_draw(uint32_t *state, uint32_t bound);

/* Memory of the lower bounds. */
typedef struct mrt_plan_bound {
    uint64_t *start;    /* keys, by index of buffer */
    uint64_t *end;      /* keys, by index of buffer */
    uint32_t *by_start; /* the task's buffers by rising start */
    uint32_t *by_end;   /* the task's buffers by rising end */
} mrt_plan_bound_t;

/* Takes the memory, sorts the task's buffers, and then gives the bytes that any plan uses at least of the pool at
   `place` on the line, given the capacities on the line. */
void mrt_plan_bound_take(mrt_plan_bound_t *bound, mrt_plan_scratch_t *scratch, uint32_t buffer_count);
void mrt_plan_bound_sort(const mrt_plan_task_t *task, const mrt_plan_bound_t *bound);
uint64_t mrt_plan_lower_bound(const mrt_plan_task_t *task, const mrt_plan_bound_t *bound, uint32_t place);

/* Whether two of the task's pinned buffers are in each other's way: then there is no plan. */
bool mrt_plan_pins_collide(const mrt_plan_task_t *task);

/* Memory of mrt_plan_first_fit. */
typedef struct mrt_plan_first_fit {
    uint64_t *address; /* by index of buffer: the result */
    uint32_t *placed;  /* the buffers placed so far, by rising address */
} mrt_plan_first_fit_t;

/* Takes the memory for a problem of `buffer_count` buffers. */
void mrt_plan_first_fit_take(mrt_plan_first_fit_t *fit, mrt_plan_scratch_t *scratch, uint32_t buffer_count);

/* Places buffers in the given order, each at its lowest free address. Returns the height, or MRT_PLAN_NOWHERE if
   one found no place. */
uint64_t mrt_plan_first_fit(const mrt_plan_task_t *task, const uint32_t *order, const mrt_plan_first_fit_t *fit);

/* Memory of greedy, which also gives hill-climb its start. */
typedef struct mrt_plan_greedy {
    mrt_plan_first_fit_t fit;
    uint64_t *size;     /* keys, by index of buffer */
    uint64_t *duration; /* keys, by index of buffer */
    uint32_t *order;    /* the task's buffers in the order of placement */
} mrt_plan_greedy_t;

/* Strategies. Each takes its memory with the first function, whose sum is the scratch size, and improves the
   task's plan with the second. Hill-climb stops at the height `goal`, or after `steps` steps. */
void mrt_plan_greedy_take(mrt_plan_greedy_t *greedy, mrt_plan_scratch_t *scratch, uint32_t buffer_count);
void mrt_plan_greedy(mrt_plan_task_t *task, const mrt_plan_greedy_t *greedy);
void mrt_plan_hill_climb(mrt_plan_task_t *task, const mrt_plan_greedy_t *greedy, uint64_t goal, uint64_t steps);

/* Keeps a plan, which is not higher than the task's best; nothing where there is none (MRT_PLAN_NOWHERE). */
void mrt_plan_keep(mrt_plan_task_t *task, const uint64_t *address, uint64_t height);

#endif
