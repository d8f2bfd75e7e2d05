/* What the search of the exact planner knows of unplaced buffers. Not public; see plan_items.c. */
#ifndef MRT_RUNTIME_PLAN_ITEMS_H
#define MRT_RUNTIME_PLAN_ITEMS_H

#include "runtime/plan_search.h"

static inline bool mrt_plan_item_overlap(const mrt_plan_item_t *a, const mrt_plan_item_t *b)
{
    return (a->first < b->last) && (b->first < a->last);
}

/* mrt_plan_distance, short where there is no pair. */
static inline uint64_t mrt_plan_item_distance(const mrt_plan_search_t *search, const mrt_plan_item_t *lower,
                                              const mrt_plan_item_t *upper)
{
    return (lower->is_output && upper->is_input) ? mrt_plan_distance(search->task->problem, lower->id, upper->id)
                                                 : lower->size;
}

/* mrt_plan_fit, short where one pool is all there is. */
static inline uint64_t mrt_plan_item_fit(const mrt_plan_search_t *search, const mrt_plan_item_t *item,
                                         uint64_t from)
{
    if (!item->plain) {
        return mrt_plan_fit(search->task, item->id, from);
    }
    const uint64_t address = (from + item->mask) & ~item->mask;
    return ((address + item->size) <= search->task->space.capacity[0]) ? address : MRT_PLAN_NOWHERE;
}

/* Whether a buffer can be placed as things are: its lowest address is on top of what is placed. */
static inline bool mrt_plan_item_is_free(const mrt_plan_item_t *item)
{
    return item->lowest == item->base;
}

/* Remembers an item before a change, once for each stamp. */
void mrt_plan_items_save(mrt_plan_search_t *search, uint32_t index);

/* Takes changes back until so many are left. */
void mrt_plan_items_undo(mrt_plan_search_t *search, uint64_t change_count);

/* Marks an item as unplaced or placed: adds it to, or takes it from, the borders of sections that it crosses. */
void mrt_plan_items_cross(const mrt_plan_search_t *search, uint32_t index, bool unplaced);

/* Sorts a range of the order by lowest address. */
void mrt_plan_items_sort(const mrt_plan_search_t *search, uint32_t begin, uint32_t end);

/* Raises a buffer that cannot lie at its lowest address onto the first of the unplaced ones that could carry it,
   none of which will lie below `ground`. Returns false if none can carry it. */
bool mrt_plan_items_lift(mrt_plan_search_t *search, const mrt_plan_component_t *component, uint32_t index,
                         uint64_t ground);

/* Whether the buffers of a component, from the position `begin` of its sorted range on, can still fit. */
bool mrt_plan_items_can_fit(const mrt_plan_search_t *search, const mrt_plan_component_t *component, uint32_t begin);

/* Brings the buffer to place next to the front of the component. Returns false if the component has no solution. */
bool mrt_plan_items_choose(mrt_plan_search_t *search, const mrt_plan_component_t *component);

#endif
