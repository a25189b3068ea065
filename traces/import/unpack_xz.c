/* .xz by liblzma: one stream after another, each with its checksum. */
#include "source.h"

#include <inttypes.h>
#include <lzma.h>
#include <stdlib.h>

/* Enough for a dictionary of 2^SOURCE_DICTIONARY_LOG bytes. */
static const uint64_t memory_limit = (UINT64_C(1) << SOURCE_DICTIONARY_LOG) + (1 << 20);

static bool xz_start(struct source *s)
{
    lzma_stream *z = s->state = calloc(1, sizeof *z);
    if (!z || lzma_stream_decoder(z, memory_limit, LZMA_CONCATENATED) != LZMA_OK)
        return source_wrong(s, "out of memory");
    return true;
}

static size_t xz_unpack(struct source *s, uint8_t *out, size_t room)
{
    lzma_stream *z = s->state;
    z->next_out = out;
    z->avail_out = room;
    while (z->avail_out == room) {
        bool more = source_input(s);
        if (s->error[0])
            return 0;
        z->next_in = s->in + s->in_at;
        z->avail_in = s->in_end - s->in_at;
        lzma_ret got = lzma_code(z, more ? LZMA_RUN : LZMA_FINISH);
        s->in_at = s->in_end - z->avail_in;
        if (got == LZMA_STREAM_END)
            break;
        if (got == LZMA_MEMLIMIT_ERROR)
            source_wrong(s, "unpacking takes %" PRIu64 " MiB, and more than %" PRIu64 " are refused",
                         lzma_memusage(z) >> 20, memory_limit >> 20);
        else if (got == LZMA_BUF_ERROR && !more)
            source_wrong(s, "torn: the file ends in the middle of its xz data");
        else if (got != LZMA_OK && got != LZMA_BUF_ERROR)
            source_wrong(s, "the xz data are damaged (liblzma's error %d)", got);
        if (s->error[0])
            break; /* what came before the damage is given all the same */
    }
    return room - z->avail_out;
}

static void xz_stop(struct source *s)
{
    if (s->state)
        lzma_end(s->state);
    free(s->state);
}

const struct packing packing_xz = {"xz", xz_start, xz_unpack, xz_stop};
