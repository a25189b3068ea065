/* The binary reader: header, block after block, index, end.
 *
 * Everything read from the file is checked before it is used: sizes against the format's limits, bytes against their
 * checksum, records against trace_invalid(). Memory is bounded by the limits of block.h, whatever the file says. */
#define _GNU_SOURCE
#include "format.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <zstd.h>
#include <zstd_errors.h>

/* Reads exactly len bytes. False: the file ends first, or cannot be read; `what` was being read. */
static bool take(struct trace_reader *r, void *bytes, size_t len, const char *what)
{
    size_t n = fread(bytes, 1, len, r->file);
    r->offset += n;
    if (n == len)
        return true;
    if (ferror(r->file))
        return reader_error(r, "offset %" PRIu64 ": cannot read: %s", r->offset, strerror(errno));
    return reader_error(r,
                        "offset %" PRIu64 ": torn: the file ends %zu bytes short in %s (block %" PRIu64
                        ", after record %" PRIu64 ")",
                        r->offset, len - n, what, r->block, r->next_record);
}

static bool jump(struct trace_reader *r, uint64_t offset)
{
    if (fseeko(r->file, (off_t)offset, SEEK_SET))
        return reader_error(r, "cannot seek to offset %" PRIu64 ": %s", offset, strerror(errno));
    r->offset = offset;
    return true;
}

/* ---- Header ---- */

static bool read_header(struct trace_reader *r)
{
    uint8_t h[HEADER_BYTES];
    if (!take(r, h, sizeof h, "the header"))
        return false;
    if (memcmp(h, TRACE_MAGIC, 8))
        return reader_error(r, "offset 0: not a Twinwalk trace, or one damaged by a text-mode transfer");
    if (get_u32(h + 8) != TRACE_VERSION)
        return reader_error(r, "offset 8: version %" PRIu32 "; this program reads version %d", get_u32(h + 8),
                            TRACE_VERSION);
    if (trace_crc(0, h, HEADER_CRC) != get_u32(h + HEADER_CRC))
        return reader_error(r, "offset 0: the header is damaged (wrong checksum)");
    if ((h[12] != 48 && h[12] != 57) || h[13] & ~HEADER_OWN_TABLES || h[14] || h[15] || h[HEADER_RECORDER - 1] ||
        h[HEADER_CRC - 1])
        return reader_error(r, "offset 12: the header holds values that version %d does not have", TRACE_VERSION);
    r->info.linear_bits = h[12];
    r->info.own_tables = h[13] & HEADER_OWN_TABLES;
    memcpy(r->info.program, h + HEADER_PROGRAM, sizeof r->info.program);
    memcpy(r->info.recorder, h + HEADER_RECORDER, sizeof r->info.recorder);
    return true;
}

/* ---- Index and end ---- */

/* Checks an index section of `entries` entries, all of it in bytes[]; `at` is its offset. NULL or what is wrong. */
static const char *index_wrong(const uint8_t *bytes, uint32_t entries, uint64_t at)
{
    const uint8_t *footer = bytes + INDEX_HEAD_BYTES + (size_t)entries * INDEX_ENTRY_BYTES;
    if (get_u32(footer + 28) != FOOTER_MARK)
        return "the index has no end mark";
    if (trace_crc(0, bytes, (size_t)(footer + 24 - bytes)) != get_u32(footer + 24))
        return "the index is damaged (wrong checksum)";
    if (get_u64(footer + 16) != at)
        return "the index lies elsewhere than it says: bytes were lost or added before it";
    uint64_t offset = HEADER_BYTES, record = 0;
    if (!get_u32(bytes + 8))
        return "the index has no stride";
    for (uint32_t i = 0; i < entries; i++) {
        const uint8_t *e = bytes + INDEX_HEAD_BYTES + (size_t)i * INDEX_ENTRY_BYTES;
        if (i ? get_u64(e) <= offset || get_u64(e + 8) <= record : get_u64(e) != offset || get_u64(e + 8) != 0)
            return "the entries of the index are out of order";
        offset = get_u64(e);
        record = get_u64(e + 8);
        if (offset >= at || record >= get_u64(footer))
            return "an entry of the index points beyond the blocks";
    }
    return NULL;
}

/* Loads index and totals from the end of a regular file. A file without them is read all the same, up to its damage. */
static bool load_index(struct trace_reader *r)
{
    uint8_t footer[FOOTER_BYTES], *bytes = NULL;
    if (fseeko(r->file, -(off_t)FOOTER_BYTES, SEEK_END) || fread(footer, 1, sizeof footer, r->file) != sizeof footer)
        return true;
    uint64_t size = (uint64_t)ftello(r->file), at = get_u64(footer + 16), len = size - at;
    uint64_t entries = (len - INDEX_HEAD_BYTES - FOOTER_BYTES) / INDEX_ENTRY_BYTES;
    if (get_u32(footer + 28) != FOOTER_MARK || at < HEADER_BYTES || at > size ||
        len < INDEX_HEAD_BYTES + FOOTER_BYTES || entries > INDEX_MAX ||
        len != INDEX_HEAD_BYTES + entries * INDEX_ENTRY_BYTES + FOOTER_BYTES)
        return true;
    bytes = malloc(len);
    r->index = malloc(sizeof *r->index * (entries + 1));
    if (!bytes || !r->index) {
        free(bytes);
        return reader_no_memory(r);
    }
    if (!fseeko(r->file, (off_t)at, SEEK_SET) && fread(bytes, 1, len, r->file) == len && get_u32(bytes) == INDEX_MARK &&
        get_u32(bytes + 4) == entries && !index_wrong(bytes, (uint32_t)entries, at)) {
        for (uint32_t i = 0; i < entries; i++) {
            const uint8_t *e = bytes + INDEX_HEAD_BYTES + (size_t)i * INDEX_ENTRY_BYTES;
            r->index[i] = (struct index_entry){get_u64(e), get_u64(e + 8), get_u64(e + 16)};
        }
        r->index_entries = (uint32_t)entries;
        r->index_stride = get_u32(bytes + 8);
        r->info.records = get_u64(footer);
        r->info.accesses = get_u64(footer + 8);
    }
    free(bytes);
    return true;
}

/* The index as the reader meets it behind the last block; its mark is read. It must agree with the blocks, and nothing
 * may follow. */
static bool read_end(struct trace_reader *r)
{
    uint64_t at = r->offset - 4;
    uint8_t head[INDEX_HEAD_BYTES];
    put_u32(head, INDEX_MARK);
    if (!take(r, head + 4, sizeof head - 4, "the index"))
        return false;
    uint32_t entries = get_u32(head + 4);
    if (entries > INDEX_MAX)
        return reader_error(r, "offset %" PRIu64 ": the index is damaged (%" PRIu32 " entries)", at, entries);
    size_t len = INDEX_HEAD_BYTES + (size_t)entries * INDEX_ENTRY_BYTES + FOOTER_BYTES;
    uint8_t *bytes = malloc(len);
    if (!bytes)
        return reader_no_memory(r);
    memcpy(bytes, head, sizeof head);
    bool ok = take(r, bytes + INDEX_HEAD_BYTES, len - INDEX_HEAD_BYTES, "the index");
    if (ok) {
        const char *wrong = index_wrong(bytes, entries, at);
        const uint8_t *footer = bytes + len - FOOTER_BYTES;
        if (!wrong && (get_u64(footer) != r->next_record || get_u64(footer + 8) != r->next_access))
            wrong = "the totals of the index are not those of the blocks";
        const uint32_t stride = get_u32(bytes + 8);
        if (!wrong && entries != (r->block + stride - 1) / stride)
            wrong = "the index has more or fewer entries than the blocks make, with the stride that it says";
        if (!wrong && getc(r->file) != EOF)
            wrong = "bytes follow the end of the trace";
        if (wrong)
            ok = reader_error(r, "offset %" PRIu64 ": %s (after block %" PRIu64 ", record %" PRIu64 ")", at, wrong,
                              r->block, r->next_record);
    }
    free(bytes);
    return ok;
}

/* ---- Blocks ---- */

struct block_head {
    uint32_t crc, records, accesses, raw, packed;
    uint64_t first_record, first_access;
};

static bool block_error(struct trace_reader *r, uint64_t at, const char *what)
{
    return reader_error(r, "offset %" PRIu64 ": block %" PRIu64 " (from record %" PRIu64 "): %s", at, r->block,
                        r->next_record, what);
}

/* Reads the head of the next block into bytes[] and *h, and checks its limits. False: the end (r->ended), or an error.
 */
static bool read_head(struct trace_reader *r, uint8_t bytes[BLOCK_HEAD_BYTES], struct block_head *h)
{
    uint64_t at = r->offset;
    if (!take(r, bytes, 4, "a block's head, or the index that should end the file"))
        return false;
    if (get_u32(bytes) == INDEX_MARK) {
        r->ended = read_end(r);
        return false;
    }
    if (get_u32(bytes) != BLOCK_MARK)
        return block_error(r, at, "neither a block nor the index begins here: the file is damaged");
    if (!take(r, bytes + 4, BLOCK_HEAD_BYTES - 4, "a block's head"))
        return false;
    *h = (struct block_head){.crc = get_u32(bytes + 4),
                             .records = get_u32(bytes + 8),
                             .accesses = get_u32(bytes + 12),
                             .first_record = get_u64(bytes + 16),
                             .first_access = get_u64(bytes + 24),
                             .raw = get_u32(bytes + 32),
                             .packed = get_u32(bytes + 36)};
    if (!h->records || h->records > BLOCK_RECORDS || h->accesses > h->records || !h->raw || h->raw > BLOCK_RAW_MAX ||
        !h->packed || h->packed > BLOCK_PACKED_MAX)
        return block_error(r, at, "its head is damaged: sizes beyond the format's limits");
    return true;
}

/* An index that was read from the file's end must say of a block what the block says of itself. */
static bool index_agrees(struct trace_reader *r, uint64_t at, const struct block_head *h)
{
    uint64_t entry = r->index_stride ? r->block / r->index_stride : 0;
    if (!r->index_stride || r->block % r->index_stride)
        return true;
    if (entry >= r->index_entries || r->index[entry].offset != at || r->index[entry].record != h->first_record ||
        r->index[entry].access != h->first_access)
        return block_error(r, at, "the index at the file's end says something else of it");
    return true;
}

static bool make_room(struct trace_reader *r, uint8_t **bytes, size_t *room, size_t need)
{
    enum { STEP = 64 << 10 };
    if (need <= *room)
        return true;
    size_t more = (need + STEP - 1) / STEP * STEP;
    uint8_t *p = realloc(*bytes, more);
    if (!p)
        return reader_no_memory(r);
    *bytes = p;
    *room = more;
    return true;
}

/* What the decoder said of the block at r->block_at. */
static bool decoded(struct trace_reader *r, const char *wrong)
{
    char what[256];
    if (!wrong)
        return true;
    if (wrong == block_no_memory)
        return reader_no_memory(r);
    snprintf(what, sizeof what, "malformed at its record %" PRIu32 ": %s", r->decoder.bad_record, wrong);
    return block_error(r, r->block_at, what);
}

/* Reads the next block and begins to decode it. 1; 0 at the end; -1. */
static int read_block(struct trace_reader *r)
{
    uint8_t head[BLOCK_HEAD_BYTES];
    struct block_head h;
    uint64_t at = r->offset;
    r->block_records = 0;
    r->lost = true;
    if (!read_head(r, head, &h)) {
        r->lost = !r->ended;
        return r->ended ? 0 : -1;
    }
    if (!make_room(r, &r->packed, &r->packed_room, h.packed) ||
        !make_room(r, &r->raw, &r->raw_room, h.raw + BLOCK_SLACK) || !take(r, r->packed, h.packed, "a block"))
        return -1;
    if (trace_crc(trace_crc(0, head + 8, BLOCK_HEAD_BYTES - 8), r->packed, h.packed) != h.crc)
        return block_error(r, at, "it is damaged (wrong checksum)"), -1;
    if (h.first_record != r->next_record || h.first_access != r->next_access) {
        char what[128];
        snprintf(what, sizeof what, "it says it starts at record %" PRIu64 ": blocks are missing or out of order",
                 h.first_record);
        return block_error(r, at, what), -1;
    }
    if (!index_agrees(r, at, &h))
        return -1;
    size_t n = ZSTD_decompressDCtx(r->zstd, r->raw, h.raw, r->packed, h.packed);
    if (ZSTD_isError(n) && ZSTD_getErrorCode(n) == ZSTD_error_memory_allocation)
        return reader_no_memory(r), -1;
    if (ZSTD_isError(n) || n != h.raw)
        return block_error(r, at, "it does not decompress to the length it says"), -1;
    memset(r->raw + n, 0, BLOCK_SLACK);
    r->raw_bytes = n;
    r->block_at = at;
    r->block_accesses = h.accesses;
    if (!decoded(r, block_begin(&r->decoder, r->raw, n, h.records, h.accesses)))
        return -1;
    r->lost = false;
    r->sizes.blocks++;
    r->sizes.raw += h.raw;
    r->sizes.packed += BLOCK_HEAD_BYTES + h.packed;
    r->block++;
    r->block_records = h.records;
    r->next_record += h.records;
    r->next_access += h.accesses;
    return 1;
}

/* Back to the state before the block at hand, in whose midst it turned out to be malformed. */
static void unread_block(struct trace_reader *r)
{
    r->block--;
    r->next_record -= r->block_records;
    r->next_access -= r->block_accesses;
    r->block_records = r->held = 0;
    r->lost = true;
}

/* Sees to it that the piece at hand has the first of the records that are held; goes back to the block's beginning when
 * it has been passed. False: the block is malformed. */
static bool reach_held(struct trace_reader *r)
{
    struct block_decoder *const d = &r->decoder;
    const uint32_t wanted = r->block_records - r->held;
    const char *wrong = NULL;
    if (wanted < d->first)
        wrong = block_begin(d, r->raw, r->raw_bytes, r->block_records, r->block_accesses);
    while (!wrong && wanted >= d->first + d->count)
        wrong = block_piece(d);
    if (wrong)
        unread_block(r);
    return decoded(r, wrong);
}

/* ---- What reader.c calls ---- */

bool binary_open(struct trace_reader *r)
{
    if (!read_header(r) || (r->seekable && (!load_index(r) || !jump(r, HEADER_BYTES))))
        return false;
    r->zstd = ZSTD_createDCtx();
    block_decoder_init(&r->decoder);
    if (!r->zstd)
        return reader_no_memory(r);
    return true;
}

void binary_close(struct trace_reader *r)
{
    free(r->index);
    free(r->raw);
    free(r->packed);
    ZSTD_freeDCtx(r->zstd);
    block_decoder_free(&r->decoder);
}

int binary_next(struct trace_reader *r, const struct trace_rec **recs, size_t *count)
{
    if (r->error[0])
        return -1;
    if (!r->held) {
        int got = r->ended ? 0 : read_block(r);
        if (got <= 0)
            return got;
        r->held = r->block_records;
    }
    if (!reach_held(r))
        return -1;
    const uint32_t passed = r->block_records - r->held - r->decoder.first;
    *recs = r->decoder.recs + passed;
    *count = r->decoder.count - passed;
    r->held -= (uint32_t)*count;
    return 1;
}

/* Goes to the last block with an index entry that does not start beyond `record`. */
static bool to_entry(struct trace_reader *r, uint64_t record)
{
    struct index_entry start = {HEADER_BYTES, 0, 0}, *e = &start;
    uint32_t low = 0,
             high =
                 r->index_entries; /* entries below low start at or before the record, those from high on beyond it */
    while (low < high) {
        uint32_t mid = low + (high - low) / 2;
        if (r->index[mid].record <= record)
            low = mid + 1;
        else
            high = mid;
    }
    if (low)
        e = &r->index[low - 1];
    if (!r->lost && !r->ended && r->next_record <= record && r->next_record >= e->record)
        return true; /* the file stands at least as near */
    r->block = low ? (uint64_t)(low - 1) * r->index_stride : 0;
    r->next_record = e->record;
    r->next_access = e->access;
    r->ended = r->lost = false;
    return jump(r, e->offset);
}

/* Passes over blocks, by their heads alone, until the next one holds `record` or the end is there. */
static bool pass_blocks(struct trace_reader *r, uint64_t record)
{
    uint8_t bytes[BLOCK_HEAD_BYTES];
    struct block_head h;
    for (;;) {
        uint64_t at = r->offset;
        r->lost = true;
        if (!read_head(r, bytes, &h))
            return r->ended;
        if (h.first_record != r->next_record || h.first_access != r->next_access)
            return block_error(r, at, "it does not continue the block before it, or the index is wrong");
        if (record - h.first_record < h.records) {
            r->lost = false;
            return jump(r, at);
        }
        if (!jump(r, r->offset + h.packed))
            return false;
        r->block++;
        r->next_record += h.records;
        r->next_access += h.accesses;
    }
}

bool binary_seek(struct trace_reader *r, uint64_t record)
{
    r->held = 0;
    if (!r->seekable && r->lost)
        return false; /* the damage is reported already, and there is no way past it */
    r->error[0] = 0;
    if (r->seekable) {
        if (record - (r->next_record - r->block_records) >= r->block_records) {
            r->block_records = 0;
            if (!to_entry(r, record) || !pass_blocks(r, record))
                return false;
        }
    } else if (record < r->next_record - r->block_records) {
        return reader_error(r, "cannot go back to record %" PRIu64 ": the input is a pipe", record);
    }
    while (!r->ended && record >= r->next_record)
        if (read_block(r) < 0)
            return false;
    if (record < r->next_record) {
        r->held = (uint32_t)(r->next_record - record);
        return reach_held(r);
    }
    if (record > r->next_record)
        return reader_error(r, "record %" PRIu64 " is beyond the end: the trace has %" PRIu64, record, r->next_record);
    return true;
}
