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
#define MRT_GRAPH_VERSION 2

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

/** mrt_step_t::node of a loop: the next row_begin steps are run row_end times. Loops do not nest. */
#define MRT_STEP_LOOP 0xFFFF
/** mrt_step_t::node, plus the index of an input of the model, of a row that the caller hands in. */
#define MRT_STEP_INPUT 0xFE00
/** mrt_step_t::node, plus the index of an output of the model, of a row that the caller takes. */
#define MRT_STEP_OUTPUT 0xFD00

/**
 * One step of a schedule: a range of output rows of one node. 8 bytes.
 *
 * Rows are made in an order that lets their memory be used again soon; that order repeats itself, so that a loop says
 * it in a few steps: at each repetition the rows of a step move on by `advance`.
 */
typedef struct mrt_step {
    uint16_t node;      /**< Index into mrt_graph_t::nodes, or MRT_STEP_LOOP, or a row of MRT_STEP_INPUT or _OUTPUT. */
    uint16_t row_begin; /**< First output row. */
    uint16_t row_end;   /**< One past the last output row. */
    uint16_t advance;   /**< Rows further at each repetition of the loop around the step; 0 outside of loops. */
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
    const mrt_step_t *steps;          /**< step_count entries, in execution order. */
    const uint16_t *row_table;        /**< row_count places of rows, in MRT_ROW_UNIT bytes; 4-byte aligned, as args. */
    const uint16_t *args;             /**< arg_count tensor indices. */
    const int32_t *attrs;             /**< attr_count words. */
    const mrt_tensor_info_t *inputs;  /**< input_count inputs of the model. */
    const mrt_tensor_info_t *outputs; /**< output_count outputs of the model. */
    const mrt_pool_t *pools;          /**< pool_count arenas. */
    const mrt_kernel_run_t *kernels;  /**< kernel_count kernels. */
    const mrt_kernel_t *const *kernel_rows; /**< Their rows, by which mrt_executor_init proves the graph where it does
                                                 (MRT_INIT_PROVES_GRAPH); else not looked at, and null. */
    const void *params;               /**< params_size bytes of constant tensors, 16-byte aligned. */
    uint32_t params_size;             /**< Bytes behind params. */
    uint32_t seal;                    /**< What mrt_graph_seal says of the tables; mrt_executor_init compares it. */
    uint16_t tensor_count; /**< Tensors. */
    uint16_t node_count; /**< Nodes, below MRT_STEP_OUTPUT. */
    uint16_t step_count; /**< Entries of steps, at least 1. */
    uint16_t row_count; /**< Entries of row_table. */
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
 * @brief Checks that a graph's tables agree: every index in bounds, every row of every tensor that a node, input or
 *        output of the model names within its pool or the params and aligned for its dtype; nothing that is written in
 *        the params; every step's rows within its tensor, at each repetition; inputs and outputs as described.
 *
 * After this and mrt_graph_check_kernels no byte outside of the arenas, tables and params is touched, whatever the
 * schedule and the data. That the schedule makes sense is what mrt_graph_check_plan proves.
 *
 * Needs no memory. Linear in the size of the tables.
 *
 * @param graph The graph; may be null.
 * @return MRT_OK, MRT_ERR_ARGUMENT (null), MRT_ERR_LIMIT (more pools than MRT_POOLS_MAX), MRT_ERR_ALIGNMENT
 *         (params), MRT_ERR_KERNEL (a null kernel), MRT_ERR_GRAPH, or MRT_ERR_PLAN (a tensor empty, or a row of it
 *         outside its pool, or misaligned for its dtype).
 * Safe from any thread.
 */
MRT_CHECK_RESULT mrt_status_t mrt_graph_check(const mrt_graph_t *graph);

/**
 * @brief A checksum over all tables of a graph but its kernels and params: another value for any change of one word.
 *
 * The tools prove a graph by mrt_graph_check, mrt_graph_check_kernels and mrt_graph_check_plan and write the seal into
 * it, mrt_graph_load does so on the device; mrt_executor_init compares it, at a few instructions a word. It shows that
 * the tables are those that were proved: damage and mistakes, not malice. For tables made by hand: check, then seal.
 *
 * @param graph A graph whose tables may be read; its `seal` is not looked at.
 * @return The seal. Safe from any thread.
 */
uint32_t mrt_graph_seal(const mrt_graph_t *graph);

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
 * @brief Proves the plan: plays the schedule, row by row, and sees that each row that a node or the caller reads still
 *        holds what was written for it, that outputs are complete at the end, and that a node writes over its own inputs
 *        only where its kernel may work in place.
 *
 * For each word of the arenas it is kept which row was written there last. A tensor that no node writes and that is no
 * input of the model is a view of the tensor at the very same place. Tensors begin at multiples of MRT_ROW_UNIT, and
 * give up the words that two of their rows share only as a whole.
 *
 * Takes time in proportion to the bytes that an inference reads and writes, repetitions by windows included.
 *
 * @param graph A graph that mrt_graph_check and mrt_graph_check_kernels accept.
 * @param kernels As for mrt_graph_check_kernels.
 * @param words Room for mrt_graph_plan_words(graph) words, for the time of the call; an arena will do.
 * @param word_count Words behind `words`.
 * @param[out] node Where not null, the index of the node that is refused, or node_count where it is the model's
 *                  inputs or outputs; untouched where the plan holds.
 * @return MRT_OK, MRT_ERR_ARGUMENT, MRT_ERR_MEMORY (too few words), MRT_ERR_PLAN. Safe from any thread.
 */
MRT_CHECK_RESULT mrt_status_t mrt_graph_check_plan(const mrt_graph_t *graph, const mrt_kernel_t *const *kernels,
                                                   uint32_t *words, uint32_t word_count, uint32_t *node);

/** Words that mrt_graph_check_plan needs: one for each four bytes of the arenas. Safe from any thread. */
uint32_t mrt_graph_plan_words(const mrt_graph_t *graph);

MRT_END_C

#endif
