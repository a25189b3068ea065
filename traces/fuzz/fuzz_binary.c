/* The binary reader: frames, index, end. A mutation is mostly followed by mending the checksums, or nothing behind them
 * would ever be reached; or it changes a block's contents before compression. */
#include "fuzz.h"

#include "format/format.h"

#include <stdlib.h>
#include <string.h>
#include <zstd.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size && data[0] != 0x89)
        return -1; /* the text form has its own */
    fuzz_read_trace(fuzz_file(data, size));
    return 0;
}

/* The length of a block's frame at p, as far as it is there; 0: no block. */
static size_t frame(const uint8_t *p, size_t left)
{
    if (left < BLOCK_HEAD_BYTES || get_u32(p) != BLOCK_MARK)
        return 0;
    size_t len = BLOCK_HEAD_BYTES + (size_t)get_u32(p + 36);
    return len <= left ? len : 0;
}

/* Makes checksums right, and if `numbers` the numbers that follow from what lies before, too. */
static void mend(uint8_t *data, size_t size, bool numbers)
{
    uint64_t records = 0, accesses = 0;
    size_t at = HEADER_BYTES, len;
    if (size < HEADER_BYTES)
        return;
    memcpy(data, TRACE_MAGIC, 8);
    put_u32(data + HEADER_CRC, trace_crc(0, data, HEADER_CRC));
    for (; (len = frame(data + at, size - at)); at += len) {
        uint8_t *p = data + at;
        if (numbers) {
            put_u64(p + 16, records);
            put_u64(p + 24, accesses);
        }
        records += get_u32(p + 8);
        accesses += get_u32(p + 12);
        put_u32(p + 4, trace_crc(0, p + 8, len - 8));
    }
    if (size - at < INDEX_HEAD_BYTES || get_u32(data + at) != INDEX_MARK)
        return;
    uint8_t *p = data + at;
    uint64_t all = INDEX_HEAD_BYTES + (uint64_t)get_u32(p + 4) * INDEX_ENTRY_BYTES + FOOTER_BYTES;
    if (all > size - at)
        return;
    uint8_t *footer = p + all - FOOTER_BYTES;
    if (numbers) {
        put_u64(footer, records);
        put_u64(footer + 8, accesses);
        put_u64(footer + 16, at);
    }
    put_u32(footer + 24, trace_crc(0, p, (size_t)(footer + 24 - p)));
}

/* Changes the contents of a block; the new size, or 0 when there is none that can be changed. */
static size_t change_block(uint8_t *data, size_t size, size_t max_size, unsigned seed)
{
    static uint8_t raw[64 << 10], packed[72 << 10];
    static ZSTD_DCtx *unpacker;
    static ZSTD_CCtx *packer;
    if (!unpacker && !((unpacker = ZSTD_createDCtx()) && (packer = ZSTD_createCCtx())))
        abort();
    size_t at = HEADER_BYTES, len;
    if (size <= at)
        return 0;
    for (unsigned skip = seed % 3; skip && (len = frame(data + at, size - at)); skip--)
        at += len;
    if (!(len = frame(data + at, size - at)))
        return 0;
    size_t n = ZSTD_decompressDCtx(unpacker, raw, sizeof raw, data + at + BLOCK_HEAD_BYTES, len - BLOCK_HEAD_BYTES);
    if (ZSTD_isError(n) || !n)
        return 0;
    n = LLVMFuzzerMutate(raw, n, n + 64 < sizeof raw ? n + 64 : sizeof raw);
    WRITTEN(raw, n);
    size_t m = ZSTD_compressCCtx(packer, packed, sizeof packed, raw, n, 1);
    size_t rest = size - at - len;
    if (ZSTD_isError(m) || at + BLOCK_HEAD_BYTES + m + rest > max_size)
        return 0;
    memmove(data + at + BLOCK_HEAD_BYTES + m, data + at + len, rest);
    memcpy(data + at + BLOCK_HEAD_BYTES, packed, m);
    put_u32(data + at + 32, (uint32_t)n);
    put_u32(data + at + 36, (uint32_t)m);
    return at + BLOCK_HEAD_BYTES + m + rest;
}

size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t max_size, unsigned int seed)
{
    size_t changed = seed & 1 ? change_block(data, size, max_size, seed >> 8) : 0;
    size = changed ? changed : LLVMFuzzerMutate(data, size, max_size);
    WRITTEN(data, size);
    if (seed & 14)
        mend(data, size, seed & 48);
    return size;
}
