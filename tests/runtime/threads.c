/*
 * Threads that run one model and plan one problem at the same time, each in memory of its own; with the argument
 * "shared" in one arena, which is a mistake that a checker of threads has to see.
 */
#include "micrort/micrort.h"
#include "micrort/kernels.h"
#include "micrort/plan.h"
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { THREADS = 4, INFERENCES = 10, ARENA = 1 << 16, KERNELS = 32, WORDS = 256, BUFFERS = 24 };

static uint8_t *model;
static uint32_t model_size;
static mrt_plan_buffer_t buffers[BUFFERS];
static const mrt_plan_pool_t pool = {MRT_PLAN_UNLIMITED, 16u, 0u};
static const mrt_plan_problem_t problem = {.buffers = buffers, .pools = &pool, .buffer_count = BUFFERS, .pool_count = 1u};

/* What a thread owns, and what it found. */
typedef struct {
    uint8_t *arena;
    uint32_t sum;
    uint32_t used;
    bool failed;
} worker_t;

static uint32_t mix(uint32_t sum, const mrt_buffer_t *buffer)
{
    for (uint32_t index = 0u; index < buffer->size; ++index) {
        sum = (sum * 16777619u) ^ ((const uint8_t *)buffer->data)[index];
    }
    return sum;
}

static mrt_status_t infer(mrt_executor_t *executor, uint32_t *sum)
{
    mrt_buffer_t buffer;
    mrt_status_t status = mrt_executor_input(executor, 0u, &buffer);
    for (uint32_t index = 0u; (status == MRT_OK) && (index < buffer.size); ++index) {
        ((uint8_t *)buffer.data)[index] = (uint8_t)(index * 37u);
    }
    status = (status == MRT_OK) ? mrt_executor_run(executor) : status;
    status = (status == MRT_OK) ? mrt_executor_output(executor, 0u, &buffer) : status;
    *sum = (status == MRT_OK) ? mix(*sum, &buffer) : *sum;
    return status;
}

static mrt_status_t run(worker_t *worker)
{
    mrt_kernel_run_t runs[KERNELS];
    const mrt_kernel_t *rows[KERNELS];
    uint32_t words[WORDS];
    mrt_loader_t loader = {.kernels = mrt_kernels, .kernel_count = MRT_KERNEL_COUNT, .runs = runs, .rows = rows,
                           .kernel_room = KERNELS, .words = words, .word_room = WORDS};
    const mrt_blob_t blob = {model, model_size};
    const mrt_memory_t memory = {worker->arena, ARENA};
    mrt_graph_t graph;
    mrt_executor_t executor;
    mrt_status_t status = mrt_graph_load(&loader, &blob, NULL, &graph);
    status = (status == MRT_OK) ? mrt_executor_init(&executor, &graph, &memory, 1u) : status;
    for (uint32_t index = 0u; (status == MRT_OK) && (index < (uint32_t)INFERENCES); ++index) {
        status = infer(&executor, &worker->sum);
    }
    return status;
}

static mrt_status_t plan(worker_t *worker)
{
    const uint64_t bytes = mrt_plan_scratch_size(MRT_PLAN_EXACT, BUFFERS);
    const mrt_plan_options_t options = {.strategy = MRT_PLAN_EXACT, .step_budget = 2000u};
    mrt_plan_slot_t slots[BUFFERS];
    mrt_plan_t answer = {.slots = slots};
    uint64_t *scratch = malloc((size_t)bytes);
    const mrt_status_t status = mrt_plan_solve(&problem, &options, scratch, bytes, &answer);
    worker->used = answer.used[0];
    free(scratch);
    return status;
}

static void *work(void *argument)
{
    worker_t *worker = argument;
    worker->failed = (run(worker) != MRT_OK) || (plan(worker) != MRT_OK);
    return NULL;
}

static void read_model(const char *path)
{
    FILE *file = fopen(path, "rb");
    model = aligned_alloc(16u, ARENA);
    model_size = (file != NULL) ? (uint32_t)fread(model, 1u, ARENA, file) : 0u;
    if (file != NULL) {
        (void)fclose(file);
    }
}

int main(int argc, char **argv)
{
    worker_t workers[THREADS];
    pthread_t threads[THREADS];
    const bool shared = (argc > 2) && (strcmp(argv[2], "shared") == 0);
    read_model(argv[1]);
    for (uint32_t index = 0u; index < (uint32_t)BUFFERS; ++index) {
        const uint32_t start = (index * 5u) % 17u;
        buffers[index] = (mrt_plan_buffer_t){start, start + 2u + (index % 4u), 3u + ((index * 7u) % 13u), 1u, 1u,
                                             MRT_PLAN_FLOATING};
    }
    for (uint32_t index = 0u; index < (uint32_t)THREADS; ++index) {
        workers[index] = (worker_t){.arena = (shared && (index > 0u)) ? workers[0].arena : aligned_alloc(16u, ARENA)};
        memset(workers[index].arena, (int)index, ARENA);
    }
    for (uint32_t index = 0u; index < (uint32_t)THREADS; ++index) {
        (void)pthread_create(&threads[index], NULL, work, &workers[index]);
    }
    for (uint32_t index = 0u; index < (uint32_t)THREADS; ++index) {
        (void)pthread_join(threads[index], NULL);
    }
    for (uint32_t index = 0u; index < (uint32_t)THREADS; ++index) {
        printf("%d %08x %u\n", (int)workers[index].failed, (unsigned)workers[index].sum, (unsigned)workers[index].used);
    }
    return 0;
}
