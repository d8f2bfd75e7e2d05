/*
 * The proof that a graph's tables agree. The executor and the kernels' accessors trust them afterwards, so every
 * index and every product that those compute is judged here, once.
 */
#include "micrort/graph.h"
#include "runtime/address.h"
#include <stdbool.h>
#include <stddef.h>

/* What the format promises about the address of the params: more than any element needs, for vector loads. */
#define PARAMS_ALIGNMENT 16u
/* The largest element, so that an element aligned in its pool is aligned in memory. */
#define POOL_ALIGNMENT_MIN 8u

/* By dtype: the low bits that an aligned offset has not set. */
static const uint8_t misaligned_bits[MRT_DTYPE_COUNT] = {
#define MRT_DTYPE_BITS(name, value, bytes) [value] = (bytes) - 1,
    MRT_DTYPE_MAP(MRT_DTYPE_BITS)
#undef MRT_DTYPE_BITS /* MISRA D4 */
};

static bool is_missing(const void *table, uint32_t count)
{
    return (table == NULL) && (count != 0u);
}

/* Whether [first, first + count) lies within [0, limit), without a sum that could wrap. */
static bool is_within(uint32_t first, uint32_t count, uint32_t limit)
{
    return (count <= limit) && (first <= (limit - count));
}

static bool any_table_is_missing(const mrt_graph_t *graph)
{
    return is_missing(graph->tensors, graph->tensor_count) || is_missing(graph->nodes, graph->node_count)
           || is_missing(graph->steps, graph->step_count) || is_missing(graph->row_table, graph->row_count)
           || is_missing(graph->args, graph->arg_count)
           || is_missing(graph->inputs, graph->input_count) || is_missing(graph->outputs, graph->output_count)
           || is_missing(graph->pools, graph->pool_count) || is_missing(graph->kernels, graph->kernel_count)
           || is_missing(graph->params, graph->params_size)
           /* Each node has an address of attributes, even where its kernel has none to read. */
           || is_missing(graph->attrs, (uint32_t)graph->node_count + graph->attr_count);
}

static mrt_status_t check_tables(const mrt_graph_t *graph)
{
    if (graph->pool_count > (uint8_t)MRT_POOLS_MAX) {
        return MRT_ERR_LIMIT;
    }
    if ((graph->reserved != 0u) || any_table_is_missing(graph)) {
        return MRT_ERR_GRAPH;
    }
    if (!mrt_is_aligned(graph->params, PARAMS_ALIGNMENT)) {
        return MRT_ERR_ALIGNMENT;
    }
    for (uint32_t index = 0u; index < graph->pool_count; ++index) {
        const uint32_t alignment = graph->pools[index].alignment;
        if (!mrt_is_power_of_two(alignment) || (alignment < POOL_ALIGNMENT_MIN)) {
            return MRT_ERR_GRAPH;
        }
    }
    for (uint32_t index = 0u; index < graph->kernel_count; ++index) {
        if (graph->kernels[index] == NULL) {
            return MRT_ERR_KERNEL;
        }
    }
    return MRT_OK;
}

/* Whether rows lie within `limit` bytes, and their elements where the dtype's may lie. */
static mrt_status_t check_rows(const mrt_tensor_t *tensor, uint32_t limit)
{
    if (tensor->dtype >= (uint8_t)MRT_DTYPE_COUNT) {
        return MRT_ERR_GRAPH;
    }
    const uint32_t offset = tensor->offset;
    const uint32_t row_bytes = tensor->row_bytes;
    const uint64_t bytes = (uint64_t)row_bytes * tensor->rows;
    const uint32_t end = offset + (uint32_t)bytes; /* not behind the offset: it wrapped, or there are no bytes */
    const bool is_aligned = ((offset | row_bytes) & misaligned_bits[tensor->dtype]) == 0u;
    /* Once the end is right, nothing that the accessors compute in 32 bits can wrap. */
    return ((bytes <= UINT32_MAX) && (end > offset) && (end <= limit) && is_aligned) ? MRT_OK : MRT_ERR_PLAN;
}

/* Rows that are placed one by one: each entry exists, and its row lies within `limit` bytes, aligned. */
static mrt_status_t check_row_table(const mrt_graph_t *graph, const mrt_tensor_t *tensor, uint32_t limit)
{
    if ((tensor->dtype >= (uint8_t)MRT_DTYPE_COUNT) || (tensor->rows == 0u)
        || !is_within(tensor->offset, tensor->rows, graph->row_count)) {
        return MRT_ERR_GRAPH;
    }
    const uint32_t row_bytes = tensor->row_bytes;
    const uint32_t bits = misaligned_bits[tensor->dtype];
    bool sound = (row_bytes != 0u) && ((row_bytes & bits) == 0u);
    for (uint32_t row = 0u; sound && (row < tensor->rows); ++row) {
        const uint32_t offset = (uint32_t)MRT_ROW_UNIT * graph->row_table[tensor->offset + row];
        sound = is_within(offset, row_bytes, limit) && ((offset & bits) == 0u);
    }
    return sound ? MRT_OK : MRT_ERR_PLAN;
}

/* A tensor in memory, which may be written. */
static mrt_status_t check_memory_tensor(const mrt_graph_t *graph, const mrt_tensor_t *tensor)
{
    const uint32_t pool = mrt_tensor_pool(tensor);
    if (((tensor->pool & 0xE0u) != 0u) || (pool >= graph->pool_count)) {
        return MRT_ERR_GRAPH;
    }
    const uint32_t size = graph->pools[pool].size;
    return mrt_tensor_has_row_table(tensor) ? check_row_table(graph, tensor, size) : check_rows(tensor, size);
}

/* A workspace is raw memory that kernels may use as words. */
static bool workspace_is_sound(const mrt_tensor_t *workspace)
{
    return !mrt_tensor_has_row_table(workspace) && ((workspace->offset & 3u) == 0u);
}

/* An operand: inputs may be constants, all else is written. */
static mrt_status_t check_operand(const mrt_graph_t *graph, uint32_t index, bool is_input)
{
    if (index >= graph->tensor_count) {
        return MRT_ERR_GRAPH;
    }
    const mrt_tensor_t *tensor = &graph->tensors[index];
    const bool is_constant = is_input && (tensor->pool == (uint8_t)MRT_POOL_PARAMS);
    return is_constant ? check_rows(tensor, graph->params_size) : check_memory_tensor(graph, tensor);
}

static mrt_status_t check_node(const mrt_graph_t *graph, const mrt_node_t *node)
{
    const uint32_t inputs = node->input_count;
    const uint32_t count = inputs + node->output_count + node->workspace_count;
    if ((node->kernel >= graph->kernel_count) || (node->attrs > graph->attr_count) || (node->output_count == 0u)
        || (node->workspace_count > 1u) || (((uint32_t)node->reserved | node->reserved2) != 0u)
        || !is_within(node->args, count, graph->arg_count)) {
        return MRT_ERR_GRAPH;
    }
    const uint16_t *args = &graph->args[node->args];
    mrt_status_t status = MRT_OK;
    for (uint32_t place = 0u; (status == MRT_OK) && (place < count); ++place) {
        status = check_operand(graph, args[place], place < inputs);
    }
    if ((status == MRT_OK) && (node->workspace_count != 0u) && !workspace_is_sound(&graph->tensors[args[count - 1u]])) {
        status = MRT_ERR_PLAN;
    }
    return status;
}

static mrt_status_t check_nodes(const mrt_graph_t *graph)
{
    mrt_status_t status = MRT_OK;
    for (uint32_t index = 0u; (status == MRT_OK) && (index < graph->node_count); ++index) {
        status = check_node(graph, &graph->nodes[index]);
    }
    return status;
}

/* Whether an input or output of the model is handed over row by row: its rows are placed one by one. */
static bool is_streamed(const mrt_graph_t *graph, const mrt_tensor_info_t *infos, uint32_t count, uint32_t index)
{
    return (index < count) && mrt_tensor_has_row_table(&graph->tensors[infos[index].tensor]);
}

/* The tensor whose rows a step makes, or hands over one at a time; null where there is none. */
static const mrt_tensor_t *tensor_of_step(const mrt_graph_t *graph, const mrt_step_t *step)
{
    const uint32_t node = step->node;
    const uint32_t port = node & 0xFFu;
    const uint32_t kind = node - port;
    const bool one = ((uint32_t)step->row_begin + 1u) == step->row_end;
    const mrt_tensor_t *tensor = NULL;
    if (node < graph->node_count) {
        tensor = &graph->tensors[graph->args[(uint32_t)graph->nodes[node].args + graph->nodes[node].input_count]];
    } else if ((kind == (uint32_t)MRT_STEP_INPUT) && one
               && is_streamed(graph, graph->inputs, graph->input_count, port)) {
        tensor = &graph->tensors[graph->inputs[port].tensor];
    } else if ((kind == (uint32_t)MRT_STEP_OUTPUT) && one
               && is_streamed(graph, graph->outputs, graph->output_count, port)) {
        tensor = &graph->tensors[graph->outputs[port].tensor];
    } else {
        /* no such node, input or output */
    }
    return tensor;
}

/* A step that is run `rounds` times. */
static bool step_is_sound(const mrt_graph_t *graph, const mrt_step_t *step, uint32_t rounds)
{
    const mrt_tensor_t *tensor = tensor_of_step(graph, step);
    if ((tensor == NULL) || (step->row_begin >= step->row_end)) {
        return false;
    }
    const uint64_t last = (uint64_t)step->row_end + (((uint64_t)rounds - 1u) * step->advance);
    return (last <= tensor->rows) && ((rounds > 1u) || (step->advance == 0u));
}

/* Goes through the schedule as it stands, loops being seen to end. */
static mrt_status_t check_steps(const mrt_graph_t *graph)
{
    const uint32_t count = graph->step_count;
    uint32_t rounds = 1u;
    uint32_t body_left = 0u;
    bool sound = (graph->node_count <= (uint16_t)MRT_STEP_OUTPUT);
    for (uint32_t index = 0u; sound && (index < count); ++index) {
        const mrt_step_t *step = &graph->steps[index];
        if ((step->node == (uint16_t)MRT_STEP_LOOP) && (body_left == 0u)) {
            body_left = step->row_begin;
            rounds = step->row_end;
            sound = (step->advance == 0u) && (rounds > 1u) && (body_left != 0u) && (body_left < (count - index));
        } else {
            sound = step_is_sound(graph, step, rounds);
            body_left -= (body_left != 0u) ? 1u : 0u;
            rounds = (body_left != 0u) ? rounds : 1u;
        }
    }
    return sound ? MRT_OK : MRT_ERR_GRAPH;
}

/* What is said of an input or output. Both are handed out for writing, so neither may lie in the params. */
static mrt_status_t check_info(const mrt_graph_t *graph, const mrt_tensor_info_t *info)
{
    if ((info->tensor >= graph->tensor_count) || (info->rank > (uint8_t)MRT_RANK_MAX)) {
        return MRT_ERR_GRAPH;
    }
    const mrt_tensor_t *tensor = &graph->tensors[info->tensor];
    const mrt_status_t status = check_memory_tensor(graph, tensor);
    if ((status != MRT_OK) || (info->dtype != tensor->dtype)) {
        return (status != MRT_OK) ? status : MRT_ERR_GRAPH;
    }
    uint64_t bytes = (uint64_t)misaligned_bits[tensor->dtype] + 1u;
    for (uint32_t axis = 0u; axis < (uint32_t)MRT_RANK_MAX; ++axis) {
        const int32_t size = info->shape[axis];
        if ((size < 1) || ((axis >= info->rank) && (size != 1))) {
            return MRT_ERR_GRAPH;
        }
        bytes *= (uint32_t)size;
        if (bytes > UINT32_MAX) { /* before the next product could wrap */
            return MRT_ERR_GRAPH;
        }
    }
    return (bytes == mrt_tensor_bytes(tensor)) ? MRT_OK : MRT_ERR_GRAPH;
}

static mrt_status_t check_infos(const mrt_graph_t *graph, const mrt_tensor_info_t *infos, uint32_t count)
{
    mrt_status_t status = MRT_OK;
    for (uint32_t index = 0u; (status == MRT_OK) && (index < count); ++index) {
        status = check_info(graph, &infos[index]);
    }
    return status;
}

mrt_status_t mrt_graph_check(const mrt_graph_t *graph)
{
    if (graph == NULL) {
        return MRT_ERR_ARGUMENT;
    }
    mrt_status_t status = check_tables(graph);
    if (status == MRT_OK) {
        status = check_infos(graph, graph->inputs, graph->input_count);
    }
    if (status == MRT_OK) {
        status = check_infos(graph, graph->outputs, graph->output_count);
    }
    if (status == MRT_OK) {
        status = check_nodes(graph);
    }
    if (status == MRT_OK) {
        status = check_steps(graph);
    }
    return status;
}

/* The call that covers all rows of a node, as far as there is one without memory. */
static mrt_call_t call_of(const mrt_graph_t *graph, const mrt_node_t *node)
{
    const mrt_call_t call = {
        .tensors = graph->tensors,
        .args = &graph->args[node->args],
        .attrs = &graph->attrs[node->attrs],
        .params = graph->params,
        .pools = NULL,
        .row_table = graph->row_table,
        .row_begin = 0u,
        .row_end = graph->tensors[graph->args[(uint32_t)node->args + node->input_count]].rows,
        .input_count = node->input_count,
        .output_count = node->output_count,
        .workspace_count = node->workspace_count,
    };
    return call;
}

static mrt_status_t check_kernel(const mrt_graph_t *graph, const mrt_node_t *node, const mrt_kernel_t *kernel)
{
    if ((kernel == NULL) || (kernel->run == NULL) || (kernel->check == NULL) || (kernel->workspace == NULL)) {
        return MRT_ERR_KERNEL;
    }
    if (!is_within(node->attrs, kernel->attrs_bytes / (uint32_t)sizeof(int32_t), graph->attr_count)) {
        return MRT_ERR_GRAPH;
    }
    const mrt_call_t call = call_of(graph, node);
    const mrt_status_t status = kernel->check(&call);
    if (status != MRT_OK) {
        return status;
    }
    /* Only now: the workspace of attributes that no check has seen could be any number. */
    const uint32_t needed = kernel->workspace(call.attrs);
    const uint32_t behind_outputs = (uint32_t)call.input_count + call.output_count;
    const uint32_t given =
        (call.workspace_count == 0u) ? 0u : mrt_tensor_bytes(&call.tensors[call.args[behind_outputs]]);
    return (needed <= given) ? MRT_OK : MRT_ERR_GRAPH;
}

mrt_status_t mrt_graph_check_kernels(const mrt_graph_t *graph, const mrt_kernel_t *const *kernels, uint32_t *node)
{
    if ((graph == NULL) || (kernels == NULL)) {
        return MRT_ERR_ARGUMENT;
    }
    for (uint32_t index = 0u; index < graph->node_count; ++index) {
        const mrt_node_t *candidate = &graph->nodes[index];
        const mrt_status_t status = check_kernel(graph, candidate, kernels[candidate->kernel]);
        if (status != MRT_OK) {
            if (node != NULL) {
                *node = index;
            }
            return status;
        }
    }
    return MRT_OK;
}
