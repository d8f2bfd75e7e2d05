/* In-place pairs: how near buffers may lie to each other. The list is sorted by output, so it needs no index. */
#include "runtime/plan_internal.h"

/* The first pair whose output is not below `output`. */
static uint32_t first_pair(const mrt_plan_problem_t *problem, uint32_t output)
{
    uint32_t begin = 0u;
    uint32_t end = problem->pair_count;
    while (begin < end) {
        const uint32_t middle = begin + ((end - begin) / 2u);
        if (problem->pairs[middle].output < output) {
            begin = middle + 1u;
        } else {
            end = middle;
        }
    }
    return begin;
}

mrt_plan_range_t mrt_plan_pairs_of(const mrt_plan_problem_t *problem, uint32_t output)
{
    mrt_plan_range_t range = {.begin = first_pair(problem, output), .end = 0u};
    range.end = range.begin;
    while ((range.end < problem->pair_count) && (problem->pairs[range.end].output == output)) {
        ++range.end;
    }
    return range;
}

uint32_t mrt_plan_distance(const mrt_plan_problem_t *problem, uint32_t lower, uint32_t upper)
{
    const mrt_plan_buffer_t *buffers = problem->buffers;
    uint32_t distance = buffers[lower].size;
    /* Of pairs this holds always, of others rarely: it spares looking for most of them. */
    if ((problem->pair_count > 0u) && ((buffers[upper].end - 1u) == buffers[lower].start)) {
        const mrt_plan_range_t range = mrt_plan_pairs_of(problem, lower);
        for (uint32_t i = range.begin; i < range.end; ++i) {
            const mrt_plan_pair_t *pair = &problem->pairs[i];
            distance = ((pair->input == upper) && (pair->delta < distance)) ? pair->delta : distance;
        }
    }
    return distance;
}

void mrt_plan_common_add(const mrt_plan_problem_t *problem, const mrt_plan_pair_t *pair, mrt_plan_common_t *common)
{
    const uint32_t input = problem->buffers[pair->input].size;
    const uint32_t output = problem->buffers[pair->output].size;
    if (pair->delta < output) {
        const uint32_t above = output - pair->delta;
        common->sum += (above < input) ? above : input;
        common->most = (above > common->most) ? above : common->most;
    }
}
