/* `twinwalk trace`: the verbs, their exit statuses, cutting, and the checker of mappings. */
#define _GNU_SOURCE
#include "support.h"

#include "base/exits.h"
#include "command.h"
#include "format/check.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* Runs the command with standard output and error to a file; its text is in output[]. */
static char output[8192];

#define RUN(...) run((const char *[]){"trace", __VA_ARGS__, NULL})

static int run(const char **args)
{
    char *argv[16];
    int argc = 0, saved[2];
    size_t size;
    for (; args[argc]; argc++)
        argv[argc] = strdup(args[argc]);
    argv[argc] = NULL;
    fflush(NULL);
    saved[0] = dup(1), saved[1] = dup(2);
    assert_non_null(freopen(scratch("output"), "w", stdout));
    dup2(1, 2);
    int status = trace_command(argc, argv);
    fflush(NULL);
    dup2(saved[0], 1), dup2(saved[1], 2);
    close(saved[0]), close(saved[1]);
    char *text = (char *)load_file(scratch("output"), &size);
    snprintf(output, sizeof output, "%s", text);
    free(text);
    while (argc--)
        free(argv[argc]);
    return status;
}

static void says(const char *what)
{
    if (!strstr(output, what))
        fail_msg("\"%s\" has no \"%s\"", output, what);
}

static const char *text_file(const char *name, const char *text)
{
    const char *path = scratch(name);
    save_file(path, text, strlen(text));
    return path;
}

static const char program[] = "twinwalk-trace 1\nbits 48\ntables os\n"
                              "map 0x400000 0x401000 r-xp file /bin/x\n" /* 0 */
                              "map 0x7f0000 0x800000 rw-p stack growsdown [stack]\n"
                              "F 0x400000 4\n" /* 2 */
                              "S 0x7ffff8 8\n"
                              "syscall brk 0 0 0 0 0 0 = 0x500000\n"
                              "syscall brk 0x502000 0 0 0 0 0 = 0x502000\n"
                              "F 0x400004 4\n" /* 6 */
                              "L 0x501ff8 8\n"
                              "S 0x501ff8 8 thread=1\n";

static void test_conversions(void **state)
{
    (void)state;
    size_t size;
    text_file("p.txt", program);
    assert_int_equal(RUN("pack", "--level", "19", scratch("p.txt"), scratch("p.tw")), 0);
    assert_int_equal(RUN("text", scratch("p.tw")), 0);
    assert_string_equal(output, program);
    assert_int_equal(RUN("text", scratch("p.tw"), scratch("q.txt")), 0);
    char *text = (char *)load_file(scratch("q.txt"), &size);
    assert_string_equal(text, program);
    free(text);
    assert_int_equal(RUN("info", scratch("p.tw")), 0);
    says("records      9\naccesses     5\n");
    assert_int_equal(RUN("info", scratch("p.txt")), 0);
    says("not known");
    assert_int_equal(RUN("check", scratch("p.tw")), 0);
    says("good");
    assert_int_equal(RUN("bench", scratch("p.tw")), 0);
    says("M accesses/s");
    says("compressed");
    assert_int_equal(RUN("--help"), 0);
    says("cut    FILE FROM COUNT OUT");
}

static void test_wrong_usage(void **state)
{
    (void)state;
    text_file("p.txt", program);
    assert_int_equal(run((const char *[]){"trace", NULL}), 2);
    assert_int_equal(RUN("dance"), 2);
    says("unknown verb dance");
    assert_int_equal(RUN("pack", scratch("p.txt")), 2);
    says("FILE OUT");
    assert_int_equal(RUN("--wrong"), 2);
    assert_int_equal(RUN("pack", "-l", "20", scratch("p.txt"), scratch("x.tw")), 2);
    assert_int_equal(RUN("cut", scratch("p.txt"), "-1", "2", scratch("x.tw")), 2);
    assert_int_equal(RUN("cut", scratch("p.txt"), "one", "2", scratch("x.tw")), 2);
    assert_int_equal(RUN("info", "/nowhere"), STATUS_INPUT);
    says("/nowhere: cannot open: No such file");
    assert_int_equal(RUN("pack", scratch("p.txt"), scratch("p.txt")), STATUS_USAGE);
    says("is the trace being read");
    assert_int_equal(RUN("pack", scratch("p.txt"), "/dev/full"), STATUS_OUTPUT);
    says("/dev/full: cannot write at offset 0: No space left on device");
    assert_int_equal(RUN("text", scratch("p.txt"), "/dev/full"), 6);
    says("/dev/full");
    text_file("bad.txt", "twinwalk-trace 1\nF 0x1000 1\nF 0xfff 2\n");
    assert_int_equal(RUN("pack", scratch("bad.txt"), scratch("bad.tw")), STATUS_INPUT);
    says("bad.txt:3: ");
    says("removed, since it is not complete");
    assert_int_not_equal(access(scratch("bad.tw"), F_OK), 0);
}

static void test_cut(void **state)
{
    (void)state;
    text_file("p.txt", program);
    assert_int_equal(RUN("cut", scratch("p.txt"), "7", "1", scratch("c.tw")), 0);
    assert_int_equal(RUN("text", scratch("c.tw")), 0);
    says("[stack]\nsyscall brk 0 0 0 0 0 0 = 0x500000\nsyscall brk 0x502000 0 0 0 0 0 = 0x502000\nL 0x501ff8 8\n");
    assert_null(strstr(output, "F 0x"));
    assert_null(strstr(output, "thread=1"));
    assert_int_equal(RUN("check", scratch("c.tw")), 0);
    assert_int_equal(RUN("cut", "--accesses", "--text", scratch("p.txt"), "2", "2", scratch("c.txt")), 0);
    assert_int_equal(RUN("text", scratch("c.txt")), 0);
    says("0x502000\nF 0x400004 4\nL 0x501ff8 8\n");
    assert_null(strstr(output, "F 0x400000"));
    assert_int_equal(RUN("cut", scratch("p.txt"), "0", "1000", scratch("all.txt"), "-t"), 0);
    assert_int_equal(RUN("text", scratch("all.txt")), 0);
    assert_string_equal(output, program);
    assert_int_equal(RUN("cut", scratch("p.txt"), "9", "1", scratch("c.tw")), STATUS_INCOMPLETE);
    says("it has 9 records");
}

/* The records behind the layout are right, or the message says why not. */
static void check_records(const char *records, const char *wrong)
{
    char text[4096];
    snprintf(text, sizeof text,
             "twinwalk-trace 1\nmap 0x400000 0x402000 r-xp\nmap 0x600000 0x602000 rw-p\nmap 0x7f0000 0x800000 rw-p "
             "stack growsdown\n%s",
             records);
    text_file("check.txt", text);
    if (RUN("check", scratch("check.txt")) != (wrong ? STATUS_INPUT : STATUS_EQUAL))
        fail_msg("%s: %s", records, output);
    says(wrong ? wrong : "good");
}

static void test_check(void **state)
{
    (void)state;
    check_records("F 0x400ffc 4\nL 0x401000 8\nL 0x600000 8\nS 0x601ff8 8\nS 0x7ef000 8\nS 0x7e0000 8\n", NULL);
    check_records("F 0x402000 1\n", "record 3 (fetch): 0x402000 is not mapped");
    check_records("S 0x400000 1\n", "record 3 (store): 0x400000 is mapped r-x");
    check_records("F 0x600000 1\n", "mapped rw-");
    check_records("L 0x602000 1\n", NULL); /* below the stack, which grows to it */
    check_records("L 0x100000 1\n", "record 3 (load): 0x100000 is not mapped");
    check_records("syscall mprotect 0x600000 0x1000 1 = 0\nL 0x600000 1\nS 0x601000 1\nS 0x600000 1\n",
                  "record 6 (store): 0x600000 is mapped r--");
    check_records("syscall mprotect 0x600000 0x1000 1 = -12\nS 0x600000 1\n", NULL);
    check_records("syscall mmap 0 0x1800 7 0x22 -1 0 = 0x900000\nF 0x901fff 1\nL 0x902000 1\n",
                  "record 5 (load): 0x902000");
    check_records("syscall mmap 0 0x1800 7 0x22 -1 0 = 0x900800\n", "record 3 (system call): the result of mmap");
    check_records("syscall mmap 0x600000 0x1000 5 0x32 -1 0 = 0x600000\nS 0x601000 1\nF 0x600000 1\nS 0x600000 1\n",
                  "mapped r-x");
    check_records("syscall munmap 0x401000 0x200000 = 0\nF 0x400000 1\nS 0x601000 1\nF 0x401000 1\n",
                  "record 6 (fetch): 0x401000 is not mapped");
    check_records("syscall mremap 0x600000 0x1000 0x3000 1 = 0xa00000\nS 0xa02000 1\nS 0x601000 1\n", NULL);
    check_records("syscall mremap 0x900000 0x1000 0x3000 1 = 0xa00000\n", "mremap of an address that is not mapped");
    check_records("syscall brk = 0x900100\nsyscall brk 0x902100 = 0x902100\nS 0x902fff 1\nsyscall brk 0x901000 = "
                  "0x901000\nS 0x901000 1\n",
                  "record 7 (store): 0x901000 is not mapped");
    check_records("syscall munmap 0x900000 0x1000 = 0\n", "munmap of a range in which nothing is mapped");
    check_records("syscall shmat 1 0 0 0x2000 = 0xa00000\nS 0xa01000 1\nsyscall shmdt 0xa00000 = 0\nL 0xa00000 1\n",
                  "record 6 (load): 0xa00000 is not mapped");
    check_records("syscall shmat 1 0 0x1000 0x2000 = 0xa00000\nS 0xa01000 1\n", "mapped r--");
    check_records("syscall shmat 1 0 0 = 0xa00000\n", "the segment's length");
    check_records("syscall shmdt 0x600000 = 0\n", "nothing is attached");
}

static void test_check_tasks(void **state)
{
    (void)state;
    check_records("clone 1\nsyscall munmap 0x400000 0x2000 = 0 thread=1\nF 0x400000 1\nS 0x600000 1 thread=1\nF "
                  "0x400000 1 thread=1\n",
                  "record 7 (fetch): 0x400000");
    check_records("clone 1 vm thread\nsyscall munmap 0x400000 0x2000 = 0 thread=1\nF 0x400000 1\n",
                  "record 5 (fetch): 0x400000");
    /* MADV_DONTFORK: not in a child, not in a thread's way, and MADV_DOFORK takes it back */
    check_records("syscall madvise 0x600000 0x1000 10 = 0\nclone 1\nS 0x600000 1\nS 0x601000 1 thread=1\nL 0x600000 1 "
                  "thread=1\n",
                  "record 7 (load): 0x600000 is not mapped");
    check_records("syscall madvise 0x600000 0xfff 10 = 0\nclone 1\nclone 2 thread=1\nL 0x600fff 1 thread=2\n",
                  "record 6 (load): 0x600fff is not mapped");
    check_records("syscall madvise 0x600000 0x1000 10 = 0\nclone 1 vm thread\nS 0x600000 1 thread=1\n", NULL);
    check_records(
        "syscall madvise 0x600000 0x2000 10 = 0\nsyscall madvise 0x601000 0x1000 11 = 0\nclone 1\nL 0x601000 1 "
        "thread=1\nL 0x600fff 1 thread=1\n",
        "record 7 (load): 0x600fff is not mapped");
    check_records("syscall madvise 0x600000 0x2000 10 = -22\nclone 1\nL 0x600000 1 thread=1\n", NULL);
    check_records("syscall madvise 0x600000 0x2000 10 = 0\nsyscall mmap 0x600000 0x2000 3 0x32 -1 0 = 0x600000\nclone "
                  "1\nL 0x600000 1 thread=1\n",
                  NULL);
    check_records("clone 1\nexit\nF 0x400000 1 thread=1\nF 0x400000 1\n",
                  "record 6 (fetch): it is of a task that does not exist");
    check_records("clone 1\nclone 2 vm thread thread=1\nexit_group thread=1\nclone 2\nF 0x400000 1 thread=1\n",
                  "record 7 (fetch): it is of a task");
    check_records("clone 1\nF 0x400000 1 thread=2\n", "it is of a task");
    check_records("clone 1\nclone 1\n", "that of a living one");
    check_records("clone 1\nexec thread=1 /bin/x\nmap 0x100000 0x101000 r-xp thread=1\nF 0x100000 1 thread=1\nF "
                  "0x400000 1\nF 0x400000 1 thread=1\n",
                  "record 8 (fetch): 0x400000");
    check_records("exec /bin/x\nmap 0x100000 0x101000 r-xp\nF 0x100000 1\nmap 0x200000 0x201000 r-xp\n",
                  "must come before");
    check_records("map 0x601000 0x700000 r--p\n", "overlaps");
    check_records("F 0x400000 1\nmap 0xa00000 0xb00000 r--p\n", "must come before");
    check_records("mov cr3 0x1000\n", "tables own");
    text_file("own.txt", "twinwalk-trace 1\ntables own\npoke 0x1000 3\nmov cr3 0x1000\nL 0x123456 1 -> pf 4\n");
    assert_int_equal(RUN("check", scratch("own.txt")), 0);
    text_file("own.txt", "twinwalk-trace 1\ntables own\nsyscall brk = 0\n");
    assert_int_equal(RUN("check", scratch("own.txt")), STATUS_INPUT);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_conversions), cmocka_unit_test(test_wrong_usage), cmocka_unit_test(test_cut),
        cmocka_unit_test(test_check),       cmocka_unit_test(test_check_tasks),
    };
    return cmocka_run_group_tests_name("traces: command", tests, NULL, NULL);
}
