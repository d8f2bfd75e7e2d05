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
 * 1: mrt_executor_init proves the graph itself, each time: tables (mrt_graph_check), kernels (mrt_graph_check_kernels)
 * and plan (mrt_graph_check_plan, with the arenas as its memory), beside comparing the seal.
 * 0: it compares the seal alone. The tools proved the graph by the very same functions when they made it, as
 * mrt_graph_load does for a blob, and flash does not change from one start to the next but by damage, which the seal
 * shows. The proof goes through every row that an inference reads and writes. On a Cortex-M4, vww_96_int8: init takes
 * 3,321 instructions with 0 and 5,286,324 with 1 (an inference 6,473,815), code 16,616 and 25,188 bytes, the stack of
 * init at most 120 and 516 bytes (MRT_<MODEL>_INIT_STACK_BYTES has either).
 *
 * The host library has 1, a product 0 unless it asks for 1: `scons lib prove=1`, or the macro for library and model.
 * A library that proves refuses a model that was compiled without the rows of its kernels (MRT_ERR_KERNEL).
 */
#if !defined(MRT_INIT_PROVES_GRAPH)
#define MRT_INIT_PROVES_GRAPH 0
#endif

#if (MRT_INIT_PROVES_GRAPH != 0) && (MRT_INIT_PROVES_GRAPH != 1)
#error "MRT_INIT_PROVES_GRAPH must be 0 or 1"
#endif

/** Most dimensions of a tensor that crosses the public interface. The graph format fixes it. */
#define MRT_RANK_MAX 6

#endif
