/*
 * Any planning problem, by every strategy: refused, or answered without contradiction. A plan stands the proof, no
 * strategy finds what another one has excluded, nothing beats a plan that is called optimal or a lower bound.
 */
#include "micrort/plan.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { BUFFERS_MAX = 12, POOLS_MAX = 3, PAIRS_MAX = 24 };

typedef struct {
    const uint8_t *data;
    size_t size;
} reader_t;

typedef struct {
    mrt_plan_buffer_t buffers[BUFFERS_MAX];
    mrt_plan_pool_t pools[POOLS_MAX];
    mrt_plan_pair_t pairs[PAIRS_MAX];
    mrt_plan_problem_t problem;
} input_t;

typedef struct {
    mrt_plan_slot_t slots[BUFFERS_MAX];
    mrt_plan_t plan;
    mrt_status_t status;
} answer_t;

static uint32_t take(reader_t *reader, uint32_t bytes)
{
    uint32_t value = 0u;
    for (uint32_t index = 0u; (index < bytes) && (reader->size > 0u); ++index) {
        value |= (uint32_t)reader->data[0] << (8u * index);
        ++reader->data;
        --reader->size;
    }
    return value;
}

/* A small number, or at `wild` any. */
static uint32_t number(reader_t *reader, bool wild, uint32_t limit)
{
    return wild ? take(reader, 4u) : (take(reader, 1u) % limit);
}

static void fail(const char *problem)
{
    fprintf(stderr, "%s\n", problem);
    abort();
}

/* Whether two buffers can be a pair. */
static bool may_pair(const input_t *input, uint32_t output, uint32_t source)
{
    const mrt_plan_buffer_t *a = &input->buffers[output];
    const mrt_plan_buffer_t *b = &input->buffers[source];
    return ((b->end - 1u) == a->start) && ((b->start < a->start) || (b->end < a->end) || (source < output));
}

/* Pairs, by what is left of the buffers' first bytes: those that can be, or at `wild` any. */
static void make_pairs(bool wild, const uint32_t *kinds, input_t *input)
{
    mrt_plan_problem_t *problem = &input->problem;
    problem->pairs = input->pairs;
    for (uint32_t output = 0u; output < problem->buffer_count; ++output) {
        for (uint32_t source = 0u; source < problem->buffer_count; ++source) {
            const bool wanted = ((kinds[output] & 8u) != 0u) && ((kinds[source] & 16u) != 0u);
            if (wanted && (problem->pair_count < PAIRS_MAX) && (wild || may_pair(input, output, source))) {
                mrt_plan_pair_t *pair = &input->pairs[problem->pair_count];
                pair->output = output + (wild ? (kinds[source] >> 7u) : 0u);
                pair->input = source + (wild ? (kinds[output] >> 7u) : 0u);
                pair->delta = (kinds[output] >> 5u) * (wild ? 0x24924925u : 3u);
                ++problem->pair_count;
            }
        }
    }
}

static void read_problem(reader_t *reader, bool wild, input_t *input)
{
    input->problem.pool_count = 1u + (take(reader, 1u) % POOLS_MAX);
    input->problem.pools = input->pools;
    input->problem.buffers = input->buffers;
    for (uint32_t pool = 0u; pool < input->problem.pool_count; ++pool) {
        const uint32_t capacity = number(reader, wild, 128u);
        input->pools[pool].capacity = (!wild && (capacity > 100u)) ? MRT_PLAN_UNLIMITED : capacity;
        input->pools[pool].alignment = wild ? number(reader, true, 0u) : (1u << number(reader, false, 5u));
        input->pools[pool].cost = number(reader, wild, 4u);
    }
    uint32_t kinds[BUFFERS_MAX] = {0u};
    while ((reader->size > 0u) && (input->problem.buffer_count < BUFFERS_MAX)) {
        mrt_plan_buffer_t *buffer = &input->buffers[input->problem.buffer_count];
        const uint32_t kind = take(reader, 1u);
        buffer->start = number(reader, wild, 16u);
        buffer->end = wild ? number(reader, true, 0u) : (buffer->start + 1u + number(reader, false, 12u));
        buffer->size = number(reader, wild, 48u);
        buffer->alignment = wild ? number(reader, true, 0u) : (1u << number(reader, false, 4u));
        buffer->pools = wild ? number(reader, true, 0u) : (1u + number(reader, false, 7u));
        buffer->fixed = ((kind % 8u) == 0u) ? number(reader, wild, 64u) : MRT_PLAN_FLOATING;
        kinds[input->problem.buffer_count] = kind;
        ++input->problem.buffer_count;
    }
    make_pairs(wild, kinds, input);
}

/* Less than 0 where plan a uses less than b of the costliest pool in which they differ. */
static int compare(const mrt_plan_problem_t *problem, const mrt_plan_t *a, const mrt_plan_t *b)
{
    bool done[POOLS_MAX] = {false};
    for (uint32_t left = problem->pool_count; left > 0u; --left) {
        uint32_t costliest = POOLS_MAX;
        for (uint32_t pool = 0u; pool < problem->pool_count; ++pool) {
            const bool first = (costliest == POOLS_MAX);
            if (!done[pool] && (first || (problem->pools[pool].cost >= problem->pools[costliest].cost))) {
                costliest = pool;
            }
        }
        done[costliest] = true;
        if (a->used[costliest] != b->used[costliest]) {
            return (a->used[costliest] < b->used[costliest]) ? -1 : 1;
        }
    }
    return 0;
}

static void check_plan(const input_t *input, const answer_t *answer)
{
    const mrt_plan_t *plan = &answer->plan;
    if (mrt_plan_check(&input->problem, answer->slots, NULL) != MRT_OK) {
        fail("a plan does not stand its proof");
    }
    for (uint32_t index = 0u; index < input->problem.buffer_count; ++index) {
        const mrt_plan_buffer_t *buffer = &input->buffers[index];
        const mrt_plan_slot_t *slot = &answer->slots[index];
        if ((buffer->size != 0u) && (((uint64_t)slot->offset + buffer->size) > plan->used[slot->pool])) {
            fail("a buffer ends behind the bytes that are called used");
        }
    }
    if ((input->problem.pool_count == 1u) && (plan->used[0] < plan->lower_bound[0])) {
        fail("a plan is smaller than its lower bound");
    }
}

static void check_pair(const input_t *input, const answer_t *a, const answer_t *b)
{
    if ((a->status == MRT_ERR_INFEASIBLE) && (b->status == MRT_OK)) {
        fail("one strategy finds what another has excluded");
    }
    const bool both = (a->status == MRT_OK) && (b->status == MRT_OK);
    if (both && (a->plan.outcome == MRT_PLAN_OPTIMAL) && (compare(&input->problem, &b->plan, &a->plan) < 0)) {
        fail("one strategy beats what another calls optimal");
    }
}

static void solve(const input_t *input, const mrt_plan_options_t *options, answer_t *answer)
{
    const uint64_t bytes = mrt_plan_scratch_size(options->strategy, input->problem.buffer_count);
    uint64_t *scratch = malloc((size_t)bytes);
    answer->plan.slots = answer->slots;
    answer->status = mrt_plan_solve(&input->problem, options, scratch, bytes, &answer->plan);
    free(scratch);
    if (answer->status == MRT_OK) {
        check_plan(input, answer);
    }
}

/* Pairs are leaves: without them no plan is smaller, and none fits where none does with them. */
static void check_without_pairs(const input_t *input, const mrt_plan_options_t *options, const answer_t *answer)
{
    input_t apart = *input;
    answer_t other;
    memset(&other, 0, sizeof other);
    apart.problem.pair_count = 0u;
    apart.problem.buffers = apart.buffers;
    apart.problem.pools = apart.pools;
    solve(&apart, options, &other);
    check_pair(input, answer, &other);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const mrt_plan_strategy_t strategies[] = {MRT_PLAN_GREEDY, MRT_PLAN_HILL_CLIMB, MRT_PLAN_EXACT, MRT_PLAN_AUTO};
    enum { STRATEGIES = sizeof strategies / sizeof strategies[0] };
    reader_t reader = {data, size};
    const uint32_t kind = take(&reader, 1u);
    const mrt_plan_options_t base = {
        .goal = ((kind & 2u) != 0u) ? MRT_PLAN_FIT : MRT_PLAN_MINIMISE, .step_budget = 1u + (take(&reader, 1u) * 4u)};
    input_t input;
    memset(&input, 0, sizeof input);
    read_problem(&reader, (kind & 1u) != 0u, &input);

    mrt_plan_slot_t given[BUFFERS_MAX]; /* the proof must bear any plan */
    for (uint32_t index = 0u; index < input.problem.buffer_count; ++index) {
        given[index].pool = data[index % size] % 4u;
        given[index].offset = data[(index * 7u) % size] * (uint32_t)kind;
    }
    (void)!mrt_plan_check(&input.problem, given, NULL);

    answer_t answers[STRATEGIES];
    memset(answers, 0, sizeof answers);
    for (uint32_t index = 0u; index < STRATEGIES; ++index) {
        mrt_plan_options_t options = base;
        options.strategy = strategies[index];
        solve(&input, &options, &answers[index]);
    }
    for (uint32_t a = 0u; a < STRATEGIES; ++a) {
        for (uint32_t b = 0u; b < STRATEGIES; ++b) {
            check_pair(&input, &answers[a], &answers[b]);
        }
        if ((input.problem.pair_count != 0u) && (answers[a].status != MRT_ERR_ARGUMENT)) {
            mrt_plan_options_t options = base;
            options.strategy = strategies[a];
            check_without_pairs(&input, &options, &answers[a]);
        }
    }
    return 0;
}
