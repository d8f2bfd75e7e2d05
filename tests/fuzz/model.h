/* What the harnesses of blobs share: to run a model that was loaded, and to mutate one. */
#ifndef MRT_TESTS_FUZZ_MODEL_H
#define MRT_TESTS_FUZZ_MODEL_H

#include "micrort/micrort.h"
#include <stddef.h>
#include <stdint.h>

/* A copy of `size` bytes in a heap block of just that size, whose ends the address sanitiser watches. */
mrt_blob_t copy_of(const uint8_t *data, size_t size);

/* Bytes of the graph blob at the start of `data`, as its header says, at most `size`. */
size_t graph_bytes(const uint8_t *data, size_t size);

/* Loads and, where that succeeds, runs. Breaks off where outputs depend on anything but the inputs. */
void load_and_run(const mrt_blob_t *model, const mrt_blob_t *params);

/* Changes numbers in the sections of the graph, or in the params, or both; see mutate.c. */
enum { MUTATE_GRAPH = 1, MUTATE_PARAMS = 2 };
size_t mutate(uint8_t *data, size_t size, size_t room, unsigned seed, unsigned what);

#endif
