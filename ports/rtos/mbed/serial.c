#include "ports/rtos/mbed/serial.h"

#include "platform/mbed_critical.h"

#define BAUD 115200

static void receive(mrt_mbed_serial_t *serial)
{
    while (serial_readable(&serial->port) != 0) {
        mrt_ring_put(&serial->ring, (uint8_t)serial_getc(&serial->port));
    }
}

static uint32_t take(void *context, uint8_t *data, uint32_t size)
{
    mrt_mbed_serial_t *serial = context;
    /* Mbed's driver of the MPS2 boards clears the interrupt behind our handler, and so that of a byte that came meanwhile:
     * nobody else would ever fetch it. */
    core_util_critical_section_enter();
    receive(serial);
    core_util_critical_section_exit();
    return mrt_ring_take(&serial->ring, data, size);
}

static void put(void *context, const uint8_t *data, uint32_t size)
{
    mrt_mbed_serial_t *serial = context;
    for (uint32_t index = 0u; index < size; ++index) {
        serial_putc(&serial->port, data[index]);
    }
}

/* The interrupt. Mbed hands back the word that it was given: our address. */
static void interrupt(uint32_t id, SerialIrq event)
{
    mrt_mbed_serial_t *serial = (mrt_mbed_serial_t *)(uintptr_t)id;
    (void)event;
    receive(serial);
    (void)serial->platform->signal(serial->platform->context, MRT_EVENT_RECEIVED);
}

mrt_uart_t mrt_mbed_serial_line(mrt_mbed_serial_t *serial)
{
    const mrt_uart_t line = {serial, take, put};
    return line;
}

void mrt_mbed_serial_start(mrt_mbed_serial_t *serial, const mrt_platform_t *platform, PinName transmit, PinName receive)
{
    serial->platform = platform;
    serial->ring.received = 0u;
    serial->ring.taken = 0u;
    serial_init(&serial->port, transmit, receive);
    serial_baud(&serial->port, BAUD);
    serial_format(&serial->port, 8, ParityNone, 1);
    serial_irq_handler(&serial->port, interrupt, (uint32_t)(uintptr_t)serial);
    serial_irq_set(&serial->port, RxIrq, 1);
}
