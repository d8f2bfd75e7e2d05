/* FreeRTOS for the demonstration: static allocation only, a tick a millisecond, no timers, no hooks. */
#ifndef FREERTOS_CONFIG_H
#define FREERTOS_CONFIG_H

#include <stdint.h>

#include "ports/rtos/board.h"

#define configCPU_CLOCK_HZ MRT_BOARD_CLOCK_HZ
#define configTICK_RATE_HZ 1000u
#define configTICK_TYPE_WIDTH_IN_BITS TICK_TYPE_WIDTH_32_BITS
#define configMAX_PRIORITIES 4
#define configMINIMAL_STACK_SIZE 128 /* words: the idle task's */
#define configMAX_TASK_NAME_LEN 12
#define configUSE_PREEMPTION 1
#define configUSE_TIME_SLICING 1
#define configUSE_IDLE_HOOK 0
#define configUSE_TICK_HOOK 0
#define configUSE_MUTEXES 1
#define configUSE_TIMERS 0
#define configSUPPORT_STATIC_ALLOCATION 1
#define configSUPPORT_DYNAMIC_ALLOCATION 0
#define configCHECK_FOR_STACK_OVERFLOW 2
#define INCLUDE_xTaskGetCurrentTaskHandle 1
#define INCLUDE_xSemaphoreGetMutexHolder 1
#define INCLUDE_uxTaskGetStackHighWaterMark 1
#define INCLUDE_vTaskDelay 1
#define INCLUDE_vTaskSuspend 1

/* Armv8-M: all of it in the state in which the core starts. */
#define configENABLE_TRUSTZONE 0
#define configRUN_FREERTOS_SECURE_ONLY 1
#define configENABLE_MPU 0
#if defined(__ARM_FP)
#define configENABLE_FPU 1
#else
#define configENABLE_FPU 0
#endif
#if defined(__ARM_FEATURE_MVE)
#define configENABLE_MVE 1
#else
#define configENABLE_MVE 0
#endif

/* Interrupts at this priority and below (numerically above) may call FreeRTOS; the kernel itself has the lowest. */
#define configKERNEL_INTERRUPT_PRIORITY 0xFF
#define configMAX_SYSCALL_INTERRUPT_PRIORITY 0xA0
#define configMAX_API_CALL_INTERRUPT_PRIORITY configMAX_SYSCALL_INTERRUPT_PRIORITY

/* The kernel's handlers by the names that the vector table has; on Armv8-M its ports use these names already. */
#define vPortSVCHandler SVC_Handler
#define xPortPendSVHandler PendSV_Handler
#define xPortSysTickHandler SysTick_Handler

void board_assert(const char *file, int32_t line);
#define configASSERT(condition) \
    if (!(condition)) { \
        board_assert(__FILE__, __LINE__); \
    }

#endif
