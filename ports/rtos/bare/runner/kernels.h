/**
 * @file kernels.h
 * @brief What this firmware offers to graphs that are loaded at run time: its own choice of kernels.
 */
#ifndef MRT_PORTS_BARE_RUNNER_KERNELS_H
#define MRT_PORTS_BARE_RUNNER_KERNELS_H

#include "micrort/blob.h"

/** A loader with the firmware's kernels and room for as many in a graph; the words for tensors are not set. */
extern mrt_loader_t mrt_runner_loader;

#endif
