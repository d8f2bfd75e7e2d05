/**
 * @file crc32.h
 * @brief CRC-32 as in zlib, PNG and Ethernet: polynomial 0x04C11DB7 reflected, all bits inverted before and after.
 */
#ifndef MRT_RUNTIME_CRC32_H
#define MRT_RUNTIME_CRC32_H

#include <stdint.h>

/** CRC-32 of `size` bytes. */
uint32_t mrt_crc32(const uint8_t *bytes, uint32_t size);

#endif
