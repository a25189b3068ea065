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

enum { AT_ONCE = 1024 }; /* records, so that they stay in the first cache */

enum shape_class { CLASS_HIT, CLASS_MISS, CLASS_RARE, CLASS_BAD };

struct shape {
    uint64_t *next;       /* the stream's prediction */
    struct trace_rec rec; /* kind, flags, size, thread as in the dictionary */
    uint8_t stream, class;
    bool hit;
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
}

/* Room for a block of so many records; what was there goes. */
static bool make_room(struct block_decoder *d, uint32_t records)
{
    if (records <= d->recs_room)
        return true;
    free(d->recs);
    free(d->expects);
    d->recs = malloc(sizeof *d->recs * records);
    d->expects = malloc(sizeof *d->expects * records +
                        sizeof *d->extras); /* room behind it: the last may be copied whole */
    d->recs_room = d->recs && d->expects ? records : 0;
    return d->recs_room;
}

static struct trace_extra *extra_room(struct block_decoder *d, uint32_t index)
{
    if (index == d->extras_room) {
        uint32_t room = d->extras_room ? 2 * d->extras_room : 64; /* a power of two, so it stops at BLOCK_RECORDS */
        struct trace_extra *more = realloc(d->extras, sizeof *more * room);
        if (!more)
            return NULL;
        d->extras = more;
        d->extras_room = room;
    }
    return &d->extras[index];
}

/* Fills the dictionary; shapes beyond it are bad, so that the loop needs no range check. */
static const char *read_shapes(struct shape shape[BLOCK_SHAPES], const uint8_t *p, uint32_t shapes,
                               uint64_t next[STREAM_SETS][BLOCK_STREAMS])
{
    struct stream_sets sets = {0};
    for (uint32_t i = 0; i < BLOCK_SHAPES; i++) {
        struct shape *s = &shape[i];
        *s = (struct shape){.class = CLASS_BAD};
        if (i >= shapes)
            continue;
        uint32_t word = get_u32(p + SHAPE_BYTES * i);
        s->rec = unpack_shape(word, &s->hit);
        struct trace_rec plain = s->rec; /* the extra is checked with the record */
        if (plain.kind <= TRACE_STORE) {
            plain.flags &= (uint8_t)~TRACE_EXPECT;
            if (trace_invalid(&plain, NULL))
                return "a shape of the dictionary is not a valid access";
            s->stream = s->rec.kind;
            s->next = &next[stream_set(&sets, s->rec.thread)][s->stream];
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

/* Any extra but the plain expectations below. used: extras and expectations so far. */
static const char *read_extra(struct block_decoder *d, struct trace_rec *rec, const uint8_t **extra, const uint8_t *end,
                              uint32_t used[2])
{
    const bool access = rec->kind <= TRACE_STORE;
    struct trace_extra own, *x = access ? &own : extra_room(d, used[0]);
    if (!x)
        return block_no_memory;
    if (*extra >= end || !get_extra(extra, &d->known, rec, x))
        return "an extra part is missing or malformed";
    if (access)
        d->expects[used[1]] = own.expect;
    rec->extra = (uint16_t)used[access]++;
    return trace_invalid(rec, x);
}

/* The extras of records [from, to), whose addresses are there. A recorded system has one on every access. */
static const char *read_extras(struct block_decoder *d, uint32_t from, uint32_t to, const uint8_t **at,
                               const uint8_t *end, uint32_t used[2])
{
    struct trace_rec *const recs = d->recs;
    const uint8_t *extra = *at;
    for (uint32_t i = from; i < to; i++) {
        struct trace_rec *rec = &recs[i];
        const bool access = rec->kind <= TRACE_STORE;
        if (access && !(rec->flags & TRACE_EXPECT))
            continue;
        if (access && extra < end && get_plain_expect(extra, &d->known, rec->va, &d->expects[used[1]])) {
            extra += PLAIN_EXPECT_BYTES;
            rec->extra = (uint16_t)used[1]++;
            continue;
        }
        const uint8_t *next = extra; /* whose address may be taken, so that the other stays in a register */
        const char *error = read_extra(d, rec, &next, end, used);
        if (error) {
            d->bad_record = i;
            return error;
        }
        extra = next;
    }
    *at = extra;
    return NULL;
}

/* Kinds and addresses of records [from, to). accesses: those found so far. */
static inline const char *read_addresses(struct block_decoder *d, uint32_t from, uint32_t to, const uint8_t *number,
                                         const struct shape *shape, const uint8_t *at[BLOCK_STREAMS],
                                         const uint8_t *const end[BLOCK_STREAMS], uint32_t *accesses)
{
    const char *error;
    for (uint32_t i = from; i < to; i++) {
        const struct shape *s = &shape[number[i]];
        struct trace_rec *rec = &d->recs[i];
        *rec = s->rec;
        if (s->class == CLASS_HIT) {
            rec->va = *s->next;
        } else if (s->class == CLASS_MISS) {
            error = "an address is missing or too long";
            if (!next_address(s, &at[s->stream], end[s->stream], &rec->va))
                goto bad;
        } else if (s->class == CLASS_RARE) {
            continue;
        } else {
            error = "a shape beyond the dictionary";
            goto bad;
        }
        error = "an access crosses a 4 KiB page";
        if ((rec->va & 0xfff) + rec->size > 0x1000)
            goto bad;
        *s->next = rec->va + rec->size;
        ++*accesses;
        continue;
    bad:
        d->bad_record = i;
        return error;
    }
    return NULL;
}

const char *block_decode(struct block_decoder *d, const uint8_t *raw, size_t len, uint32_t records, uint32_t accesses)
{
    uint64_t next[STREAM_SETS][BLOCK_STREAMS];
    struct shape shape[BLOCK_SHAPES];
    const uint8_t *at[BLOCK_STREAMS], *end[BLOCK_STREAMS], *p = raw;
    uint32_t found = 0, used[2] = {0, 0};
    bool more = false; /* some records have extras */

    d->bad_record = 0;
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

    if (!make_room(d, records))
        return block_no_memory;
    memset(next, 0, sizeof next);
    memset(&d->known, 0, sizeof d->known);
    const char *error = read_shapes(shape, raw + HEAD_BYTES, (uint32_t)shapes, next);
    if (error)
        return error;
    for (uint32_t k = 0; k < shapes; k++)
        more |= has_extra(shape[k].rec.kind, shape[k].rec.flags);
    const uint8_t *number = raw + HEAD_BYTES + SHAPE_BYTES * shapes;
    p = number + records;
    for (int c = 0; c < BLOCK_STREAMS; c++) {
        at[c] = p;
        end[c] = p += get_u32(raw + 4 + 4 * c);
    }

    /* Some records at a time: first their addresses, then their extras, which lie in the records' order and depend on
     * addresses. */
    for (uint32_t from = 0, to; from < records; from = to) {
        to = records - from > AT_ONCE ? from + AT_ONCE : records;
        if ((error = read_addresses(d, from, to, number, shape, at, end, &found)))
            return error;
        if (more && (error = read_extras(d, from, to, &p, raw + len, used)))
            return error;
    }
    d->bad_record = records;
    for (int c = 0; c < BLOCK_STREAMS; c++)
        if (at[c] != end[c])
            return "an address column is not used up, or overrun";
    if (p != raw + len)
        return "the extras are not used up, or overrun";
    return found == accesses ? NULL : "the number of accesses is not the one of the block's header";
}
