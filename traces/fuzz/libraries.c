/* Between the readers and the libraries that unpack (by the linker's --wrap).
 *
 * Under AddressSanitizer each context of a library, and each window of megabytes, would be mapped anew and unmapped for
 * every input; that took most of the time. So contexts are kept and begun again, and large memory is kept.
 *
 * MemorySanitizer does not see what a library that was not built with it writes: it is told here, and asks nothing of
 * what such a library does to its own memory. */
#include "fuzz.h"

#include <archive.h>
#include <archive_entry.h>
#include <bzlib.h>
#include <lz4frame.h>
#include <lzma.h>
#include <snappy-c.h>
#include <stdbool.h>
#include <stdlib.h>
#include <zlib.h>
#include <zstd.h>

#if __has_feature(memory_sanitizer)
#include <sanitizer/msan_interface.h>
#define TEXT_WRITTEN(text) ((text) ? __msan_unpoison_string(text) : (void)0)
#define LIBRARY(call)                               \
    __extension__({                                 \
        __msan_scoped_disable_interceptor_checks(); \
        __typeof__(call) got_ = call;               \
        __msan_scoped_enable_interceptor_checks();  \
        got_;                                       \
    })
#else
#define LIBRARY(call) call
#define TEXT_WRITTEN(text) ((void)(text))
#endif

#define WRAP(type, name, ...)        \
    type __real_##name(__VA_ARGS__); \
    type __wrap_##name(__VA_ARGS__); \
    type __wrap_##name(__VA_ARGS__)

/* ---- Zstandard ---- */

static ZSTD_DCtx *kept_zstd;

WRAP(ZSTD_DCtx *, ZSTD_createDCtx, void)
{
    ZSTD_DCtx *context = kept_zstd;
    kept_zstd = NULL;
    if (!context)
        return LIBRARY(__real_ZSTD_createDCtx());
    ZSTD_DCtx_reset(context, ZSTD_reset_session_and_parameters);
    return context;
}

WRAP(size_t, ZSTD_freeDCtx, ZSTD_DCtx *context)
{
    if (kept_zstd || !context)
        return LIBRARY(__real_ZSTD_freeDCtx(context));
    kept_zstd = context;
    return 0;
}

WRAP(size_t, ZSTD_decompressDCtx, ZSTD_DCtx *context, void *to, size_t room, const void *from, size_t len)
{
    const size_t n = LIBRARY(__real_ZSTD_decompressDCtx(context, to, room, from, len));
    if (!ZSTD_isError(n))
        WRITTEN(to, n);
    return n;
}

WRAP(size_t, ZSTD_decompressStream, ZSTD_DStream *context, ZSTD_outBuffer *to, ZSTD_inBuffer *from)
{
    const size_t before = to->pos, got = LIBRARY(__real_ZSTD_decompressStream(context, to, from));
    WRITTEN((char *)to->dst + before, to->pos - before);
    return got;
}

/* ---- LZ4 ---- */

static LZ4F_dctx *kept_lz4;

WRAP(LZ4F_errorCode_t, LZ4F_createDecompressionContext, LZ4F_dctx **context, unsigned version)
{
    if (!kept_lz4) {
        const LZ4F_errorCode_t error = LIBRARY(__real_LZ4F_createDecompressionContext(context, version));
        WRITTEN(context, sizeof *context);
        return error;
    }
    *context = kept_lz4;
    kept_lz4 = NULL;
    LZ4F_resetDecompressionContext(*context);
    return 0;
}

WRAP(LZ4F_errorCode_t, LZ4F_freeDecompressionContext, LZ4F_dctx *context)
{
    if (kept_lz4 || !context)
        return LIBRARY(__real_LZ4F_freeDecompressionContext(context));
    kept_lz4 = context;
    return 0;
}

WRAP(size_t, LZ4F_decompress, LZ4F_dctx *context, void *to, size_t *room, const void *from, size_t *len,
     const LZ4F_decompressOptions_t *options)
{
    const size_t got = LIBRARY(__real_LZ4F_decompress(context, to, room, from, len, options));
    if (!LZ4F_isError(got))
        WRITTEN(to, *room);
    return got;
}

/* ---- xz: a decoder that is begun again keeps its dictionary, if that is as large as before ---- */

static struct lzma_internal_s *kept_xz;

WRAP(lzma_ret, lzma_stream_decoder, lzma_stream *z, uint64_t limit, uint32_t flags)
{
    if (!z->internal) {
        z->internal = kept_xz;
        kept_xz = NULL;
    }
    return LIBRARY(__real_lzma_stream_decoder(z, limit, flags));
}

WRAP(void, lzma_end, lzma_stream *z)
{
    if (kept_xz) {
        __real_lzma_end(z);
        return;
    }
    kept_xz = z->internal;
    z->internal = NULL;
}

WRAP(lzma_ret, lzma_code, lzma_stream *z, lzma_action action)
{
    uint8_t *const to = z->next_out;
    const lzma_ret got = LIBRARY(__real_lzma_code(z, action));
    WRITTEN(to, (size_t)(z->next_out - to));
    return got;
}

/* ---- bzip2: its memory is kept ---- */

/* malloc() and free() as memory.c has them. */
static void *take(void *opaque, int count, int size)
{
    (void)opaque;
    return malloc((size_t)count * (size_t)size);
}

static void give(void *opaque, void *memory)
{
    (void)opaque;
    free(memory);
}

WRAP(int, BZ2_bzDecompressInit, bz_stream *z, int verbosity, int small)
{
    z->bzalloc = take;
    z->bzfree = give;
    return LIBRARY(__real_BZ2_bzDecompressInit(z, verbosity, small));
}

WRAP(int, BZ2_bzDecompress, bz_stream *z)
{
    char *const to = z->next_out;
    const int got = LIBRARY(__real_BZ2_bzDecompress(z));
    WRITTEN(to, (size_t)(z->next_out - to));
    return got;
}

/* ---- gzip and zip, Snappy, tar ---- */

WRAP(int, inflate, z_stream *z, int flush)
{
    Bytef *const to = z->next_out;
    const int got = LIBRARY(__real_inflate(z, flush));
    WRITTEN(to, (size_t)(z->next_out - to));
    return got;
}

WRAP(snappy_status, snappy_uncompress, const char *from, size_t len, char *to, size_t *room)
{
    const snappy_status got = LIBRARY(__real_snappy_uncompress(from, len, to, room));
    if (got == SNAPPY_OK)
        WRITTEN(to, *room);
    return got;
}

WRAP(int, archive_read_next_header, struct archive *archive, struct archive_entry **entry)
{
    *entry = NULL;
    return LIBRARY(__real_archive_read_next_header(archive, entry));
}

WRAP(int, archive_read_data_block, struct archive *archive, const void **block, size_t *len, la_int64_t *at)
{
    *block = NULL;
    const int got = LIBRARY(__real_archive_read_data_block(archive, block, len, at));
    if (*block && (got == ARCHIVE_OK || got == ARCHIVE_WARN))
        WRITTEN((void *)*block, *len);
    return got;
}

WRAP(int, archive_read_support_format_tar, struct archive *archive)
{
    return LIBRARY(__real_archive_read_support_format_tar(archive));
}

WRAP(int, archive_read_open, struct archive *archive, void *context, archive_open_callback *open,
     archive_read_callback *read, archive_close_callback *close)
{
    return LIBRARY(__real_archive_read_open(archive, context, open, read, close));
}

WRAP(int, archive_read_free, struct archive *archive)
{
    return LIBRARY(__real_archive_read_free(archive));
}

/* A string of libarchive's. */
WRAP(const char *, archive_error_string, struct archive *archive)
{
    const char *text = LIBRARY(__real_archive_error_string(archive));
    TEXT_WRITTEN(text);
    return text;
}
