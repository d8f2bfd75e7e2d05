/*
 * STM32F746 boards by ST's Cube HAL: 216 MHz, caches, cycle counter, console. Runs before main, from our start-up code.
 * Where the board's clock source does not start, the PLL runs from the internal oscillator: the same frequency, to 1 %.
 */
#include "stm32f7xx_hal.h"

#include "ports/rtos/bare/port.h"

#define BAUD 115200u
#define PLL_MULTIPLY 432u /* 1 MHz in, by 2 for the core, by 9 for USB */
#define PLL_USB 9u
#define INTERNAL_MHZ 16u

/* The HAL keeps its own state by these addresses; there is one console. */
static UART_HandleTypeDef uart;

extern const uint32_t mrt_port_vectors_begin[];

void mrt_port_board(void);
void SysTick_Handler(void);

/* The HAL's milliseconds. */
void SysTick_Handler(void)
{
    HAL_IncTick();
}

/* The PLL's oscillator, at 216 MHz behind it. */
static HAL_StatusTypeDef start_oscillator(bool external)
{
    RCC_OscInitTypeDef oscillator = {0};
    oscillator.OscillatorType = external ? RCC_OSCILLATORTYPE_HSE : RCC_OSCILLATORTYPE_HSI;
    oscillator.HSEState = (MRT_BOARD_HSE_BYPASS != 0u) ? RCC_HSE_BYPASS : RCC_HSE_ON;
    oscillator.HSIState = RCC_HSI_ON;
    oscillator.HSICalibrationValue = RCC_HSICALIBRATION_DEFAULT;
    oscillator.PLL.PLLState = RCC_PLL_ON;
    oscillator.PLL.PLLSource = external ? RCC_PLLSOURCE_HSE : RCC_PLLSOURCE_HSI;
    oscillator.PLL.PLLM = external ? (MRT_BOARD_HSE_HZ / 1000000u) : INTERNAL_MHZ;
    oscillator.PLL.PLLN = PLL_MULTIPLY;
    oscillator.PLL.PLLP = RCC_PLLP_DIV2;
    oscillator.PLL.PLLQ = PLL_USB;
    return HAL_RCC_OscConfig(&oscillator);
}

static bool start_clock(void)
{
    RCC_ClkInitTypeDef clock = {0};
    __HAL_RCC_PWR_CLK_ENABLE();
    __HAL_PWR_VOLTAGESCALING_CONFIG(PWR_REGULATOR_VOLTAGE_SCALE1);
    bool ready = (start_oscillator(true) == HAL_OK) || (start_oscillator(false) == HAL_OK);
    ready = ready && (HAL_PWREx_EnableOverDrive() == HAL_OK);
    clock.ClockType = RCC_CLOCKTYPE_SYSCLK | RCC_CLOCKTYPE_HCLK | RCC_CLOCKTYPE_PCLK1 | RCC_CLOCKTYPE_PCLK2;
    clock.SYSCLKSource = RCC_SYSCLKSOURCE_PLLCLK;
    clock.AHBCLKDivider = RCC_SYSCLK_DIV1;
    clock.APB1CLKDivider = RCC_HCLK_DIV4;
    clock.APB2CLKDivider = RCC_HCLK_DIV2;
    return ready && (HAL_RCC_ClockConfig(&clock, FLASH_LATENCY_7) == HAL_OK);
}

/* Gives a pin to the USART; port 0 is A. */
static void connect(uint32_t port, uint32_t pin)
{
    GPIO_InitTypeDef init = {0};
    RCC->AHB1ENR |= 1uL << port;
    (void)RCC->AHB1ENR; /* a read, so that the clock runs before the port is written to */
    init.Pin = 1uL << pin;
    init.Mode = GPIO_MODE_AF_PP;
    init.Pull = GPIO_PULLUP;
    init.Speed = GPIO_SPEED_FREQ_HIGH;
    init.Alternate = GPIO_AF7_USART1; /* 7, for USART1 to USART3 */
    HAL_GPIO_Init((GPIO_TypeDef *)(GPIOA_BASE + (0x400u * port)), &init);
}

static bool start_console(void)
{
    __HAL_RCC_USART1_CLK_ENABLE();
    __HAL_RCC_USART3_CLK_ENABLE();
    connect(MRT_BOARD_UART_TX_PORT, MRT_BOARD_UART_TX_PIN);
    connect(MRT_BOARD_UART_RX_PORT, MRT_BOARD_UART_RX_PIN);
    uart.Instance = (USART_TypeDef *)MRT_BOARD_UART_BASE;
    uart.Init.BaudRate = BAUD;
    uart.Init.WordLength = UART_WORDLENGTH_8B;
    uart.Init.StopBits = UART_STOPBITS_1;
    uart.Init.Parity = UART_PARITY_NONE;
    uart.Init.Mode = UART_MODE_TX_RX;
    return HAL_UART_Init(&uart) == HAL_OK;
}

void mrt_port_board(void)
{
    /* The boot option byte may have started us through the flash's alias: vectors are where they were linked. */
    SCB->VTOR = (uint32_t)(uintptr_t)mrt_port_vectors_begin;
    SCB_EnableICache();
    SCB_EnableDCache();
    const bool ready = (HAL_Init() == HAL_OK) && start_clock() && start_console();
    CoreDebug->DEMCR |= CoreDebug_DEMCR_TRCENA_Msk;
    DWT->LAR = 0xC5ACCE55u;
    DWT->CYCCNT = 0u;
    DWT->CTRL |= DWT_CTRL_CYCCNTENA_Msk;
    if (!ready) {
        mrt_port_exit(MRT_PORT_EXIT_FAULT); /* there is no console to say it on */
    }
}

void mrt_port_print(const char *text)
{
    for (uint32_t index = 0u; text[index] != '\0'; ++index) {
        const uint8_t bytes[2] = {(uint8_t)'\r', (uint8_t)text[index]};
        const bool line_end = (text[index] == '\n');
        (void)HAL_UART_Transmit(&uart, line_end ? &bytes[0] : &bytes[1], line_end ? 2u : 1u, HAL_MAX_DELAY);
    }
}

void mrt_port_exit(int32_t code)
{
    (void)code; /* nobody is there to take it; a debugger finds it in r0 */
    for (;;) {
        __WFI();
    }
}
