/* What is written is what is read: binary, text, and from one to the other; seeking; the writer's refusals. */
#include "support.h"

#include "mem/memerr.h"

#include "format/format.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

enum { MANY = 150000, VERSION_1_BYTES = 150 };
#define VERSION_1_CRC UINT32_C(0x11639657)

static struct item items[MANY];

static void fill_random(size_t count)
{
    for (size_t i = 0; i < count; i++)
        (rnd() % 8 ? plain_item : random_item)(&items[i]);
}

static void convert(const char *from, const char *to, bool text)
{
    const char *error;
    const struct trace_rec *recs;
    size_t n;
    struct trace_reader *r = trace_open(from, &error);
    if (!r)
        fail_msg("%s", error);
    struct trace_writer *w = trace_create(to, trace_get_info(r), text, &error);
    assert_non_null(w);
    int got;
    while ((got = trace_next(r, &recs, &n)) > 0)
        for (size_t i = 0; i < n; i++)
            assert_true(trace_put(w, &recs[i], trace_extra(r, &recs[i])));
    if (got)
        fail_msg("%s", trace_error(r));
    assert_true(trace_finish(w, &error));
    trace_close(r);
}

static void test_all_forms(void **state)
{
    (void)state;
    size_t got, size_a, size_b;
    struct trace_info info = test_info();
    info.own_tables = true;
    info.linear_bits = 57;
    fill_random(MANY);
    write_trace(scratch("a.tw"), &info, false, items, MANY);
    assert_int_equal(read_against(scratch("a.tw"), items, MANY, &got), 0);
    assert_int_equal(got, MANY);
    convert(scratch("a.tw"), scratch("a.txt"), true);
    assert_int_equal(read_against(scratch("a.txt"), items, MANY, &got), 0);
    assert_int_equal(got, MANY);
    convert(scratch("a.txt"), scratch("b.tw"), false);
    convert(scratch("b.tw"), scratch("b.txt"), true);
    uint8_t *a = load_file(scratch("a.txt"), &size_a), *b = load_file(scratch("b.txt"), &size_b);
    assert_int_equal(size_a, size_b);
    assert_memory_equal(a, b, size_a);
    free(a), free(b);
    a = load_file(scratch("a.tw"), &size_a), b = load_file(scratch("b.tw"), &size_b);
    assert_int_equal(size_a, size_b);
    assert_memory_equal(a, b, size_a);
    free(a), free(b);
}

static void test_info_is_kept(void **state)
{
    (void)state;
    const char *error;
    for (int text = 0; text < 2; text++) {
        struct trace_info info = test_info();
        info.linear_bits = 57;
        info.own_tables = true;
        memset(info.program, 'p', sizeof info.program - 1);
        write_trace(scratch("i.tw"), &info, text, items, 0);
        struct trace_reader *r = trace_open(scratch("i.tw"), &error);
        assert_non_null(r);
        const struct trace_info *back = trace_get_info(r);
        assert_int_equal(back->linear_bits, 57);
        assert_true(back->own_tables);
        assert_string_equal(back->program, info.program);
        assert_string_equal(back->recorder, info.recorder);
        assert_true(back->records == (text ? UINT64_MAX : 0) && back->accesses == back->records);
        const struct trace_rec *recs;
        size_t n;
        assert_int_equal(trace_next(r, &recs, &n), 0); /* an empty trace is a complete one */
        assert_int_equal(trace_next(r, &recs, &n), 0);
        assert_true(trace_seek(r, 0));
        assert_int_equal(trace_next(r, &recs, &n), 0);
        assert_false(trace_seek(r, 1));
        trace_close(r);
    }
    struct trace_info bad = {.linear_bits = 52};
    assert_null(trace_create(scratch("bad.tw"), &bad, false, &error));
}

static void test_seek(void **state)
{
    (void)state;
    const char *error;
    const struct trace_rec *recs;
    size_t n;
    fill_random(MANY);
    struct trace_info info = test_info();
    for (int text = 0; text < 2; text++) {
        write_trace(scratch("s.tw"), &info, text, items, MANY);
        struct trace_reader *r = trace_open(scratch("s.tw"), &error);
        assert_non_null(r);
        for (int i = 0; i < 300; i++) {
            uint64_t to = i < 4 ? (uint64_t[]){0, MANY - 1, 65535, 65536}[i] : rnd() % MANY, at = to;
            if (text && i > 20)
                break;
            assert_true(trace_seek(r, to));
            int runs = i % 3;
            do {
                assert_int_equal(trace_next(r, &recs, &n), at < MANY ? 1 : 0);
                for (size_t k = 0; k < n; k++, at++)
                    assert_true(same_item(&items[at], &recs[k], trace_extra(r, &recs[k])));
            } while (runs--);
        }
        assert_true(trace_seek(r, MANY));
        assert_int_equal(trace_next(r, &recs, &n), 0);
        assert_false(trace_seek(r, MANY + 1));
        assert_non_null(strstr(trace_error(r), "beyond the end"));
        assert_false(trace_seek(r, UINT64_MAX));
        assert_true(trace_seek(r, 5));
        assert_int_equal(trace_next(r, &recs, &n), 1);
        assert_true(same_item(&items[5], &recs[0], trace_extra(r, &recs[0])));
        trace_close(r);
    }
}

static void test_pipe(void **state)
{
    (void)state;
    const char *error;
    const struct trace_rec *recs;
    size_t n;
    char command[300];
    fill_random(MANY);
    struct trace_info info = test_info();
    write_trace(scratch("p.tw"), &info, false, items, MANY);
    snprintf(command, sizeof command, "rm -f %s; mkfifo %s; cat %s > %s &", scratch("fifo"), scratch("fifo"),
             scratch("p.tw"), scratch("fifo"));
    assert_int_equal(system(command), 0);
    struct trace_reader *r = trace_open(scratch("fifo"), &error);
    assert_non_null(r);
    assert_true(trace_get_info(r)->records == UINT64_MAX);
    assert_true(trace_seek(r, 100000)); /* forward is possible */
    uint64_t at = 100000;
    while (trace_next(r, &recs, &n) > 0)
        for (size_t k = 0; k < n; k++, at++)
            assert_true(same_item(&items[at], &recs[k], trace_extra(r, &recs[k])));
    assert_int_equal(at, MANY);
    assert_int_equal(trace_next(r, &recs, &n), 0);
    assert_false(trace_seek(r, 0));
    assert_non_null(strstr(trace_error(r), "pipe"));
    trace_close(r);
}

/* More shapes than a block's dictionary holds, and more extras than a block takes: the writer ends blocks early. */
static void test_full_blocks(void **state)
{
    (void)state;
    size_t got;
    struct trace_info info = test_info();
    for (size_t i = 0; i < 30000; i++) {
        memset(&items[i], 0, sizeof items[i]);
        items[i].rec = (struct trace_rec){.va = i << 12,
                                          .kind = TRACE_LOAD,
                                          .size = (uint8_t)(i % 64 + 1),
                                          .thread = (uint16_t)(i / 64 * 35)};
    }
    for (size_t i = 30000; i < 60000; i++) {
        memset(&items[i], 0, sizeof items[i]);
        items[i].rec.kind = TRACE_SYSCALL;
        for (int k = 0; k < 6; k++)
            items[i].extra.syscall.arg[k] = rnd() | UINT64_C(1) << 63;
    }
    write_trace(scratch("f.tw"), &info, false, items, 60000);
    assert_int_equal(read_against(scratch("f.tw"), items, 60000, &got), 0);
    assert_int_equal(got, 60000);
}

/* Extras that no record may have. */
static struct trace_extra desc = {.control = {.op = 4, .desc = 1}}, gp = {.control = {.gp = true}},
                          nameless = {.vector = {.needs = 1}}, torn = {.vector = {.name = "x", .needs = 1, .lacks = 1}},
                          blank = {.vector = {.name = "a b"}}, remark = {.vector = {.name = "#a"}},
                          narrow = {.vector = {.name = "x", .paddr_bits = 35}},
                          wide = {.vector = {.name = "x", .paddr_bits = 53}},
                          least = {.vector = {.name = "x", .paddr_least = true}}, odd_entry = {.entry = {.pa = 1}},
                          two = {.expect = {.has_mt = true, .mt = 2}}, mt = {.expect = {.kind = 1, .has_mt = true}},
                          stray_mt = {.expect = {.mt = 6}}, cr2 = {.expect = {.has_cr2 = true}},
                          stray_cr2 = {.expect = {.kind = 2, .cr2 = 1}},
                          stray_open = {.expect = {.kind = 1, .err_open = 1}},
                          open_one = {.expect = {.kind = 2, .err = 3, .err_open = 1}},
                          no_memerr = {.memerr = {.what = MEMERR_WHATS}},
                          off_at = {.memerr = {.what = MEMERR_OFF, .value = 8}},
                          read_0 = {.memerr = {.what = MEMERR_READ}};

struct bad_record {
    struct trace_rec rec;
    const struct trace_extra *extra;
};

/* A writer refuses each of them, and lives on. */
static void refuse(bool text, const struct bad_record *bad, size_t count, const struct trace_extra *good)
{
    const char *error;
    struct trace_info info = test_info();
    struct trace_writer *w = trace_create(scratch("r.tw"), &info, text, &error);
    for (size_t i = 0; i < count; i++) {
        if (trace_put(w, &bad[i].rec, bad[i].extra))
            fail_msg("bad record %zu was taken", i);
        assert_non_null(strstr(trace_writer_error(w), "record 0 refused"));
    }
    assert_true(trace_put(w, &(struct trace_rec){.kind = TRACE_MAP}, good));
    assert_true(trace_finish(w, &error));
}

static void test_refusals(void **state)
{
    (void)state;
    struct trace_extra x;
    memset(&x, 0, sizeof x);
    x.map.start = 0x1000, x.map.end = 0x3000;
    struct trace_extra odd = x, empty = x, endless = x, op = x, pa = x;
    odd.map.start = 0x1001;
    empty.map.end = 0x1000;
    memset(endless.map.name, 'n', sizeof endless.map.name);
    op.control.data = 0, op.control.op = 12;
    pa.poke.pa = 4;
    const struct bad_record bad[] = {
        {{.kind = TRACE_LOAD, .size = 0}, NULL},
        {{.kind = TRACE_LOAD, .size = 65}, NULL},
        {{.kind = TRACE_LOAD, .size = 8, .va = 0xffc}, NULL},
        {{.kind = TRACE_STORE, .size = 1, .flags = 32}, NULL},
        {{.kind = TRACE_STORE, .size = 1, .flags = TRACE_EXPECT}, NULL},
        {{.kind = TRACE_KINDS, .size = 1}, NULL},
        {{.kind = 255}, NULL},
        {{.kind = TRACE_MAP}, NULL},
        {{.kind = TRACE_MAP, .size = 1}, &x},
        {{.kind = TRACE_MAP, .va = 1}, &x},
        {{.kind = TRACE_MAP, .flags = 1}, &x},
        {{.kind = TRACE_MAP}, &odd},
        {{.kind = TRACE_MAP}, &empty},
        {{.kind = TRACE_MAP}, &endless},
        {{.kind = TRACE_CONTROL}, &op},
        {{.kind = TRACE_POKE}, &pa},
        {{.kind = TRACE_POKE, .flags = TRACE_EXPECT}, &x},
        {{.kind = TRACE_CONTROL, .flags = TRACE_AC}, &gp},
        {{.kind = TRACE_CONTROL}, &desc},
        {{.kind = TRACE_CONTROL}, &gp},
        {{.kind = TRACE_CASE}, NULL},
        {{.kind = TRACE_CASE}, &nameless},
        {{.kind = TRACE_CASE}, &torn},
        {{.kind = TRACE_CASE}, &blank},
        {{.kind = TRACE_CASE}, &remark},
        {{.kind = TRACE_CASE}, &narrow},
        {{.kind = TRACE_CASE}, &wide},
        {{.kind = TRACE_CASE}, &least},
        {{.kind = TRACE_CASE}, &endless},
        {{.kind = TRACE_ENTRY}, &odd_entry},
        {{.kind = TRACE_LOAD, .size = 1, .flags = TRACE_EXPECT}, &two},
        {{.kind = TRACE_LOAD, .size = 1, .flags = TRACE_EXPECT}, &mt},
        {{.kind = TRACE_LOAD, .size = 1, .flags = TRACE_EXPECT}, &stray_mt},
        {{.kind = TRACE_LOAD, .size = 1, .flags = TRACE_EXPECT}, &cr2},
        {{.kind = TRACE_LOAD, .size = 1, .flags = TRACE_EXPECT}, &stray_cr2},
        {{.kind = TRACE_LOAD, .size = 1, .flags = TRACE_EXPECT}, &stray_open},
        {{.kind = TRACE_LOAD, .size = 1, .flags = TRACE_EXPECT}, &open_one},
        {{.kind = TRACE_MEMERR}, NULL},
        {{.kind = TRACE_MEMERR}, &no_memerr},
        {{.kind = TRACE_MEMERR}, &off_at},
        {{.kind = TRACE_MEMERR}, &read_0},
    };
    for (int text = 0; text < 2; text++)
        refuse(text, bad, sizeof bad / sizeof bad[0], &x);
}

/* Version 1 is what it was: the bytes of records that every reader of version 1 knows. */
static void test_version_1_stays(void **state)
{
    (void)state;
    static uint8_t raw[BLOCK_RAW_MAX];
    static const struct item old[] = {
        {{.kind = TRACE_CONTROL}, {.control = {.op = 0, .data = 0x80010001}}},
        {{.kind = TRACE_CONTROL, .thread = 3}, {.control = {.op = 4, .data = 0x400000}}},
        {{.kind = TRACE_POKE}, {.poke = {0x1000, UINT64_C(0x8000000000002007)}}},
        {{.kind = TRACE_LOAD, .va = 0x1000, .size = 8, .flags = TRACE_EXPECT}, {.expect = {.kind = 0}}},
        {{.kind = TRACE_LOAD, .va = 0x1000, .size = 8, .flags = 31, .thread = 9},
         {.expect = {.has_pa = true, .pa = 0x200000, .size = 1}}},
        {{.kind = TRACE_STORE, .va = 0x1000, .size = 8, .flags = 17}, {.expect = {.kind = 2, .err = 3}}},
        {{.kind = TRACE_FETCH, .va = UINT64_C(1) << 63, .size = 1}, {.poke = {0, 0}}},
        {{.kind = TRACE_SYSCALL}, {.syscall = {9, {0, 0x1000, 3, 0x22, UINT64_MAX, 0}, 0x7f0000000000}}},
        {{.kind = TRACE_MAP}, {.map = {.start = 0x400000, .end = 0x401000, .prot = 5, .flags = 2, .name = "/bin/x"}}},
    };
    struct block_encoder *e = block_encoder_new();
    assert_non_null(e);
    for (size_t i = 0; i < sizeof old / sizeof *old; i++)
        assert_true(block_add(e, &old[i].rec, &old[i].extra));
    size_t len = block_finish(e, raw);
    block_encoder_free(e);
    assert_int_equal(len, VERSION_1_BYTES);
    assert_int_equal(trace_crc(0, raw, len), VERSION_1_CRC);
}

static void test_split(void **state)
{
    (void)state;
    const char *error;
    const struct trace_rec *recs;
    size_t n;
    struct trace_info info = test_info();
    struct trace_writer *w = trace_create(scratch("x.tw"), &info, false, &error);
    assert_true(trace_put_split(w, &(struct trace_rec){.kind = TRACE_LOAD, .va = 0x1ffd}, 8));    /* 3 + 5 */
    assert_true(trace_put_split(w, &(struct trace_rec){.kind = TRACE_STORE, .va = 0x2fc0}, 200)); /* 64, 64, 64, 8 */
    assert_true(trace_put_split(w, &(struct trace_rec){.kind = TRACE_FETCH, .va = UINT64_MAX},
                                2)); /* around the end of the address space */
    assert_false(trace_put_split(w, &(struct trace_rec){.kind = TRACE_FETCH, .va = 1}, 0));
    assert_true(trace_finish(w, &error));
    static const struct trace_rec want[] = {{.va = 0x1ffd, .size = 3},     {.va = 0x2000, .size = 5},
                                            {.va = 0x2fc0, .size = 64},    {.va = 0x3000, .size = 64},
                                            {.va = 0x3040, .size = 64},    {.va = 0x3080, .size = 8},
                                            {.va = UINT64_MAX, .size = 1}, {.va = 0, .size = 1}};
    struct trace_reader *r = trace_open(scratch("x.tw"), &error);
    assert_int_equal(trace_next(r, &recs, &n), 1);
    assert_int_equal(n, 8);
    for (size_t i = 0; i < n; i++)
        assert_true(recs[i].va == want[i].va && recs[i].size == want[i].size);
    trace_close(r);
}

static void test_full_disk(void **state)
{
    (void)state;
    const char *error = NULL;
    struct trace_info info = test_info();
    assert_null(trace_create("/dev/full", &info, false, &error));
    assert_non_null(strstr(error, "/dev/full: cannot write at offset 0: No space left on device"));
    struct trace_writer *w = trace_create("/dev/full", &info, true,
                                          &error); /* text is buffered: the first line that does not fit says so */
    assert_non_null(w);
    bool ok = true;
    for (int i = 0; ok && i < 100000; i++)
        ok = trace_put(w, &(struct trace_rec){.kind = TRACE_LOAD, .size = 8}, NULL);
    assert_false(ok);
    assert_non_null(strstr(trace_writer_error(w), "/dev/full"));
    assert_false(trace_put(w, &(struct trace_rec){.kind = TRACE_LOAD, .size = 8}, NULL));
    assert_false(trace_finish(w, &error));
    assert_non_null(strstr(error, "/dev/full"));
    assert_null(trace_create("/nowhere/x.tw", &info, false, &error));
    assert_non_null(strstr(error, "/nowhere/x.tw"));
    assert_null(trace_open("/nowhere/x.tw", &error));
    assert_non_null(strstr(error, "/nowhere/x.tw"));
    assert_null(trace_open("/tmp", &error));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_all_forms), cmocka_unit_test(test_info_is_kept), cmocka_unit_test(test_seek),
        cmocka_unit_test(test_pipe),      cmocka_unit_test(test_full_blocks),  cmocka_unit_test(test_refusals),
        cmocka_unit_test(test_split),     cmocka_unit_test(test_full_disk),    cmocka_unit_test(test_version_1_stays),
    };
    return cmocka_run_group_tests_name("traces: round trip", tests, NULL, NULL);
}
