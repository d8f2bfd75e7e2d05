/* Any bytes as a model: refused, or loaded and run without harm. */
#include "tests/fuzz/model.h"
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const mrt_blob_t model = copy_of(data, size);
    load_and_run(&model, NULL);
    free((void *)model.data);
    return 0;
}

size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t room, unsigned seed)
{
    return mutate(data, size, room, seed, MUTATE_GRAPH | MUTATE_PARAMS);
}
