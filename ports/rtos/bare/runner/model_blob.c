/*
 * A model as a blob, `model.mrt`, that the workstation gives at run time: the firmware holds kernels and no model.
 * The blob is read to where flash would hold it, loaded in place, and run by the executor.
 */
#include <stddef.h>

#include "micrort/micrort.h"
#include "ports/rtos/bare/mpu.h"
#include "ports/rtos/bare/port.h"
#include "ports/rtos/bare/runner/kernels.h"
#include "ports/rtos/bare/runner/model.h"

/* Memory that start-up code does not clear, as the section's name has it; sizes are those of the build. */
static uint8_t arena[MRT_RUNNER_ARENA_BYTES] __attribute__((section(".bss.mrt_arena_runner"), aligned(4096)));

static mrt_graph_t loaded;
static mrt_executor_t executor;

const mrt_graph_t *const mrt_runner_graph = &loaded;

static mrt_status_t read_model(mrt_blob_t *model)
{
    static uint8_t flash[MRT_RUNNER_BLOB_BYTES]
        __attribute__((section(".bss.mrt_arena_blob"), aligned(MRT_BLOB_ALIGNMENT)));
    const mrt_port_file_t file = mrt_port_file_open("model.mrt", MRT_PORT_FILE_READ);
    const uint32_t size = (file >= 0) ? mrt_port_file_size(file) : 0u;
    const bool fits = (size != 0u) && (size <= (uint32_t)sizeof(flash));
    const bool success = fits && mrt_port_file_read(file, flash, size) && mrt_port_file_close(file);
    model->data = flash;
    model->size = size;
    if (!success) {
        mrt_port_print("cannot read model.mrt\n");
    }
    return success ? MRT_OK : MRT_ERR_MEMORY;
}

static void print_missing_kernels(void)
{
    for (uint32_t index = 0u;
         (index < mrt_runner_loader.missing_count) && (index < (uint32_t)MRT_LOADER_MISSING_MAX); ++index) {
        mrt_port_print("missing kernel ");
        mrt_port_print_decimal(mrt_runner_loader.missing[index]);
        mrt_port_print("\n");
    }
}

/* Gives every pool its part of the one arena, and the executor all of them. */
static mrt_status_t place_pools(void)
{
    mrt_memory_t memory[MRT_POOLS_MAX];
    uint64_t used = 0u;
    for (uint32_t pool = 0u; pool < loaded.pool_count; ++pool) {
        const uint64_t mask = (uint64_t)loaded.pools[pool].alignment - 1u;
        const uint64_t begin = (used + mask) & ~mask;
        used = begin + loaded.pools[pool].size;
        if (used > (uint64_t)sizeof(arena)) {
            mrt_port_print("the model's arenas do not fit\n");
            return MRT_ERR_MEMORY;
        }
        memory[pool].base = mrt_address_mut(arena, (uint32_t)begin);
        memory[pool].size = loaded.pools[pool].size;
    }
    return mrt_executor_init(&executor, &loaded, memory, loaded.pool_count);
}

mrt_status_t mrt_runner_init(void)
{
    mrt_blob_t model = {NULL, 0u};
    mrt_status_t status = read_model(&model);
    if (status == MRT_OK) {
        /* Nothing lies in the arena yet, so it serves as the loader's memory for the time of loading. */
        mrt_runner_loader.words = mrt_address_mut(arena, 0u); /* MISRA D1 */
        mrt_runner_loader.word_room = (uint32_t)sizeof(arena) / 4u;
        status = mrt_graph_load(&mrt_runner_loader, &model, NULL, &loaded);
        print_missing_kernels();
        if (!mrt_port_mpu_close(model.data, MRT_RUNNER_BLOB_BYTES)) {
            mrt_port_print("the blob cannot be made read-only\n");
            status = MRT_ERR_MEMORY;
        }
    }
    return (status == MRT_OK) ? place_pools() : status;
}

mrt_status_t mrt_runner_input(uint32_t index, mrt_buffer_t *buffer)
{
    return mrt_executor_input(&executor, index, buffer);
}

mrt_status_t mrt_runner_output(uint32_t index, mrt_buffer_t *buffer)
{
    return mrt_executor_output(&executor, index, buffer);
}

mrt_status_t mrt_runner_set_stream(const mrt_stream_t *stream)
{
    return mrt_executor_set_stream(&executor, stream);
}

mrt_status_t mrt_runner_run(void)
{
    return mrt_executor_run(&executor);
}

mrt_status_t mrt_runner_run_painted(uint32_t *stack)
{
    mrt_port_stack_paint();
    const mrt_status_t status = mrt_executor_run(&executor);
    *stack = mrt_port_stack_used();
    return status;
}

mrt_status_t mrt_runner_step(bool *done)
{
    return mrt_executor_step(&executor, 1u, done);
}

/* The one place that looks into an executor: intermediate tensors are no part of the public interface. */
void *const *mrt_runner_pools(void)
{
    return executor.pools;
}
