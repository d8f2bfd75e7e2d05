/*
 * What the search of plan_search.c knows of the buffers that are still unplaced: how low each may lie, whether they can
 * fit at all, and which one to place next.
 */
#include "runtime/plan_items.h"

/* An address behind all pools. */
#define BEYOND ((uint64_t)MRT_PLAN_POOLS_MAX << 32u)

void mrt_plan_items_save(mrt_plan_search_t *search, uint32_t index)
{
    mrt_plan_item_t *item = &search->items[index];
    if (item->stamp != search->stamp) {
        mrt_plan_change_t *change = &search->trail[search->change_count];
        change->lowest = item->lowest;
        change->base = item->base;
        change->stamp = item->stamp;
        change->item = index;
        item->stamp = search->stamp;
        ++search->change_count;
    }
}

void mrt_plan_items_undo(mrt_plan_search_t *search, uint64_t change_count)
{
    while (search->change_count > change_count) {
        --search->change_count;
        const mrt_plan_change_t *change = &search->trail[search->change_count];
        mrt_plan_item_t *item = &search->items[change->item];
        item->lowest = change->lowest;
        item->base = change->base;
        item->stamp = change->stamp;
    }
}

void mrt_plan_items_cross(const mrt_plan_search_t *search, uint32_t index, bool unplaced)
{
    mrt_plan_item_t *item = &search->items[index];
    item->is_unplaced = unplaced;
    for (uint32_t section = item->first; (section + 1u) < item->last; ++section) {
        if (unplaced) {
            ++search->crossings[section];
        } else {
            --search->crossings[section];
        }
    }
}

/* Few items have moved since the range was sorted last: insertion is fast. */
void mrt_plan_items_sort(const mrt_plan_search_t *search, uint32_t begin, uint32_t end)
{
    for (uint32_t i = begin + 1u; i < end; ++i) {
        const uint32_t index = search->order[i];
        uint32_t hole = i;
        while ((hole > begin) &&
               (search->items[search->order[hole - 1u]].lowest > search->items[index].lowest)) {
            search->order[hole] = search->order[hole - 1u];
            --hole;
        }
        search->order[hole] = index;
    }
}

bool mrt_plan_items_lift(mrt_plan_search_t *search, const mrt_plan_component_t *component, uint32_t index,
                         uint64_t ground)
{
    mrt_plan_item_t *item = &search->items[index];
    uint64_t top = BEYOND; /* where nothing fits */
    for (uint32_t i = component->begin; i < component->end; ++i) {
        const mrt_plan_item_t *other = &search->items[search->order[i]];
        const uint64_t lowest = (other->lowest > ground) ? other->lowest : ground;
        const uint64_t above = lowest + mrt_plan_item_distance(search, other, item);
        if ((other != item) && mrt_plan_item_overlap(item, other) && (above < top)) {
            top = above;
        }
    }
    const uint64_t address = mrt_plan_item_fit(search, item, top);
    if (address != MRT_PLAN_NOWHERE) {
        mrt_plan_items_save(search, index);
        item->lowest = address;
    }
    return address != MRT_PLAN_NOWHERE;
}

/* Most bytes that an output can have in common with those of its inputs that have to end in the pools 0..place. */
static uint64_t spared(const mrt_plan_search_t *search, const mrt_plan_item_t *output, uint32_t place)
{
    const mrt_plan_problem_t *problem = search->task->problem;
    const mrt_plan_range_t range = mrt_plan_pairs_of(problem, output->id);
    mrt_plan_common_t common = {.sum = 0u, .most = 0u};
    for (uint32_t i = range.begin; i < range.end; ++i) {
        const uint32_t index = search->index[problem->pairs[i].input];
        if ((index != MRT_PLAN_NO_ITEM) && search->items[index].is_unplaced && (search->items[index].place <= place)) {
            mrt_plan_common_add(problem, &problem->pairs[i], &common);
        }
    }
    return (common.sum < common.most) ? common.sum : common.most;
}

/*
 * Whether the buffers of a sorted range that must end in the pools 0..place can still fit there: going downwards,
 * all those met so far lie at or above the lowest address of the present one, one on top of the other in each
 * section. Leaves the bytes of each section in `load`.
 */
static bool fits_below(const mrt_plan_search_t *search, const mrt_plan_component_t *component, uint32_t begin,
                       uint32_t place)
{
    const mrt_plan_space_t *space = &search->task->space;
    const uint64_t end = space->base[place] + space->capacity[place];
    uint64_t *load = search->load;
    for (uint32_t section = component->first; section < component->last; ++section) {
        load[section] = 0u;
    }
    for (uint32_t i = component->end; i > begin; --i) {
        const mrt_plan_item_t *item = &search->items[search->order[i - 1u]];
        uint64_t most = 0u;
        for (uint32_t section = item->first; (section < item->last) && (item->place <= place); ++section) {
            load[section] += item->size;
            if (item->is_output && (section == item->first)) {
                load[section] -= spared(search, item, place);
            }
            most = (load[section] > most) ? load[section] : most;
        }
        if ((most > 0u) && ((item->lowest + most) > end)) {
            return false;
        }
    }
    return true;
}

bool mrt_plan_items_can_fit(const mrt_plan_search_t *search, const mrt_plan_component_t *component, uint32_t begin)
{
    for (uint32_t place = 0u; place < search->task->space.count; ++place) {
        if (!fits_below(search, component, begin, place)) {
            return false;
        }
    }
    return true;
}

/* Value of a criterion. Loads are those that `fits` has left. */
static uint64_t value_of(const mrt_plan_search_t *search, const mrt_plan_item_t *item, uint8_t criterion)
{
    uint64_t most = 0u;
    if (criterion != (uint8_t)MRT_PLAN_BY_LOAD) {
        return item->key[criterion];
    }
    for (uint32_t section = item->first; section < item->last; ++section) {
        most = (search->load[section] > most) ? search->load[section] : most;
    }
    return most;
}

static bool is_preferred(const mrt_plan_search_t *search, uint32_t a, uint32_t b)
{
    for (uint32_t i = 0u; i < 3u; ++i) {
        const uint64_t value_a = value_of(search, &search->items[a], search->criteria[i]);
        const uint64_t value_b = value_of(search, &search->items[b], search->criteria[i]);
        if (value_a != value_b) {
            return value_a > value_b;
        }
    }
    return search->items[a].id < search->items[b].id;
}

/*
 * The others need a carrier that is still unplaced, and before one of the free ones is placed there is none: they
 * lie above the lowest of these. Returns false if nothing is free, or if a buffer finds no carrier.
 */
static bool lift_unfree(mrt_plan_search_t *search, const mrt_plan_component_t *component)
{
    const uint32_t *order = search->order;
    uint32_t first = component->begin;
    while ((first < component->end) && !mrt_plan_item_is_free(&search->items[order[first]])) {
        ++first;
    }
    if (first == component->end) {
        return false;
    }
    const uint64_t ground = search->items[order[first]].lowest;
    for (uint32_t i = component->begin; i < first; ++i) {
        if (!mrt_plan_items_lift(search, component, order[i], ground)) {
            return false;
        }
    }
    mrt_plan_items_sort(search, component->begin, component->end);
    return true;
}

/* Whether the output of an in-place pair has to go before this input, since both may lie at its lowest address. */
static bool is_second(const mrt_plan_search_t *search, const mrt_plan_component_t *component,
                      const mrt_plan_item_t *item)
{
    bool is_second = false;
    for (uint32_t i = component->begin; item->is_input && !is_second && (i < component->end); ++i) {
        const mrt_plan_item_t *other = &search->items[search->order[i]];
        is_second = (other->lowest == item->lowest) && (mrt_plan_item_distance(search, other, item) == 0u);
    }
    return is_second;
}

/* Position in the order of the buffer to place next: of those that lie lowest, the preferred one that is free. The
   component's end if all that are free wait for an output, which is not. */
static uint32_t find_next(const mrt_plan_search_t *search, const mrt_plan_component_t *component)
{
    const uint32_t *order = search->order;
    const uint64_t lowest = search->items[order[component->begin]].lowest;
    uint32_t best = component->end;
    for (uint32_t i = component->begin; (i < component->end) && (search->items[order[i]].lowest == lowest); ++i) {
        const mrt_plan_item_t *item = &search->items[order[i]];
        if (mrt_plan_item_is_free(item) && ((best == component->end) || is_preferred(search, order[i], order[best])) &&
            !is_second(search, component, item)) {
            best = i;
        }
    }
    return best;
}

/* Lifts all that are not free from the lowest address. */
static bool lift_lowest(mrt_plan_search_t *search, const mrt_plan_component_t *component)
{
    const uint32_t *order = search->order;
    const uint64_t lowest = search->items[order[component->begin]].lowest;
    for (uint32_t i = component->begin; i < component->end; ++i) {
        const mrt_plan_item_t *item = &search->items[order[i]];
        const bool stays = (item->lowest > lowest) || mrt_plan_item_is_free(item);
        if (!stays && !mrt_plan_items_lift(search, component, order[i], lowest)) {
            return false;
        }
    }
    mrt_plan_items_sort(search, component->begin, component->end);
    return true;
}

bool mrt_plan_items_choose(mrt_plan_search_t *search, const mrt_plan_component_t *component)
{
    uint32_t *order = search->order;
    mrt_plan_items_sort(search, component->begin, component->end);
    if (!lift_unfree(search, component) || !mrt_plan_items_can_fit(search, component, component->begin)) {
        return false;
    }
    uint32_t best = find_next(search, component);
    while (best == component->end) {
        if (!lift_lowest(search, component)) {
            return false;
        }
        best = find_next(search, component);
    }
    const uint32_t index = order[best];
    order[best] = order[component->begin];
    order[component->begin] = index;
    return true;
}

