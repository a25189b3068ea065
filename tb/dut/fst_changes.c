/* See fst_changes.h. */
#include "fst_changes.h"

#include <lz4.h>
#include <zlib.h>

enum {
    PACKED_BY_LZ4 = '4',
    PACKED_FROM = 33, /* bytes: a shorter row is not packed */
    ZLIB_LEVEL = 1,
};

void changes_signal(struct changes *c, uint32_t width, bool real)
{
    if (c->count == c->room) {
        const uint32_t room = 2 * c->room + 256;
        struct row *row = (struct row *)realloc(c->row, room * sizeof *row);
        if (!row) {
            c->lacking = true;
            return;
        }
        c->row = row;
        c->room = room;
    }
    c->row[c->count++] = (struct row){.width = width, .begin = (uint32_t)c->begin.used, .real = real};
    const double none = __builtin_nan("");
    if (real)
        bytes_put(&c->begin, &none, sizeof none);
    for (uint32_t i = 0; i < width && !real; i++)
        bytes_byte(&c->begin, 'x');
}

/* ---- a value ---- */

/* Eight characters 0 or 1, the first one the highest bit. The product puts bit 0 of character i to bit 63 - i; nothing
 * else comes to the highest eight. */
static uint8_t eight(const char *text)
{
    uint64_t of;
    memcpy(&of, text, sizeof of);
    return (uint8_t)((of & 0x0101010101010101) * 0x8040201008040201 >> 56);
}

uint8_t *changes_grow(struct row *r, uint32_t more)
{
    const size_t room = 2 * (size_t)r->room + more + 64;
    uint8_t *at = r->lacking || room > UINT32_MAX ? NULL : (uint8_t *)realloc(r->at, room);
    if (!at) {
        r->lacking = true;
        return NULL;
    }
    r->at = at;
    r->room = (uint32_t)room;
    return at + r->used;
}

void changes_text(struct changes *c, uint32_t signal, const char *value)
{
    struct row *const r = &c->row[signal - 1];
    uint8_t *to = changes_room(r, r->width);
    if (!to)
        return;
    if (r->real) {
        to = varint(to, changes_since(c, r, 1) | 1);
        memcpy(to, value, r->width);
        to += r->width;
    } else if (r->width == 1) {
        to = varint(to, changes_since(c, r, 2) | (uint64_t)(*value & 1) << 1);
    } else {
        to = varint(to, changes_since(c, r, 1));
        uint32_t left = r->width;
        for (; left >= 8; left -= 8, value += 8)
            *to++ = eight(value);
        if (left)
            *to++ = (uint8_t)(eight(value) & 0xff00 >> left);
    }
    r->used = (uint32_t)(to - r->at);
}

/* The last value of a row becomes that at the begin. */
static void keep_last(struct changes *c, const struct row *r)
{
    char *text = (char *)c->begin.at + r->begin;
    const uint8_t *end = r->at + r->used;
    if (r->real) {
        memcpy(text, end - r->width, r->width);
    } else if (r->width == 1) {
        const uint8_t *first = end - 1; /* of a varint: the value is in its lowest byte */
        while (first > r->at && first[-1] & 128)
            first--;
        *text = *first & 2 ? '1' : '0';
    } else {
        const uint8_t *bits = end - (r->width + 7) / 8;
        for (uint32_t i = 0; i < r->width; i++)
            text[i] = bits[i / 8] << i % 8 & 128 ? '1' : '0';
    }
}

/* ---- a block ---- */

size_t bytes_packed(struct bytes *out, const struct bytes *plain)
{
    uLongf size = compressBound(plain->used);
    uint8_t *to = bytes_room(out, size);
    if (!to)
        return 0;
    if (compress2(to, &size, plain->at, plain->used, ZLIB_LEVEL) != Z_OK || size >= plain->used) {
        size = plain->used;
        memcpy(to, plain->at, size);
    }
    out->used += size;
    return size;
}

static void write_begin(struct changes *c, struct bytes *out)
{
    struct bytes packed = {0};
    const size_t size = bytes_packed(&packed, &c->begin);
    bytes_varint(out, c->begin.used);
    bytes_varint(out, size);
    bytes_varint(out, c->count);
    bytes_put(out, packed.at, packed.used);
    out->lacking |= packed.lacking;
    bytes_free(&packed);
}

static uint64_t hash_of(const struct row *b)
{
    const uint64_t odd = 0x9e3779b97f4a7c15;
    uint64_t hash = b->used, word;
    size_t i = 0;
    for (; i + sizeof word <= b->used; i += sizeof word) {
        memcpy(&word, b->at + i, sizeof word);
        hash = (hash ^ word) * odd;
        hash ^= hash >> 29;
    }
    word = 0;
    memcpy(&word, b->at + i, b->used - i);
    hash = (hash ^ word) * odd;
    return hash ^ hash >> 32;
}

/* The signal from 1 on whose row is equal and was met before, or 0; then it is met now. */
static uint32_t met_before(struct changes *c, uint32_t slots, uint32_t signal)
{
    const struct row *mine = &c->row[signal - 1];
    const uint64_t hash = hash_of(mine), high = hash & ~(uint64_t)UINT32_MAX;
    uint32_t slot = (uint32_t)hash & (slots - 1);
    for (; c->met[slot]; slot = (slot + 1) & (slots - 1)) {
        const uint32_t other = (uint32_t)c->met[slot];
        const struct row *its = &c->row[other - 1];
        if ((c->met[slot] & ~(uint64_t)UINT32_MAX) == high && its->used == mine->used &&
            memcmp(its->at, mine->at, mine->used) == 0)
            return other;
    }
    c->met[slot] = high | signal;
    return 0;
}

/* Its length when it is not packed, else 0; and the bytes. */
static void write_row(const struct row *row, struct bytes *out)
{
    const int most = LZ4_compressBound((int)row->used);
    uint8_t *to = row->used < PACKED_FROM ? NULL : bytes_room(out, VARINT_BYTES + (size_t)most);
    if (to) {
        uint8_t *const packed = varint(to, row->used);
        const int size = LZ4_compress_default((const char *)row->at, (char *)packed, (int)row->used, most);
        if (size > 0 && (size_t)size < row->used) {
            out->used = (size_t)(packed - out->at) + (size_t)size;
            return;
        }
    }
    bytes_varint(out, 0);
    bytes_put(out, row->at, row->used);
}

/* Of how many signals in a row nothing is told (even), or where its row stands (odd): so far behind the last one, or
 * as that of another signal (below 0; 0: of the same as the signal before). */
struct index {
    struct bytes bytes;
    uint64_t quiet;
    size_t last;
    uint32_t same;
};

static void index_end_quiet(struct index *x)
{
    if (x->quiet)
        bytes_varint(&x->bytes, x->quiet << 1);
    x->quiet = 0;
}

static void index_row(struct index *x, uint32_t same, size_t at)
{
    index_end_quiet(x);
    if (!same) {
        bytes_signed(&x->bytes, (int64_t)(at - x->last) << 1 | 1);
        x->last = at;
    } else {
        bytes_signed(&x->bytes, same == x->same ? 1 : -(int64_t)same * 2 + 1);
        x->same = same;
    }
}

uint64_t changes_write(struct changes *c, struct bytes *out)
{
    uint32_t slots = 64;
    while (slots < 2 * c->count)
        slots *= 2;
    c->met = (uint64_t *)realloc(c->met, slots * sizeof *c->met);
    if (!c->met) {
        c->lacking = true;
        return 0;
    }
    memset(c->met, 0, slots * sizeof *c->met);
    write_begin(c, out);
    bytes_varint(out, c->count);
    const size_t start = out->used;
    bytes_byte(out, PACKED_BY_LZ4);
    struct index x = {0};
    uint64_t needed = 0;
    for (uint32_t signal = 1; signal <= c->count; signal++) {
        struct row *r = &c->row[signal - 1];
        c->lacking |= r->lacking;
        if (!r->used) {
            x.quiet++;
            continue;
        }
        needed += r->used;
        const uint32_t same = met_before(c, slots, signal);
        index_row(&x, same, out->used - start);
        if (!same)
            write_row(r, out);
    }
    for (struct row *r = c->row; r < c->row + c->count; r++) {
        if (r->used)
            keep_last(c, r);
        r->used = r->last = 0;
    }
    index_end_quiet(&x);
    bytes_put(out, x.bytes.at, x.bytes.used);
    bytes_u64(out, x.bytes.used);
    c->lacking |= x.bytes.lacking || c->begin.lacking;
    bytes_free(&x.bytes);
    return needed;
}

void changes_free(struct changes *c)
{
    for (uint32_t i = 0; i < c->count; i++)
        free(c->row[i].at);
    free(c->row);
    free(c->met);
    bytes_free(&c->begin);
    *c = (struct changes){0};
}
