#include "tests/fuzz/model.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { ARENA_MAX = 1 << 16 };

/* Most work of a run: mutants may ask for hours, which is no finding. In bytes of output times bytes of operands. */
static const uint64_t work_max = 3000000u;

/* How far inputs came; printed at the end, for a harness whose inputs are all refused finds nothing. */
static unsigned long loaded;
static unsigned long ran;

static void print_counts(void)
{
    fprintf(stderr, "stat::models_loaded: %lu\nstat::models_run: %lu\n", loaded, ran);
}

mrt_blob_t copy_of(const uint8_t *data, size_t size)
{
    const mrt_blob_t blob = {malloc(size), (uint32_t)size};
    if (size != 0u) {
        memcpy((void *)blob.data, data, size);
    }
    return blob;
}

size_t graph_bytes(const uint8_t *data, size_t size)
{
    uint32_t bytes = 0u;
    if (size >= 12u) {
        memcpy(&bytes, &data[8], sizeof bytes);
    }
    return (bytes < size) ? bytes : size;
}

static uint64_t work_of(const mrt_graph_t *graph)
{
    uint64_t work = 0u;
    mrt_cursor_t cursor;
    for (mrt_cursor_begin(&cursor); (cursor.step < graph->step_count) && (work <= work_max); mrt_cursor_advance(&cursor)) {
        const mrt_step_t *step = mrt_cursor_step(&cursor, graph);
        work += 1000u;
        if (step->node < (uint16_t)MRT_STEP_OUTPUT) {
            const mrt_node_t *node = &graph->nodes[step->node];
            const uint16_t *args = &graph->args[node->args];
            const uint64_t rows = (uint64_t)step->row_end - step->row_begin;
            uint64_t inputs = 1u;
            for (uint32_t input = 0u; input < node->input_count; ++input) {
                inputs += mrt_tensor_bytes(&graph->tensors[args[input]]);
            }
            work += rows * graph->tensors[args[node->input_count]].row_bytes * inputs;
        }
    }
    return work;
}

static bool is_small(const mrt_graph_t *graph)
{
    uint64_t bytes = 0u;
    for (uint32_t pool = 0u; pool < graph->pool_count; ++pool) {
        bytes += graph->pools[pool].size;
        bytes += graph->pools[pool].alignment;
    }
    return (bytes <= ARENA_MAX) && (work_of(graph) <= work_max);
}

static uint32_t checksum(uint32_t start, const mrt_buffer_t *buffer)
{
    const uint8_t *bytes = buffer->data;
    uint32_t sum = start;
    for (uint32_t index = 0u; index < buffer->size; ++index) {
        sum = (sum * 16777619u) ^ bytes[index];
    }
    return sum;
}

/* A row of a streamed input. */
static mrt_status_t write_row(void *context, uint32_t index, uint32_t row, void *data, uint32_t size)
{
    (void)context;
    for (uint32_t byte = 0u; byte < size; ++byte) {
        ((uint8_t *)data)[byte] = (uint8_t)((byte * 89u) + (row * 7u) + index);
    }
    return MRT_OK;
}

/* A row of a streamed output; the context is a checksum. */
static mrt_status_t read_row(void *context, uint32_t index, uint32_t row, void *data, uint32_t size)
{
    uint32_t *sum = context;
    const mrt_buffer_t buffer = {data, size};
    *sum = checksum(*sum + index + row, &buffer);
    return MRT_OK;
}

/* One inference in arenas that hold `pattern` before; a checksum of the outputs, 0 where it failed. */
static uint32_t run(const mrt_graph_t *graph, int pattern)
{
    mrt_memory_t memory[MRT_POOLS_MAX] = {{NULL, 0u}};
    for (uint32_t pool = 0u; pool < graph->pool_count; ++pool) {
        const size_t alignment = graph->pools[pool].alignment;
        const size_t size = graph->pools[pool].size;
        memory[pool].base = aligned_alloc(alignment, (size + alignment) & ~(alignment - 1u));
        memory[pool].size = (uint32_t)size;
        memset(memory[pool].base, pattern, size);
    }
    mrt_executor_t executor;
    mrt_status_t status = mrt_executor_init(&executor, graph, memory, graph->pool_count);
    uint32_t sum = 0u;
    const mrt_stream_t stream = {write_row, read_row, &sum};
    status = (status == MRT_OK) ? mrt_executor_set_stream(&executor, &stream) : status;
    mrt_buffer_t buffer;
    for (uint32_t index = 0u; (status == MRT_OK) && (index < graph->input_count); ++index) {
        if (mrt_tensor_has_row_table(&graph->tensors[graph->inputs[index].tensor])) {
            continue;
        }
        status = mrt_executor_input(&executor, index, &buffer);
        for (uint32_t byte = 0u; (status == MRT_OK) && (byte < buffer.size); ++byte) {
            ((uint8_t *)buffer.data)[byte] = (uint8_t)((byte * 89u) + index);
        }
    }
    status = (status == MRT_OK) ? mrt_executor_run(&executor) : status;
    for (uint32_t index = 0u; (status == MRT_OK) && (index < graph->output_count); ++index) {
        if (mrt_tensor_has_row_table(&graph->tensors[graph->outputs[index].tensor])) {
            continue;
        }
        status = mrt_executor_output(&executor, index, &buffer);
        sum = (status == MRT_OK) ? checksum(sum, &buffer) : 0u;
    }
    for (uint32_t pool = 0u; pool < graph->pool_count; ++pool) {
        free(memory[pool].base);
    }
    if (status != MRT_OK) {
        fprintf(stderr, "a graph that was loaded fails with status %d\n", (int)status);
        abort();
    }
    return sum;
}

void load_and_run(const mrt_blob_t *model, const mrt_blob_t *params)
{
    enum { KERNELS = 64, WORDS = ARENA_MAX / 4 };
    mrt_kernel_run_t runs[KERNELS];
    const mrt_kernel_t *rows[KERNELS];
    static uint32_t words[WORDS];
    mrt_graph_t graph;
    mrt_loader_t loader = {.kernels = mrt_kernels, .kernel_count = MRT_KERNEL_COUNT, .runs = runs, .rows = rows,
                           .kernel_room = KERNELS, .words = words, .word_room = WORDS};
    if (mrt_graph_load(&loader, model, params, &graph) != MRT_OK) {
        return;
    }
    if (loaded == 0u) {
        (void)atexit(print_counts);
    }
    ++loaded;
    if (is_small(&graph)) {
        ++ran;
        const uint32_t first = run(&graph, 0x00);
        const uint32_t second = run(&graph, 0xA5);
        if (first != second) {
            fprintf(stderr, "the outputs depend on what the arenas held before\n");
            abort();
        }
    }
}
