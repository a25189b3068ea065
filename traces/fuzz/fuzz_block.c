/* The block decoder, without the checksum and the compression that keep most bytes away from it. The first byte is the
 * number of accesses, the second that of other records. And: what it takes can be encoded, and decodes to the same. */
#include "fuzz.h"

#include "format/block.h"

#include <stdlib.h>
#include <string.h>

static struct block_decoder first, second;
static uint8_t bytes[BLOCK_RAW_MAX + BLOCK_SLACK];

/* All of so short a block is one piece. */
static bool decode(struct block_decoder *d, const uint8_t *raw, size_t len, uint32_t records, uint32_t accesses)
{
    _Static_assert(BLOCK_PIECE >= 2 * 255, "two bytes of input say how many records there are");
    return !block_begin(d, raw, len, records, accesses) && !block_piece(d);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct block_encoder *encoder;
    if (!encoder && !(encoder = block_encoder_new()))
        abort();
    if (size < 3)
        return -1;
    uint32_t accesses = data[0], records = accesses + data[1];
    size -= 2;
    uint8_t *raw = malloc(size + BLOCK_SLACK); /* of its own size, so that one byte too far is seen */
    memcpy(raw, data + 2, size);
    memset(raw + size, 0xa5, BLOCK_SLACK);
    if (records && decode(&first, raw, size, records, accesses)) {
        for (uint32_t i = 0; i < records; i++) {
            PROMISE(!trace_invalid(&first.recs[i], block_extra(&first, &first.recs[i])));
            PROMISE(block_add(encoder, &first.recs[i], block_extra(&first, &first.recs[i])));
        }
        PROMISE(block_records(encoder) == records && block_accesses(encoder) == accesses);
        size_t len = block_finish(encoder, bytes);
        PROMISE(decode(&second, bytes, len, records, accesses));
        for (uint32_t i = 0; i < records; i++) {
            const struct trace_rec *a = &first.recs[i], *b = &second.recs[i];
            PROMISE(a->va == b->va && a->kind == b->kind && a->flags == b->flags && a->size == b->size &&
                    a->thread == b->thread);
            const struct trace_extra *x = block_extra(&first, a), *y = block_extra(&second, b);
            PROMISE(!x || a->kind != TRACE_SYSCALL || !memcmp(&x->syscall, &y->syscall, sizeof x->syscall));
            PROMISE(!x || a->kind != TRACE_POKE || !memcmp(&x->poke, &y->poke, sizeof x->poke));
        }
    }
    free(raw);
    return 0;
}
