/* Bytes in a row that grows, and numbers as an FST has them. */
#ifndef TWINWALK_FST_BYTES_H
#define TWINWALK_FST_BYTES_H

#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

struct bytes {
    uint8_t *at;
    size_t used, room;
    bool lacking; /* there was no memory for what came: it is not there */
};

/* Room for so many more, or NULL. What is written there counts when `used` says so. */
static inline uint8_t *bytes_room(struct bytes *b, size_t more)
{
    if (__builtin_expect(b->room - b->used < more, 0)) {
        const size_t room = 2 * b->room + more + 64;
        uint8_t *at = b->lacking ? NULL : (uint8_t *)realloc(b->at, room);
        if (!at) {
            b->lacking = true;
            return NULL;
        }
        b->at = at;
        b->room = room;
    }
    return b->at + b->used;
}

static inline void bytes_put(struct bytes *b, const void *from, size_t count)
{
    uint8_t *to = bytes_room(b, count);
    if (!to)
        return;
    memcpy(to, from, count);
    b->used += count;
}

static inline void bytes_byte(struct bytes *b, unsigned value)
{
    const uint8_t byte = (uint8_t)value;
    bytes_put(b, &byte, 1);
}

/* With the 0 at its end. */
static inline void bytes_text(struct bytes *b, const char *text)
{
    bytes_put(b, text, strlen(text) + 1);
}

/* Eight bytes, the highest first. */
static inline void bytes_u64(struct bytes *b, uint64_t value)
{
    value = __builtin_bswap64(value);
    bytes_put(b, &value, sizeof value);
}

enum { VARINT_BYTES = 10 }; /* the longest */

/* Seven bits a byte, the lowest first; the highest bit says that more come. The first byte after it. */
static inline uint8_t *varint(uint8_t *to, uint64_t value)
{
    while (value > 127) {
        *to++ = (uint8_t)(value | 128);
        value >>= 7;
    }
    *to++ = (uint8_t)value;
    return to;
}

static inline void bytes_varint(struct bytes *b, uint64_t value)
{
    uint8_t *to = bytes_room(b, VARINT_BYTES);
    if (to)
        b->used = (size_t)(varint(to, value) - b->at);
}

/* The same with a sign: bit 6 of the last byte. */
static inline void bytes_signed(struct bytes *b, int64_t value)
{
    for (;;) {
        const unsigned low = (unsigned)(value & 127);
        value >>= 7;
        const bool last = value == (low & 64 ? -1 : 0);
        bytes_byte(b, last ? low : low | 128);
        if (last)
            return;
    }
}

static inline void bytes_free(struct bytes *b)
{
    free(b->at);
    b->at = NULL;
    b->used = b->room = 0;
}

#endif
