/*
 * Runs a model on inputs that the workstation gives and measures it.
 *
 * Reads `inputs.bin` (for one inference after another all inputs of the model, in order, without gaps) and writes
 * `outputs.bin` in the same manner; streamed inputs and outputs row by row while an inference runs. The first inference
 * runs twice, a warm-up first. Words of the command line:
 *     profile  also runs the first inference step by step and prints the instructions of each step
 *     trace    writes what each step of each inference produced to `trace.bin`: for every step its number and the
 *              bytes that follow (uint32 each), then the rows it made of output 0 and all of any other
 * Both need a model with tables (executor "graph").
 * Prints one figure a line, `name value`, and at the end `status value text`. The exit code is 0 or 1.
 */
#include "micrort/micrort.h"
#include "ports/rtos/bare/mpu.h"
#include "ports/rtos/bare/port.h"
#include "ports/rtos/bare/runner/model.h"

/* What main and its helpers share. */
typedef struct runner {
    mrt_port_counter_t counter;
    mrt_port_file_t inputs;
    mrt_port_file_t outputs;
    mrt_port_file_t trace; /* -1: none wanted */
    uint32_t input_bytes;  /* of one inference */
    uint32_t output_bytes;
    uint32_t inference; /* the one that is under way */
} runner_t;

static void print_figure(const char *name, uint64_t value)
{
    mrt_port_print(name);
    mrt_port_print(" ");
    mrt_port_print_decimal(value);
    mrt_port_print("\n");
}

/* Whether the line begins with `word`, followed by a space or the end. */
static bool begins_with(const char *line, const char *word)
{
    uint32_t index = 0u;
    while ((word[index] != '\0') && (line[index] == word[index])) {
        ++index;
    }
    return (word[index] == '\0') && ((line[index] == ' ') || (line[index] == '\0'));
}

/* Whether `word` stands in `line` between spaces or at an end. */
static bool has_word(const char *line, const char *word)
{
    bool found = begins_with(line, word);
    for (uint32_t index = 0u; (line[index] != '\0') && !found; ++index) {
        found = (line[index] == ' ') && begins_with(&line[index + 1u], word);
    }
    return found;
}

/* The status of file operations. */
static mrt_status_t status_of(bool success, const char *problem)
{
    if (!success) {
        mrt_port_print(problem);
        mrt_port_print("\n");
    }
    return success ? MRT_OK : MRT_ERR_ARGUMENT;
}

/* An input or output of the model; data is null where it is streamed. */
static bool find_port(bool is_input, uint32_t index, mrt_buffer_t *buffer)
{
    const mrt_graph_t *graph = mrt_runner_graph;
    mrt_status_t status = is_input ? mrt_runner_input(index, buffer) : mrt_runner_output(index, buffer);
    if ((status != MRT_OK) && (graph != NULL) && (index < (is_input ? graph->input_count : graph->output_count))) {
        const mrt_tensor_info_t *info = is_input ? &graph->inputs[index] : &graph->outputs[index];
        buffer->data = NULL;
        buffer->size = mrt_tensor_bytes(&graph->tensors[info->tensor]);
        status = MRT_OK;
    }
    return status == MRT_OK;
}

/* Bytes of the inputs or outputs before the one with index `end`. */
static uint32_t bytes_of_ports(bool is_input, uint32_t end)
{
    uint32_t bytes = 0u;
    mrt_buffer_t buffer;
    for (uint32_t index = 0u; (index < end) && find_port(is_input, index, &buffer); ++index) {
        bytes += buffer.size;
    }
    return bytes;
}

/* A row of a streamed input; the context is the runner. */
static mrt_status_t read_row(void *context, uint32_t index, uint32_t row, void *data, uint32_t size)
{
    const runner_t *runner = (const runner_t *)context; /* MISRA D1 */
    const uint32_t before = (runner->inference * runner->input_bytes) + bytes_of_ports(true, index);
    const bool success = mrt_port_file_seek(runner->inputs, before + (row * size))
                         && mrt_port_file_read(runner->inputs, data, size);
    return status_of(success, "cannot read a row of inputs.bin");
}

/* A row of a streamed output. */
static mrt_status_t write_row(void *context, uint32_t index, uint32_t row, void *data, uint32_t size)
{
    const runner_t *runner = (const runner_t *)context; /* MISRA D1 */
    const uint32_t before = (runner->inference * runner->output_bytes) + bytes_of_ports(false, index);
    const bool success = mrt_port_file_seek(runner->outputs, before + (row * size))
                         && mrt_port_file_write(runner->outputs, data, size);
    return status_of(success, "cannot write a row of outputs.bin");
}

/* Reads the inputs of the inference that begins into their places. */
static mrt_status_t load_inputs(const runner_t *runner)
{
    bool success = true;
    mrt_buffer_t buffer;
    uint32_t position = runner->inference * runner->input_bytes;
    for (uint32_t index = 0u; success && find_port(true, index, &buffer); ++index) {
        if (buffer.data != NULL) {
            success = mrt_port_file_seek(runner->inputs, position)
                      && mrt_port_file_read(runner->inputs, buffer.data, buffer.size);
        }
        position += buffer.size;
    }
    return status_of(success, "cannot read inputs.bin");
}

static mrt_status_t store_outputs(const runner_t *runner)
{
    bool success = true;
    mrt_buffer_t buffer;
    uint32_t position = runner->inference * runner->output_bytes;
    for (uint32_t index = 0u; success && find_port(false, index, &buffer); ++index) {
        if (buffer.data != NULL) {
            success = mrt_port_file_seek(runner->outputs, position)
                      && mrt_port_file_write(runner->outputs, buffer.data, buffer.size);
        }
        position += buffer.size;
    }
    return status_of(success, "cannot write outputs.bin");
}

/* The next step of a node in the schedule. */
static const mrt_step_t *next_step(mrt_cursor_t *cursor)
{
    const mrt_step_t *step = mrt_cursor_step(cursor, mrt_runner_graph);
    while (step->node >= (uint16_t)MRT_STEP_OUTPUT) {
        mrt_cursor_advance(cursor);
        step = mrt_cursor_step(cursor, mrt_runner_graph);
    }
    return step;
}

/* Writes rows of output `output` of a step's node; all rows where it is not the first output. */
static bool trace_output(const runner_t *runner, const mrt_call_t *call, uint32_t output)
{
    const mrt_tensor_t *tensor = mrt_call_output(call, output);
    const uint32_t end = (output == 0u) ? call->row_end : tensor->rows;
    bool success = true;
    for (uint32_t row = (output == 0u) ? call->row_begin : 0u; success && (row < end); ++row) {
        success = mrt_port_file_write(runner->trace, mrt_output_row(call, output, row), tensor->row_bytes);
    }
    return success;
}

/* Writes one record of trace.bin: what the step at which `cursor` stands has made. */
static mrt_status_t trace_step(const runner_t *runner, uint32_t number, mrt_cursor_t *cursor)
{
    const mrt_graph_t *graph = mrt_runner_graph;
    const mrt_step_t *step = next_step(cursor);
    const mrt_node_t *node = &graph->nodes[step->node];
    const mrt_rows_t rows = mrt_cursor_rows(cursor, step);
    const mrt_call_t call = {
        .tensors = graph->tensors,
        .args = &graph->args[node->args],
        .pools = mrt_runner_pools(),
        .row_table = graph->row_table,
        .row_begin = rows.begin,
        .row_end = rows.end,
        .input_count = node->input_count,
        .output_count = node->output_count,
    };
    uint32_t header[2] = {number, (rows.end - rows.begin) * mrt_call_output(&call, 0u)->row_bytes};
    for (uint32_t output = 1u; output < node->output_count; ++output) {
        header[1] += mrt_tensor_bytes(mrt_call_output(&call, output));
    }
    bool success = mrt_port_file_write(runner->trace, header, (uint32_t)sizeof(header));
    for (uint32_t output = 0u; (output < node->output_count) && success; ++output) {
        success = trace_output(runner, &call, output);
    }
    mrt_cursor_advance(cursor);
    return status_of(success, "cannot write trace.bin");
}

/* One inference step by step, each traced where that is wanted. */
static mrt_status_t run_traced(const runner_t *runner)
{
    mrt_status_t status = MRT_OK;
    bool done = false;
    uint32_t number = 0u;
    mrt_cursor_t cursor;
    mrt_cursor_begin(&cursor);
    while (!done && (status == MRT_OK)) {
        status = mrt_runner_step(&done);
        if (status == MRT_OK) {
            status = trace_step(runner, number, &cursor);
        }
        number += 1u;
    }
    return status;
}

/* One inference step by step, printing the instructions of each. */
static mrt_status_t run_profiled(runner_t *runner)
{
    mrt_status_t status = MRT_OK;
    bool done = false;
    uint32_t index = 0u;
    while (!done && (status == MRT_OK)) {
        mrt_port_counter_start(&runner->counter);
        status = mrt_runner_step(&done);
        const uint64_t instructions = mrt_port_counter_stop(&runner->counter);
        mrt_port_print("step ");
        mrt_port_print_decimal(index);
        print_figure("", instructions);
        index += 1u;
    }
    return status;
}

/* The first inference: once to warm up and to measure the stack, once to count. */
static mrt_status_t measure(runner_t *runner)
{
    uint32_t stack = 0u;
    mrt_status_t status = mrt_runner_run_painted(&stack);
    if (status == MRT_OK) {
        status = load_inputs(runner);
    }
    if (status == MRT_OK) {
        mrt_port_counter_start(&runner->counter);
        status = mrt_runner_run();
        const uint64_t instructions = mrt_port_counter_stop(&runner->counter);
        print_figure("stack_bytes", stack);
        print_figure("instructions", instructions);
    }
    return status;
}

static mrt_status_t run_all(runner_t *runner, bool profile)
{
    const uint32_t size = mrt_port_file_size(runner->inputs);
    const uint32_t count = (runner->input_bytes == 0u) ? 1u : (size / runner->input_bytes);
    mrt_status_t status = status_of((count > 0u) && (size == (count * runner->input_bytes)),
                                    "inputs.bin does not hold whole inferences");
    for (runner->inference = 0u; (runner->inference < count) && (status == MRT_OK); ++runner->inference) {
        status = load_inputs(runner);
        if ((status == MRT_OK) && (runner->inference == 0u)) {
            status = measure(runner);
            if ((status == MRT_OK) && profile) {
                status = load_inputs(runner);
                status = (status == MRT_OK) ? run_profiled(runner) : status;
            }
            status = (status == MRT_OK) ? load_inputs(runner) : status;
        }
        if (status == MRT_OK) {
            status = (runner->trace >= 0) ? run_traced(runner) : mrt_runner_run();
        }
        status = (status == MRT_OK) ? store_outputs(runner) : status;
    }
    return status;
}

static mrt_status_t open_files(runner_t *runner, bool trace)
{
    runner->inputs = mrt_port_file_open("inputs.bin", MRT_PORT_FILE_READ);
    runner->outputs = mrt_port_file_open("outputs.bin", MRT_PORT_FILE_WRITE);
    runner->trace = trace ? mrt_port_file_open("trace.bin", MRT_PORT_FILE_WRITE) : -1;
    return status_of((runner->inputs >= 0) && (runner->outputs >= 0) && (!trace || (runner->trace >= 0)),
                     "cannot open inputs.bin, outputs.bin or trace.bin");
}

static bool close_files(const runner_t *runner)
{
    const bool inputs = mrt_port_file_close(runner->inputs);
    const bool outputs = mrt_port_file_close(runner->outputs);
    const bool trace = (runner->trace < 0) || mrt_port_file_close(runner->trace);
    return inputs && outputs && trace;
}

int main(void)
{
    static runner_t runner; /* not on the stack, so that the stack holds nothing but calls. */
    char line[128];
    (void)mrt_port_command_line(line, (uint32_t)sizeof(line));
    mrt_port_counter_init(&runner.counter, MRT_BOARD_CLOCK_HZ, 0xFFFFFFu);

    mrt_port_counter_start(&runner.counter);
    mrt_status_t status = mrt_runner_init();
    const uint64_t instructions = mrt_port_counter_stop(&runner.counter);
    print_figure("init_instructions", instructions);
    print_figure("mpu_regions", mrt_port_mpu_regions());

    if (status == MRT_OK) {
        static mrt_stream_t stream = {.source = read_row, .sink = write_row};
        stream.context = &runner;
        runner.input_bytes = bytes_of_ports(true, UINT32_MAX);
        runner.output_bytes = bytes_of_ports(false, UINT32_MAX);
        status = mrt_runner_set_stream(&stream);
    }
    if (status == MRT_OK) {
        status = open_files(&runner, has_word(line, "trace"));
    }
    if (status == MRT_OK) {
        status = run_all(&runner, has_word(line, "profile"));
        if (!close_files(&runner) && (status == MRT_OK)) {
            status = status_of(false, "cannot close the files");
        }
    }
    mrt_port_print("status ");
    mrt_port_print((status < MRT_OK) ? "-" : "");
    mrt_port_print_decimal((status < MRT_OK) ? (uint64_t)-(int64_t)status : (uint64_t)status);
    mrt_port_print(" ");
    mrt_port_print(mrt_status_text(status));
    mrt_port_print("\n");
    return (status == MRT_OK) ? 0 : 1;
}
