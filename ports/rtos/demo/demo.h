/**
 * @file demo.h
 * @brief The demonstration of every RTOS port: two threads share one model, a third has an executor of its own.
 *
 * Main makes the threads, gives each a stack of MRT_DEMO_STACK_BYTES and what the system adds, and lets them run the
 * three functions below. They compute sin(x) for the same points by the model sine_int8 of tests/models; at the end the
 * third prints the results and what it thinks of them.
 */
#ifndef MRT_PORTS_DEMO_H
#define MRT_PORTS_DEMO_H

#include "micrort/micrort.h"
#include "mrt_sine_int8.h"
#include "mrt_sine_int8_target.h"

/** Points at which the sine is computed: one period. */
#define MRT_DEMO_POINTS 32u

/**
 * Stack of a thread of the demonstration in bytes: the deepest call into the model, as computed by `scons lib`, and what
 * the demonstration's own functions and the port's take above it (tests/ports/test_rtos.py holds their bound to this).
 */
#define MRT_DEMO_STACK_BYTES (MRT_SINE_INT8_STACK_BYTES + 512u)

/** The event by which a sharing thread says that it is through. */
#define MRT_DEMO_EVENT_DONE 1u

/** What the threads share. Its members belong to demo.c. */
typedef struct mrt_demo {
    const mrt_platform_t *platform; /**< The port's. */
    mrt_executor_t shared;          /**< The executor that two threads share, in the model's static arena. */
    mrt_executor_t own;             /**< The third thread's. */
    uint32_t next_point;            /**< First point that no sharing thread has taken. */
    uint32_t taken[2];              /**< Points that each of the sharing threads computed. */
    mrt_status_t status[2];         /**< How each of them ended. */
    int8_t shared_result[MRT_DEMO_POINTS]; /**< The outputs, quantised, of the shared executor. */
    int8_t own_result[MRT_DEMO_POINTS];    /**< Likewise of the third thread's. */
} mrt_demo_t;

/**
 * @brief Prepares the demonstration. Before the threads start.
 * @param[out] demo Outlives the threads.
 * @param platform Outlives the threads.
 * @return MRT_OK, or what the executor's initialisation says.
 */
MRT_CHECK_RESULT mrt_status_t mrt_demo_init(mrt_demo_t *demo, const mrt_platform_t *platform);

/** What sharing thread `index` (0 or 1) does: takes points in turn and computes them, then returns. */
void mrt_demo_share(mrt_demo_t *demo, uint32_t index);

/**
 * @brief What the third thread does.
 *
 * Waits up to five seconds for a line from the workstation, greets, computes all points by itself, waits for the sharing
 * threads, and prints every point and a verdict.
 *
 * @return True if both executors gave the same bytes and all are near the sine.
 */
bool mrt_demo_judge(mrt_demo_t *demo);

#endif
