/* bzip2 by libbz2: one stream after another, each with its checksums, as `bzip2`, `pbzip2` and `cat a.bz2 b.bz2` make
 * them. */
#include "source.h"

#include <bzlib.h>
#include <stdlib.h>

struct bzip2 {
    bz_stream z;
    bool inside; /* a stream is not at its end */
};

static bool bzip2_start(struct source *s)
{
    struct bzip2 *b = s->state = calloc(1, sizeof *b);
    return b || source_wrong(s, "out of memory");
}

/* Up to `room` bytes of the stream at hand, which begins if none has; false when it is damaged. */
static bool step(struct source *s, struct bzip2 *b)
{
    if (!b->inside && BZ2_bzDecompressInit(&b->z, 0, 0) != BZ_OK)
        return source_wrong(s, "out of memory");
    b->inside = true;
    b->z.next_in = (char *)s->in + s->in_at;
    b->z.avail_in = (unsigned)(s->in_end - s->in_at);
    const int got = BZ2_bzDecompress(&b->z);
    s->in_at = s->in_end - b->z.avail_in;
    if (got == BZ_STREAM_END) {
        BZ2_bzDecompressEnd(&b->z);
        b->inside = false;
    } else if (got != BZ_OK) {
        return source_wrong(s, "the bzip2 data are damaged (libbz2's error %d)", got);
    }
    return true;
}

static size_t bzip2_unpack(struct source *s, uint8_t *out, size_t room)
{
    struct bzip2 *b = s->state;
    b->z.next_out = (char *)out;
    b->z.avail_out = (unsigned)room;
    while (b->z.avail_out == room) {
        const bool more = source_input(s);
        if (s->error[0] || (!more && !b->inside))
            return 0;
        if (!step(s, b))
            break; /* what came before the damage is given all the same */
        if (!more && b->inside && b->z.avail_out == room)
            return source_wrong(s, "torn: the file ends in the middle of its bzip2 data"), 0;
    }
    return room - b->z.avail_out;
}

static void bzip2_stop(struct source *s)
{
    struct bzip2 *b = s->state;
    if (b && b->inside)
        BZ2_bzDecompressEnd(&b->z);
    free(b);
}

const struct packing packing_bzip2 = {"bzip2", bzip2_start, bzip2_unpack, bzip2_stop};
