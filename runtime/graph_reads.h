/**
 * @file graph_reads.h
 * @brief Where tensors lie with respect to one another, and what a reader finds there.
 */
#ifndef MRT_RUNTIME_GRAPH_READS_H
#define MRT_RUNTIME_GRAPH_READS_H

#include "micrort/graph.h"
#include <stdbool.h>

/** Who reads at the end of the inference: no node. */
#define MRT_READER_CALLER 0xFFFFFFFFu
/** No tensor. */
#define MRT_TENSOR_NONE 0xFFFFFFFFu

/** Whether two tensors are the very same bytes, as a view and what it views. */
static inline bool mrt_same_place(const mrt_tensor_t *a, const mrt_tensor_t *b)
{
    return (a->pool == b->pool) && (a->offset == b->offset) && (mrt_tensor_bytes(a) == mrt_tensor_bytes(b));
}

/** Whether two tensors, whose ends do not leave 32 bits, share bytes. */
static inline bool mrt_overlap(const mrt_tensor_t *a, const mrt_tensor_t *b)
{
    return (a->pool == b->pool) && (a->offset < (b->offset + mrt_tensor_bytes(b)))
           && (b->offset < (a->offset + mrt_tensor_bytes(a)));
}

/**
 * @brief What a reader of `tensor` finds at its place: goes back through the steps to the one that made its row 0, and
 *        sees that none between them wrote over it.
 *
 * The reader's own earlier steps may have: it works in place. Rows must have been made in order and without gaps; the
 * caller must find all of them.
 *
 * @param graph A graph whose inputs, nodes and outputs of nodes are proved, as far as the steps before `step` and the
 *              model's inputs name them.
 * @param tensor A tensor in a pool. It need not lie within it if it is neither an input nor written by those steps.
 * @param step The step that reads; step_count for the end of the inference.
 * @param reader The step's node, or MRT_READER_CALLER.
 * @param known The nodes of the steps before `step` are nodes 0..known-1.
 * @return The tensor that was written: `tensor`, or the one at the very same place that it is a view of, where nobody
 *         writes it itself. MRT_TENSOR_NONE: nobody made it, or it was written over.
 */
uint32_t mrt_graph_origin(const mrt_graph_t *graph, uint32_t tensor, uint32_t step, uint32_t reader, uint32_t known);

#endif
