/**
 * @file port.h
 * @brief The bare-metal port: console, files and exit by semihosting, an instruction counter, stack painting.
 *
 * For one thread on one core. Nothing here may be called from an ISR. Needs a debugger or an emulator that
 * answers semihosting calls; without one the first call stops the core in its fault handler.
 */
#ifndef MRT_PORTS_BARE_PORT_H
#define MRT_PORTS_BARE_PORT_H

#include <stdbool.h>
#include <stdint.h>

/** Exit code of a firmware whose fault handler ran. */
#define MRT_PORT_EXIT_FAULT 120

/** How a file is opened; the values are those of fopen's "rb" and "wb" in the semihosting interface. */
typedef enum mrt_port_file_mode {
    MRT_PORT_FILE_READ = 1, /**< The file must exist. */
    MRT_PORT_FILE_WRITE = 5 /**< Created, or emptied. */
} mrt_port_file_mode_t;

/** A file on the workstation, as the semihosting host numbers it; -1: not open. */
typedef int32_t mrt_port_file_t;

/** Prints `text` on the workstation's console. */
void mrt_port_print(const char *text);

/** Prints `value` in decimal. */
void mrt_port_print_decimal(uint64_t value);

/** Prints `value` as 0x and eight hexadecimal digits. */
void mrt_port_print_hex(uint32_t value);

/** Ends the firmware; an emulator exits with `code` (0..255). Does not return. */
__attribute__((noreturn)) void mrt_port_exit(int32_t code);

/**
 * @brief The command line that the workstation gave.
 * @param[out] text Receives the zero-terminated line.
 * @param capacity Bytes behind text, at least 1.
 * @return False where there is none or it does not fit; text is then empty.
 */
bool mrt_port_command_line(char *text, uint32_t capacity);

/** Opens the file `name` (relative to the workstation's working folder); -1 where that fails. */
mrt_port_file_t mrt_port_file_open(const char *name, mrt_port_file_mode_t mode);

/** Bytes in an open file; 0 where the workstation does not know. */
uint32_t mrt_port_file_size(mrt_port_file_t file);

/** Sets the position, in bytes from the start; false on failure. */
bool mrt_port_file_seek(mrt_port_file_t file, uint32_t position);

/** Reads exactly `size` bytes; false where the file ends before or reading fails. */
bool mrt_port_file_read(mrt_port_file_t file, void *data, uint32_t size);

/** Writes exactly `size` bytes; false on failure. */
bool mrt_port_file_write(mrt_port_file_t file, const void *data, uint32_t size);

/** Closes an open file; false where buffered bytes could not be written. */
bool mrt_port_file_close(mrt_port_file_t file);

/** A reading of the counter; see counter.c. */
typedef struct mrt_port_stamp {
    uint64_t ticks;       /**< Ticks at the first sample. */
    uint32_t passes;      /**< Passes of the sampling loop to its end. */
    uint32_t edge_passes; /**< Sum over the observed tick edges of the passes up to each. */
} mrt_port_stamp_t;

/** An instruction counter. Initialise before use; its members are private. */
typedef struct mrt_port_counter {
    mrt_port_stamp_t begin;     /**< Where counting began. */
    uint32_t quarters_per_tick; /**< Quarters of an instruction in a tick of SysTick. */
    uint64_t overhead;          /**< What an empty count gives. */
} mrt_port_counter_t;

/**
 * @brief Starts SysTick and measures the cost of counting itself.
 *
 * Counts are exact on an emulator that lets one instruction last one nanosecond (QEMU with `-icount shift=0`) and
 * the same at every run. SysTick and its exception belong to the counter from here on.
 *
 * @param[out] counter The counter.
 * @param clock_hz SysTick's clock; 4e9 divided by it must be a whole number that 7 does not divide (25 MHz, 20 MHz,
 *                 32 MHz, 16 MHz).
 * @param reload SysTick wraps after reload + 1 ticks; 1023..0xFFFFFF. Wraps are counted.
 */
void mrt_port_counter_init(mrt_port_counter_t *counter, uint32_t clock_hz, uint32_t reload);

/** Begins a count. */
void mrt_port_counter_start(mrt_port_counter_t *counter);

/** Ends the count: instructions since mrt_port_counter_start, the counting itself left out. */
uint64_t mrt_port_counter_stop(const mrt_port_counter_t *counter);

/** Fills the unused part of the stack with a pattern, and masks interrupts until mrt_port_stack_used. */
void mrt_port_stack_paint(void);

/** Bytes of stack below the caller's frame that were written since mrt_port_stack_paint. */
uint32_t mrt_port_stack_used(void);

/** The application. Its result becomes the exit code. */
int main(void);

#endif
