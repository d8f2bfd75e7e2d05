/* A model as const tables, run by the executor. */
#include "ports/rtos/bare/port.h"
#include "ports/rtos/bare/runner/model.h"
#include MODEL_HEADER

#define JOIN_(prefix, name, suffix) prefix##name##suffix /* MISRA D4 */
#define JOIN(prefix, name, suffix) JOIN_(prefix, name, suffix)

const mrt_graph_t *const mrt_runner_graph = &JOIN(mrt_, MODEL, _graph);

/* The runner has one model. */
static mrt_executor_t executor;

mrt_status_t mrt_runner_init(void)
{
    return JOIN(mrt_, MODEL, _init)(&executor);
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
