/* How numbers lie in a trace file: little-endian words, varints and zigzag (docs/trace-format.md section 2). */
#ifndef TWINWALK_TRACE_WIRE_H
#define TWINWALK_TRACE_WIRE_H

#include <stdint.h>

enum { VARINT_MAX = 10 }; /* bytes of the longest varint */

static inline void put_u32(uint8_t *p, uint32_t v)
{
    for (int i = 0; i < 4; i++)
        p[i] = (uint8_t)(v >> (8 * i));
}

static inline void put_u64(uint8_t *p, uint64_t v)
{
    for (int i = 0; i < 8; i++)
        p[i] = (uint8_t)(v >> (8 * i));
}

static inline uint32_t get_u32(const uint8_t *p)
{
    return (uint32_t)p[0] | (uint32_t)p[1] << 8 | (uint32_t)p[2] << 16 | (uint32_t)p[3] << 24;
}

static inline uint64_t get_u64(const uint8_t *p)
{
    return get_u32(p) | (uint64_t)get_u32(p + 4) << 32;
}

/* Small magnitudes of both signs become small numbers: 0, -1, 1, -2 … are 0, 1, 2, 3 … */
static inline uint64_t zigzag(uint64_t delta)
{
    return delta << 1 ^ (0 - (delta >> 63));
}

static inline uint64_t unzigzag(uint64_t v)
{
    return v >> 1 ^ (0 - (v & 1));
}

/* Writes v at p, 7 bits a byte, least significant first, top bit set on all but the last; returns the byte after it. */
static inline uint8_t *put_varint(uint8_t *p, uint64_t v)
{
    while (v >= 0x80) {
        *p++ = (uint8_t)(v | 0x80);
        v >>= 7;
    }
    *p++ = (uint8_t)v;
    return p;
}

/* Reads a varint at *p into *v and moves *p after it. At most VARINT_MAX bytes are looked at, so the caller's buffer
 * needs that much slack; returns 0 when the varint is longer or does not fit in 64 bits. */
static inline int get_varint(const uint8_t **p, uint64_t *v)
{
    const uint8_t *q = *p;
    uint64_t value = *q & 0x7f;
    for (unsigned shift = 7; *q++ & 0x80; shift += 7) {
        if (shift == 63 && *q > 1)
            return 0;
        value |= (uint64_t)(*q & 0x7f) << shift;
    }
    *p = q;
    *v = value;
    return 1;
}

#endif
