/*
 * The proof that no tensor is lost before its last reader: the schedule is played through, and of each tensor it is
 * known how many rows it holds, or who wrote over it. Made from the tables alone and sharing nothing with the planner,
 * so that a mistake there cannot hide here. What mrt_graph_check finds by going back from each reader is found here by
 * going forward, and the kernels are asked where they may work in place.
 *
 * A tensor's word is one of:
 *     VIEW                 nobody writes it: its bytes are those of a tensor at the very same place
 *     HOLDS + rows         rows [0, rows) are made; none before the first
 *     LOST + node          the node wrote over some of it
 */
#include "micrort/graph.h"
#include "runtime/graph_reads.h"
#include <stdbool.h>
#include <stddef.h>

#define VIEW 0u
#define HOLDS 0x10000u
#define LOST 0x20000u
#define KIND 0xFFFF0000u
#define VALUE 0x0000FFFFu

/* Who reads at the end of the inference: no node. */
#define NOBODY 0xFFFFu

/* A schedule being played. */
typedef struct play {
    const mrt_graph_t *graph;
    const mrt_kernel_t *const *kernels;
    uint32_t *states; /* one word a tensor */
} play_t;

static bool holds_rows(uint32_t state)
{
    return ((state & KIND) == HOLDS) && ((state & VALUE) != 0u);
}

/* Whether a state lets `node` read: rows are there, or lost to no one but the node itself, which works in place. */
static bool is_readable(uint32_t state, uint32_t node)
{
    return holds_rows(state) || (state == (LOST + node));
}

/* The tensor whose bytes `tensor` reads: itself, or for a view a readable one at its place; itself if there is none. */
static uint32_t origin_of(const play_t *play, uint32_t tensor, uint32_t node)
{
    const mrt_tensor_t *tensors = play->graph->tensors;
    uint32_t origin = tensor;
    if (play->states[tensor] == VIEW) {
        for (uint32_t other = 0u; (origin == tensor) && (other < play->graph->tensor_count); ++other) {
            if (is_readable(play->states[other], node) && mrt_same_place(&tensors[tensor], &tensors[other])) {
                origin = other;
            }
        }
    }
    return origin;
}

/* A tensor begins a new value: whatever shares bytes with it loses its own. */
static void begin_value(const play_t *play, uint32_t tensor, uint32_t node)
{
    const mrt_tensor_t *tensors = play->graph->tensors;
    for (uint32_t other = 0u; other < play->graph->tensor_count; ++other) {
        const bool has_value = (play->states[other] != VIEW) && (play->states[other] != HOLDS);
        if (has_value && mrt_overlap(&tensors[tensor], &tensors[other])) {
            play->states[other] = LOST + node;
        }
    }
    /* A state for each tensor, as the caller checked. NOLINTNEXTLINE(clang-analyzer-core.NullDereference) */
    play->states[tensor] = HOLDS;
}

static bool inputs_are_readable(const play_t *play, uint32_t index)
{
    const mrt_node_t *node = &play->graph->nodes[index];
    const uint16_t *args = &play->graph->args[node->args];
    for (uint32_t input = 0u; input < node->input_count; ++input) {
        const bool is_constant = (play->graph->tensors[args[input]].pool == (uint8_t)MRT_POOL_PARAMS);
        if (!is_constant && !is_readable(play->states[origin_of(play, args[input], index)], index)) {
            return false;
        }
    }
    return true;
}

/* Plays that `node` makes rows of one of its outputs. Rows come in order, and may be made again. */
static bool make_rows(const play_t *play, uint32_t node, uint32_t tensor, uint32_t row_begin, uint32_t row_end)
{
    const bool is_whole = (play->states[tensor] == (HOLDS + (uint32_t)play->graph->tensors[tensor].rows));
    if (!holds_rows(play->states[tensor]) || (is_whole && (row_begin == 0u))) {
        begin_value(play, tensor, node);
    }
    const uint32_t made = play->states[tensor] & VALUE;
    play->states[tensor] = HOLDS + ((row_end > made) ? row_end : made);
    return row_begin <= made;
}

static bool play_step(const play_t *play, const mrt_step_t *step)
{
    const mrt_graph_t *graph = play->graph;
    const mrt_node_t *node = &graph->nodes[step->node];
    const uint16_t *outputs = &graph->args[(uint32_t)node->args + node->input_count];
    if (!inputs_are_readable(play, step->node)) {
        return false;
    }
    const uint32_t rows = graph->tensors[outputs[0]].rows;
    for (uint32_t index = 0u; index < node->output_count; ++index) {
        const uint32_t own_rows = graph->tensors[outputs[index]].rows;
        const bool by_rows = (own_rows == rows); /* other outputs than the first may have other rows: made whole */
        if (!make_rows(play, step->node, outputs[index], by_rows ? step->row_begin : 0u,
                       by_rows ? step->row_end : own_rows)) {
            return false;
        }
    }
    if (node->workspace_count != 0u) { /* holds nothing between calls, yet whoever lies there is lost */
        begin_value(play, outputs[node->output_count], step->node);
    }
    return true;
}

/* Whether what a node writes lies apart, except where its kernel may work in place. */
static bool node_is_apart(const play_t *play, uint32_t index)
{
    const mrt_graph_t *graph = play->graph;
    const mrt_node_t *node = &graph->nodes[index];
    const uint16_t *args = &graph->args[node->args];
    const uint32_t first = node->input_count;
    const uint32_t end = first + node->output_count + node->workspace_count;
    const mrt_kernel_in_place_t in_place = play->kernels[node->kernel]->in_place;
    const mrt_call_t call = {
        .tensors = graph->tensors,
        .args = args,
        .attrs = &graph->attrs[node->attrs],
        .params = graph->params,
        .pools = NULL,
        .row_begin = 0u,
        .row_end = graph->tensors[args[first]].rows,
        .input_count = node->input_count,
        .output_count = node->output_count,
        .workspace_count = node->workspace_count,
    };
    for (uint32_t written = first; written < end; ++written) {
        for (uint32_t other = 0u; other < written; ++other) {
            const bool may_share = (other < first) && (written == first) && (in_place != NULL);
            if (mrt_overlap(&graph->tensors[args[written]], &graph->tensors[args[other]])
                && !(may_share && in_place(&call, other))) {
                return false;
            }
        }
    }
    return true;
}

/* What each tensor holds before the first step: the model's inputs all rows, the outputs of nodes none. */
static void begin(const play_t *play)
{
    const mrt_graph_t *graph = play->graph;
    for (uint32_t tensor = 0u; tensor < graph->tensor_count; ++tensor) {
        play->states[tensor] = VIEW;
    }
    for (uint32_t index = 0u; index < graph->node_count; ++index) {
        const mrt_node_t *node = &graph->nodes[index];
        const uint16_t *written = &graph->args[(uint32_t)node->args + node->input_count];
        for (uint32_t place = 0u; place < ((uint32_t)node->output_count + node->workspace_count); ++place) {
            play->states[written[place]] = HOLDS;
        }
    }
    for (uint32_t index = 0u; index < graph->input_count; ++index) {
        const uint32_t tensor = graph->inputs[index].tensor;
        begin_value(play, tensor, NOBODY);
        play->states[tensor] = HOLDS + (uint32_t)graph->tensors[tensor].rows;
    }
}

static bool outputs_are_whole(const play_t *play)
{
    const mrt_graph_t *graph = play->graph;
    for (uint32_t index = 0u; index < graph->output_count; ++index) {
        const uint32_t origin = origin_of(play, graph->outputs[index].tensor, NOBODY);
        if (play->states[origin] != (HOLDS + (uint32_t)graph->tensors[origin].rows)) {
            return false;
        }
    }
    return true;
}

mrt_status_t mrt_graph_check_plan(const mrt_graph_t *graph, const mrt_kernel_t *const *kernels, uint32_t *words,
                                  uint32_t word_count, uint32_t *node)
{
    if ((graph == NULL) || (kernels == NULL) || ((words == NULL) && (graph->tensor_count != 0u))) {
        return MRT_ERR_ARGUMENT;
    }
    if (word_count < graph->tensor_count) {
        return MRT_ERR_MEMORY;
    }
    const play_t play = {.graph = graph, .kernels = kernels, .states = words};
    uint32_t refused = graph->node_count;
    bool sound = true;
    for (uint32_t index = 0u; sound && (index < graph->node_count); ++index) {
        sound = node_is_apart(&play, index);
        refused = sound ? refused : index;
    }
    if (sound) {
        begin(&play);
    }
    for (uint32_t index = 0u; sound && (index < graph->step_count); ++index) {
        sound = play_step(&play, &graph->steps[index]);
        refused = sound ? refused : graph->steps[index].node;
    }
    sound = sound && outputs_are_whole(&play);
    if (!sound && (node != NULL)) {
        *node = refused;
    }
    return sound ? MRT_OK : MRT_ERR_PLAN;
}
