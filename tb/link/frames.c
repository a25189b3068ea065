/* Frames: see frames.h. */
#include "frames.h"

#include <string.h>
#include <zlib.h>

enum { HEAD = 6, STATUS_BYTES = 32 };

uint64_t frame_number(const uint8_t *byte, unsigned bytes)
{
    uint64_t n = 0;
    while (bytes-- > 0)
        n = n << 8 | byte[bytes];
    return n;
}

unsigned frame_make(uint8_t *to, uint8_t type, uint8_t sequence, const uint8_t *payload, unsigned bytes)
{
    const uint8_t head[HEAD] = {LINK_SYNC0, LINK_SYNC1, type, sequence, (uint8_t)bytes, (uint8_t)(bytes >> 8)};
    memcpy(to, head, HEAD);
    if (bytes)
        memcpy(to + HEAD, payload, bytes);
    const uint32_t crc = (uint32_t)crc32(0, to + 2, HEAD - 2 + bytes);
    for (unsigned i = 0; i < 4; i++)
        to[HEAD + bytes + i] = (uint8_t)(crc >> 8 * i);
    return bytes + LINK_AROUND;
}

enum frame_found frame_find(const uint8_t *byte, size_t bytes, size_t *from, uint8_t *type, const uint8_t **payload,
                            unsigned *payload_bytes)
{
    for (; bytes - *from >= HEAD; ++*from) {
        const uint8_t *f = byte + *from;
        if (f[0] != LINK_SYNC0 || f[1] != LINK_SYNC1)
            continue;
        const unsigned length = (unsigned)frame_number(f + 4, 2);
        if (length <= LINK_PAYLOAD && bytes - *from < length + LINK_AROUND)
            return FRAME_NONE;
        if (length > LINK_PAYLOAD || crc32(0, f + 2, HEAD - 2 + length) != frame_number(f + HEAD + length, 4)) {
            *from += 2;
            return FRAME_DAMAGED;
        }
        *type = f[2];
        *payload = f + HEAD;
        *payload_bytes = length;
        *from += length + LINK_AROUND;
        return FRAME_GOOD;
    }
    return FRAME_NONE;
}

bool frame_status(const uint8_t *p, unsigned bytes, struct link_status *s)
{
    if (bytes != STATUS_BYTES)
        return false;
    *s = (struct link_status){.session = (uint16_t)frame_number(p, 2),
                              .expected = p[2],
                              .why = p[3],
                              .taken = (uint16_t)frame_number(p + 4, 2),
                              .checks = (uint16_t)frame_number(p + 6, 2),
                              .cycles = frame_number(p + 8, 8),
                              .crc = frame_number(p + 16, 8),
                              .version = p[24],
                              .ports = p[25],
                              .bytes = 1u << (p[26] & 31),
                              .readout = p[27] & 15,
                              .wrong = p[27] >> 4 & 1,
                              .preset = (uint32_t)frame_number(p + 28, 4)};
    return true;
}
