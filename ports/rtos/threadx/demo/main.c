/* The demonstration of ports/rtos/demo on ThreadX: three threads, all memory static. */
#include "tx_api.h"

#include "ports/rtos/board.h"
#include "ports/rtos/demo/demo.h"
#include "ports/rtos/threadx/platform.h"

/* A thread's stack: the demonstration's, and what ThreadX saves there when it switches threads with FPU or MVE. */
#define STACK_BYTES (MRT_DEMO_STACK_BYTES + 256u)
#define PRIORITY 8u
#define SLICE 1u

typedef struct thread {
    TX_THREAD control;
    uint64_t stack[STACK_BYTES / sizeof(uint64_t)];
} thread_t;

static mrt_demo_t demo;
static mrt_threadx_t port;
static mrt_uart_t uart;
static thread_t sharing[2];
static thread_t judging;

static VOID share(ULONG index)
{
    mrt_demo_share(&demo, index);
}

static VOID judge(ULONG unused)
{
    (void)unused;
    board_exit(mrt_demo_judge(&demo) ? 0 : 1);
}

/* The board's receive interrupt. */
void board_received(void)
{
    (void)port.platform.signal(port.platform.context, MRT_EVENT_RECEIVED);
}

static VOID overflow(TX_THREAD *thread)
{
    board_fail("stack overflow: ", thread->tx_thread_name);
}

static void create(thread_t *thread, CHAR *name, VOID (*entry)(ULONG), ULONG argument)
{
    const UINT status = tx_thread_create(&thread->control, name, entry, argument, thread->stack, sizeof(thread->stack),
                                         PRIORITY, PRIORITY, SLICE, TX_AUTO_START);
    if (status != TX_SUCCESS) {
        board_fail("cannot create thread ", name);
    }
}

void tx_application_define(void *first_unused_memory)
{
    static CHAR names[3][8] = {"share 0", "share 1", "judge"};
    (void)first_unused_memory;
    uart = board_uart();
    const mrt_platform_t *platform = mrt_threadx_init(&port, &uart);
    if ((platform == NULL) || (mrt_demo_init(&demo, platform) != MRT_OK)) {
        board_fail("cannot prepare the model", "");
    }
    (void)tx_thread_stack_error_notify(overflow);
    create(&sharing[0], names[0], share, 0u);
    create(&sharing[1], names[1], share, 1u);
    create(&judging, names[2], judge, 0u);
}

int main(void)
{
    tx_kernel_enter();
    return 1;
}
