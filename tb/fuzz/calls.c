/* Nearly legal system calls through the OS model, with everything that it believes checked and every page's contents
 * followed: small storms (tb/processes/storm.h), each from its seed alone.
 *
 *     fuzz_calls FIRST COUNT FOLDER    the traces of these seeds; a failing one is cut down and written into the folder
 *     fuzz_calls TRACE SEED            one trace, with the machine that the seed chooses; says what happened
 *
 * In three of four traces every call is one that Linux grants, or fails: such a trace must be replayed to its end, but
 * for memory that runs out. In the others the last call says that it succeeded, and Linux never grants it: it must be
 * refused, with nothing changed for the worse. */
#define _GNU_SOURCE
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/exits.h"
#include "format/format.h"
#include "mem/prng.h"
#include "processes/memory_replay.h"
#include "processes/storm.h"

enum { ROOM = 1 << 20, MOST_LINES = 8192, SECONDS = 10, CRASHED = 99 };

enum outcome { REPLAYED, REFUSED, SHORT_OF_MEMORY, WRONG, DIED };

/* A trace as text. */
struct text {
    size_t length;
    char bytes[ROOM];
};

static struct text text, shrunk, attempt;
static uint64_t now; /* the seed in work */
static const char *folder;
static char path[64];
static int file = -1;
static volatile sig_atomic_t stopped;

/* Both sanitizers end what they find wrong by a signal. */
const char *__asan_default_options(void);
const char *__ubsan_default_options(void);
const char *__asan_default_options(void)
{
    return "abort_on_error=1:quarantine_size_mb=4:malloc_context_size=4:detect_leaks=0";
}
const char *__ubsan_default_options(void)
{
    return "abort_on_error=1:print_stacktrace=1";
}

/* ---- one trace ---- */

static bool put_text(void *to, const struct trace_rec *rec, const struct trace_extra *extra)
{
    struct text *t = to;
    if (ROOM - t->length < TEXT_LINE)
        return false;
    t->length += text_put_record(t->bytes + t->length, rec, extra);
    return true;
}

static bool is_granted(uint64_t seed)
{
    return seed % 4 == 3;
}

static bool has_huge(uint64_t seed)
{
    return seed / 4 % 4 != 2;
}

static void make_text(uint64_t seed)
{
    static struct storm *s;
    struct trace_info info = {.linear_bits = 48};
    if (!s && !(s = malloc(sizeof *s)))
        abort();
    memset(s, 0, sizeof *s);
    s->put = put_text;
    s->to = &text;
    s->random = prng_mix(seed);
    s->wanted = 20 + prng_mix(seed + 1) % 30;
    s->huge = has_huge(seed);
    s->large = seed / 16 % 2;
    s->busy = 40;
    s->near = 24;
    snprintf(info.program, sizeof info.program, "calls %" PRIu64, seed);
    text.length = text_put_header(text.bytes, &info);
    if (!is_granted(seed)) {
        storm_make(s);
        return;
    }
    storm_make_part(s);
    while (!storm_near_miss(s, true))
        continue;
}

/* The machine: plenty of memory, little of it with the page cache and swap, or large pages by themselves. */
static struct setup machine(uint64_t seed)
{
    struct setup setup;
    memset(&setup, 0, sizeof setup);
    setup_defaults(&setup);
    struct os_config *config = &setup.kernel.config;
    const unsigned kind = seed / 4 % 4;
    setup.trace = path;
    setup.limit = UINT64_MAX;
    setup.verify = 8;
    setup.kernel.signatures = true;
    config->ram_bytes = UINT64_C(1) << 20 << (kind == 2 ? 2 : 5);
    config->reclaim = config->oom_kill = kind;
    config->swap_bytes = kind == 2 ? 1 << 20 : 0;
    config->fault_around = kind == 1 ? 16 : 1;
    config->pages = kind == 3 ? OS_PAGES_THP : OS_PAGES_4K;
    return setup;
}

static bool store(const struct text *t)
{
    return !ftruncate(file, 0) && pwrite(file, t->bytes, t->length, 0) == (ssize_t)t->length;
}

/* The trace in the file. error: one line, when it was not replayed. */
static enum outcome replay(uint64_t seed, char *error, size_t size)
{
    const struct setup setup = machine(seed);
    struct memory *m = memory_new(&setup, false);
    enum outcome outcome = REPLAYED;
    if (!m)
        abort();
    if (!memory_go(m))
        outcome = strstr(m->error, "ut of memory") || strstr(m->error, "out of simulated memory") ||
                          strstr(m->error, "no free page") ||
                          strstr(m->error, "has no access") /* a process was killed before its first one */
                      ? SHORT_OF_MEMORY
                      : m->status == STATUS_MISMATCH || strstr(m->error, "as the kernel left it") ||
                                strstr(m->error, "again and again") || strstr(m->error, "contradicts")
                            ? WRONG
                            : REFUSED;
    else if (m->kernel.losses) /* a process was killed: the rest of its calls was passed over */
        outcome = SHORT_OF_MEMORY;
    const char *what = strstr(m->error, "record ");
    snprintf(error, size, "%s", what ? what : m->error);
    if (outcome == REFUSED && m->kernel.os && !kernelside_audit(&m->kernel)) { /* a refusal leaves all in order */
        snprintf(error, size, "%s", m->kernel.error);
        outcome = WRONG;
    }
    memory_free(m);
    return outcome;
}

static bool is_finding(uint64_t seed, enum outcome outcome)
{
    return outcome == WRONG || outcome == DIED || outcome == (is_granted(seed) ? REPLAYED : REFUSED);
}

/* ---- a finding ---- */

static void write_out(const struct text *t, const char *how)
{
    char name[256];
    snprintf(name, sizeof name, "%s/calls-%" PRIu64 "%s.txt", folder, now, how);
    FILE *out = fopen(name, "w");
    if (!out || fwrite(t->bytes, 1, t->length, out) != t->length || fclose(out))
        fprintf(stderr, "%s: cannot be written\n", name);
    else
        fprintf(stderr, "        %s\n", name);
}

static void dies(int signal)
{
    (void)signal;
    fprintf(stderr, "seed %" PRIu64 ": the sanitizers end it\n", now);
    write_out(&text, "");
    _exit(CRASHED);
}

static void hangs(int signal)
{
    (void)signal;
    fprintf(stderr, "seed %" PRIu64 ": more than %d seconds\n", now, SECONDS);
    write_out(&text, "");
    _exit(CRASHED);
}

/* The same in a process of its own, which may die. */
static enum outcome try_apart(const struct text *t, uint64_t seed)
{
    int status;
    fflush(NULL);
    if (!store(t))
        abort();
    const pid_t pid = fork();
    if (pid < 0)
        abort();
    if (!pid) {
        char error[1200];
        if (!freopen("/dev/null", "w", stderr))
            _exit(CRASHED);
        signal(SIGABRT, SIG_DFL);
        signal(SIGVTALRM, SIG_DFL);
        alarm(SECONDS);
        _exit((int)replay(seed, error, sizeof error));
    }
    if (waitpid(pid, &status, 0) != pid || !WIFEXITED(status) || WEXITSTATUS(status) > DIED)
        return DIED;
    return (enum outcome)WEXITSTATUS(status);
}

/* The text without its lines [from, to). */
static void without(const struct text *t, const size_t *line, size_t from, size_t to)
{
    memcpy(attempt.bytes, t->bytes, line[from]);
    memcpy(attempt.bytes + line[from], t->bytes + line[to], t->length - line[to]);
    attempt.length = t->length - (line[to] - line[from]);
}

/* Whether a line of the head or of the first layout is among them. */
static bool loses_head(size_t from, const size_t *line, size_t to)
{
    for (size_t i = from; i < to; i++)
        if (i < 4 || !strncmp(shrunk.bytes + line[i], "map ", 4))
            return true;
    return false;
}

/* Leaves out what can be left out, in ever smaller pieces; the head's lines stay. */
static void shrink(uint64_t seed, enum outcome outcome)
{
    static size_t line[MOST_LINES];
    memcpy(&shrunk, &text, sizeof text);
    for (size_t piece = 64; piece; piece /= 2)
        for (size_t i = 0;;) {
            size_t lines = 0;
            for (size_t at = 0; at < shrunk.length && lines + 1 < MOST_LINES; lines++) {
                line[lines] = at;
                at += (size_t)((char *)memchr(shrunk.bytes + at, '\n', shrunk.length - at) + 1 - (shrunk.bytes + at));
            }
            line[lines] = shrunk.length;
            if (i >= lines)
                break;
            without(&shrunk, line, i, i + piece < lines ? i + piece : lines);
            if (loses_head(i, line, i + piece < lines ? i + piece : lines))
                i += piece;
            else if (try_apart(&attempt, seed) == outcome)
                memcpy(&shrunk, &attempt, sizeof attempt);
            else
                i += piece;
        }
    write_out(&shrunk, "-small");
}

/* ---- all ---- */

/* SIGINT, SIGTERM: no further trace; what was done is said. */
static void stop(int signal)
{
    (void)signal;
    stopped = 1;
}

static void watch(void)
{
    const struct itimerval limit = {.it_value = {.tv_sec = SECONDS}};
    setitimer(ITIMER_VIRTUAL, &limit, NULL);
}

static int run(uint64_t first, uint64_t count)
{
    uint64_t made[DIED + 1] = {0}, findings = 0, records = 0;
    for (now = first; now - first < count && !stopped; now++) {
        char error[1200];
        make_text(now);
        if (!store(&text))
            abort();
        watch();
        const enum outcome outcome = replay(now, error, sizeof error);
        made[outcome]++;
        for (const char *p = text.bytes; p < text.bytes + text.length; p++)
            records += *p == '\n';
        if (!is_finding(now, outcome))
            continue;
        fprintf(stderr, "seed %" PRIu64 ": %s\n", now, outcome == REPLAYED ? "a call that Linux never grants" : error);
        write_out(&text, "");
        if (outcome == WRONG)
            shrink(now, outcome);
        if (++findings == 10)
            break;
    }
    printf("%" PRIu64 " traces from seed %" PRIu64 " on, %" PRIu64 " records: %" PRIu64 " replayed, %" PRIu64
           " refused, %" PRIu64 " short of memory, %" PRIu64 " findings\n",
           now - first, first, records, made[REPLAYED], made[REFUSED], made[SHORT_OF_MEMORY], findings);
    return findings ? STATUS_MISMATCH : STATUS_EQUAL;
}

static int one(const char *name, uint64_t seed)
{
    static const char *const words[] = {"replayed", "refused", "short of memory", "WRONG", "died"};
    char error[1200];
    snprintf(path, sizeof path, "%s", name);
    const enum outcome outcome = replay(seed, error, sizeof error);
    printf("%s %s\n", words[outcome], error);
    return outcome == WRONG ? STATUS_MISMATCH : STATUS_EQUAL;
}

int main(int argc, char **argv)
{
    if (argc == 3)
        return one(argv[1], strtoull(argv[2], NULL, 10));
    if (argc != 4) {
        fprintf(stderr, "usage: fuzz_calls FIRST COUNT FOLDER, or fuzz_calls TRACE SEED\n");
        return STATUS_USAGE;
    }
    folder = argv[3];
    file = memfd_create("calls", MFD_CLOEXEC);
    snprintf(path, sizeof path, "/proc/self/fd/%d", file);
    signal(SIGABRT, dies);
    signal(SIGVTALRM, hangs);
    signal(SIGTERM, stop);
    signal(SIGINT, stop);
    return run(strtoull(argv[1], NULL, 10), strtoull(argv[2], NULL, 10));
}
