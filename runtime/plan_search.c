/*
 * A search through all plans that matter, in the spirit of MiniMalloc (Moffitt, ASPLOS 2023).
 *
 * Any plan can be pressed down until every buffer rests on the ground of a pool, at its pin, or on another buffer.
 * So it is enough to build plans upwards: of all unplaced buffers take one whose lowest address is the lowest of
 * all. Either it lies there; or it is refused, and then has to rest on one of those that are still unplaced, which
 * raises its lowest address. Both cases together leave no such plan out and meet none twice.
 *
 * The output of an in-place pair carries its input at a height of its own, less than its size. Where that is 0 both may
 * lie at the same address; then the output goes first, on which the input rests.
 *
 * What keeps the search small:
 *  - Time is cut into sections. Where no unplaced buffer crosses a border of sections, the two sides are components
 *    of their own: solved one after the other, and one without solution refutes the placement that cut it off,
 *    whatever was found for its neighbours.
 *  - In each section, the unplaced buffers that cannot lie below some address have to fit above it.
 *  - Components that were found to have no solution are remembered by a fingerprint of 128 bits, across turns.
 */
#include "runtime/plan_items.h"

#define NONE UINT32_MAX

/* Room for changes: what a search of up to 64 buffers can need at most; larger ones rarely come near it. */
static uint64_t trail_room(uint32_t buffer_count)
{
    const uint64_t each = (buffer_count < 64u) ? (2u * (uint64_t)buffer_count) : 128u;
    return (each + 1u) * buffer_count;
}

/* Number of fingerprints: a power of two, at least 4096, at most a million. */
static uint64_t failed_room(uint32_t buffer_count)
{
    uint64_t room = 4096u;
    while ((room < ((uint64_t)buffer_count * 256u)) && (room < 1048576u)) {
        room *= 2u;
    }
    return room;
}

void mrt_plan_search_take(mrt_plan_search_t *search, mrt_plan_scratch_t *scratch, uint32_t buffer_count)
{
    /* A component is being solved, and then has a frame of its own, or waits, and then has buffers of its own. */
    const uint64_t twice = (2u * (uint64_t)buffer_count) + 1u;
    search->trail_room = trail_room(buffer_count);
    search->failed_mask = failed_room(buffer_count) - 1u;
    search->items = mrt_plan_take(scratch, buffer_count, sizeof(mrt_plan_item_t));                /* MISRA D1 */
    search->order = mrt_plan_take(scratch, buffer_count, sizeof(uint32_t));                       /* MISRA D1 */
    search->spare = mrt_plan_take(scratch, buffer_count, sizeof(uint32_t));                       /* MISRA D1 */
    search->index = mrt_plan_take(scratch, buffer_count, sizeof(uint32_t));                       /* MISRA D1 */
    search->components = mrt_plan_take(scratch, twice, sizeof(mrt_plan_component_t));             /* MISRA D1 */
    search->frames = mrt_plan_take(scratch, (uint64_t)buffer_count + 1u, sizeof(mrt_plan_frame_t)); /* MISRA D1 */
    search->trail = mrt_plan_take(scratch, search->trail_room, sizeof(mrt_plan_change_t));        /* MISRA D1 */
    search->crossings = mrt_plan_take(scratch, buffer_count, sizeof(uint32_t));                   /* MISRA D1 */
    search->load = mrt_plan_take(scratch, buffer_count, sizeof(uint64_t));                        /* MISRA D1 */
    search->failed = mrt_plan_take(scratch, search->failed_mask + 1u, 2u * sizeof(uint64_t));
}

/* Puts the first buffer of a component at its base and lifts what is alive beside it. */
static bool place_first(mrt_plan_search_t *search, const mrt_plan_component_t *component)
{
    const mrt_plan_item_t *placed = &search->items[search->order[component->begin]];
    for (uint32_t i = component->begin + 1u; i < component->end; ++i) {
        const uint32_t index = search->order[i];
        mrt_plan_item_t *item = &search->items[index];
        const uint64_t top = placed->base + mrt_plan_item_distance(search, placed, item);
        if (mrt_plan_item_overlap(placed, item) && (item->base < top)) {
            const uint64_t address = mrt_plan_item_fit(search, item, top);
            if (address == MRT_PLAN_NOWHERE) {
                return false;
            }
            mrt_plan_items_save(search, index);
            item->base = address;
            item->lowest = (address > item->lowest) ? address : item->lowest;
        }
    }
    return true;
}

/* Takes the items of the sections first..last-1 to the front of a range; the order of either part stays. */
static uint32_t part(const mrt_plan_search_t *search, uint32_t begin, uint32_t end, uint32_t last)
{
    uint32_t front = begin;
    uint32_t spare = 0u;
    for (uint32_t i = begin; i < end; ++i) {
        const uint32_t index = search->order[i];
        if (search->items[index].first < last) {
            search->order[front] = index;
            ++front;
        } else {
            search->spare[spare] = index;
            ++spare;
        }
    }
    for (uint32_t i = 0u; i < spare; ++i) {
        search->order[front + i] = search->spare[i];
    }
    return front;
}

/* Parts what is left of a component at the borders that nobody crosses any more. Returns the first part, which
   leads over its siblings to what the component itself led to. */
static uint32_t split(mrt_plan_search_t *search, const mrt_plan_component_t *component, uint32_t parent)
{
    uint32_t head = component->next;
    uint32_t tail = NONE;
    uint32_t begin = component->begin + 1u;
    uint32_t first = component->first;
    while (begin < component->end) {
        uint32_t last = first + 1u;
        while ((last < component->last) && (search->crossings[last - 1u] > 0u)) {
            ++last;
        }
        const uint32_t end = (last < component->last) ? part(search, begin, component->end, last) : component->end;
        if (end > begin) {
            const uint32_t made = search->component_count;
            search->components[made] = (mrt_plan_component_t){begin, end, first, last, parent, component->next};
            if (tail == NONE) {
                head = made;
            } else {
                search->components[tail].next = made;
            }
            tail = made;
            ++search->component_count;
        }
        begin = end;
        first = last;
    }
    return head;
}

/* Whether each of several parts can still fit: one that cannot spares solving those before it. */
static bool parts_fit(const mrt_plan_search_t *search, uint32_t from)
{
    const bool several = (search->component_count - from) > 1u;
    for (uint32_t i = from; several && (i < search->component_count); ++i) {
        const mrt_plan_component_t *component = &search->components[i];
        mrt_plan_items_sort(search, component->begin, component->end);
        if (!mrt_plan_items_can_fit(search, component, component->begin)) {
            return false;
        }
    }
    return true;
}

static uint64_t mix(uint64_t value)
{
    uint64_t x = value;
    x = (x ^ (x >> 33u)) * 0xFF51AFD7ED558CCDu;
    x = (x ^ (x >> 33u)) * 0xC4CEB9FE1A85EC53u;
    return x ^ (x >> 33u);
}

/* Fingerprint of all that the future of a component depends on: who is unplaced, where each may lie at the lowest,
   and whether it may be placed there. */
static void fingerprint(const mrt_plan_search_t *search, const mrt_plan_component_t *component, uint64_t state[2])
{
    state[0] = search->salt;
    state[1] = ~search->salt;
    for (uint32_t i = component->begin; i < component->end; ++i) {
        const mrt_plan_item_t *item = &search->items[search->order[i]];
        const uint64_t free = mrt_plan_item_is_free(item) ? 1u : 0u;
        const uint64_t where = mix(((item->lowest << 1u) | free) + 0x9E3779B97F4A7C15u);
        state[0] += mix(where + item->id);
        state[1] += mix(where ^ (((uint64_t)item->id + 1u) * 0xD6E8FEB86659FD93u));
    }
}

static void push_frame(mrt_plan_search_t *search, uint32_t component)
{
    mrt_plan_frame_t *frame = &search->frames[search->frame_count];
    frame->component = component;
    frame->changes = search->change_count;
    fingerprint(search, &search->components[component], frame->state);
    ++search->frame_count;
    ++search->last_stamp;
    frame->stamp = search->last_stamp;
    search->stamp = frame->stamp;
}

static bool has_failed_before(const mrt_plan_search_t *search)
{
    const uint64_t *state = search->frames[search->frame_count - 1u].state;
    const uint64_t *known = search->failed[state[0] & search->failed_mask];
    return ((known[0] ^ state[0]) | (known[1] ^ state[1])) == 0u;
}

/* Takes a frame's placement back. */
static void take_back(mrt_plan_search_t *search, const mrt_plan_frame_t *frame)
{
    mrt_plan_items_undo(search, frame->placed_changes);
    mrt_plan_items_cross(search, frame->item, true);
    search->component_count = frame->component_count;
    search->stamp = frame->stamp;
}

/* Excludes that the buffer which a frame had placed lies there. Returns false if it can lie nowhere then. */
static bool exclude(mrt_plan_search_t *search, const mrt_plan_frame_t *frame)
{
    const uint64_t ground = search->items[frame->item].lowest;
    return mrt_plan_items_lift(search, &search->components[frame->component], frame->item, ground);
}

/* Places the chosen buffer of the last frame. Returns the component to solve next (NONE: all are solved), and sets
   `possible` to false, with the placement taken back, if it cannot lead to a plan. */
static uint32_t advance(mrt_plan_search_t *search, bool *possible)
{
    const uint32_t parent = search->frame_count - 1u;
    mrt_plan_frame_t *frame = &search->frames[parent];
    const mrt_plan_component_t *component = &search->components[frame->component];
    uint32_t next = NONE;
    frame->item = search->order[component->begin];
    frame->placed_changes = search->change_count;
    frame->component_count = search->component_count;
    ++search->last_stamp;
    search->stamp = search->last_stamp;
    mrt_plan_items_cross(search, frame->item, false);
    *possible = place_first(search, component);
    if (*possible) {
        next = split(search, component, parent);
        *possible = parts_fit(search, frame->component_count);
    }
    if (!*possible) {
        take_back(search, frame);
    }
    return next;
}

/* The last frame's component has no solution: goes back to the placement that led to it, refuses that one, and so
   on. Returns false if nothing is left to refuse. */
static bool retreat(mrt_plan_search_t *search)
{
    bool refused = false;
    while (!refused) {
        const mrt_plan_frame_t *frame = &search->frames[search->frame_count - 1u];
        const uint32_t parent = search->components[frame->component].parent;
        uint64_t *known = search->failed[frame->state[0] & search->failed_mask];
        known[0] = frame->state[0];
        known[1] = frame->state[1];
        mrt_plan_items_undo(search, frame->changes);
        --search->frame_count;
        if (parent == NONE) {
            return false;
        }
        /* Frames in between belong to components beside this one, which need not have been solved. */
        while (search->frame_count > (parent + 1u)) {
            --search->frame_count;
            take_back(search, &search->frames[search->frame_count]);
            mrt_plan_items_undo(search, search->frames[search->frame_count].changes);
        }
        take_back(search, &search->frames[parent]);
        refused = exclude(search, &search->frames[parent]);
    }
    return true;
}

/* Notes which items belong to in-place pairs; their indices are known. */
static void mark_pairs(const mrt_plan_search_t *search, uint32_t count)
{
    const mrt_plan_problem_t *problem = search->task->problem;
    for (uint32_t i = 0u; i < count; ++i) {
        const mrt_plan_range_t range = mrt_plan_pairs_of(problem, search->items[i].id);
        for (uint32_t pair = range.begin; pair < range.end; ++pair) {
            const uint32_t input = search->index[problem->pairs[pair].input];
            if (input != MRT_PLAN_NO_ITEM) {
                search->items[i].is_output = true;
                search->items[input].is_input = true;
            }
        }
    }
}

void mrt_plan_search_begin(mrt_plan_search_t *search, uint32_t count, uint32_t first, uint32_t last)
{
    search->change_count = 0u;
    search->stamp = 1u;
    search->last_stamp = 1u;
    search->frame_count = 0u;
    search->component_count = 1u;
    search->components[0] = (mrt_plan_component_t){0u, count, first, last, NONE, NONE};
    for (uint32_t section = first; section < last; ++section) {
        search->crossings[section] = 0u;
    }
    for (uint32_t i = 0u; i < count; ++i) {
        search->order[i] = i;
        search->items[i].base = mrt_plan_item_fit(search, &search->items[i], 0u);
        search->items[i].lowest = search->items[i].base;
        search->items[i].stamp = 0u;
        search->items[i].is_output = false;
        search->items[i].is_input = false;
        search->index[search->items[i].id] = i;
        mrt_plan_items_cross(search, i, true);
    }
    mark_pairs(search, count);
}

/* Whether the trail can hold all that one step may change. */
static bool has_room(const mrt_plan_search_t *search, const mrt_plan_component_t *component)
{
    return (search->change_count + (3u * ((uint64_t)component->end - component->begin))) <= search->trail_room;
}

mrt_plan_answer_t mrt_plan_search_run(mrt_plan_search_t *search)
{
    const uint32_t count = search->components[0].end;
    for (uint32_t i = 0u; i < count; ++i) {
        if (search->items[i].base == MRT_PLAN_NOWHERE) {
            return MRT_PLAN_ANSWER_NO_PLAN;
        }
    }
    push_frame(search, 0u);
    bool dead = has_failed_before(search);
    for (;;) {
        const mrt_plan_component_t *component = &search->components[search->frames[search->frame_count - 1u].component];
        if ((search->steps_left == 0u) || !has_room(search, component)) {
            return MRT_PLAN_ANSWER_UNDECIDED;
        }
        --search->steps_left;
        bool possible = !dead && mrt_plan_items_choose(search, component);
        dead = false;
        if (possible) {
            const uint32_t next = advance(search, &possible);
            if (possible && (next == NONE)) {
                return MRT_PLAN_ANSWER_PLAN;
            }
            if (possible) {
                push_frame(search, next);
                dead = has_failed_before(search);
            } else {
                possible = exclude(search, &search->frames[search->frame_count - 1u]);
            }
        }
        if (!possible && !retreat(search)) {
            return MRT_PLAN_ANSWER_NO_PLAN;
        }
    }
}
