/**
 * @file graph.h
 * @brief A graph as const tables: nodes in execution order and their tensors.
 *
 * The tables are made from graph JSON by the tools and lie in flash. No table holds a pointer, so the same
 * bytes serve as a blob that is loaded at run time; runtime/SPEC.md gives their layout.
 */
#ifndef MRT_GRAPH_H
#define MRT_GRAPH_H

#include "micrort/kernel.h"

/** Version of these tables; where generated code or a blob has another, it is refused. */
#define MRT_GRAPH_VERSION 1

/** One use of an operator. 12 bytes. */
typedef struct mrt_node {
    uint16_t kernel;         /**< Index into mrt_graph_t::kernels. */
    uint16_t args;           /**< Index into mrt_graph_t::args of the first input. */
    uint16_t attrs;          /**< Index into mrt_graph_t::attrs, in words, of the attribute struct. */
    uint8_t input_count;     /**< Inputs, the first of the node's args. */
    uint8_t output_count;    /**< Outputs, behind the inputs; at least 1. */
    uint8_t workspace_count; /**< 1 if a workspace tensor stands behind the outputs, else 0. */
    uint8_t reserved;        /**< 0. */
    uint16_t reserved2;      /**< 0. */
} mrt_node_t;

/** One step of a schedule: a range of output rows of one node. 6 bytes. */
typedef struct mrt_step {
    uint16_t node;      /**< Index into mrt_graph_t::nodes. */
    uint16_t row_begin; /**< First output row. */
    uint16_t row_end;   /**< One past the last output row. */
} mrt_step_t;

/** What a graph asks of one memory pool. */
typedef struct mrt_pool {
    uint32_t size;      /**< Bytes of the arena in this pool: tensors, inputs, outputs and kernel workspace. */
    uint32_t alignment; /**< Power of two that divides the arena's address; at least 8, the largest element. */
} mrt_pool_t;

/** A graph. Const, owned by whoever made it (the generated model code, or the caller of a blob loader). */
typedef struct mrt_graph {
    const mrt_tensor_t *tensors;      /**< tensor_count tensors. */
    const mrt_node_t *nodes;          /**< node_count nodes. */
    const mrt_step_t *steps;          /**< step_count steps, in execution order. */
    const uint16_t *args;             /**< arg_count tensor indices. */
    const int32_t *attrs;             /**< attr_count words. */
    const mrt_tensor_info_t *inputs;  /**< input_count inputs of the model. */
    const mrt_tensor_info_t *outputs; /**< output_count outputs of the model. */
    const mrt_pool_t *pools;          /**< pool_count arenas. */
    const mrt_kernel_run_t *kernels;  /**< kernel_count kernels. */
    const void *params;               /**< params_size bytes of constant tensors, 16-byte aligned. */
    uint32_t params_size;             /**< Bytes behind params. */
    uint16_t tensor_count; /**< Tensors. */
    uint16_t node_count; /**< Nodes. */
    uint16_t step_count; /**< Steps of the schedule, at least 1. */
    uint16_t arg_count; /**< Entries of args. */
    uint16_t attr_count; /**< Words of attrs. */
    uint16_t kernel_count; /**< Kernels. */
    uint8_t input_count; /**< Inputs of the model. */
    uint8_t output_count; /**< Outputs of the model. */
    uint8_t pool_count; /**< Memory pools, at most MRT_POOLS_MAX. */
    uint8_t reserved; /**< 0. */
} mrt_graph_t;

MRT_BEGIN_C

/**
 * @brief Checks that a graph's tables agree, and that its tensors keep out of one another's way.
 *
 * Every index in bounds; every tensor that a node, input or output of the model names within its pool or the params and
 * aligned for its dtype; nothing that is written in the params; inputs and outputs as described. Each node has a step,
 * and the first steps come in the order of nodes.
 *
 * The plan is proved from the schedule: going back from each read to the steps that made the tensor's rows, in order
 * and without gaps, no other step has written over it; the outputs are whole at the end. Only a node's output 0 may
 * share bytes with inputs of that same node, and then every later reader of those is refused: whether its kernel can
 * work in place there is not asked (see mrt_graph_check_plan). A tensor that nobody writes is a view of the one at the
 * very same place.
 *
 * Needs no memory. Linear in the size of the tables, and in the steps between the making of tensors and their reads.
 *
 * @param graph The graph; may be null.
 * @return MRT_OK, MRT_ERR_ARGUMENT (null), MRT_ERR_LIMIT (more pools than MRT_POOLS_MAX), MRT_ERR_ALIGNMENT
 *         (params), MRT_ERR_KERNEL (a null kernel), MRT_ERR_GRAPH, or MRT_ERR_PLAN (a tensor empty, or it or its last
 *         rows outside its pool, or rows misaligned for its dtype; or one that is read after it was written over).
 * Safe from any thread.
 */
MRT_CHECK_RESULT mrt_status_t mrt_graph_check(const mrt_graph_t *graph);

/**
 * @brief Asks each node's kernel to prove its attributes and tensors.
 * @param graph A graph that mrt_graph_check accepts.
 * @param kernels One row for each entry of graph->kernels: the kernel whose check covers that entry.
 * @param[out] node Where not null, the index of the first refused node; untouched where none is refused.
 * @return MRT_OK, MRT_ERR_ARGUMENT, MRT_ERR_KERNEL (a row is empty), MRT_ERR_GRAPH (a node's attributes reach
 *         beyond the table, or its workspace is missing or too small), or what the kernel's check says.
 * Safe from any thread.
 */
MRT_CHECK_RESULT mrt_status_t mrt_graph_check_kernels(const mrt_graph_t *graph, const mrt_kernel_t *const *kernels,
                                                      uint32_t *node);

/**
 * @brief Proves the places of tensors in time: plays the schedule and sees that each tensor that a node or the caller
 *        reads still holds what was written, that rows are made in order, without gaps, before they are read by
 *        another node (as a whole: not which rows), that outputs are complete at the end, and that a node writes over
 *        its own inputs only where its kernel may work in place.
 *
 * A tensor that no node writes and that is no input of the model is a view of a tensor at the very same place.
 * Beyond mrt_graph_check it asks the kernels, and says where the fault is.
 * Takes time in proportion to the tensors times the outputs of nodes.
 *
 * @param graph A graph that mrt_graph_check and mrt_graph_check_kernels accept.
 * @param kernels As for mrt_graph_check_kernels.
 * @param words Room for one word a tensor, for the time of the call.
 * @param word_count Words behind `words`.
 * @param[out] node Where not null, the index of the node that is refused, or node_count where it is the model's
 *                  outputs; untouched where the plan holds.
 * @return MRT_OK, MRT_ERR_ARGUMENT, MRT_ERR_MEMORY (too few words), MRT_ERR_PLAN. Safe from any thread.
 */
MRT_CHECK_RESULT mrt_status_t mrt_graph_check_plan(const mrt_graph_t *graph, const mrt_kernel_t *const *kernels,
                                                   uint32_t *words, uint32_t word_count, uint32_t *node);

MRT_END_C

#endif
