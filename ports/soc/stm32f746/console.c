/* Console and end of firmware on STM32F746 boards, by the USART behind ST-LINK's virtual serial port. */
#include "ports/soc/stm32f746/console.h"

#include "ports/rtos/bare/port.h"
#include "ports/soc/stm32f746/stm32f746.h"

#define BAUD 115200u
#define FUNCTION_USART 7u /* of a pin: USART1 to USART3 (DS10916, table 13) */
#define MODE_ALTERNATE 2u

#if MRT_BOARD_UART_BASE == 0x40011000
#define USART_HZ (MRT_BOARD_CLOCK_HZ / 2u) /* USART1 is on APB2 */
#elif MRT_BOARD_UART_BASE == 0x40004800
#define USART_HZ (MRT_BOARD_CLOCK_HZ / 4u) /* USART3 is on APB1 */
#else
#error "[uart] base of board.toml: USART1 (0x40011000) and USART3 (0x40004800) are supported"
#endif

/* Gives a pin to the USART. */
static void connect(uint32_t port, uint32_t pin)
{
    MRT_RCC_AHB1ENR |= 1uL << port;
    (void)MRT_RCC_AHB1ENR; /* a read, so that the clock runs before the port is written to */
    const uint32_t select = MRT_GPIO_ALTERNATE + (4u * (pin / 8u));
    const uint32_t shift = 4u * (pin % 8u);
    MRT_GPIO(port, select) = (MRT_GPIO(port, select) & ~(0xFuL << shift)) | (FUNCTION_USART << shift); /* MISRA D3 */
    const uint32_t mode = MRT_GPIO(port, MRT_GPIO_MODE) & ~(3uL << (2u * pin)); /* MISRA D3 */
    MRT_GPIO(port, MRT_GPIO_MODE) = mode | (MODE_ALTERNATE << (2u * pin)); /* MISRA D3 */
}

void mrt_stm32f746_console_start(void)
{
    MRT_RCC_APB1ENR |= MRT_RCC_APB1ENR_USART3;
    MRT_RCC_APB2ENR |= MRT_RCC_APB2ENR_USART1;
    connect(MRT_BOARD_UART_TX_PORT, MRT_BOARD_UART_TX_PIN);
    connect(MRT_BOARD_UART_RX_PORT, MRT_BOARD_UART_RX_PIN);
    MRT_USART(MRT_USART_BRR) = (USART_HZ + (BAUD / 2u)) / BAUD; /* MISRA D3 */
    MRT_USART(MRT_USART_CR1) = MRT_USART_CR1_ON; /* MISRA D3 */
}

void mrt_stm32f746_console_send(uint8_t byte)
{
    while ((MRT_USART(MRT_USART_ISR) & MRT_USART_ISR_ROOM) == 0u) { /* MISRA D3 */
        /* the transmitter is busy */
    }
    MRT_USART(MRT_USART_TDR) = byte; /* MISRA D3 */
}

void mrt_port_print(const char *text)
{
    for (uint32_t index = 0u; text[index] != '\0'; ++index) {
        if (text[index] == '\n') {
            mrt_stm32f746_console_send((uint8_t)'\r');
        }
        mrt_stm32f746_console_send((uint8_t)text[index]);
    }
}

void mrt_port_exit(int32_t code)
{
    (void)code; /* nobody is there to take it; a debugger finds it in r0 */
    while ((MRT_USART(MRT_USART_ISR) & MRT_USART_ISR_SENT) == 0u) { /* MISRA D3 */
        /* the last character leaves */
    }
    for (;;) {
        __asm volatile("wfi" ::: "memory"); /* MISRA D5 */
    }
}
