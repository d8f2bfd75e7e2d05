/**
 * @file service.h
 * @brief A model at the end of a transport: a workstation sends inputs and gets outputs.
 *
 * Frames, little-endian; whatever lies between frames is text for people, and is skipped by either side:
 *
 *     to us     "mrt?"  size: uint32                   inputs, one behind the other   crc: uint32
 *     from us   "mrt!"  size: uint32  status: int32    outputs likewise, or nothing   crc: uint32
 *
 * `size` counts inputs or outputs alone; `crc` is the CRC-32 (IEEE 802.3) of everything between mark and crc. Inputs are
 * received where the model reads them, so a service needs no memory of its own. The byte 3 (Ctrl-C) between frames ends
 * it. `micrort compare MODEL --on project:DIR` is a client.
 */
#ifndef MRT_PORTS_SERVICE_H
#define MRT_PORTS_SERVICE_H

#include "micrort/executor.h"
#include "micrort/platform.h"

/** A model as a service sees it. All members outlive the service, which is the model's only user meanwhile. */
typedef struct mrt_service_model {
    const char *name;                                             /**< For greetings. */
    uint32_t input_count;                                         /**< Inputs that have a place as a whole. */
    uint32_t output_count;                                        /**< Outputs likewise. */
    const mrt_dtype_t *input_dtypes;                              /**< Of each input. */
    const char *const *output_names;                              /**< Of each output. */
    mrt_status_t (*input)(uint32_t index, mrt_buffer_t *buffer);  /**< As mrt_executor_input. */
    mrt_status_t (*output)(uint32_t index, mrt_buffer_t *buffer); /**< As mrt_executor_output. */
    mrt_status_t (*run)(void);                                    /**< As mrt_executor_run. */
} mrt_service_model_t;

/**
 * @brief Runs the model once on the inputs that `micrort run --inputs lcg:SEED` makes, and prints the microseconds that
 *        it took and the CRC-32 of each output. From a thread.
 * @param platform Has a transport.
 * @param model The model, initialised.
 * @param seed Of the inputs.
 * @return MRT_OK, or what the model's functions said.
 */
MRT_CHECK_RESULT mrt_status_t mrt_service_example(const mrt_platform_t *platform, const mrt_service_model_t *model,
                                                  uint32_t seed);

/**
 * @brief Answers requests until the byte 3 comes between them. From a thread.
 *
 * A request of another size than the model's inputs is answered with MRT_ERR_ARGUMENT, one whose checksum is wrong with
 * MRT_ERR_CHECKSUM, one that stops for two seconds with MRT_ERR_TIMEOUT, and one that the model refuses with what it
 * said.
 *
 * @param platform Has a transport.
 * @param model The model, initialised.
 * @return MRT_OK, or what the platform's `read` said other than MRT_ERR_TIMEOUT (it has no transport).
 */
MRT_CHECK_RESULT mrt_status_t mrt_service_run(const mrt_platform_t *platform, const mrt_service_model_t *model);

#endif
