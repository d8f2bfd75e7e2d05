/* Lower bounds: what is alive at once has to lie somewhere. */
#include "runtime/plan_internal.h"

void mrt_plan_bound_take(mrt_plan_bound_t *bound, mrt_plan_scratch_t *scratch, uint32_t buffer_count)
{
    bound->start = mrt_plan_take(scratch, buffer_count, sizeof(uint64_t));    /* MISRA D1 */
    bound->end = mrt_plan_take(scratch, buffer_count, sizeof(uint64_t));      /* MISRA D1 */
    bound->by_start = mrt_plan_take(scratch, buffer_count, sizeof(uint32_t)); /* MISRA D1 */
    bound->by_end = mrt_plan_take(scratch, buffer_count, sizeof(uint32_t));   /* MISRA D1 */
}

void mrt_plan_bound_sort(const mrt_plan_task_t *task, const mrt_plan_bound_t *bound)
{
    const mrt_plan_rank_t by_start = {.key = {bound->start, NULL}};
    const mrt_plan_rank_t by_end = {.key = {bound->end, NULL}};
    for (uint32_t i = 0u; i < task->count; ++i) {
        const uint32_t id = task->ids[i];
        /* Sorting puts the greatest key first. */
        bound->start[id] = UINT32_MAX - (uint64_t)task->problem->buffers[id].start;
        bound->end[id] = UINT32_MAX - (uint64_t)task->problem->buffers[id].end;
        bound->by_start[i] = id;
        bound->by_end[i] = id;
    }
    mrt_plan_sort(bound->by_start, task->count, &by_start);
    mrt_plan_sort(bound->by_end, task->count, &by_end);
}

/* Bytes that a buffer adds to what must lie in `pools`: none if it may lie elsewhere. */
static uint64_t weight(const mrt_plan_problem_t *problem, uint32_t id, uint32_t pools)
{
    const mrt_plan_buffer_t *buffer = &problem->buffers[id];
    return ((mrt_plan_allowed(problem, buffer) & ~pools) == 0u) ? (uint64_t)buffer->size : 0u;
}

/*
 * Most bytes that an output can have in common with its inputs, of those that count for `pools`. Of n buffers that have
 * a byte in common, all but one are outputs of others among them: so no byte is spared more often than counted here.
 */
static uint64_t spared(const mrt_plan_problem_t *problem, uint32_t output, uint32_t pools)
{
    const mrt_plan_range_t range = mrt_plan_pairs_of(problem, output);
    mrt_plan_common_t common = {.sum = 0u, .most = 0u};
    for (uint32_t i = range.begin; i < range.end; ++i) {
        const mrt_plan_pair_t *pair = &problem->pairs[i];
        if ((weight(problem, output, pools) > 0u) && (weight(problem, pair->input, pools) > 0u)) {
            mrt_plan_common_add(problem, pair, &common);
        }
    }
    return (common.sum < common.most) ? common.sum : common.most;
}

/* Bytes of the buffers that end right behind `start`: no more than these are gone afterwards. */
static uint64_t ending(const mrt_plan_task_t *task, const mrt_plan_bound_t *bound, uint32_t first, uint32_t start,
                       uint32_t pools)
{
    const mrt_plan_buffer_t *buffers = task->problem->buffers;
    uint64_t sum = 0u;
    for (uint32_t i = first; (i < task->count) && ((buffers[bound->by_end[i]].end - 1u) == start); ++i) {
        sum += weight(task->problem, bound->by_end[i], pools);
    }
    return sum;
}

/* Most bytes needed at once by those buffers that may lie in no other pools than `pools`. */
static uint64_t live_peak(const mrt_plan_task_t *task, const mrt_plan_bound_t *bound, uint32_t pools)
{
    const mrt_plan_problem_t *problem = task->problem;
    uint64_t live = 0u;
    uint64_t shared = 0u; /* of what is live, by the outputs that begin at this moment */
    uint64_t peak = 0u;
    uint32_t ended = 0u;
    for (uint32_t i = 0u; i < task->count; ++i) {
        const uint32_t id = bound->by_start[i];
        const uint32_t start = problem->buffers[id].start;
        const bool is_new = (i == 0u) || (problem->buffers[bound->by_start[i - 1u]].start != start);
        while (problem->buffers[bound->by_end[ended]].end <= start) {
            live -= weight(problem, bound->by_end[ended], pools);
            ++ended;
        }
        shared = (is_new ? 0u : shared) + spared(problem, id, pools);
        live += weight(problem, id, pools);
        const uint64_t gone = (shared > 0u) ? ending(task, bound, ended, start, pools) : 0u;
        const uint64_t needed = live - ((shared < gone) ? shared : gone);
        peak = (needed > peak) ? needed : peak;
    }
    return peak;
}

/* Greatest end of a buffer that is pinned in a pool. */
static uint64_t pinned_end(const mrt_plan_task_t *task, uint32_t pool)
{
    uint64_t greatest = 0u;
    for (uint32_t i = 0u; i < task->count; ++i) {
        const mrt_plan_buffer_t *buffer = &task->problem->buffers[task->ids[i]];
        const uint64_t end = (uint64_t)buffer->fixed + buffer->size;
        if ((buffer->fixed != MRT_PLAN_FLOATING) && (end > greatest) &&
            (mrt_plan_allowed(task->problem, buffer) == ((uint32_t)1u << pool))) {
            greatest = end;
        }
    }
    return greatest;
}

/*
 * What is alive at once and may lie only in the pools first..last of the line, less the capacity of all of these
 * but the one at `place`, must lie in that one.
 */
uint64_t mrt_plan_lower_bound(const mrt_plan_task_t *task, const mrt_plan_bound_t *bound, uint32_t place)
{
    const mrt_plan_space_t *space = &task->space;
    uint64_t greatest = pinned_end(task, space->pool[place]);
    for (uint32_t first = 0u; first <= place; ++first) {
        uint32_t pools = 0u;
        uint64_t elsewhere = 0u;
        for (uint32_t last = first; last < space->count; ++last) {
            pools |= (uint32_t)1u << space->pool[last];
            elsewhere += (last != place) ? space->capacity[last] : 0u;
            const uint64_t peak = (last >= place) ? live_peak(task, bound, pools) : 0u;
            if (peak > (elsewhere + greatest)) {
                greatest = peak - elsewhere;
            }
        }
    }
    return greatest;
}

/* Whether two pinned buffers, which lie in the same pool, are alive at once and nearer to each other than they may. */
static bool collide(const mrt_plan_problem_t *problem, uint32_t first, uint32_t second)
{
    const mrt_plan_buffer_t *a = &problem->buffers[first];
    const mrt_plan_buffer_t *b = &problem->buffers[second];
    return (a->start < b->end) && (b->start < a->end) &&
           (a->fixed < ((uint64_t)b->fixed + mrt_plan_distance(problem, second, first))) &&
           (b->fixed < ((uint64_t)a->fixed + mrt_plan_distance(problem, first, second)));
}

bool mrt_plan_pins_collide(const mrt_plan_task_t *task)
{
    const mrt_plan_problem_t *problem = task->problem;
    for (uint32_t i = 0u; i < task->count; ++i) {
        const mrt_plan_buffer_t *a = &problem->buffers[task->ids[i]];
        for (uint32_t j = 0u; (j < i) && (a->fixed != MRT_PLAN_FLOATING); ++j) {
            const mrt_plan_buffer_t *b = &problem->buffers[task->ids[j]];
            if ((b->fixed != MRT_PLAN_FLOATING) && collide(problem, task->ids[i], task->ids[j]) &&
                (mrt_plan_allowed(problem, a) == mrt_plan_allowed(problem, b))) {
                return true;
            }
        }
    }
    return false;
}
