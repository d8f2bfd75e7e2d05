#include "ports/rtos/demo/demo.h"

#include <stddef.h>

#include "ports/service/print.h"

/* The third executor's memory; the model's own arena is the first's. */
static uint8_t own_arena[MRT_SINE_INT8_ARENA_RAM_BYTES] __attribute__((aligned(MRT_SINE_INT8_ARENA_RAM_ALIGNMENT)));

/* Milliseconds after which something has gone wrong. */
#define PATIENCE 10000u

/* How far the model may be from the sine, in thousandths. */
#define TOLERANCE 100

/* A period in thousandths, and sin(k * pi / 16) in thousandths for its 32 points. */
#define PERIOD 6283u
static const int16_t sine[MRT_DEMO_POINTS] = {
    0, 195, 383, 556, 707, 831, 924, 981, 1000, 981, 924, 831, 707, 556, 383, 195,
    0, -195, -383, -556, -707, -831, -924, -981, -1000, -981, -924, -831, -707, -556, -383, -195,
};

mrt_status_t mrt_demo_init(mrt_demo_t *demo, const mrt_platform_t *platform)
{
    const mrt_memory_t memory = {own_arena, (uint32_t)sizeof(own_arena)};
    demo->platform = platform;
    demo->next_point = 0u;
    demo->taken[0] = 0u;
    demo->taken[1] = 0u;
    demo->status[0] = MRT_OK;
    demo->status[1] = MRT_OK;
    const mrt_status_t status = mrt_sine_int8_init(&demo->shared);
    return (status == MRT_OK) ? mrt_executor_init(&demo->own, &mrt_sine_int8_graph, &memory, 1u) : status;
}

/* The input for a point. */
static int8_t input_of(uint32_t point)
{
    const float x = (float)(point * PERIOD) / (1000.0f * (float)MRT_DEMO_POINTS);
    const float scaled = (x / MRT_SINE_INT8_INPUT_0_SCALE) + (float)MRT_SINE_INT8_INPUT_0_ZERO_POINT;
    return (int8_t)((scaled > 127.0f) ? 127.0f : (scaled + ((scaled < 0.0f) ? -0.5f : 0.5f)));
}

static int32_t milli_of(int8_t output)
{
    return (int32_t)(1000.0f * MRT_SINE_INT8_OUTPUT_0_SCALE * (float)(output - MRT_SINE_INT8_OUTPUT_0_ZERO_POINT));
}

static mrt_status_t infer(mrt_executor_t *executor, uint32_t point, int8_t *result)
{
    const int8_t input = input_of(point);
    mrt_status_t status = mrt_executor_set_input(executor, 0u, &input, (uint32_t)sizeof(input));
    if (status == MRT_OK) {
        status = mrt_executor_run(executor);
    }
    if (status == MRT_OK) {
        status = mrt_executor_get_output(executor, 0u, result, (uint32_t)sizeof(*result));
    }
    return status;
}

void mrt_demo_share(mrt_demo_t *demo, uint32_t index)
{
    const mrt_platform_t *platform = demo->platform;
    mrt_status_t status = MRT_OK;
    bool done = false;
    while (!done && (status == MRT_OK)) {
        status = platform->lock(platform->context, PATIENCE);
        if (status == MRT_OK) {
            const uint32_t point = demo->next_point;
            done = (point >= MRT_DEMO_POINTS);
            if (!done) {
                demo->next_point = point + 1u;
                demo->taken[index] += 1u;
                status = infer(&demo->shared, point, &demo->shared_result[point]);
            }
            const mrt_status_t unlocked = platform->unlock(platform->context);
            status = (status == MRT_OK) ? unlocked : status;
        }
        if (!done && (status == MRT_OK)) {
            /* Lets the other thread take the next point: waits for an event that nobody signals. */
            (void)platform->wait(platform->context, MRT_EVENT_COUNT - 1u, 1u);
        }
    }
    demo->status[index] = status;
    (void)platform->signal(platform->context, MRT_DEMO_EVENT_DONE + index);
}

static void print_status(const mrt_demo_t *demo, mrt_status_t status)
{
    mrt_print(demo->platform, mrt_status_text(status));
    mrt_print(demo->platform, "\n");
}

/* Reads a line of at most 31 characters into `text`; empty where none comes within five seconds. */
static void read_line(const mrt_demo_t *demo, char text[32])
{
    uint32_t size = 0u;
    uint8_t byte = 0u;
    while ((size < 31u) && (byte != (uint8_t)'\n')
           && (demo->platform->read(demo->platform->context, &byte, 1u, 5000u) == MRT_OK)) {
        if (byte >= (uint8_t)' ') {
            text[size] = (char)byte;
            size += 1u;
        }
    }
    text[size] = '\0';
}

/* Prints each point as `point k input q output q q`; whether all results are equal and near the sine. */
static bool print_points(const mrt_demo_t *demo)
{
    bool right = true;
    for (uint32_t point = 0u; point < MRT_DEMO_POINTS; ++point) {
        const int32_t off = milli_of(demo->own_result[point]) - sine[point];
        right = right && (demo->own_result[point] == demo->shared_result[point]) && (off <= TOLERANCE)
                && (off >= -TOLERANCE);
        mrt_print(demo->platform, "point ");
        mrt_print_number(demo->platform, (int32_t)point);
        mrt_print(demo->platform, " input ");
        mrt_print_number(demo->platform, input_of(point));
        mrt_print(demo->platform, " output ");
        mrt_print_number(demo->platform, demo->shared_result[point]);
        mrt_print(demo->platform, " ");
        mrt_print_number(demo->platform, demo->own_result[point]);
        mrt_print(demo->platform, "\n");
    }
    return right;
}

bool mrt_demo_judge(mrt_demo_t *demo)
{
    const mrt_platform_t *platform = demo->platform;
    const uint64_t begin = platform->now(platform->context);
    char line[32];
    read_line(demo, line);
    mrt_print(demo->platform, "micrort: hello ");
    mrt_print(demo->platform, (line[0] == '\0') ? "nobody" : line);
    mrt_print(demo->platform, "\n");
    mrt_status_t status = MRT_OK;
    for (uint32_t point = 0u; (point < MRT_DEMO_POINTS) && (status == MRT_OK); ++point) {
        status = infer(&demo->own, point, &demo->own_result[point]);
    }
    for (uint32_t index = 0u; (index < 2u) && (status == MRT_OK); ++index) {
        status = platform->wait(platform->context, MRT_DEMO_EVENT_DONE + index, PATIENCE);
        status = (status == MRT_OK) ? demo->status[index] : status;
    }
    const bool right = (status == MRT_OK) && print_points(demo);
    mrt_print(demo->platform, "shared by two threads: ");
    mrt_print_number(demo->platform, (int32_t)demo->taken[0]);
    mrt_print(demo->platform, " + ");
    mrt_print_number(demo->platform, (int32_t)demo->taken[1]);
    mrt_print(demo->platform, " points; microseconds ");
    mrt_print_number(demo->platform, (int32_t)(platform->now(platform->context) - begin));
    mrt_print(demo->platform, right ? "\nall equal and near the sine: " : "\nwrong: ");
    print_status(demo, status);
    return right;
}
