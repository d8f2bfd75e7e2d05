/*
 * The planner and the loader on a 32-bit core: answers the questions of a file as the tests of the host do.
 *
 *     questions   answers
 *     plan.bin    the answers of the golden file, one line a problem
 *     blobs.bin   status of mrt_graph_load, and a checksum of the arenas behind one inference, for each blob
 */
#include "micrort/micrort.h"
#include "micrort/kernels.h"
#include "micrort/plan.h"
#include "ports/rtos/bare/port.h"
#include "runtime/crc32.h"
#include <string.h>

enum { BUFFERS = 64, PAIRS = 512, SCRATCH = 0x60000, BLOB = 4096, ARENA = 4096, KERNELS = 8, WORDS = 4096 };

static uint64_t scratch[SCRATCH / 8];
static mrt_plan_buffer_t buffers[BUFFERS];
static mrt_plan_pool_t pools[MRT_PLAN_POOLS_MAX];
static mrt_plan_pair_t pairs[PAIRS];
static mrt_plan_slot_t slots[BUFFERS];
static _Alignas(16) uint8_t data[BLOB];
static _Alignas(16) uint8_t arenas[2][ARENA];

static bool read(mrt_port_file_t file, void *into, uint32_t size)
{
    return (size == 0u) || mrt_port_file_read(file, into, size);
}

static void print_list(const char *before, const uint64_t *values, uint32_t count)
{
    mrt_port_print(before);
    for (uint32_t index = 0u; index < count; ++index) {
        mrt_port_print((index > 0u) ? ", " : "");
        mrt_port_print_decimal(values[index]);
    }
}

/* A line of numbers: status, outcome, steps, used, bounds, checksum of the slots. */
static void print_answer(const mrt_plan_problem_t *problem, mrt_status_t status, const mrt_plan_t *plan)
{
    uint64_t used[MRT_PLAN_POOLS_MAX];
    for (uint32_t pool = 0u; pool < problem->pool_count; ++pool) {
        used[pool] = plan->used[pool];
    }
    const uint32_t bytes = problem->buffer_count * (uint32_t)sizeof(mrt_plan_slot_t);
    mrt_port_print_decimal((uint64_t)(-(int64_t)status));
    mrt_port_print(" ");
    mrt_port_print_decimal((uint64_t)plan->outcome);
    mrt_port_print(" ");
    mrt_port_print_decimal(plan->steps);
    print_list(" [", used, problem->pool_count);
    print_list("] [", plan->lower_bound, problem->pool_count);
    mrt_port_print("] ");
    mrt_port_print_hex((status == MRT_OK) ? mrt_crc32((const uint8_t *)slots, bytes) : 0u);
    mrt_port_print("\n");
}

static void solve(void)
{
    uint32_t head[6]; /* buffers, pools, pairs, strategy, goal, budget */
    const mrt_port_file_t file = mrt_port_file_open("plan.bin", MRT_PORT_FILE_READ);
    while (mrt_port_file_read(file, head, (uint32_t)sizeof head)) {
        if (!read(file, buffers, head[0] * (uint32_t)sizeof buffers[0])
            || !read(file, pools, head[1] * (uint32_t)sizeof pools[0])
            || !read(file, pairs, head[2] * (uint32_t)sizeof pairs[0])) {
            mrt_port_exit(2);
        }
        const mrt_plan_problem_t problem = {.buffers = buffers, .pools = pools, .buffer_count = head[0],
                                            .pool_count = head[1], .pairs = pairs, .pair_count = head[2]};
        const mrt_plan_options_t options = {.strategy = (mrt_plan_strategy_t)head[3], .goal = (mrt_plan_goal_t)head[4],
                                            .step_budget = head[5]};
        mrt_plan_t plan = {.slots = slots};
        const mrt_status_t status = mrt_plan_solve(&problem, &options, scratch, sizeof scratch, &plan);
        if ((status == MRT_OK) && (mrt_plan_check(&problem, slots, NULL) != MRT_OK)) {
            mrt_port_exit(3);
        }
        print_answer(&problem, status, &plan);
    }
}

static uint32_t infer(const mrt_graph_t *graph)
{
    const mrt_memory_t memory[2] = {{arenas[0], ARENA}, {arenas[1], ARENA}};
    mrt_executor_t executor;
    memset(arenas, 0x3C, sizeof arenas);
    mrt_status_t status = mrt_executor_init(&executor, graph, memory, 2u);
    status = (status == MRT_OK) ? mrt_executor_run(&executor) : status;
    return (status == MRT_OK) ? mrt_crc32(arenas[0], (uint32_t)sizeof arenas) : (uint32_t)status;
}

static void load(void)
{
    uint32_t size = 0u;
    mrt_kernel_run_t runs[KERNELS];
    const mrt_kernel_t *rows[KERNELS];
    static uint32_t words[WORDS]; /* for the proof of plans, one a word of the arenas: as many as on the host */
    mrt_loader_t loader = {.kernels = mrt_kernels, .kernel_count = MRT_KERNEL_COUNT, .runs = runs, .rows = rows,
                           .kernel_room = KERNELS, .words = words, .word_room = WORDS};
    const mrt_port_file_t file = mrt_port_file_open("blobs.bin", MRT_PORT_FILE_READ);
    const mrt_port_file_t answers = mrt_port_file_open("answers.bin", MRT_PORT_FILE_WRITE);
    while (mrt_port_file_read(file, &size, (uint32_t)sizeof size)) {
        uint32_t answer[2] = {0u, 0u};
        const mrt_blob_t blob = {data, size};
        mrt_graph_t graph;
        if ((size > (uint32_t)sizeof data) || !read(file, data, size)) {
            mrt_port_exit(4);
        }
        const mrt_status_t status = mrt_graph_load(&loader, &blob, NULL, &graph);
        answer[0] = (uint32_t)status;
        if (status == MRT_OK) {
            answer[1] = infer(&graph);
        }
        if (!mrt_port_file_write(answers, answer, (uint32_t)sizeof answer)) {
            mrt_port_exit(5);
        }
    }
    (void)mrt_port_file_close(answers);
}

int main(void)
{
    solve();
    load();
    return 0;
}
