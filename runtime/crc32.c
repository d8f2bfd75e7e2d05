#include "runtime/crc32.h"

/* Four bits at a time: 64 bytes of table for a third of the time of single bits. */
uint32_t mrt_crc32(const uint8_t *bytes, uint32_t size)
{
    static const uint32_t remainders[16] = {
        0x00000000u, 0x1DB71064u, 0x3B6E20C8u, 0x26D930ACu, 0x76DC4190u, 0x6B6B51F4u, 0x4DB26158u, 0x5005713Cu,
        0xEDB88320u, 0xF00F9344u, 0xD6D6A3E8u, 0xCB61B38Cu, 0x9B64C2B0u, 0x86D3D2D4u, 0xA00AE278u, 0xBDBDF21Cu,
    };
    uint32_t crc = 0xFFFFFFFFu;
    for (uint32_t index = 0u; index < size; ++index) {
        crc ^= bytes[index];
        crc = (crc >> 4u) ^ remainders[crc & 0x0Fu];
        crc = (crc >> 4u) ^ remainders[crc & 0x0Fu];
    }
    return crc ^ 0xFFFFFFFFu;
}
