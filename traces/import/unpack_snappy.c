/* Snappy's framing format, as drmemtrace writes it in .sz files (google/snappy, framing_format.txt; unpacking by
 * libsnappy): chunks of up to 64 KiB, each with a checksum; a stream may be followed by another. */
#include "source.h"

#include "format/wire.h"

#include <snappy-c.h>
#include <stdlib.h>
#include <string.h>

enum {
    CHUNK_PACKED = 0x00,
    CHUNK_PLAIN = 0x01,
    CHUNK_MAY_SKIP = 0x80,
    CHUNK_STREAM = 0xff,
    PLAIN_MOST = 65536,
    PACKED_MOST = 32 + PLAIN_MOST + PLAIN_MOST / 6, /* snappy_max_compressed_length() */
    SUM = 4,
};

struct snappy {
    size_t at, end; /* of plain[], which is not given yet */
    uint8_t packed[SUM + PACKED_MOST], plain[PLAIN_MOST];
    uint32_t table[256];
};

static bool snappy_start(struct source *s)
{
    enum { CASTAGNOLI = 0x82f63b78 };
    struct snappy *z = s->state = calloc(1, sizeof *z);
    if (!z)
        return source_wrong(s, "out of memory");
    for (uint32_t i = 0; i < 256; i++) {
        z->table[i] = i;
        for (int k = 0; k < 8; k++)
            z->table[i] = z->table[i] >> 1 ^ (z->table[i] & 1 ? CASTAGNOLI : 0);
    }
    return true;
}

/* The CRC-32C of what was unpacked, masked as the format says. */
static uint32_t checksum(const struct snappy *z)
{
    uint32_t crc = UINT32_MAX;
    for (size_t i = 0; i < z->end; i++)
        crc = crc >> 8 ^ z->table[(crc ^ z->plain[i]) & 0xff];
    crc = ~crc;
    return (crc >> 15 | crc << 17) + 0xa282ead8;
}

/* A chunk with data, whose length is known, is unpacked to plain[]. */
static bool data_chunk(struct source *s, struct snappy *z, unsigned type, uint32_t len)
{
    const size_t most = type == CHUNK_PLAIN ? PLAIN_MOST : PACKED_MOST;
    if (len < SUM || len > SUM + most)
        return source_wrong(s, "the Snappy data are damaged (a chunk of %u bytes)", len);
    if (!source_bytes(s, z->packed, len, "the middle of its Snappy data"))
        return false;
    z->end = len - SUM;
    if (type == CHUNK_PLAIN) {
        memcpy(z->plain, z->packed + SUM, z->end);
    } else {
        size_t room = 0;
        if (snappy_uncompressed_length((char *)z->packed + SUM, len - SUM, &room) != SNAPPY_OK || room > PLAIN_MOST ||
            snappy_uncompress((char *)z->packed + SUM, len - SUM, (char *)z->plain, &room) != SNAPPY_OK)
            room = 0;
        if (!room && !(z->end = 0))
            return source_wrong(s, "the Snappy data are damaged (a chunk cannot be unpacked)");
        z->end = room;
    }
    if (checksum(z) == get_u32(z->packed))
        return true;
    z->end = 0;
    return source_wrong(s, "the Snappy data are damaged (wrong checksum)");
}

/* Reads one chunk; false at the end, and on an error. */
static bool next_chunk(struct source *s, struct snappy *z)
{
    uint8_t head[4], name[6];
    z->at = z->end = 0;
    if (!source_input(s) || !source_bytes(s, head, sizeof head, "the middle of its Snappy data"))
        return false;
    const uint32_t len = get_u32(head) >> 8;
    if (head[0] <= CHUNK_PLAIN)
        return data_chunk(s, z, head[0], len);
    if (head[0] == CHUNK_STREAM)
        return (len == sizeof name && source_bytes(s, name, sizeof name, "the middle of its Snappy data") &&
                !memcmp(name, "sNaPpY", sizeof name)) ||
               source_wrong(s, "the Snappy data are damaged (the head of a stream)");
    if (head[0] < CHUNK_MAY_SKIP)
        return source_wrong(s, "the Snappy data are damaged (a chunk of type %u)", head[0]);
    return source_skip(s, len, "the middle of its Snappy data");
}

static size_t snappy_unpack(struct source *s, uint8_t *out, size_t room)
{
    struct snappy *z = s->state;
    while (z->at == z->end)
        if (!next_chunk(s, z))
            return 0;
    const size_t n = z->end - z->at < room ? z->end - z->at : room;
    memcpy(out, z->plain + z->at, n);
    z->at += n;
    return n;
}

static void snappy_stop(struct source *s)
{
    free(s->state);
}

const struct packing packing_snappy = {"Snappy", snappy_start, snappy_unpack, snappy_stop};
