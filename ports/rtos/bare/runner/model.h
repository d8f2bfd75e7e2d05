/**
 * @file model.h
 * @brief The model that a runner is linked with; one small C file made at build time defines both objects.
 */
#ifndef MRT_PORTS_BARE_RUNNER_MODEL_H
#define MRT_PORTS_BARE_RUNNER_MODEL_H

#include "micrort/executor.h"

/** The model's graph. */
extern const mrt_graph_t *const mrt_runner_graph;

/** Its arenas: mrt_runner_graph->pool_count regions. */
extern const mrt_memory_t mrt_runner_memory[MRT_POOLS_MAX];

#endif
