/* The changes of all signals in one block of an FST (tb/dut/fst_writer.h).
 *
 * Of each change there is the time since the last one, in numbers of times within the block, and the value, packed with
 * its highest bit first. Those of each signal stand in a row as they will stand in the file. */
#ifndef TWINWALK_FST_CHANGES_H
#define TWINWALK_FST_CHANGES_H

#include "fst_bytes.h"

/* Of one signal: half a line of the processor's cache. */
struct row {
    uint8_t *at;
    uint32_t used, room; /* bytes */
    uint32_t last;       /* the time of the last change */
    uint32_t width;      /* characters of a value */
    uint32_t begin;      /* where its value stands in `begin` below */
    bool real;
    bool lacking; /* there was no memory for what came: it is not there */
};

struct changes {
    struct row *row; /* signal n: [n - 1] */
    uint32_t count, room;
    uint32_t time;      /* the present one, as a number within the block */
    struct bytes begin; /* the values of all signals when the block began, in characters */
    uint64_t *met;      /* scratch: of the rows that were written, the high bits of a hash and the number */
    bool lacking;       /* memory */
};

/* One more signal, of unknown value; all come before the first change. */
void changes_signal(struct changes *c, uint32_t width, bool real);

/* More room in a row, or NULL. */
uint8_t *changes_grow(struct row *r, uint32_t more);

/* Room in a row for a change with so many bytes of value. */
static inline uint8_t *changes_room(struct row *r, uint32_t bytes)
{
    const uint32_t more = VARINT_BYTES + bytes;
    return __builtin_expect(r->room - r->used < more, 0) ? changes_grow(r, more) : r->at + r->used;
}

/* The time of a change, shifted to make place for what else is in its number. */
static inline uint64_t changes_since(const struct changes *c, struct row *r, unsigned shift)
{
    const uint64_t since = c->time - r->last;
    r->last = c->time;
    return since << shift;
}

/* A signal of 1 to 64 bits has another value. Every cycle some fifty have. */
static inline void changes_number(struct changes *c, uint32_t signal, uint64_t value, unsigned bits)
{
    struct row *const r = &c->row[signal - 1];
    uint8_t *to = changes_room(r, sizeof value);
    if (!to)
        return;
    if (bits == 1) {
        to = varint(to, changes_since(c, r, 2) | value << 1);
    } else {
        to = varint(to, changes_since(c, r, 1));
        value = __builtin_bswap64(value << (64 - bits));
        memcpy(to, &value, sizeof value);
        to += (bits + 7) / 8;
    }
    r->used = (uint32_t)(to - r->at);
}

/* Any signal has: its bits as characters, the first one the highest, of which as many can be read as make a multiple of
 * eight; of a real the bytes of a double. */
void changes_text(struct changes *c, uint32_t signal, const char *value);

/* Puts the values of a block, from those at its begin to the index of the rows, behind what is there, and begins the
 * next one. The bytes that a reader of all rows needs. */
uint64_t changes_write(struct changes *c, struct bytes *out);

void changes_free(struct changes *c);

/* Puts bytes there, packed by zlib where that makes them fewer, and says how many. */
size_t bytes_packed(struct bytes *out, const struct bytes *plain);

#endif
