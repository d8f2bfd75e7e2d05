/**
 * @file micrort.h
 * @brief The whole public interface of micrort.
 */
#ifndef MRT_MICRORT_H
#define MRT_MICRORT_H

/** Version of the runtime: a change of it may change the meaning of the interface. */
#define MRT_VERSION_MAJOR 0
/** Version of the runtime: a change of it adds to the interface. */
#define MRT_VERSION_MINOR 1
/** Version of the runtime: a change of it leaves the interface alone. */
#define MRT_VERSION_PATCH 0

#include "micrort/blob.h"
#include "micrort/config.h"
#include "micrort/executor.h"
#include "micrort/graph.h"
#include "micrort/kernel.h"
#include "micrort/kernels.h"
#include "micrort/plan.h"
#include "micrort/platform.h"
#include "micrort/status.h"
#include "micrort/tensor.h"

#endif
