/* Greedy by size: pinned buffers, then the largest first, each at its lowest free address. */
#include "runtime/plan_internal.h"

void mrt_plan_first_fit_take(mrt_plan_first_fit_t *fit, mrt_plan_scratch_t *scratch, uint32_t buffer_count)
{
    fit->address = mrt_plan_take(scratch, buffer_count, sizeof(uint64_t)); /* MISRA D1 */
    fit->placed = mrt_plan_take(scratch, buffer_count, sizeof(uint32_t));  /* MISRA D1 */
}

/* Where a buffer at `address` has to begin instead because of another one; `address` if that is not in its way. */
static uint64_t evade(const mrt_plan_task_t *task, uint32_t id, uint64_t address, uint32_t other, uint64_t begin)
{
    const mrt_plan_problem_t *problem = task->problem;
    const mrt_plan_buffer_t *a = &problem->buffers[id];
    const mrt_plan_buffer_t *b = &problem->buffers[other];
    const bool together = (b->start < a->end) && (a->start < b->end);
    const bool is_clear = !together || ((begin + mrt_plan_distance(problem, other, id)) <= address) ||
                          ((address + mrt_plan_distance(problem, id, other)) <= begin);
    return is_clear ? address : (begin + mrt_plan_distance(problem, other, id));
}

/*
 * The lowest free address for a buffer. Going through the placed buffers by rising address, whatever lies in the
 * way pushes the buffer up; the first one that begins behind its end closes the gap that was looked for. The output of
 * a pair, which may lie over a placed buffer here but not a little higher, goes through them anew once it was pushed.
 */
static uint64_t lowest_free(const mrt_plan_task_t *task, uint32_t id, const mrt_plan_first_fit_t *fit,
                            uint32_t placed_count)
{
    const mrt_plan_range_t pairs = mrt_plan_pairs_of(task->problem, id);
    const uint32_t size = task->problem->buffers[id].size;
    uint64_t address = mrt_plan_fit(task, id, 0u);
    uint32_t i = 0u;
    while ((i < placed_count) && (address != MRT_PLAN_NOWHERE) && (fit->address[fit->placed[i]] < (address + size))) {
        const uint64_t next = evade(task, id, address, fit->placed[i], fit->address[fit->placed[i]]);
        ++i;
        if (next != address) {
            address = mrt_plan_fit(task, id, next);
            i = (pairs.begin < pairs.end) ? 0u : i;
        }
    }
    return address;
}

/* Keeps `placed` sorted by address; most buffers go near the end, where little has to move. */
static void insert(const mrt_plan_first_fit_t *fit, uint32_t id, uint32_t placed_count)
{
    uint32_t i = placed_count;
    while ((i > 0u) && (fit->address[fit->placed[i - 1u]] > fit->address[id])) {
        fit->placed[i] = fit->placed[i - 1u];
        --i;
    }
    fit->placed[i] = id;
}

uint64_t mrt_plan_first_fit(const mrt_plan_task_t *task, const uint32_t *order, const mrt_plan_first_fit_t *fit)
{
    uint64_t height = 0u;
    for (uint32_t i = 0u; i < task->count; ++i) {
        const uint32_t id = order[i];
        const uint64_t address = lowest_free(task, id, fit, i);
        if (address == MRT_PLAN_NOWHERE) {
            return MRT_PLAN_NOWHERE;
        }
        fit->address[id] = address;
        insert(fit, id, i);
        if ((address + task->problem->buffers[id].size) > height) {
            height = address + task->problem->buffers[id].size;
        }
    }
    return height;
}

void mrt_plan_greedy_take(mrt_plan_greedy_t *greedy, mrt_plan_scratch_t *scratch, uint32_t buffer_count)
{
    mrt_plan_first_fit_take(&greedy->fit, scratch, buffer_count);
    greedy->size = mrt_plan_take(scratch, buffer_count, sizeof(uint64_t));     /* MISRA D1 */
    greedy->duration = mrt_plan_take(scratch, buffer_count, sizeof(uint64_t)); /* MISRA D1 */
    greedy->order = mrt_plan_take(scratch, buffer_count, sizeof(uint32_t));    /* MISRA D1 */
}

void mrt_plan_greedy(mrt_plan_task_t *task, const mrt_plan_greedy_t *greedy)
{
    const mrt_plan_rank_t rank = {.key = {greedy->size, greedy->duration}};
    for (uint32_t i = 0u; i < task->count; ++i) {
        const uint32_t id = task->ids[i];
        const mrt_plan_buffer_t *buffer = &task->problem->buffers[id];
        /* Pinned buffers cannot give way: they go before all others. */
        const uint64_t pinned = (buffer->fixed != MRT_PLAN_FLOATING) ? ((uint64_t)1u << 32u) : 0u;
        greedy->size[id] = pinned + buffer->size;
        greedy->duration[id] = (uint64_t)buffer->end - buffer->start;
        greedy->order[i] = id;
    }
    mrt_plan_sort(greedy->order, task->count, &rank);
    const uint64_t height = mrt_plan_first_fit(task, greedy->order, &greedy->fit);
    task->steps += task->count;
    mrt_plan_keep(task, greedy->fit.address, height);
}
