/**
 * @file platform.h
 * @brief The platform on Zephyr 3.2 or later, its transport over a UART of the interrupt-driven interface.
 */
#ifndef MRT_PORTS_ZEPHYR_PLATFORM_H
#define MRT_PORTS_ZEPHYR_PLATFORM_H

#include <zephyr/kernel.h>
#include <zephyr/sys/ring_buffer.h>

#include "micrort/platform.h"
#include "ports/drivers/uart.h"

/** Received bytes that may wait to be read. */
#define MRT_ZEPHYR_RING 128

/** What the platform works on. Owned by the caller; its members are private. */
typedef struct mrt_zephyr {
    mrt_platform_t platform;              /**< The functions. */
    mrt_uart_t uart;                      /**< The transport's line. */
    const struct device *device;          /**< Its UART; null where there is no transport. */
    struct k_mutex lock;                  /**< With priority inheritance. */
    struct k_sem events[MRT_EVENT_COUNT]; /**< Each counts to one. */
    struct ring_buf received;             /**< Bytes from the interrupt handler to the reader. */
    uint8_t ring[MRT_ZEPHYR_RING];        /**< Memory of `received`. */
} mrt_zephyr_t;

/**
 * @brief Makes a platform, and takes the UART over. From a thread.
 * @param[out] port Outlives the platform.
 * @param uart A UART that is ready and nobody else's (not the console's); null for none: `read` and `write` then return
 *             MRT_ERR_ARGUMENT.
 * @return The platform, valid as long as `port`; null where the UART is not ready or has no interrupts.
 */
const mrt_platform_t *mrt_zephyr_init(mrt_zephyr_t *port, const struct device *uart);

#endif
