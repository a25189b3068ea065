/* The files of a tar archive, one after the other, by libarchive, which knows all dialects of tar. It checks the sums
 * of headers; tar has none for its data. libarchive's readers of gzip and zip are not used: they do not check what ours
 * do (gzip's checksums, bytes behind the last member, zip's directory). */
#include "source.h"

#include <archive.h>
#include <archive_entry.h>
#include <stdlib.h>
#include <string.h>

enum { BLOCK = 512 };

struct tar {
    struct source *source; /* of the call at hand */
    struct archive *archive;
    bool inside, opened;
    const uint8_t *block; /* of the file at hand, at block_at in it, not given yet */
    size_t block_len;
    la_int64_t at, block_at, size; /* how much of the file was given; what has no block before that is a hole */
    uint8_t last[BLOCK];           /* the last bytes of the input so far */
};

/* The last block of an archive is zero; that is how its end is told from a cut. */
static void keep_last(struct tar *t, const uint8_t *p, size_t n)
{
    const size_t more = n < BLOCK ? n : BLOCK;
    memmove(t->last, t->last + more, BLOCK - more);
    memcpy(t->last + BLOCK - more, p + n - more, more);
}

static la_ssize_t give(struct archive *archive, void *context, const void **bytes)
{
    struct tar *t = context;
    struct source *s = t->source;
    if (!source_input(s)) {
        if (!s->error[0])
            return 0;
        archive_set_error(archive, -1, "%s", "the input is damaged");
        return -1;
    }
    const size_t n = s->in_end - s->in_at;
    *bytes = s->in + s->in_at;
    keep_last(t, s->in + s->in_at, n);
    s->in_at = s->in_end;
    return (la_ssize_t)n;
}

static bool tar_start(struct source *s)
{
    struct tar *t = s->state = calloc(1, sizeof *t);
    if (!t || !(t->archive = archive_read_new()) || archive_read_support_format_tar(t->archive) != ARCHIVE_OK)
        return source_wrong(s, "out of memory");
    return true;
}

static bool wrong(struct source *s, const struct tar *t)
{
    const char *why = archive_error_string(t->archive);
    if (why && strstr(why, "runcated"))
        return source_wrong(s, "torn: the file ends in the middle of its tar archive");
    return source_wrong(s, "the tar archive is damaged (%s)", why ? why : "no cause given");
}

/* libarchive is content with an archive that was cut between two files. */
static bool at_end(struct source *s, struct tar *t)
{
    static const uint8_t zero[BLOCK];
    for (; source_input(s); s->in_at = s->in_end)
        keep_last(t, s->in + s->in_at, s->in_end - s->in_at);
    if (!s->error[0] && memcmp(t->last, zero, BLOCK))
        source_wrong(s, "torn: the tar archive has no end");
    return false;
}

/* Goes to the next file; false at the end, and on an error. */
static bool next_file(struct source *s, struct tar *t)
{
    struct archive_entry *entry;
    if (!t->opened && archive_read_open(t->archive, t, NULL, give, NULL) != ARCHIVE_OK)
        return wrong(s, t);
    t->opened = true;
    const int got = archive_read_next_header(t->archive, &entry);
    if (got == ARCHIVE_EOF)
        return at_end(s, t);
    if (got != ARCHIVE_OK && got != ARCHIVE_WARN)
        return wrong(s, t);
    t->inside = archive_entry_filetype(entry) == AE_IFREG;
    t->at = 0;
    t->size = archive_entry_size(entry);
    t->block_len = 0;
    t->block_at = 0;
    return true;
}

/* Makes a block of the file the one at hand; none is left at its end. (archive_read_data() would lose what comes before
 * an error.) */
static bool next_block(struct source *s, struct tar *t)
{
    const void *block;
    const int got = archive_read_data_block(t->archive, &block, &t->block_len, &t->block_at);
    if (got == ARCHIVE_OK || got == ARCHIVE_WARN) {
        t->block = block;
        return true;
    }
    t->block_len = 0;
    t->block_at = t->size;
    return got == ARCHIVE_EOF || wrong(s, t);
}

static size_t tar_unpack(struct source *s, uint8_t *out, size_t room)
{
    struct tar *t = s->state;
    t->source = s;
    for (;;) {
        if (!t->inside && !next_file(s, t))
            return 0;
        if (!t->inside)
            continue; /* a folder, a link */
        if (t->at < t->block_at) {
            const size_t hole = (uint64_t)(t->block_at - t->at) < room ? (size_t)(t->block_at - t->at) : room;
            memset(out, 0, hole);
            t->at += (la_int64_t)hole;
            return hole;
        }
        if (t->block_len) {
            const size_t n = t->block_len < room ? t->block_len : room;
            memcpy(out, t->block, n);
            t->block += n;
            t->block_len -= n;
            t->block_at += (la_int64_t)n;
            t->at += (la_int64_t)n;
            return n;
        }
        t->inside = t->at < t->size;
        if (t->inside && !next_block(s, t))
            return 0;
    }
}

static void tar_stop(struct source *s)
{
    struct tar *t = s->state;
    if (t && t->archive)
        archive_read_free(t->archive);
    free(t);
}

const struct packing packing_tar = {"tar", tar_start, tar_unpack, tar_stop};
