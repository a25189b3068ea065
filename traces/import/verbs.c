/* See verbs.h. */
#define _GNU_SOURCE
#include "verbs.h"

#include "base/exits.h"
#include "format/plain.h"
#include "format/whole.h"
#include "import.h"
#include "merge.h"
#include "output.h"
#include "shards.h"

#include <errno.h>
#include <getopt.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

enum { QUANTUM = 1000 };

struct options {
    struct import_options import;
    uint64_t quantum;
    bool text, help;
    int level;
};

static const char import_help[] =
    "Usage: %s import [OPTION] IN OUT\n\n"
    "Reads a trace of another tool (\"-\": standard input; packed by gzip, xz, zstd, bzip2, LZ4, Snappy, zip or tar: "
    "unpacked on the way), or a folder with a file of drmemtrace's for each thread or core; writes one of "
    "Twinwalk's.\n\n"
    "  -f, --from=FORMAT   champsim, cloudsuite, drmemtrace, lackey or pin (default: told by content)\n"
    "  -p, --program=TEXT  what was recorded (default: what the file says, else its name)\n"
    "      --bits=N        address width of the trace, 48 or 57 (default 48)\n"
    "      --drop          leave out accesses whose address is not canonical, and count them\n"
    "      --lam=N         data addresses have tags, which are taken away: in bits 62:48 (48) or 62:57 (57)\n"
    "      --fold=N        at most N threads: one that finds no number free takes that of the one silent longest\n"
    "      --no-fetch      leave out fetches\n"
    "      --skip=N        leave out the first N accesses\n"
    "      --limit=N       take at most N accesses\n"
    "      --base=N        pin: numbers without 0x are of base 10 or 16 (default: told by the first lines)\n"
    "      --pid=N         drmemtrace: this process only\n"
    "  -t, --text          write the text form\n"
    "  -l, --level=N       zstd level 1 … 19 (default 3)\n";

static const char merge_help[] = "Usage: %s merge [OPTION] A B … OUT\n\n"
                                 "Makes one trace of several: their threads take turns. The threads of B are numbered "
                                 "on from those of A, and so on.\n\n"
                                 "  -q, --quantum=N     instructions of one trace before the next has its turn "
                                 "(default 1000; accesses, of a trace without fetches)\n"
                                 "  -t, --text          write the text form\n"
                                 "  -l, --level=N       zstd level 1 … 19 (default 3)\n";

static int wrong_usage(const char *self, const char *verb, const char *what, const char *which)
{
    fprintf(stderr, "%s %s: %s%s\nTry '%s %s --help'.\n", self, verb, what, which, self, verb);
    return STATUS_USAGE;
}

static bool number(const char *text, uint64_t low, uint64_t high, uint64_t *n)
{
    char *end;
    errno = 0;
    *n = strtoull(text, &end, 0);
    return !errno && end != text && !*end && !strchr(text, '-') && *n >= low && *n <= high;
}

enum { BITS = 256, DROP, NO_FETCH, SKIP, LIMIT, BASE, PID, LAM, FOLD };
static const struct option for_import[] = {
    {"from", required_argument, NULL, 'f'},
    {"program", required_argument, NULL, 'p'},
    {"bits", required_argument, NULL, BITS},
    {"drop", no_argument, NULL, DROP},
    {"no-fetch", no_argument, NULL, NO_FETCH},
    {"skip", required_argument, NULL, SKIP},
    {"limit", required_argument, NULL, LIMIT},
    {"base", required_argument, NULL, BASE},
    {"pid", required_argument, NULL, PID},
    {"lam", required_argument, NULL, LAM},
    {"fold", required_argument, NULL, FOLD},
    {"text", no_argument, NULL, 't'},
    {"level", required_argument, NULL, 'l'},
    {"help", no_argument, NULL, 'h'},
    {0},
};
static const struct option for_merge[] = {
    {"quantum", required_argument, NULL, 'q'},
    {"text", no_argument, NULL, 't'},
    {"level", required_argument, NULL, 'l'},
    {"help", no_argument, NULL, 'h'},
    {0},
};

/* Takes one option, with its value; false when that cannot be. */
static bool set_option(struct options *o, int opt, const char *value)
{
    bool good = true;
    uint64_t n = 0;
    switch (opt) {
    case 'f':
        o->import.from = value;
        break;
    case 'p':
        o->import.program = value;
        break;
    case 't':
        o->text = true;
        break;
    case 'h':
        o->help = true;
        break;
    case DROP:
        o->import.drop = true;
        break;
    case NO_FETCH:
        o->import.no_fetches = true;
        break;
    case 'l':
        good = number(value, 1, 19, &n);
        o->level = (int)n;
        break;
    case 'q':
        good = number(value, 1, UINT64_MAX, &o->quantum);
        break;
    case BITS:
        good = number(value, 48, 57, &n) && (n == 48 || n == 57);
        o->import.linear_bits = (uint8_t)n;
        break;
    case BASE:
        good = number(value, 10, 16, &n) && (n == 10 || n == 16);
        o->import.base = (int)n;
        break;
    case SKIP:
        good = number(value, 0, UINT64_MAX, &o->import.skip);
        break;
    case LIMIT:
        good = number(value, 1, UINT64_MAX, &o->import.limit);
        break;
    case PID:
        good = number(value, 0, UINT64_MAX, &o->import.pid);
        o->import.one_process = true;
        break;
    case LAM:
        good = number(value, 48, 57, &n) && (n == 48 || n == 57);
        o->import.lam = (uint8_t)n;
        break;
    case FOLD:
        good = number(value, 1, TRACE_THREADS, &n);
        o->import.fold = (unsigned)n;
        break;
    }
    return good;
}

static int parse(const char *self, int argc, char **argv, struct options *o)
{
    bool import = !strcmp(argv[0], "import");
    int opt;
    *o = (struct options){.import = {.linear_bits = 48, .limit = UINT64_MAX}, .quantum = QUANTUM};
    opterr = 0;
    optind = 0;
    while ((opt = getopt_long(argc, argv, import ? ":f:p:tl:h" : ":q:tl:h", import ? for_import : for_merge, NULL)) !=
           -1) {
        const char *which = argv[optind - 1];
        if (opt == ':')
            return wrong_usage(self, argv[0], "a value is missing behind ", which);
        if (opt == '?')
            return wrong_usage(self, argv[0], "unknown option ", which);
        if (!set_option(o, opt, optarg))
            return wrong_usage(self, argv[0], "this value cannot be: ", which);
    }
    return STATUS_EQUAL;
}

/* ---- import ---- */

static bool put_imported(void *to, const struct trace_rec *rec)
{
    return !output_stopped() && output_put(to, rec, NULL);
}

static void line(FILE *out, const char *label, uint64_t n, const char *what, bool always)
{
    if (n || always)
        fprintf(out, "%-12s %" PRIu64 "%s%s\n", label, n, *what ? "  " : "", what);
}

/* Where an import takes its records from: one source, or the shards of a folder. */
struct origin {
    const char *path;
    struct source source;
    struct shards shards;
    bool folder;
    const struct format *format;
};

static const struct source *first_source(const struct origin *from)
{
    return from->folder ? &from->shards.shard[0].source : &from->source;
}

static void print_counts(FILE *out, const struct import *im, const struct origin *from)
{
    const struct import_counts *c = &im->counts;
    const bool packed = source_packed(first_source(from));
    fprintf(out, "%-12s %s%s%s\n", "from", from->format->what, packed ? ", packed: " : "",
            packed ? source_packings(first_source(from)) : "");
    line(out, "files", from->shards.count, "by their timestamps", false);
    line(out, "other files", from->shards.others, "left out: no traces", false);
    line(out, from->format->text ? "lines" : "entries", c->units, "", true);
    line(out, "instructions", c->instructions, "", true);
    line(out, "kernel", c->kernel, "instructions of the kernel among them", false);
    line(out, "loads", c->loads, "", true);
    line(out, "stores", c->stores, "", true);
    line(out, "modifies", c->modifies, "a load and a store each", false);
    line(out, "not fetched", c->not_fetched, "further rounds of repeated instructions", false);
    line(out, "prefetches", c->prefetches, "left out", false);
    line(out, "other", c->others, "left out: they are no accesses", false);
    line(out, "unknown", c->unknown, "left out: of a later version of the format", false);
    line(out, "empty", c->empty, "left out: they have no bytes", false);
    line(out, "dropped", c->dropped, "left out: not canonical", false);
    line(out, "tagged", c->tagged, "accesses whose tag was taken away", false);
    line(out, "threads", c->threads, "", true);
    line(out, "folded", c->folded, "threads that took the number of another", false);
    line(out, "crossings", c->crossings, "accesses that lie in more than one page or are longer than 64 bytes", true);
    line(out, "records", c->records, "written", true);
}

/* Opens what is to be read, and tells its format. False: *error has said why. */
static bool open_origin(struct origin *from, const struct options *o, char *error, size_t size)
{
    struct stat status;
    from->folder = strcmp(from->path, "-") && !stat(from->path, &status) && S_ISDIR(status.st_mode);
    if (from->folder) {
        from->format = &format_drmemtrace;
        if (shards_open(&from->shards, from->path) && (!o->import.from || !strcmp(o->import.from, from->format->name)))
            return true;
        if (from->shards.error[0])
            snprintf(error, size, "%s", from->shards.error);
        else
            snprintf(error, size, "%s: a folder is read as the files of drmemtrace, and --from says %s", from->path,
                     o->import.from);
        return false;
    }
    if (source_open(&from->source, from->path))
        return (from->format = import_format(&from->source, &o->import, error, size));
    snprintf(error, size, "%s", from->source.error);
    return false;
}

/* The last part of a path to a folder. */
static const char *folder_name(const char *path, char *name, size_t size)
{
    size_t end = strlen(path), begin;
    while (end > 1 && path[end - 1] == '/')
        end--;
    for (begin = end; begin && path[begin - 1] != '/'; begin--)
        ;
    snprintf(name, size, "%.*s", (int)(end - begin), path + begin);
    return name;
}

/* No file of the folder may be written over. (Of a single file output_create() sees to that.) */
static bool spare_shards(struct import *im, const struct origin *from, const char *to)
{
    for (unsigned i = 0; i < from->shards.count; i++)
        if (whole_same(from->shards.shard[i].source.path, to)) {
            snprintf(im->error, sizeof im->error, "%s: is a trace being read; write to another file", to);
            return false;
        }
    return true;
}

static int run_import(const char *self, struct origin *from, const char *to, const struct options *o, struct import *im)
{
    struct trace_info info;
    struct output out = {.self = self, .path = to};
    char name[256];
    const bool open = open_origin(from, o, im->error, sizeof im->error);
    if (!open || !spare_shards(im, from, to)) {
        fprintf(stderr, "%s: %s\n", self, plain(im->error));
        return open ? STATUS_USAGE : STATUS_INPUT;
    }
    struct source *source = from->folder ? &from->shards.shard[0].source : &from->source;
    struct import_options names = o->import; /* no shard's name is the program's */
    if (from->folder && !names.program)
        names.program = folder_name(from->path, name, sizeof name);
    import_describe(source, from->format, &names, &info);
    int status = output_create(&out, from->path, &info, o->text, o->level);
    if (status)
        return status;
    *im = (struct import){.source = source, .options = &o->import, .put = put_imported, .to = &out};
    bool ok = from->folder ? shards_run(im, &from->shards) : import_run(im, from->format);
    if (ok && !im->counts.records && !output_stopped())
        ok = import_wrong(im,
                          im->accesses ? "the file ends, and --skip leaves none of its %" PRIu64 " accesses"
                                       : "the file ends with no access in it",
                          im->accesses);
    if (!ok)
        fprintf(stderr, "%s: %s\n", self, plain(im->error));
    const bool written = !*trace_writer_error(out.writer);
    status = output_finish(&out, !written ? STATUS_OUTPUT : ok ? STATUS_EQUAL : STATUS_INPUT);
    if (status == STATUS_EQUAL)
        print_counts(strcmp(to, "-") ? stdout : stderr, im, from);
    return status;
}

int import_command(const char *self, int argc, char **argv)
{
    struct options o;
    int status = parse(self, argc, argv, &o);
    if (status != STATUS_EQUAL)
        return status;
    if (o.help)
        return printf(import_help, self) < 0 ? STATUS_OUTPUT : STATUS_EQUAL;
    if (argc - optind != 2)
        return wrong_usage(self, "import", "takes the file to read and the file to write", "");
    struct origin from = {.path = argv[optind]};
    struct import *im = calloc(1, sizeof *im);
    if (!im) {
        fprintf(stderr, "%s: out of memory\n", self);
        return STATUS_HOST;
    }
    status = run_import(self, &from, argv[optind + 1], &o, im);
    source_close(&from.source);
    shards_close(&from.shards);
    free(im);
    return status;
}

/* ---- merge ---- */

static bool put_merged(void *to, const struct trace_rec *rec, const struct trace_extra *extra)
{
    return !output_stopped() && output_put(to, rec, extra);
}

static int run_merge(const char *self, struct merge *m, const char *to, const struct options *o)
{
    struct output out = {.self = self, .path = to};
    for (unsigned i = 1; i < m->inputs; i++) {
        if (!whole_same(m->input[i].path, to))
            continue;
        snprintf(m->error, sizeof m->error, "%s: is a trace being read; write to another file", to);
        return STATUS_USAGE;
    }
    int status = merge_open(m) ? output_create(&out, m->input[0].path, &m->info, o->text, o->level) : STATUS_INPUT;
    if (status)
        return status;
    const bool merged = merge_run(m, put_merged, &out), written = !*trace_writer_error(out.writer);
    status = output_finish(&out, !written ? STATUS_OUTPUT : merged ? STATUS_EQUAL : STATUS_INPUT);
    FILE *report = strcmp(to, "-") ? stdout : stderr;
    for (unsigned i = 0; status == STATUS_EQUAL && i < m->inputs; i++)
        fprintf(report, "%-12s %" PRIu64 " accesses, threads %u to %u\n", plain(m->input[i].path), m->input[i].taken,
                m->input[i].first_thread,
                m->input[i].first_thread + (m->input[i].threads ? m->input[i].threads - 1 : 0));
    return status;
}

int merge_command(const char *self, int argc, char **argv)
{
    struct options o;
    int status = parse(self, argc, argv, &o);
    if (status != STATUS_EQUAL)
        return status;
    if (o.help)
        return printf(merge_help, self) < 0 ? STATUS_OUTPUT : STATUS_EQUAL;
    int inputs = argc - optind - 1;
    if (inputs < 2 || inputs > MERGE_MOST)
        return wrong_usage(self, "merge", "takes 2 to 64 files to read, and one to write", "");
    struct merge m = {.inputs = (unsigned)inputs, .quantum = o.quantum};
    for (int i = 0; i < inputs; i++)
        m.input[i].path = argv[optind + i];
    status = run_merge(self, &m, argv[argc - 1], &o);
    if (m.error[0])
        fprintf(stderr, "%s: %s\n", self, plain(m.error));
    merge_close(&m);
    return status;
}
