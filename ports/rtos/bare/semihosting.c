/* Console, files, command line and exit by semihosting (Arm's "Semihosting for AArch32 and AArch64"). */
#include "ports/rtos/bare/port.h"

/* Operation numbers of the interface. */
#define OPERATION_OPEN 0x01u
#define OPERATION_CLOSE 0x02u
#define OPERATION_WRITE_TEXT 0x04u
#define OPERATION_WRITE 0x05u
#define OPERATION_READ 0x06u
#define OPERATION_SEEK 0x0Au
#define OPERATION_LENGTH 0x0Cu
#define OPERATION_COMMAND_LINE 0x15u
#define OPERATION_EXIT_EXTENDED 0x20u

#define REASON_APPLICATION_EXIT 0x20026u

/* Operands are a block of words; addresses travel as words. */
static uint32_t word_of(const void *address)
{
    return (uint32_t)(uintptr_t)address; /* MISRA D3 */
}

static int32_t semihosting_call(uint32_t operation, const void *operand)
{
    int32_t result;
    __asm volatile("mov  r0, %[operation]\n\t" /* MISRA D5 */
                   "mov  r1, %[operand]\n\t"
                   "bkpt 0xAB\n\t"
                   "mov  %[result], r0"
                   : [result] "=r"(result)
                   : [operation] "r"(operation), [operand] "r"(operand)
                   : "r0", "r1", "memory");
    return result;
}

static uint32_t text_length(const char *text)
{
    uint32_t length = 0u;
    while (text[length] != '\0') {
        ++length;
    }
    return length;
}

void mrt_port_print(const char *text)
{
    (void)semihosting_call(OPERATION_WRITE_TEXT, text);
}

void mrt_port_exit(int32_t code)
{
    const uint32_t operands[2] = {REASON_APPLICATION_EXIT, (uint32_t)code};
    for (;;) {
        (void)semihosting_call(OPERATION_EXIT_EXTENDED, operands);
    }
}

bool mrt_port_command_line(char *text, uint32_t capacity)
{
    const uint32_t operands[2] = {word_of(text), capacity};
    const bool found = semihosting_call(OPERATION_COMMAND_LINE, operands) == 0;
    if (!found) {
        text[0] = '\0';
    }
    return found;
}

mrt_port_file_t mrt_port_file_open(const char *name, mrt_port_file_mode_t mode)
{
    const uint32_t operands[3] = {word_of(name), (uint32_t)mode, text_length(name)};
    return semihosting_call(OPERATION_OPEN, operands);
}

uint32_t mrt_port_file_size(mrt_port_file_t file)
{
    const uint32_t operands[1] = {(uint32_t)file};
    const int32_t size = semihosting_call(OPERATION_LENGTH, operands);
    return (size < 0) ? 0u : (uint32_t)size;
}

bool mrt_port_file_seek(mrt_port_file_t file, uint32_t position)
{
    const uint32_t operands[2] = {(uint32_t)file, position};
    return semihosting_call(OPERATION_SEEK, operands) == 0;
}

bool mrt_port_file_read(mrt_port_file_t file, void *data, uint32_t size) /* MISRA D3 */
{
    const uint32_t operands[3] = {(uint32_t)file, word_of(data), size};
    return semihosting_call(OPERATION_READ, operands) == 0; /* the result is the number of bytes that are missing */
}

bool mrt_port_file_write(mrt_port_file_t file, const void *data, uint32_t size)
{
    const uint32_t operands[3] = {(uint32_t)file, word_of(data), size};
    return semihosting_call(OPERATION_WRITE, operands) == 0;
}

bool mrt_port_file_close(mrt_port_file_t file)
{
    const uint32_t operands[1] = {(uint32_t)file};
    return semihosting_call(OPERATION_CLOSE, operands) == 0;
}
