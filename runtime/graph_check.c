/*
 * The proof that a graph's tables agree. The executor and the kernels' accessors trust them afterwards, so every
 * index and every product that those compute is judged here, once; and that what a step reads is still there when it
 * runs. Written to be cheap too: firmware pays for it in each mrt_executor_init. So the tables are gone through as the
 * schedule is, and each tensor is judged where it is used, most of them once.
 */
#include "micrort/graph.h"
#include "runtime/address.h"
#include "runtime/graph_reads.h"
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

/* A tensor that is written, by a node or by the caller: it lies in a pool. */
static mrt_status_t check_memory_tensor(const mrt_graph_t *graph, const mrt_tensor_t *tensor)
{
    const uint32_t pool = tensor->pool;
    return (pool < graph->pool_count) ? check_rows(tensor, graph->pools[pool].size) : MRT_ERR_GRAPH;
}

/* A workspace is raw memory that kernels may use as words. */
static bool workspace_is_sound(const mrt_tensor_t *workspace)
{
    return (workspace->offset & 3u) == 0u;
}

/* Whether what a node writes lies apart, one from the other and, but for output 0, from what it reads. */
static bool written_lie_apart(const mrt_graph_t *graph, const uint16_t *args, uint32_t inputs, uint32_t end)
{
    for (uint32_t written = inputs + 1u; written < end; ++written) {
        for (uint32_t other = 0u; other < written; ++other) {
            if (mrt_overlap(&graph->tensors[args[written]], &graph->tensors[args[other]])) {
                return false;
            }
        }
    }
    return true;
}

static mrt_status_t check_written(const mrt_graph_t *graph, uint32_t tensor)
{
    return (tensor < graph->tensor_count) ? check_memory_tensor(graph, &graph->tensors[tensor]) : MRT_ERR_GRAPH;
}

/* What a node writes besides output 0. Its inputs and output 0 are proved. */
static mrt_status_t check_further_written(const mrt_graph_t *graph, const mrt_node_t *node)
{
    const uint16_t *args = &graph->args[node->args];
    const uint32_t inputs = node->input_count;
    const uint32_t end = inputs + node->output_count + node->workspace_count;
    mrt_status_t status = MRT_OK;
    for (uint32_t index = inputs + 1u; (status == MRT_OK) && (index < end); ++index) {
        status = check_written(graph, args[index]);
    }
    if (status != MRT_OK) {
        return status;
    }
    const bool is_sound = (node->workspace_count == 0u) || workspace_is_sound(&graph->tensors[args[end - 1u]]);
    return (is_sound && written_lie_apart(graph, args, inputs, end)) ? MRT_OK : MRT_ERR_PLAN;
}

/* A tensor in memory that is read: it still holds what was written; a view, which nobody wrote, is judged here. */
static mrt_status_t check_read(const mrt_graph_t *graph, uint32_t tensor, uint32_t step, uint32_t reader,
                               uint32_t known)
{
    const uint32_t origin = mrt_graph_origin(graph, tensor, step, reader, known);
    if (origin == MRT_TENSOR_NONE) {
        return MRT_ERR_PLAN;
    }
    return (origin == tensor) ? MRT_OK : check_memory_tensor(graph, &graph->tensors[tensor]);
}

/*
 * A node at its first step: constants are judged here, once, and what it reads in memory at each step. `made` is output
 * 0 of the step before if that began with row 0: what most steps read, and nothing can have happened to it.
 */
static mrt_status_t check_first_step(const mrt_graph_t *graph, uint32_t step, uint32_t reader, uint32_t made)
{
    const mrt_node_t *node = &graph->nodes[reader];
    const uint32_t inputs = node->input_count;
    const uint32_t written = (uint32_t)node->output_count + node->workspace_count;
    if ((node->kernel >= graph->kernel_count) || (node->attrs > graph->attr_count) || (node->output_count == 0u)
        || (node->workspace_count > 1u) || (((uint32_t)node->reserved | node->reserved2) != 0u)
        || !is_within(node->args, inputs + written, graph->arg_count)) {
        return MRT_ERR_GRAPH;
    }
    const uint16_t *arg = &graph->args[node->args];
    const uint16_t *outputs = &arg[inputs];
    while (arg != outputs) {
        const uint32_t index = *arg;
        if (index >= graph->tensor_count) {
            return MRT_ERR_GRAPH;
        }
        const mrt_tensor_t *tensor = &graph->tensors[index];
        mrt_status_t status = MRT_OK;
        if (tensor->pool == (uint8_t)MRT_POOL_PARAMS) {
            status = check_rows(tensor, graph->params_size);
        } else if (index != made) {
            status = check_read(graph, index, step, reader, reader);
        } else {
            /* as it was made */
        }
        if (status != MRT_OK) {
            return status;
        }
        ++arg;
    }
    const mrt_status_t status = check_written(graph, outputs[0]);
    return ((status == MRT_OK) && (written > 1u)) ? check_further_written(graph, node) : status;
}

/* The inputs of a node at a further step. */
static mrt_status_t check_reads(const mrt_graph_t *graph, uint32_t step, uint32_t reader, uint32_t known)
{
    const mrt_node_t *node = &graph->nodes[reader];
    for (uint32_t index = 0u; index < node->input_count; ++index) {
        const uint32_t tensor = graph->args[node->args + index];
        if ((graph->tensors[tensor].pool != (uint8_t)MRT_POOL_PARAMS)
            && (mrt_graph_origin(graph, tensor, step, reader, known) == MRT_TENSOR_NONE)) {
            return MRT_ERR_PLAN;
        }
    }
    return MRT_OK;
}

/* Goes through the schedule. A node and its tensors are judged at its first step; first steps come in nodes' order. */
static mrt_status_t check_steps(const mrt_graph_t *graph)
{
    const uint32_t node_count = graph->node_count;
    const uint32_t step_count = graph->step_count;
    const mrt_step_t *step = graph->steps;
    uint32_t known = 0u; /* nodes */
    uint32_t made = MRT_TENSOR_NONE;
    for (uint32_t index = 0u; index < step_count; ++index) {
        const uint32_t number = step->node;
        mrt_status_t status = MRT_ERR_GRAPH;
        if (number < known) {
            status = check_reads(graph, index, number, known);
        } else if ((number == known) && (known < node_count)) {
            status = check_first_step(graph, index, number, made);
            ++known;
        } else {
            /* a node that does not exist, or before its turn */
        }
        if (status != MRT_OK) {
            return status;
        }
        const mrt_node_t *node = &graph->nodes[number];
        const uint32_t output = graph->args[(uint32_t)node->args + node->input_count];
        const uint32_t row_begin = step->row_begin;
        if ((row_begin >= step->row_end) || (step->row_end > graph->tensors[output].rows)) {
            return MRT_ERR_GRAPH;
        }
        made = (row_begin == 0u) ? output : MRT_TENSOR_NONE;
        ++step;
    }
    return (known == node_count) ? MRT_OK : MRT_ERR_GRAPH;
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

/* At the end of the inference the model's outputs are whole. */
static mrt_status_t check_outputs(const mrt_graph_t *graph)
{
    mrt_status_t status = check_infos(graph, graph->outputs, graph->output_count);
    for (uint32_t index = 0u; (status == MRT_OK) && (index < graph->output_count); ++index) {
        status = check_read(graph, graph->outputs[index].tensor, graph->step_count, MRT_READER_CALLER,
                            graph->node_count);
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
        status = check_steps(graph);
    }
    if (status == MRT_OK) {
        status = check_outputs(graph);
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
