/* The importers by hand: what each format's records become, what a mistake is answered, unpacking, and merging. */
#include "support.h"

#include "import/import.h"
#include "import/merge.h"
#include "import/shards.h"

#include <archive.h>
#include <archive_entry.h>
#include <bzlib.h>
#include <inttypes.h>
#include <lz4frame.h>
#include <lzma.h>
#include <snappy-c.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <zlib.h>
#include <zstd.h>

static char said[65536]; /* the records, a line each, or the error */
static struct import im; /* of the last import */

static void say(const char *format, ...)
{
    va_list args;
    size_t len = strlen(said);
    va_start(args, format);
    vsnprintf(said + len, sizeof said - len, format, args);
    va_end(args);
}

static bool note(void *to, const struct trace_rec *rec)
{
    (void)to;
    assert_null(trace_invalid(rec, NULL));
    say("%c %" PRIx64 " %d", "FLS"[rec->kind], rec -> va, rec -> size);
    if (rec->flags)
        say(" f%d", rec->flags);
    if (rec->thread)
        say(" t%d", rec->thread);
    say("\n");
    return true;
}

static bool count_only(void *to, const struct trace_rec *rec)
{
    (void)rec;
    ++*(uint64_t *)to;
    return true;
}

/* Imports bytes; the records and then the error are in said[]. */
static bool import_with(const void *bytes, size_t size, const struct import_options *options)
{
    struct source source;
    bool ok = false;
    said[0] = 0;
    im.error[0] = 0;
    if (!source_start(&source, fmemopen((void *)bytes, size, "rb"), "file")) {
        say("%s", source.error);
    } else {
        const struct format *format = import_format(&source, options, im.error, sizeof im.error);
        if (format) {
            im = (struct import){.source = &source, .options = options, .put = note};
            ok = import_run(&im, format);
        }
        say("%s", im.error);
    }
    source_close(&source);
    return ok;
}

static const struct import_options usual = {.linear_bits = 48, .limit = UINT64_MAX};

static void gives(const char *text, const char *records)
{
    import_with(text, strlen(text), &usual);
    assert_string_equal(said, records);
}

static void test_lackey(void **state)
{
    (void)state;
    gives("==1== Lackey, an example\n==1== Command: x\nI  04001000,3\n L 1ffefffe7c,8\n S 04002ffe,4\n M "
          "0421c7cc,4\n==1== \n",
          "F 4001000 3\nL 1ffefffe7c 8\nS 4002ffe 2\nS 4003000 2\nL 421c7cc 4\nS 421c7cc 4\n");
    assert_int_equal(im.counts.modifies, 1);
    assert_int_equal(im.counts.crossings, 1);
    assert_int_equal(im.counts.records, 6);
    gives("I  04001000,3\r\n L 10,512\n",
          "F 4001000 3\nL 10 64\nL 50 64\nL 90 64\nL d0 64\nL 110 64\nL 150 64\nL 190 64\nL 1d0 64\n");
    gives("I  04001000,3\n L 10,0\n", "F 4001000 3\nfile: line 2: an access of no bytes: \" L 10,0\"");
    gives("I  04001000,3\nhello\n", "F 4001000 3\nfile: line 2: no line of lackey's: \"hello\" (does the program write "
                                    "to the same place? valgrind --log-file= parts them)");
    gives("I  04001000,3\n L 10,4", "F 4001000 3\nL 10 4\n"); /* the last line needs no end, */
    gives("I  04001000,3\n L 10,",
          "F 4001000 3\nfile: line 2: torn: the file ends in the middle of it: no line of " /* but all else */
          "lackey's: \" L 10,\" (does the program write to the same place? valgrind --log-file= "
          "parts them)");
    /* --trace-superblocks=yes, at the beginning too; a mark like it that is none */
    gives("SB 04001000\nI  04001000,3\nSB 0400100a\n L 10,4\n", "F 4001000 3\nL 10 4\n");
    assert_int_equal(im.counts.others, 2);
    gives("I  04001000,3\nSB here\n",
          "F 4001000 3\nfile: line 2: no line of lackey's: \"SB here\" (does the program write "
          "to the same place? valgrind --log-file= parts them)");
    /* What hands and courses have made of it stays lackey's, with hexadecimal addresses: blanks, comments, small
     * addresses */
    gives(" L 10,4 \n S 18,4\t\n", "L 10 4\nS 18 4\n");
    gives("# a comment\n\n L 10,4\n # another\n S 18,4\n", "L 10 4\nS 18 4\n");
    gives("I 0400d7d4,8\n M 0421c7f0,4\nL 10,1\n", "F 400d7d4 8\nL 421c7f0 4\nS 421c7f0 4\nL 10 1\n");
    for (const char *p = "ILSM"; *p; p++) {
        char line[] = "x 10,4";
        line[0] = *p;
        import_with(line, strlen(line), &usual);
        assert_string_equal(im.unit, "line");
        assert_non_null(strstr(said, " 10 4\n"));
        import_with(line, strlen(line),
                    &(struct import_options){.linear_bits = 48, .limit = UINT64_MAX, .from = "pin"});
        assert_string_equal(said, "file: looks like a trace of Valgrind lackey (--from=lackey), not of Pin pinatrace");
    }
    gives("I  04001000,3\n L 12345678123456781,4\n",
          "F 4001000 3\nfile: line 2: no line of lackey's: \" L 12345678123456781,4\" (does the program write to the "
          "same place? valgrind --log-file= parts them)");
    struct trace_info info;
    struct source source;
    const char head[] = "==7== Lackey, an example Valgrind tool\n==7== Using Valgrind-3.19.0 and LibVEX\n==7== "
                        "Command: /bin/a b\n==7== \nI  1000,3\n";
    assert_true(source_start(&source, fmemopen((void *)head, sizeof head - 1, "rb"), "/tmp/x.log"));
    import_describe(&source, &format_lackey, &usual, &info);
    source_close(&source);
    assert_string_equal(info.program, "/bin/a b");
    assert_string_equal(info.recorder, "Valgrind 3.19.0 lackey, imported from x.log");
}

static void test_pin(void **state)
{
    (void)state;
    gives("0x401000: R 0x7ffe10\n0x401000: W 0x7ffe18\n0x401005: W 0x602000\n#eof\n",
          "F 401000 1\nL 7ffe10 1\nS 7ffe18 1\nF 401005 1\nS 602000 1\n");
    assert_int_equal(im.counts.instructions, 2);
    gives("0x401000: R 0x7fff 2 0xff\n", "F 401000 1\nL 7fff 1\nL 8000 1\n");
    gives("16 R 32 4\n", "F 10 1\nL 20 4\n");
    gives("16 R 32 4\n1f W 20 4\n", "F 16 1\nL 32 4\nF 1f 1\nS 20 4\n");
    gives("W,0x20,8\n", "S 20 8\n");
    gives("R 0x20 8\nRTN: .text\n\n0x7f3afa0c6296: W     0x7fff178fc8a0 16 0x585dafa3a7f0098d000000\n",
          "L 20 8\nF 7f3afa0c6296 1\nS 7fff178fc8a0 16\n");
    gives("R 0x20 8; TID: 5\nw 0x20 8 ; tid = 1000\nR 0x28 8; TID: 1000\n", "L 20 8 t5\nS 20 8\nL 28 8\n");
    assert_int_equal(im.counts.threads, 2);
    gives("I 0x20 4\nload 0x30 8\n", "F 20 4\nL 30 8\n");
    gives("0x1: R (nil) 8\n", "F 1 1\nL 0 8\n");
    gives("R 0x20 8\nR 0x20 8 0x1 more\n",
          "L 20 8\nfile: line 2: more words than ip, R or W, address, size and value: \"R 0x20 8 0x1 more\"");
    gives("R 0x20 8\nX 0x20\n", "L 20 8\nfile: line 2: neither a number nor R or W at its start: \"X 0x20\"");
    gives("R 0x20 8\n0x20 0x30\n", "L 20 8\nfile: line 2: no R or W where it should be: \"0x20 0x30\"");
    gives("R 0x20 8\nR 0x20 70000\n", "L 20 8\nfile: line 2: the size is not 1 to 65536: \"R 0x20 70000\"");
    gives("R 0x20 8\nR 0x20 8; TID: x\n", "L 20 8\nfile: line 2: a thread's number is missing: \"R 0x20 8; TID: x\"");
    gives("R 0x20 8\nR 0x10000000000000000 8\n",
          "L 20 8\nfile: line 2: no address where it should be: \"R 0x10000000000000000 8\"");
    gives("R 0x1000 8\nW 0x2000 8", "L 1000 8\nS 2000 8\n"); /* the last line needs no end */
    gives("R 0x1000 8", "L 1000 8\n");
    gives("R 0x1000 8\nW 0x",
          "L 1000 8\nfile: line 2: torn: the file ends in the middle of it: no address where it should "
          "be: \"W 0x\"");
    gives("R 0x1000 8 \t\nW 0x2000 8 \r\n", "L 1000 8\nS 2000 8\n");
    static char longest[8192];
    memset(longest, ' ', sizeof longest - 1);
    memcpy(longest, "R 0x20 8\nR", 10);
    gives(longest, "L 20 8\nfile: line 2: is longer than 4095 bytes; is this a trace?");
    const struct import_options decimal = {.linear_bits = 48, .limit = UINT64_MAX, .base = 10},
                                no_fetch = {.linear_bits = 48, .limit = 2, .skip = 1, .no_fetches = true};
    import_with("1f R 20\n", 8, &decimal);
    assert_string_equal(said, "file: line 1: neither a number nor R or W at its start: \"1f R 20\"; the lines before "
                              "it were taken for decimal numbers: give --base=16");
    import_with("L 10,4\n", 7, &decimal); /* lackey's form, for who insists */
    assert_string_equal(said, "L a 4\n");
    import_with("1: R 2\n1: W 3\n1: R 4\n1: R 5\n", 28, &no_fetch);
    assert_string_equal(said, "S 3 1\nL 4 1\n");
}

static void test_not_canonical(void **state)
{
    (void)state;
    struct import_options o = usual;
    gives("R 0x7fffffffffff 1\nR 0xffff800000000000 8\n", "L 7fffffffffff 1\nL ffff800000000000 8\n");
    gives("R 0x7fffffffffff 2\n", "file: line 1: the load of 0x7fffffffffff is not canonical with 48 bits (it is with "
                                  "--bits=57); --drop leaves such accesses out");
    gives("W 0xffffffffffffffff 2\n", "file: line 1: the store of 0xffffffffffffffff is not canonical with 48 bits (it "
                                      "is with --bits=57); --drop leaves such accesses out");
    o.linear_bits = 57;
    const char wide[] = "R 0x7fffffffffff 2\nR 0x100000000000000 1\n";
    import_with(wide, strlen(wide), &o);
    assert_string_equal(said, "L 7fffffffffff 1\nL 800000000000 1\nfile: line 2: the load of 0x100000000000000 is not "
                              "canonical with 57 bits (with --lam=48 it is: bits 62:48 may be a tag); --drop leaves "
                              "such accesses out");
    o = usual;
    o.drop = true;
    import_with("R 0x800000000000 2\nR 0x10 1\n", 28, &o);
    assert_string_equal(said, "L 10 1\n");
    assert_int_equal(im.counts.dropped, 1);
}

/* Linear Address Masking: bits 62:57 or 62:48 of a data address are replaced by the bit below them, bit 63 is kept. */
static void test_tags(void **state)
{
    (void)state;
    struct import_options o = usual;
    const char tagged[] = "R 0x5a007ffe00001000 8\n";
    gives(tagged,
          "file: line 1: the load of 0x5a007ffe00001000 is not canonical with 48 bits (with --lam=57 it is: bits 62:57 "
          "may be a tag); --drop leaves such accesses out");
    o.lam = 57;
    import_with(tagged, strlen(tagged), &o);
    assert_string_equal(said, "L 7ffe00001000 8\n");
    assert_int_equal(im.counts.tagged, 1);
    const char more[] = "W 0x7e00000000002000 8\nR 0x81ffff8000000000 8\nR 0x30 8\nR 0x5a01000000001000 8\n";
    import_with(more, strlen(more), &o);
    assert_string_equal(said,
                        "S 2000 8\nL ffffff8000000000 8\nL 30 8\nfile: line 4: the load of 0x5a01000000001000 is not "
                        "canonical with 48 bits (it is with --bits=57); --drop leaves such accesses out");
    o.lam = 48;
    const char wide[] = "W 0x7fff000000002000 8\nR 0x8000ffff80000000 8\nR 0x7fff800000000000 8\n";
    import_with(wide, strlen(wide), &o);
    assert_string_equal(said,
                        "S 2000 8\nL ffffffff80000000 8\nfile: line 3: the load of 0x7fff800000000000 is not canonical "
                        "with 48 bits; --drop leaves such accesses out");
    const char fetch[] = "I 0x5a00000000001000 8\n"; /* instructions have none */
    import_with(fetch, strlen(fetch), &o);
    assert_string_equal(
        said, "file: line 1: the fetch of 0x5a00000000001000 is not canonical with 48 bits; --drop leaves such "
              "accesses out");
}

/* ---- Binary formats ---- */

static uint8_t bytes[1 << 20];
static size_t size;

static void put(unsigned width, uint64_t value)
{
    for (unsigned i = 0; i < width; i++)
        bytes[size++] = (uint8_t)(value >> (8 * i));
}

static void entry(unsigned type, unsigned length, uint64_t value)
{
    put(2, type);
    put(2, length);
    put(8, value);
}

static void instruction(uint64_t ip, bool branch, uint64_t load, uint64_t store)
{
    put(8, ip);
    put(1, branch);
    put(1, branch);
    put(6, 0);
    put(8, store);
    put(8, 0);
    put(8, 0);
    put(8, load);
    put(8, 0);
    put(8, load ? load + 8 : 0);
}

static void bytes_give(const char *records)
{
    import_with(bytes, size, &usual);
    assert_string_equal(said, records);
}

static void test_champsim(void **state)
{
    (void)state;
    size = 0;
    instruction(0x400ffe, false, 0x602000, 0);
    instruction(0x401003, true, 0, 0x602ff8);
    instruction(0x401005, false, 0, 0); /* where a taken branch leads says nothing of its length */
    instruction(0x401015, false, 0, 0);
    bytes_give("F 400ffe 2\nF 401000 3\nL 602000 1\nL 602008 1\nF 401003 1\nS 602ff8 1\nF 401005 1\nF 401015 1\n");
    assert_int_equal(im.counts.instructions, 4);
    size -= 10;
    bytes_give("F 400ffe 2\nF 401000 3\nL 602000 1\nL 602008 1\nF 401003 1\nS 602ff8 1\nF 401005 1\nfile: record 4: "
               "torn: only 54 of its 64 bytes are there");
    size = 0;
    for (int i = 0; i < 100; i++)
        instruction(0x400000, true, 0, 0);
    bytes[64 * 70 + 8] = 9;
    import_with(bytes, size, &usual);
    assert_non_null(strstr(said, "file: record 71: is_branch and taken are 9 and 1"));
}

/* 96 bytes: 4 registers and addresses written, 4 of each read, and what tells the address space. */
static void cloudsuite_instruction(uint64_t ip, bool branch, uint64_t load, uint64_t store)
{
    const size_t end = size + 96;
    put(8, ip);
    put(1, branch);
    put(1, branch);
    put(8, 0x0102030405060708);
    put(6, 0);
    put(8, 0);
    put(8, store);
    put(8, 0);
    put(8, 0);
    put(8, load);
    put(8, 0);
    put(8, 0);
    put(8, load ? load + 16 : 0);
    put(2, 0x0101);
    put(end - size, 0);
}

/* Files of CloudSuite have the names of ChampSim's. Each is read by its own layout; by the other one it is refused,
 * also when it is asked for. */
static void test_cloudsuite(void **state)
{
    (void)state;
    struct import_options o = usual;
    size = 0;
    cloudsuite_instruction(0x400ffe, false, 0x602000, 0);
    cloudsuite_instruction(0x401003, true, 0, 0x602ff8);
    cloudsuite_instruction(0x401005, false, 0, 0);
    bytes_give("F 400ffe 2\nF 401000 3\nL 602000 1\nL 602010 1\nF 401003 1\nS 602ff8 1\nF 401005 1\n");
    size -= 1;
    import_with(bytes, size, &usual);
    assert_non_null(strstr(said, "file: record 3: torn: only 95 of its 96 bytes are there"));
    for (int i = 0; i < 200; i++)
        cloudsuite_instruction(0x401000 + 4 * (uint64_t)i, i % 7 == 0, i % 3 ? 0x7f0000001000 : 0,
                               i % 5 ? 0 : 0x602000);
    o.from = "champsim";
    size = 0;
    for (int i = 0; i < 200; i++)
        cloudsuite_instruction(0x401000 + 4 * (uint64_t)i, i % 7 == 0, i % 3 ? 0x7f0000001000 : 0,
                               i % 5 ? 0 : 0x602000);
    import_with(bytes, size, &o);
    assert_string_equal(said, "file: looks like a trace of ChampSim's CloudSuite (--from=cloudsuite), not of ChampSim");
    o.from = "cloudsuite";
    assert_true(import_with(bytes, size, &o));
    assert_int_equal(im.counts.instructions, 200);
    size = 0;
    for (int i = 0; i < 200; i++)
        instruction(0x401000 + 4 * (uint64_t)i, i % 7 == 0, i % 3 ? 0x7f0000001000 : 0, i % 5 ? 0 : 0x602000);
    import_with(bytes, size, &o);
    assert_string_equal(said, "file: looks like a trace of ChampSim (--from=champsim), not of ChampSim's CloudSuite");
    bytes[64 * 3 + 7] = 0x12; /* an instruction that is nowhere: neither */
    o.from = "champsim";
    import_with(bytes, size, &o);
    assert_string_equal(said, "file: does not begin as a trace of ChampSim does");
}

static void begin(uint64_t tid, uint64_t pid)
{
    size = 0;
    entry(25, 0, 6);
    entry(22, 8, tid);
    entry(24, 8, pid);
}

static void test_drmemtrace(void **state)
{
    (void)state;
    begin(70001, 70001);
    entry(28, 2, 123456789); /* marker */
    entry(10, 3, 0x401000);
    entry(17, 2, 0x0502); /* bundle: 2 and 5 bytes */
    entry(0, 8, 0x602ffc);
    entry(22, 8, 70002);
    entry(24, 8, 70001);
    entry(47, 4, 0x90909090); /* encoding */
    entry(49, 4, 0x401000);
    entry(1, 4, 0x700000);
    entry(29, 4, 0x401000); /* not fetched again */
    entry(1, 4, 0x700004);
    entry(3, 1, 0x800000); /* prefetch */
    entry(22, 8, 70001);
    entry(0, 0, 0x700000); /* no bytes */
    entry(200, 0, 0);      /* unknown */
    entry(23, 8, 70001);
    size_t before_footer = size;
    entry(26, 0, 0);
    bytes_give(
        "F 401000 3\nF 401003 2\nF 401005 5\nL 602ffc 4\nL 603000 4\nF 401000 4 t1\nS 700000 4 t1\nS 700004 4 t1\n");
    assert_int_equal(im.counts.instructions, 4);
    assert_int_equal(im.counts.not_fetched, 1);
    assert_int_equal(im.counts.prefetches, 1);
    assert_int_equal(im.counts.empty, 1);
    assert_int_equal(im.counts.unknown, 1);
    assert_int_equal(im.counts.others, 2);
    assert_int_equal(im.counts.threads, 2);

    size = before_footer;
    import_with(bytes, size, &usual);
    assert_non_null(strstr(said, "file: record 19: torn: the file ends behind it, without a footer"));
    size -= 7;
    import_with(bytes, size, &usual);
    assert_non_null(strstr(said, "file: record 19: torn: only 5 of its 12 bytes are there"));

    begin(1, 1);
    entry(26, 0, 0);
    entry(10, 3, 0x401000);
    bytes_give("file: record 5: an entry of type 10 behind the footer");
    begin(1, 1);
    entry(17, 1, 3);
    bytes_give("file: record 4: a bundle of 1 instructions without one before it");
    begin(1, 1);
    entry(10, 1, 0x1000);
    entry(17, 9, 3);
    bytes_give("F 1000 1 t1\nfile: record 5: a bundle of 9 instructions; 8 are the most");
    begin(1, 1);
    entry(4000, 1, 0);
    bytes_give("file: record 4: an entry of type 4000: this is no drmemtrace trace, or it is damaged");
}

static void test_drmemtrace_processes(void **state)
{
    (void)state;
    struct import_options o = usual;
    begin(10, 10);
    entry(10, 3, 0x1000);
    entry(22, 8, 20);
    entry(24, 8, 20);
    entry(10, 3, 0x2000);
    entry(22, 8, 10);
    entry(10, 3, 0x1003);
    entry(26, 0, 0);
    bytes_give(
        "F 1000 3 t10\nfile: record 6: process 20 beside process 10; a trace is of one process: choose it with --pid=");
    o.one_process = true;
    o.pid = 20;
    import_with(bytes, size, &o);
    assert_string_equal(said, "F 2000 3 t20\n");
    o.pid = 30;
    import_with(bytes, size, &o);
    assert_non_null(strstr(said, "nothing in it is of process 30"));
}

/* A core's file: threads follow one another, each with its footer, and the core idles in between. */
static void test_core(void **state)
{
    (void)state;
    begin(1, 1);
    entry(10, 4, 0x401000);
    entry(23, 4, 1);
    entry(26, 0, 0);
    entry(28, 33, 0); /* idle */
    entry(28, 32, 0); /* waits */
    entry(25, 0, 7);
    entry(22, 4, 2);
    entry(24, 4, 1);
    entry(10, 4, 0x402000);
    entry(26, 0, 0);
    entry(28, 33, 0);
    bytes_give("F 401000 4 t1\nF 402000 4 t2\n");
    assert_int_equal(im.counts.threads, 2);
    entry(22, 4, 2); /* one that was there before goes on without a header */
    entry(10, 4, 0x402004);
    import_with(bytes, size, &usual);
    assert_non_null(strstr(said, "F 402004 4 t2\nfile: record 16: torn: the file ends behind it, without a footer"));
}

/* What the kernel executes stands between markers; interrupts nest. A filtered trace says where an access was made
 * from. */
static void test_kernel_parts(void **state)
{
    (void)state;
    const struct {
        unsigned begins, ends;
    } part[] = {{27, 28}, {34, 35}, {43, 44}};
    for (int i = 0; i < 3; i++) {
        begin(1, 1);
        entry(10, 2, 0x401000);
        entry(28, part[i].begins, 0);
        entry(10, 3, 0xffffffff81000000);
        entry(17, 1, 5);
        entry(1, 8, 0xffff888000001000);
        entry(28, 43, 0);
        entry(10, 1, 0xffffffff81000100);
        entry(28, 44, 0);
        entry(0, 8, 0xffff888000001008);
        entry(28, part[i].ends, 0);
        entry(10, 2, 0x401002);
        entry(10, 0, 0x401004);
        entry(0, 8, 0x602000);
        entry(26, 0, 0);
        bytes_give("F 401000 2 t1\nF ffffffff81000000 3 f1 t1\nF ffffffff81000003 5 f1 t1\nS ffff888000001000 8 f1 t1\n"
                   "F ffffffff81000100 1 f1 t1\nL ffff888000001008 8 f1 t1\nF 401002 2 t1\nL 602000 8 t1\n");
        assert_int_equal(im.counts.instructions, 5);
        assert_int_equal(im.counts.kernel, 3);
        assert_int_equal(im.counts.empty, 1);
    }
}

static void test_threads(void **state)
{
    (void)state;
    struct import_options o = usual;
    uint64_t records = 0;
    begin(1000, 1);
    for (unsigned i = 0; i < 300; i++) {
        entry(22, 8, 1000 + i);
        entry(0, 1, 0x1000 + i);
    }
    size_t some = size;
    import_with(bytes, size, &usual);
    assert_int_equal(im.counts.threads, 300);
    assert_non_null(strstr(said, "L 112b 1 t299\n"));
    o.fold = 256;
    entry(23, 8, 1290); /* its number is the first to be given again; then that of the one silent longest */
    entry(22, 8, 5000);
    entry(0, 1, 0x5000);
    entry(22, 8, 6000);
    entry(0, 1, 0x6000);
    entry(26, 0, 0);
    assert_true(import_with(bytes, size, &o));
    assert_non_null(strstr(said, "L 1100 1\nL 1101 1 t1\n")); /* 1256 took the number of 1000, and so on */
    assert_non_null(strstr(said, "L 5000 1 t34\nL 6000 1 t44\n"));
    assert_int_equal(im.counts.folded, 45);
    assert_int_equal(im.counts.threads, 302);

    size = some;
    for (unsigned i = 300; i < TRACE_THREADS; i++)
        entry(22, 8, 1000 + i);
    struct source source;
    assert_true(source_start(&source, fmemopen(bytes, size, "rb"), "file"));
    im = (struct import){.source = &source, .options = &usual, .put = count_only, .to = &records};
    assert_false(import_run(&im, &format_drmemtrace));
    assert_non_null(strstr(im.error, "without a footer"));
    assert_int_equal(im.counts.threads, TRACE_THREADS);
    source_close(&source);
    size_t full = size;
    entry(22, 8, 1);
    import_with(bytes, size, &usual);
    assert_non_null(strstr(said, "thread 1 is the 16385th at a time, and a trace has room for 16384; --fold=N"));
    size = full;
    entry(23, 8, 1003); /* its number is free again */
    entry(22, 8, 1);
    entry(0, 1, 0x5000);
    entry(26, 0, 0);
    assert_true(import_with(bytes, size, &usual));
    assert_non_null(strstr(said, "L 5000 1 t3\n"));
}

static void test_format(void **state)
{
    (void)state;
    struct import_options o = usual;
    gives("hello\n",
          "file: looks like no trace of ChampSim, CloudSuite, drmemtrace, lackey or Pin; if it is one, --from= tells "
          "why not");
    gives("\x7f"
          "ELF\2\1\1",
          "file: is no trace of ChampSim, CloudSuite, drmemtrace, lackey or Pin; it looks like a program");
    gives("2 20d\n0 1fc780\n",
          "file: is no trace of ChampSim, CloudSuite, drmemtrace, lackey or Pin; it looks like a trace of "
          "Dinero (din)");
    gives("Output format:\n<--record#-> <--instr#->: <---tid---> <record details>\n",
          "file: is no trace of ChampSim, CloudSuite, drmemtrace, lackey or Pin; it looks like what drmemtrace's tool "
          "`view` "
          "prints; the trace itself can be imported");
    gives("twinwalk-trace 1\n", "file: is a Twinwalk trace already");
    o.from = "pin";
    import_with("\0\1\2", 3, &o);
    assert_string_equal(said, "file: --from=pin is text, and this file is not");
    o.from = "gem5";
    import_with("\0\1\2", 3, &o);
    assert_string_equal(said, "--from=gem5: must be one of champsim, cloudsuite, drmemtrace, lackey, pin");
    o.from = "drmemtrace";
    import_with("\0\1\2\3\0\0\0\0\0\0\0\0\0", 13, &o);
    assert_string_equal(said, "file: does not begin as a trace of DynamoRIO drmemtrace does");
    /* drmemtrace before raw2trace: a header, the thread, the process */
    size = 0;
    put(8, 0xc008000000000003);
    put(8, 0x4000000000003f92);
    put(8, 0x6000000000003f92);
    import_with(bytes, size, &usual);
    assert_non_null(strstr(said, "it looks like a raw file of DynamoRIO's drmemtrace"));
}

/* ---- Folders ---- */

static void save_shard(const char *folder, const char *name, size_t from)
{
    char path[512];
    snprintf(path, sizeof path, "%s/%s", scratch(folder), name);
    save_file(path, bytes + from, size - from);
}

static bool import_folder(const char *folder, const struct import_options *options)
{
    struct shards s;
    said[0] = 0;
    bool ok = shards_open(&s, scratch(folder));
    if (ok) {
        im = (struct import){.source = &s.shard[0].source, .options = options, .put = note};
        ok = shards_run(&im, &s);
    }
    say("%s", s.error[0] ? s.error : im.error);
    shards_close(&s);
    return ok;
}

/* Files of threads: always the one whose next timestamp is the earliest has its turn. */
static void test_folder(void **state)
{
    (void)state;
    mkdir(scratch("shards"), 0755);
    import_folder("shards", &usual);
    assert_non_null(strstr(said, "is a folder, and none of its 0 files is one of drmemtrace's"));
    begin(1001, 1);
    entry(28, 2, 100);
    entry(0, 1, 0xa1);
    entry(28, 2, 100); /* a chunk's beginning tells the time again */
    entry(0, 1, 0xa2);
    entry(28, 2, 300);
    entry(0, 1, 0xa3);
    entry(23, 8, 1001);
    entry(26, 0, 0);
    save_shard("shards", "a.1001.trace", 0);
    const size_t second = size;
    entry(25, 0, 7);
    entry(22, 8, 1002);
    entry(24, 8, 1);
    entry(28, 2, 200);
    entry(0, 1, 0xb1);
    entry(28, 2, 400);
    entry(0, 1, 0xb2);
    entry(26, 0, 0);
    save_shard("shards", "a.1002.trace", second);
    save_file(strcat(strcpy((char[512]){0}, scratch("shards")), "/schedule.bin"), "\1\2\3\4", 4);
    assert_true(import_folder("shards", &usual));
    assert_string_equal(said, "L a1 1\nL a2 1\nL b1 1 t1\nL a3 1\nL b2 1 t1\n");
    assert_int_equal(im.counts.threads, 2);
    assert_int_equal(im.counts.units, 19);
    /* What is wrong is told with its file and its record there */
    size -= 12;
    save_shard("shards", "a.1002.trace", second);
    assert_false(import_folder("shards", &usual));
    assert_non_null(strstr(said, "a.1002.trace: record 7: torn: the file ends behind it, without a footer"));
    size = second;
    save_shard("shards", "a.1002.trace", second);
    assert_false(import_folder("shards", &usual));
    assert_non_null(strstr(said, "a.1002.trace: offset 0: is empty"));
    entry(25, 0, 7);
    entry(22, 8, 1002);
    entry(24, 8, 2);
    entry(26, 0, 0);
    save_shard("shards", "a.1002.trace", second);
    assert_false(import_folder("shards", &usual));
    assert_non_null(strstr(said, "a.1002.trace: record 3: process 2 beside process 1"));
    struct import_options o = usual;
    o.one_process = true;
    o.pid = 1;
    assert_true(import_folder("shards", &o));
    assert_string_equal(said, "L a1 1\nL a2 1\nL a3 1\n");
}

/* ---- Unpacking ---- */

enum { PLAIN = 384 << 10 };

static uint8_t plain[PLAIN], packed[PLAIN + 4096];

static size_t pack_gzip(const uint8_t *from, size_t len, uint8_t *to)
{
    z_stream z = {0};
    assert_int_equal(deflateInit2(&z, 6, Z_DEFLATED, 31, 8, Z_DEFAULT_STRATEGY), Z_OK);
    z.next_in = (Bytef *)from;
    z.avail_in = (uInt)len;
    z.next_out = to;
    z.avail_out = sizeof packed;
    assert_int_equal(deflate(&z, Z_FINISH), Z_STREAM_END);
    size_t n = z.total_out;
    deflateEnd(&z);
    return n;
}

static size_t pack_xz(const uint8_t *from, size_t len, uint8_t *to)
{
    size_t n = 0;
    assert_int_equal(lzma_easy_buffer_encode(1, LZMA_CHECK_CRC32, NULL, from, len, to, &n, sizeof packed), LZMA_OK);
    return n;
}

static size_t pack_bzip2(const uint8_t *from, size_t len, uint8_t *to)
{
    unsigned n = sizeof packed;
    assert_int_equal(BZ2_bzBuffToBuffCompress((char *)to, &n, (char *)from, (unsigned)len, 1, 0, 0), BZ_OK);
    return n;
}

static size_t pack_lz4(const uint8_t *from, size_t len, uint8_t *to)
{
    const LZ4F_preferences_t p = {.frameInfo.contentChecksumFlag = LZ4F_contentChecksumEnabled};
    size_t n = LZ4F_compressFrame(to, sizeof packed, from, len, &p);
    assert_false(LZ4F_isError(n));
    return n;
}

/* Snappy's frames: a head, then a chunk for each 64 KiB, packed or not. The checksum is computed bit by bit. */
static size_t pack_snappy(const uint8_t *from, size_t len, uint8_t *to)
{
    uint8_t *p = to;
    memcpy(p, "\xff\6\0\0sNaPpY", 10);
    p += 10;
    for (size_t at = 0, n, packed_len; at < len; at += n, p += 8 + packed_len) {
        uint32_t crc = UINT32_MAX;
        const bool plainly = at % (3 << 16) == 1 << 16;
        n = len - at < 65536 ? len - at : 65536;
        for (size_t i = 0; i < n; i++) {
            crc ^= from[at + i];
            for (int k = 0; k < 8; k++)
                crc = crc >> 1 ^ (crc & 1 ? 0x82f63b78 : 0);
        }
        crc = ~crc;
        crc = (crc >> 15 | crc << 17) + 0xa282ead8;
        packed_len = sizeof packed;
        if (plainly)
            memcpy(p + 8, from + at, packed_len = n);
        else
            assert_int_equal(snappy_compress((char *)from + at, n, (char *)p + 8, &packed_len), SNAPPY_OK);
        for (int i = 0; i < 4; i++)
            p[i] = i ? (uint8_t)((packed_len + 4) >> (8 * (i - 1))) : plainly;
        for (int i = 0; i < 4; i++)
            p[4 + i] = (uint8_t)(crc >> (8 * i));
    }
    return (size_t)(p - to);
}

static size_t pack_zstd(const uint8_t *from, size_t len, uint8_t *to)
{
    size_t n = ZSTD_compress(to, sizeof packed, from, len, 1);
    assert_false(ZSTD_isError(n));
    return n;
}

/* Unpacks all; how much of it equals plain[]. The error is in said[]. */
static size_t unpack(const uint8_t *from, size_t len)
{
    struct source source;
    const uint8_t *p;
    size_t n, got = 0;
    if (source_start(&source, fmemopen((void *)from, len, "rb"), "file"))
        for (size_t want = 1; (n = source_peek(&source, &p, want)); want = want % 5000 + 1, got += n) {
            assert_true(got + n <= PLAIN);
            assert_memory_equal(p, plain + got, n);
            source_take(&source, n);
        }
    snprintf(said, sizeof said, "%s", source.error);
    source_close(&source);
    return got;
}

static void test_unpacking(void **state)
{
    (void)state;
    size_t (*const pack[])(const uint8_t *, size_t, uint8_t *) = {pack_gzip,  pack_xz,  pack_zstd,
                                                                  pack_bzip2, pack_lz4, pack_snappy};
    for (size_t i = 0; i < PLAIN; i++)
        plain[i] = (uint8_t)(rnd() % 16 + i / 5000);
    for (size_t i = 0; i < sizeof pack / sizeof pack[0]; i++) {
        size_t first = pack[i](plain, PLAIN / 3, packed),
               all = first + pack[i](plain + PLAIN / 3, PLAIN - PLAIN / 3, packed + first);
        assert_int_equal(unpack(packed, all), PLAIN);
        assert_string_equal(said, "");
        assert_int_equal(unpack(packed, first), PLAIN / 3);
        assert_string_equal(said, "");
        for (int j = 0; j < 20; j++) { /* torn anywhere: all that was there is given, and where it ends */
            size_t cut = first + 1 + rnd() % (all - first - 1);
            assert_true(unpack(packed, cut) < PLAIN);
            char where[64];
            snprintf(where, sizeof where, "file: offset %zu: torn", cut);
            assert_non_null(strstr(said, where));
        }
        memset(packed + first, 'x', 100); /* no second member, stream or frame */
        unsigned long long where = 0;
        assert_int_equal(unpack(packed, all), PLAIN / 3);
        assert_int_equal(sscanf(said, "file: offset %llu: the ", &where), 1);
        assert_in_range(where, first, first + 12);
        pack[i](plain + PLAIN / 3, PLAIN - PLAIN / 3, packed + first);
        for (int j = 0; j < 20; j++) { /* a wrong byte is found, or does not matter (zstd has no checksum here) */
            struct source source;
            const uint8_t *p;
            size_t at = rnd() % all, n, got = 0;
            bool equal = true;
            uint8_t old = packed[at];
            packed[at] ^= (uint8_t)(1 + rnd() % 255);
            if (source_start(&source, fmemopen(packed, all, "rb"), "file"))
                for (; (n = source_peek(&source, &p, 4096)); got += n) {
                    equal &= got + n <= PLAIN && !memcmp(p, plain + got, n);
                    source_take(&source, n);
                }
            assert_true(source.error[0] || (equal && got == PLAIN) || pack[i] == pack_zstd || !source_packed(&source));
            source_close(&source);
            packed[at] = old;
        }
    }
}

/* Files of a tar archive, in one of its dialects. */
static size_t pack_tar(int format, const uint8_t *from, size_t len, uint8_t *to)
{
    struct archive *a = archive_write_new();
    size_t used = 0, half = len / 2;
    archive_write_set_format(a, format);
    archive_write_set_bytes_per_block(a, 0);
    assert_int_equal(archive_write_open_memory(a, to, sizeof packed, &used), ARCHIVE_OK);
    for (int i = 0; i < 3; i++) { /* a folder, and two files */
        struct archive_entry *e = archive_entry_new();
        archive_entry_set_pathname(e, i == 0 ? "d" : i == 1 ? "d/a" : "d/b");
        archive_entry_set_filetype(e, i ? AE_IFREG : AE_IFDIR);
        archive_entry_set_perm(e, 0755);
        archive_entry_set_size(e, i == 0 ? 0 : i == 1 ? (int64_t)half : (int64_t)(len - half));
        assert_int_equal(archive_write_header(a, e), ARCHIVE_OK);
        if (i)
            archive_write_data(a, i == 1 ? from : from + half, i == 1 ? half : len - half);
        archive_entry_free(e);
    }
    assert_int_equal(archive_write_close(a), ARCHIVE_OK);
    archive_write_free(a);
    return used;
}

static void test_tar(void **state)
{
    (void)state;
    static uint8_t inner[PLAIN + 16384];
    const int dialects[] = {ARCHIVE_FORMAT_TAR_USTAR, ARCHIVE_FORMAT_TAR_PAX_INTERCHANGE, ARCHIVE_FORMAT_TAR_GNUTAR};
    for (size_t i = 0; i < PLAIN; i++)
        plain[i] = (uint8_t)(1 + rnd() % 16 + i / 5000);
    for (size_t i = 0; i < sizeof dialects / sizeof dialects[0]; i++) {
        const size_t len = 300000;
        size_t n = pack_tar(dialects[i], plain, len, packed);
        assert_int_equal(unpack(packed, n), len);
        assert_string_equal(said, "");
        for (int j = 0; j < 20; j++) {
            size_t cut = 600 + rnd() % (n - 1024 - 600); /* 1024: how it ends */
            assert_true(unpack(packed, cut) <= len);
            assert_non_null(strstr(said, ": torn: the "));
        }
        unpack(packed, n - 1024);
        assert_non_null(strstr(said, "torn: the tar archive has no end"));
        packed[512 + 148] ^= 1; /* the second header's sum */
        unpack(packed, n);
        assert_string_not_equal(said, "");
        packed[512 + 148] ^= 1;
        memcpy(inner, packed, n);
        n = pack_zstd(inner, n, packed); /* a tar in a zstd in a gzip */
        memcpy(inner, packed, n);
        n = pack_gzip(inner, n, packed);
        assert_int_equal(unpack(packed, n), len);
        assert_string_equal(said, "");
        assert_int_equal(unpack(packed, n / 2) < len, true);
        assert_non_null(strstr(said, ": torn: "));
    }
}

/* What is packed is told, however deep; what cannot be unpacked is named. */
static void test_packings(void **state)
{
    (void)state;
    struct source source;
    size_t n = pack_gzip(plain, 5000, packed);
    for (int i = 0; i < 4; i++) {
        memcpy(bytes, packed, n);
        assert_int_equal(source_start(&source, fmemopen(bytes, n, "rb"), "file"), i < 4);
        assert_string_equal(source_packings(&source), &"gzip, gzip, gzip, gzip"[6 * (3 - i)]);
        source_close(&source);
        n = pack_gzip(bytes, n, packed);
    }
    assert_false(source_start(&source, fmemopen(packed, n, "rb"), "file"));
    assert_non_null(strstr(source.error, "is packed more than 4 times over"));
    source_close(&source);
    static const struct {
        const char *bytes, *name;
    } strange[] = {{"7z\xbc\xaf\x27\x1c", "7-Zip"}, {"Rar!\x1a\x07", "RAR"}, {"LZIP\1", "lzip"}, {"070701", "cpio"}};
    for (size_t i = 0; i < sizeof strange / sizeof strange[0]; i++)
        for (int deep = 0; deep < 2; deep++) {
            char name[64];
            memcpy(packed, strange[i].bytes, n = strlen(strange[i].bytes));
            if (deep)
                n = pack_xz((const uint8_t *)strange[i].bytes, n, packed);
            snprintf(name, sizeof name, "is packed by %s, which is not understood here: unpack it first",
                     strange[i].name);
            assert_int_equal(unpack(packed, n), 0);
            assert_non_null(strstr(said, name));
        }
}

/* Packed data that ask for a gigabyte to be unpacked are refused. */
static void test_greedy(void **state)
{
    (void)state;
    size_t n = 0;
    lzma_options_lzma lzma;
    lzma_lzma_preset(&lzma, 0);
    lzma_filter filters[] = {{LZMA_FILTER_LZMA2, &lzma}, {LZMA_VLI_UNKNOWN, NULL}};
    assert_int_equal(lzma_stream_buffer_encode(filters, LZMA_CHECK_NONE, NULL, plain, 1000, packed, &n, sizeof packed),
                     LZMA_OK);
    uint8_t *header = packed + 12, *filter = header + 2, *end = header + 4 * header[0];
    while (filter[0] != 0x21 ||
           filter[1] != 1) /* LZMA2's number, the length of its properties, then the dictionary's code */
        assert_true(++filter < end);
    filter[2] = 36; /* 1 GiB */
    uint32_t crc = lzma_crc32(header, (size_t)(end - header), 0);
    for (int i = 0; i < 4; i++)
        end[i] = (uint8_t)(crc >> (8 * i));
    assert_int_equal(unpack(packed, n), 0);
    assert_non_null(strstr(said, "more than 129 are refused"));

    static const uint8_t window[] = {0x28,           0xb5, 0x2f, 0xfd, 0x00,
                                     (31 - 10) << 3, 0x01, 0x00, 0x00}; /* a window of 2 GiB */
    assert_int_equal(unpack(window, sizeof window), 0);
    assert_string_equal(said, "file: offset 0: unpacking takes more than 128 MiB of memory, which is refused");
}

static void test_long_run(void **state)
{
    (void)state;
    /* 24 MiB of one ChampSim record in a few kB: it streams. */
    struct source source;
    uint64_t records = 0;
    size = 0;
    instruction(0x401000, true, 0x602000, 0);
    for (size_t i = 0; i + 64 <= PLAIN; i += 64)
        memcpy(plain + i, bytes, 64);
    size_t one = pack_zstd(plain, PLAIN, packed), all = 0;
    uint8_t *many = malloc(64 * one);
    for (int i = 0; i < 64; i++, all += one)
        memcpy(many + all, packed, one);
    assert_true(source_start(&source, fmemopen(many, all, "rb"), "file"));
    im = (struct import){.source = &source, .options = &usual, .put = count_only, .to = &records};
    assert_true(import_run(&im, &format_champsim));
    assert_int_equal(records, UINT64_C(64) * (PLAIN / 64) * 3);
    source_close(&source);
    free(many);
}

/* ---- Merging ---- */

static bool note_merged(void *to, const struct trace_rec *rec, const struct trace_extra *x)
{
    (void)to;
    if (rec->kind == TRACE_MAP)
        say("map %" PRIx64 " t%d\n", x->map.start, rec->thread);
    else if (rec->kind == TRACE_SYSCALL)
        say("syscall t%d\n", rec->thread);
    else
        note(NULL, rec);
    return true;
}

static void merge(const char *a, const char *b, const char *c, uint64_t quantum)
{
    const char *text[] = {a, b, c}, *name[] = {"a.txt", "b.txt", "c.txt"};
    static char path[3][256];
    struct merge m = {.quantum = quantum};
    said[0] = 0;
    for (; m.inputs < 3 && text[m.inputs]; m.inputs++) {
        char all[4096];
        snprintf(all, sizeof all, "twinwalk-trace 1\n%s", text[m.inputs]);
        save_file(scratch(name[m.inputs]), all, strlen(all));
        snprintf(path[m.inputs], sizeof path[0], "%s", scratch(name[m.inputs]));
        m.input[m.inputs].path = path[m.inputs];
    }
    if (!merge_open(&m) || !merge_run(&m, note_merged, NULL))
        say("%s", m.error);
    merge_close(&m);
}

static void test_merge(void **state)
{
    (void)state;
    merge("F 0x1000 1\nL 0x5000 8\nF 0x1001 1\nF 0x1002 1\nS 0x5000 8\n", "F 0x2000 1\nS 0x6000 8 thread=1\n",
          "L 0x3000 1\nL 0x3001 1\nL 0x3002 1\n", 1);
    assert_string_equal(said, "F 1000 1\nL 5000 8\nF 2000 1 t1\nS 6000 8 t2\nL 3000 1 t3\nF 1001 1\nL 3001 1 t3\nF "
                              "1002 1\nS 5000 8\nL 3002 1 t3\n");
    merge("F 0x1000 1\nF 0x1001 1\nF 0x1002 1\n", "F 0x2000 1\nF 0x2001 1\n", NULL, 2);
    assert_string_equal(said, "F 1000 1\nF 1001 1\nF 2000 1 t1\nF 2001 1 t1\nF 1002 1\n");
    merge("map 0x1000 0x2000 r-xp\nmap 0x5000 0x6000 rw-p\nF 0x1000 1\n",
          "map 0x1000 0x2000 r-xp\nmap 0x7000 0x8000 rw-p\nsyscall brk = 0x9000\nF 0x1001 1\n", NULL, 9);
    assert_string_equal(said, "map 1000 t0\nmap 5000 t0\nmap 7000 t1\nF 1000 1\nsyscall t1\nF 1001 1 t1\n");
    merge("map 0x1000 0x2000 r-xp\nF 0x1000 1\n", "map 0x1000 0x2000 rw-p\nF 0x1000 1\n", NULL, 9);
    assert_non_null(strstr(said, "b.txt: record 0: maps 0x1000-0x2000, where something else is mapped already"));
    merge("map 0x1000 0x2000 r-xp\nF 0x1000 1\n", "F 0x1000 1\n", NULL, 9);
    assert_non_null(strstr(said, "b.txt: has no layout, other than"));
    merge("F 0x1000 1\n", "map 0x1000 0x2000 rw-p\nF 0x1000 1\n", NULL, 9);
    assert_non_null(strstr(said, "b.txt: has a layout, other than"));
    merge("F 0x1000 1 thread=16000\n", "F 0x1000 1 thread=384\n", NULL, 9);
    assert_non_null(strstr(said, "b.txt: its 385 threads make 16386 in all"));
    merge("F 0x1000 1\n", "tables own\nF 0x1000 1\n", NULL, 9);
    assert_non_null(strstr(said, "b.txt: has its own page tables"));
    merge("F 0x1000 1\n", "F 0x1000 1\nF 0xfff 2\n", NULL, 9);
    assert_non_null(strstr(said, "b.txt:3: "));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_lackey),        cmocka_unit_test(test_pin),
        cmocka_unit_test(test_not_canonical), cmocka_unit_test(test_tags),
        cmocka_unit_test(test_champsim),      cmocka_unit_test(test_cloudsuite),
        cmocka_unit_test(test_drmemtrace),    cmocka_unit_test(test_drmemtrace_processes),
        cmocka_unit_test(test_core),          cmocka_unit_test(test_kernel_parts),
        cmocka_unit_test(test_threads),       cmocka_unit_test(test_format),
        cmocka_unit_test(test_folder),        cmocka_unit_test(test_unpacking),
        cmocka_unit_test(test_tar),           cmocka_unit_test(test_packings),
        cmocka_unit_test(test_greedy),        cmocka_unit_test(test_long_run),
        cmocka_unit_test(test_merge),
    };
    return cmocka_run_group_tests_name("traces: import", tests, NULL, NULL);
}
