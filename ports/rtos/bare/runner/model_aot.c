/* A model as direct kernel calls. */
#include <stddef.h>

#include "ports/rtos/bare/port.h"
#include "ports/rtos/bare/runner/model.h"
#include MODEL_HEADER

#define JOIN_(prefix, name, suffix) prefix##name##suffix /* MISRA D4 */
#define JOIN(prefix, name, suffix) JOIN_(prefix, name, suffix)

const mrt_graph_t *const mrt_runner_graph = NULL;

mrt_status_t mrt_runner_init(void)
{
    return MRT_OK;
}

mrt_status_t mrt_runner_input(uint32_t index, mrt_buffer_t *buffer)
{
    return JOIN(mrt_, MODEL, _input)(index, buffer);
}

mrt_status_t mrt_runner_output(uint32_t index, mrt_buffer_t *buffer)
{
    return JOIN(mrt_, MODEL, _output)(index, buffer);
}

mrt_status_t mrt_runner_set_stream(const mrt_stream_t *stream)
{
    (void)stream;
    return MRT_OK;
}

mrt_status_t mrt_runner_run(void)
{
    return JOIN(mrt_, MODEL, _run)();
}

mrt_status_t mrt_runner_run_painted(uint32_t *stack)
{
    mrt_port_stack_paint();
    const mrt_status_t status = JOIN(mrt_, MODEL, _run)();
    *stack = mrt_port_stack_used();
    return status;
}

mrt_status_t mrt_runner_step(bool *done)
{
    *done = true;
    return MRT_ERR_STATE;
}

void *const *mrt_runner_pools(void)
{
    return NULL;
}
