/* The demonstration of ports/rtos/demo on Mbed OS: three threads, all memory static. */
#include "ports/rtos/bare/port.h"
#include "ports/rtos/demo/demo.h"
#include "ports/rtos/mbed/platform.h"
#include "ports/rtos/mbed/serial.h"

/* A thread's stack: the demonstration's, and what RTX saves there when it switches threads with FPU. */
#define STACK_BYTES (MRT_DEMO_STACK_BYTES + 256u)

typedef struct thread {
    osRtxThread_t control;
    uint64_t stack[STACK_BYTES / sizeof(uint64_t)];
} thread_t;

static mrt_demo_t demo;
static mrt_mbed_t port;
static mrt_mbed_serial_t serial;
static mrt_uart_t uart;
static thread_t threads[3];

static void share(void *index)
{
    mrt_demo_share(&demo, (uint32_t)(uintptr_t)index);
}

static void judge(void *unused)
{
    (void)unused;
    const bool right = mrt_demo_judge(&demo);
#if defined(MRT_EMULATED)
    mrt_port_exit(right ? 0 : 1);
#else
    (void)right;
#endif
}

static bool create(thread_t *thread, osThreadFunc_t entry, void *argument)
{
    const osThreadAttr_t attributes = {
        .name = "micrort",
        .cb_mem = &thread->control,
        .cb_size = (uint32_t)sizeof(thread->control),
        .stack_mem = thread->stack,
        .stack_size = (uint32_t)sizeof(thread->stack),
        .priority = osPriorityNormal,
    };
    return osThreadNew(entry, argument, &attributes) != NULL;
}

int main(void)
{
    uart = mrt_mbed_serial_line(&serial);
    const mrt_platform_t *platform = mrt_mbed_init(&port, &uart);
    bool ready = (platform != NULL) && (mrt_demo_init(&demo, platform) == MRT_OK);
    if (ready) {
        mrt_mbed_serial_start(&serial, platform, CONSOLE_TX, CONSOLE_RX);
        ready = create(&threads[0], share, (void *)0u) && create(&threads[1], share, (void *)1u)
                && create(&threads[2], judge, NULL);
    }
    while (ready) {
        (void)osDelay(1000u); /* all is done by the threads */
    }
    return 1;
}
