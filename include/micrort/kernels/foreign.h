/**
 * @file foreign.h
 * @brief Attributes of operators that another compiler made, e.g. those in an archive of TVM.
 */
#ifndef MRT_KERNELS_FOREIGN_H
#define MRT_KERNELS_FOREIGN_H

#include "micrort/kernel.h"

/**
 * Attributes of foreign: any inputs, any outputs. The kernel is an adapter that is generated with the model's tables and
 * calls the operator; the library itself has none. A blob can bring none, and is refused by mrt_graph_load
 * (MRT_ERR_KERNEL).
 */
typedef struct mrt_foreign_attrs {
    uint32_t workspace; /**< Bytes of workspace, a multiple of 4; 0: none. */
} mrt_foreign_attrs_t;

#endif
