/* Somebody's firmware, here with a model in it: prints sin(x) for a few x. */
#include "board.h"
#include "mrt_sine_int8.h"

#define POINTS 8

/* Value of an input or output of the model that stands for `milli` thousandths, and back. */
static int8_t quantise(int32_t milli)
{
    const float value = ((float)milli / (1000.0f * MRT_SINE_INT8_INPUT_0_SCALE)) + (float)MRT_SINE_INT8_INPUT_0_ZERO_POINT;
    return (int8_t)((value > 127.0f) ? 127.0f : (value + ((value < 0.0f) ? -0.5f : 0.5f)));
}

static int32_t milli_of(int8_t output)
{
    return (int32_t)(1000.0f * MRT_SINE_INT8_OUTPUT_0_SCALE * (float)(output - MRT_SINE_INT8_OUTPUT_0_ZERO_POINT));
}

/* One inference; -1000..1000 in `result`. */
static mrt_status_t sine(mrt_executor_t *executor, int32_t milli, int8_t *result)
{
    const int8_t input = quantise(milli);
    mrt_status_t status = mrt_executor_set_input(executor, 0u, &input, sizeof input);
    if (status == MRT_OK) {
        status = mrt_executor_run(executor);
    }
    if (status == MRT_OK) {
        status = mrt_executor_get_output(executor, 0u, result, sizeof *result);
    }
    return status;
}

int main(void)
{
    static mrt_executor_t executor;
    mrt_status_t status = mrt_sine_int8_init(&executor);
    for (int32_t point = 0; (point < POINTS) && (status == MRT_OK); ++point) {
        const int32_t milli = point * 800;
        int8_t result = 0;
        status = sine(&executor, milli, &result);
        board_print("sin(");
        board_print_number(milli);
        board_print("/1000) = ");
        board_print_number(milli_of(result));
        board_print("/1000\n");
    }
    if (status != MRT_OK) {
        board_print(mrt_status_text(status));
        board_print("\n");
    }
    return (status == MRT_OK) ? 0 : 1;
}
