/**
 * @file blob.h
 * @brief Models as binary blobs that lie in flash and are loaded in place at run time.
 *
 * A model is two blobs: the graph (the tables of graph.h) and its params (the constant tensors). runtime/SPEC.md gives
 * every byte. Loading checks everything once and copies neither tables nor params: the executor then works on the
 * blobs where they lie. Params can be replaced alone, for retrained weights in the same graph.
 *
 * ```c
 * static const mrt_kernel_t offered[] = {        // what this firmware can run; mrt_kernels for everything
 * #define MRT_KERNEL(id, name, attrs_type, rows) MRT_KERNEL_ROW(id, name, attrs_type, rows),
 * #include "my_kernels.def"                      // some rows of micrort/kernels/kernels.def
 * #undef MRT_KERNEL
 * };
 * static mrt_kernel_run_t runs[MRT_BLOB_KERNELS];
 * static const mrt_kernel_t *rows[MRT_BLOB_KERNELS];
 * static uint32_t arena[MRT_BLOB_ARENA_BYTES / 4]; // free while a model is loaded
 * mrt_loader_t loader = {.kernels = offered, .kernel_count = 7, .runs = runs, .rows = rows,
 *                        .kernel_room = MRT_BLOB_KERNELS, .words = arena, .word_room = MRT_BLOB_ARENA_BYTES / 4};
 * mrt_graph_t graph;
 * const mrt_blob_t model = {flash, flash_bytes}; // graph and params one after another, as a .mrt file has them
 * mrt_status_t status = mrt_graph_load(&loader, &model, NULL, &graph);
 * if (status == MRT_OK) { status = mrt_executor_init(&executor, &graph, memory, 1); }
 * ```
 */
#ifndef MRT_BLOB_H
#define MRT_BLOB_H

#include "micrort/graph.h"

/** Version of the blobs' format. */
#define MRT_BLOB_VERSION 1
/** What divides a blob's address, in bytes. */
#define MRT_BLOB_ALIGNMENT 16u
/** Missing kernels that a loader remembers by id; more are only counted. */
#define MRT_LOADER_MISSING_MAX 16

/** Bytes of a blob. */
typedef struct mrt_blob {
    const void *data; /**< Aligned to MRT_BLOB_ALIGNMENT. Must stay as it is while the loaded graph is used. */
    uint32_t size;    /**< Bytes that may be read; a blob may be shorter. */
} mrt_blob_t;

/** What loading needs and what it has to tell. The caller sets the first group. */
typedef struct mrt_loader {
    const mrt_kernel_t *kernels; /**< The kernels that this firmware offers, in any order; empty rows are skipped. */
    uint32_t kernel_count;       /**< Rows of kernels. */
    mrt_kernel_run_t *runs;      /**< Room for kernel_room functions; must live as long as the loaded graph. */
    const mrt_kernel_t **rows;   /**< Room for kernel_room pointers; used during the call, and, where mrt_executor_init
                                      proves graphs (MRT_INIT_PROVES_GRAPH), by it. Neither is null. */
    uint32_t kernel_room;        /**< At least the number of different kernels in the graph. */
    uint32_t *words;             /**< Room for word_room words; used during the call (an arena will do); not null. */
    uint32_t word_room;          /**< At least one word for each four bytes of the graph's arenas. */

    uint32_t kernels_needed; /**< Set once the blob's bytes are found sound: what kernel_room must be at least. */
    uint32_t words_needed;   /**< Likewise for word_room, once the tables are found sound, too. */
    uint32_t missing_count;  /**< With MRT_ERR_KERNEL: kernels of the graph that are not offered. */
    uint16_t missing[MRT_LOADER_MISSING_MAX]; /**< The ids of the first of them. */
    uint32_t node; /**< The node that was refused, where one was (MRT_ERR_ATTRIBUTE, MRT_ERR_PLAN, MRT_ERR_GRAPH);
                        else 0xFFFFFFFF. */
} mrt_loader_t;

MRT_BEGIN_C

/**
 * @brief Checks a model's blobs and makes a graph of them, in place.
 *
 * Everything is checked here: checksums, bounds, counts, kernels and their attributes (mrt_graph_check,
 * mrt_graph_check_kernels) and the plan (mrt_graph_check_plan). What the graph asks of memory is in graph->pools
 * afterwards, and mrt_executor_init holds it against the arenas.
 *
 * A checksum shows damage, not malice; what it protects is refused or safe to run whatever the bytes are, but
 * authenticity is the business of the firmware's update.
 *
 * @param loader Kernels and room.
 * @param model The graph blob, behind it the params blob where `params` is null.
 * @param params The params blob where it lies elsewhere; else null.
 * @param[out] graph Set on success only. Points into the blobs and to loader->runs.
 * @return MRT_OK, MRT_ERR_ARGUMENT (null), MRT_ERR_ALIGNMENT (an address), MRT_ERR_FORMAT (no blob, another version,
 *         cut off, or a section out of bounds), MRT_ERR_CHECKSUM, MRT_ERR_MEMORY (kernel_room or word_room),
 *         MRT_ERR_KERNEL (see loader->missing), MRT_ERR_GRAPH (also params of another graph), MRT_ERR_LIMIT (more
 *         pools than MRT_POOLS_MAX), MRT_ERR_ATTRIBUTE, MRT_ERR_PLAN.
 * Safe from any thread, given a loader of its own. Bounded: linear in the bytes but for the plan.
 */
MRT_CHECK_RESULT mrt_status_t mrt_graph_load(mrt_loader_t *loader, const mrt_blob_t *model, const mrt_blob_t *params,
                                             mrt_graph_t *graph);

MRT_END_C

#endif
