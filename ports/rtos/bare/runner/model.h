/**
 * @file model.h
 * @brief The model that a runner is linked with. model_graph.c or model_aot.c implements it for the model named by
 *        MODEL, whose header is MODEL_HEADER.
 */
#ifndef MRT_PORTS_BARE_RUNNER_MODEL_H
#define MRT_PORTS_BARE_RUNNER_MODEL_H

#include "micrort/executor.h"

/** The model's tables; null where it is made of direct calls, which cannot be stepped through. */
extern const mrt_graph_t *const mrt_runner_graph;

/** Prepares the model, in its static arenas. */
MRT_CHECK_RESULT mrt_status_t mrt_runner_init(void);

/** Where input `index` is to be written; MRT_ERR_ARGUMENT behind the last. */
MRT_CHECK_RESULT mrt_status_t mrt_runner_input(uint32_t index, mrt_buffer_t *buffer);

/** Where output `index` is to be read; MRT_ERR_ARGUMENT behind the last. */
MRT_CHECK_RESULT mrt_status_t mrt_runner_output(uint32_t index, mrt_buffer_t *buffer);

/** Says who hands over the rows of streamed inputs and outputs; without effect without tables. */
MRT_CHECK_RESULT mrt_status_t mrt_runner_set_stream(const mrt_stream_t *stream);

/** Runs one inference. */
MRT_CHECK_RESULT mrt_status_t mrt_runner_run(void);

/** The same, and how many bytes of stack it took below its caller. */
MRT_CHECK_RESULT mrt_status_t mrt_runner_run_painted(uint32_t *stack);

/** Runs one step; `done` at the end of an inference. MRT_ERR_STATE without tables. */
MRT_CHECK_RESULT mrt_status_t mrt_runner_step(bool *done);

/** The arenas by memory pool; null without tables. */
void *const *mrt_runner_pools(void);

#endif
