/* The command line of the directed benches: see bench.h. */
#define _GNU_SOURCE
#include "bench.h"

#include <argp.h>
#include <inttypes.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/about.h"
#include "base/arguments.h"
#include "base/exits.h"
#include "base/outfile.h"
#include "base/shell.h"
#include "dut/dut_list.h"

enum {
    KEY_DUT = 256,
    KEY_ONLY,
    KEY_JSON,
    KEY_QUICK,
    KEY_SHARE,
    KEY_STATE,
    KEY_CHECK,
    KEY_REDUCE,
    KEY_OUT,
    KEY_WAVES,
    OPTIONS_MOST = 13
};

/* In the order of --help. Those with a bit are of the verbs that say so. */
static const struct {
    unsigned bit;
    struct argp_option option;
} known[] = {
    {0, {"dut", KEY_DUT, "NAME", 0, "The device under test; without it the cycle model alone is judged", 0}},
    {0, {"only", KEY_ONLY, "TEXT", 0, "Only the parts whose name contains the text (`--only=list` lists them)", 0}},
    {0, {"op", 0, NULL, OPTION_ALIAS | OPTION_HIDDEN, NULL, 0}},
    {BENCH_CHECK,
     {"check", KEY_CHECK, "LEVEL", 0,
      "cycle: model and device in lockstep (the default, or what a library asks for); arch: a device whose clock is "
      "its own, judged by the oracle "
      "and by the rules of its handshakes",
      0}},
    {BENCH_SHARE, {"share", KEY_SHARE, "I/N", 0, "Only every Nth combination, from the Ith on (0 ... N-1)", 0}},
    {BENCH_STATE,
     {"state-every", KEY_STATE, "CYCLES", 0, "Compare all state every so many cycles too; 0: only at the end", 0}},
    {BENCH_QUICK, {"quick", KEY_QUICK, NULL, 0, "Fewer accesses: rough numbers", 0}},
    {BENCH_REDUCE, {"reduce", KEY_REDUCE, "SECONDS", 0, ARGUMENTS_REDUCE_HELP, 0}},
    {BENCH_REDUCE,
     {"waves", KEY_WAVES, "FILE", 0,
      "Of the first difference, run again and write a waveform (FST) of the last 200 cycles before it", 0}},
    {BENCH_REDUCE, {"out", KEY_OUT, "FOLDER", 0, "Where folders for reduced failures are made (out)", 0}},
    {0, {"json", KEY_JSON, "FILE", 0, "Write the results as JSON too (-: standard output)", 0}},
};

bool bench_wants(const struct bench *b, const char *part)
{
    return !b->only || strcasestr(part, b->only);
}

const char *bench_dut(const struct bench *b)
{
    return b->dut ? b->dut->name : NULL;
}

const char *bench_who(const struct bench *b)
{
    static char text[64];
    if (!b->dut)
        return "model";
    snprintf(text, sizeof text, "%s%s%s", b->paced ? "" : "model and ", b->dut->name, b->paced ? " alone" : "");
    return text;
}

static void list_parts(const struct bench *b)
{
    for (unsigned n = 0; b->part(n); n++)
        puts(b->part(n));
    exit(STATUS_EQUAL);
}

static void check_only(struct argp_state *state, const struct bench *b)
{
    for (unsigned n = 0; b->part(n); n++)
        if (bench_wants(b, b->part(n)))
            return;
    argp_error(state, "--only=%s: no part has such a name; --only=list lists them", b->only);
}

/* What needs more than one option. */
static void check_together(struct argp_state *state, struct bench *b)
{
    if (b->options & BENCH_CHECK && !b->check_asked && b->level)
        b->paced = strcmp(b->level, "arch") == 0;
    if (b->state_asked && b->dut && !b->dut->has_state)
        argp_error(state, "--state-every: %s has no readable state", b->dut->name);
    if (b->paced && !b->dut)
        argp_error(state, "--check=arch judges a device, and --dut is missing");
    if (b->waves && (!b->dut || !b->dut->waves_start || b->dut->alone))
        argp_error(state, "--waves=%s: %s", b->waves,
                   b->dut ? "this device writes no waveforms" : "a waveform is of a device, and --dut is missing");
    if (b->paced && b->state_asked)
        argp_error(state, "--state-every compares model and device clock by clock: use --check=cycle");
    if (b->state_asked && !b->dut)
        argp_error(state, "--state-every compares the state of a device, and --dut is missing");
}

static error_t parse(int key, char *argument, struct argp_state *state)
{
    struct bench *b = state->input;
    switch (key) {
    case KEY_DUT:
        b->device = argument;
        b->dut = dut_find(dut_argument(state, "dut", argument));
        b->level = dut_check(argument);
        return 0;
    case KEY_ONLY:
        b->only = argument;
        if (strcmp(argument, "list") == 0)
            list_parts(b);
        check_only(state, b);
        return 0;
    case KEY_JSON:
        b->json = argument;
        return 0;
    case KEY_REDUCE:
        b->reduce = arguments_reduce(state, argument);
        return 0;
    case KEY_OUT:
        b->folder = argument;
        return 0;
    case KEY_WAVES:
        b->waves = argument;
        return 0;
    case KEY_QUICK:
        b->quick = true;
        return 0;
    case KEY_SHARE:
        arguments_share(state, "share", argument, &b->share, &b->shares);
        return 0;
    case KEY_CHECK:
        if (strcmp(argument, "arch") && strcmp(argument, "cycle"))
            argp_error(state, "--check=%s: must be arch or cycle", argument);
        b->paced = argument[0] == 'a';
        b->check_asked = true;
        return 0;
    case KEY_STATE:
        b->state_every = arguments_number(state, "state-every", argument, 0, UINT64_MAX, false);
        b->state_asked = true;
        return 0;
    case ARGP_KEY_ARG:
        argp_error(state, "%s: takes no argument", argument);
        return 0;
    case ARGP_KEY_END:
        check_together(state, b);
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

/* Rows are printed when they are whole: those until now are all that there is to keep. */
static void stop(int number)
{
    static const char text[] = "INTERRUPTED: the rows above are what was compared until then.\n";
    const ssize_t written = write(STDERR_FILENO, text, sizeof text - 1);
    (void)number, (void)written;
    _exit(STATUS_INTERRUPTED);
}

static void stop_on_signals(void)
{
    const struct sigaction action = {.sa_handler = stop};
    setvbuf(stdout, NULL, _IOLBF, 0);
    sigaction(SIGINT, &action, NULL);
    sigaction(SIGTERM, &action, NULL);
    sigaction(SIGHUP, &action, NULL);
}

void bench_arguments(struct bench *b, int argc, char **argv)
{
    struct argp_option options[OPTIONS_MOST] = {0};
    unsigned count = 0;
    for (size_t i = 0; i < sizeof known / sizeof *known; i++)
        if (!known[i].bit || known[i].bit & b->options)
            options[count++] = known[i].option;
    const struct argp argp = {.options = options, .parser = parse, .doc = b->doc};
    b->shares = 1;
    b->reduce = arguments_reduce_default();
    b->folder = "out";
    arguments_parse(&argp, argc, argv, b);
    b->out = outfile_table(b->json);
    if (b->json && !outfile_possible("json", b->json))
        exit(STATUS_OUTPUT);
    stop_on_signals();
}

int bench_end(const struct bench *b, json_t *root, bool good, uint64_t compared, const char *what)
{
    struct outfile out;
    int status = good ? STATUS_EQUAL : STATUS_MISMATCH;
    if (good && !compared) {
        fprintf(stderr, "%s: %s, so nothing was compared\n", b->self, what);
        status = STATUS_INCOMPLETE;
    }
    fflush(b->out);
    if (b->json && !outfile_open(&out, "json", b->json))
        status = exits_both(status, STATUS_OUTPUT);
    else if (b->json && !about_write(root, JSON_INDENT(1), &out))
        status = exits_both(status, STATUS_OUTPUT);
    return status;
}

void bench_offer_waves(const struct bench *b)
{
    if (b->reduce <= 0 && !b->waves && b->dut && b->dut->waves_start && !b->dut->alone)
        fprintf(b->out, "    waves     %s --waves=FILE.fst\n", shell_rerun());
}
