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

#include "micrort/cursor.h"
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

/**
 * Hands over row `row` of a streamed input or output: `size` bytes at `data`, inside an arena. Returns MRT_OK, or any
 * error, which abandons the inference and is what the executor's function returns.
 */
typedef mrt_status_t (*mrt_row_callback_t)(void *context, uint32_t index, uint32_t row, void *data, uint32_t size);

/** Who hands over the rows of streamed inputs and outputs while an inference runs. */
typedef struct mrt_stream {
    mrt_row_callback_t source; /**< Writes a row of input `index`; null: rows are pushed (mrt_executor_push_row). */
    mrt_row_callback_t sink;   /**< Reads a row of output `index`; null: they are popped (mrt_executor_pop_row). */
    void *context;             /**< First argument of both. */
} mrt_stream_t;

/** What an inference waits for. */
typedef enum mrt_waiting {
    MRT_WAITING_NONE = 0,   /**< Nothing: further steps can run, or it is complete. */
    MRT_WAITING_INPUT = 1,  /**< A row of a streamed input. */
    MRT_WAITING_OUTPUT = 2, /**< That a row of a streamed output is taken. */
} mrt_waiting_t;

/** A row that is to be handed over next. */
typedef struct mrt_row {
    mrt_waiting_t waiting; /**< Whether one is, and which way it goes. */
    uint32_t index;        /**< Index of the input or output. */
    uint32_t row;          /**< Row, from 0. */
    uint32_t size;         /**< Bytes of the row. */
} mrt_row_t;

struct mrt_executor;

/** How an executor with a stream hands over a row, and says whether it was. */
typedef mrt_status_t (*mrt_hand_over_t)(const struct mrt_executor *executor, const mrt_step_t *step, uint32_t row,
                                        bool *done);

/** An executor. Allocated by the caller; its members are private. */
typedef struct mrt_executor {
    const mrt_graph_t *graph;   /**< Null before a successful init. */
    const mrt_stream_t *stream; /**< Null: rows are pushed and popped. */
    mrt_hand_over_t hand_over;  /**< Null without a stream. */
    void *pools[MRT_POOLS_MAX]; /**< Arena of each pool. */
    mrt_cursor_t cursor;        /**< Where the inference is. */
} mrt_executor_t;

MRT_BEGIN_C

/**
 * @brief Binds an executor to a graph and to memory.
 * @param[out] executor Need not be initialised before; may be initialised again at any time between calls.
 *
 * What is proved where: the tools prove a graph's tables, kernels and plan (graph.h) when they make it, and seal it;
 * mrt_graph_load does both on the device for a blob. Here the seal is compared, so that tables that are damaged or
 * were changed are refused. With MRT_INIT_PROVES_GRAPH (config.h) tables, kernels and plan are proved here, too;
 * that writes all over the memory, in which nothing can lie yet.
 *
 * @param graph Must outlive the executor. Sealed: made by the tools, or by mrt_graph_load, or see mrt_graph_seal.
 * @param memory One region for each pool of the graph, in order; they must outlive the executor, and nobody
 *               else may write to them from the setting of inputs until the reading of outputs.
 * @param memory_count Number of regions; at least graph->pool_count.
 * @return MRT_OK, MRT_ERR_ARGUMENT, MRT_ERR_CHECKSUM (the seal is another), MRT_ERR_LIMIT (more pools than
 *         MRT_POOLS_MAX), MRT_ERR_MEMORY, MRT_ERR_ALIGNMENT. With MRT_INIT_PROVES_GRAPH also what mrt_graph_check,
 *         mrt_graph_check_kernels and mrt_graph_check_plan say, and MRT_ERR_KERNEL where the graph has not the rows of
 *         its kernels. On error the executor is unusable and every other function returns MRT_ERR_STATE.
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
 * @return MRT_OK, MRT_ERR_ARGUMENT (also for a streamed input, which has no place as a whole), MRT_ERR_STATE (not
 *         initialised).
 */
MRT_CHECK_RESULT mrt_status_t mrt_executor_input(const mrt_executor_t *executor, uint32_t index, mrt_buffer_t *buffer);

/**
 * @brief Where to read an output.
 * @param executor An initialised executor. The bytes are the model's output once an inference is complete, and
 *                 stay so until an input is written or a step is run.
 * @param index 0..output_count-1.
 * @param[out] buffer Data pointer and size in bytes.
 * @return MRT_OK, MRT_ERR_ARGUMENT (also for a streamed output), MRT_ERR_STATE (not initialised).
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
 * @param executor An initialised executor whose inputs are written; streamed ones have a source, and streamed outputs
 *                 a sink.
 * @return MRT_OK, MRT_ERR_ARGUMENT, MRT_ERR_STATE (also where a row has no source or sink), or the failing kernel's or
 *         callback's status. Any error abandons the inference.
 */
MRT_CHECK_RESULT mrt_status_t mrt_executor_run(mrt_executor_t *executor);

/**
 * @brief Runs at most `max_steps` further steps of an inference: for main loops without an RTOS.
 *
 * The first call after a completed inference (or after init or reset) starts a new one. Steps of a streamed schedule
 * are a few rows of one operator. Where a row of a streamed input or output is due that has no source or sink, the call
 * returns with fewer steps done; mrt_executor_waiting tells.
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

/**
 * @brief Says who hands over the rows of streamed inputs and outputs in `run` and `step`.
 * @param executor An initialised executor, between inferences.
 * @param stream Must outlive its use; null: rows are pushed and popped.
 * @return MRT_OK, MRT_ERR_ARGUMENT, MRT_ERR_STATE.
 */
MRT_CHECK_RESULT mrt_status_t mrt_executor_set_stream(mrt_executor_t *executor, const mrt_stream_t *stream);

/**
 * @brief The row that is to be pushed or popped before further steps can run.
 * @param executor An initialised executor.
 * @param[out] row Set in any case.
 * @return MRT_OK, MRT_ERR_ARGUMENT, MRT_ERR_STATE.
 */
MRT_CHECK_RESULT mrt_status_t mrt_executor_waiting(const mrt_executor_t *executor, mrt_row_t *row);

/**
 * @brief Hands in the next row of a streamed input (a camera's line, an audio frame), and runs what became possible.
 *
 * Rows come in order. The first row after init, reset, or an error begins an inference; the inference is complete when
 * mrt_executor_get_output succeeds, and a further one begins with mrt_executor_reset.
 *
 * @param executor An initialised executor; inputs that are not streamed are written.
 * @param index 0..input_count-1, of the input that the inference waits for.
 * @param data `size` bytes, copied.
 * @param size Exactly the bytes of a row: graph->tensors[graph->inputs[index].tensor].row_bytes.
 * @param[out] steps Steps that were run, each a few rows of an operator; may be null.
 * @return MRT_OK, MRT_ERR_ARGUMENT (no streamed input, or a wrong size: nothing has happened), MRT_ERR_STATE (no row
 *         of this input is due: all are handed in, or another row is first, see mrt_executor_waiting), or the failing
 *         kernel's or callback's status, which abandons the inference.
 */
MRT_CHECK_RESULT mrt_status_t mrt_executor_push_row(mrt_executor_t *executor, uint32_t index, const void *data,
                                                    uint32_t size, uint32_t *steps);

/**
 * @brief Takes the next row of a streamed output, and runs what became possible.
 * @param executor An initialised executor.
 * @param index 0..output_count-1, of an output of which a row is due.
 * @param[out] data Room for `size` bytes.
 * @param size Exactly the bytes of a row.
 * @param[out] steps Steps that were run; may be null.
 * @return As mrt_executor_push_row.
 */
MRT_CHECK_RESULT mrt_status_t mrt_executor_pop_row(mrt_executor_t *executor, uint32_t index, void *data,
                                                   uint32_t size, uint32_t *steps);

MRT_END_C

#endif
