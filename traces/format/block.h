/* The block codec: up to 65,536 records as columns of bytes, before compression (docs/trace-format.md section 5).
 *
 * A block stands alone. Each record is one byte, its shape: an index into the block's dictionary of (kind, flags, size,
 * thread). Addresses are predicted to follow the previous access of the same thread and kind; a shape says whether that
 * came true, and if not, the distance is a varint in the column of the kind. So straight-line code costs a byte an
 * instruction, and a column of alike numbers is what zstd compresses best. */
#ifndef TWINWALK_TRACE_BLOCK_H
#define TWINWALK_TRACE_BLOCK_H

#include "extra.h"
#include "trace.h"
#include "wire.h"

enum {
    BLOCK_RECORDS = 65536,                         /* most records of a block */
    BLOCK_SHAPES = 256,                            /* most shapes of a block */
    BLOCK_EXTRA_BYTES = 1 << 20,                   /* an encoder is full once its extras reach this */
    BLOCK_RAW_MAX = 2 << 20,                       /* most bytes of an encoded block */
    BLOCK_PACKED_MAX = BLOCK_RAW_MAX + (64 << 10), /* most bytes of a compressed block */
    BLOCK_SLACK = 256,                             /* a decoder may look this far beyond the encoded bytes */
    BLOCK_STREAMS = 3,                             /* address columns: fetch, load, store */
};

struct block_encoder;

struct block_encoder *block_encoder_new(void); /* NULL: out of memory */
void block_encoder_free(struct block_encoder *e);
/* Adds a record that trace_invalid() has passed. False when the block is full: finish it, then add the record again. */
bool block_add(struct block_encoder *e, const struct trace_rec *rec, const struct trace_extra *extra);
uint32_t block_records(const struct block_encoder *e);
uint32_t block_accesses(const struct block_encoder *e);
/* Writes the encoded block to out[BLOCK_RAW_MAX], returns its length, and empties the encoder. */
size_t block_finish(struct block_encoder *e, uint8_t *out);

struct block_decoder {
    struct trace_rec *recs;     /* recs_room of them, as many as the largest block so far has had */
    struct trace_extra *extras; /* of other records than accesses; grows as needed, never beyond BLOCK_RECORDS */
    struct trace_expect
        *expects; /* of accesses, close together, since a recorded system has one on each; recs_room of them */
    uint32_t recs_room, extras_room;
    struct known_pages known;
    uint32_t bad_record; /* on failure: the record of the block in which it was found */
};

void block_decoder_init(struct block_decoder *d);
void block_decoder_free(struct block_decoder *d);
/* The extra part of a record that block_decode gave; NULL: it has none. Of an access only `expect` may be read. */
static inline const struct trace_extra *block_extra(const struct block_decoder *d, const struct trace_rec *rec)
{
    if (!has_extra(rec->kind, rec->flags))
        return NULL;
    return rec->kind <= TRACE_STORE ? (const struct trace_extra *)(const void *)&d->expects[rec->extra]
                                    : &d->extras[rec->extra];
}

/* Decodes `records` (1 … BLOCK_RECORDS) records, `accesses` of them accesses, from raw[0 … len), behind which
 * BLOCK_SLACK bytes are readable. NULL, or what is wrong. Every record given back satisfies trace_invalid(). */
extern const char block_no_memory[]; /* what block_decode gives when it is not the block that is wrong */
const char *block_decode(struct block_decoder *d, const uint8_t *raw, size_t len, uint32_t records, uint32_t accesses);

#endif
