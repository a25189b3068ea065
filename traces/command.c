/* `twinwalk trace`: looks at, converts, cuts, checks and times traces. Each verb is one function below; the table at
 * the end is what --help prints. */
#define _GNU_SOURCE
#include "command.h"

#include "base/exits.h"
#include "format/check.h"
#include "format/plain.h"
#include "format/trace.h"
#include "import/output.h"
#include "import/verbs.h"

#include <errno.h>
#include <getopt.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

struct options {
    const char *self;
    int level;     /* zstd, 0: default */
    bool text;     /* pack, cut: write the text form */
    bool accesses; /* cut: FROM and COUNT count accesses */
    char **arg;    /* what is left of the command line */
    int args;
};

static int complain(const struct options *o, const char *what)
{
    fprintf(stderr, "%s: %s\n", o->self, plain(what));
    return STATUS_INPUT;
}

static struct trace_reader *open_trace(const struct options *o, const char *path)
{
    const char *error;
    struct trace_reader *r = trace_open(path, &error);
    if (!r)
        complain(o, error);
    return r;
}

static uint64_t file_bytes(const char *path)
{
    struct stat st;
    return strcmp(path, "-") && !stat(path, &st) && S_ISREG(st.st_mode) ? (uint64_t)st.st_size : 0;
}

/* Opens the trace to read, and the one to write. NULL: *status says what kind of failure it is. */
static struct trace_reader *open_both(const struct options *o, const char *from, struct output *out, bool text,
                                      int *status)
{
    struct trace_reader *r = open_trace(o, from);
    *status = r ? output_create(out, from, trace_get_info(r), text, o->level) : STATUS_INPUT;
    if (r && *status) {
        trace_close(r);
        return NULL;
    }
    return r;
}

/* ---- info ---- */

static void print_count(const char *label, uint64_t n)
{
    if (n == UINT64_MAX)
        printf("%-12s not known (no index: the text form, a pipe, or a torn file)\n", label);
    else
        printf("%-12s %" PRIu64 "\n", label, n);
}

static int verb_info(const struct options *o)
{
    struct trace_reader *r = open_trace(o, o->arg[0]);
    if (!r)
        return STATUS_INPUT;
    const struct trace_info *info = trace_get_info(r);
    uint64_t bytes = file_bytes(o->arg[0]);
    printf("%-12s %s\n%-12s %s\n", "program", plain(info->program), "recorder", plain(info->recorder));
    printf("%-12s %d bits\n%-12s %s\n", "addresses", info->linear_bits, "tables",
           info->own_tables ? "its own (POKE and CONTROL records, directed cases)" : "made by the OS model");
    print_count("records", info->records);
    print_count("accesses", info->accesses);
    if (bytes)
        printf("%-12s %" PRIu64 "\n", "bytes", bytes);
    if (bytes && info->accesses && info->accesses != UINT64_MAX)
        printf("%-12s %.3f\n", "per access", (double)bytes / (double)info->accesses);
    trace_close(r);
    return STATUS_EQUAL;
}

/* ---- text, pack ---- */

static int convert(const struct options *o, const char *from, const char *to, bool text)
{
    struct output out = {.self = o->self, .path = to};
    int got = 0, status;
    struct trace_reader *r = open_both(o, from, &out, text, &status);
    if (!r)
        return status;
    const struct trace_rec *recs;
    size_t count;
    while (status == STATUS_EQUAL && !output_stopped() && (got = trace_next(r, &recs, &count)) > 0)
        for (size_t i = 0; i < count && status == STATUS_EQUAL; i++)
            if (!output_put(&out, &recs[i], trace_extra(r, &recs[i])))
                status = STATUS_OUTPUT;
    if (got < 0)
        status = complain(o, trace_error(r));
    trace_close(r);
    return output_finish(&out, status);
}

static int verb_text(const struct options *o)
{
    return convert(o, o->arg[0], o->args > 1 ? o->arg[1] : "-", true);
}

static int verb_pack(const struct options *o)
{
    return convert(o, o->arg[0], o->arg[1], o->text);
}

/* ---- cut ---- */

static bool parse_count(const struct options *o, const char *text, const char *what, uint64_t *n)
{
    char *end;
    errno = 0;
    *n = strtoull(text, &end, 0);
    if (!errno && end != text && !*end && *text != '-')
        return true;
    fprintf(stderr, "%s: %s is a whole number, not \"%s\"\n", o->self, what, text);
    return false;
}

/* Copies COUNT records from number FROM on. What shapes the address space before FROM comes along, without the
 * accesses. */
static int verb_cut(const struct options *o)
{
    uint64_t from, count, at = 0, copied = 0;
    if (!parse_count(o, o->arg[1], "FROM", &from) || !parse_count(o, o->arg[2], "COUNT", &count))
        return STATUS_USAGE;
    struct output out = {.self = o->self, .path = o->arg[3]};
    int got = 1, status;
    struct trace_reader *r = open_both(o, o->arg[0], &out, o->text, &status);
    if (!r)
        return status;
    const struct trace_rec *recs;
    size_t n;
    while (status == STATUS_EQUAL && !output_stopped() && copied < count && (got = trace_next(r, &recs, &n)) > 0) {
        for (size_t i = 0; i < n && copied < count && status == STATUS_EQUAL; i++) {
            bool access = recs[i].kind <= TRACE_STORE, inside = at >= from;
            if (!o->accesses || access) {
                at++;
                copied += inside;
            }
            if ((inside || !access) && !output_put(&out, &recs[i], trace_extra(r, &recs[i])))
                status = STATUS_OUTPUT;
        }
    }
    if (got < 0)
        status = complain(o, trace_error(r));
    else if (status == STATUS_EQUAL && !output_stopped() && !copied && count) {
        fprintf(stderr, "%s: %s: nothing to cut: it has %" PRIu64 " %s, and FROM is %" PRIu64 "\n", o->self,
                plain(o->arg[0]), at, o->accesses ? "accesses" : "records", from);
        status = STATUS_INCOMPLETE;
    }
    trace_close(r);
    return output_finish(&out, status);
}

/* ---- check ---- */

static int verb_check(const struct options *o)
{
    struct trace_reader *r = open_trace(o, o->arg[0]);
    if (!r)
        return STATUS_INPUT;
    struct check_counts c;
    char error[1200];
    bool ok = check_trace(r, &c, error, sizeof error);
    printf("%-12s %" PRIu64 "\n%-12s %" PRIu64 "\n%-12s %" PRIu64 "\n%-12s %" PRIu64 "\n", "records", c.records,
           "fetches", c.kind[TRACE_FETCH], "loads", c.kind[TRACE_LOAD], "stores", c.kind[TRACE_STORE]);
    if (trace_get_info(r)->own_tables)
        printf("%-12s %" PRIu64 "\n%-12s %" PRIu64 "\n%-12s %" PRIu64 "\n%-12s %" PRIu64 "\n%-12s %" PRIu64 "\n",
               "controls", c.kind[TRACE_CONTROL], "pokes", c.kind[TRACE_POKE], "cases", c.kind[TRACE_CASE], "entries",
               c.kind[TRACE_ENTRY], "mem. errors", c.kind[TRACE_MEMERR]);
    else
        printf("%-12s %" PRIu64 "\n%-12s %" PRIu64 "\n%-12s %" PRIu64 " at the end\n%-12s %" PRIu64 " made\n", "layout",
               c.kind[TRACE_MAP], "syscalls", c.kind[TRACE_SYSCALL], "mappings", c.mapped_ranges, "tasks", c.tasks);
    printf("%-12s %" PRIu64 "\n", "expectations", c.expectations);
    fflush(stdout);
    bool own = trace_get_info(r)->own_tables;
    trace_close(r);
    if (!ok) {
        bool named = !strncmp(error, o->arg[0], strlen(o->arg[0]));
        fprintf(stderr, "%s: %s%s%s\n", o->self, named ? "" : plain(o->arg[0]), named ? "" : ": ", plain(error));
        return STATUS_INPUT;
    }
    printf("good: whole%s\n", own           ? ""
                              : c.no_layout ? "; it has no layout, so pages are mapped when they are first touched"
                                            : ", and every access lies in a mapping that allows it");
    return STATUS_EQUAL;
}

/* ---- bench ---- */

/* Processor time, so that a busy machine does not make the decoder look slow. */
static double seconds(void)
{
    struct timespec t;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

static int verb_bench(const struct options *o)
{
    enum { PASSES = 5 };
    double best = 0;
    uint64_t accesses = 0, records = 0, sum = 0;
    struct trace_sizes sizes = {0};
    for (int pass = 0; pass < PASSES; pass++) {
        struct trace_reader *r = open_trace(o, o->arg[0]);
        if (!r)
            return STATUS_INPUT;
        const struct trace_rec *recs;
        size_t n;
        int got;
        accesses = records = 0;
        double start = seconds();
        while ((got = trace_next(r, &recs, &n)) > 0) {
            sum += recs[0].va ^ recs[n - 1].va;
            records += n;
            for (size_t i = 0; i < n; i++)
                accesses += recs[i].kind <= TRACE_STORE;
        }
        double took = seconds() - start;
        sizes = trace_get_sizes(r);
        if (got < 0)
            complain(o, trace_error(r));
        trace_close(r);
        if (got < 0)
            return STATUS_INPUT;
        best = !pass || took < best ? took : best;
        if (took > 2)
            break;
    }
    double per = accesses ? (double)accesses : 1;
    printf("%-12s %" PRIu64 " records, %" PRIu64 " accesses, %" PRIu64 " blocks (sum %04" PRIx64 ")\n", "read", records,
           accesses, sizes.blocks, sum & 0xffff);
    printf("%-12s %.3f s of processor time, best pass: %.1f M accesses/s\n", "decode", best,
           (double)accesses / best / 1e6);
    if (sizes.blocks)
        printf("%-12s %.3f encoded, %.3f compressed\n", "bytes/access", (double)sizes.raw / per,
               (double)sizes.packed / per);
    return STATUS_EQUAL;
}

/* ---- The verbs ---- */

static const struct verb {
    const char *name, *args, *help;
    int least, most;
    int (*run)(const struct options *o);
} verbs[] = {
    {"info", "FILE", "what the trace says of itself", 1, 1, verb_info},
    {"text", "FILE [OUT]", "write it in text form (default: standard output)", 1, 2, verb_text},
    {"pack", "FILE OUT", "write it in binary form; --level 19 for the smallest", 2, 2, verb_pack},
    {"cut", "FILE FROM COUNT OUT", "COUNT records from number FROM on, with the layout before them", 4, 4, verb_cut},
    {"check", "FILE", "read all of it, and check that it can be replayed", 1, 1, verb_check},
    {"bench", "FILE", "decode it as fast as possible", 1, 1, verb_bench},
};
enum { VERBS = sizeof verbs / sizeof verbs[0] };

static void print_help(FILE *out, const char *self)
{
    fprintf(out, "Usage: %s VERB [OPTION] ARGUMENT…\n\n", self);
    for (int i = 0; i < VERBS; i++)
        fprintf(out, "  %-6s %-20s %s\n", verbs[i].name, verbs[i].args, verbs[i].help);
    fputs("  import [OPTION] IN OUT      a trace of ChampSim, drmemtrace, lackey or Pin; see import --help\n"
          "  merge  [OPTION] A B … OUT   several as the threads of one; see merge --help\n",
          out);
    fprintf(out, "\n  -l, --level N     pack, cut: zstd level 1 … 19 (default 3)\n"
                 "  -a, --accesses    cut: FROM and COUNT count accesses, not records\n"
                 "  -t, --text        pack, cut: write the text form\n"
                 "  -h, --help        this\n\n"
                 "FILE may be in binary or text form, and - for standard input; OUT - is standard output.\n"
                 "The formats are described in docs/trace-format.md.\n");
}

static int wrong_usage(const char *self, const char *what, const char *which)
{
    fprintf(stderr, "%s: %s%s; try %s --help\n", self, what, which, self);
    return STATUS_USAGE;
}

int trace_command(int argc, char **argv)
{
    static const struct option known[] = {
        {"level", required_argument, NULL, 'l'},
        {"accesses", no_argument, NULL, 'a'},
        {"text", no_argument, NULL, 't'},
        {"help", no_argument, NULL, 'h'},
        {NULL, 0, NULL, 0},
    };
    struct options o = {.self = argv[0]};
    if (argc > 1 && !strcmp(argv[1], "import")) /* these two have options of their own */
        return import_command(argv[0], argc - 1, argv + 1);
    if (argc > 1 && !strcmp(argv[1], "merge"))
        return merge_command(argv[0], argc - 1, argv + 1);
    uint64_t level;
    int opt;
    optind = 0; /* the program may have parsed options of its own */
    while ((opt = getopt_long(argc, argv, "l:ath", known, NULL)) != -1) {
        switch (opt) {
        case 'l':
            if (!parse_count(&o, optarg, "--level", &level) || level < 1 || level > 19)
                return wrong_usage(o.self, "--level is 1 to 19, not ", optarg);
            o.level = (int)level;
            break;
        case 'a':
            o.accesses = true;
            break;
        case 't':
            o.text = true;
            break;
        case 'h':
            print_help(stdout, o.self);
            return STATUS_EQUAL;
        default:
            return wrong_usage(o.self, "unknown option", "");
        }
    }
    if (optind == argc)
        return wrong_usage(o.self, "a verb is missing", "");
    const char *name = argv[optind++];
    o.arg = argv + optind;
    o.args = argc - optind;
    for (int i = 0; i < VERBS; i++) {
        if (strcmp(name, verbs[i].name))
            continue;
        if (o.args < verbs[i].least || o.args > verbs[i].most)
            return wrong_usage(o.self, "this verb takes ", verbs[i].args);
        return verbs[i].run(&o);
    }
    return wrong_usage(o.self, "unknown verb ", name);
}
