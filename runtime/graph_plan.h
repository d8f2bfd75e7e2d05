/*
 * The proof of a plan with the words of each pool in a place of their own.
 */
#ifndef MRT_RUNTIME_GRAPH_PLAN_H
#define MRT_RUNTIME_GRAPH_PLAN_H

#include "micrort/graph.h"

/*
 * As mrt_graph_check_plan, whose arguments were checked. `memory` is one word-aligned region for each pool, of as many
 * bytes as the pool: the arenas themselves, before anything lies in them. They are written all over.
 */
mrt_status_t mrt_graph_prove_plan(const mrt_graph_t *graph, const mrt_kernel_t *const *kernels, void *const *memory);

#endif
