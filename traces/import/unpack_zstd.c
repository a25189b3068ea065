/* Zstandard (RFC 8878) by libzstd: one frame after another. */
#include "source.h"

#include <stdlib.h>
#include <zstd.h>
#include <zstd_errors.h>

struct zstd {
    ZSTD_DCtx *context;
    bool inside; /* a frame is not at its end */
};

static bool zstd_start(struct source *s)
{
    struct zstd *z = s->state = calloc(1, sizeof *z);
    if (!z || !(z->context = ZSTD_createDCtx()))
        return source_wrong(s, "out of memory");
    ZSTD_DCtx_setParameter(z->context, ZSTD_d_windowLogMax, SOURCE_DICTIONARY_LOG);
    return true;
}

static size_t zstd_unpack(struct source *s, uint8_t *out, size_t room)
{
    struct zstd *z = s->state;
    ZSTD_outBuffer to = {out, room, 0};
    while (!to.pos) {
        bool more = source_input(s);
        if (!more && !z->inside)
            return 0;
        ZSTD_inBuffer from = {s->in + s->in_at, s->in_end - s->in_at, 0};
        size_t got = ZSTD_decompressStream(z->context, &to, &from);
        s->in_at += from.pos;
        if (ZSTD_isError(got)) {
            if (ZSTD_getErrorCode(got) == ZSTD_error_frameParameter_windowTooLarge)
                source_wrong(s, "unpacking takes more than %d MiB of memory, which is refused",
                             1 << (SOURCE_DICTIONARY_LOG - 20));
            else
                source_wrong(s, "the zstd data are damaged (%s)", ZSTD_getErrorName(got));
            break; /* what came before the damage is given all the same */
        }
        z->inside = got != 0;
        if (!more && !to.pos) {
            if (z->inside)
                source_wrong(s, "torn: the file ends in the middle of its zstd data");
            return 0;
        }
    }
    return to.pos;
}

static void zstd_stop(struct source *s)
{
    struct zstd *z = s->state;
    if (z)
        ZSTD_freeDCtx(z->context);
    free(z);
}

const struct packing packing_zstd = {"zstd", zstd_start, zstd_unpack, zstd_stop};
