#include "ports/drivers/cmsdk_uart.h"

#include "ports/drivers/nvic.h"

/* Registers (Arm DDI 0479D, section 4.3): byte offsets and bits. */
#define DATA 0x00u
#define STATE 0x04u
#define CONTROL 0x08u
#define INTERRUPT_CLEAR 0x0Cu
#define DIVIDER 0x10u
#define STATE_SEND_FULL 0x1u
#define STATE_RECEIVED 0x2u
#define CONTROL_SEND 0x1u
#define CONTROL_RECEIVE 0x2u
#define CONTROL_RECEIVE_INTERRUPT 0x8u
#define INTERRUPT_RECEIVE 0x2u

#define REGISTER(address) (*(volatile uint32_t *)(address))

static uint32_t take(void *context, uint8_t *data, uint32_t size)
{
    mrt_cmsdk_uart_t *uart = context; /* MISRA D1 */
    return mrt_ring_take(&uart->ring, data, size);
}

static void put(void *context, const uint8_t *data, uint32_t size)
{
    const mrt_cmsdk_uart_t *uart = context; /* MISRA D1 */
    for (uint32_t index = 0u; index < size; ++index) {
        while ((REGISTER(uart->base + STATE) & STATE_SEND_FULL) != 0u) { /* MISRA D3 */
            /* the transmitter is busy */
        }
        REGISTER(uart->base + DATA) = data[index]; /* MISRA D3 */
    }
}

mrt_uart_t mrt_cmsdk_uart_init(mrt_cmsdk_uart_t *uart, uint32_t base, uint32_t interrupt, uint32_t divider)
{
    const mrt_uart_t line = {uart, take, put};
    uart->base = base;
    uart->ring.received = 0u;
    uart->ring.taken = 0u;
    REGISTER(base + DIVIDER) = divider;                                                     /* MISRA D3 */
    REGISTER(base + CONTROL) = CONTROL_SEND | CONTROL_RECEIVE | CONTROL_RECEIVE_INTERRUPT; /* MISRA D3 */
    mrt_nvic_enable(interrupt);
    return line;
}

void mrt_cmsdk_uart_interrupt(mrt_cmsdk_uart_t *uart)
{
    REGISTER(uart->base + INTERRUPT_CLEAR) = INTERRUPT_RECEIVE; /* MISRA D3 */
    while ((REGISTER(uart->base + STATE) & STATE_RECEIVED) != 0u) { /* MISRA D3 */
        mrt_ring_put(&uart->ring, (uint8_t)REGISTER(uart->base + DATA)); /* MISRA D3 */
    }
}
