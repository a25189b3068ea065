/* The block codec, both ways. See block.h for the idea and docs/trace-format.md section 5 for the bytes.
 *
 * Encoded block: a head of five u32 (shapes, bytes of the fetch, load and store columns, bytes of the extras), the
 * dictionary (4 bytes a shape), a shape byte a record, and the four columns. */
#include "block.h"
#include "extra.h"

#include <stdlib.h>
#include <string.h>

enum { HEAD_BYTES = 20, SHAPE_BYTES = 4, SHAPE_HIT = 0x80, LOOKUP = 1024 };
enum { STREAM_SETS = BLOCK_SHAPES + 1 }; /* each thread has a shape of its own; one more for what does not fit in */

/* ---- Shapes: kind and, in its spare bits, bits 10:8 of the thread; hit; flags and bits 13:11 of the thread; size;
 * bits 7:0 of the thread ---- */

static uint32_t pack_shape(const struct trace_rec *rec, bool hit)
{
    const uint32_t high = rec->thread >> 8;
    return (uint32_t)(rec->kind | (hit ? SHAPE_HIT : 0)) | (high & 7) << 4 | (uint32_t)rec->flags << 8 |
           (high >> 3) << 13 | (uint32_t)rec->size << 16 | (uint32_t)(rec->thread & 0xff) << 24;
}

const char block_no_memory[] = "out of memory";

static struct trace_rec unpack_shape(uint32_t word, bool *hit)
{
    *hit = word & SHAPE_HIT;
    return (struct trace_rec){.kind = word & 0xf,
                              .flags = word >> 8 & 0x1f,
                              .size = (uint8_t)(word >> 16),
                              .thread = (uint16_t)(word >> 24 | (word >> 4 & 7) << 8 | (word >> 13 & 7) << 11)};
}

/* Which set of predictions a thread of the block has: they are given out as threads come, so that few stay warm. */
struct stream_sets {
    uint16_t used;
    uint16_t of[TRACE_THREADS]; /* 1 + its number; 0: none yet */
};

static unsigned stream_set(struct stream_sets *sets, unsigned thread)
{
    if (!sets->of[thread])
        sets->of[thread] = ++sets->used;
    return sets->of[thread] - 1U;
}

/* ---- Encoder ---- */

struct column {
    uint8_t *bytes, *end;
};

struct block_encoder {
    uint32_t records, accesses, shapes;
    uint32_t shape[BLOCK_SHAPES];
    int16_t lookup[LOOKUP]; /* open addressing: shape number, -1 = free */
    struct stream_sets sets;
    uint64_t next[STREAM_SETS][BLOCK_STREAMS]; /* predicted addresses */
    uint8_t shape_of[BLOCK_RECORDS];
    struct column address[BLOCK_STREAMS], extra;
    struct known_pages known;
};

static void encoder_reset(struct block_encoder *e)
{
    e->records = e->accesses = e->shapes = 0;
    memset(e->lookup, -1, sizeof e->lookup);
    memset(&e->sets, 0, sizeof e->sets);
    memset(e->next, 0, sizeof e->next);
    for (int i = 0; i < BLOCK_STREAMS; i++)
        e->address[i].end = e->address[i].bytes;
    e->extra.end = e->extra.bytes;
    memset(&e->known, 0, sizeof e->known);
}

struct block_encoder *block_encoder_new(void)
{
    struct block_encoder *e = calloc(1, sizeof *e);
    if (!e)
        return NULL;
    bool ok = (e->extra.bytes = malloc(BLOCK_EXTRA_BYTES + EXTRA_MAX));
    for (int i = 0; i < BLOCK_STREAMS; i++)
        ok &= (e->address[i].bytes = malloc((size_t)BLOCK_RECORDS * VARINT_MAX)) != NULL;
    if (!ok) {
        block_encoder_free(e);
        return NULL;
    }
    encoder_reset(e);
    return e;
}

void block_encoder_free(struct block_encoder *e)
{
    if (!e)
        return;
    for (int i = 0; i < BLOCK_STREAMS; i++)
        free(e->address[i].bytes);
    free(e->extra.bytes);
    free(e);
}

/* The number of a shape in the dictionary, or -1 when the dictionary is full. */
static int find_shape(struct block_encoder *e, uint32_t shape)
{
    unsigned slot = shape * UINT32_C(0x9e3779b1) >> 22;
    while (e->lookup[slot] >= 0 && e->shape[e->lookup[slot]] != shape)
        slot = (slot + 1) % LOOKUP;
    if (e->lookup[slot] < 0) {
        if (e->shapes == BLOCK_SHAPES)
            return -1;
        e->shape[e->shapes] = shape;
        e->lookup[slot] = (int16_t)e->shapes++;
    }
    return e->lookup[slot];
}

bool block_add(struct block_encoder *e, const struct trace_rec *rec, const struct trace_extra *extra)
{
    if (e->records == BLOCK_RECORDS || e->extra.end - e->extra.bytes >= BLOCK_EXTRA_BYTES)
        return false;
    bool access = rec->kind <= TRACE_STORE;
    if (e->sets.used == STREAM_SETS) /* its last thread did not fit in */
        return false;
    uint64_t *next = access ? &e->next[stream_set(&e->sets, rec->thread)][rec->kind] : NULL;
    bool hit = access && rec->va == *next;
    int number = find_shape(e, pack_shape(rec, hit));
    if (number < 0)
        return false;
    e->shape_of[e->records++] = (uint8_t)number;
    if (access) {
        struct column *c = &e->address[rec->kind];
        if (!hit)
            c->end = put_varint(c->end, zigzag(rec->va - *next));
        *next = rec->va + rec->size;
        e->accesses++;
    }
    if (has_extra(rec->kind, rec->flags))
        e->extra.end = put_extra(e->extra.end, &e->known, rec, extra);
    return true;
}

uint32_t block_records(const struct block_encoder *e)
{
    return e->records;
}

uint32_t block_accesses(const struct block_encoder *e)
{
    return e->accesses;
}

static uint8_t *append(uint8_t *out, const void *bytes, size_t len)
{
    memcpy(out, bytes, len);
    return out + len;
}

size_t block_finish(struct block_encoder *e, uint8_t *out)
{
    uint8_t *p = out + HEAD_BYTES;
    put_u32(out, e->shapes);
    for (uint32_t i = 0; i < e->shapes; i++, p += SHAPE_BYTES)
        put_u32(p, e->shape[i]);
    p = append(p, e->shape_of, e->records);
    for (int i = 0; i < BLOCK_STREAMS; i++) {
        size_t len = (size_t)(e->address[i].end - e->address[i].bytes);
        put_u32(out + 4 + 4 * i, (uint32_t)len);
        p = append(p, e->address[i].bytes, len);
    }
    size_t len = (size_t)(e->extra.end - e->extra.bytes);
    put_u32(out + 16, (uint32_t)len);
    p = append(p, e->extra.bytes, len);
    encoder_reset(e);
    return (size_t)(p - out);
}

/* ---- Decoder ---- */

enum shape_class { CLASS_HIT, CLASS_MISS, CLASS_RARE, CLASS_BAD };

struct shape {
    uint64_t *next;       /* the stream's prediction */
    struct trace_rec rec; /* kind, flags, size, thread as in the dictionary */
    uint8_t stream, class;
    bool hit, expects;
};

/* What is left of a block: shape numbers, columns and extras, as far as they are not used up. */
struct block_progress {
    uint64_t next[STREAM_SETS][BLOCK_STREAMS];
    struct shape shape[BLOCK_SHAPES];
    struct known_pages known;
    const uint8_t *number; /* of the block's first record */
    const uint8_t *at[BLOCK_STREAMS], *end[BLOCK_STREAMS], *extra, *extra_end;
    uint32_t records, accesses, found; /* found: accesses so far */
    bool more;                         /* some records have extras */
};

void block_decoder_init(struct block_decoder *d)
{
    memset(d, 0, sizeof *d);
}

void block_decoder_free(struct block_decoder *d)
{
    free(d->recs);
    free(d->extras);
    free(d->expects);
    free(d->progress);
}

static bool make_room(struct block_decoder *d)
{
    if (d->progress)
        return true;
    free(d->recs);
    free(d->expects);
    d->recs = malloc(sizeof *d->recs * BLOCK_PIECE);
    d->expects = malloc(sizeof *d->expects * BLOCK_PIECE +
                        sizeof *d->extras); /* room behind it: the last may be copied whole */
    d->progress = d->recs && d->expects ? malloc(sizeof *d->progress) : NULL;
    return d->progress;
}

static struct trace_extra *extra_room(struct block_decoder *d, uint32_t index)
{
    if (index == d->extras_room) {
        uint32_t room = d->extras_room ? 2 * d->extras_room : 64; /* a power of two, so it stops at BLOCK_PIECE */
        struct trace_extra *more = realloc(d->extras, sizeof *more * room);
        if (!more)
            return NULL;
        d->extras = more;
        d->extras_room = room;
    }
    return &d->extras[index];
}

/* Fills the dictionary; shapes beyond it are bad, so that the loop needs no range check. */
static const char *read_shapes(struct block_progress *b, const uint8_t *p, uint32_t shapes)
{
    struct stream_sets sets = {0};
    for (uint32_t i = 0; i < BLOCK_SHAPES; i++) {
        struct shape *s = &b->shape[i];
        *s = (struct shape){.class = CLASS_BAD};
        if (i >= shapes)
            continue;
        uint32_t word = get_u32(p + SHAPE_BYTES * i);
        s->rec = unpack_shape(word, &s->hit);
        b->more |= has_extra(s->rec.kind, s->rec.flags);
        struct trace_rec plain = s->rec; /* the extra is checked with the record */
        if (plain.kind <= TRACE_STORE) {
            plain.flags &= (uint8_t)~TRACE_EXPECT;
            if (trace_invalid(&plain, NULL))
                return "a shape of the dictionary is not a valid access";
            s->stream = s->rec.kind;
            s->next = &b->next[stream_set(&sets, s->rec.thread)][s->stream];
            s->expects = s->rec.flags & TRACE_EXPECT;
            s->class = s->hit ? CLASS_HIT : CLASS_MISS;
        } else {
            if (plain.kind >= TRACE_KINDS || plain.flags & ~(plain.kind == TRACE_CONTROL ? TRACE_EXPECT : 0) ||
                plain.size || s->hit)
                return "a shape of the dictionary is not a valid record";
            s->class = CLASS_RARE;
        }
    }
    return NULL;
}

/* Reads the next address of a stream; NULL-safe bounds: a column may only be read before its end. */
static inline bool next_address(const struct shape *s, const uint8_t **at, const uint8_t *end, uint64_t *va)
{
    const uint8_t *p = *at;
    uint64_t v;
    if (p >= end)
        return false;
    if (*p < 0x80) {
        v = *p;
        *at = p + 1;
    } else if (!get_varint(at, &v)) {
        return false;
    }
    *va = *s->next + unzigzag(v);
    return true;
}

/* Any extra but the plain expectations below. used: extras and expectations so far, of this piece. */
static const char *read_extra(struct block_decoder *d, struct trace_rec *rec, const uint8_t **extra, const uint8_t *end,
                              uint32_t used[2])
{
    const bool access = rec->kind <= TRACE_STORE;
    struct trace_extra own, *x = access ? &own : extra_room(d, used[0]);
    if (!x)
        return block_no_memory;
    if (*extra >= end || !get_extra(extra, &d->progress->known, rec, x))
        return "an extra part is missing or malformed";
    if (access)
        d->expects[used[1]] = own.expect;
    rec->extra = (uint16_t)used[access]++;
    return trace_invalid(rec, x);
}

/* The piece's records. more: some of the block's have extras, which lie in the records' order and depend on addresses.
 * A recorded system has one on every access. */
static inline __attribute__((always_inline)) const char *read_records(struct block_decoder *d, bool more)
{
    struct block_progress *const b = d->progress;
    const uint8_t *const number = b->number + d->first, *const extra_end = b->extra_end, *extra = b->extra;
    const char *error;
    uint32_t rare = 0, i, used[2] = {0, 0};
    for (i = 0; i < d->count; i++) {
        const struct shape *s = &b->shape[number[i]];
        struct trace_rec *rec = &d->recs[i];
        uint64_t va = 0;
        if (s->class == CLASS_HIT) {
            va = *s->next;
        } else if (s->class == CLASS_MISS) {
            error = "an address is missing or too long";
            if (!next_address(s, &b->at[s->stream], b->end[s->stream], &va))
                goto bad;
        } else if (s->class == CLASS_BAD) {
            error = "a shape beyond the dictionary";
            goto bad;
        }
        *rec = s->rec;
        rec->va = va;
        if (s->class == CLASS_RARE) {
            rare++;
        } else {
            error = "an access crosses a 4 KiB page";
            if ((va & 0xfff) + s->rec.size > 0x1000)
                goto bad;
            *s->next = va + s->rec.size;
            if (!more || !s->expects)
                continue;
            if (extra < extra_end && get_plain_expect(extra, &b->known, va, &d->expects[used[1]])) {
                extra += PLAIN_EXPECT_BYTES;
                rec->extra = (uint16_t)used[1]++;
                continue;
            }
        }
        const uint8_t *next = extra; /* whose address may be taken, so that the other stays in a register */
        if ((error = read_extra(d, rec, &next, extra_end, used)))
            goto bad;
        extra = next;
    }
    b->extra = extra;
    b->found += d->count - rare;
    return NULL;
bad:
    d->bad_record = d->first + i;
    return error;
}

const char *block_begin(struct block_decoder *d, const uint8_t *raw, size_t len, uint32_t records, uint32_t accesses)
{
    d->first = d->count = d->bad_record = 0;
    if (len < HEAD_BYTES)
        return "the encoded block is too short for its head";
    uint64_t shapes = get_u32(raw);
    if (!shapes || shapes > BLOCK_SHAPES)
        return "a block has 1 to 256 shapes";
    uint64_t total = HEAD_BYTES + SHAPE_BYTES * shapes + records;
    for (int c = 0; c <= BLOCK_STREAMS; c++)
        total += get_u32(raw + 4 + 4 * c);
    if (total != len)
        return "the columns do not add up to the length of the block";

    if (!make_room(d))
        return block_no_memory;
    struct block_progress *b = d->progress;
    memset(b, 0, sizeof *b);
    b->records = records;
    b->accesses = accesses;
    b->number = raw + HEAD_BYTES + SHAPE_BYTES * shapes;
    const uint8_t *p = b->number + records;
    for (int c = 0; c < BLOCK_STREAMS; c++) {
        b->at[c] = p;
        b->end[c] = p += get_u32(raw + 4 + 4 * c);
    }
    b->extra = p;
    b->extra_end = raw + len;
    return read_shapes(b, raw + HEAD_BYTES, (uint32_t)shapes);
}

const char *block_piece(struct block_decoder *d)
{
    struct block_progress *b = d->progress;
    d->first += d->count;
    d->count = b->records - d->first > BLOCK_PIECE ? BLOCK_PIECE : b->records - d->first;
    const char *error = b->more ? read_records(d, true) : read_records(d, false);
    if (error || d->first + d->count < b->records)
        return error;
    d->bad_record = b->records;
    for (int c = 0; c < BLOCK_STREAMS; c++)
        if (b->at[c] != b->end[c])
            return "an address column is not used up, or overrun";
    if (b->extra != b->extra_end)
        return "the extras are not used up, or overrun";
    return b->found == b->accesses ? NULL : "the number of accesses is not the one of the block's header";
}
