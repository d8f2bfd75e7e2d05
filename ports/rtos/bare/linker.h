/**
 * @file linker.h
 * @brief The places that the linker script names. Only the addresses of these arrays mean anything.
 */
#ifndef MRT_PORTS_BARE_LINKER_H
#define MRT_PORTS_BARE_LINKER_H

#include <stdint.h>

extern uint32_t mrt_port_stack_bottom[];      /* MISRA D6 */
extern uint32_t mrt_port_stack_top[];         /* MISRA D6 */
extern uint32_t mrt_port_data_begin[];        /* MISRA D6 */
extern uint32_t mrt_port_data_end[];          /* MISRA D6 */
extern const uint32_t mrt_port_data_image[];  /* MISRA D6 */
extern uint32_t mrt_port_bss_begin[];         /* MISRA D6 */
extern uint32_t mrt_port_bss_end[];           /* MISRA D6 */
extern const uint32_t mrt_port_map[];    /* Code, data, vectors: begin and end of each. MISRA D6 */
extern const uint32_t mrt_port_guards[]; /* How many; begin and end of each, in ascending order. MISRA D6 */
extern const uint32_t mrt_port_memories[]; /* How many hold arenas beside data; begin and end of each. MISRA D6 */

#endif
