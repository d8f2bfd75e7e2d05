/*
 * Corrupts the tables of a small graph at random: either a check refuses them, or the graph runs without touching
 * a byte that is not its own, and no step finds an input that another one has written over. To be built with
 * sanitisers; every table is a heap block of exactly its size.
 *
 * Usage: mutate_graph ROUNDS; prints how many mutants were refused, and how many ran.
 */
#include "micrort/micrort.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define COUNT(table) (sizeof(table) / sizeof((table)[0]))
#define CONV(channels_in, channels_out) \
    { \
        {5, 5, (channels_in), 5, 5, (channels_out), 3, 3, 1, 1, 1, 1, 1, 1}, 1, 3, -3, -128, 127 \
    }

enum { WORDS = sizeof(mrt_conv2d_s8_attrs_t) / sizeof(int32_t), POOL_SIZE = 176, PARAMS_SIZE = 576 };

/* input, (weights, bias, multiplier, shift, output) of two convolutions: 2 to 4 to 3 channels, 5 x 5 pixels. */
static const mrt_tensor_t tensors[] = {
    {0, 10, 5, 0, MRT_DTYPE_S8},    {0, 6, 12, 255, MRT_DTYPE_S8},   {80, 16, 1, 255, MRT_DTYPE_S32},
    {96, 16, 1, 255, MRT_DTYPE_S32}, {112, 16, 1, 255, MRT_DTYPE_S32}, {0, 20, 5, 1, MRT_DTYPE_S8},
    {128, 12, 9, 255, MRT_DTYPE_S8}, {240, 12, 1, 255, MRT_DTYPE_S32}, {256, 12, 1, 255, MRT_DTYPE_S32},
    {272, 12, 1, 255, MRT_DTYPE_S32}, {64, 15, 5, 0, MRT_DTYPE_S8},
};
static const mrt_node_t nodes[] = {{.args = 0, .attrs = 0, .input_count = 5, .output_count = 1},
                                   {.args = 6, .attrs = WORDS, .input_count = 5, .output_count = 1}};
static const mrt_step_t steps[] = {
    {0, 0, 2, 0}, {MRT_STEP_LOOP, 2, 3, 0}, {0, 2, 3, 1}, {1, 0, 1, 1}, {1, 3, 5, 0},
};
static const uint16_t args[] = {0, 1, 2, 3, 4, 5, 5, 6, 7, 8, 9, 10};
static const mrt_conv2d_s8_attrs_t attrs[] = {CONV(2, 4), CONV(4, 3)};
static const mrt_tensor_info_t inputs[] = {{0, MRT_DTYPE_S8, 4, {1, 5, 5, 2, 1, 1}, 1.0f, 0}};
static const mrt_tensor_info_t outputs[] = {{10, MRT_DTYPE_S8, 4, {1, 5, 5, 3, 1, 1}, 1.0f, 0}};
static const mrt_pool_t pools[] = {{POOL_SIZE, 16}, {POOL_SIZE, 16}};
static const mrt_kernel_run_t kernels[] = {mrt_conv2d_s8_run};

static uint32_t state = 1u;

static uint32_t random_below(uint32_t limit)
{
    state ^= state << 13;
    state ^= state >> 17;
    state ^= state << 5;
    return state % limit;
}

/* A table on the heap, and how it may be corrupted. */
typedef struct {
    uint8_t *bytes;
    size_t size;
} block_t;

enum { TENSORS, NODES, STEPS, ARGS, ATTRS, INPUTS, OUTPUTS, POOLS, PARAMS, BLOCKS };

static block_t copy_of(const void *table, size_t size)
{
    block_t block = {malloc(size), size}; /* malloc aligns to 16 bytes, as params and arenas must be */
    memcpy(block.bytes, table, size);
    return block;
}

/* One, two or four bytes become a random, a small or an extreme number, or move by a little. */
static void corrupt(block_t block)
{
    static const uint32_t extremes[] = {0u, 1u, 2u, 127u, 128u, 255u, 32767u, 65535u, 0x7FFFFFFFu, 0x80000000u, ~0u};
    const size_t width = (size_t)1u << random_below(3u);
    const size_t place = random_below((uint32_t)(block.size / width)) * width;
    uint32_t value = 0u;
    memcpy(&value, &block.bytes[place], width);
    switch (random_below(5u)) {
    case 0: value = random_below(0xFFFFFFFFu); break;
    case 1: value = random_below(16u); break;
    case 2: value = extremes[random_below(COUNT(extremes))]; break;
    case 3: value += random_below(9u) - 4u; break;
    default: value ^= 1u << random_below(8u * (uint32_t)width); break;
    }
    memcpy(&block.bytes[place], &value, width);
}

static void make_params(uint8_t *params)
{
    for (uint32_t i = 0u; i < PARAMS_SIZE; ++i) {
        params[i] = (uint8_t)random_below(256u);
    }
    for (uint32_t tensor = 0u; tensor < COUNT(tensors); ++tensor) {
        const int is_multiplier = (tensor == 3u) || (tensor == 8u);
        const int is_bias = (tensor == 2u) || (tensor == 7u);
        if ((tensors[tensor].pool == 255u) && (tensors[tensor].dtype == MRT_DTYPE_S32)) {
            const int32_t value = is_multiplier ? 0x50000000 : (is_bias ? 1000 : -8);
            for (uint32_t at = 0u; at < tensors[tensor].row_bytes; at += 4u) {
                memcpy(&params[tensors[tensor].offset + at], &value, 4u);
            }
        }
    }
}

static mrt_graph_t graph_of(const block_t *blocks)
{
    const mrt_graph_t graph = {
        .tensors = (const void *)blocks[TENSORS].bytes, .nodes = (const void *)blocks[NODES].bytes,
        .steps = (const void *)blocks[STEPS].bytes,     .args = (const void *)blocks[ARGS].bytes,
        .attrs = (const void *)blocks[ATTRS].bytes,     .inputs = (const void *)blocks[INPUTS].bytes,
        .outputs = (const void *)blocks[OUTPUTS].bytes, .pools = (const void *)blocks[POOLS].bytes,
        .kernels = kernels,                             .params = blocks[PARAMS].bytes,
        .params_size = PARAMS_SIZE,                     .tensor_count = COUNT(tensors),
        .node_count = COUNT(nodes),                     .step_count = COUNT(steps),
        .arg_count = COUNT(args),                       .attr_count = 2 * WORDS,
        .kernel_count = COUNT(kernels),                 .input_count = COUNT(inputs),
        .output_count = COUNT(outputs),                 .pool_count = COUNT(pools),
    };
    return graph;
}

/* Who wrote a byte of a pool last: a tensor and a node, each plus 1; 0: nobody. */
typedef struct {
    uint32_t tensor;
    uint32_t node;
} writer_t;

static uint32_t bytes_of(const mrt_graph_t *graph, uint32_t tensor)
{
    return graph->tensors[tensor].rows * graph->tensors[tensor].row_bytes;
}

/* Whether a tensor has bytes, of those read, that it once held and that a node other than `node` wrote over since. */
static int is_lost(const mrt_graph_t *graph, writer_t memory[2][POOL_SIZE], const uint8_t *held, uint32_t tensor,
                   mrt_rows_t read, uint32_t node)
{
    const mrt_tensor_t *place = &graph->tensors[tensor];
    for (uint32_t at = read.begin; at < read.end; ++at) {
        const writer_t *writer = &memory[place->pool][place->offset + at];
        if (held[at] && (writer->tensor != (tensor + 1u)) && (writer->node != (node + 1u))) {
            return 1;
        }
    }
    return 0;
}

static const mrt_kernel_t row = {mrt_conv2d_s8_run, mrt_conv2d_s8_check, mrt_conv2d_s8_workspace,
                                 sizeof(mrt_conv2d_s8_attrs_t), NULL, mrt_reads_window, 1u};

/* The bytes of input `input` that a step reads. */
static mrt_rows_t bytes_read(const mrt_graph_t *graph, const mrt_node_t *node, mrt_rows_t rows, uint32_t input)
{
    const mrt_call_t call = {.tensors = graph->tensors, .args = &graph->args[node->args],
                             .attrs = &graph->attrs[node->attrs], .row_begin = rows.begin, .row_end = rows.end,
                             .input_count = node->input_count, .output_count = node->output_count};
    const mrt_rows_t read = row.reads(&call, input);
    const uint32_t row_bytes = mrt_call_input(&call, input)->row_bytes;
    return (mrt_rows_t){read.begin * row_bytes, read.end * row_bytes};
}

/* Plays an accepted schedule byte by byte: the number of reads that find an input written over. */
static int lost_reads(const mrt_graph_t *graph)
{
    static writer_t memory[2][POOL_SIZE];
    static uint8_t held[COUNT(tensors)][POOL_SIZE];
    memset(memory, 0, sizeof memory);
    memset(held, 0, sizeof held);
    int lost = 0;
    for (uint32_t index = 0u; index < graph->input_count; ++index) {
        const uint32_t input = graph->inputs[index].tensor;
        memset(held[input], 1, bytes_of(graph, input));
        for (uint32_t at = 0u; at < bytes_of(graph, input); ++at) {
            memory[graph->tensors[input].pool][graph->tensors[input].offset + at] = (writer_t){input + 1u, 0u};
        }
    }
    mrt_cursor_t cursor;
    for (mrt_cursor_begin(&cursor); cursor.step < graph->step_count; mrt_cursor_advance(&cursor)) {
        const mrt_step_t *step = mrt_cursor_step(&cursor, graph);
        const mrt_rows_t rows = mrt_cursor_rows(&cursor, step);
        const mrt_node_t *node = &graph->nodes[step->node];
        const uint16_t *node_args = &graph->args[node->args];
        for (uint32_t input = 0u; input < node->input_count; ++input) {
            const uint32_t tensor = node_args[input];
            if (graph->tensors[tensor].pool != MRT_POOL_PARAMS) {
                lost += is_lost(graph, memory, held[tensor], tensor, bytes_read(graph, node, rows, input), step->node);
            }
        }
        const uint32_t output = node_args[node->input_count];
        const mrt_tensor_t *place = &graph->tensors[output];
        for (uint32_t at = rows.begin * place->row_bytes; at < (rows.end * place->row_bytes); ++at) {
            memory[place->pool][place->offset + at] = (writer_t){output + 1u, step->node + 1u};
            held[output][at] = 1u;
        }
    }
    return lost;
}

/* Checks, and where all pass runs. */
static mrt_status_t try_graph(const mrt_graph_t *graph)
{
    static uint32_t words[1024];
    const mrt_kernel_t *const rows[] = {&row};
    mrt_status_t status = mrt_graph_check(graph);
    if (status == MRT_OK) {
        status = mrt_graph_check_kernels(graph, rows, NULL);
    }
    if (status == MRT_OK) {
        status = mrt_graph_check_plan(graph, rows, words, COUNT(words), NULL);
    }
    if (status != MRT_OK) {
        return status;
    }
    const mrt_memory_t memory[] = {{malloc(POOL_SIZE), POOL_SIZE}, {malloc(POOL_SIZE), POOL_SIZE}};
    mrt_executor_t executor;
    status = mrt_executor_init(&executor, graph, memory, 2u);
    if ((status == MRT_OK) && (lost_reads(graph) != 0)) {
        fprintf(stderr, "a schedule that loses an input is accepted\n");
        exit(1);
    }
    if (status == MRT_OK) {
        mrt_buffer_t buffer;
        status = mrt_executor_input(&executor, 0u, &buffer);
        memset(memory[0].base, 0x5A, POOL_SIZE);
        memset(memory[1].base, 0xA5, POOL_SIZE);
        memset(buffer.data, 0x80, buffer.size);
    }
    if (status == MRT_OK) {
        status = mrt_executor_run(&executor);
    }
    free(memory[0].base);
    free(memory[1].base);
    return status;
}

int main(int count, char **words)
{
    const int rounds = (count > 1) ? atoi(words[1]) : 1000;
    int refused = 0;
    for (int round = 0; round < rounds; ++round) {
        uint8_t params[PARAMS_SIZE];
        make_params(params);
        block_t blocks[BLOCKS] = {
            copy_of(tensors, sizeof tensors), copy_of(nodes, sizeof nodes),     copy_of(steps, sizeof steps),
            copy_of(args, sizeof args),       copy_of(attrs, sizeof attrs),     copy_of(inputs, sizeof inputs),
            copy_of(outputs, sizeof outputs), copy_of(pools, sizeof pools),     copy_of(params, sizeof params),
        };
        for (uint32_t left = (round == 0) ? 0u : (1u + random_below(2u)); left > 0u; --left) {
            corrupt(blocks[random_below(BLOCKS)]);
        }
        mrt_graph_t graph = graph_of(blocks);
        graph.seal = mrt_graph_seal(&graph);
        const mrt_status_t status = try_graph(&graph);
        if ((round == 0) && (status != MRT_OK)) {
            fprintf(stderr, "the sound graph gives status %d\n", (int)status);
            return 1;
        }
        refused += (status != MRT_OK) ? 1 : 0;
        for (int block = 0; block < BLOCKS; ++block) {
            free(blocks[block].bytes);
        }
    }
    printf("%d %d\n", refused, rounds - refused);
    return 0;
}
