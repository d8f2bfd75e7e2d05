/*
 * The proof that a graph's tables agree. The executor and the kernels' accessors trust them afterwards, so every
 * index and every product that those compute is judged here, once. Written to be cheap too: firmware pays for it
 * in each mrt_executor_init.
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
#define MRT_DTYPE_BITS(name, value, bytes) [value] = (bytes) - 1, /* MISRA D4 */
    MRT_DTYPE_MAP(MRT_DTYPE_BITS)
#undef MRT_DTYPE_BITS
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
           || is_missing(graph->steps, graph->step_count) || is_missing(graph->args, graph->arg_count)
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
        if ((alignment < POOL_ALIGNMENT_MIN) || !mrt_is_power_of_two(alignment)) {
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

static mrt_status_t check_tensor(const mrt_graph_t *graph, const mrt_tensor_t *tensor)
{
    const uint32_t pool = tensor->pool;
    uint32_t limit = graph->params_size;
    if (pool != (uint32_t)MRT_POOL_PARAMS) {
        if (pool >= graph->pool_count) {
            return MRT_ERR_GRAPH;
        }
        limit = graph->pools[pool].size;
    }
    if ((tensor->dtype >= (uint8_t)MRT_DTYPE_COUNT) || (tensor->rows == 0u) || (tensor->row_bytes == 0u)) {
        return MRT_ERR_GRAPH;
    }
    const uint32_t bits = misaligned_bits[tensor->dtype];
    /* In 64 bits it cannot wrap; once it is below the limit, nothing that the accessors compute in 32 bits can. */
    const uint64_t end = ((uint64_t)tensor->row_bytes * tensor->rows) + tensor->offset;
    const bool is_aligned = ((tensor->offset | tensor->row_bytes) & bits) == 0u;
    return ((end <= limit) && is_aligned) ? MRT_OK : MRT_ERR_PLAN;
}

static bool is_writable(const mrt_graph_t *graph, uint32_t tensor)
{
    return graph->tensors[tensor].pool != (uint8_t)MRT_POOL_PARAMS;
}

/* A workspace is raw memory that kernels may use as words. */
static bool workspace_is_sound(const mrt_tensor_t *workspace)
{
    return (workspace->offset & 3u) == 0u;
}

static mrt_status_t check_node(const mrt_graph_t *graph, const mrt_node_t *node)
{
    const uint32_t inputs = node->input_count;
    const uint32_t written = (uint32_t)node->output_count + node->workspace_count;
    if ((node->kernel >= graph->kernel_count) || (node->attrs > graph->attr_count) || (node->output_count == 0u)
        || (node->workspace_count > 1u) || (node->reserved != 0u) || (node->reserved2 != 0u)
        || !is_within(node->args, inputs + written, graph->arg_count)) {
        return MRT_ERR_GRAPH;
    }
    const uint16_t *outputs = &graph->args[node->args + inputs];
    for (uint32_t index = 0u; index < written; ++index) {
        if (!is_writable(graph, outputs[index])) {
            return MRT_ERR_GRAPH;
        }
    }
    if ((node->workspace_count != 0u) && !workspace_is_sound(&graph->tensors[outputs[node->output_count]])) {
        return MRT_ERR_PLAN;
    }
    return MRT_OK;
}

static bool args_are_sound(const mrt_graph_t *graph)
{
    const uint16_t *args = graph->args;
    const uint32_t tensor_count = graph->tensor_count;
    const uint32_t arg_count = graph->arg_count;
    for (uint32_t index = 0u; index < arg_count; ++index) {
        if (args[index] >= tensor_count) {
            return false;
        }
    }
    return true;
}

static bool steps_are_sound(const mrt_graph_t *graph)
{
    for (uint32_t index = 0u; index < graph->step_count; ++index) {
        const mrt_step_t *step = &graph->steps[index];
        if (step->node >= graph->node_count) {
            return false;
        }
        const mrt_node_t *node = &graph->nodes[step->node];
        const mrt_tensor_t *output = &graph->tensors[graph->args[(uint32_t)node->args + node->input_count]];
        if ((step->row_begin >= step->row_end) || (step->row_end > output->rows)) {
            return false;
        }
    }
    return true;
}

/* Inputs are written and outputs handed out for writing, so neither may lie in the params. */
static bool info_is_sound(const mrt_graph_t *graph, const mrt_tensor_info_t *info)
{
    if ((info->tensor >= graph->tensor_count) || (info->rank > (uint8_t)MRT_RANK_MAX)
        || !is_writable(graph, info->tensor)) {
        return false;
    }
    const mrt_tensor_t *tensor = &graph->tensors[info->tensor];
    if (info->dtype != tensor->dtype) {
        return false;
    }
    uint64_t bytes = (uint64_t)misaligned_bits[tensor->dtype] + 1u;
    for (uint32_t axis = 0u; axis < (uint32_t)MRT_RANK_MAX; ++axis) {
        const int32_t size = info->shape[axis];
        if ((size < 1) || ((axis >= info->rank) && (size != 1))) {
            return false;
        }
        bytes *= (uint32_t)size;
        if (bytes > UINT32_MAX) { /* before the next product could wrap */
            return false;
        }
    }
    return bytes == mrt_tensor_bytes(tensor);
}

static bool infos_are_sound(const mrt_graph_t *graph, const mrt_tensor_info_t *infos, uint32_t count)
{
    for (uint32_t index = 0u; index < count; ++index) {
        if (!info_is_sound(graph, &infos[index])) {
            return false;
        }
    }
    return true;
}

mrt_status_t mrt_graph_check(const mrt_graph_t *graph)
{
    if (graph == NULL) {
        return MRT_ERR_ARGUMENT;
    }
    mrt_status_t status = check_tables(graph);
    const uint32_t tensor_count = graph->tensor_count;
    for (uint32_t index = 0u; (status == MRT_OK) && (index < tensor_count); ++index) {
        status = check_tensor(graph, &graph->tensors[index]);
    }
    if ((status == MRT_OK) && !args_are_sound(graph)) {
        status = MRT_ERR_GRAPH;
    }
    const uint32_t node_count = graph->node_count;
    for (uint32_t index = 0u; (status == MRT_OK) && (index < node_count); ++index) {
        status = check_node(graph, &graph->nodes[index]);
    }
    if ((status == MRT_OK)
        && (!steps_are_sound(graph) || !infos_are_sound(graph, graph->inputs, graph->input_count)
            || !infos_are_sound(graph, graph->outputs, graph->output_count))) {
        status = MRT_ERR_GRAPH;
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
