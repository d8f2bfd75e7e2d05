/*
 * The proof that a reader finds what was written, by going back through the schedule from the reader. It needs no
 * memory for what is live: a tensor that is read again later is proved again from there, so a step that writes over a
 * tensor with readers to come is met by each of them. The cost is a walk as long as each tensor waits for its readers,
 * which for most is one step.
 */
#include "runtime/graph_reads.h"
#include <stddef.h>

/* Rows [0, missing) of the origin are yet to be met. */
#define MISSING_UNKNOWN 0xFFFFFFFFu /* none was met so far */

/* A reading being traced back. */
typedef struct trace {
    const mrt_graph_t *graph;
    uint32_t origin;  /* the tensor that was asked for, or what it views */
    uint32_t reader;  /* node */
    uint32_t known;   /* nodes that have run */
    uint32_t missing; /* row */
    uint32_t end;     /* one past the last row met */
} trace_t;

/* Whether a tensor is written by the caller or by one of the first nodes: then it is no view. */
static bool is_written(const mrt_graph_t *graph, uint32_t tensor, uint32_t known)
{
    for (uint32_t index = 0u; index < graph->input_count; ++index) {
        if (graph->inputs[index].tensor == tensor) {
            return true;
        }
    }
    const mrt_node_t *nodes = graph->nodes;
    const uint16_t *args = graph->args;
    for (uint32_t index = 0u; index < known; ++index) {
        const uint16_t *outputs = &args[(uint32_t)nodes[index].args + nodes[index].input_count];
        for (uint32_t place = 0u; place < nodes[index].output_count; ++place) {
            if (outputs[place] == tensor) {
                return true;
            }
        }
    }
    return false;
}

/* Meets the rows that a step made. Further outputs than the first may have other rows than it, and are made whole. */
static void meet_rows(trace_t *trace, const mrt_step_t *step, uint32_t first_output)
{
    const mrt_tensor_t *tensors = trace->graph->tensors;
    const uint32_t rows = tensors[trace->origin].rows;
    const bool by_rows = (rows == tensors[first_output].rows);
    const uint32_t begin = by_rows ? step->row_begin : 0u;
    const uint32_t end = by_rows ? step->row_end : rows;
    trace->end = (end > trace->end) ? end : trace->end;
    if ((begin < trace->missing) && ((end >= trace->missing) || (trace->missing == MISSING_UNKNOWN))) {
        trace->missing = begin;
    }
}

/* Goes back over one step. False: it destroyed what is read. */
static bool go_back(trace_t *trace, uint32_t index)
{
    const mrt_graph_t *graph = trace->graph;
    const mrt_step_t *step = &graph->steps[index];
    const mrt_node_t *node = &graph->nodes[step->node];
    const uint16_t *outputs = &graph->args[(uint32_t)node->args + node->input_count];
    for (uint32_t place = 0u; place < node->output_count; ++place) {
        const uint32_t output = outputs[place];
        bool is_origin = (output == trace->origin);
        if (!is_origin && (step->node != trace->reader)
            && mrt_overlap(&graph->tensors[output], &graph->tensors[trace->origin])) {
            if ((trace->missing != MISSING_UNKNOWN) || is_written(graph, trace->origin, trace->known)
                || !mrt_same_place(&graph->tensors[output], &graph->tensors[trace->origin])) {
                return false;
            }
            trace->origin = output;
            is_origin = true;
        }
        if (is_origin) {
            meet_rows(trace, step, outputs[0]);
        }
    }
    return (node->workspace_count == 0u) || (step->node == trace->reader)
           || !mrt_overlap(&graph->tensors[outputs[node->output_count]], &graph->tensors[trace->origin]);
}

/* The input of the model that a reader finds where no step wrote: all are written at once, so they must lie apart. */
static uint32_t find_input(const mrt_graph_t *graph, uint32_t tensor)
{
    const mrt_tensor_t *place = &graph->tensors[tensor];
    uint32_t found = MRT_TENSOR_NONE;
    for (uint32_t index = 0u; index < graph->input_count; ++index) {
        const uint32_t input = graph->inputs[index].tensor;
        if (input == tensor) {
            found = tensor;
        }
    }
    for (uint32_t index = 0u; index < graph->input_count; ++index) {
        const uint32_t input = graph->inputs[index].tensor;
        if ((input != found) && mrt_overlap(place, &graph->tensors[input])) {
            if ((found != MRT_TENSOR_NONE) || !mrt_same_place(place, &graph->tensors[input])) {
                return MRT_TENSOR_NONE;
            }
            found = input;
        }
    }
    return found;
}

uint32_t mrt_graph_origin(const mrt_graph_t *graph, uint32_t tensor, uint32_t step, uint32_t reader, uint32_t known)
{
    trace_t trace = {
        .graph = graph,
        .origin = tensor,
        .reader = reader,
        .known = known,
        .missing = MISSING_UNKNOWN,
        .end = 0u,
    };
    for (uint32_t left = step; left > 0u; --left) {
        if (!go_back(&trace, left - 1u)) {
            return MRT_TENSOR_NONE;
        }
        if (trace.missing == 0u) {
            const bool suffices = (reader != MRT_READER_CALLER) || (trace.end == graph->tensors[trace.origin].rows);
            return suffices ? trace.origin : MRT_TENSOR_NONE;
        }
    }
    return (trace.missing == MISSING_UNKNOWN) ? find_input(graph, tensor) : MRT_TENSOR_NONE;
}
