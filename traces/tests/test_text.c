/* The text form by hand: what is understood, how it is written, and what a mistake is answered. */
#include "support.h"

#include <stdlib.h>
#include <string.h>

#define HEAD "twinwalk-trace 1\n"

static void expect_text(const char *in, const char *out)
{
    const char *error;
    const struct trace_rec *recs;
    size_t n, size;
    int got;
    save_file(scratch("t.txt"), in, strlen(in));
    struct trace_reader *r = trace_open(scratch("t.txt"), &error);
    if (!r)
        fail_msg("%s", error);
    struct trace_writer *w = trace_create(scratch("o.txt"), trace_get_info(r), true, &error);
    while ((got = trace_next(r, &recs, &n)) > 0)
        for (size_t i = 0; i < n; i++)
            assert_true(trace_put(w, &recs[i], trace_extra(r, &recs[i])));
    if (got)
        fail_msg("%s", trace_error(r));
    trace_close(r);
    assert_true(trace_finish(w, &error));
    uint8_t *bytes = load_file(scratch("o.txt"), &size);
    assert_string_equal((char *)bytes, out);
    free(bytes);
}

/* The first bad line is answered with its place and this message; the records before it are given. */
static void expect_error(const char *in, size_t records, int line, const char *what)
{
    const char *error;
    const struct trace_rec *recs;
    size_t n, got = 0;
    char place[64];
    save_file(scratch("t.txt"), in, strlen(in));
    struct trace_reader *r = trace_open(scratch("t.txt"), &error);
    if (r) {
        int status;
        while ((status = trace_next(r, &recs, &n)) > 0)
            got += n;
        assert_int_equal(status, -1);
        error = trace_error(r);
    }
    assert_int_equal(got, records);
    snprintf(place, sizeof place, "t.txt:%d: ", line);
    if (!strstr(error, place) || !strstr(error, what))
        fail_msg("\"%s\" has no \"%s%s\"", error, place, what);
    trace_close(r);
}

static void test_spellings(void **state)
{
    (void)state;
    expect_text("# a comment first\n\n  twinwalk-trace 1   # version\r\n tables own\nbits 57\nprogram ls -l   # not "
                "the program\nF 0x401000 4\n\tL 4198400 8   # decimal\r\nS 0x1000 64 ss ac imp sup thread=7\n"
                "L 0xFFFFFFFFFFFFFFFF 1 -> gp\nL 0x1000 8 -> ok\nL 0x1000 8 -> ok pa=0x200000 2m\nS 0x1000 8 thread=1 "
                "sup -> pf 3\nF 0 1 -> memerr",
                HEAD
                "bits 57\ntables own\nprogram ls -l\nF 0x401000 4\nL 0x401000 8\nS 0x1000 64 sup imp ac ss thread=7\n"
                "L 0xffffffffffffffff 1 -> gp\nL 0x1000 8 -> ok\nL 0x1000 8 -> ok pa=0x200000 2m\nS 0x1000 8 sup "
                "thread=1 -> pf 0x3\nF 0x0 1 -> memerr\n");
    expect_text(HEAD "mov cr0 0x10000\nmov cr3 4096\nmov  cr4 0x20080\nwrmsr efer 0x800\ninvlpg 0x1000 thread=2\npoke "
                     "0x1000 0x8000000000000067\n",
                HEAD "bits 48\ntables os\nmov cr0 0x10000\nmov cr3 0x1000\nmov cr4 0x20080\nwrmsr efer 0x800\ninvlpg "
                     "0x1000 thread=2\n"
                     "poke 0x1000 0x8000000000000067\n");
    expect_text(HEAD "mov cr4 0x1020 -> gp # not built in\nmov cr3 0x1000 thread=3 -> ok\nwrmsr pat "
                     "0x0007040600070406\nwrmsr pkrs 3\nwrpkru 0x55555554 -> ok\n"
                     "invpcid 0 0x12 0x400000\ninvpcid 3 0 0 thread=1\ninvpcid 1 0x1000 0 -> gp\ninvpcid 2 0 5\n",
                HEAD
                "bits 48\ntables os\nmov cr4 0x1020 -> gp\nmov cr3 0x1000 thread=3 -> ok\nwrmsr pat "
                "0x7040600070406\nwrmsr pkrs 0x3\nwrpkru 0x55555554 -> ok\n"
                "invpcid 0 0x12 0x400000\ninvpcid 3 0x0 0x0 thread=1\ninvpcid 1 0x1000 0x0 -> gp\ninvpcid 2 0x0 0x5\n");
    expect_text(HEAD "case a/b.1 amd m>=40 1g la57 no-pcid # why\ncase c intel m=52\ncase d thread=4\ncase e "
                     "no-amd\nentry 0x1000 103\nentry 8 0x20 mask=0x60 thread=9\n"
                     "L 0x1000 8 -> ok pa=0x200000 2m mt=uc-\nL 0x1000 8 -> ok mt=wb\nS 0x1008 8 ss -> pf 3 cr2=4104\n",
                HEAD "bits 48\ntables os\ncase a/b.1 la57 1g amd no-pcid m>=40\ncase c intel m=52\ncase d "
                     "thread=4\ncase e intel\nentry 0x1000 0x67\n"
                     "entry 0x8 0x20 mask=0x60 thread=9\nL 0x1000 8 -> ok pa=0x200000 2m mt=uc-\nL 0x1000 8 -> ok "
                     "mt=wb\nS 0x1008 8 ss -> pf 0x3 cr2=0x1008\n");
    expect_text(HEAD "memerr at 4096 # here\nmemerr read 0x3 thread=2\nmemerr off\nL 0 1 -> pf 7 mask=0xfffe cr2=0\n"
                     "L 0 1 -> pf 2 mask=0xffff\nL 0 1 -> pf 6 mask=0\n",
                HEAD "bits 48\ntables os\nmemerr at 0x1000\nmemerr read 3 thread=2\nmemerr off\nL 0x0 1 -> pf 0x6 "
                     "mask=0xfffe cr2=0x0\nL 0x0 1 -> pf 0x2\nL 0x0 1 -> pf 0x0 mask=0x0\n");
    expect_text(
        HEAD
        "map 0x1000 0x3000 r-xp file /bin/x y\nmap 0x3000 0x4000 rw-s\nmap 0x5000 0x6000 ---p growsdown stack [stack]\n"
        "map 0x7000 0x8000 rw-p heap thread=4 \\x66ile # name\n",
        HEAD "bits 48\ntables os\nmap 0x1000 0x3000 r-xp file /bin/x y\nmap 0x3000 0x4000 rw-s\nmap 0x5000 0x6000 ---p "
             "stack growsdown [stack]\n"
             "map 0x7000 0x8000 rw-p heap thread=4 \\x66ile\n");
    expect_text(HEAD "map 0x1000 0x3000 r-xp file offset=4096 /lib/x\nmap 0x3000 0x4000 r--p file  thread=2 offset=1 # "
                     "the name\nclone 1\n"
                     "clone 2 thread files vm thread=1\nexec thread=1 /bin/ls\nexec vm\nopen 3 nofile nofile x\nopen 4 "
                     "thread=9 a b # why\nexit\nexit_group thread=1\n",
                HEAD "bits 48\ntables os\nmap 0x1000 0x3000 r-xp file offset=0x1000 /lib/x\nmap 0x3000 0x4000 r--p "
                     "file thread=2 \\x6fffset=1\nclone 1\n"
                     "clone 2 vm files thread thread=1\nexec thread=1 /bin/ls\nexec vm\nopen 3 nofile x\nopen 4 "
                     "thread=9 a b\nexit\nexit_group thread=1\n");
    expect_text(
        HEAD "syscall 9 0x0 0x1000 3 0x22 -1 0 = 0x7f0000000000\nsyscall brk = 0x5000\nsyscall munmap 0x1000 4096 = "
             "-22\nsyscall 1000 = 0 thread=3\n"
             "syscall mremap 1 2 3 4 5 = -4096",
        HEAD
        "bits 48\ntables os\nsyscall mmap 0 0x1000 3 0x22 -1 0 = 0x7f0000000000\nsyscall brk 0 0 0 0 0 0 = 0x5000\n"
        "syscall munmap 0x1000 0x1000 0 0 0 0 = -22\nsyscall 1000 0 0 0 0 0 0 = 0 thread=3\nsyscall mremap 1 2 3 4 5 0 "
        "= 0xfffffffffffff000\n");
}

/* Lines that are no records, and what the reader says of each. */
static const struct {
    const char *line, *what;
} bad[] = {
    {"X 1 2", "expected a record: F, L, S, map"},
    {"F", "expected a linear address, found the end of the line"},
    {"F zz 4", "expected a linear address, found \"zz\""},
    {"F 0x10000000000000000 4", "linear address"},
    {"F 18446744073709551616 4", "linear address"},
    {"F -1 4", "linear address"},
    {"F 0x 4", "linear address"},
    {"F 0x1000", "expected a size of 1 to 64 bytes, found the end of the line"},
    {"F 0x1000 65", "1 to 64"},
    {"F 0x1000 0", "1 to 64"},
    {"F 0xfff 2", "crosses a 4 KiB page"},
    {"F 0x1000 4 user", "expected sup, imp, ac, ss, thread=N or -> and a result, found \"user\""},
    {"F 0x1000 4 thread=16384", "thread=0 to thread=16383"},
    {"F 0x1000 4 -> np", "ok, gp, pf or memerr"},
    {"F 0x1000 4 -> pf", "error code"},
    {"F 0x1000 4 -> pf 0x10000", "error code"},
    {"F 0x1000 4 -> ok pa=", "physical address"},
    {"F 0x1000 4 -> ok pa=0x1000", "4k, 2m or 1g"},
    {"F 0x1000 4 -> ok 4k", "the end of the line"},
    {"F 0x1000 4 -> gp pa=0x1000 4k", "the end of the line"},
    {"map 0x1000 0x2000", "r-xp"},
    {"map 0x1000 0x2000 rwx", "r-xp"},
    {"map 0x1000 0x2000 xwrp", "r-xp"},
    {"map 0x1001 0x2000 r--p", "0x1000"},
    {"map 0x2000 0x2000 r--p", "after its start"},
    {"map 0x1000 0x2000 r--p \\q", "\\xHH"},
    {"map 0x1000 0x2000 r--p a\\x00", "\\x00"},
    {"map 0x1000 0x2000 r--p 0123456789012345678901234567890123456789012345678901234567890123", "longer than 63"},
    {"syscall", "a system call"},
    {"syscall open 1", "a system call"},
    {"syscall mmap 1 2 3 4 5 6 7 = 0", "= and the result after six arguments"},
    {"syscall mmap 1 2", "= and the result"},
    {"syscall mmap =", "the result"},
    {"mov cr8 1", "cr0, cr3 or cr4"},
    {"mov cr3", "a value"},
    {"wrmsr star 1", "expected efer, pat or pkrs, found \"star\""},
    {"wrpkru", "a value"},
    {"invpcid 4 0 0", "a type of INVPCID, 0 to 3"},
    {"invpcid 0", "the descriptor"},
    {"invpcid 0 1", "a linear address"},
    {"invpcid", "a type of INVPCID"},
    {"mov cr3 1 gp", "expected -> and a result, or the end of the line, found \"gp\""},
    {"mov cr3 1 -> pf 1", "a result: ok or gp"},
    {"mov cr3 1 ->", "a result: ok or gp"},
    {"mov cr3 1 -> gp 1", "the end of the line"},
    {"F 0x1000 4 -> ok mt=wx", "a memory type: uc, wc"},
    {"F 0x1000 4 -> ok mt=wb pa=0x1000 4k", "the end of the line"},
    {"F 0x1000 4 -> ok cr2=1", "the end of the line"},
    {"F 0x1000 4 -> pf 1 mt=wb", "the end of the line"},
    {"F 0x1000 4 -> pf 1 cr2=x", "cr2= and a linear address"},
    {"case", "the name of the case"},
    {"case 0123456789012345678901234567890123456789012345678901234567890123", "1 to 63"},
    {"case \xc3\xa4", "visible ASCII"},
    {"case x la58", "expected la57, pcid"},
    {"case x m=35", "m=NN or m>=NN (36 to 52)"},
    {"case x m>52", "m=NN or m>=NN"},
    {"case x no-intel", "m=NN"},
    {"case x pku no-pku", "a feature and its absence"},
    {"entry 0x1004 1", "multiple of 8"},
    {"entry 0x1000", "the value that the entry must have"},
    {"entry 0x1000 1 mask=", "mask= and a number"},
    {"entry 0x1000 1 2", "the end of the line"},
    {"memerr", "expected at and a physical address, read and a count, or off, found the end of the line"},
    {"memerr write 1", "at and a physical address"},
    {"memerr at", "a physical address"},
    {"memerr read", "which read from here fails"},
    {"memerr read 0", "counted from 1"},
    {"memerr off 1", "the end of the line"},
    {"F 0x1000 4 -> pf 1 mask=0x10000", "the bits of the error code that count"},
    {"F 0x1000 4 -> ok mask=1", "the end of the line"},
    {"F 0x1000 4 -> pf 1 cr2=0 mask=1", "the end of the line"},
    {"invlpg", "a linear address"},
    {"poke 0x1004 1", "multiple of 8"},
    {"poke 0x1000", "the value of the entry"},
    {"poke 0x1000 1 2", "the end of the line"},
    {"map 0x1000 0x2000 r--p offset=0x1000", "0 without a file"},
    {"map 0x1000 0x2000 r--p file offset=0x800", "multiple of 0x1000"},
    {"map 0x1000 0x2000 r--p file offset=x", "offset= and a number"},
    {"clone", "the new task's number"},
    {"clone 16384", "0 to 16383"},
    {"clone 1 thread", "thread needs vm"},
    {"clone 1 fs", "the end of the line"},
    {"exec", "exec and open have a file's name"},
    {"open 0x80000000 x", "a descriptor"},
    {"open 3", "exec and open have a file's name"},
    {"exit 1", "the end of the line"},
    {"bits 48", "expected a record"}, /* the header is over */
};

static void test_mistakes(void **state)
{
    (void)state;
    char text[512];
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        snprintf(text, sizeof text, HEAD "\n# here it comes\nF 0x1000 1\n%s\nF 0x1001 1\n", bad[i].line);
        expect_error(text, 1, 5, bad[i].what);
    }
    expect_error(HEAD "bits 52\n", 0, 2, "48 or 57");
    expect_error(HEAD "tables mine\n", 0, 2, "own");
    expect_error("twinwalk-trace 2\n", 0, 1, "version 1");
    expect_error("\nF 0x1000 1\n", 0, 2, "twinwalk-trace 1");
    expect_error("# nothing\n", 0, 2, "found the end of the file");
    char *lengthy = calloc(1, 6000);
    memset(lengthy, 'x', 5999);
    expect_error(lengthy, 0, 1, "longer than 4095");
    free(lengthy);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_spellings), cmocka_unit_test(test_mistakes)};
    return cmocka_run_group_tests_name("traces: text form", tests, NULL, NULL);
}
