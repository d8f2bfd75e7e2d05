/**
 * @file micrort.h
 * @brief The whole public interface of micrort.
 */
#ifndef MRT_MICRORT_H
#define MRT_MICRORT_H

/** Version of the runtime, checked by generated code. */
#define MRT_VERSION_MAJOR 0
#define MRT_VERSION_MINOR 1
#define MRT_VERSION_PATCH 0

#include "micrort/blob.h"
#include "micrort/config.h"
#include "micrort/executor.h"
#include "micrort/graph.h"
#include "micrort/kernel.h"
#include "micrort/kernels.h"
#include "micrort/plan.h"
#include "micrort/status.h"
#include "micrort/tensor.h"

#endif
