/* The loop over a graph's steps. It trusts tables that mrt_executor_init has checked and keeps nothing of its own. */
#include "micrort/executor.h"
#include "runtime/address.h"
#include <stddef.h>
#include <string.h>

static mrt_status_t check_memory(const mrt_pool_t *pool, const mrt_memory_t *memory)
{
    if ((memory->base == NULL) || (memory->size < pool->size)) {
        return MRT_ERR_MEMORY;
    }
    return mrt_is_aligned(memory->base, pool->alignment) ? MRT_OK : MRT_ERR_ALIGNMENT;
}

mrt_status_t mrt_executor_init(mrt_executor_t *executor, const mrt_graph_t *graph, const mrt_memory_t *memory,
                               uint32_t memory_count)
{
    if (executor == NULL) {
        return MRT_ERR_ARGUMENT;
    }
    executor->graph = NULL; /* whatever fails below leaves an executor that every function refuses */
    executor->next_step = 0u;
    const mrt_status_t status = mrt_graph_check(graph);
    if (status != MRT_OK) {
        return status;
    }
    if ((memory == NULL) && (graph->pool_count != 0u)) {
        return MRT_ERR_ARGUMENT;
    }
    if (memory_count < graph->pool_count) {
        return MRT_ERR_MEMORY;
    }
    for (uint32_t index = 0u; index < graph->pool_count; ++index) {
        const mrt_status_t fit = check_memory(&graph->pools[index], &memory[index]);
        if (fit != MRT_OK) {
            return fit;
        }
        executor->pools[index] = memory[index].base;
    }
    executor->graph = graph;
    return MRT_OK;
}

static mrt_status_t check_state(const mrt_executor_t *executor)
{
    if (executor == NULL) {
        return MRT_ERR_ARGUMENT;
    }
    return (executor->graph == NULL) ? MRT_ERR_STATE : MRT_OK;
}

static mrt_buffer_t buffer_of(const mrt_executor_t *executor, const mrt_tensor_info_t *info)
{
    const mrt_tensor_t *tensor = &executor->graph->tensors[info->tensor];
    void *base = executor->pools[tensor->pool];
    const mrt_buffer_t buffer = {
        .data = mrt_address_mut(base, tensor->offset),
        .size = mrt_tensor_bytes(tensor),
    };
    return buffer;
}

mrt_status_t mrt_executor_input(const mrt_executor_t *executor, uint32_t index, mrt_buffer_t *buffer)
{
    const mrt_status_t status = check_state(executor);
    if (status != MRT_OK) {
        return status;
    }
    if ((buffer == NULL) || (index >= executor->graph->input_count)) {
        return MRT_ERR_ARGUMENT;
    }
    *buffer = buffer_of(executor, &executor->graph->inputs[index]);
    return MRT_OK;
}

mrt_status_t mrt_executor_output(const mrt_executor_t *executor, uint32_t index, mrt_buffer_t *buffer)
{
    const mrt_status_t status = check_state(executor);
    if (status != MRT_OK) {
        return status;
    }
    if ((buffer == NULL) || (index >= executor->graph->output_count)) {
        return MRT_ERR_ARGUMENT;
    }
    *buffer = buffer_of(executor, &executor->graph->outputs[index]);
    return MRT_OK;
}

mrt_status_t mrt_executor_set_input(const mrt_executor_t *executor, uint32_t index, const void *data, uint32_t size)
{
    mrt_buffer_t buffer = {NULL, 0u};
    const mrt_status_t status = mrt_executor_input(executor, index, &buffer);
    if (status != MRT_OK) {
        return status;
    }
    if ((data == NULL) || (size != buffer.size)) {
        return MRT_ERR_ARGUMENT;
    }
    (void)memcpy(buffer.data, data, size);
    return MRT_OK;
}

mrt_status_t mrt_executor_get_output(const mrt_executor_t *executor, uint32_t index, void *data, uint32_t size)
{
    mrt_buffer_t buffer = {NULL, 0u};
    const mrt_status_t status = mrt_executor_output(executor, index, &buffer);
    if (status != MRT_OK) {
        return status;
    }
    if ((data == NULL) || (size != buffer.size)) {
        return MRT_ERR_ARGUMENT;
    }
    if (executor->next_step != executor->graph->step_count) {
        return MRT_ERR_STATE;
    }
    (void)memcpy(data, buffer.data, size);
    return MRT_OK;
}

/* Runs the steps from next_step up to `end`. A failing kernel abandons the inference: its outputs mean nothing. */
static mrt_status_t run_until(mrt_executor_t *executor, uint32_t end)
{
    const mrt_graph_t *graph = executor->graph;
    mrt_call_t call; /* no initialiser, which would zero first what each step sets anyway */
    call.tensors = graph->tensors;
    call.params = graph->params;
    call.pools = executor->pools;
    call.row_table = NULL;
    for (uint32_t index = executor->next_step; index < end; ++index) {
        const mrt_step_t *step = &graph->steps[index];
        const mrt_node_t *node = &graph->nodes[step->node];
        call.args = &graph->args[node->args];
        call.attrs = &graph->attrs[node->attrs];
        call.row_begin = step->row_begin;
        call.row_end = step->row_end;
        call.input_count = node->input_count;
        call.output_count = node->output_count;
        call.workspace_count = node->workspace_count;
        const mrt_status_t status = graph->kernels[node->kernel](&call);
        if (status != MRT_OK) {
            executor->next_step = 0u;
            return status;
        }
    }
    executor->next_step = end;
    return MRT_OK;
}

mrt_status_t mrt_executor_run(mrt_executor_t *executor)
{
    const mrt_status_t status = check_state(executor);
    if (status != MRT_OK) {
        return status;
    }
    executor->next_step = 0u;
    return run_until(executor, executor->graph->step_count);
}

mrt_status_t mrt_executor_step(mrt_executor_t *executor, uint32_t max_steps, bool *done)
{
    const mrt_status_t status = check_state(executor);
    if (status != MRT_OK) {
        return status;
    }
    if ((max_steps == 0u) || (done == NULL)) {
        return MRT_ERR_ARGUMENT;
    }
    const uint32_t step_count = executor->graph->step_count;
    if (executor->next_step == step_count) {
        executor->next_step = 0u;
    }
    const uint32_t left = step_count - executor->next_step;
    const mrt_status_t outcome = run_until(executor, executor->next_step + ((max_steps < left) ? max_steps : left));
    *done = (outcome == MRT_OK) && (executor->next_step == step_count);
    return outcome;
}

mrt_status_t mrt_executor_reset(mrt_executor_t *executor)
{
    const mrt_status_t status = check_state(executor);
    if (status == MRT_OK) {
        executor->next_step = 0u;
    }
    return status;
}
