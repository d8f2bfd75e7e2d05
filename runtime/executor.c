/* The loop over a graph's steps. It trusts tables that were proved before they were sealed, and keeps nothing of its own. */
#include "micrort/executor.h"
#include "runtime/address.h"
#include "runtime/copy.h"
#include "runtime/graph_plan.h"
#include <stddef.h>

static mrt_status_t check_memory(const mrt_pool_t *pool, const mrt_memory_t *memory)
{
    if ((memory->base == NULL) || (memory->size < pool->size)) {
        return MRT_ERR_MEMORY;
    }
    return mrt_is_aligned(memory->base, pool->alignment) ? MRT_OK : MRT_ERR_ALIGNMENT;
}

/* Whether a graph is one that was proved. */
static mrt_status_t check_seal(const mrt_graph_t *graph)
{
    if (graph == NULL) {
        return MRT_ERR_ARGUMENT;
    }
    if (graph->pool_count > (uint8_t)MRT_POOLS_MAX) {
        return MRT_ERR_LIMIT;
    }
    return (graph->seal == mrt_graph_seal(graph)) ? MRT_OK : MRT_ERR_CHECKSUM;
}

#if MRT_INIT_PROVES_GRAPH == 1
/* Whether a graph has the rows of the kernels that it calls. */
static mrt_status_t check_kernel_rows(const mrt_graph_t *graph)
{
    bool known = (graph->kernel_rows != NULL) || (graph->kernel_count == 0u);
    for (uint32_t index = 0u; known && (index < graph->kernel_count); ++index) {
        const mrt_kernel_t *row = graph->kernel_rows[index];
        known = (row != NULL) && (row->run == graph->kernels[index]);
    }
    return known ? MRT_OK : MRT_ERR_KERNEL;
}

/* Proves a graph; the arenas, in which nothing lies yet, are the memory for that. */
static mrt_status_t prove_graph(const mrt_graph_t *graph, void *const *arenas)
{
    mrt_status_t status = mrt_graph_check(graph);
    if (status == MRT_OK) {
        status = check_kernel_rows(graph);
    }
    if ((status == MRT_OK) && (graph->node_count != 0u)) {
        status = mrt_graph_check_kernels(graph, graph->kernel_rows, NULL);
    }
    if (status == MRT_OK) {
        status = mrt_graph_prove_plan(graph, graph->kernel_rows, arenas);
    }
    return status;
}
#endif

/* Gives an executor the memory of each pool. */
static mrt_status_t take_memory(mrt_executor_t *executor, const mrt_graph_t *graph, const mrt_memory_t *memory,
                                uint32_t memory_count)
{
    if ((memory == NULL) && (graph->pool_count != 0u)) {
        return MRT_ERR_ARGUMENT;
    }
    if (memory_count < graph->pool_count) {
        return MRT_ERR_MEMORY;
    }
    mrt_status_t status = MRT_OK;
    for (uint32_t index = 0u; (status == MRT_OK) && (index < graph->pool_count); ++index) {
        status = check_memory(&graph->pools[index], &memory[index]);
        executor->pools[index] = memory[index].base;
    }
    return status;
}

mrt_status_t mrt_executor_init(mrt_executor_t *executor, const mrt_graph_t *graph, const mrt_memory_t *memory,
                               uint32_t memory_count)
{
    if (executor == NULL) {
        return MRT_ERR_ARGUMENT;
    }
    executor->graph = NULL; /* whatever fails below leaves an executor that every function refuses */
    executor->stream = NULL;
    executor->hand_over = NULL;
    mrt_cursor_begin(&executor->cursor);
    mrt_status_t status = check_seal(graph);
    if (status == MRT_OK) {
        status = take_memory(executor, graph, memory, memory_count);
    }
#if MRT_INIT_PROVES_GRAPH == 1
    if (status == MRT_OK) {
        status = prove_graph(graph, executor->pools);
    }
#endif
    if (status == MRT_OK) {
        executor->graph = graph;
    }
    return status;
}

static mrt_status_t check_state(const mrt_executor_t *executor)
{
    if (executor == NULL) {
        return MRT_ERR_ARGUMENT;
    }
    return (executor->graph == NULL) ? MRT_ERR_STATE : MRT_OK;
}

static const mrt_tensor_t *tensor_of(const mrt_executor_t *executor, const mrt_tensor_info_t *info)
{
    return &executor->graph->tensors[info->tensor];
}

/* The place of an input or output as a whole, which streamed ones do not have. */
static mrt_status_t find_buffer(const mrt_executor_t *executor, uint32_t index, mrt_buffer_t *buffer, bool is_input)
{
    const mrt_status_t status = check_state(executor);
    if (status != MRT_OK) {
        return status;
    }
    const mrt_graph_t *graph = executor->graph;
    if ((buffer == NULL) || (index >= (is_input ? graph->input_count : graph->output_count))) {
        return MRT_ERR_ARGUMENT;
    }
    const mrt_tensor_t *tensor = tensor_of(executor, is_input ? &graph->inputs[index] : &graph->outputs[index]);
    if (mrt_tensor_has_row_table(tensor)) {
        return MRT_ERR_ARGUMENT;
    }
    void *base = executor->pools[tensor->pool];
    buffer->data = mrt_address_mut(base, tensor->offset);
    buffer->size = mrt_tensor_bytes(tensor);
    return MRT_OK;
}

static bool is_complete(const mrt_executor_t *executor)
{
    return executor->cursor.step == executor->graph->step_count;
}

mrt_status_t mrt_executor_input(const mrt_executor_t *executor, uint32_t index, mrt_buffer_t *buffer)
{
    return find_buffer(executor, index, buffer, true);
}

mrt_status_t mrt_executor_output(const mrt_executor_t *executor, uint32_t index, mrt_buffer_t *buffer)
{
    return find_buffer(executor, index, buffer, false);
}

mrt_status_t mrt_executor_set_input(const mrt_executor_t *executor, uint32_t index, const void *data, uint32_t size)
{
    mrt_buffer_t buffer = {NULL, 0u};
    const mrt_status_t status = find_buffer(executor, index, &buffer, true);
    if (status != MRT_OK) {
        return status;
    }
    if ((data == NULL) || (size != buffer.size)) {
        return MRT_ERR_ARGUMENT;
    }
    mrt_copy(buffer.data, data, size);
    return MRT_OK;
}

mrt_status_t mrt_executor_get_output(const mrt_executor_t *executor, uint32_t index, void *data, uint32_t size)
{
    mrt_buffer_t buffer = {NULL, 0u};
    const mrt_status_t status = find_buffer(executor, index, &buffer, false);
    if (status != MRT_OK) {
        return status;
    }
    if ((data == NULL) || (size != buffer.size)) {
        return MRT_ERR_ARGUMENT;
    }
    if (!is_complete(executor)) {
        return MRT_ERR_STATE;
    }
    mrt_copy(data, buffer.data, size);
    return MRT_OK;
}

/* A row of an input or output of the model; `info` is null where there is none. */
typedef struct handover {
    const mrt_tensor_info_t *info;
    uint32_t index;
    uint32_t row;
    bool is_input;
} handover_t;

static bool hands_over(const mrt_step_t *step)
{
    return step->node >= (uint16_t)MRT_STEP_OUTPUT;
}

/* What a step hands over that does so. */
static handover_t handover_of(const mrt_graph_t *graph, const mrt_step_t *step, uint32_t row)
{
    const uint32_t index = step->node & 0xFFu;
    const bool is_input = (step->node >= (uint16_t)MRT_STEP_INPUT);
    const handover_t found = {is_input ? &graph->inputs[index] : &graph->outputs[index], index, row, is_input};
    return found;
}

/* Where the row lies. */
static void *address_of(const mrt_executor_t *executor, const handover_t *handover)
{
    const mrt_graph_t *graph = executor->graph;
    const mrt_tensor_t *tensor = tensor_of(executor, handover->info);
    const uint32_t offset = (uint32_t)MRT_ROW_UNIT * graph->row_table[tensor->offset + handover->row];
    void *base = executor->pools[mrt_tensor_pool(tensor)];
    return mrt_address_mut(base, offset);
}

/* Hands the row of a step over to who is there for it; `done` remains false where nobody is. An executor reaches it by
 * its pointer alone, so that firmware which streams nothing does not link it. */
static mrt_status_t hand_over(const mrt_executor_t *executor, const mrt_step_t *step, uint32_t row, bool *done)
{
    const mrt_stream_t *stream = executor->stream;
    const handover_t handover = handover_of(executor->graph, step, row);
    const mrt_row_callback_t callback = handover.is_input ? stream->source : stream->sink;
    *done = (callback != NULL);
    return (callback == NULL) ? MRT_OK
                              : callback(stream->context, handover.index, handover.row, address_of(executor, &handover),
                                         tensor_of(executor, handover.info)->row_bytes);
}

static mrt_status_t run_node(const mrt_graph_t *graph, const mrt_step_t *step, mrt_rows_t rows, mrt_call_t *call)
{
    const mrt_node_t *node = &graph->nodes[step->node];
    call->args = &graph->args[node->args];
    call->attrs = &graph->attrs[node->attrs];
    call->row_begin = rows.begin;
    call->row_end = rows.end;
    call->input_count = node->input_count;
    call->output_count = node->output_count;
    call->workspace_count = node->workspace_count;
    return graph->kernels[node->kernel](call);
}

/*
 * Runs at most `left` further steps of nodes, which it counts down, and hands over the rows before, between and behind
 * them as far as somebody is there for them. A failing kernel or callback abandons the inference: its outputs mean
 * nothing.
 */
static mrt_status_t run_steps(mrt_executor_t *executor, uint32_t *left)
{
    const mrt_graph_t *graph = executor->graph;
    mrt_cursor_t *cursor = &executor->cursor;
    mrt_call_t call; /* no initialiser, which would zero first what each step sets anyway */
    call.tensors = graph->tensors;
    call.params = graph->params;
    call.pools = executor->pools;
    call.row_table = graph->row_table;
    mrt_status_t status = MRT_OK;
    bool goes_on = true;
    while (goes_on && (cursor->step != graph->step_count)) {
        const mrt_step_t *step = mrt_cursor_step(cursor, graph);
        const mrt_rows_t rows = mrt_cursor_rows(cursor, step);
        if (hands_over(step)) {
            goes_on = (executor->hand_over != NULL);
            status = goes_on ? executor->hand_over(executor, step, rows.begin, &goes_on) : MRT_OK;
        } else if (*left > 0u) {
            *left -= 1u;
            status = run_node(graph, step, rows, &call);
        } else {
            goes_on = false;
        }
        if (status != MRT_OK) {
            mrt_cursor_begin(cursor);
            return status;
        }
        if (goes_on) {
            mrt_cursor_advance(cursor);
        }
    }
    return status;
}

mrt_status_t mrt_executor_run(mrt_executor_t *executor)
{
    mrt_status_t status = check_state(executor);
    if (status != MRT_OK) {
        return status;
    }
    uint32_t left = UINT32_MAX;
    mrt_cursor_begin(&executor->cursor);
    status = run_steps(executor, &left);
    if ((status == MRT_OK) && !is_complete(executor)) {
        mrt_cursor_begin(&executor->cursor);
        status = MRT_ERR_STATE;
    }
    return status;
}

mrt_status_t mrt_executor_step(mrt_executor_t *executor, uint32_t max_steps, bool *done)
{
    mrt_status_t status = check_state(executor);
    if (status != MRT_OK) {
        return status;
    }
    if ((max_steps == 0u) || (done == NULL)) {
        return MRT_ERR_ARGUMENT;
    }
    if (is_complete(executor)) {
        mrt_cursor_begin(&executor->cursor);
    }
    uint32_t left = max_steps;
    status = run_steps(executor, &left);
    *done = (status == MRT_OK) && is_complete(executor);
    return status;
}

mrt_status_t mrt_executor_reset(mrt_executor_t *executor)
{
    const mrt_status_t status = check_state(executor);
    if (status == MRT_OK) {
        mrt_cursor_begin(&executor->cursor);
    }
    return status;
}

mrt_status_t mrt_executor_set_stream(mrt_executor_t *executor, const mrt_stream_t *stream)
{
    const mrt_status_t status = check_state(executor);
    if (status == MRT_OK) {
        executor->stream = stream;
        executor->hand_over = (stream == NULL) ? NULL : hand_over;
    }
    return status;
}

/* The row at which an inference stands; its info is null where it does not stand at one. */
static handover_t next_handover(const mrt_executor_t *executor)
{
    handover_t found = {NULL, 0u, 0u, false};
    if (!is_complete(executor)) {
        mrt_cursor_t cursor = executor->cursor;
        const mrt_step_t *step = mrt_cursor_step(&cursor, executor->graph);
        if (hands_over(step)) {
            found = handover_of(executor->graph, step, mrt_cursor_rows(&cursor, step).begin);
        }
    }
    return found;
}

mrt_status_t mrt_executor_waiting(const mrt_executor_t *executor, mrt_row_t *row)
{
    const mrt_status_t status = check_state(executor);
    if ((status != MRT_OK) || (row == NULL)) {
        return (status != MRT_OK) ? status : MRT_ERR_ARGUMENT;
    }
    const handover_t next = next_handover(executor);
    row->waiting = MRT_WAITING_NONE;
    row->index = next.index;
    row->row = next.row;
    row->size = 0u;
    if (next.info != NULL) {
        row->waiting = next.is_input ? MRT_WAITING_INPUT : MRT_WAITING_OUTPUT;
        row->size = tensor_of(executor, next.info)->row_bytes;
    }
    return MRT_OK;
}

/* What push and pop begin with: checks the row that the caller means, `wanted` but for its place, and goes on to it. */
static mrt_status_t go_to_row(mrt_executor_t *executor, handover_t *wanted, const void *data, uint32_t size,
                              uint32_t *left)
{
    mrt_status_t status = check_state(executor);
    if (status != MRT_OK) {
        return status;
    }
    const mrt_graph_t *graph = executor->graph;
    if (wanted->index >= (wanted->is_input ? graph->input_count : graph->output_count)) {
        return MRT_ERR_ARGUMENT;
    }
    wanted->info = wanted->is_input ? &graph->inputs[wanted->index] : &graph->outputs[wanted->index];
    const mrt_tensor_t *tensor = tensor_of(executor, wanted->info);
    if (!mrt_tensor_has_row_table(tensor) || (data == NULL) || (size != tensor->row_bytes)) {
        return MRT_ERR_ARGUMENT;
    }
    status = run_steps(executor, left);
    if (status != MRT_OK) {
        return status;
    }
    const handover_t due = next_handover(executor);
    wanted->row = due.row;
    return (due.info == wanted->info) ? MRT_OK : MRT_ERR_STATE;
}

/* Behind a row that was handed over. */
static mrt_status_t go_on(mrt_executor_t *executor, uint32_t *left, uint32_t *steps)
{
    mrt_cursor_t *cursor = &executor->cursor;
    (void)mrt_cursor_step(cursor, executor->graph); /* the row may be the first of a loop */
    mrt_cursor_advance(cursor);
    const mrt_status_t status = run_steps(executor, left);
    if (steps != NULL) {
        *steps = UINT32_MAX - *left;
    }
    return status;
}

mrt_status_t mrt_executor_push_row(mrt_executor_t *executor, uint32_t index, const void *data, uint32_t size,
                                   uint32_t *steps)
{
    handover_t wanted = {NULL, index, 0u, true};
    uint32_t left = UINT32_MAX;
    mrt_status_t status = go_to_row(executor, &wanted, data, size, &left);
    if (status == MRT_OK) {
        mrt_copy(address_of(executor, &wanted), data, size);
        status = go_on(executor, &left, steps);
    }
    return status;
}

mrt_status_t mrt_executor_pop_row(mrt_executor_t *executor, uint32_t index, void *data, uint32_t size, uint32_t *steps)
{
    handover_t wanted = {NULL, index, 0u, false};
    uint32_t left = UINT32_MAX;
    mrt_status_t status = go_to_row(executor, &wanted, data, size, &left);
    if (status == MRT_OK) {
        mrt_copy(data, address_of(executor, &wanted), size);
        status = go_on(executor, &left, steps);
    }
    return status;
}
