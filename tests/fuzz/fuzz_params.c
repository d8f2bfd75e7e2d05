/* Any bytes as the params of a sound graph, in memory of their own: refused, or run without harm. */
#include "tests/fuzz/model.h"
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const size_t graph = graph_bytes(data, size);
    const mrt_blob_t model = copy_of(data, graph);
    const mrt_blob_t params = copy_of(&data[graph], size - graph);
    load_and_run(&model, &params);
    free((void *)model.data);
    free((void *)params.data);
    return 0;
}

size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t room, unsigned seed)
{
    return mutate(data, size, room, seed, MUTATE_PARAMS);
}
