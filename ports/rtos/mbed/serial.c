#include "ports/rtos/mbed/serial.h"

#define BAUD 115200

static uint32_t take(void *context, uint8_t *data, uint32_t size)
{
    mrt_mbed_serial_t *serial = context;
    uint32_t count = 0u;
    while ((count < size) && (serial->taken != serial->received)) {
        data[count] = serial->ring[serial->taken % MRT_MBED_SERIAL_RING];
        serial->taken += 1u;
        count += 1u;
    }
    return count;
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
    while (serial_readable(&serial->port) != 0) {
        const uint8_t byte = (uint8_t)serial_getc(&serial->port);
        if ((serial->received - serial->taken) < MRT_MBED_SERIAL_RING) {
            serial->ring[serial->received % MRT_MBED_SERIAL_RING] = byte;
            serial->received += 1u;
        }
    }
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
    serial->received = 0u;
    serial->taken = 0u;
    serial_init(&serial->port, transmit, receive);
    serial_baud(&serial->port, BAUD);
    serial_format(&serial->port, 8, ParityNone, 1);
    serial_irq_handler(&serial->port, interrupt, (uint32_t)(uintptr_t)serial);
    serial_irq_set(&serial->port, RxIrq, 1);
}
