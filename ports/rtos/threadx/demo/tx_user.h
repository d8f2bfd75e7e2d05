/* ThreadX for the demonstration: a tick a millisecond, stacks checked at each switch. */
#ifndef TX_USER_H
#define TX_USER_H

#define TX_TIMER_TICKS_PER_SECOND 1000UL
#define TX_ENABLE_STACK_CHECKING
#define TX_MAX_PRIORITIES 32
#define TX_DISABLE_PREEMPTION_THRESHOLD

/* Armv8-M: all of it in the state in which the core starts. */
#define TX_SINGLE_MODE_SECURE

#endif
