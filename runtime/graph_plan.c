/*
 * The proof that no row is lost before its last reader: the schedule is played through, and of each word of the arenas
 * it is known which row was written there last. Made from the tables alone and sharing nothing with the planner, so
 * that a mistake there cannot hide here. The kernels say which rows they read, and where they may work in place.
 */
#include "runtime/graph_plan.h"
#include "micrort/cursor.h"
#include <stdbool.h>
#include <stddef.h>

/* A word that was never written. No row's mark is this, as there are no 65,536 tensors. */
#define NOBODY 0xFFFFFFFFu
/* Bytes that a word stands for. */
#define UNIT ((uint32_t)MRT_ROW_UNIT)

/* The words of a pool: tensor and row, in 16 bits each. */
typedef struct region {
    uint32_t *words; /* one for each four bytes */
    uint32_t count;
    uint32_t rest; /* for the bytes behind them, fewer than four */
} region_t;

/* A schedule being played. */
typedef struct play {
    const mrt_graph_t *graph;
    const mrt_kernel_t *const *kernels;
    region_t *regions; /* of each pool */
} play_t;

/* The words [begin, end) of a row, and what stands there while it holds what was written. */
typedef struct extent {
    region_t *region;
    uint32_t begin;
    uint32_t end;
    uint32_t mark;
    bool shared; /* rows at one stride may share words: there a later row's mark stands for all up to it */
    bool joined; /* the first word is shared with the row before */
} extent_t;

static uint32_t words_of(uint32_t bytes)
{
    return (bytes / UNIT) + (((bytes % UNIT) != 0u) ? 1u : 0u);
}

static bool is_constant(const mrt_tensor_t *tensor)
{
    return tensor->pool == (uint8_t)MRT_POOL_PARAMS;
}

static extent_t extent_of(const play_t *play, uint32_t index, uint32_t row)
{
    const mrt_tensor_t *tensor = &play->graph->tensors[index];
    const bool by_table = mrt_tensor_has_row_table(tensor);
    const uint32_t offset = by_table ? (UNIT * play->graph->row_table[tensor->offset + row])
                                     : (tensor->offset + (row * tensor->row_bytes));
    const extent_t extent = {&play->regions[mrt_tensor_pool(tensor)], offset / UNIT,
                             words_of(offset + tensor->row_bytes), (index << 16u) | row, !by_table,
                             (offset % UNIT) != 0u};
    return extent;
}

static uint32_t *word_at(region_t *region, uint32_t word)
{
    return (word < region->count) ? &region->words[word] : &region->rest;
}

/* Marks an extent. A word shared with the row before stands for both only if that one is there already. */
static void mark(const extent_t *extent)
{
    for (uint32_t word = extent->begin; word < extent->end; ++word) {
        uint32_t *place = word_at(extent->region, word);
        const uint32_t found = *place;
        const bool alone = extent->joined && (word == extent->begin)
                           && ((found < (extent->mark - 1u)) || ((found >> 16u) != (extent->mark >> 16u)));
        *place = alone ? NOBODY : extent->mark;
    }
}

/* Whether each word of an extent bears its mark, or, where that is given, belongs to tensor `other`. */
static bool is_marked(const extent_t *extent, uint32_t other)
{
    bool marked = true;
    for (uint32_t word = extent->begin; marked && (word < extent->end); ++word) {
        const uint32_t found = *word_at(extent->region, word);
        const bool later = extent->shared && (found > extent->mark) && ((found >> 16u) == (extent->mark >> 16u));
        marked = (found == extent->mark) || later || ((other != NOBODY) && ((found >> 16u) == other));
    }
    return marked;
}

/* Rows of a tensor hold what was written; or, but for words of tensor `other`, did so. */
static bool rows_hold(const play_t *play, uint32_t tensor, mrt_rows_t rows, uint32_t other)
{
    bool hold = true;
    for (uint32_t row = rows.begin; hold && (row < rows.end); ++row) {
        const extent_t extent = extent_of(play, tensor, row);
        hold = is_marked(&extent, other);
    }
    return hold;
}

static void write_rows(const play_t *play, uint32_t tensor, mrt_rows_t rows)
{
    for (uint32_t row = rows.begin; row < rows.end; ++row) {
        const extent_t extent = extent_of(play, tensor, row);
        mark(&extent);
    }
}

/* Nobody knows what stands in rows of a tensor. */
static void forget_rows(const play_t *play, uint32_t tensor, mrt_rows_t rows)
{
    for (uint32_t row = rows.begin; row < rows.end; ++row) {
        extent_t extent = extent_of(play, tensor, row);
        extent.mark = NOBODY;
        extent.joined = false;
        mark(&extent);
    }
}

static mrt_rows_t all_rows(const play_t *play, uint32_t tensor)
{
    const mrt_rows_t rows = {0u, play->graph->tensors[tensor].rows};
    return rows;
}

/* Whether a tensor is written by the caller or by a node: then it is no view. */
static bool is_written(const mrt_graph_t *graph, uint32_t tensor)
{
    bool written = false;
    for (uint32_t index = 0u; index < graph->input_count; ++index) {
        written = written || (graph->inputs[index].tensor == tensor);
    }
    for (uint32_t index = 0u; index < graph->node_count; ++index) {
        const mrt_node_t *node = &graph->nodes[index];
        const uint16_t *outputs = &graph->args[(uint32_t)node->args + node->input_count];
        for (uint32_t place = 0u; place < node->output_count; ++place) {
            written = written || (outputs[place] == tensor);
        }
    }
    return written;
}

/* A step of a node, being played. */
typedef struct made {
    const mrt_kernel_t *kernel;
    const uint16_t *args;
    mrt_call_t call;
} made_t;

/* Whether a step writes a tensor; no step (NULL) writes none. */
static bool is_output(const made_t *made, uint32_t tensor)
{
    bool found = false;
    for (uint32_t output = 0u; (made != NULL) && (output < made->call.output_count); ++output) {
        if (made->args[made->call.input_count + output] == tensor) {
            found = true;
        }
    }
    return found;
}

/* The tensor that stands in the first word of a view that the step `made` did not write: its own output, if it wrote all
 * of them. What a view looks at is what lay there before. */
static uint32_t found_in(const play_t *play, const made_t *made, const mrt_tensor_t *view)
{
    region_t *region = &play->regions[mrt_tensor_pool(view)];
    const uint32_t end = words_of(view->offset + mrt_tensor_bytes(view));
    uint32_t word = view->offset / UNIT;
    uint32_t found = *word_at(region, word) >> 16u;
    while (is_output(made, found) && ((word + 1u) < end)) {
        ++word;
        found = *word_at(region, word) >> 16u;
    }
    return found;
}

/* The tensor at the very same place that `tensor`, which nobody writes, is a view of: all its rows are there, but for
 * what the step `made` wrote over them. */
static uint32_t viewed_by(const play_t *play, const made_t *made, uint32_t tensor)
{
    const mrt_tensor_t *view = &play->graph->tensors[tensor];
    if (mrt_tensor_has_row_table(view) || is_written(play->graph, tensor)) {
        return NOBODY;
    }
    const uint32_t found = found_in(play, made, view);
    if ((found >= play->graph->tensor_count) || is_output(made, found)) {
        return NOBODY;
    }
    const mrt_tensor_t *viewed = &play->graph->tensors[found];
    const bool same = (view->pool == viewed->pool) && (view->offset == viewed->offset)
                      && (mrt_tensor_bytes(view) == mrt_tensor_bytes(viewed));
    return same ? found : NOBODY;
}

/* Whether the step `made`, or, where it is NULL, the caller, finds rows of a tensor, or, in a tensor that is a view, all of
 * what it views; but for words of tensor `other`, where that is given. */
static bool can_read(const play_t *play, const made_t *made, uint32_t tensor, mrt_rows_t rows, uint32_t other)
{
    bool found = rows_hold(play, tensor, rows, other);
    if (!found) {
        const uint32_t viewed = viewed_by(play, made, tensor);
        found = (viewed != NOBODY) && rows_hold(play, viewed, all_rows(play, viewed), other);
    }
    return found;
}

static made_t made_of(const play_t *play, const mrt_node_t *node, mrt_rows_t rows)
{
    const mrt_graph_t *graph = play->graph;
    const made_t made = {
        .kernel = play->kernels[node->kernel],
        .args = &graph->args[node->args],
        .call =
            {
                .tensors = graph->tensors,
                .args = &graph->args[node->args],
                .attrs = &graph->attrs[node->attrs],
                .params = graph->params,
                .pools = NULL,
                .row_table = graph->row_table,
                .row_begin = rows.begin,
                .row_end = rows.end,
                .input_count = node->input_count,
                .output_count = node->output_count,
                .workspace_count = node->workspace_count,
            },
    };
    return made;
}

/* The rows of input `input` that a step reads; for input_count, the rows of output 0. */
static mrt_rows_t read_rows(const play_t *play, const made_t *made, uint32_t input)
{
    mrt_rows_t rows = {0u, 0u};
    if (made->kernel->reads != NULL) {
        rows = made->kernel->reads(&made->call, input);
    } else if (input < made->call.input_count) {
        rows = all_rows(play, made->args[input]);
    } else {
        /* nothing of its own output */
    }
    const uint32_t most = play->graph->tensors[made->args[input]].rows;
    rows.end = (rows.end < most) ? rows.end : most;
    return rows;
}

/* Whether a step finds its inputs; what it writes over them itself lies in tensor `other`. */
static bool finds_inputs(const play_t *play, const made_t *made, uint32_t other)
{
    bool found = true;
    for (uint32_t input = 0u; found && (input < made->call.input_count); ++input) {
        if (!is_constant(&play->graph->tensors[made->args[input]])) {
            found = can_read(play, made, made->args[input], read_rows(play, made, input), other);
        }
    }
    return found;
}

/* The rows of output `output` that a step makes: further ones than the first that have other rows are made at the end. */
static mrt_rows_t written_rows(const play_t *play, const made_t *made, uint32_t output)
{
    const mrt_tensor_t *tensors = play->graph->tensors;
    const uint16_t *outputs = &made->args[made->call.input_count];
    const uint32_t rows = tensors[outputs[0]].rows;
    const uint32_t own = tensors[outputs[output]].rows;
    mrt_rows_t written = {made->call.row_begin, made->call.row_end};
    if (own != rows) {
        written.begin = 0u;
        written.end = (made->call.row_end == rows) ? own : 0u;
    }
    return written;
}

/* Plays what a step writes, its workspace first, and whether none of it lies over another part. */
static bool writes_apart(const play_t *play, const made_t *made)
{
    const mrt_call_t *call = &made->call;
    const uint16_t *outputs = &made->args[call->input_count];
    bool apart = true;
    if (call->workspace_count != 0u) {
        write_rows(play, outputs[call->output_count], all_rows(play, outputs[call->output_count]));
    }
    for (uint32_t output = 0u; output < call->output_count; ++output) {
        write_rows(play, outputs[output], written_rows(play, made, output));
    }
    for (uint32_t output = 0u; output < call->output_count; ++output) {
        apart = apart && rows_hold(play, outputs[output], written_rows(play, made, output), NOBODY);
    }
    if (call->workspace_count != 0u) {
        const uint32_t workspace = outputs[call->output_count];
        apart = apart && rows_hold(play, workspace, all_rows(play, workspace), NOBODY);
        forget_rows(play, workspace, all_rows(play, workspace));
    }
    return apart;
}

/* Whether what a step wrote over its own inputs is output 0, where the kernel may work in place. */
static bool is_in_place(const play_t *play, const made_t *made)
{
    bool sound = finds_inputs(play, made, made->args[made->call.input_count]);
    for (uint32_t input = 0u; sound && (input < made->call.input_count); ++input) {
        const uint32_t tensor = made->args[input];
        if (!is_constant(&play->graph->tensors[tensor])
            && (is_output(made, tensor) || !can_read(play, made, tensor, read_rows(play, made, input), NOBODY))) {
            sound = (made->kernel->in_place != NULL) && made->kernel->in_place(&made->call, input);
        }
    }
    return sound;
}

static bool play_node(const play_t *play, const mrt_step_t *step, mrt_rows_t rows)
{
    const made_t made = made_of(play, &play->graph->nodes[step->node], rows);
    const uint32_t own = made.call.input_count;
    return finds_inputs(play, &made, NOBODY)
           && rows_hold(play, made.args[own], read_rows(play, &made, own), NOBODY) && writes_apart(play, &made)
           && is_in_place(play, &made);
}

/* A row that the caller hands in or takes. */
static bool play_handover(const play_t *play, const mrt_step_t *step, mrt_rows_t rows)
{
    const mrt_graph_t *graph = play->graph;
    const uint32_t index = step->node & 0xFFu;
    bool sound = true;
    if (step->node >= (uint16_t)MRT_STEP_INPUT) {
        write_rows(play, graph->inputs[index].tensor, rows);
    } else {
        sound = rows_hold(play, graph->outputs[index].tensor, rows, NOBODY);
    }
    return sound;
}

/* Whether the rows of a port (MRT_STEP_INPUT or _OUTPUT, plus its index) are handed over in order, each once. */
static bool comes_in_order(const mrt_graph_t *graph, uint32_t port, uint32_t rows)
{
    mrt_cursor_t cursor;
    mrt_cursor_begin(&cursor);
    uint32_t next = 0u;
    bool in_order = true;
    while (in_order && (cursor.step != graph->step_count)) {
        const mrt_step_t *step = mrt_cursor_step(&cursor, graph);
        if (step->node == port) {
            in_order = mrt_cursor_rows(&cursor, step).begin == next;
            ++next;
        }
        mrt_cursor_advance(&cursor);
    }
    return in_order && (next == rows);
}

/* Inputs and outputs that are streamed, all of whose rows are to be handed over. */
static bool streams_are_whole(const play_t *play)
{
    const mrt_graph_t *graph = play->graph;
    bool whole = true;
    for (uint32_t index = 0u; whole && (index < graph->input_count); ++index) {
        const mrt_tensor_t *tensor = &graph->tensors[graph->inputs[index].tensor];
        whole = !mrt_tensor_has_row_table(tensor) || comes_in_order(graph, (uint32_t)MRT_STEP_INPUT + index, tensor->rows);
    }
    for (uint32_t index = 0u; whole && (index < graph->output_count); ++index) {
        const mrt_tensor_t *tensor = &graph->tensors[graph->outputs[index].tensor];
        whole = !mrt_tensor_has_row_table(tensor) || comes_in_order(graph, (uint32_t)MRT_STEP_OUTPUT + index, tensor->rows);
    }
    return whole;
}

/* Writes the inputs that are not streamed; whether they lie apart. */
static bool begin(const play_t *play)
{
    const mrt_graph_t *graph = play->graph;
    bool apart = true;
    for (uint32_t pool = 0u; pool < graph->pool_count; ++pool) {
        const extent_t all = {&play->regions[pool], 0u, words_of(graph->pools[pool].size), NOBODY, false, false};
        mark(&all);
    }
    for (uint32_t pass = 0u; pass < 2u; ++pass) {
        for (uint32_t index = 0u; index < graph->input_count; ++index) {
            const uint32_t tensor = graph->inputs[index].tensor;
            if (mrt_tensor_has_row_table(&graph->tensors[tensor])) {
                /* its rows come later */
            } else if (pass == 0u) {
                write_rows(play, tensor, all_rows(play, tensor));
            } else {
                apart = apart && rows_hold(play, tensor, all_rows(play, tensor), NOBODY);
            }
        }
    }
    return apart;
}

static bool outputs_are_whole(const play_t *play)
{
    const mrt_graph_t *graph = play->graph;
    bool whole = true;
    for (uint32_t index = 0u; whole && (index < graph->output_count); ++index) {
        const uint32_t tensor = graph->outputs[index].tensor;
        whole = mrt_tensor_has_row_table(&graph->tensors[tensor])
                || can_read(play, NULL, tensor, all_rows(play, tensor), NOBODY);
    }
    return whole;
}

/* Plays the steps; returns the node that is refused, node_count where it is a row handed over, or NOBODY. */
static uint32_t play_steps(const play_t *play)
{
    const mrt_graph_t *graph = play->graph;
    mrt_cursor_t cursor;
    mrt_cursor_begin(&cursor);
    uint32_t refused = NOBODY;
    while ((refused == NOBODY) && (cursor.step != graph->step_count)) {
        const mrt_step_t *step = mrt_cursor_step(&cursor, graph);
        const mrt_rows_t rows = mrt_cursor_rows(&cursor, step);
        if (step->node >= (uint16_t)MRT_STEP_OUTPUT) {
            refused = play_handover(play, step, rows) ? NOBODY : graph->node_count;
        } else {
            refused = play_node(play, step, rows) ? NOBODY : step->node;
        }
        mrt_cursor_advance(&cursor);
    }
    return refused;
}

/* Whether every tensor in memory begins with a whole word. */
static bool words_are_whole(const mrt_graph_t *graph)
{
    bool whole = true;
    for (uint32_t index = 0u; index < graph->tensor_count; ++index) {
        const mrt_tensor_t *tensor = &graph->tensors[index];
        whole = whole && (is_constant(tensor) || mrt_tensor_has_row_table(tensor) || ((tensor->offset % UNIT) == 0u));
    }
    return whole;
}

uint32_t mrt_graph_plan_words(const mrt_graph_t *graph)
{
    uint32_t words = 0u;
    for (uint32_t pool = 0u; pool < graph->pool_count; ++pool) {
        words += words_of(graph->pools[pool].size);
    }
    return words;
}

/* Plays the whole schedule; the node that is refused, node_count where it is none of them, or NOBODY. */
static uint32_t play_all(const play_t *play)
{
    const mrt_graph_t *graph = play->graph;
    uint32_t refused = graph->node_count;
    if (words_are_whole(graph) && streams_are_whole(play) && begin(play)) {
        refused = play_steps(play);
    }
    if ((refused == NOBODY) && !outputs_are_whole(play)) {
        refused = graph->node_count;
    }
    return refused;
}

mrt_status_t mrt_graph_prove_plan(const mrt_graph_t *graph, const mrt_kernel_t *const *kernels, void *const *memory)
{
    region_t regions[MRT_POOLS_MAX];
    for (uint32_t pool = 0u; pool < graph->pool_count; ++pool) {
        uint32_t *words = memory[pool]; /* MISRA D1 */
        const region_t region = {words, graph->pools[pool].size / UNIT, NOBODY};
        regions[pool] = region;
    }
    const play_t play = {graph, kernels, regions};
    return (play_all(&play) == NOBODY) ? MRT_OK : MRT_ERR_PLAN;
}

mrt_status_t mrt_graph_check_plan(const mrt_graph_t *graph, const mrt_kernel_t *const *kernels, uint32_t *words,
                                  uint32_t word_count, uint32_t *node)
{
    if ((graph == NULL) || (kernels == NULL)) {
        return MRT_ERR_ARGUMENT;
    }
    const uint32_t needed = mrt_graph_plan_words(graph);
    if ((words == NULL) && (needed != 0u)) {
        return MRT_ERR_ARGUMENT;
    }
    if (word_count < needed) {
        return MRT_ERR_MEMORY;
    }
    region_t regions[MRT_POOLS_MAX];
    uint32_t base = 0u;
    for (uint32_t pool = 0u; pool < graph->pool_count; ++pool) {
        const region_t region = {&words[base], graph->pools[pool].size / UNIT, NOBODY};
        regions[pool] = region;
        base += words_of(graph->pools[pool].size);
    }
    const play_t play = {graph, kernels, regions};
    const uint32_t refused = play_all(&play);
    if ((refused != NOBODY) && (node != NULL)) {
        *node = refused;
    }
    return (refused == NOBODY) ? MRT_OK : MRT_ERR_PLAN;
}
