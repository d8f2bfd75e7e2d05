/* Greedy by size: pinned buffers, then the largest first, each at its lowest free address. */
#include "runtime/plan_internal.h"

void mrt_plan_first_fit_take(mrt_plan_first_fit_t *fit, mrt_plan_scratch_t *scratch, uint32_t buffer_count)
{
    fit->address = mrt_plan_take(scratch, buffer_count, sizeof(uint64_t)); /* MISRA D1 */
    fit->placed = mrt_plan_take(scratch, buffer_count, sizeof(uint32_t));  /* MISRA D1 */
}

/*
 * The lowest free address for a buffer. Going through the placed buffers by rising address, whatever lies in the
 * way pushes the buffer up; the first one that begins behind its end closes the gap that was looked for.
 */
static uint64_t lowest_free(const mrt_plan_task_t *task, uint32_t id, const mrt_plan_first_fit_t *fit,
                            uint32_t placed_count)
{
    const mrt_plan_buffer_t *buffers = task->problem->buffers;
    const mrt_plan_buffer_t *buffer = &buffers[id];
    uint64_t address = mrt_plan_fit(task, id, 0u);
    for (uint32_t i = 0u; (i < placed_count) && (address != MRT_PLAN_NOWHERE); ++i) {
        const uint32_t other_id = fit->placed[i];
        const mrt_plan_buffer_t *other = &buffers[other_id];
        const uint64_t begin = fit->address[other_id];
        if (begin >= (address + buffer->size)) {
            break;
        }
        if ((other->start < buffer->end) && (buffer->start < other->end) && ((begin + other->size) > address)) {
            address = mrt_plan_fit(task, id, begin + other->size);
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
