/*
 * Exact planning: asks the search of plan_search.c whether there is a plan within some capacities, and narrows the
 * capacities down, the costliest pool first, until the smallest plan is known or the budget is spent.
 *
 * How long a search takes depends wildly on the order in which it prefers buffers, and a good order answers almost
 * at once. So many orders get short turns, the first ones as they are, later ones with noise in their criteria; some
 * turns are longer, as in the sequence 1 1 2 1 1 2 4 … (Luby), so that a proof gets its time too.
 */
#include "runtime/plan_exact.h"

/* Steps of the shortest turn, for each buffer: enough for one descent with few mistakes. */
#define TURN_STEPS 2u
/* Orders of preference. */
#define ORDERS 3u

void mrt_plan_exact_take(mrt_plan_exact_t *exact, mrt_plan_scratch_t *scratch, uint32_t buffer_count)
{
    mrt_plan_search_take(&exact->search, scratch, buffer_count);
    exact->first = mrt_plan_take(scratch, buffer_count, sizeof(uint32_t));   /* MISRA D1 */
    exact->last = mrt_plan_take(scratch, buffer_count, sizeof(uint32_t));    /* MISRA D1 */
    exact->address = mrt_plan_take(scratch, buffer_count, sizeof(uint64_t)); /* MISRA D1 */
}

/*
 * Cuts time into sections: a new one begins where a buffer starts after another has ended. What is alive at some
 * point of time is then alive, all of it, in one section, and nothing is lost by looking at sections only.
 */
static void cut_time(const mrt_plan_task_t *task, const mrt_plan_bound_t *bound, const mrt_plan_exact_t *exact)
{
    const mrt_plan_buffer_t *buffers = task->problem->buffers;
    uint32_t section = 0u;
    uint32_t ended = 0u;
    bool is_open = false;
    for (uint32_t i = 0u; i < task->count; ++i) {
        const uint32_t id = bound->by_start[i];
        while (buffers[bound->by_end[ended]].end <= buffers[id].start) {
            section += is_open ? 1u : 0u;
            is_open = false;
            exact->last[bound->by_end[ended]] = section;
            ++ended;
        }
        exact->first[id] = section;
        is_open = true;
    }
    while (ended < task->count) {
        exact->last[bound->by_end[ended]] = section + 1u;
        ++ended;
    }
}

/* The criteria of a turn: orders like MiniMalloc's, one after the other. */
static const uint8_t *criteria_of(uint64_t turn)
{
    static const uint8_t orders[ORDERS][3] = {
        {(uint8_t)MRT_PLAN_BY_WIDTH, (uint8_t)MRT_PLAN_BY_AREA, (uint8_t)MRT_PLAN_BY_LOAD},
        {(uint8_t)MRT_PLAN_BY_LOAD, (uint8_t)MRT_PLAN_BY_AREA, (uint8_t)MRT_PLAN_BY_WIDTH},
        {(uint8_t)MRT_PLAN_BY_LOAD, (uint8_t)MRT_PLAN_BY_WIDTH, (uint8_t)MRT_PLAN_BY_AREA},
    };
    return orders[turn % ORDERS];
}

/* Luby's sequence, from turn 1 on. */
static uint64_t turn_length(uint64_t turn)
{
    uint64_t rest = turn;
    uint64_t size = 1u;
    while (size < rest) {
        size = (2u * size) + 1u;
    }
    while (size != rest) {
        size /= 2u;
        rest -= (rest > size) ? size : 0u;
    }
    return (size / 2u) + 1u;
}

/* Noise: a factor of 0.8 to 1.2, without overflow below 2^63. */
static uint64_t blur(uint64_t key, uint32_t *state)
{
    const uint64_t factor = 820u + mrt_plan_draw(state, 409u);
    return ((key >> 10u) * factor) + (((key & 1023u) * factor) >> 10u);
}

/* Last place on the line of pools where a buffer may lie. */
static uint32_t last_place(const mrt_plan_task_t *task, const mrt_plan_buffer_t *buffer)
{
    const uint32_t pools = mrt_plan_allowed(task->problem, buffer);
    uint32_t place = task->space.count - 1u;
    while ((place > 0u) && (((pools >> task->space.pool[place]) & 1u) == 0u)) {
        --place;
    }
    return place;
}

/* Makes items of a component's buffers, with the keys of a turn. */
static void make_items(const mrt_plan_task_t *task, mrt_plan_exact_t *exact, const uint32_t *ids, uint32_t count,
                       uint64_t turn)
{
    uint32_t state = 0x9E3779B9u * (uint32_t)turn;
    for (uint32_t i = 0u; i < count; ++i) {
        const mrt_plan_buffer_t *buffer = &task->problem->buffers[ids[i]];
        mrt_plan_item_t *item = &exact->search.items[i];
        const uint64_t width = (uint64_t)buffer->end - buffer->start;
        item->mask = (uint64_t)buffer->alignment - 1u;
        item->size = buffer->size;
        item->first = exact->first[ids[i]];
        item->last = exact->last[ids[i]];
        item->id = ids[i];
        item->place = last_place(task, buffer);
        item->plain = (task->space.count == 1u) && (buffer->fixed == MRT_PLAN_FLOATING);
        item->key[MRT_PLAN_BY_WIDTH] = (turn <= ORDERS) ? width : blur(width, &state);
        item->key[MRT_PLAN_BY_AREA] = (turn <= ORDERS) ? (width * buffer->size) : blur(width * buffer->size, &state);
    }
}

/* Turns of the search over one component of time, until the answer is known or the task's steps reach `last`. */
static mrt_plan_answer_t solve_component(mrt_plan_task_t *task, mrt_plan_exact_t *exact, const uint32_t *ids,
                                         uint32_t count, uint64_t last)
{
    mrt_plan_search_t *search = &exact->search;
    mrt_plan_answer_t answer = MRT_PLAN_ANSWER_UNDECIDED;
    uint32_t last_section = 0u;
    uint64_t turn = 1u;
    for (uint32_t i = 0u; i < count; ++i) {
        last_section = (exact->last[ids[i]] > last_section) ? exact->last[ids[i]] : last_section;
    }
    while ((answer == MRT_PLAN_ANSWER_UNDECIDED) && (task->steps < last)) {
        const uint64_t wanted = turn_length(turn) * TURN_STEPS * count;
        const uint64_t steps = (wanted < (last - task->steps)) ? wanted : (last - task->steps);
        make_items(task, exact, ids, count, turn);
        search->criteria = criteria_of(turn);
        search->steps_left = steps;
        mrt_plan_search_begin(search, count, exact->first[ids[0]], last_section);
        answer = mrt_plan_search_run(search);
        task->steps += steps - search->steps_left;
        ++turn;
    }
    for (uint32_t i = 0u; (i < count) && (answer == MRT_PLAN_ANSWER_PLAN); ++i) {
        exact->address[search->items[i].id] = search->items[i].base;
    }
    return answer;
}

/* Number of buffers, from by_start[begin] on, up to a moment at which none is alive. */
static uint32_t component_size(const mrt_plan_task_t *task, const mrt_plan_exact_t *exact, const uint32_t *by_start,
                               uint32_t begin)
{
    uint32_t last = 0u;
    uint32_t i = begin;
    while ((i < task->count) && ((i == begin) || (exact->first[by_start[i]] < last))) {
        last = (exact->last[by_start[i]] > last) ? exact->last[by_start[i]] : last;
        ++i;
    }
    return i - begin;
}

/* Whether there is a plan within the line's present capacities; keeps it if there is. */
static mrt_plan_answer_t probe(mrt_plan_task_t *task, const mrt_plan_bound_t *bound, mrt_plan_exact_t *exact,
                               uint64_t steps)
{
    mrt_plan_answer_t answer = MRT_PLAN_ANSWER_PLAN;
    const uint64_t last = task->steps + steps;
    uint32_t begin = 0u;
    ++exact->search.salt;
    while ((begin < task->count) && (answer == MRT_PLAN_ANSWER_PLAN)) {
        const uint32_t count = component_size(task, exact, bound->by_start, begin);
        answer = solve_component(task, exact, &bound->by_start[begin], count, last);
        begin += count;
    }
    if (answer == MRT_PLAN_ANSWER_PLAN) {
        uint64_t height = 0u;
        for (uint32_t i = 0u; i < task->count; ++i) {
            const uint64_t end = exact->address[task->ids[i]] + task->problem->buffers[task->ids[i]].size;
            height = (end > height) ? end : height;
        }
        mrt_plan_keep(task, exact->address, height);
    }
    return answer;
}

static uint64_t greatest_common_divisor(uint64_t a, uint64_t b)
{
    uint64_t x = a;
    uint64_t y = b;
    while (y != 0u) {
        const uint64_t rest = x % y;
        x = y;
        y = rest;
    }
    return x;
}

/* What divides every size, alignment, pin and distance in a pair: a pressed-down plan uses only multiples of it. */
static uint64_t quantum_of(const mrt_plan_task_t *task)
{
    uint64_t quantum = 0u;
    for (uint32_t i = 0u; i < task->count; ++i) {
        const mrt_plan_buffer_t *buffer = &task->problem->buffers[task->ids[i]];
        quantum = greatest_common_divisor(quantum, buffer->size);
        if (buffer->alignment > 1u) {
            quantum = greatest_common_divisor(quantum, buffer->alignment);
        }
        if (buffer->fixed != MRT_PLAN_FLOATING) {
            quantum = greatest_common_divisor(quantum, buffer->fixed);
        }
    }
    for (uint32_t i = 0u; i < task->problem->pair_count; ++i) {
        quantum = greatest_common_divisor(quantum, task->problem->pairs[i].delta);
    }
    return quantum;
}

/*
 * Lowers the use of the pool at `place`, the plan at hand being within the capacities. Half of the steps go to the
 * lower bound itself, where most problems have their optimum; then intervals are halved. Returns the lower bound
 * as it is then known, and leaves the use in the line's capacity.
 */
static uint64_t minimise(mrt_plan_task_t *task, const mrt_plan_bound_t *bound, mrt_plan_exact_t *exact,
                         uint32_t place)
{
    const uint64_t quantum = quantum_of(task);
    uint64_t used = mrt_plan_used(task, place);
    uint64_t proved = mrt_plan_lower_bound(task, bound, place);
    /* Alignments are at least 1. NOLINTNEXTLINE(clang-analyzer-core.DivideZero) */
    proved = ((proved + (quantum - 1u)) / quantum) * quantum;
    uint64_t tried = proved;
    uint64_t target = proved;
    while ((tried < used) && (task->steps < task->budget)) {
        task->space.capacity[place] = target;
        const mrt_plan_answer_t answer = probe(task, bound, exact, ((task->budget - task->steps) + 1u) / 2u);
        if (answer == MRT_PLAN_ANSWER_PLAN) {
            used = mrt_plan_used(task, place);
        } else {
            tried = target + quantum;
            proved = (answer == MRT_PLAN_ANSWER_NO_PLAN) ? tried : proved;
        }
        target = tried + ((((used - tried) / 2u) / quantum) * quantum);
    }
    task->space.capacity[place] = used;
    return proved;
}

mrt_plan_answer_t mrt_plan_exact(mrt_plan_task_t *task, const mrt_plan_bound_t *bound, mrt_plan_exact_t *exact,
                                 bool smallest, uint64_t *lower_bound)
{
    mrt_plan_answer_t answer = MRT_PLAN_ANSWER_UNDECIDED;
    for (uint64_t i = 0u; i <= exact->search.failed_mask; ++i) {
        exact->search.failed[i][0] = 0u;
        exact->search.failed[i][1] = 0u;
    }
    for (uint32_t id = 0u; id < task->problem->buffer_count; ++id) {
        exact->search.index[id] = MRT_PLAN_NO_ITEM;
    }
    exact->search.task = task;
    exact->search.salt = 0x5BD1E9955BD1E995u;
    cut_time(task, bound, exact);
    if ((task->height == MRT_PLAN_NOWHERE) && (task->steps < task->budget)) {
        const uint64_t left = task->budget - task->steps;
        answer = probe(task, bound, exact, smallest ? ((left + 1u) / 2u) : left);
    }
    /* A pool is lowered only when all costlier ones are known to be as low as can be. */
    bool is_known = (task->height != MRT_PLAN_NOWHERE) && smallest;
    for (uint32_t place = task->space.count; (place > 0u) && is_known; --place) {
        const uint32_t pool = task->space.pool[place - 1u];
        lower_bound[pool] = minimise(task, bound, exact, place - 1u);
        is_known = (lower_bound[pool] >= task->space.capacity[place - 1u]);
    }
    return (task->height != MRT_PLAN_NOWHERE) ? MRT_PLAN_ANSWER_PLAN : answer;
}
