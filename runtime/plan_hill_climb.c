/* Hill-climb: first fit in ever new orders, keeping a swap of two buffers unless it makes the plan higher. */
#include "runtime/plan_internal.h"

static void swap(uint32_t *order, uint32_t a, uint32_t b)
{
    const uint32_t id = order[a];
    order[a] = order[b];
    order[b] = id;
}

/* Position in the order of a buffer that ends at the present plan's height: only moving one of these can lower it. */
static uint32_t find_peak(const mrt_plan_task_t *task, const uint32_t *order)
{
    uint32_t position = 0u;
    while (((position + 1u) < task->count) &&
           ((task->address[order[position]] + task->problem->buffers[order[position]].size) != task->height)) {
        ++position;
    }
    return position;
}

void mrt_plan_hill_climb(mrt_plan_task_t *task, const mrt_plan_greedy_t *greedy, uint64_t goal, uint64_t steps)
{
    uint32_t *order = greedy->order;
    const uint64_t last = task->steps + steps;
    uint64_t height = task->height;
    uint32_t state = 0x9E3779B9u;
    while ((height > goal) && (task->count > 1u) && ((task->steps + task->count) <= last)) {
        /* Every other swap moves a buffer at the peak; the rest shake up the order beneath it. */
        const bool at_peak = (mrt_plan_draw(&state, 2u) == 0u) && (height != MRT_PLAN_NOWHERE);
        const uint32_t a = at_peak ? find_peak(task, order) : mrt_plan_draw(&state, task->count);
        const uint32_t b = mrt_plan_draw(&state, task->count);
        swap(order, a, b);
        const uint64_t next = mrt_plan_first_fit(task, order, &greedy->fit);
        task->steps += task->count;
        if (next <= height) {
            height = next;
            mrt_plan_keep(task, greedy->fit.address, next);
        } else {
            swap(order, a, b);
        }
    }
}
