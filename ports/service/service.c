#include "ports/service/service.h"

#include <stddef.h>

#include "ports/service/print.h"

/* How long a request may pause. */
#define PATIENCE_MS 2000u
#define GOODBYE 3u

/* A line with the checksum of what went over it since the last mark. */
typedef struct link {
    const mrt_platform_t *platform;
    uint32_t crc;
} link_t;

static uint32_t crc_of(uint32_t begin, const uint8_t *data, uint32_t size)
{
    uint32_t crc = ~begin;
    for (uint32_t index = 0u; index < size; ++index) {
        crc ^= data[index];
        for (uint32_t bit = 0u; bit < 8u; ++bit) {
            crc = (crc >> 1) ^ (((crc & 1u) != 0u) ? 0xEDB88320u : 0u);
        }
    }
    return ~crc;
}

/* Reads byte by byte: the patience is for a pause, however slow the line or an emulator is. */
static mrt_status_t receive(link_t *link, uint8_t *data, uint32_t size)
{
    mrt_status_t status = MRT_OK;
    for (uint32_t index = 0u; (index < size) && (status == MRT_OK); ++index) {
        status = link->platform->read(link->platform->context, &data[index], 1u, PATIENCE_MS);
    }
    if (status == MRT_OK) {
        link->crc = crc_of(link->crc, data, size);
    }
    return status;
}

static mrt_status_t receive_word(link_t *link, uint32_t *value)
{
    uint8_t bytes[4] = {0u, 0u, 0u, 0u};
    const mrt_status_t status = receive(link, bytes, 4u);
    *value = (uint32_t)bytes[0] | ((uint32_t)bytes[1] << 8) | ((uint32_t)bytes[2] << 16) | ((uint32_t)bytes[3] << 24);
    return status;
}

static void send(link_t *link, const uint8_t *data, uint32_t size)
{
    link->crc = crc_of(link->crc, data, size);
    (void)link->platform->write(link->platform->context, data, size);
}

static void send_word(link_t *link, uint32_t value)
{
    const uint8_t bytes[4] = {(uint8_t)value, (uint8_t)(value >> 8), (uint8_t)(value >> 16), (uint8_t)(value >> 24)};
    send(link, bytes, 4u);
}

/* Bytes of all inputs or outputs. */
static mrt_status_t total_of(mrt_status_t (*place)(uint32_t index, mrt_buffer_t *buffer), uint32_t count, uint32_t *total)
{
    mrt_status_t status = MRT_OK;
    *total = 0u;
    for (uint32_t index = 0u; (index < count) && (status == MRT_OK); ++index) {
        mrt_buffer_t buffer = {NULL, 0u};
        status = place(index, &buffer);
        *total += buffer.size;
    }
    return status;
}

static mrt_status_t receive_inputs(link_t *link, const mrt_service_model_t *model)
{
    uint32_t size = 0u;
    uint32_t wanted = 0u;
    uint32_t crc = 0u;
    mrt_status_t status = receive_word(link, &size);
    if (status == MRT_OK) {
        status = total_of(model->input, model->input_count, &wanted);
    }
    if ((status == MRT_OK) && (size != wanted)) {
        status = MRT_ERR_ARGUMENT;
    }
    for (uint32_t index = 0u; (index < model->input_count) && (status == MRT_OK); ++index) {
        mrt_buffer_t buffer = {NULL, 0u};
        status = model->input(index, &buffer);
        if (status == MRT_OK) {
            status = receive(link, buffer.data, buffer.size);
        }
    }
    const uint32_t right = link->crc;
    if (status == MRT_OK) {
        status = receive_word(link, &crc);
    }
    return ((status == MRT_OK) && (crc != right)) ? MRT_ERR_CHECKSUM : status;
}

static void reply(link_t *link, const mrt_service_model_t *model, mrt_status_t result)
{
    static const uint8_t reply_mark[4] = {(uint8_t)'m', (uint8_t)'r', (uint8_t)'t', (uint8_t)'!'};
    uint32_t size = 0u;
    mrt_status_t status = result;
    if (status == MRT_OK) {
        status = total_of(model->output, model->output_count, &size);
    }
    send(link, reply_mark, (uint32_t)sizeof(reply_mark));
    link->crc = 0u;
    send_word(link, (status == MRT_OK) ? size : 0u);
    send_word(link, (uint32_t)status);
    for (uint32_t index = 0u; (index < model->output_count) && (status == MRT_OK); ++index) {
        mrt_buffer_t buffer = {NULL, 0u};
        status = model->output(index, &buffer);
        if (status == MRT_OK) {
            send(link, buffer.data, buffer.size);
        }
    }
    send_word(link, link->crc);
}

/* Reads up to the end of a request's mark; `done` where the byte comes that ends the service. */
static mrt_status_t find_request(const mrt_platform_t *platform, bool *done)
{
    static const uint8_t request_mark[4] = {(uint8_t)'m', (uint8_t)'r', (uint8_t)'t', (uint8_t)'?'};
    mrt_status_t status = MRT_OK;
    uint32_t found = 0u;
    while ((found < sizeof(request_mark)) && (status == MRT_OK) && !*done) {
        uint8_t byte = 0u;
        status = platform->read(platform->context, &byte, 1u, MRT_FOREVER);
        if (byte == request_mark[found]) {
            found += 1u;
        } else {
            found = (byte == request_mark[0]) ? 1u : 0u;
            *done = (byte == GOODBYE);
        }
    }
    return status;
}

mrt_status_t mrt_service_run(const mrt_platform_t *platform, const mrt_service_model_t *model)
{
    bool done = false;
    mrt_print(platform, "ready for requests; Ctrl-C ends\n");
    mrt_status_t status = find_request(platform, &done);
    while ((status == MRT_OK) && !done) {
        link_t link = {platform, 0u};
        mrt_status_t result = receive_inputs(&link, model);
        if (result == MRT_OK) {
            result = model->run();
        }
        reply(&link, model, result);
        status = find_request(platform, &done);
    }
    return status;
}

/* The next byte of micrort's test inputs. */
static uint8_t next_byte(uint32_t *state)
{
    *state = (*state * 1664525u) + 1013904223u;
    return (uint8_t)(*state >> 24);
}

static void fill(const mrt_buffer_t *input, mrt_dtype_t dtype, uint32_t *state)
{
    uint8_t *bytes = input->data;      /* MISRA D1 */
    float *values = input->data;       /* MISRA D1 */
    const bool real = (dtype == MRT_DTYPE_F32);
    const uint32_t count = real ? (input->size / (uint32_t)sizeof(float)) : input->size;
    for (uint32_t index = 0u; index < count; ++index) {
        const uint8_t byte = next_byte(state);
        if (real) {
            values[index] = (float)(int8_t)byte / 128.0f;
        } else {
            bytes[index] = (dtype == MRT_DTYPE_BOOL) ? (byte & 1u) : byte;
        }
    }
}

static mrt_status_t print_outputs(const mrt_platform_t *platform, const mrt_service_model_t *model)
{
    mrt_status_t status = MRT_OK;
    for (uint32_t index = 0u; (index < model->output_count) && (status == MRT_OK); ++index) {
        mrt_buffer_t buffer = {NULL, 0u};
        status = model->output(index, &buffer);
        if (status == MRT_OK) {
            mrt_print(platform, model->output_names[index]);
            mrt_print(platform, ": crc32 ");
            mrt_print_hex(platform, crc_of(0u, buffer.data, buffer.size));
            mrt_print(platform, "\n");
        }
    }
    return status;
}

mrt_status_t mrt_service_example(const mrt_platform_t *platform, const mrt_service_model_t *model, uint32_t seed)
{
    uint32_t state = seed;
    mrt_status_t status = MRT_OK;
    mrt_print(platform, "micrort: ");
    mrt_print(platform, model->name);
    mrt_print(platform, "\n");
    for (uint32_t index = 0u; (index < model->input_count) && (status == MRT_OK); ++index) {
        mrt_buffer_t buffer = {NULL, 0u};
        status = model->input(index, &buffer);
        if (status == MRT_OK) {
            fill(&buffer, model->input_dtypes[index], &state);
        }
    }
    if (status == MRT_OK) {
        const uint64_t begin = platform->now(platform->context);
        status = model->run();
        mrt_print(platform, "microseconds: ");
        const uint64_t taken = platform->now(platform->context) - begin;
        mrt_print_number(platform, (int32_t)taken);
        mrt_print(platform, "\n");
    }
    if (status == MRT_OK) {
        status = print_outputs(platform, model);
    }
    mrt_print(platform, mrt_status_text(status));
    mrt_print(platform, "\n");
    return status;
}
