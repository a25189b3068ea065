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
    BLOCK_RECORDS = 65536, /* most records of a block */
    BLOCK_PIECE = 1024, /* records that a decoder gives at once, so that they stay in the caches until they are used */
    BLOCK_SHAPES = 256, /* most shapes of a block */
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

struct block_progress; /* what a decoder knows of its block between two pieces */
struct block_decoder {
    /* the piece at hand: count records, from number `first` of the block on */
    struct trace_rec *recs;
    struct trace_extra *extras;   /* of other records than accesses; grows as needed, never beyond BLOCK_PIECE */
    struct trace_expect *expects; /* of accesses, close together, since a recorded system has one on each */
    uint32_t first, count, extras_room;
    struct block_progress *progress; /* NULL before the first block */
    uint32_t bad_record;             /* on failure: the record of the block in which it was found */
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

extern const char block_no_memory[]; /* what the two below give when it is not the block that is wrong */
/* Begins a block of `records` (1 … BLOCK_RECORDS) records, `accesses` of them accesses: raw[0 … len), behind which
 * BLOCK_SLACK bytes are readable, and which stays as it is while pieces are taken. No piece is at hand then. NULL, or
 * what is wrong. */
const char *block_begin(struct block_decoder *d, const uint8_t *raw, size_t len, uint32_t records, uint32_t accesses);
/* Decodes the next piece: BLOCK_PIECE records, fewer at the block's end, where there must be at least one left. NULL,
 * or what is wrong. Every record given satisfies trace_invalid(); that the block is used up exactly is known with its
 * last piece. */
const char *block_piece(struct block_decoder *d);

#endif
