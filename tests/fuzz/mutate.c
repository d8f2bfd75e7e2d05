/*
 * Mutants of models that get past the checksums: sizes and bounds are respected more often than not, single numbers of
 * the tables move a little or to extremes, rows of a table are copied over one another, and the checksums are made
 * right again, mostly.
 */
#include "runtime/crc32.h"
#include "tests/fuzz/model.h"
#include <string.h>

size_t LLVMFuzzerMutate(uint8_t *data, size_t size, size_t room);

enum { HEADER = 32, SECTIONS = 11, ROW = 12 };

static uint32_t get(const uint8_t *data, size_t place)
{
    uint32_t value = 0u;
    memcpy(&value, &data[place], sizeof value);
    return value;
}

static void put(uint8_t *data, size_t place, uint32_t value)
{
    memcpy(&data[place], &value, sizeof value);
}

static uint32_t random_below(unsigned *state, uint32_t limit)
{
    *state ^= *state << 13;
    *state ^= *state >> 17;
    *state ^= *state << 5;
    return (limit == 0u) ? 0u : (*state % limit);
}

/* One, two or four bytes become a random, a small or an extreme number, move a little, or lose or gain a bit. */
static void change_number(uint8_t *bytes, size_t size, unsigned *state)
{
    static const uint32_t extremes[] = {0u,     1u,     2u,     127u,        128u,        255u,        256u,
                                        32767u, 32768u, 65535u, 0x7FFFFFFFu, 0x80000000u, 0xFFFFFFFFu, 0x7F800000u};
    size_t width = (size_t)1u << random_below(state, 3u);
    width = (width > size) ? 1u : width;
    const size_t place = random_below(state, (uint32_t)(size / width)) * width;
    uint32_t value = 0u;
    memcpy(&value, &bytes[place], width);
    switch (random_below(state, 5u)) {
    case 0u: value = *state; break;
    case 1u: value = random_below(state, 24u); break;
    case 2u: value = extremes[random_below(state, sizeof extremes / sizeof extremes[0])]; break;
    case 3u: value += random_below(state, 17u) - 8u; break;
    default: value ^= 1u << random_below(state, 8u * (uint32_t)width); break;
    }
    memcpy(&bytes[place], &value, width);
}

/* A number in one of the sections, a whole element copied over another, or the section's row in the table. */
static void change_section(uint8_t *data, size_t graph, unsigned *state)
{
    const size_t row = HEADER + ((size_t)random_below(state, SECTIONS) * ROW);
    const uint32_t element = get(data, row) >> 16u;
    const uint32_t offset = get(data, row + 4u);
    const uint32_t count = get(data, row + 8u);
    const uint32_t choice = random_below(state, 16u);
    if ((choice == 0u) || (count == 0u) || (element == 0u) || (((uint64_t)element * count) + offset > graph)) {
        change_number(&data[row], ROW, state);
    } else if ((choice == 1u) && (count > 0u)) {
        put(data, row + 8u, count - 1u); /* the last element is forgotten */
    } else if (choice < 4u) {
        const size_t from = offset + ((size_t)element * random_below(state, count));
        const size_t to = offset + ((size_t)element * random_below(state, count));
        memmove(&data[to], &data[from], element);
    } else {
        change_number(&data[offset + ((size_t)element * random_below(state, count))], element, state);
    }
}

/* Makes a header right but for its sizes, so that a mistake there does not stay with all descendants. */
static void mend(uint8_t *header, const char *magic, uint32_t tables)
{
    static const uint8_t version[4] = {MRT_BLOB_VERSION, 0u, HEADER, 0u};
    memcpy(header, magic, 4u);
    memcpy(&header[4], version, sizeof version);
    put(header, 24u, tables);
    put(header, 28u, 0u);
}

static void seal(uint8_t *data, size_t size, size_t graph)
{
    put(data, 12u, mrt_crc32(&data[16], (uint32_t)graph - 16u));
    if (size >= (graph + HEADER)) {
        uint8_t *params = &data[graph];
        const uint32_t bytes = get(params, 8u);
        put(params, 20u, get(data, 12u));
        if ((bytes >= HEADER) && (bytes <= (size - graph))) {
            put(params, 12u, mrt_crc32(&params[16], bytes - 16u));
        }
    }
}

size_t mutate(uint8_t *data, size_t size, size_t room, unsigned seed, unsigned what)
{
    unsigned state = (seed * 2654435761u) | 1u;
    const size_t graph = graph_bytes(data, size);
    const bool mended = (random_below(&state, 16u) != 0u);
    if ((graph < (HEADER + (SECTIONS * ROW))) || (random_below(&state, 64u) == 0u)) {
        return LLVMFuzzerMutate(data, size, room);
    }
    for (uint32_t left = 1u + random_below(&state, 3u); left > 0u; --left) {
        const uint32_t choice = random_below(&state, 16u);
        const bool in_params = (what == MUTATE_PARAMS) || (((what & MUTATE_PARAMS) != 0u) && (choice < 3u));
        if (in_params && (size >= (graph + HEADER))) {
            const bool in_header = (choice == 0u) || (size == (graph + HEADER));
            change_number(&data[graph + (in_header ? 0u : HEADER)], in_header ? HEADER : (size - graph - HEADER), &state);
        } else if (choice == 15u) {
            change_number(data, HEADER, &state);
        } else {
            change_section(data, graph, &state);
        }
    }
    if ((random_below(&state, 32u) != 0u) && (graph_bytes(data, size) == graph)) {
        if (mended) {
            mend(data, "MRTG", MRT_GRAPH_VERSION);
            put(data, 20u, SECTIONS);
        }
        if (mended && (size >= (graph + HEADER))) {
            mend(&data[graph], "MRTP", 0u);
            put(data, 16u, get(data, graph + 16u));
        }
        seal(data, size, graph);
    }
    return size;
}
