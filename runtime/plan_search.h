/* The search of the exact planner: is there a plan within these capacities? Not public; see plan_search.c. */
#ifndef MRT_RUNTIME_PLAN_SEARCH_H
#define MRT_RUNTIME_PLAN_SEARCH_H

#include "runtime/plan_internal.h"

/* Index of an item where there is none. */
#define MRT_PLAN_NO_ITEM UINT32_MAX

/* What a search found out. */
typedef enum mrt_plan_answer {
    MRT_PLAN_ANSWER_PLAN,     /* there is a plan, and here it is */
    MRT_PLAN_ANSWER_NO_PLAN,  /* there is none */
    MRT_PLAN_ANSWER_UNDECIDED /* the steps (or the trail) were spent */
} mrt_plan_answer_t;

/* A buffer during the search. */
typedef struct mrt_plan_item {
    uint64_t lowest;  /* no plan that is still to be looked at has it below this address */
    uint64_t base;    /* the lowest address above all that is placed: where it can be placed */
    uint64_t mask;    /* alignment - 1 */
    uint64_t key[2];  /* what the order of preference goes by: width in time, area */
    uint64_t stamp;   /* of the last change that is on the trail */
    uint32_t size;    /* bytes */
    uint32_t first;   /* first section of time */
    uint32_t last;    /* one past the last section */
    uint32_t id;      /* index of the buffer in the problem */
    uint32_t place;   /* last place on the line of pools where it may lie */
    bool plain;       /* only alignment and the one capacity limit it */
    bool is_output;   /* of an in-place pair */
    bool is_input;    /* of an in-place pair */
    bool is_unplaced;
} mrt_plan_item_t;

/* The unplaced buffers of a run of sections that none of them leaves: order[begin..end). */
typedef struct mrt_plan_component {
    uint32_t begin;
    uint32_t end;
    uint32_t first;  /* first section */
    uint32_t last;   /* one past the last section */
    uint32_t parent; /* frame whose placement cut it off */
    uint32_t next;   /* component to solve after this one */
} mrt_plan_component_t;

/* The decision which buffer of a component comes first. */
typedef struct mrt_plan_frame {
    uint64_t state[2];        /* fingerprint of the component when the frame began */
    uint64_t changes;         /* length of the trail when the frame began */
    uint64_t placed_changes;  /* length of the trail before the placement */
    uint64_t stamp;           /* of changes that last as long as the frame */
    uint32_t component_count; /* components before the placement */
    uint32_t component;
    uint32_t item; /* the placed one */
} mrt_plan_frame_t;

/* What an item was before a change. */
typedef struct mrt_plan_change {
    uint64_t lowest;
    uint64_t base;
    uint64_t stamp;
    uint32_t item;
} mrt_plan_change_t;

/* Memory and position of a search. */
typedef struct mrt_plan_search {
    const mrt_plan_task_t *task;
    mrt_plan_item_t *items;
    uint32_t *order; /* indices of items; each component has a range of it */
    uint32_t *spare; /* room to part a range */
    uint32_t *index; /* by index of buffer: its item, or MRT_PLAN_NO_ITEM if the task does not place it */
    mrt_plan_component_t *components;
    mrt_plan_frame_t *frames;
    mrt_plan_change_t *trail;
    uint32_t *crossings;     /* by section: unplaced buffers alive in this section and the next */
    uint64_t *load;          /* by section: bytes of buffers that do not lie below the one looked at */
    uint64_t (*failed)[2];   /* fingerprints of components without solution, by their low bits */
    uint64_t failed_mask;    /* number of fingerprints, a power of two, less 1 */
    uint64_t trail_room;     /* changes that the trail can hold */
    uint64_t change_count;   /* changes on the trail */
    uint64_t stamp;          /* of the changes made now */
    uint64_t last_stamp;     /* the greatest so far */
    uint64_t steps_left;     /* of this turn */
    uint64_t salt;           /* mixed into fingerprints: they hold for the present capacities only */
    const uint8_t *criteria; /* order of preference: three of mrt_plan_criterion_t */
    uint32_t component_count;
    uint32_t frame_count;
} mrt_plan_search_t;

/* What makes a buffer come first among those with the same lowest address. */
typedef enum mrt_plan_criterion {
    MRT_PLAN_BY_WIDTH = 0, /* long lifetime */
    MRT_PLAN_BY_AREA = 1,  /* lifetime times size */
    MRT_PLAN_BY_LOAD = 2   /* most bytes still to be placed in one of its sections */
} mrt_plan_criterion_t;

/* Takes the memory for a problem of `buffer_count` buffers. */
void mrt_plan_search_take(mrt_plan_search_t *search, mrt_plan_scratch_t *scratch, uint32_t buffer_count);

/* Takes over the items 0..count-1, all unplaced, as one component; `last` is one past their last section. */
void mrt_plan_search_begin(mrt_plan_search_t *search, uint32_t count, uint32_t first, uint32_t last);

/* Searches until the turn's steps are spent. With a plan, the items' `base` is their address. */
mrt_plan_answer_t mrt_plan_search_run(mrt_plan_search_t *search);

#endif
