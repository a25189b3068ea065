/* See fst.h.
 *
 * An FST is a row of blocks: one byte of type, eight of length (big-endian; it counts itself and what follows). The
 * writer ends with the list of signals, so a file that is whole ends where that block does. The list is packed by zlib
 * or, once or twice, by LZ4; within it stand scopes, their ends, variables and attributes. */
#include "fst.h"

#include <errno.h>
#include <lz4.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>

enum {
    BLOCK_HEADER = 0,
    BLOCK_NAMES_ZLIB = 4,
    BLOCK_NAMES_LZ4 = 6,
    BLOCK_NAMES_LZ4_TWICE = 7,
    BLOCK_UNFINISHED = 255,
    NAME_VARIABLES = 29, /* the last kind of variable; below are the others */
    NAME_ATTRIBUTE = 252,
    NAME_ATTRIBUTE_END = 253,
    NAME_SCOPE = 254,
    NAME_UPSCOPE = 255,
    PATH_BYTES = 512,
    NAMES_MOST = 1 << 28, /* bytes of a list, so that a damaged length takes no memory */
};

static const char not_whole[] = "it is not whole", damaged[] = "its list of signals is damaged";

void fst_free(struct fst_signals *s)
{
    for (size_t i = 0; i < s->count; i++) {
        free(s->name[i]);
        free(s->bits[i]);
    }
    free(s->name);
    free(s->bits);
    *s = (struct fst_signals){0};
}

/* "a.b", "data [63:0]": the range is apart from the name. */
static bool add(struct fst_signals *s, const char *scope, const char *name)
{
    if (s->count == s->room) {
        const size_t room = s->room ? 2 * s->room : 256;
        char **names = realloc(s->name, room * sizeof *names);
        if (names)
            s->name = names;
        char **ranges = names ? realloc(s->bits, room * sizeof *ranges) : NULL;
        if (!ranges)
            return false;
        s->bits = ranges;
        s->room = room;
    }
    const char *blank = strchr(name, ' '), *range = blank ? blank + 1 : "";
    const size_t own = blank ? (size_t)(blank - name) : strlen(name), length = strlen(scope) + own + 2;
    char *path = malloc(length), *bits = strdup(strcmp(range, "[0:0]") == 0 ? "[0]" : range); /* as GTKWave calls it */
    if (!path || !bits) {
        free(path);
        free(bits);
        return false;
    }
    snprintf(path, length, "%s%s%.*s", scope, *scope ? "." : "", (int)own, name);
    s->name[s->count] = path;
    s->bits[s->count++] = bits;
    return true;
}

/* ---- the list ---- */

struct cursor {
    const uint8_t *at, *end;
};

static bool varint(struct cursor *c, uint64_t *value)
{
    *value = 0;
    for (unsigned shift = 0; c->at < c->end && shift < 64; shift += 7) {
        *value |= (uint64_t)(*c->at & 127) << shift;
        if (!(*c->at++ & 128))
            return true;
    }
    return false;
}

/* A text that ends with 0; NULL: it does not end. */
static const char *text(struct cursor *c)
{
    const char *start = (const char *)c->at;
    const uint8_t *end = c->at < c->end ? memchr(c->at, 0, (size_t)(c->end - c->at)) : NULL;
    if (end)
        c->at = end + 1;
    return end ? start : NULL;
}

static bool skip(struct cursor *c, size_t bytes)
{
    if ((size_t)(c->end - c->at) < bytes)
        return false;
    c->at += bytes;
    return true;
}

static bool list(struct cursor c, struct fst_signals *s)
{
    char scope[PATH_BYTES] = "";
    const char *name;
    uint64_t number;
    while (c.at < c.end) {
        const unsigned kind = *c.at++;
        const size_t length = strlen(scope);
        if (kind == NAME_SCOPE) {
            if (!skip(&c, 1) || !(name = text(&c)) || !text(&c))
                return false;
            snprintf(scope + length, sizeof scope - length, "%s%s", length ? "." : "", name);
        } else if (kind == NAME_UPSCOPE) {
            char *dot = strrchr(scope, '.');
            *(dot ? dot : scope) = 0;
        } else if (kind == NAME_ATTRIBUTE) {
            if (!skip(&c, 2) || !text(&c) || !varint(&c, &number))
                return false;
        } else if (kind <= NAME_VARIABLES) {
            if (!skip(&c, 1) || !(name = text(&c)) || !varint(&c, &number) || !varint(&c, &number) ||
                !add(s, scope, name))
                return false;
        } else if (kind != NAME_ATTRIBUTE_END) {
            return false;
        }
    }
    return true;
}

static bool unpack_zlib(const uint8_t *packed, size_t size, uint8_t *plain, size_t wanted)
{
    z_stream z = {.next_in = (uint8_t *)(uintptr_t)packed,
                  .avail_in = (uInt)size,
                  .next_out = plain,
                  .avail_out = (uInt)wanted};
    if (inflateInit2(&z, 15 + 32) != Z_OK)
        return false;
    const int result = inflate(&z, Z_FINISH);
    inflateEnd(&z);
    return result == Z_STREAM_END && z.avail_out == 0;
}

static bool unpack_lz4(const uint8_t *packed, size_t size, uint8_t *plain, size_t wanted)
{
    return LZ4_decompress_safe((const char *)packed, (char *)plain, (int)size, (int)wanted) == (int)wanted;
}

static bool unpack_twice(const uint8_t *packed, size_t size, uint8_t *plain, size_t wanted)
{
    struct cursor c = {packed, packed + size};
    uint64_t between;
    if (!varint(&c, &between) || between > NAMES_MOST)
        return false;
    uint8_t *once = malloc(between + 1);
    const bool good = once && unpack_lz4(c.at, (size_t)(c.end - c.at), once, between) &&
                      unpack_lz4(once, between, plain, wanted);
    free(once);
    return good;
}

static uint64_t big_endian(const uint8_t *bytes)
{
    uint64_t value = 0;
    for (int i = 0; i < 8; i++)
        value = value << 8 | bytes[i];
    return value;
}

/* The block's contents: eight bytes of length, then the packed list. */
static bool read_list(unsigned type, const uint8_t *block, size_t size, struct fst_signals *s)
{
    const uint64_t wanted = size > 8 ? big_endian(block) : NAMES_MOST;
    if (wanted >= NAMES_MOST || size > NAMES_MOST)
        return false;
    uint8_t *plain = malloc(wanted + 1);
    const bool good = plain &&
                      (type == BLOCK_NAMES_ZLIB  ? unpack_zlib
                       : type == BLOCK_NAMES_LZ4 ? unpack_lz4
                                                 : unpack_twice)(block + 8, size - 8, plain, wanted) &&
                      list((struct cursor){plain, plain + wanted}, s);
    free(plain);
    return good;
}

/* ---- the blocks ---- */

static bool read_blocks(FILE *file, struct fst_signals *s, const char **error)
{
    uint8_t head[9];
    bool named = false;
    *error = not_whole;
    fseeko(file, 0, SEEK_END);
    const off_t size = ftello(file);
    for (off_t at = 0; at < size;) {
        if (fseeko(file, at, SEEK_SET) != 0 || fread(head, 1, sizeof head, file) != sizeof head)
            return false;
        const uint64_t length = big_endian(head + 1);
        if (length < 8 || length > (uint64_t)(size - at) - 1 || head[0] == BLOCK_UNFINISHED ||
            (head[0] == BLOCK_HEADER) != (at == 0))
            return false;
        if (head[0] == BLOCK_NAMES_ZLIB || head[0] == BLOCK_NAMES_LZ4 || head[0] == BLOCK_NAMES_LZ4_TWICE) {
            uint8_t *block = malloc(length - 8 + 1);
            const bool all = block && fread(block, 1, length - 8, file) == length - 8;
            named = all && read_list(head[0], block, length - 8, s);
            free(block);
            if (!named)
                *error = all ? damaged : not_whole;
            if (!named)
                return false;
        }
        at += 1 + (off_t)length;
    }
    return named;
}

bool fst_read(const char *path, struct fst_signals *s, const char **error)
{
    *s = (struct fst_signals){0};
    FILE *file = fopen(path, "rbe");
    if (!file) {
        *error = strerror(errno);
        return false;
    }
    const bool good = read_blocks(file, s, error);
    fclose(file);
    return good;
}
