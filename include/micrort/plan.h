/**
 * @file plan.h
 * @brief The memory planner: where buffers of known lifetimes lie in one or several memory pools.
 *
 * A problem is a list of buffers, each alive in a half-open interval of time, and a list of pools. A plan gives
 * every buffer a pool and an offset so that no two buffers overlap in time and space at once. The planner is
 * part of the tools, yet written like the rest of the runtime: all memory is the caller's, no recursion, no
 * clock, no random source; the same problem and options give the same plan everywhere.
 *
 * ```c
 * mrt_plan_slot_t slots[BUFFERS];
 * mrt_plan_t plan = {.slots = slots};
 * const mrt_plan_options_t options = {.strategy = MRT_PLAN_AUTO};
 * mrt_status_t status = mrt_plan_solve(&problem, &options, scratch, sizeof scratch, &plan);
 * ```
 *
 * Buffers that are alive at once lie apart, with one exception: an in-place pair. Where a step reads its input for the
 * last time, its output may begin in the input's bytes or below them: no less than `delta` bytes before the input does.
 * A step that goes upwards through both then writes no byte that it has yet to read.
 *
 * Pools form an order by cost. A plan is better than another if it uses less of the costliest pool; if both use
 * the same of that one, less of the next, and so on: what fits into fast memory stays out of slow memory.
 *
 * What the answers rest on. A plan is proved by mrt_plan_check, which shares nothing with the search. That there is no
 * better one (MRT_PLAN_OPTIMAL above the first lower bound, MRT_ERR_INFEASIBLE, a lower bound raised by the search) is
 * found by exhausting it; parts of it that had no solution are recognised by a 128-bit fingerprint of their state, not
 * by the state itself. Two states with one fingerprint would make such an answer wrong: among 2^30 states with a chance
 * below 2^-68, if fingerprints are as good as random. They guard against accident, not against a problem made to
 * collide. A plan that lies at a bound known before the search (the busiest moment) needs none.
 */
#ifndef MRT_PLAN_H
#define MRT_PLAN_H

#include "micrort/status.h"
#ifndef MRT_CDEF
#include <stdbool.h>
#include <stdint.h>
#endif

/** Most pools of a problem: bits of mrt_plan_buffer_t::pools that may be set. */
#define MRT_PLAN_POOLS_MAX 16
/** Largest size of a buffer in bytes. */
#define MRT_PLAN_SIZE_MAX 0x80000000u
/** Value of mrt_plan_buffer_t::fixed for a buffer that may lie anywhere. */
#define MRT_PLAN_FLOATING 0xFFFFFFFFu
/** Value of mrt_plan_pool_t::capacity where only the 32-bit offsets limit a pool. */
#define MRT_PLAN_UNLIMITED 0xFFFFFFFFu

/** What is known of one buffer. 24 bytes. */
typedef struct mrt_plan_buffer {
    uint32_t start;     /**< First point of time at which the buffer is alive. */
    uint32_t end;       /**< One past the last; greater than start. */
    uint32_t size;      /**< Bytes, 0..MRT_PLAN_SIZE_MAX. An empty buffer overlaps nothing. */
    uint32_t alignment; /**< Power of two, in bytes, that divides the buffer's address. */
    uint32_t pools;     /**< Bit p set: the buffer may lie in pool p. At least one bit. */
    uint32_t fixed;     /**< Offset of a pinned buffer in its only pool, or MRT_PLAN_FLOATING. */
} mrt_plan_buffer_t;

/** A memory region that buffers share. */
typedef struct mrt_plan_pool {
    uint32_t capacity;  /**< Bytes, or MRT_PLAN_UNLIMITED. */
    uint32_t alignment; /**< Power of two, in bytes, that divides the pool's address. Buffers that ask for more
                             do not go here. */
    uint32_t cost;      /**< Pools of lower cost are filled first; among equals, the one with the lower index. */
} mrt_plan_pool_t;

/** Leave for an output to share bytes with an input: it is taken where it makes the plan smaller. */
typedef struct mrt_plan_pair {
    uint32_t output; /**< Index of the buffer that begins at the last step of the input: start = end of the input - 1. */
    uint32_t input;  /**< Index of the buffer that ends there; comes first in the list if both live at that step only. */
    uint32_t delta;  /**< Bytes by which the output, where it shares bytes with the input, begins at least before it. */
} mrt_plan_pair_t;

/** A planning problem. */
typedef struct mrt_plan_problem {
    const mrt_plan_buffer_t *buffers; /**< buffer_count buffers; may be null if there are none. */
    const mrt_plan_pool_t *pools;     /**< pool_count pools. */
    uint32_t buffer_count;            /**< Any number. */
    uint32_t pool_count;              /**< 1..MRT_PLAN_POOLS_MAX. */
    const mrt_plan_pair_t *pairs;     /**< pair_count pairs by rising output, then input; null if there are none. */
    uint32_t pair_count;              /**< Any number. */
} mrt_plan_problem_t;

/** Where a buffer lies. */
typedef struct mrt_plan_slot {
    uint32_t pool;   /**< Index into mrt_plan_problem_t::pools. */
    uint32_t offset; /**< Bytes from the start of the pool. */
} mrt_plan_slot_t;

/** How to search. */
typedef enum mrt_plan_strategy {
    MRT_PLAN_AUTO = 0,       /**< The others in turn, until the plan equals its lower bound or the budget is spent;
                                  beyond 1,024 buffers without the exact one. */
    MRT_PLAN_GREEDY = 1,     /**< Largest buffer first, each at the lowest free offset. Needs no budget. */
    MRT_PLAN_HILL_CLIMB = 2, /**< Greedy, then swaps in the order of buffers that do not make the plan larger. */
    MRT_PLAN_EXACT = 3,      /**< Greedy, then branch and bound: proves its answer if the budget suffices. */
    MRT_PLAN_STRATEGY_COUNT = 4 /**< Number of strategies. */
} mrt_plan_strategy_t;

/** When to stop. */
typedef enum mrt_plan_goal {
    MRT_PLAN_MINIMISE = 0, /**< Search for the smallest plan. */
    MRT_PLAN_FIT = 1,      /**< The first plan within the capacities will do. */
    MRT_PLAN_GOAL_COUNT = 2 /**< Number of goals. */
} mrt_plan_goal_t;

/** Options; zeroed, they mean the defaults. */
typedef struct mrt_plan_options {
    mrt_plan_strategy_t strategy; /**< Default: MRT_PLAN_AUTO. */
    mrt_plan_goal_t goal;         /**< Default: MRT_PLAN_MINIMISE. */
    uint64_t step_budget;         /**< Most placements of single buffers to try; 0: MRT_PLAN_STEPS_DEFAULT. */
} mrt_plan_options_t;

/** Step budget where the options give none: a second or so on a workstation. */
#define MRT_PLAN_STEPS_DEFAULT 1000000u

/** What is known of a plan. */
typedef enum mrt_plan_outcome {
    MRT_PLAN_BOUND = 0,    /**< No plan was found; only the lower bounds hold. */
    MRT_PLAN_FEASIBLE = 1, /**< The plan fits; a smaller one may exist. */
    MRT_PLAN_OPTIMAL = 2   /**< No plan is smaller: see the file comment for the order of plans. */
} mrt_plan_outcome_t;

/** The answer. */
typedef struct mrt_plan {
    mrt_plan_slot_t *slots;       /**< Given by the caller: room for buffer_count slots. */
    mrt_plan_outcome_t outcome;   /**< Set whenever the problem is valid. */
    uint64_t steps;               /**< Placements of single buffers that were tried. */
    uint32_t used[MRT_PLAN_POOLS_MAX];        /**< Bytes used of each pool: the greatest end of a buffer in it. */
    uint64_t lower_bound[MRT_PLAN_POOLS_MAX]; /**< Bytes of each pool below which no plan exists that uses as
                                                   little of the costlier pools. Known even without a plan. */
} mrt_plan_t;

/** What can be wrong with a problem or a plan: X(name, value, text). */
#define MRT_PLAN_FAULT_MAP(X) /* MISRA D4 */ \
    X(NONE, 0, "no fault") \
    X(LIFETIME, 1, "the buffer's start does not lie before its end") \
    X(SIZE, 2, "the buffer is larger than 2^31 bytes") \
    X(ALIGNMENT, 3, "the buffer's alignment is not a power of two") \
    X(POOLS, 4, "the buffer has no pool that exists and is aligned enough") \
    X(FIXED, 5, "the pinned buffer's offset is misaligned, outside its pool, or its pool is not the only one") \
    X(POOL_ALIGNMENT, 6, "the pool's alignment is not a power of two") \
    X(SLOT_POOL, 7, "the buffer lies in a pool where it may not lie") \
    X(SLOT_ALIGNMENT, 8, "the buffer's offset is misaligned") \
    X(SLOT_CAPACITY, 9, "the buffer ends behind the end of its pool") \
    X(SLOT_FIXED, 10, "the pinned buffer does not lie at its offset") \
    X(OVERLAP, 11, "two buffers overlap in time and space") \
    X(PAIR_BUFFER, 12, "the in-place pair names a buffer that does not exist") \
    X(PAIR_STEP, 13, "the in-place pair's input does not end at the step at which its output begins") \
    X(PAIR_ORDER, 14, "the in-place pairs are not in rising order of output and input")

/** Kinds of faults. */
typedef enum mrt_plan_fault_kind {
#define MRT_PLAN_FAULT_ENUM(name, value, text) MRT_PLAN_FAULT_##name = (value), /* MISRA D4 */
    MRT_PLAN_FAULT_MAP(MRT_PLAN_FAULT_ENUM)
#undef MRT_PLAN_FAULT_ENUM /* MISRA D4 */
    MRT_PLAN_FAULT_COUNT = 15 /**< Number of kinds. */
} mrt_plan_fault_kind_t;

/** The first fault that was found. */
typedef struct mrt_plan_fault {
    mrt_plan_fault_kind_t kind; /**< MRT_PLAN_FAULT_NONE if there is none. */
    uint32_t first;             /**< Index of the buffer (of the pool for POOL_ALIGNMENT, of the pair for PAIR_...). */
    uint32_t second;            /**< Index of the other buffer for OVERLAP, else equal to first. */
} mrt_plan_fault_t;

MRT_BEGIN_C

/**
 * @brief The one-line English text of a fault.
 * @param kind Any value.
 * @return A string with static lifetime, never null.
 */
const char *mrt_plan_fault_text(mrt_plan_fault_kind_t kind);

/**
 * @brief Checks that a problem is well formed; every other function here does so first.
 * @param problem The problem; may be null.
 * @param[out] fault What is wrong first; may be null.
 * @return MRT_OK, MRT_ERR_ARGUMENT. Safe from any thread; linear in buffers and pairs.
 */
MRT_CHECK_RESULT mrt_status_t mrt_plan_validate(const mrt_plan_problem_t *problem, mrt_plan_fault_t *fault);

/**
 * @brief Bytes of scratch that mrt_plan_solve needs.
 * @param strategy The strategy in the options.
 * @param buffer_count Number of buffers of the problem.
 * @return Bytes, a multiple of 8 and linear in buffer_count; 0 for an unknown strategy.
 */
uint64_t mrt_plan_scratch_size(mrt_plan_strategy_t strategy, uint32_t buffer_count);

/**
 * @brief Finds a plan.
 * @param problem The problem.
 * @param options How to search; null for the defaults.
 * @param scratch Memory of the caller, whose content is lost.
 * @param scratch_bytes At least mrt_plan_scratch_size.
 * @param[out] plan `slots` is given by the caller and written only if a plan was found; the rest is set.
 * @return MRT_OK (a plan was found), MRT_ERR_ARGUMENT, MRT_ERR_MEMORY (scratch too small), MRT_ERR_INFEASIBLE
 *         (proved: no plan fits), MRT_ERR_BUDGET (none found, none excluded).
 * Safe from any thread; the time is bounded by the budget.
 */
MRT_CHECK_RESULT mrt_status_t mrt_plan_solve(const mrt_plan_problem_t *problem, const mrt_plan_options_t *options,
                                             uint64_t *scratch, uint64_t scratch_bytes, mrt_plan_t *plan);

/**
 * @brief Proves a plan, whoever made it: every buffer in an allowed pool, aligned, within the capacity, at its
 *        pinned offset, and apart in time or space from every other, or below its in-place input as the pair has it.
 *
 * Compares all pairs and needs no scratch; shares no code with the strategies.
 *
 * @param problem The problem.
 * @param slots buffer_count slots; may be null if there are no buffers.
 * @param[out] fault What is wrong first; may be null.
 * @return MRT_OK, MRT_ERR_ARGUMENT (null, or the problem is not valid), MRT_ERR_PLAN. Safe from any thread.
 */
MRT_CHECK_RESULT mrt_status_t mrt_plan_check(const mrt_plan_problem_t *problem, const mrt_plan_slot_t *slots,
                                             mrt_plan_fault_t *fault);

MRT_END_C

#endif
