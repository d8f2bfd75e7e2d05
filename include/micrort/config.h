/**
 * @file config.h
 * @brief Compile-time limits. Define MRT_CONFIG_FILE to a header of your own to replace the defaults below.
 *
 * Every limit is checked at compile time; a value out of range stops the build with the name of the limit.
 */
#ifndef MRT_CONFIG_H
#define MRT_CONFIG_H

#if defined(MRT_CONFIG_FILE)
#include MRT_CONFIG_FILE
#endif

/** Most memory pools (RAM regions) that one graph may use; 1..16. Each costs one pointer in an executor. */
#if !defined(MRT_POOLS_MAX)
#define MRT_POOLS_MAX 4
#endif

#if (MRT_POOLS_MAX < 1) || (MRT_POOLS_MAX > 16)
#error "MRT_POOLS_MAX must lie in 1..16"
#endif

/**
 * 1: mrt_executor_init goes through all tables of a graph (mrt_graph_check), beside comparing its seal; 0: the seal
 * alone, which is smaller and faster.
 */
#if !defined(MRT_INIT_CHECKS_GRAPH)
#define MRT_INIT_CHECKS_GRAPH 0
#endif

#if (MRT_INIT_CHECKS_GRAPH != 0) && (MRT_INIT_CHECKS_GRAPH != 1)
#error "MRT_INIT_CHECKS_GRAPH must be 0 or 1"
#endif

/** Most dimensions of a tensor that crosses the public interface. The graph format fixes it. */
#define MRT_RANK_MAX 6

#endif
