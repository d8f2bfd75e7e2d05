#include "ports/soc/stm32f746/uart.h"

#include "ports/drivers/nvic.h"
#include "ports/soc/stm32f746/console.h"
#include "ports/soc/stm32f746/stm32f746.h"

static uint32_t take(void *context, uint8_t *data, uint32_t size)
{
    mrt_ring_t *ring = context; /* MISRA D1 */
    return mrt_ring_take(ring, data, size);
}

static void put(void *context, const uint8_t *data, uint32_t size)
{
    (void)context; /* there is one USART */
    for (uint32_t index = 0u; index < size; ++index) {
        mrt_stm32f746_console_send(data[index]);
    }
}

mrt_uart_t mrt_stm32f746_uart_init(mrt_ring_t *ring)
{
    const mrt_uart_t line = {ring, take, put};
    ring->received = 0u;
    ring->taken = 0u;
    MRT_USART(MRT_USART_CR1) = MRT_USART_CR1_ON | MRT_USART_CR1_RECEIVE_INTERRUPT; /* MISRA D3 */
    mrt_nvic_enable(MRT_BOARD_UART_INTERRUPT);
    return line;
}

void mrt_stm32f746_uart_interrupt(mrt_ring_t *ring)
{
    const uint32_t status = MRT_USART(MRT_USART_ISR); /* MISRA D3 */
    if ((status & MRT_USART_ISR_OVERRUN) != 0u) {
        MRT_USART(MRT_USART_ICR) = MRT_USART_ICR_OVERRUN; /* it would interrupt for ever. MISRA D3 */
    }
    if ((status & MRT_USART_ISR_RECEIVED) != 0u) {
        mrt_ring_put(ring, (uint8_t)MRT_USART(MRT_USART_RDR)); /* MISRA D3 */
    }
}
