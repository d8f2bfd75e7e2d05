/* Proof of a plan. Shares nothing with the strategies, so that a mistake there cannot hide here. */
#include <stddef.h>

#include "micrort/plan.h"

static mrt_status_t refuse(mrt_plan_fault_t *fault, mrt_plan_fault_kind_t kind, uint32_t first, uint32_t second)
{
    if (fault != NULL) {
        fault->kind = kind;
        fault->first = first;
        fault->second = second;
    }
    return MRT_ERR_PLAN;
}

static mrt_plan_fault_kind_t check_slot(const mrt_plan_problem_t *problem, uint32_t index, const mrt_plan_slot_t *slot)
{
    const mrt_plan_buffer_t *buffer = &problem->buffers[index];
    if ((slot->pool >= problem->pool_count) || (((buffer->pools >> slot->pool) & 1u) == 0u)) {
        return MRT_PLAN_FAULT_SLOT_POOL;
    }
    const mrt_plan_pool_t *pool = &problem->pools[slot->pool];
    /* The address is a multiple of the alignment only if both the pool's start and the offset are. */
    if (((pool->alignment % buffer->alignment) != 0u) || ((slot->offset % buffer->alignment) != 0u)) {
        return MRT_PLAN_FAULT_SLOT_ALIGNMENT;
    }
    if (((uint64_t)slot->offset + buffer->size) > pool->capacity) {
        return MRT_PLAN_FAULT_SLOT_CAPACITY;
    }
    if ((buffer->fixed != MRT_PLAN_FLOATING) && (slot->offset != buffer->fixed)) {
        return MRT_PLAN_FAULT_SLOT_FIXED;
    }
    return MRT_PLAN_FAULT_NONE;
}

/* Whether buffer `a` may share bytes with buffer `b`, being its output and beginning so far before it. */
static bool in_place(const mrt_plan_problem_t *problem, const mrt_plan_slot_t *slots, uint32_t a, uint32_t b)
{
    bool allowed = false;
    for (uint32_t i = 0u; i < problem->pair_count; ++i) {
        const mrt_plan_pair_t *pair = &problem->pairs[i];
        allowed = allowed || ((pair->output == a) && (pair->input == b) &&
                              (((uint64_t)slots[a].offset + pair->delta) <= slots[b].offset));
    }
    return allowed;
}

static bool overlap(const mrt_plan_problem_t *problem, const mrt_plan_slot_t *slots, uint32_t a, uint32_t b)
{
    const mrt_plan_buffer_t *first = &problem->buffers[a];
    const mrt_plan_buffer_t *second = &problem->buffers[b];
    const bool in_time = (first->start < second->end) && (second->start < first->end);
    const bool in_space = (slots[a].pool == slots[b].pool) &&
                          (slots[a].offset < ((uint64_t)slots[b].offset + second->size)) &&
                          (slots[b].offset < ((uint64_t)slots[a].offset + first->size));
    return in_time && in_space && (first->size > 0u) && (second->size > 0u);
}

mrt_status_t mrt_plan_check(const mrt_plan_problem_t *problem, const mrt_plan_slot_t *slots, mrt_plan_fault_t *fault)
{
    const mrt_status_t status = mrt_plan_validate(problem, fault);
    if (status != MRT_OK) {
        return status;
    }
    if ((slots == NULL) && (problem->buffer_count > 0u)) {
        return MRT_ERR_ARGUMENT;
    }
    for (uint32_t a = 0u; a < problem->buffer_count; ++a) {
        const mrt_plan_fault_kind_t kind = check_slot(problem, a, &slots[a]);
        if (kind != MRT_PLAN_FAULT_NONE) {
            return refuse(fault, kind, a, a);
        }
        for (uint32_t b = 0u; b < a; ++b) {
            if (overlap(problem, slots, a, b) && !in_place(problem, slots, a, b) && !in_place(problem, slots, b, a)) {
                return refuse(fault, MRT_PLAN_FAULT_OVERLAP, b, a);
            }
        }
    }
    return MRT_OK;
}
