/* gzip (RFC 1952) by zlib: one member after another, as `gzip`, `cat a.gz b.gz` and the writers of flushed pieces make
 * them. */
#include "source.h"

#include <stdlib.h>
#include <zlib.h>

enum { GZIP_ONLY = 15 + 16 }; /* inflateInit2: a window of 32 KiB, a gzip header */

static bool gzip_start(struct source *s)
{
    z_stream *z = s->state = calloc(1, sizeof *z);
    if (!z || inflateInit2(z, GZIP_ONLY) != Z_OK) {
        free(z);
        s->state = NULL;
        return source_wrong(s, "out of memory");
    }
    return true;
}

static size_t gzip_unpack(struct source *s, uint8_t *out, size_t room)
{
    z_stream *z = s->state;
    z->next_out = out;
    z->avail_out = (uInt)room;
    while (z->avail_out == room) {
        if (!source_input(s)) {
            if (z->total_in)
                source_wrong(s, "torn: the file ends in the middle of its gzip data");
            return 0;
        }
        z->next_in = s->in + s->in_at;
        z->avail_in = (uInt)(s->in_end - s->in_at);
        int got = inflate(z, Z_NO_FLUSH);
        s->in_at = s->in_end - z->avail_in;
        if (got == Z_STREAM_END)
            inflateReset(z); /* and total_in = 0: the file may end here, or another member begin */
        else if (got != Z_OK && got != Z_BUF_ERROR) {
            source_wrong(s, "the gzip data are damaged (%s)", z->msg ? z->msg : "no cause given");
            break; /* what came before the damage is given all the same */
        }
    }
    return room - z->avail_out;
}

static void gzip_stop(struct source *s)
{
    if (s->state)
        inflateEnd(s->state);
    free(s->state);
}

const struct packing packing_gzip = {"gzip", gzip_start, gzip_unpack, gzip_stop};
