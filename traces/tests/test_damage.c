/* Damaged and hostile files: an error that says where, the records before it, and never a crash, other records or
 * unbounded memory. */
#include "support.h"

#include "format/format.h"

#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <zstd.h>

enum { COUNT = 290 };

static struct item items[COUNT];

/* A small file of several blocks: more shapes than a dictionary holds. */
static uint8_t *small_file(size_t *size)
{
    struct trace_info info = test_info();
    for (size_t i = 0; i < COUNT; i++) {
        random_item(&items[i]);
        items[i].rec.thread = (uint16_t)(56 * i);
    }
    write_trace(scratch("small.tw"), &info, false, items, COUNT);
    return load_file(scratch("small.tw"), size);
}

static void test_torn_anywhere(void **state)
{
    (void)state;
    size_t size, got, most = 0;
    uint8_t *bytes = small_file(&size);
    for (size_t cut = 0; cut < size; cut++) {
        save_file(scratch("torn.tw"), bytes, cut);
        int status = read_against(scratch("torn.tw"), items, COUNT, &got);
        assert_true(status < 0);
        assert_true(got >= most); /* a longer piece never gives fewer records */
        most = got;
    }
    assert_int_equal(most, COUNT); /* only the index was missing */
    free(bytes);
}

static void test_any_byte_wrong(void **state)
{
    (void)state;
    size_t size, got;
    uint8_t *bytes = small_file(&size);
    for (size_t at = 0; at < size; at++) {
        for (int flip = 0; flip < 2; flip++) {
            uint8_t was = bytes[at];
            bytes[at] ^= (uint8_t[]){1, 0xff}[flip];
            save_file(scratch("wrong.tw"), bytes, size);
            if (read_against(scratch("wrong.tw"), items, COUNT, &got) >= 0)
                fail_msg("a wrong byte at offset %zu went unnoticed", at);
            bytes[at] = was;
        }
    }
    for (size_t at = 0; at < size; at += 7) { /* a byte lost, a byte too many */
        memmove(bytes + at, bytes + at + 1, size - at - 1);
        save_file(scratch("wrong.tw"), bytes, size - 1);
        assert_true(read_against(scratch("wrong.tw"), items, COUNT, &got) < 0);
        free(bytes);
        bytes = load_file(scratch("small.tw"), &size);
    }
    bytes = realloc(bytes, size + 1);
    bytes[size] = 0;
    save_file(scratch("wrong.tw"), bytes, size + 1);
    assert_int_equal(read_against(scratch("wrong.tw"), items, COUNT, &got), -1);
    assert_int_equal(got, COUNT);
    free(bytes);
}

/* Seeking in damaged files neither crashes nor gives a wrong record, and goes past a damaged block by the index. */
static void test_seek_past_damage(void **state)
{
    (void)state;
    size_t size, n;
    const char *error;
    const struct trace_rec *recs;
    uint8_t *bytes = small_file(&size);
    unsigned passed = 0;
    for (size_t at = HEADER_BYTES; at < size; at += 5) {
        bytes[at] ^= 0x10;
        save_file(scratch("seek.tw"), bytes, size);
        struct trace_reader *r = trace_open(scratch("seek.tw"), &error);
        assert_non_null(r);
        while (trace_next(r, &recs, &n) > 0)
            ;
        assert_true(*trace_error(r));
        for (int i = 0; i < 8; i++) {
            uint64_t to = (uint64_t)(7 - i) * 99;
            if (trace_seek(r, to) && trace_next(r, &recs, &n) > 0) {
                assert_true(same_item(&items[to], recs, trace_extra(r, recs)));
                passed++;
            }
        }
        trace_close(r);
        bytes[at] ^= 0x10;
    }
    assert_true(passed > 0);
    free(bytes);
}

/* ---- Hand-made files with right checksums ---- */

struct file {
    uint8_t bytes[1 << 20];
    size_t len;
};

static struct file file;

static void start_file(void)
{
    size_t size;
    uint8_t *bytes = small_file(&size);
    memcpy(file.bytes, bytes, HEADER_BYTES);
    file.len = HEADER_BYTES;
    free(bytes);
}

static void add_block(uint32_t records, uint32_t accesses, uint32_t raw, const void *packed, size_t packed_len)
{
    uint8_t *h = file.bytes + file.len;
    put_u32(h, BLOCK_MARK);
    put_u32(h + 8, records);
    put_u32(h + 12, accesses);
    put_u64(h + 16, 0);
    put_u64(h + 24, 0);
    put_u32(h + 32, raw);
    put_u32(h + 36, (uint32_t)packed_len);
    memcpy(h + BLOCK_HEAD_BYTES, packed, packed_len);
    put_u32(h + 4, trace_crc(0, h + 8, BLOCK_HEAD_BYTES - 8 + packed_len));
    file.len += BLOCK_HEAD_BYTES + packed_len;
}

static void add_packed(uint32_t records, uint32_t accesses, const uint8_t *raw, size_t len)
{
    static uint8_t packed[1 << 19];
    size_t n = ZSTD_compress(packed, sizeof packed, raw, len, 1);
    assert_false(ZSTD_isError(n));
    add_block(records, accesses, (uint32_t)len, packed, n);
}

/* The file must fail, with `what` in the message. Records that come out must be valid ones. */
static void expect_error(const char *what)
{
    const char *error;
    const struct trace_rec *recs;
    size_t n;
    save_file(scratch("made.tw"), file.bytes, file.len);
    struct trace_reader *r = trace_open(scratch("made.tw"), &error);
    assert_non_null(r);
    assert_int_equal(trace_next(r, &recs, &n), -1);
    if (!strstr(trace_error(r), what))
        fail_msg("\"%s\" has no \"%s\"", trace_error(r), what);
    assert_non_null(strstr(trace_error(r), "made.tw: offset 404: block 0 (from record 0): "));
    trace_close(r);
}

/* An encoded block of one record. */
static size_t one_record(uint8_t *raw, uint32_t shape, const char *fetch, size_t fetch_len, const char *extra,
                         size_t extra_len)
{
    put_u32(raw, 1);
    put_u32(raw + 4, (uint32_t)fetch_len);
    put_u32(raw + 8, 0);
    put_u32(raw + 12, 0);
    put_u32(raw + 16, (uint32_t)extra_len);
    put_u32(raw + 20, shape);
    raw[24] = 0;
    memcpy(raw + 25, fetch, fetch_len);
    memcpy(raw + 25 + fetch_len, extra, extra_len);
    return 25 + fetch_len + extra_len;
}

/* Records in a block that none of our writers makes, and what the reader says of each. */
static const struct {
    uint32_t shape;
    const char *fetch;
    size_t fetch_len;
    const char *extra;
    size_t extra_len;
    uint32_t accesses;
    const char *what;
} bad[] = {
    {0x0b, "", 0, "", 0, 0, "not a valid record"},                     /* unknown kind */
    {0x1006, "", 0, "", 0, 0, "not a valid record"},                   /* a poke with an expectation */
    {0x0405, "", 0, "", 0, 0, "not a valid record"},                   /* a control operation with EFLAGS.AC */
    {0x83, "", 0, "", 0, 0, "not a valid record"},                     /* a mapping at a predicted address */
    {0x01000000 | 8 << 16 | 3, "", 0, "", 0, 0, "not a valid record"}, /* a mapping with a size */
    {0x80, "", 0, "", 0, 1, "not a valid access"},                     /* no bytes */
    {0x00410000, "\2", 1, "", 0, 1, "not a valid access"},             /* 65 bytes */
    {0x00810000, "\2", 1, "", 0, 1, "not a valid access"},             /* 129 bytes */
    {0x00080000, "\xf4\x3f", 2, "", 0, 1, "crosses"},                  /* 8 bytes at 0xffa */
    {0x00080000, "", 0, "", 0, 1, "address"},                          /* no address */
    {0x00080000, "\x80", 1, "", 0, 1, "address column"},               /* it does not end */
    {0x00080000, "\xff\xff\xff\xff\xff\xff\xff\xff\xff\x7f", 10, "", 0, 1, "address"}, /* beyond 64 bits */
    {0x00080000, "\2\2", 2, "", 0, 1, "not used up"},
    {0x00080000, "\2", 1, "x", 1, 1, "extras"},
    {0x00080000, "\2", 1, "", 0, 0, "number of accesses"},
    {0x00081000, "\2", 1, "", 0, 1, "extra"},       /* an expectation that is missing */
    {0x00081000, "\2", 1, "\x80\0", 2, 1, "extra"}, /* malformed */
    {0x00081000, "\2", 1, "\x20\0\3", 3, 1, "unknown memory type"},
    {0x00081000, "\2", 1, "\x22\0\6", 3, 1, "only an expected success"},    /* #PF with a memory type */
    {0x00081000, "\2", 1, "\x40\0\5", 3, 1, "only an expected page fault"}, /* OK with CR2 */
    {0x00081000, "\2", 1, "\x20\0", 2, 1, "extra"},                         /* the memory type is missing */
    {0x00081000, "\2", 1, "\1\5", 2, 1, "error code"},                      /* #GP with an error code */
    {0x03, "", 0, "\1\1\x08\0\0", 5, 0, "protection"},
    {0x03, "", 0, "\1\0\1\0\0", 5, 0, "ends after"},
    {0x03, "", 0, "\1\1\1\0\x40", 5, 0, "extra"},                                /* name too long */
    {0x03, "", 0, "\1\1\1\0\2a\0", 7, 0, "extra"},                               /* a zero in the name */
    {0x03, "", 0, "\xff\xff\xff\xff\xff\xff\xff\xff\1\1\1\0\0", 13, 0, "extra"}, /* beyond 64 bits */
    {0x04, "", 0, "\1", 1, 0, "extra"},
    {0x05, "", 0, "\x0c\0", 2, 0, "control"},
    {0x05, "", 0, "\5\0", 2, 0, "extras"},    /* INVPCID without a descriptor */
    {0x1005, "", 0, "\1\0\2", 3, 0, "extra"}, /* a result that is none */
    {0x07, "", 0, "\0\0\0\0", 4, 0, "name of a case"},
    {0x07, "", 0, "\1x\1\1\0", 5, 0, "absence"},
    {0x07, "", 0, "\1x\0\0\x80", 5, 0, "MAXPHYADDR"},
    {0x07, "", 0, "\1x\0\0\x23", 5, 0, "MAXPHYADDR"},
    {0x07, "", 0, "\1 \0\0\0", 5, 0, "visible ASCII"},
    {0x07, "", 0, "\2x\0\0\0\0", 6, 0, "extra"}, /* a zero in the name */
    {0x07, "", 0, "\x40", 1, 0, "extra"},
    {0x08, "", 0, "\4\0\0", 3, 0, "multiple of 8"},
    {0x08, "", 0, "\0\0", 2, 0, "extra"},
    {0x06, "", 0, "\1\0", 2, 0, "multiple of 8"},
    {0x00081000, "\2", 1, "\x84\0", 2, 1, "extra"}, /* the page is known, but was not told */
    {0x03, "", 0, "\1\1\1\x22\0\0", 6, 0, "extra"}, /* an offset of 0 */
    {0x03, "", 0, "\1\1\1\x20\1\0", 6, 0, "0 without a file"},
    {0x00081000, "\2", 1, "\6\0\0", 3, 1, "extra"},   /* #PF with open bits that are none */
    {0x00081000, "\2", 1, "\6\1\1", 3, 1, "is 0 in"}, /* … with one that is told as well */
    {0x0a, "", 0, "\3\0", 2, 0, "unknown sort of memory error"},
    {0x0a, "", 0, "\2\0", 2, 0, "counted from 1"},
    {0x0a, "", 0, "\0\1", 2, 0, "has no value"},
    {0x0a, "", 0, "\1", 1, 0, "extra"},
    {0x09, "", 0, "\5\0\0\0", 4, 0, "unknown event"},
    {0x09, "", 0, "\0\x80\x80\1\0\0", 6, 0, "0 to 16383"},
    {0x09, "", 0, "\2\1\0\0", 4, 0, "have a number"},
    {0x09, "", 0, "\2\0\1\0", 4, 0, "flags of a task"},
    {0x09, "", 0, "\1\0\0\0", 4, 0, "have a file's name"},
    {0x09, "", 0, "\3\0\0\1x", 5, 0, "only exec and open"},
    {0x09, "", 0, "\1\0\0\2x\0", 6, 0, "extra"}, /* a zero in the name */
};

static void test_hostile_blocks(void **state)
{
    (void)state;
    uint8_t raw[512];
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        start_file();
        size_t len = one_record(raw, bad[i].shape, bad[i].fetch, bad[i].fetch_len, bad[i].extra, bad[i].extra_len);
        add_packed(1, bad[i].accesses, raw, len);
        expect_error(bad[i].what);
    }
    for (int word = 0; word < 5; word++) { /* counts and lengths that lie */
        size_t len = one_record(raw, 0x00080000, "\2", 1, "", 0);
        put_u32(raw + 4 * word, word ? 0xffffffff : 257);
        start_file();
        add_packed(1, 1, raw, len);
        expect_error(word ? "add up" : "256 shapes");
    }
    start_file();
    add_packed(1, 1, raw, 19);
    expect_error("too short");
    size_t len = one_record(raw, 0x00080000, "\2", 1, "", 0);
    raw[24] = 1;
    start_file();
    add_packed(1, 1, raw, len);
    expect_error("beyond the dictionary");
}

static long resident_kib(void)
{
    struct rusage usage;
    getrusage(RUSAGE_SELF, &usage);
    return usage.ru_maxrss;
}

static void test_bombs(void **state)
{
    (void)state;
    size_t huge = (size_t)256 << 20;
    uint8_t *zeros = calloc(huge, 1), *packed = malloc(1 << 20);
    size_t n = ZSTD_compress(packed, 1 << 20, zeros, huge, 1);
    assert_false(ZSTD_isError(n));
    free(zeros);
    long before = resident_kib();
    static const uint32_t said[] = {1, 1000, BLOCK_RAW_MAX, BLOCK_RAW_MAX + 1, 256 << 20, UINT32_MAX};
    for (size_t i = 0; i < sizeof said / sizeof said[0]; i++) {
        start_file();
        add_block(65536, 65536, said[i], packed, n);
        expect_error(said[i] > BLOCK_RAW_MAX ? "limits" : "decompress");
    }
    static const uint32_t counts[][2] = {{0, 0}, {65537, 0}, {UINT32_MAX, 1}, {1, 2}};
    for (size_t i = 0; i < 4; i++) {
        start_file();
        add_block(counts[i][0], counts[i][1], 100, packed, n);
        expect_error("limits");
    }
    start_file();
    add_block(1, 1, 100, packed, 10);
    put_u32(file.bytes + HEADER_BYTES + 36, UINT32_MAX); /* compressed bytes */
    expect_error("limits");
    assert_true(resident_kib() - before < 32 << 10);
    free(packed);
}

/* Random changes inside a block whose checksum is made right again: whatever comes out is valid. */
static void test_random_blocks(void **state)
{
    (void)state;
    static uint8_t raw[BLOCK_RAW_MAX];
    const char *error;
    const struct trace_rec *recs;
    size_t n;
    struct block_encoder *e = block_encoder_new();
    unsigned good = 0;
    for (int round = 0; round < 1500; round++) {
        for (int i = 0; i < 60; i++) {
            struct item item;
            random_item(&item);
            item.rec.thread &= 3;
            assert_true(block_add(e, &item.rec, &item.extra));
        }
        uint32_t records = block_records(e), accesses = block_accesses(e);
        size_t len = block_finish(e, raw);
        for (uint64_t k = rnd() % 4; k; k--)
            raw[rnd() % len] = (uint8_t)rnd();
        start_file();
        add_packed(records, accesses, raw, len);
        save_file(scratch("made.tw"), file.bytes, file.len);
        struct trace_reader *r = trace_open(scratch("made.tw"), &error);
        assert_non_null(r);
        while (trace_next(r, &recs, &n) > 0) {
            good++;
            for (size_t i = 0; i < n; i++)
                assert_null(trace_invalid(&recs[i], trace_extra(r, &recs[i])));
        }
        trace_close(r);
    }
    assert_true(good > 100);
    block_encoder_free(e);
}

/* A block that turns out to be malformed long after its beginning: what comes before is given, and can be gone back to,
 * whether it is read or sought; what comes after cannot. */
static void test_malformed_later(void **state)
{
    (void)state;
    enum { RECORDS = 5000, BAD = 3500 };
    static uint8_t raw[BLOCK_RAW_MAX];
    static struct item made[RECORDS];
    const char *error;
    const struct trace_rec *recs;
    size_t n;
    uint64_t at = 0;
    struct block_encoder *e = block_encoder_new();
    for (int i = 0; i < RECORDS; i++) {
        made[i] = (struct item){.rec = {.kind = TRACE_LOAD, .size = 8, .va = 0x7000 + 8 * (rnd() % 512)}};
        assert_true(block_add(e, &made[i].rec, &made[i].extra));
    }
    size_t len = block_finish(e, raw);
    const uint32_t shapes = get_u32(raw);
    raw[20 + 4 * shapes + BAD] = (uint8_t)shapes; /* a shape that there is not */
    start_file();
    add_packed(RECORDS, RECORDS, raw, len);
    save_file(scratch("later.tw"), file.bytes, file.len);
    struct trace_reader *r = trace_open(scratch("later.tw"), &error);
    assert_non_null(r);
    while (trace_next(r, &recs, &n) > 0)
        for (size_t i = 0; i < n; i++, at++)
            assert_true(same_item(&made[at], &recs[i], NULL));
    assert_true(at > BAD - BLOCK_PIECE && at <= BAD);
    for (int i = 0; i < 100; i++) {
        const uint64_t to = i ? rnd() % RECORDS : RECORDS - 1;
        if (trace_seek(r, to)) {
            assert_true(to < BAD && trace_next(r, &recs, &n) == 1 && same_item(&made[to], recs, NULL));
        } else {
            assert_true(to > BAD - BLOCK_PIECE);
            assert_non_null(strstr(trace_error(r), "block 0 (from record 0): malformed at its record 3500: a shape"));
            assert_int_equal(trace_next(r, &recs, &n), -1);
        }
    }
    trace_close(r);
    block_encoder_free(e);
}

/* An index that lies, with a right checksum. */
static void test_hostile_index(void **state)
{
    (void)state;
    const char *error;
    const struct trace_rec *recs;
    size_t n, size, got;
    for (int round = 0; round < 100; round++) {
        uint8_t *bytes = small_file(&size), *footer = bytes + size - FOOTER_BYTES;
        uint8_t *index = bytes + get_u64(footer + 16), *truth = malloc((size_t)(footer + 24 - index));
        memcpy(truth, index, (size_t)(footer + 24 - index));
        size_t at = rnd() % (size_t)(footer + 24 - index);
        index[at] = (uint8_t)rnd();
        if (rnd() % 2)
            index[at ^ 1] = (uint8_t)rnd();
        bool lies = memcmp(truth, index, (size_t)(footer + 24 - index));
        free(truth);
        put_u32(footer + 24, trace_crc(0, index, (size_t)(footer + 24 - index)));
        save_file(scratch("index.tw"), bytes, size);
        assert_int_equal(read_against(scratch("index.tw"), items, COUNT, &got),
                         lies ? -1 : 0); /* who reads it all is told */
        struct trace_reader *r = trace_open(scratch("index.tw"), &error);
        assert_non_null(r);
        for (int i = 0; i < 6; i++) {
            uint64_t to = rnd() % (COUNT + 10);
            if (trace_seek(r, to) && trace_next(r, &recs, &n) > 0)
                assert_true(to < COUNT && same_item(&items[to], recs, trace_extra(r, recs)));
        }
        trace_close(r);
        free(bytes);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_torn_anywhere),
        cmocka_unit_test(test_any_byte_wrong),
        cmocka_unit_test(test_seek_past_damage),
        cmocka_unit_test(test_hostile_blocks),
        cmocka_unit_test(test_bombs),
        cmocka_unit_test(test_random_blocks),
        cmocka_unit_test(test_malformed_later),
        cmocka_unit_test(test_hostile_index),
    };
    return cmocka_run_group_tests_name("traces: damage", tests, NULL, NULL);
}
