/*
 * The MPU of Armv7-M and Armv8-M (PMSA). The two differ in everything but the addresses of their registers; code for
 * an older core also runs on a newer one, so the core says at run time which it has.
 */
#include "ports/rtos/bare/linker.h"
#include "ports/rtos/bare/mpu.h"
#include "ports/rtos/bare/registers.h"

#define MPU_TYPE MRT_REGISTER(0xE000ED90u)  /* MISRA D3: number of regions in bits 15:8 */
#define MPU_CTRL MRT_REGISTER(0xE000ED94u)  /* MISRA D3: 1: on; loads and stores outside all regions fault */
#define MPU_RNR MRT_REGISTER(0xE000ED98u)   /* MISRA D3: the region that the next two registers show */
#define MPU_RBAR MRT_REGISTER(0xE000ED9Cu)  /* MISRA D3: its base */
#define MPU_RLAR MRT_REGISTER(0xE000EDA0u)  /* MISRA D3: its limit; on Armv7-M its size and attributes (RASR) */
#define MPU_MAIR0 MRT_REGISTER(0xE000EDC0u) /* MISRA D3: kinds of memory, Armv8-M */
#define ID_MMFR0 MRT_REGISTER(0xE000ED50u)  /* MISRA D3: kind of MPU in bits 7:4 */

#define ARMV7M_MPU 3u
#define ARMV8M_MPU 4u
#define GRANULE 32u
/* Accesses below are taken for those of a null pointer. */
#define NULL_BYTES 0x400u

/* Armv7-M: access, execute-never and normal write-back memory in RASR. */
#define V7_CODE 0x060B0000u
#define V7_DATA 0x130B0000u
#define V7_CONST 0x160B0000u
#define V7_CLOSED 0x10000000u
#define V7_ENABLE 0x1u
/* The largest region that is tried; it holds any memory of a microcontroller. */
#define V7_SIZE_BITS_MAX 28u

/* Armv8-M: access and execute-never in RBAR. */
#define V8_CODE 0x6u
#define V8_DATA 0x3u
#define V8_CONST 0x7u
#define V8_ENABLE 0x1u
#define V8_WRITE_BACK 0xFFu

/* First region that no other range depends on: what closes a model later may take its place. */
static uint32_t first_spare;

/* A memory of the map: 0 code, 1 data, 2 vectors. */
static mrt_port_range_t range_of(uint32_t index)
{
    const mrt_port_range_t range = {mrt_port_map[2u * index], mrt_port_map[(2u * index) + 1u]};
    return range;
}

/* A memory that holds nothing but arenas. */
static mrt_port_range_t memory(uint32_t index)
{
    const mrt_port_range_t range = {mrt_port_memories[(2u * index) + 1u], mrt_port_memories[(2u * index) + 2u]};
    return range;
}

static uint32_t guard_count(void)
{
    return mrt_port_guards[0];
}

static mrt_port_range_t guard(uint32_t index)
{
    const mrt_port_range_t range = {mrt_port_guards[(2u * index) + 1u], mrt_port_guards[(2u * index) + 2u]};
    return range;
}

static uint32_t mpu_kind(void)
{
    return ((MPU_TYPE >> 8) == 0u) ? 0u : ((ID_MMFR0 >> 4) & 0xFu);
}

static uint32_t region_limit(void)
{
    return (MPU_TYPE >> 8) & 0xFFu;
}

static void set_region(uint32_t region, uint32_t base, uint32_t limit)
{
    MPU_RNR = region;
    MPU_RBAR = base;
    MPU_RLAR = limit;
}

/* Bytes from `begin` that a region of Armv7-M of 2^bits bytes can cover with its eight subregions; 0: none. */
static uint32_t v7_reach(const mrt_port_range_t *range, uint32_t bits)
{
    const uint32_t part = 1u << (bits - 3u);
    const uint32_t block_end = (range->begin & ~((1u << bits) - 1u)) + (1u << bits);
    const uint32_t end = (range->end < block_end) ? range->end : block_end;
    const bool exact = ((range->begin % part) == 0u) && ((end % part) == 0u);
    return exact ? (end - range->begin) : 0u;
}

/* The size of the region that covers most of a range from its begin. */
static uint32_t v7_best_bits(const mrt_port_range_t *range)
{
    uint32_t best = 8u; /* 256 bytes in eight subregions of 32: covers some of any range */
    for (uint32_t bits = 9u; bits <= V7_SIZE_BITS_MAX; ++bits) {
        best = (v7_reach(range, bits) > v7_reach(range, best)) ? bits : best;
    }
    return best;
}

/* Covers the first part of a range, as much as one region can, and takes it off the range. */
static bool v7_cover(uint32_t *region, mrt_port_range_t *range, uint32_t attributes)
{
    const uint32_t best = v7_best_bits(range);
    if ((*region >= region_limit()) || (v7_reach(range, best) == 0u)) {
        return false;
    }
    const uint32_t base = range->begin & ~((1u << best) - 1u);
    const uint32_t first = (range->begin - base) >> (best - 3u);
    const uint32_t count = v7_reach(range, best) >> (best - 3u);
    const uint32_t disabled = ~(((1u << count) - 1u) << first) & 0xFFu;
    set_region(*region, base, attributes | (disabled << 8) | ((best - 1u) << 1) | V7_ENABLE);
    *region += 1u;
    range->begin += v7_reach(range, best);
    return true;
}

static bool v7_cover_all(uint32_t *region, mrt_port_range_t range, uint32_t attributes)
{
    mrt_port_range_t rest = range;
    bool success = true;
    while (success && (rest.begin < rest.end)) {
        success = v7_cover(region, &rest, attributes);
    }
    return success;
}

/*
 * Later regions go before earlier ones: guards are cut out of the data. What lies directly behind each arena comes
 * first, the rest of the guards as far as regions go.
 */
static bool v7_protect(void)
{
    uint32_t region = 0u;
    bool success = v7_cover_all(&region, range_of(0u), V7_CODE);
    success = success && v7_cover_all(&region, range_of(1u), V7_DATA);
    for (uint32_t index = 0u; index < mrt_port_memories[0]; ++index) {
        success = success && v7_cover_all(&region, memory(index), V7_DATA);
    }
    success = success && v7_cover_all(&region, range_of(2u), V7_CLOSED);
    for (uint32_t index = 0u; index < guard_count(); ++index) {
        mrt_port_range_t range = guard(index);
        success = success && v7_cover(&region, &range, V7_CLOSED);
    }
    first_spare = region;
    for (uint32_t index = 0u; success && (index < guard_count()); ++index) {
        mrt_port_range_t rest = guard(index);
        rest.begin += v7_reach(&rest, v7_best_bits(&rest));
        (void)v7_cover_all(&region, rest, V7_CLOSED);
    }
    return success;
}

static bool v8_cover(uint32_t *region, uint32_t begin, uint32_t end, uint32_t attributes)
{
    if (begin >= end) {
        return true;
    }
    if (*region >= region_limit()) {
        return false;
    }
    set_region(*region, begin | attributes, (end - GRANULE) | V8_ENABLE);
    *region += 1u;
    return true;
}

/* Regions must not overlap: there is one for each stretch of a memory between guards. */
static bool v8_cover_open(uint32_t *region, const mrt_port_range_t *range)
{
    bool success = true;
    uint32_t begin = range->begin;
    for (uint32_t index = 0u; index < guard_count(); ++index) {
        const mrt_port_range_t closed = guard(index);
        if ((closed.begin >= range->begin) && (closed.begin < range->end)) {
            success = success && v8_cover(region, begin, closed.begin, V8_DATA);
            begin = closed.end;
        }
    }
    return success && v8_cover(region, begin, range->end, V8_DATA);
}

static bool v8_protect(void)
{
    uint32_t region = 0u;
    const mrt_port_range_t code = range_of(0u);
    const mrt_port_range_t data = range_of(1u);
    const mrt_port_range_t vectors = range_of(2u);
    const bool inside = (vectors.begin >= code.begin) && (vectors.begin < code.end);
    MPU_MAIR0 = V8_WRITE_BACK;
    bool success = v8_cover(&region, inside ? vectors.end : code.begin, code.end, V8_CODE);
    success = success && v8_cover_open(&region, &data);
    for (uint32_t index = 0u; index < mrt_port_memories[0]; ++index) {
        const mrt_port_range_t more = memory(index);
        success = success && v8_cover_open(&region, &more);
    }
    return success;
}

bool mrt_port_mpu_protect(void)
{
    const uint32_t kind = mpu_kind();
    bool success = true;
    if ((kind == ARMV7M_MPU) || (kind == ARMV8M_MPU)) {
        success = (kind == ARMV7M_MPU) ? v7_protect() : v8_protect();
        __asm volatile("dmb" ::: "memory"); /* MISRA D5 */
        MPU_CTRL = success ? 1u : 0u;
        __asm volatile("dsb\n\tisb" ::: "memory"); /* MISRA D5 */
    }
    return success;
}

/* Read-only instead of the region of Armv8-M that begins at `begin`. */
static bool v8_close(uint32_t begin)
{
    for (uint32_t region = 0u; region < region_limit(); ++region) {
        MPU_RNR = region;
        if (MPU_RBAR == (begin | V8_DATA)) {
            MPU_RBAR = begin | V8_CONST;
            return true;
        }
    }
    return false;
}

bool mrt_port_mpu_close(const void *data, uint32_t size)
{
    const uint32_t begin = (uint32_t)(uintptr_t)data; /* MISRA D3 */
    bool success = true;
    if (mrt_port_mpu_regions() != 0u) {
        const mrt_port_range_t range = {begin, begin + size};
        uint32_t region = first_spare;
        success = (mpu_kind() == ARMV7M_MPU) ? v7_cover_all(&region, range, V7_CONST) : v8_close(begin);
        __asm volatile("dsb\n\tisb" ::: "memory"); /* MISRA D5 */
    }
    return success;
}

uint32_t mrt_port_mpu_regions(void)
{
    uint32_t count = 0u;
    for (uint32_t region = 0u; (mpu_kind() != 0u) && (region < region_limit()) && ((MPU_CTRL & 1u) != 0u); ++region) {
        MPU_RNR = region;
        count += MPU_RLAR & 1u;
    }
    return count;
}

static bool is_inside(uint32_t address, const mrt_port_range_t *range)
{
    return (address >= range->begin) && (address < range->end);
}

const char *mrt_port_mpu_text(uint32_t address)
{
    static const char *const guards[] = {"below the stack", "above the stack, before an arena", "behind an arena"};
    const mrt_port_range_t code = range_of(0u);
    const mrt_port_range_t data = range_of(1u);
    const mrt_port_range_t vectors = range_of(2u);
    const char *text = "no memory of this firmware";
    if (is_inside(address, &vectors) || (address < NULL_BYTES)) {
        text = "the vector table, or a null pointer";
    } else if (is_inside(address, &code)) {
        text = "code, constants or weights, which are read-only";
    } else if (is_inside(address, &data)) {
        text = "data that is read-only or not executable";
    } else {
        /* nothing that the map knows */
    }
    for (uint32_t index = 0u; index < guard_count(); ++index) {
        const mrt_port_range_t closed = guard(index);
        if (is_inside(address, &closed)) {
            text = guards[(index < 2u) ? index : 2u];
        }
    }
    return text;
}
