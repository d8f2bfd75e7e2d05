/**
 * @file executor.h
 * @brief Runs a graph in memory that the caller owns.
 *
 * ```c
 * static mrt_executor_t executor;
 * const mrt_memory_t memory[] = {{arena, sizeof arena}};
 * mrt_status_t status = mrt_executor_init(&executor, &mrt_kws_graph, memory, 1);
 * if (status == MRT_OK) { status = mrt_executor_set_input(&executor, 0, features, sizeof features); }
 * if (status == MRT_OK) { status = mrt_executor_run(&executor); }
 * if (status == MRT_OK) { status = mrt_executor_get_output(&executor, 0, scores, sizeof scores); }
 * ```
 *
 * An executor holds no memory of its own, so any number of them, on the same or on different graphs, run side
 * by side as long as their arenas differ. One executor is used from one thread at a time. No function here may
 * be called from an ISR while another call on the same executor is under way.
 */
#ifndef MRT_EXECUTOR_H
#define MRT_EXECUTOR_H

#include "micrort/graph.h"
#ifndef MRT_CDEF
#include <stdbool.h>
#endif

/** A region of RAM that the caller gives to an executor. */
typedef struct mrt_memory {
    void *base;    /**< Start, aligned as the graph's pool says. */
    uint32_t size; /**< Bytes. */
} mrt_memory_t;

/** Where the bytes of an input or output lie. */
typedef struct mrt_buffer {
    void *data;    /**< First byte, inside an arena. */
    uint32_t size; /**< Bytes. */
} mrt_buffer_t;

/** An executor. Allocated by the caller; its members are private. */
typedef struct mrt_executor {
    const mrt_graph_t *graph;   /**< Null before a successful init. */
    void *pools[MRT_POOLS_MAX]; /**< Arena of each pool. */
    uint32_t next_step;         /**< First step that has not run; step_count when an inference is complete. */
} mrt_executor_t;

MRT_BEGIN_C

/**
 * @brief Binds an executor to a graph and to memory.
 * @param[out] executor Need not be initialised before; may be initialised again at any time between calls.
 * @param graph Must outlive the executor. Its tables are checked and its plan is proved (mrt_graph_check).
 * @param memory One region for each pool of the graph, in order; they must outlive the executor, and nobody
 *               else may write to them from the setting of inputs until the reading of outputs.
 * @param memory_count Number of regions; at least graph->pool_count.
 * @return MRT_OK, MRT_ERR_ARGUMENT, MRT_ERR_MEMORY, MRT_ERR_ALIGNMENT, or what mrt_graph_check says. On
 *         error the executor is unusable and every other function returns MRT_ERR_STATE.
 */
MRT_CHECK_RESULT mrt_status_t mrt_executor_init(mrt_executor_t *executor, const mrt_graph_t *graph,
                                                const mrt_memory_t *memory, uint32_t memory_count);

/**
 * @brief Where to write an input.
 *
 * The arena reuses the memory of inputs: write all inputs before each inference; their bytes are unspecified
 * after its first step.
 *
 * @param executor An initialised executor.
 * @param index 0..input_count-1.
 * @param[out] buffer Data pointer and size in bytes; element type and shape are in graph->inputs[index].
 * @return MRT_OK, MRT_ERR_ARGUMENT, MRT_ERR_STATE (not initialised).
 */
MRT_CHECK_RESULT mrt_status_t mrt_executor_input(const mrt_executor_t *executor, uint32_t index, mrt_buffer_t *buffer);

/**
 * @brief Where to read an output.
 * @param executor An initialised executor. The bytes are the model's output once an inference is complete, and
 *                 stay so until an input is written or a step is run.
 * @param index 0..output_count-1.
 * @param[out] buffer Data pointer and size in bytes.
 * @return MRT_OK, MRT_ERR_ARGUMENT, MRT_ERR_STATE (not initialised).
 */
MRT_CHECK_RESULT mrt_status_t mrt_executor_output(const mrt_executor_t *executor, uint32_t index, mrt_buffer_t *buffer);

/**
 * @brief Copies an input into its place.
 * @param executor An initialised executor.
 * @param index 0..input_count-1.
 * @param data `size` bytes.
 * @param size Exactly the input's bytes.
 * @return MRT_OK, MRT_ERR_ARGUMENT (also for a wrong size), MRT_ERR_STATE.
 */
MRT_CHECK_RESULT mrt_status_t mrt_executor_set_input(const mrt_executor_t *executor, uint32_t index, const void *data,
                                                     uint32_t size);

/**
 * @brief Copies an output out.
 * @param executor An executor whose inference is complete.
 * @param index 0..output_count-1.
 * @param[out] data Room for `size` bytes.
 * @param size Exactly the output's bytes.
 * @return MRT_OK, MRT_ERR_ARGUMENT (also for a wrong size), MRT_ERR_STATE (inference not complete).
 */
MRT_CHECK_RESULT mrt_status_t mrt_executor_get_output(const mrt_executor_t *executor, uint32_t index, void *data,
                                                      uint32_t size);

/**
 * @brief Runs one whole inference, from the first step, whatever ran before.
 * @param executor An initialised executor whose inputs are written.
 * @return MRT_OK, MRT_ERR_ARGUMENT, MRT_ERR_STATE, or the failing kernel's status, which abandons the inference.
 */
MRT_CHECK_RESULT mrt_status_t mrt_executor_run(mrt_executor_t *executor);

/**
 * @brief Runs at most `max_steps` further steps of an inference: for main loops without an RTOS.
 *
 * The first call after a completed inference (or after init or reset) starts a new one.
 *
 * @param executor An initialised executor.
 * @param max_steps At least 1.
 * @param[out] done True when this call completed the inference.
 * @return MRT_OK, MRT_ERR_ARGUMENT, MRT_ERR_STATE, or the failing kernel's status, which abandons the inference.
 */
MRT_CHECK_RESULT mrt_status_t mrt_executor_step(mrt_executor_t *executor, uint32_t max_steps, bool *done);

/**
 * @brief Abandons an inference under way; the next step or run starts a new one.
 * @param executor An initialised executor.
 * @return MRT_OK, MRT_ERR_ARGUMENT, MRT_ERR_STATE.
 */
MRT_CHECK_RESULT mrt_status_t mrt_executor_reset(mrt_executor_t *executor);

MRT_END_C

#endif
