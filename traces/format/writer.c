/* The writer: records in, a trace file out, in constant memory.
 *
 * Binary: records collect in the block encoder; a full block is compressed and written at once. Nothing is ever written
 * twice, so a pipe will do; a file gets its name only when it is whole (whole.h). The index is kept to INDEX_MAX
 * entries by dropping every other one when it is full. */
#define _GNU_SOURCE
#include "format.h"
#include "whole.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <zstd.h>

enum { DEFAULT_LEVEL = 3, TEXT_BUFFER = 64 << 10 };

struct trace_writer {
    struct sink sink;
    struct whole file;
    char path[512], error[ERROR_BYTES];
    bool text, dead; /* dead: the file is damaged, nothing more is written */
    int level;
    uint64_t records, accesses;    /* written in finished blocks */
    uint64_t blocks, index_stride; /* every index_stride-th block has an entry */
    uint32_t index_entries;
    struct index_entry *index;
    struct block_encoder *block;
    uint8_t *raw, *packed;
    ZSTD_CCtx *zstd;
    char *buffer; /* text */
    size_t buffered;
};

static bool refuse(struct trace_writer *w, const char *what)
{
    snprintf(w->error, sizeof w->error, "%s: record %" PRIu64 " refused: %s", w->path,
             w->records + (w->text ? 0 : block_records(w->block)), what);
    return false;
}

static bool die(struct trace_writer *w, const char *what)
{
    snprintf(w->error, sizeof w->error, "%s: %s", w->path, what);
    w->dead = true;
    return false;
}

static bool emit(struct trace_writer *w, const void *bytes, size_t len)
{
    if (!w->dead && !sink_write(&w->sink, bytes, len))
        w->dead = true;
    return !w->dead;
}

/* ---- Binary ---- */

static bool write_header(struct trace_writer *w, const struct trace_info *info)
{
    uint8_t h[HEADER_BYTES] = {0};
    memcpy(h, TRACE_MAGIC, 8);
    put_u32(h + 8, TRACE_VERSION);
    h[12] = info->linear_bits;
    h[13] = info->own_tables ? HEADER_OWN_TABLES : 0;
    memcpy(h + HEADER_PROGRAM, info->program, strlen(info->program));
    memcpy(h + HEADER_RECORDER, info->recorder, strlen(info->recorder));
    put_u32(h + HEADER_CRC, trace_crc(0, h, HEADER_CRC));
    return emit(w, h, sizeof h);
}

static void note_block(struct trace_writer *w)
{
    if (w->blocks++ % w->index_stride)
        return;
    if (w->index_entries == INDEX_MAX) {
        for (uint32_t i = 0; i < INDEX_MAX / 2; i++)
            w->index[i] = w->index[2 * i];
        w->index_entries = INDEX_MAX / 2;
        w->index_stride *= 2; /* the block at hand has an even number of strides before it, so it still counts */
    }
    w->index[w->index_entries++] = (struct index_entry){w->sink.offset, w->records, w->accesses};
}

static bool write_block(struct trace_writer *w)
{
    uint32_t records = block_records(w->block), accesses = block_accesses(w->block);
    if (!records)
        return true;
    size_t raw = block_finish(w->block, w->raw);
    ZSTD_CCtx_setParameter(w->zstd, ZSTD_c_compressionLevel, w->level);
    size_t packed = ZSTD_compress2(w->zstd, w->packed + BLOCK_HEAD_BYTES, BLOCK_PACKED_MAX, w->raw, raw);
    if (ZSTD_isError(packed))
        return die(w, ZSTD_getErrorName(packed));

    uint8_t *h = w->packed;
    put_u32(h, BLOCK_MARK);
    put_u32(h + 8, records);
    put_u32(h + 12, accesses);
    put_u64(h + 16, w->records);
    put_u64(h + 24, w->accesses);
    put_u32(h + 32, (uint32_t)raw);
    put_u32(h + 36, (uint32_t)packed);
    put_u32(h + 4, trace_crc(0, h + 8, BLOCK_HEAD_BYTES - 8 + packed));
    note_block(w);
    w->records += records;
    w->accesses += accesses;
    return emit(w, h, BLOCK_HEAD_BYTES + packed);
}

static bool write_index(struct trace_writer *w)
{
    size_t len = INDEX_HEAD_BYTES + (size_t)w->index_entries * INDEX_ENTRY_BYTES + FOOTER_BYTES;
    uint8_t *bytes = malloc(len), *p = bytes;
    if (!bytes)
        return die(w, "out of memory for the index");
    put_u32(p, INDEX_MARK);
    put_u32(p + 4, w->index_entries);
    put_u32(p + 8, (uint32_t)w->index_stride);
    p += INDEX_HEAD_BYTES;
    for (uint32_t i = 0; i < w->index_entries; i++, p += INDEX_ENTRY_BYTES) {
        put_u64(p, w->index[i].offset);
        put_u64(p + 8, w->index[i].record);
        put_u64(p + 16, w->index[i].access);
    }
    put_u64(p, w->records);
    put_u64(p + 8, w->accesses);
    put_u64(p + 16, w->sink.offset);
    put_u32(p + 24, trace_crc(0, bytes, (size_t)(p + 24 - bytes)));
    put_u32(p + 28, FOOTER_MARK);
    bool ok = emit(w, bytes, len);
    free(bytes);
    return ok;
}

/* ---- Both forms ---- */

static void writer_free(struct trace_writer *w)
{
    block_encoder_free(w->block);
    ZSTD_freeCCtx(w->zstd);
    free(w->index);
    free(w->raw);
    free(w->packed);
    free(w->buffer);
    free(w);
}

static _Thread_local char create_error[ERROR_BYTES]; /* also trace_finish's: the writer is gone by then */

static struct trace_writer *fail(struct trace_writer *w, const char **error, const char *path, const char *what)
{
    snprintf(create_error, sizeof create_error, "%s: %s", path, what);
    if (error)
        *error = create_error;
    if (w)
        writer_free(w);
    return NULL;
}

struct trace_writer *trace_create(const char *path, const struct trace_info *info, bool text, const char **error)
{
    if (info->linear_bits != 48 && info->linear_bits != 57)
        return fail(NULL, error, path, "cannot create: the address width of a trace is 48 or 57 bits");
    if (!memchr(info->program, 0, sizeof info->program) || !memchr(info->recorder, 0, sizeof info->recorder))
        return fail(NULL, error, path, "cannot create: program or recorder is not terminated");
    struct trace_writer *w = calloc(1, sizeof *w);
    if (!w)
        return fail(NULL, error, path, "cannot create: out of memory");
    snprintf(w->path, sizeof w->path, "%s", strcmp(path, "-") ? path : "standard output");
    w->sink = (struct sink){.fd = -1, .path = w->path, .error = w->error};
    w->text = text;
    w->level = DEFAULT_LEVEL;
    w->index_stride = 1;
    bool ok;
    if (text)
        ok = (w->buffer = malloc(TEXT_BUFFER + TEXT_LINE)) != NULL;
    else
        ok = (w->block = block_encoder_new()) && (w->raw = malloc(BLOCK_RAW_MAX)) &&
             (w->packed = malloc(BLOCK_HEAD_BYTES + BLOCK_PACKED_MAX)) && (w->zstd = ZSTD_createCCtx()) &&
             (w->index = malloc(sizeof *w->index * INDEX_MAX));
    if (!ok)
        return fail(w, error, path, "cannot create: out of memory");

    if (!whole_open(&w->file, path))
        return fail(w, error, path, w->file.error);
    w->sink.fd = w->file.fd;
    if (text)
        w->buffered = text_put_header(w->buffer, info);
    else
        write_header(w, info);
    if (w->dead) {
        snprintf(create_error, sizeof create_error, "%s", w->error);
        if (error)
            *error = create_error;
        trace_abandon(w);
        return NULL;
    }
    return w;
}

bool trace_set_level(struct trace_writer *w, int level)
{
    if (level < 1 || level > 19)
        return false;
    w->level = level;
    return true;
}

static bool put_text(struct trace_writer *w, const struct trace_rec *rec, const struct trace_extra *extra)
{
    w->buffered += text_put_record(w->buffer + w->buffered, rec, extra);
    w->records++;
    if (w->buffered < TEXT_BUFFER)
        return true;
    bool ok = emit(w, w->buffer, w->buffered);
    w->buffered = 0;
    return ok;
}

bool trace_put(struct trace_writer *w, const struct trace_rec *rec, const struct trace_extra *extra)
{
    if (w->dead)
        return false;
    const char *wrong = trace_invalid(rec, extra);
    if (wrong)
        return refuse(w, wrong);
    if (w->text)
        return put_text(w, rec, extra);
    if (block_add(w->block, rec, extra))
        return true;
    return write_block(w) && block_add(w->block, rec, extra);
}

bool trace_finish(struct trace_writer *w, const char **error)
{
    if (w->text)
        emit(w, w->buffer, w->buffered);
    else if (!w->dead && write_block(w))
        write_index(w);
    if (w->dead)
        whole_drop(&w->file);
    else if (!whole_keep(&w->file))
        die(w, w->file.error);
    bool ok = !w->dead;
    if (!ok) {
        snprintf(create_error, sizeof create_error, "%s", w->error);
        if (error)
            *error = create_error;
    }
    writer_free(w);
    return ok;
}

void trace_abandon(struct trace_writer *w)
{
    whole_drop(&w->file);
    writer_free(w);
}

const char *trace_writer_error(const struct trace_writer *w)
{
    return w->error;
}
