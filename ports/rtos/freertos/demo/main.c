/* The demonstration of ports/rtos/demo on FreeRTOS: three tasks, all memory static. */
#include "FreeRTOS.h"
#include "task.h"

#include "ports/rtos/board.h"
#include "ports/rtos/demo/demo.h"
#include "ports/rtos/freertos/platform.h"

/* A task's stack in words: the demonstration's, and what FreeRTOS saves there when it switches tasks with FPU or MVE. */
#define SWITCH_BYTES 256u
#define STACK_WORDS ((MRT_DEMO_STACK_BYTES + SWITCH_BYTES) / sizeof(StackType_t))

typedef struct sharing {
    uint32_t index;
    StaticTask_t task;
    StackType_t stack[STACK_WORDS];
} sharing_t;

static mrt_demo_t demo;
static mrt_freertos_t port;
static mrt_uart_t uart;
static sharing_t sharing[2];
static StaticTask_t judge_task;
static StackType_t judge_stack[STACK_WORDS];

static void share(void *argument)
{
    const sharing_t *own = argument;
    mrt_demo_share(&demo, own->index);
    vTaskSuspend(NULL);
}

static void judge(void *argument)
{
    (void)argument;
    board_exit(mrt_demo_judge(&demo) ? 0 : 1);
}

/* The board's receive interrupt. */
void board_received(void)
{
    (void)port.platform.signal(port.platform.context, MRT_EVENT_RECEIVED);
}

int main(void)
{
    uart = board_uart();
    if (mrt_demo_init(&demo, mrt_freertos_init(&port, &uart)) != MRT_OK) {
        board_fail("cannot prepare the model", "");
    }
    for (uint32_t index = 0u; index < 2u; ++index) {
        sharing[index].index = index;
        (void)xTaskCreateStatic(share, (index == 0u) ? "share 0" : "share 1", STACK_WORDS, &sharing[index], 1u,
                                sharing[index].stack, &sharing[index].task);
    }
    (void)xTaskCreateStatic(judge, "judge", STACK_WORDS, NULL, 1u, judge_stack, &judge_task);
    vTaskStartScheduler();
    board_fail("the scheduler did not start", "");
    return 1;
}
