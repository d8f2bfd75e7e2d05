/* Hill-climb: first fit in ever new orders, keeping a swap of two buffers unless it makes the plan higher. */
#include "runtime/plan_internal.h"

/* A xorshift generator with a fixed seed: the same swaps in every run, on every machine. */
static uint32_t draw(uint32_t *state, uint32_t bound)
{
    uint32_t x = *state;
    x ^= x << 13u;
    x ^= x >> 17u;
    x ^= x << 5u;
    *state = x;
    return x % bound;
}

static void swap(uint32_t *order, uint32_t a, uint32_t b)
{
    const uint32_t id = order[a];
    order[a] = order[b];
    order[b] = id;
}

/* Position in the order of a buffer that ends at the plan's height: only moving one of these can lower it. */
static uint32_t find_peak(const mrt_plan_task_t *task, const uint32_t *order, const uint64_t *address, uint64_t height)
{
    uint32_t position = 0u;
    while (((position + 1u) < task->count) &&
           ((address[order[position]] + task->problem->buffers[order[position]].size) != height)) {
        ++position;
    }
    return position;
}

void mrt_plan_hill_climb(mrt_plan_task_t *task, const mrt_plan_greedy_t *greedy, uint64_t goal, uint64_t steps)
{
    uint32_t *order = greedy->order;
    uint64_t left = (steps < task->steps_left) ? steps : task->steps_left;
    uint64_t height = task->height;
    uint32_t state = 0x9E3779B9u;
    task->steps_left -= left;
    while ((height > goal) && (task->count > 1u) && (left >= task->count)) {
        /* Every other swap moves a buffer at the peak; the rest shake up the order beneath it. */
        const bool at_peak = (draw(&state, 2u) == 0u) && (height != MRT_PLAN_NOWHERE);
        const uint32_t a = at_peak ? find_peak(task, order, greedy->fit.address, height) : draw(&state, task->count);
        const uint32_t b = draw(&state, task->count);
        swap(order, a, b);
        const uint64_t next = mrt_plan_first_fit(task, order, &greedy->fit);
        left -= task->count;
        if (next <= height) {
            height = next;
            mrt_plan_keep(task, greedy->fit.address, next);
        } else {
            swap(order, a, b);
        }
    }
    task->steps_left += left;
}
