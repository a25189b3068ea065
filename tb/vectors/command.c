/* The command `twinwalk vectors`: directed cases on every engine of this binary, alike. */
#include "vectors.h"

#include <argp.h>
#include <errno.h>
#include <fnmatch.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/arguments.h"
#include "base/clock.h"
#include "base/exits.h"
#include "base/interrupt.h"
#include "base/progress.h"
#include "base/shell.h"
#include "dut/dut_list.h"
#include "mmu_cfg.h"
#include "reduce.h"
#include "report/waveform.h"
#include "traces/format/plain.h"

enum { KEY_ON = 256, KEY_JSON, KEY_CASE, KEY_FAILURES, KEY_REDUCE, KEY_OUT, FAILURES = 10, ENGINES_MOST = 8 };

struct session {
    const char *on, *json_path, *pattern;
    char **files;
    int file_count;
    struct vector_engine *engine[ENGINES_MOST], *explainer;
    struct vector_score score[ENGINES_MOST];
    const struct dut_ops *ops[ENGINES_MOST]; /* NULL: the oracle */
    char *word[ENGINES_MOST];                /* what the command line calls it */
    size_t engines;
    struct vector_json json;
    double reduce;   /* seconds that are left for the reduction of failures; 0: none */
    const char *out; /* folder for their folders */
    struct vector_past past;
    uint64_t taken;    /* cases that the pattern let through */
    uint64_t failures; /* of an engine that are told; the others are only counted */
    struct progress progress;
};

/* ---- Command line ---- */

static bool add_engine(struct argp_state *state, struct session *s, const char *name, const char **error)
{
    const bool oracle = !strcmp(name, "oracle");
    const struct dut_ops *ops = oracle ? NULL : dut_find(dut_argument(state, "on", name));
    *error = "named twice, or too many engines";
    for (size_t i = 0; i < s->engines; i++)
        if (!strcmp(s->score[i].engine, oracle ? name : ops->name))
            return false;
    if (s->engines == ENGINES_MOST)
        return false;
    struct vector_engine *engine = oracle ? vector_oracle(error) : vector_device(ops, error);
    if (!engine)
        return false;
    s->engine[s->engines] = engine;
    s->ops[s->engines] = ops;
    s->word[s->engines] = strdup(name); /* NULL: its own name will do */
    s->score[s->engines++].engine = engine->name;
    return true;
}

static void add_engines(struct argp_state *state, struct session *s)
{
    static const char *const all[] = {"oracle", "model", "rtl"};
    const char *error = "", *name;
    if (!s->on) {
        for (size_t i = 0; i < sizeof all / sizeof *all; i++)
            if ((i == 0 || dut_find(all[i])) && !add_engine(state, s, all[i], &error)) {
                fprintf(stderr, "%s: %s: %s\n", state->name, all[i], error); /* argp_failure needs memory for it */
                exit(STATUS_HOST);
            }
        return;
    }
    char *list = strdup(s->on), *rest = list;
    while (list && (name = strsep(&rest, ",")))
        if (!add_engine(state, s, name, &error))
            argp_error(state, "--on=%s: %s: %s", s->on, name, error);
    free(list);
}

static error_t parse(int key, char *arg, struct argp_state *state)
{
    struct session *s = state->input;
    switch (key) {
    case KEY_ON:
        s->on = arg;
        return 0;
    case KEY_JSON:
        s->json_path = arg;
        return 0;
    case KEY_CASE:
        s->pattern = arg;
        return 0;
    case KEY_FAILURES:
        s->failures = arguments_number(state, "failures", arg, 0, UINT64_MAX, false);
        return 0;
    case KEY_REDUCE:
        s->reduce = arguments_reduce(state, arg);
        return 0;
    case KEY_OUT:
        s->out = arg;
        return 0;
    case ARGP_KEY_ARGS:
        s->files = state->argv + state->next;
        s->file_count = state->argc - state->next;
        return 0;
    case ARGP_KEY_END:
        if (!s->file_count)
            argp_error(state, "no file of cases given (those of Twinwalk: traces/vectors/*.txt)");
        add_engines(state, s);
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

static void parse_arguments(struct session *s, int argc, char **argv)
{
    static const struct argp_option options[] = {
        {"on", KEY_ON, "ENGINES", 0,
         "Who is asked, separated by commas: oracle, model, rtl, another device of `twinwalk version` or the "
         "path of a library that is one (the first three, as far as built in)",
         0},
        {"case", KEY_CASE, "PATTERN", 0, "Only cases whose name matches this shell pattern", 0},
        {"failures", KEY_FAILURES, "N", 0,
         "Tell of so many failures of an engine at most, count the others (10; 0: all)", 0},
        {"reduce", KEY_REDUCE, "SECONDS", 0, ARGUMENTS_REDUCE_HELP, 0},
        {"out", KEY_OUT, "FOLDER", 0, "Where folders for reduced failures are made (out)", 0},
        {"json", KEY_JSON, "FILE", 0, "Write the results as JSON too (-: standard output)", 0},
        {0},
    };
    static const struct argp argp = {
        options, parse, "FILE...", "Runs directed cases (docs/trace-format.md section 11).", NULL, NULL, NULL};
    arguments_parse(&argp, argc, argv, s);
}

/* ---- Running ---- */

static void count_unmet(struct vector_score *score, const struct vector_unmet *unmet)
{
    score->skipped++;
    score->paddr += unmet->paddr;
    for (unsigned i = 0; i < 8; i++) {
        score->needs[i] += unmet->needs >> i & 1;
        score->lacks[i] += unmet->lacks >> i & 1;
    }
}

static void explain(struct session *s, const struct oracle_cpu *cpu, const struct vector *v, size_t at, FILE *out)
{
    const char *error;
    if (!s->explainer)
        s->explainer = vector_oracle(&error);
    if (s->explainer)
        vector_explain(s->explainer, cpu, v, at, out);
}

/* The case alone, on a new device, with a waveform in the folder. */
static void write_waves(const struct dut_ops *ops, const struct oracle_cpu *cpu, const struct vector *v,
                        const char *folder)
{
    const char *error;
    struct vector_verdict verdict;
    struct waveform waveform;
    char path[560];
    snprintf(path, sizeof path, "%s/waves.fst", folder);
    if (!ops->waves_start || ops->alone || !waveform_open(&waveform, path))
        return;
    struct vector_engine *device = vector_device(ops, &error);
    if (device) {
        vector_waves(device, waveform.part);
        vector_run(device, cpu, v, &verdict);
        device->destroy(device);
    }
    waveform_keep(&waveform, device != NULL, 0);
}

/* Of a device's failure; that of the oracle is the case's own, or the bench's. */
static void reduce_case(struct session *s, size_t number, const struct oracle_cpu *cpu, const struct vector *v,
                        const struct vector_verdict *verdict, FILE *out)
{
    struct vector_engine *engine = s->engine[number];
    const struct dut_ops *ops = s->ops[number];
    struct finding finding = {.kind = FINDING_EXPECT, .cycle = UINT64_MAX};
    const struct found found = {"vectors", vector_case(v)->name, &finding, engine->name, s->out};
    struct reduced reduced;
    char folder[540];
    if (s->reduce <= 0 || !ops || interrupt_count)
        return;
    snprintf(finding.field, sizeof finding.field, "%s", verdict->field);
    snprintf(finding.expected, sizeof finding.expected, "%s", verdict->expected);
    snprintf(finding.actual, sizeof finding.actual, "%s", verdict->got);
    if (!found_begin(&found, folder))
        return;
    write_waves(ops, cpu, v, folder);
    fprintf(stderr, "twinwalk: reducing, for at most %.0f s (Ctrl-C ends it) …\n", s->reduce);
    char *head = reduce_head(&finding, engine->name, shell_rerun());
    vector_reduce(engine, ops, s->word[number], &s->past, v, verdict, folder, head, s->reduce, &reduced);
    free(head);
    s->reduce -= reduced.seconds;
    found_end(folder, &reduced, out);
}

static void tell(struct session *s, size_t number, const struct oracle_cpu *cpu, const struct vector *v,
                 const struct vector_verdict *verdict, FILE *out)
{
    const struct vector_score *score = &s->score[number];
    progress_end(&s->progress);
    if (!s->failures || score->failed <= s->failures) {
        vector_report_failure(out, score->engine, v, verdict);
        explain(s, cpu, v, verdict->at, out);
        reduce_case(s, number, cpu, v, verdict, out);
    } else if (score->failed == s->failures + 1) {
        fprintf(out,
                "FAILED on %s: %s, and perhaps more: from here on they are only counted (--json= names them, "
                "--failures=0 tells of all)\n",
                score->engine, vector_case(v)->name);
    }
    if (verdict->hung)
        fprintf(out, "  %s hangs: it is asked no more.\n", score->engine);
}

/* A device that has hung will hang again, and each time takes its whole patience. */
static void run_on(struct session *s, size_t number, const struct vector *v, FILE *out)
{
    struct vector_engine *engine = s->engine[number];
    struct vector_score *score = &s->score[number];
    struct vector_verdict verdict;
    struct vector_unmet unmet;
    const struct oracle_cpu cpu = vector_cpu(vector_case(v), engine->any_cpu, &unmet);
    const bool skipped = unmet.needs || unmet.lacks || unmet.paddr, ran = !skipped && !score->hung;
    score->cases++;
    progress_say(&s->progress, "%" PRIu64 " cases, %s on %s", s->taken, vector_case(v)->name, engine->name);
    if (skipped) {
        count_unmet(score, &unmet);
    } else if (!ran) {
        score->not_run++;
    } else {
        vector_run(engine, &cpu, v, &verdict);
        score->passed += verdict.passed;
        score->failed += !verdict.passed;
        score->hung = verdict.hung;
    }
    if (s->json.out.file)
        vector_json_case(&s->json, engine->name, v, &unmet, ran ? &verdict : NULL);
    if (ran && !verdict.passed)
        tell(s, number, &cpu, v, &verdict, out);
}

/* Whether the preset could run it. */
static bool fits(const struct vector *v)
{
    struct vector_unmet unmet;
    vector_cpu(vector_case(v), false, &unmet);
    return !unmet.needs && !unmet.lacks && !unmet.paddr;
}

/* The file's cases on every engine. Time is taken around each case, engine by engine; reading the file belongs to none.
 */
static bool run_file(struct session *s, const char *path, FILE *out, const char **error)
{
    struct vector_source *source = vector_open(path, error);
    struct vector v;
    int got = 0;
    bool any = false;
    if (!source)
        return false;
    for (; !interrupt_count && (got = vector_next(source, &v, error)) > 0; any = true) {
        if (s->pattern && fnmatch(s->pattern, vector_case(&v)->name, 0))
            continue;
        s->taken++;
        double then = cpu_seconds();
        for (size_t i = 0; i < s->engines; i++) {
            run_on(s, i, &v, out);
            const double now = cpu_seconds();
            s->score[i].seconds += now - then;
            then = now;
        }
        if (s->reduce > 0 && fits(&v) && !vector_past_add(&s->past, &v))
            s->reduce = 0;
    }
    static char kept[1200]; /* outlives the source */
    if (got < 0)
        snprintf(kept, sizeof kept, "%s", *error);
    else
        snprintf(kept, sizeof kept, "%s: holds no case", strcmp(path, "-") ? path : "standard input");
    const bool good = interrupt_count || (got >= 0 && any);
    *error = good ? NULL : kept;
    vector_close(source);
    return good;
}

static bool open_json(struct session *s)
{
    struct outfile_use use[2] = {{"json", s->json_path, OUTFILE_WRITE}, {"", NULL, OUTFILE_READ}};
    if (!s->json_path)
        return true;
    for (int i = 0; i < s->file_count; i++) {
        use[1].path = s->files[i];
        if (!outfile_apart(use, 2))
            exit(STATUS_USAGE);
    }
    if (!outfile_open(&s->json.out, "json", s->json_path))
        return false;
    vector_json_begin(&s->json);
    return true;
}

static bool close_json(struct session *s, const char *error)
{
    if (!s->json.out.file)
        return true;
    vector_json_end(&s->json, s->score, s->engines, error);
    return outfile_keep(&s->json.out);
}

/* All files on all engines. Gives the status as far as it is known then. */
static int run_files(struct session *s, const char *self, FILE *out, const char **error)
{
    bool good = true;
    interrupt_install();
    progress_start(&s->progress, "cases");
    for (int i = 0; good && !interrupt_count && i < s->file_count; i++)
        good = run_file(s, s->files[i], out, error);
    progress_end(&s->progress);
    int status = good ? STATUS_EQUAL : STATUS_INPUT;
    if (good && interrupt_count) {
        *error = "INTERRUPTED: the scores are of the cases until then";
        status = STATUS_INTERRUPTED;
    } else if (good && !s->taken) {
        *error = "no case has a name that matches --case";
        status = STATUS_USAGE;
    }
    if (status)
        fprintf(stderr, "%s: %s\n", self, plain(*error));
    return status;
}

/* An engine that was asked and could run no case at all has not judged anything. */
static int check_score(const char *self, const struct vector_score *score)
{
    if (score->failed)
        return STATUS_MISMATCH;
    if (!score->cases || score->skipped < score->cases)
        return STATUS_EQUAL;
    fprintf(stderr, "%s: %s: preset %s can run none of the %" PRIu64 " cases, so nothing was compared there\n", self,
            score->engine, CFG_NAME, score->cases);
    return STATUS_UNFIT;
}

int vectors_command(int argc, char **argv)
{
    struct session s = {.failures = FAILURES, .reduce = arguments_reduce_default(), .out = "out"};
    const char *error = NULL;
    parse_arguments(&s, argc, argv);
    FILE *out = outfile_table(s.json_path);
    if (!open_json(&s))
        return STATUS_OUTPUT;
    int status = run_files(&s, argv[0], out, &error);
    if (!close_json(&s, error))
        status = exits_both(status, STATUS_OUTPUT);
    for (size_t i = 0; i < s.engines; i++) {
        vector_report_score(out, &s.score[i]);
        status = exits_both(status, check_score(argv[0], &s.score[i]));
        s.engine[i]->destroy(s.engine[i]);
        free(s.word[i]);
    }
    if (s.explainer)
        s.explainer->destroy(s.explainer);
    vector_past_free(&s.past);
    if (fflush(out)) {
        fprintf(stderr, "%s: the report cannot be written: %s\n", argv[0], strerror(errno));
        status = exits_both(status, STATUS_OUTPUT);
    }
    return status;
}
