/* The demonstration of ports/rtos/demo on Zephyr: three threads, all memory static. */
#include <zephyr/device.h>
#include <zephyr/kernel.h>

#include "ports/rtos/demo/demo.h"
#include "ports/rtos/zephyr/platform.h"

/* What Zephyr itself takes of a thread's stack, kernel calls included. */
#define KERNEL_BYTES 512
#define STACK_BYTES (MRT_DEMO_STACK_BYTES + KERNEL_BYTES)
#define PRIORITY 5

K_THREAD_STACK_ARRAY_DEFINE(share_stacks, 2, STACK_BYTES);
K_THREAD_STACK_DEFINE(judge_stack, STACK_BYTES);

static struct k_thread share_threads[2];
static struct k_thread judge_thread;
static mrt_zephyr_t port;
static mrt_demo_t demo;

static void share(void *index, void *unused1, void *unused2)
{
    ARG_UNUSED(unused1);
    ARG_UNUSED(unused2);
    mrt_demo_share(&demo, POINTER_TO_UINT(index));
}

static void judge(void *unused0, void *unused1, void *unused2)
{
    ARG_UNUSED(unused0);
    ARG_UNUSED(unused1);
    ARG_UNUSED(unused2);
    (void)mrt_demo_judge(&demo);
}

int main(void)
{
    const mrt_platform_t *platform = mrt_zephyr_init(&port, DEVICE_DT_GET(DT_CHOSEN(zephyr_console)));
    if ((platform == NULL) || (mrt_demo_init(&demo, platform) != MRT_OK)) {
        k_panic();
    }
    for (uint32_t index = 0u; index < 2u; ++index) {
        (void)k_thread_create(&share_threads[index], share_stacks[index], STACK_BYTES, share, UINT_TO_POINTER(index), NULL,
                              NULL, PRIORITY, 0, K_NO_WAIT);
    }
    (void)k_thread_create(&judge_thread, judge_stack, STACK_BYTES, judge, NULL, NULL, NULL, PRIORITY, 0, K_NO_WAIT);
    (void)k_thread_join(&judge_thread, K_FOREVER);
    return 0;
}
