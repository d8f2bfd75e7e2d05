/* The planner's front: one task for each group of pools that share buffers, its bounds, its strategies. */
#include "micrort/plan.h"

#include "runtime/plan_exact.h"

/* Orders that the automatic strategy lets hill-climb try: the first few gain most. */
#define HILL_CLIMB_ORDERS 32u
/* Buffers of a task beyond which the automatic strategy leaves the exact search out: a step would take too long. */
#define EXACT_BUFFERS_MAX 1024u

/* All that mrt_plan_solve keeps in the caller's scratch. */
typedef struct memory {
    uint32_t *ids;
    uint64_t *address;
    mrt_plan_bound_t bound;
    mrt_plan_greedy_t greedy;
    mrt_plan_exact_t exact;
} memory_t;

static bool may_search(mrt_plan_strategy_t strategy, uint32_t buffer_count)
{
    return (strategy == MRT_PLAN_EXACT) || ((strategy == MRT_PLAN_AUTO) && (buffer_count <= EXACT_BUFFERS_MAX));
}

static void take_memory(memory_t *memory, mrt_plan_scratch_t *scratch, mrt_plan_strategy_t strategy,
                        uint32_t buffer_count)
{
    memory->ids = mrt_plan_take(scratch, buffer_count, sizeof(uint32_t));     /* MISRA D1 */
    memory->address = mrt_plan_take(scratch, buffer_count, sizeof(uint64_t)); /* MISRA D1 */
    mrt_plan_bound_take(&memory->bound, scratch, buffer_count);
    mrt_plan_greedy_take(&memory->greedy, scratch, buffer_count);
    if (may_search(strategy, buffer_count)) {
        mrt_plan_exact_take(&memory->exact, scratch, buffer_count);
    }
}

uint64_t mrt_plan_scratch_size(mrt_plan_strategy_t strategy, uint32_t buffer_count)
{
    mrt_plan_scratch_t scratch = {.words = NULL, .used = 0u};
    memory_t memory;
    if ((uint32_t)strategy >= (uint32_t)MRT_PLAN_STRATEGY_COUNT) {
        return 0u;
    }
    take_memory(&memory, &scratch, strategy, buffer_count);
    return scratch.used * 8u;
}

/* The buffers of a group that take up room. */
static void collect(mrt_plan_task_t *task, uint32_t group, uint32_t *ids)
{
    task->ids = ids;
    task->count = 0u;
    for (uint32_t id = 0u; id < task->problem->buffer_count; ++id) {
        const mrt_plan_buffer_t *buffer = &task->problem->buffers[id];
        if (((mrt_plan_allowed(task->problem, buffer) & group) != 0u) && (buffer->size > 0u)) {
            ids[task->count] = id;
            ++task->count;
        }
    }
}

/* Lower bounds of all pools of the task, the costliest first. Returns the lowest height that they leave possible,
   or MRT_PLAN_NOWHERE if one exceeds a capacity or pins collide: then there is no plan. */
static uint64_t bound_task(const mrt_plan_task_t *task, const memory_t *memory, mrt_plan_t *plan)
{
    uint64_t height = 0u;
    bool fits = !mrt_plan_pins_collide(task);
    mrt_plan_bound_sort(task, &memory->bound);
    for (uint32_t place = task->space.count; place > 0u; --place) {
        const uint64_t bound = mrt_plan_lower_bound(task, &memory->bound, place - 1u);
        plan->lower_bound[task->space.pool[place - 1u]] = bound;
        fits = fits && (bound <= task->space.capacity[place - 1u]);
        if ((bound > 0u) && (height == 0u)) {
            height = task->space.base[place - 1u] + bound;
        }
    }
    return fits ? height : MRT_PLAN_NOWHERE;
}

/* Figures of a task's plan. The plan is optimal if the pools, from the costliest on, meet their bounds. */
static mrt_plan_outcome_t judge(const mrt_plan_task_t *task, mrt_plan_t *plan)
{
    mrt_plan_outcome_t outcome = MRT_PLAN_OPTIMAL;
    if (task->height == MRT_PLAN_NOWHERE) {
        return MRT_PLAN_BOUND;
    }
    for (uint32_t place = 0u; place < task->space.count; ++place) {
        const uint32_t pool = task->space.pool[place];
        plan->used[pool] = (uint32_t)mrt_plan_used(task, place);
        if (plan->used[pool] > plan->lower_bound[pool]) {
            outcome = MRT_PLAN_FEASIBLE;
        }
    }
    return outcome;
}

/* Runs the strategies in turn for as long as a better plan is wanted and possible. */
static mrt_plan_answer_t search(mrt_plan_task_t *task, const mrt_plan_options_t *options, memory_t *memory,
                                mrt_plan_t *plan, uint64_t lowest)
{
    const bool smallest = (options->goal == MRT_PLAN_MINIMISE);
    const bool exact = may_search(options->strategy, task->problem->buffer_count);
    /* Any plan will do for MRT_PLAN_FIT. */
    const uint64_t goal = smallest ? lowest : (MRT_PLAN_NOWHERE - 1u);
    mrt_plan_answer_t answer = MRT_PLAN_ANSWER_UNDECIDED;
    mrt_plan_greedy(task, &memory->greedy);
    const uint64_t left = (task->budget > task->steps) ? (task->budget - task->steps) : 0u;
    const uint64_t few = (uint64_t)HILL_CLIMB_ORDERS * task->count;
    if ((options->strategy == MRT_PLAN_HILL_CLIMB) || (options->strategy == MRT_PLAN_AUTO)) {
        mrt_plan_hill_climb(task, &memory->greedy, goal,
                            ((options->strategy == MRT_PLAN_AUTO) && (few < left)) ? few : left);
    }
    const mrt_plan_outcome_t outcome = judge(task, plan);
    if (exact && (outcome != MRT_PLAN_OPTIMAL) && (smallest || (outcome == MRT_PLAN_BOUND))) {
        answer = mrt_plan_exact(task, &memory->bound, &memory->exact, smallest, plan->lower_bound);
    }
    return (task->height != MRT_PLAN_NOWHERE) ? MRT_PLAN_ANSWER_PLAN : answer;
}

/* The slot of an empty buffer: it is in nobody's way. */
static mrt_plan_slot_t empty_slot(const mrt_plan_problem_t *problem, const mrt_plan_buffer_t *buffer)
{
    const uint32_t pools = mrt_plan_allowed(problem, buffer);
    mrt_plan_slot_t slot = {.pool = 0u, .offset = 0u};
    while (((pools >> slot.pool) & 1u) == 0u) {
        ++slot.pool;
    }
    if (buffer->fixed != MRT_PLAN_FLOATING) {
        slot.offset = buffer->fixed;
    }
    return slot;
}

/* Turns addresses into slots. */
static void write_slots(const mrt_plan_task_t *task, uint32_t group, mrt_plan_slot_t *slots)
{
    for (uint32_t id = 0u; id < task->problem->buffer_count; ++id) {
        const mrt_plan_buffer_t *buffer = &task->problem->buffers[id];
        if (buffer->size == 0u) {
            slots[id] = empty_slot(task->problem, buffer);
        } else if ((mrt_plan_allowed(task->problem, buffer) & group) != 0u) {
            uint32_t place = task->space.count - 1u;
            while (task->space.base[place] > task->address[id]) {
                --place;
            }
            slots[id].pool = task->space.pool[place];
            slots[id].offset = (uint32_t)(task->address[id] - task->space.base[place]);
        } else {
            /* another group's */
        }
    }
}

static mrt_status_t solve_group(mrt_plan_task_t *task, uint32_t group, const mrt_plan_options_t *options,
                                memory_t *memory, mrt_plan_t *plan)
{
    mrt_plan_lay_out(task->problem, group, &task->space);
    collect(task, group, memory->ids);
    task->height = MRT_PLAN_NOWHERE;
    const uint64_t lowest = bound_task(task, memory, plan);
    if (lowest == MRT_PLAN_NOWHERE) {
        plan->outcome = MRT_PLAN_BOUND;
        return MRT_ERR_INFEASIBLE;
    }
    const mrt_plan_answer_t answer = search(task, options, memory, plan, lowest);
    const mrt_plan_outcome_t outcome = judge(task, plan);
    plan->outcome = (outcome < plan->outcome) ? outcome : plan->outcome;
    if (answer != MRT_PLAN_ANSWER_PLAN) {
        return (answer == MRT_PLAN_ANSWER_NO_PLAN) ? MRT_ERR_INFEASIBLE : MRT_ERR_BUDGET;
    }
    write_slots(task, group, plan->slots);
    return MRT_OK;
}

static mrt_status_t solve(const mrt_plan_problem_t *problem, const mrt_plan_options_t *options,
                          memory_t *memory, mrt_plan_t *plan)
{
    const uint64_t budget = (options->step_budget > 0u) ? options->step_budget : (uint64_t)MRT_PLAN_STEPS_DEFAULT;
    mrt_plan_task_t task = {.problem = problem, .address = memory->address, .budget = budget};
    mrt_status_t status = MRT_OK;
    uint32_t done = 0u;
    plan->outcome = MRT_PLAN_OPTIMAL;
    for (uint32_t pool = 0u; pool < (uint32_t)MRT_PLAN_POOLS_MAX; ++pool) {
        plan->used[pool] = 0u;
        plan->lower_bound[pool] = 0u;
    }
    for (uint32_t pool = 0u; pool < problem->pool_count; ++pool) {
        if (((done >> pool) & 1u) == 0u) {
            const uint32_t group = mrt_plan_group(problem, pool);
            const mrt_status_t group_status = solve_group(&task, group, options, memory, plan);
            done |= group;
            /* A proof that one group does not fit outweighs a search that ended without an answer. */
            if ((group_status == MRT_ERR_INFEASIBLE) || (status == MRT_OK)) {
                status = group_status;
            }
        }
    }
    plan->steps = task.steps;
    return status;
}

mrt_status_t mrt_plan_solve(const mrt_plan_problem_t *problem, const mrt_plan_options_t *options, uint64_t *scratch,
                            uint64_t scratch_bytes, mrt_plan_t *plan)
{
    const mrt_plan_options_t chosen = (options != NULL) ? *options : (mrt_plan_options_t){.step_budget = 0u};
    mrt_plan_scratch_t taken = {.words = scratch, .used = 0u};
    memory_t memory;
    if ((mrt_plan_validate(problem, NULL) != MRT_OK) || (scratch == NULL) || (plan == NULL) ||
        ((uint32_t)chosen.strategy >= (uint32_t)MRT_PLAN_STRATEGY_COUNT) ||
        ((uint32_t)chosen.goal >= (uint32_t)MRT_PLAN_GOAL_COUNT)) {
        return MRT_ERR_ARGUMENT;
    }
    if ((plan->slots == NULL) && (problem->buffer_count > 0u)) {
        return MRT_ERR_ARGUMENT;
    }
    if (scratch_bytes < mrt_plan_scratch_size(chosen.strategy, problem->buffer_count)) {
        return MRT_ERR_MEMORY;
    }
    take_memory(&memory, &taken, chosen.strategy, problem->buffer_count);
    return solve(problem, &chosen, &memory, plan);
}
