/* The bytes of a foreign trace, unpacked: gzip, xz, Zstandard, bzip2, LZ4, Snappy, the files of a zip or tar archive
 * one after the other; told by content, and again for what has come out, since people pack what is packed. Everything
 * streams: a file that unpacks to a thousand times its size costs time, never memory. */
#ifndef TWINWALK_IMPORT_SOURCE_H
#define TWINWALK_IMPORT_SOURCE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

enum {
    SOURCE_BUFFER = 64 << 10,   /* unpacked bytes at hand; source_peek() never gives more */
    SOURCE_INPUT = 32 << 10,    /* bytes of the file at hand */
    SOURCE_DICTIONARY_LOG = 27, /* unpacking may look back 128 MiB, as `zstd` without --long=28 and `xz -9` do */
    SOURCE_ERROR = 1024,
    SOURCE_DEPTH = 4, /* packings around one another */
};

struct source;

/* How one kind of packing is undone. */
struct packing {
    const char *name;
    bool (*start)(struct source *s);
    /* Up to `room` unpacked bytes; 0 at the end, and when source_wrong() was called. */
    size_t (*unpack)(struct source *s, uint8_t *out, size_t room);
    void (*stop)(struct source *s);
};
extern const struct packing packing_plain, packing_gzip, packing_xz, packing_zstd, packing_bzip2, packing_lz4,
    packing_snappy, packing_zip, packing_tar;

struct source {
    char path[512];
    FILE *file;           /* where its bytes come from: a file, */
    struct source *below; /* … or what another packing gives, which is ours */
    const struct packing *packing;
    void *state; /* of the packing */
    char error[SOURCE_ERROR];
    uint8_t *in; /* bytes of the file */
    size_t in_at, in_end;
    uint64_t in_offset; /* in the file, of in[in_end] */
    uint8_t *out;       /* unpacked bytes */
    size_t at, end;
    uint64_t offset; /* among all unpacked bytes, of out[at] */
    bool ended;
};

/* "-" is standard input. False: s->error says why; close it all the same. */
bool source_open(struct source *s, const char *path);
/* The same for a file that is open already; source_close() closes it. */
bool source_start(struct source *s, FILE *file, const char *path);
void source_close(struct source *s);

/* Was it packed at all? And by what, from the inside out: "tar, xz"; valid until the next call. */
bool source_packed(const struct source *s);
const char *source_packings(const struct source *s);

/* Makes up to `want` bytes available at *p without taking them; fewer only where the data end or are damaged (then
 * s->error is set). */
size_t source_peek(struct source *s, const uint8_t **p, size_t want);
void source_take(struct source *s, size_t count);

/* ---- For the packings ---- */

/* Reads on when no byte is at hand; false at the end of the file, or when it cannot be read (s->error). */
bool source_input(struct source *s);
/* Takes exactly len bytes of the file; says that it is torn in `what` when there are fewer. */
bool source_bytes(struct source *s, uint8_t *to, size_t len, const char *what);
/* The same, thrown away. */
bool source_skip(struct source *s, uint64_t len, const char *what);
/* Notes what is wrong with the packed file at the place where it stands; gives false. The first cause is kept. */
bool source_wrong(struct source *s, const char *format, ...) __attribute__((format(printf, 2, 3)));

#endif
