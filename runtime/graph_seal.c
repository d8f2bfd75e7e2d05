/*
 * A checksum over a graph's tables that costs little more than reading them. Each word is added to the sum, which is
 * turned by one bit before: neither loses anything, so that a change of one word always shows.
 */
#include "micrort/graph.h"
#include "runtime/address.h"
#include <stddef.h>

static inline uint32_t turned(uint32_t sum)
{
    return (sum << 1u) | (sum >> 31u);
}

static inline uint32_t with_four(uint32_t sum, const mrt_word_t *words)
{
    uint32_t total = turned(sum) + words[0];
    total = turned(total) + words[1];
    total = turned(total) + words[2];
    return turned(total) + words[3];
}

/* Adds `bytes` bytes from a 4-byte aligned address on; a last half word is added by itself. */
static uint32_t add_table(uint32_t sum, const void *table, uint32_t bytes)
{
    const mrt_word_t *word = table; /* MISRA D1 */
    uint32_t total = sum;
    for (uint32_t left = bytes / 32u; left > 0u; --left) {
        total = with_four(total, &word[0]);
        total = with_four(total, &word[4]);
        word = &word[8];
    }
    for (uint32_t left = (bytes % 32u) / 4u; left > 0u; --left) {
        total = turned(total) + word[0];
        word = &word[1];
    }
    if ((bytes % 4u) != 0u) {
        const void *rest = word;
        const uint16_t *half = rest; /* MISRA D1 */
        total = turned(total) + half[0];
    }
    return total;
}

uint32_t mrt_graph_seal(const mrt_graph_t *graph)
{
    uint32_t sum = (uint32_t)MRT_GRAPH_VERSION;
    const uint32_t counts[] = {
        graph->params_size,
        ((uint32_t)graph->tensor_count << 16u) | graph->node_count,
        ((uint32_t)graph->step_count << 16u) | graph->row_count,
        ((uint32_t)graph->arg_count << 16u) | graph->attr_count,
        ((uint32_t)graph->kernel_count << 16u) | ((uint32_t)graph->input_count << 8u) | graph->output_count,
        graph->pool_count,
    };
    sum = add_table(sum, counts, (uint32_t)sizeof(counts));
    sum = add_table(sum, graph->tensors, graph->tensor_count * (uint32_t)sizeof(mrt_tensor_t));
    sum = add_table(sum, graph->nodes, graph->node_count * (uint32_t)sizeof(mrt_node_t));
    sum = add_table(sum, graph->steps, graph->step_count * (uint32_t)sizeof(mrt_step_t));
    sum = add_table(sum, graph->row_table, graph->row_count * (uint32_t)sizeof(uint16_t));
    sum = add_table(sum, graph->args, graph->arg_count * (uint32_t)sizeof(uint16_t));
    sum = add_table(sum, graph->attrs, graph->attr_count * (uint32_t)sizeof(int32_t));
    sum = add_table(sum, graph->inputs, graph->input_count * (uint32_t)sizeof(mrt_tensor_info_t));
    sum = add_table(sum, graph->outputs, graph->output_count * (uint32_t)sizeof(mrt_tensor_info_t));
    return add_table(sum, graph->pools, graph->pool_count * (uint32_t)sizeof(mrt_pool_t));
}
