/* Problems and tasks: validation, pools on a line of addresses, orders, scratch. */
#include "runtime/plan_internal.h"

const char *mrt_plan_fault_text(mrt_plan_fault_kind_t kind)
{
    switch (kind) {
#define MRT_PLAN_FAULT_CASE(name, value, text) /* MISRA D4 */ \
    case MRT_PLAN_FAULT_##name: \
        return text;
        MRT_PLAN_FAULT_MAP(MRT_PLAN_FAULT_CASE)
#undef MRT_PLAN_FAULT_CASE /* MISRA D4 */
    default:
        return "unknown fault";
    }
}

static bool is_power_of_two(uint32_t value)
{
    return (value != 0u) && ((value & (value - 1u)) == 0u);
}

uint32_t mrt_plan_allowed(const mrt_plan_problem_t *problem, const mrt_plan_buffer_t *buffer)
{
    uint32_t mask = 0u;
    for (uint32_t pool = 0u; pool < problem->pool_count; ++pool) {
        const uint32_t bit = (uint32_t)1u << pool;
        if (((buffer->pools & bit) != 0u) && (buffer->alignment <= problem->pools[pool].alignment)) {
            mask |= bit;
        }
    }
    return mask;
}

static bool pin_is_valid(const mrt_plan_problem_t *problem, const mrt_plan_buffer_t *buffer, uint32_t pools)
{
    if (!is_power_of_two(pools) || ((buffer->fixed % buffer->alignment) != 0u)) {
        return false;
    }
    uint32_t pool = 0u;
    while (((pools >> pool) & 1u) == 0u) {
        ++pool;
    }
    return ((uint64_t)buffer->fixed + buffer->size) <= problem->pools[pool].capacity;
}

static mrt_plan_fault_kind_t validate_buffer(const mrt_plan_problem_t *problem, const mrt_plan_buffer_t *buffer)
{
    if (buffer->start >= buffer->end) {
        return MRT_PLAN_FAULT_LIFETIME;
    }
    if (buffer->size > MRT_PLAN_SIZE_MAX) {
        return MRT_PLAN_FAULT_SIZE;
    }
    if (!is_power_of_two(buffer->alignment)) {
        return MRT_PLAN_FAULT_ALIGNMENT;
    }
    const uint32_t pools = mrt_plan_allowed(problem, buffer);
    if (pools == 0u) {
        return MRT_PLAN_FAULT_POOLS;
    }
    if ((buffer->fixed != MRT_PLAN_FLOATING) && !pin_is_valid(problem, buffer, pools)) {
        return MRT_PLAN_FAULT_FIXED;
    }
    return MRT_PLAN_FAULT_NONE;
}

static mrt_plan_fault_kind_t validate_pair(const mrt_plan_problem_t *problem, uint32_t index)
{
    const mrt_plan_pair_t *pair = &problem->pairs[index];
    if ((pair->output >= problem->buffer_count) || (pair->input >= problem->buffer_count)) {
        return MRT_PLAN_FAULT_PAIR_BUFFER;
    }
    const mrt_plan_buffer_t *output = &problem->buffers[pair->output];
    const mrt_plan_buffer_t *input = &problem->buffers[pair->input];
    /* In time, and then in the list, outputs follow their inputs: so no buffer can follow itself. */
    const bool follows = (input->start < output->start) || (input->end < output->end) || (pair->input < pair->output);
    if (((input->end - 1u) != output->start) || !follows) {
        return MRT_PLAN_FAULT_PAIR_STEP;
    }
    if (index > 0u) {
        const mrt_plan_pair_t *before = &problem->pairs[index - 1u];
        if ((before->output > pair->output) || ((before->output == pair->output) && (before->input >= pair->input))) {
            return MRT_PLAN_FAULT_PAIR_ORDER;
        }
    }
    return MRT_PLAN_FAULT_NONE;
}

static bool tables_are_there(const mrt_plan_problem_t *problem)
{
    return (problem != NULL) && (problem->pools != NULL) && (problem->pool_count > 0u) &&
           (problem->pool_count <= (uint32_t)MRT_PLAN_POOLS_MAX) &&
           ((problem->buffers != NULL) || (problem->buffer_count == 0u)) &&
           ((problem->pairs != NULL) || (problem->pair_count == 0u));
}

mrt_status_t mrt_plan_validate(const mrt_plan_problem_t *problem, mrt_plan_fault_t *fault)
{
    mrt_plan_fault_t found = {.kind = MRT_PLAN_FAULT_NONE, .first = 0u, .second = 0u};
    if (!tables_are_there(problem)) {
        return MRT_ERR_ARGUMENT;
    }
    for (uint32_t i = 0u; (i < problem->pool_count) && (found.kind == MRT_PLAN_FAULT_NONE); ++i) {
        if (!is_power_of_two(problem->pools[i].alignment)) {
            found.kind = MRT_PLAN_FAULT_POOL_ALIGNMENT;
            found.first = i;
        }
    }
    for (uint32_t i = 0u; (i < problem->buffer_count) && (found.kind == MRT_PLAN_FAULT_NONE); ++i) {
        found.kind = validate_buffer(problem, &problem->buffers[i]);
        found.first = i;
    }
    for (uint32_t i = 0u; (i < problem->pair_count) && (found.kind == MRT_PLAN_FAULT_NONE); ++i) {
        found.kind = validate_pair(problem, i);
        found.first = i;
    }
    found.second = found.first;
    if (fault != NULL) {
        *fault = found;
    }
    return (found.kind == MRT_PLAN_FAULT_NONE) ? MRT_OK : MRT_ERR_ARGUMENT;
}

void *mrt_plan_take(mrt_plan_scratch_t *scratch, uint64_t count, uint64_t bytes)
{
    uint64_t *start = (scratch->words != NULL) ? &scratch->words[scratch->used] : NULL;
    scratch->used += ((count * bytes) + 7u) / 8u;
    return start;
}

uint64_t mrt_plan_fit(const mrt_plan_task_t *task, uint32_t id, uint64_t from)
{
    const mrt_plan_space_t *space = &task->space;
    const mrt_plan_buffer_t *buffer = &task->problem->buffers[id];
    for (uint32_t i = 0u; i < space->count; ++i) {
        const mrt_plan_pool_t *pool = &task->problem->pools[space->pool[i]];
        const bool allowed = (((buffer->pools >> space->pool[i]) & 1u) != 0u) && (buffer->alignment <= pool->alignment);
        const uint64_t mask = (uint64_t)buffer->alignment - 1u;
        const uint64_t lowest = (from > space->base[i]) ? (from - space->base[i]) : 0u;
        const bool pinned = (buffer->fixed != MRT_PLAN_FLOATING);
        const uint64_t offset = pinned ? (uint64_t)buffer->fixed : ((lowest + mask) & ~mask);
        if (allowed && (offset >= lowest) && ((offset + buffer->size) <= space->capacity[i])) {
            return space->base[i] + offset;
        }
    }
    return MRT_PLAN_NOWHERE;
}

uint32_t mrt_plan_draw(uint32_t *state, uint32_t bound)
{
    uint32_t x = *state;
    x ^= x << 13u;
    x ^= x >> 17u;
    x ^= x << 5u;
    *state = x;
    return x % bound;
}

/* Whether buffer a comes before buffer b. */
static bool comes_before(const mrt_plan_rank_t *rank, uint32_t a, uint32_t b)
{
    for (uint32_t i = 0u; (i < 2u) && (rank->key[i] != NULL); ++i) {
        if (rank->key[i][a] != rank->key[i][b]) {
            return rank->key[i][a] > rank->key[i][b];
        }
    }
    return a < b;
}

/* Restores the heap below `root`: no child comes after its parent. */
static void sift(uint32_t *ids, uint32_t count, uint32_t root, const mrt_plan_rank_t *rank)
{
    const uint32_t id = ids[root];
    uint32_t hole = root;
    uint32_t child = (2u * hole) + 1u;
    while (child < count) {
        if (((child + 1u) < count) && comes_before(rank, ids[child], ids[child + 1u])) {
            ++child;
        }
        if (!comes_before(rank, id, ids[child])) {
            break;
        }
        ids[hole] = ids[child];
        hole = child;
        child = (2u * hole) + 1u;
    }
    ids[hole] = id;
}

void mrt_plan_sort(uint32_t *ids, uint32_t count, const mrt_plan_rank_t *rank)
{
    for (uint32_t root = count / 2u; root > 0u; --root) {
        sift(ids, count, root - 1u, rank);
    }
    for (uint32_t last = count; last > 1u; --last) {
        const uint32_t id = ids[0];
        ids[0] = ids[last - 1u];
        ids[last - 1u] = id;
        sift(ids, last - 1u, 0u, rank);
    }
}

void mrt_plan_keep(mrt_plan_task_t *task, const uint64_t *address, uint64_t height)
{
    if (height != MRT_PLAN_NOWHERE) {
        task->height = height;
        for (uint32_t i = 0u; i < task->count; ++i) {
            task->address[task->ids[i]] = address[task->ids[i]];
        }
    }
}

uint32_t mrt_plan_group(const mrt_plan_problem_t *problem, uint32_t first)
{
    uint32_t group = (uint32_t)1u << first;
    uint32_t before = 0u;
    while (group != before) {
        before = group;
        for (uint32_t i = 0u; i < problem->buffer_count; ++i) {
            const uint32_t pools = mrt_plan_allowed(problem, &problem->buffers[i]);
            group |= ((pools & group) != 0u) ? pools : 0u;
        }
    }
    return group;
}

void mrt_plan_lay_out(const mrt_plan_problem_t *problem, uint32_t group, mrt_plan_space_t *space)
{
    uint32_t left = group;
    uint64_t base = 0u;
    space->count = 0u;
    while (left != 0u) {
        uint32_t cheapest = MRT_PLAN_POOLS_MAX;
        for (uint32_t pool = 0u; pool < problem->pool_count; ++pool) {
            if ((((left >> pool) & 1u) != 0u) && ((cheapest == (uint32_t)MRT_PLAN_POOLS_MAX) ||
                                                  (problem->pools[pool].cost < problem->pools[cheapest].cost))) {
                cheapest = pool;
            }
        }
        space->base[space->count] = base;
        space->capacity[space->count] = problem->pools[cheapest].capacity;
        space->pool[space->count] = cheapest;
        base += problem->pools[cheapest].capacity;
        ++space->count;
        left &= ~((uint32_t)1u << cheapest);
    }
}

uint64_t mrt_plan_used(const mrt_plan_task_t *task, uint32_t place)
{
    const uint64_t base = task->space.base[place];
    const uint64_t capacity = task->problem->pools[task->space.pool[place]].capacity;
    uint64_t used = 0u;
    for (uint32_t i = 0u; i < task->count; ++i) {
        const uint32_t id = task->ids[i];
        const uint64_t address = task->address[id];
        if ((address >= base) && ((address - base) < capacity)) {
            const uint64_t end = (address - base) + task->problem->buffers[id].size;
            used = (end > used) ? end : used;
        }
    }
    return used;
}
