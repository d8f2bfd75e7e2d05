/* What FreeRTOS asks of an application whose objects are static: memory of the idle task, ends of what goes wrong. */
#include "FreeRTOS.h"
#include "task.h"

#include "ports/rtos/board.h"

void vApplicationGetIdleTaskMemory(StaticTask_t **task, StackType_t **stack, configSTACK_DEPTH_TYPE *words)
{
    static StaticTask_t idle_task;
    static StackType_t idle_stack[configMINIMAL_STACK_SIZE];
    *task = &idle_task;
    *stack = idle_stack;
    *words = configMINIMAL_STACK_SIZE;
}

void vApplicationStackOverflowHook(TaskHandle_t task, char *name)
{
    (void)task;
    board_fail("stack overflow: ", name);
}

void board_assert(const char *file, int32_t line)
{
    (void)line;
    board_fail("FreeRTOS assertion in ", file);
}
