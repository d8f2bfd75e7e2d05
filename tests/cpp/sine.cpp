/* The sine model through the C++ face; exit code 0, or the line of the first check that failed. */
#include "micrort/micrort.hpp"
#include "mrt_sine_int8.h"

#if defined(MRT_TEST_ON_BARE_METAL)
extern "C" {
#include "ports/rtos/bare/port.h"
}
static void print(const char *text) { mrt_port_print(text); }
static void print(std::int32_t value)
{
    print((value < 0) ? "-" : "");
    mrt_port_print_decimal(static_cast<std::uint64_t>((value < 0) ? -value : value));
}
#else
#include <cstdio>
static void print(const char *text) { (void)std::fputs(text, stdout); }
static void print(std::int32_t value) { (void)std::printf("%d", static_cast<int>(value)); }
#endif

#define CHECK(condition) \
    do { \
        if (!(condition)) { \
            print("failed: " #condition "\n"); \
            return __LINE__ & 0x7F; \
        } \
    } while (false)

using micrort::Span;
using micrort::Status;

static micrort::Model<mrt_sine_int8_init> model;
static micrort::Executor other;
alignas(MRT_SINE_INT8_ARENA_RAM_ALIGNMENT) static std::uint8_t arena[MRT_SINE_INT8_ARENA_RAM_BYTES];

static_assert(sizeof(model) == sizeof(mrt_executor_t), "a view adds nothing");
static_assert(micrort::dtype_of<const float>() == MRT_DTYPE_F32, "const does not matter");

static Status predict(micrort::Executor &executor, std::int8_t x, std::int8_t &y)
{
    const std::int8_t inputs[1] = {x};
    std::int8_t outputs[1] = {0};
    Status status = executor.set_input(0, inputs);
    if (status.ok()) {
        status = executor.run();
    }
    if (status.ok()) {
        status = executor.get_output(0, outputs);
    }
    y = outputs[0];
    return status;
}

static int refusals()
{
    Span<float> floats;
    Span<std::int8_t> bytes;
    Span<const std::int16_t> words;
    const std::int8_t two[2] = {0, 0};
    CHECK(other.run() == MRT_ERR_STATE);
    CHECK(other.input(0, bytes) == MRT_ERR_STATE);
    CHECK(other.graph() == nullptr);
    CHECK(model.input(0, floats) == MRT_ERR_ARGUMENT);
    CHECK(floats.data() == nullptr);
    CHECK(model.input(1, bytes) == MRT_ERR_ARGUMENT);
    CHECK(model.output(0, words) == MRT_ERR_ARGUMENT);
    CHECK(model.set_input(0, two) == MRT_ERR_ARGUMENT);
    CHECK(model.set_input(0, Span<const std::int8_t>(two, 0)) == MRT_ERR_ARGUMENT);
    CHECK(model.input(0, bytes) == MRT_OK);
    CHECK(bytes.size() == MRT_SINE_INT8_INPUT_0_ELEMENTS);
    return 0;
}

/* An inference in single steps gives what a whole one does, also in memory of one's own. */
static int steps()
{
    std::int8_t whole = 0;
    CHECK(predict(model, 42, whole).ok());
    const mrt_memory_t memory[] = {{arena, sizeof arena}};
    CHECK(other.init(mrt_sine_int8_graph, memory).ok());
    Span<std::int8_t> input;
    CHECK(other.input(0, input).ok());
    for (std::int8_t &element : input) {
        element = 42;
    }
    bool done = false;
    int calls = 0;
    while (!done) {
        CHECK(other.step(1, done).ok());
        ++calls;
    }
    CHECK(calls == other.graph()->step_count);
    Span<const std::int8_t> output;
    CHECK(other.output(0, output).ok());
    CHECK(output.size() == 1);
    CHECK(output[0] == whole);
    CHECK(other.reset().ok());
    std::int8_t copy[1] = {0};
    CHECK(other.step(1, done).ok());
    CHECK(other.get_output(0, copy) == MRT_ERR_STATE);
    return 0;
}

int main()
{
    CHECK(model.init().ok());
    const int refused = refusals();
    const int stepped = (refused == 0) ? steps() : refused;
    if (stepped != 0) {
        return stepped;
    }
    for (int x = -128; x <= 127; x += 5) {
        std::int8_t y = 0;
        CHECK(predict(model, static_cast<std::int8_t>(x), y).ok());
        print(y);
        print("\n");
    }
    return 0;
}
