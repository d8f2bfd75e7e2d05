/**
 * @file copy.h
 * @brief Copies bytes. The memcpy of a C library for these cores takes 300 bytes of code, more than some kernels.
 */
#ifndef MRT_RUNTIME_COPY_H
#define MRT_RUNTIME_COPY_H

#include <stdint.h>

/** Copies `bytes` bytes between places that do not overlap: by words where both are aligned to 4. */
void mrt_copy(void *to, const void *from, uint32_t bytes);

#endif
