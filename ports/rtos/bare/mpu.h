/**
 * @file mpu.h
 * @brief Memory protection: what a wrong kernel must not touch, faults.
 *
 * Only the memories of the linker script are accessible. Code, constants, weights and tables are read-only; data is
 * not executable; the stack and each arena lie between guards; the vector table, and with it address 0 on most
 * boards, is closed to loads and stores (the core fetches vectors past the protection). Guards are exact to the 32
 * bytes of the hardware.
 */
#ifndef MRT_PORTS_BARE_MPU_H
#define MRT_PORTS_BARE_MPU_H

#include <stdbool.h>
#include <stdint.h>

/** Addresses from begin to end - 1; multiples of 32. */
typedef struct mrt_port_range {
    uint32_t begin;
    uint32_t end;
} mrt_port_range_t;

/**
 * @brief Turns protection on, before main. A core without an MPU stays open.
 * @return False where the MPU has too few regions for the guards of all arenas; nothing is protected then.
 */
bool mrt_port_mpu_protect(void);

/**
 * @brief Makes data read-only from here on, for a model that was brought into RAM. Once, after mrt_port_mpu_protect.
 * @param data What lies between two guards: a whole arena section. Aligned to an eighth of its size.
 * @param size Bytes, a power of two.
 * @return False where the MPU has no region left.
 */
bool mrt_port_mpu_close(const void *data, uint32_t size);

/** Regions that protect; 0 where nothing does. */
uint32_t mrt_port_mpu_regions(void);

/** What lies at an address that must not be accessed as it was, for a fault report. Static text. */
const char *mrt_port_mpu_text(uint32_t address);

#endif
