/* LZ4 by liblz4: one frame after another, with the checksums that they have. */
#include "source.h"

#include <lz4frame.h>
#include <stdlib.h>

struct lz4 {
    LZ4F_dctx *context;
    bool inside; /* a frame is not at its end */
};

static bool lz4_start(struct source *s)
{
    struct lz4 *z = s->state = calloc(1, sizeof *z);
    if (!z || LZ4F_isError(LZ4F_createDecompressionContext(&z->context, LZ4F_VERSION)))
        return source_wrong(s, "out of memory");
    return true;
}

static size_t lz4_unpack(struct source *s, uint8_t *out, size_t room)
{
    struct lz4 *z = s->state;
    for (bool more = true; more;) {
        more = source_input(s);
        if (s->error[0] || (!more && !z->inside))
            return 0;
        size_t given = room, took = s->in_end - s->in_at; /* nothing to take: it may still hold something to give */
        const size_t got = LZ4F_decompress(z->context, out, &given, s->in + s->in_at, &took, NULL);
        s->in_at += LZ4F_isError(got) ? 0 : took;
        if (LZ4F_isError(got)) {
            source_wrong(s, "the LZ4 data are damaged (%s)", LZ4F_getErrorName(got));
            return 0;
        }
        z->inside = got != 0;
        if (given)
            return given;
    }
    if (z->inside)
        source_wrong(s, "torn: the file ends in the middle of its LZ4 data");
    return 0;
}

static void lz4_stop(struct source *s)
{
    struct lz4 *z = s->state;
    if (z)
        LZ4F_freeDecompressionContext(z->context);
    free(z);
}

const struct packing packing_lz4 = {"LZ4", lz4_start, lz4_unpack, lz4_stop};
