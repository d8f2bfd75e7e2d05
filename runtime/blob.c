/*
 * Blobs to graphs, in place. The order of the checks is the order of trust: the envelope and its checksum, the bounds
 * of the sections, the kernels, then what graph_check.c and graph_plan.c prove of the tables. runtime/SPEC.md is the
 * description of the bytes.
 */
#include "micrort/blob.h"
#include "micrort/kernel.h"
#include "runtime/address.h"
#include "runtime/crc32.h"
#include <stdbool.h>
#include <stddef.h>

#if !defined(__BYTE_ORDER__) || (__BYTE_ORDER__ != __ORDER_LITTLE_ENDIAN__)
#error "blobs are little-endian and used in place: this processor is not, or the compiler does not say"
#endif

#define GRAPH_MAGIC 0x4754524Du  /* "MRTG" */
#define PARAMS_MAGIC 0x5054524Du /* "MRTP" */
#define HEADER_BYTES 32u
#define ENVELOPE_BYTES 16u /* of the header: magic, version, size, checksum; the checksum covers all behind them */
#define VERSION_WORD (((uint32_t)MRT_BLOB_VERSION) | ((uint32_t)HEADER_BYTES << 16u))

/* Words of the header: the first four of any blob, the others of a graph or of params. */
#define WORD_MAGIC 0u
#define WORD_VERSION 1u
#define WORD_SIZE 2u
#define WORD_CHECKSUM 3u
#define WORD_PARAMS_BYTES 4u
#define WORD_SECTION_COUNT 5u /* of a graph */
#define WORD_GRAPH 5u         /* of params: the checksum of the graph that they belong to */
#define WORD_TABLES 6u        /* of a graph; of params 0 */
#define WORD_RESERVED 7u

/* Sections, in the order of the section table: X(name, element bytes, most elements). */
#define SECTION_MAP(X) /* MISRA D4 */ \
    X(TENSORS, sizeof(mrt_tensor_t), UINT16_MAX) \
    X(NODES, sizeof(mrt_node_t), UINT16_MAX) \
    X(STEPS, sizeof(mrt_step_t), UINT16_MAX) \
    X(ARGS, sizeof(uint16_t), UINT16_MAX) \
    X(ATTRS, sizeof(int32_t), UINT16_MAX) \
    X(INPUTS, sizeof(mrt_tensor_info_t), UINT8_MAX) \
    X(OUTPUTS, sizeof(mrt_tensor_info_t), UINT8_MAX) \
    X(POOLS, sizeof(mrt_pool_t), UINT8_MAX) \
    X(KERNELS, sizeof(needed_kernel_t), UINT16_MAX) \
    X(ROWS, sizeof(uint16_t), UINT16_MAX) \
    X(TEXT, sizeof(uint8_t), UINT32_MAX)

/* A kernel that a graph needs. */
typedef struct needed_kernel {
    uint16_t id;
    uint16_t attrs_bytes;
} needed_kernel_t;

/* A row of the section table. */
typedef struct section {
    uint16_t id; /* one more than the place in the table */
    uint16_t element_bytes;
    uint32_t offset; /* from the start of the blob */
    uint32_t count;
} section_t;

enum {
#define SECTION_ENUM(name, bytes, most) SECTION_##name, /* MISRA D4 */
    SECTION_MAP(SECTION_ENUM)
#undef SECTION_ENUM /* MISRA D4 */
    SECTION_COUNT
};

/* The bytes of SPEC.md for MRT_GRAPH_VERSION 2: a compiler that lays structs out in another way cannot use blobs in place. */
_Static_assert(sizeof(mrt_tensor_t) == 12u, "mrt_tensor_t");
_Static_assert(sizeof(mrt_node_t) == 12u, "mrt_node_t");
_Static_assert(sizeof(mrt_step_t) == 8u, "mrt_step_t");
_Static_assert(sizeof(mrt_tensor_info_t) == 36u, "mrt_tensor_info_t");
_Static_assert(sizeof(mrt_pool_t) == 8u, "mrt_pool_t");
_Static_assert(sizeof(needed_kernel_t) == 4u, "needed_kernel_t");
_Static_assert(sizeof(section_t) == 12u, "section_t");

static const uint32_t *words_of(const void *blob)
{
    return (const uint32_t *)blob; /* MISRA D1 */
}

/* Whether a blob is whole and as it was written. On success its size is known to be right. */
static mrt_status_t check_envelope(const mrt_blob_t *blob, uint32_t magic)
{
    if (blob->data == NULL) {
        return MRT_ERR_ARGUMENT;
    }
    if (!mrt_is_aligned(blob->data, MRT_BLOB_ALIGNMENT)) {
        return MRT_ERR_ALIGNMENT;
    }
    if (blob->size < HEADER_BYTES) {
        return MRT_ERR_FORMAT;
    }
    const uint32_t *header = words_of(blob->data);
    const uint32_t size = header[WORD_SIZE];
    if ((header[WORD_MAGIC] != magic) || (header[WORD_VERSION] != VERSION_WORD) || (size < HEADER_BYTES)
        || (size > blob->size) || ((size % MRT_BLOB_ALIGNMENT) != 0u)) {
        return MRT_ERR_FORMAT;
    }
    const uint8_t *covered = mrt_address(blob->data, ENVELOPE_BYTES); /* MISRA D1 */
    const uint32_t checksum = mrt_crc32(covered, size - ENVELOPE_BYTES);
    return (checksum == header[WORD_CHECKSUM]) ? MRT_OK : MRT_ERR_CHECKSUM;
}

/* The section table of a graph blob, which must fit behind the header. */
static const section_t *sections_of(const mrt_blob_t *blob)
{
    return (const section_t *)mrt_address(blob->data, HEADER_BYTES); /* MISRA D1 */
}

static bool section_is_sound(const section_t *section, uint32_t place, uint32_t size)
{
    static const struct {
        uint32_t element_bytes;
        uint32_t most;
    } expected[SECTION_COUNT] = {
#define SECTION_ROW(name, bytes, most) {(uint32_t)(bytes), (most)},
        SECTION_MAP(SECTION_ROW)
#undef SECTION_ROW /* MISRA D4 */
    };
    const uint64_t end = ((uint64_t)section->count * section->element_bytes) + section->offset;
    return (section->id == (place + 1u)) && (section->element_bytes == expected[place].element_bytes)
           && (section->count <= expected[place].most) && ((section->offset % 4u) == 0u) && (end <= size);
}

static mrt_status_t check_sections(const mrt_blob_t *blob)
{
    const uint32_t *header = words_of(blob->data);
    const uint32_t size = header[WORD_SIZE];
    if ((header[WORD_SECTION_COUNT] != (uint32_t)SECTION_COUNT) || (header[WORD_TABLES] != (uint32_t)MRT_GRAPH_VERSION)
        || (header[WORD_RESERVED] != 0u)
        || (size < (HEADER_BYTES + ((uint32_t)SECTION_COUNT * (uint32_t)sizeof(section_t))))) {
        return MRT_ERR_FORMAT;
    }
    const section_t *sections = sections_of(blob);
    for (uint32_t place = 0u; place < (uint32_t)SECTION_COUNT; ++place) {
        if (!section_is_sound(&sections[place], place, size)) {
            return MRT_ERR_FORMAT;
        }
    }
    return MRT_OK;
}

static const void *table_of(const mrt_blob_t *blob, uint32_t place)
{
    return mrt_address(blob->data, sections_of(blob)[place].offset);
}

/* Whether params are sound and made for a graph. */
static mrt_status_t check_params(const mrt_blob_t *params, const mrt_blob_t *model)
{
    const mrt_status_t status = check_envelope(params, PARAMS_MAGIC);
    if (status != MRT_OK) {
        return status;
    }
    const uint32_t *header = words_of(params->data);
    const uint32_t *graph_header = words_of(model->data);
    if ((header[WORD_TABLES] != 0u) || (header[WORD_RESERVED] != 0u)
        || (header[WORD_PARAMS_BYTES] > (header[WORD_SIZE] - HEADER_BYTES))) {
        return MRT_ERR_FORMAT;
    }
    const bool belongs = (header[WORD_GRAPH] == graph_header[WORD_CHECKSUM])
                         && (header[WORD_PARAMS_BYTES] == graph_header[WORD_PARAMS_BYTES]);
    return belongs ? MRT_OK : MRT_ERR_GRAPH;
}

/*
 * The place among the offered kernels of an id whose attributes have the layout that the graph was made for;
 * kernel_count if there is none.
 */
static uint32_t find_kernel(const mrt_loader_t *loader, const needed_kernel_t *needed)
{
    /* Operators of other compilers are had by adapters, which no blob can bring. */
    const uint32_t offered = (needed->id == MRT_FOREIGN_ID) ? 0u : loader->kernel_count;
    uint32_t found = loader->kernel_count;
    for (uint32_t index = 0u; (index < offered) && (found == loader->kernel_count); ++index) {
        const mrt_kernel_t *kernel = &loader->kernels[index];
        if ((kernel->run != NULL) && (kernel->id == needed->id) && (kernel->attrs_bytes == needed->attrs_bytes)) {
            found = index;
        }
    }
    return found;
}

/* Lists the kernels that are not offered. */
static mrt_status_t check_kernels(mrt_loader_t *loader, const mrt_blob_t *model)
{
    const needed_kernel_t *needed = (const needed_kernel_t *)table_of(model, SECTION_KERNELS); /* MISRA D1 */
    loader->kernels_needed = sections_of(model)[SECTION_KERNELS].count;
    for (uint32_t index = 0u; index < loader->kernels_needed; ++index) {
        if (find_kernel(loader, &needed[index]) == loader->kernel_count) {
            if (loader->missing_count < (uint32_t)MRT_LOADER_MISSING_MAX) {
                loader->missing[loader->missing_count] = needed[index].id;
            }
            ++loader->missing_count;
        }
    }
    return (loader->missing_count == 0u) ? MRT_OK : MRT_ERR_KERNEL;
}

/* Puts the kernels, all of which are offered, into the caller's tables. */
static void resolve_kernels(const mrt_loader_t *loader, const mrt_blob_t *model)
{
    const needed_kernel_t *needed = (const needed_kernel_t *)table_of(model, SECTION_KERNELS); /* MISRA D1 */
    for (uint32_t index = 0u; index < loader->kernels_needed; ++index) {
        const mrt_kernel_t *kernel = &loader->kernels[find_kernel(loader, &needed[index])];
        loader->rows[index] = kernel;
        loader->runs[index] = kernel->run;
    }
}

/* Whether there is room for a graph's kernels. */
static mrt_status_t check_room(const mrt_loader_t *loader)
{
    const bool kernels_fit =
        (loader->kernels_needed <= loader->kernel_room) && (loader->runs != NULL) && (loader->rows != NULL);
    return kernels_fit ? MRT_OK : MRT_ERR_MEMORY;
}

static mrt_graph_t graph_of(const mrt_loader_t *loader, const mrt_blob_t *model, const mrt_blob_t *params)
{
    const section_t *sections = sections_of(model);
    const mrt_graph_t graph = {
        .tensors = (const mrt_tensor_t *)table_of(model, SECTION_TENSORS), /* MISRA D1 */
        .nodes = (const mrt_node_t *)table_of(model, SECTION_NODES), /* MISRA D1 */
        .steps = (const mrt_step_t *)table_of(model, SECTION_STEPS), /* MISRA D1 */
        .args = (const uint16_t *)table_of(model, SECTION_ARGS), /* MISRA D1 */
        .attrs = (const int32_t *)table_of(model, SECTION_ATTRS), /* MISRA D1 */
        .inputs = (const mrt_tensor_info_t *)table_of(model, SECTION_INPUTS), /* MISRA D1 */
        .outputs = (const mrt_tensor_info_t *)table_of(model, SECTION_OUTPUTS), /* MISRA D1 */
        .pools = (const mrt_pool_t *)table_of(model, SECTION_POOLS), /* MISRA D1 */
        .row_table = (const uint16_t *)table_of(model, SECTION_ROWS), /* MISRA D1 */
        .kernels = loader->runs,
        .kernel_rows = loader->rows,
        .params = mrt_address(params->data, HEADER_BYTES),
        .params_size = words_of(params->data)[WORD_PARAMS_BYTES],
        .tensor_count = (uint16_t)sections[SECTION_TENSORS].count,
        .node_count = (uint16_t)sections[SECTION_NODES].count,
        .step_count = (uint16_t)sections[SECTION_STEPS].count,
        .row_count = (uint16_t)sections[SECTION_ROWS].count,
        .seal = 0u,
        .arg_count = (uint16_t)sections[SECTION_ARGS].count,
        .attr_count = (uint16_t)sections[SECTION_ATTRS].count,
        .kernel_count = (uint16_t)sections[SECTION_KERNELS].count,
        .input_count = (uint8_t)sections[SECTION_INPUTS].count,
        .output_count = (uint8_t)sections[SECTION_OUTPUTS].count,
        .pool_count = (uint8_t)sections[SECTION_POOLS].count,
        .reserved = 0u,
    };
    return graph;
}

/* Everything that can be said of the tables. The room for the proof of the plan is known once the pools are. */
static mrt_status_t check_graph(mrt_loader_t *loader, const mrt_graph_t *graph)
{
    mrt_status_t status = mrt_graph_check(graph);
    if (status == MRT_OK) {
        loader->words_needed = mrt_graph_plan_words(graph);
        status = ((loader->words_needed <= loader->word_room) && (loader->words != NULL)) ? MRT_OK : MRT_ERR_MEMORY;
    }
    if (status == MRT_OK) {
        status = mrt_graph_check_kernels(graph, loader->rows, &loader->node);
    }
    if (status == MRT_OK) {
        status = mrt_graph_check_plan(graph, loader->rows, loader->words, loader->word_room, &loader->node);
    }
    return status;
}

/* The blobs by themselves, before any table is looked into. */
static mrt_status_t check_blobs(const mrt_blob_t *model, const mrt_blob_t *params, mrt_blob_t *found_params)
{
    mrt_status_t status = check_envelope(model, GRAPH_MAGIC);
    if (status == MRT_OK) {
        status = check_sections(model);
    }
    if (status != MRT_OK) {
        return status;
    }
    if (params != NULL) {
        *found_params = *params;
    } else {
        const uint32_t graph_bytes = words_of(model->data)[WORD_SIZE];
        found_params->data = mrt_address(model->data, graph_bytes);
        found_params->size = model->size - graph_bytes;
    }
    return check_params(found_params, model);
}

mrt_status_t mrt_graph_load(mrt_loader_t *loader, const mrt_blob_t *model, const mrt_blob_t *params, mrt_graph_t *graph)
{
    if ((loader == NULL) || (model == NULL) || (graph == NULL)
        || ((loader->kernels == NULL) && (loader->kernel_count != 0u))) {
        return MRT_ERR_ARGUMENT;
    }
    loader->kernels_needed = 0u;
    loader->words_needed = 0u;
    loader->missing_count = 0u;
    loader->node = UINT32_MAX;
    mrt_blob_t found_params = {NULL, 0u};
    mrt_status_t status = check_blobs(model, params, &found_params);
    if (status == MRT_OK) {
        status = check_kernels(loader, model);
    }
    if (status == MRT_OK) {
        status = check_room(loader);
    }
    if (status != MRT_OK) {
        return status;
    }
    resolve_kernels(loader, model);
    const mrt_graph_t found = graph_of(loader, model, &found_params);
    status = check_graph(loader, &found);
    if (status == MRT_OK) {
        *graph = found;
        graph->seal = mrt_graph_seal(graph);
    }
    return status;
}
