/* The checksum of the format: CRC-32 (polynomial 0x04c11db7 reflected), zlib's. */
#include "format.h"

#include <zlib.h>

uint32_t trace_crc(uint32_t crc, const void *bytes, size_t len)
{
    return (uint32_t)crc32(crc, bytes, (uInt)len);
}
