/* The command line of the subcommands that run an MMU: see options.h. */
#include "options.h"
#include "options_serial.h"

#include <argp.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/arguments.h"
#include "base/exits.h"
#include "base/outfile.h"
#include "dut/dut_list.h"
#include "mmu_cfg.h"
#include "processes/serial_tlbs.h"
#include "replay/world.h"
#include "session/slices.h"

enum {
    KEY_DUT = 256,
    KEY_CHECK,
    KEY_JSON,
    KEY_WAVES,
    KEY_WAVES_FROM,
    KEY_WAVES_TO,
    KEY_MEMORY,
    KEY_LATENCY,
    KEY_SEED,
    KEY_VERIFY,
    KEY_LIMIT,
    KEY_WINDOW,
    KEY_NO_SKIP,
    KEY_STATE_EVERY,
    KEY_SPEED,
    KEY_FROM,
    KEY_TO,
    KEY_HANG,
    KEY_REQUESTS,
    KEY_CYCLES,
    KEY_OUT,
    KEY_REDUCE,
    KEY_BRIEF,
    KEY_RECORDS,
    KEY_PINS,
    KEY_EXPLAIN,
    KEY_JOBS,
    KEY_SLICES,
    KEY_SLICE,
    KEY_SQUASH,
    GROUP_DUT = 1,
    GROUP_RUN,
    GROUP_OUTPUT,
    REQUESTS = 100000,
};

#define DUT_NAME_OPTION \
    {"dut", KEY_DUT, "NAME", 0, "One of `twinwalk version`, a library (PATH.so), or a board (fpga:DEVICE)", GROUP_DUT}

#define WAVES_OPTIONS                                                                  \
    {"waves", KEY_WAVES, "FILE", 0, "Write a waveform (FST)", GROUP_OUTPUT},           \
        {"waves-from", KEY_WAVES_FROM, "CYCLE", 0, "… from this cycle", GROUP_OUTPUT}, \
    {                                                                                  \
        "waves-to", KEY_WAVES_TO, "CYCLE", 0, "… to this one", GROUP_OUTPUT            \
    }

#define DUT_OPTIONS                                                                                               \
    DUT_NAME_OPTION,                                                                                              \
        {"check",                                                                                                 \
         KEY_CHECK,                                                                                               \
         "LEVEL",                                                                                                 \
         0,                                                                                                       \
         "arch (translations, faults, final memory), events (and which structure hit, which memory "              \
         "requests), cycle (the clock of everything; the default, or what a library asks for) or state (and all " \
         "state)",                                                                                                \
         GROUP_DUT},                                                                                              \
        {"state-every", KEY_STATE_EVERY, "CYCLES", 0, "Compare all state so often with --check=state (4096)",     \
         GROUP_DUT},                                                                                              \
        {"from", KEY_FROM, "CYCLE", 0, "Compare all state in every cycle from here …", GROUP_DUT},                \
        {"to", KEY_TO, "CYCLE", 0, "… to here", GROUP_DUT},                                                       \
        {"brief", KEY_BRIEF, NULL, 0, "One line instead of the table, when everything is equal", GROUP_OUTPUT},   \
        {"speed", KEY_SPEED, NULL, 0, "Run the DUT alone as well, and compare speeds", GROUP_DUT}, WAVES_OPTIONS, \
        {"out", KEY_OUT, "FOLDER", 0, "Where folders for mismatches are made (out)", GROUP_OUTPUT},               \
    {                                                                                                             \
        "reduce", KEY_REDUCE, "SECONDS", 0, ARGUMENTS_REDUCE_HELP, GROUP_OUTPUT                                   \
    }

#define RUN_OPTIONS                                                                                                  \
    {"memory", KEY_MEMORY, "MODEL", 0, "Latency of simulated memory: fixed, random or cache (preset's)", GROUP_RUN}, \
        {"latency", KEY_LATENCY, "CYCLES", 0, "Cycles of a memory access; implies --memory=fixed", GROUP_RUN},       \
        {"seed", KEY_SEED, "N", 0, "Of everything random (1)", GROUP_RUN},                                           \
        {"no-skip",                                                                                                  \
         KEY_NO_SKIP,                                                                                                \
         NULL,                                                                                                       \
         0,                                                                                                          \
         "Step through cycles in which everything waits for memory; the totals are the same",                        \
         GROUP_RUN},                                                                                                 \
        {"hang",                                                                                                     \
         KEY_HANG,                                                                                                   \
         "CYCLES",                                                                                                   \
         0,                                                                                                          \
         "So many cycles without progress are a hang (100000 and the memory's latency)",                             \
         GROUP_RUN},                                                                                                 \
    {                                                                                                                \
        "json", KEY_JSON, "FILE", 0, "Write the results as JSON too (-: standard output)", GROUP_OUTPUT              \
    }

#define TRACE_OPTIONS                                                                           \
    {"limit", KEY_LIMIT, "N", 0, "Replay at most so many accesses", GROUP_RUN},                 \
    {                                                                                           \
        "window", KEY_WINDOW, "N", 0, "Entries of the reorder window, 1 to 256 (64)", GROUP_RUN \
    }

#define SLICES_OPTIONS                                                                                               \
    {"jobs",   KEY_JOBS, "N", 0, "Cut the trace into slices, and run them in lockstep in N processes at a time",     \
     GROUP_DUT},                                                                                                     \
        {"slices", KEY_SLICES, "N", 0, "… so many of equal length (as many as keep the processes busy)", GROUP_DUT}, \
    {                                                                                                                \
        "slice", KEY_SLICE, "I/N", 0, "Of N slices of equal length only slice I, 0 to N-1", GROUP_DUT                \
    }

static const char *const check_levels[] = {"arch", "events", "cycle", "state", NULL};

static error_t parse_dut(int key, char *arg, struct argp_state *state, struct setup *o)
{
    switch (key) {
    case KEY_DUT:
        o->dut = dut_argument(state, "dut", arg);
        return 0;
    case KEY_CHECK:
        o->check = (enum check_level)arguments_choice(state, "check", arg, check_levels);
        o->check_asked = true;
        return 0;
    case KEY_STATE_EVERY:
        o->state_every = arguments_number(state, "state-every", arg, 1, UINT64_MAX, false);
        o->state_asked = true;
        return 0;
    case KEY_FROM:
        o->from = arguments_number(state, "from", arg, 0, UINT64_MAX, false);
        o->dense = true;
        return 0;
    case KEY_TO:
        o->to = arguments_number(state, "to", arg, 0, UINT64_MAX, false);
        o->dense = true;
        return 0;
    case KEY_SPEED:
        o->speed = true;
        return 0;
    case KEY_WAVES:
        o->waves = arg;
        return 0;
    case KEY_WAVES_FROM:
        o->waves_from = arguments_number(state, "waves-from", arg, 0, UINT64_MAX, false);
        return 0;
    case KEY_WAVES_TO:
        o->waves_to = arguments_number(state, "waves-to", arg, 0, UINT64_MAX, false);
        return 0;
    case KEY_BRIEF:
        o->brief = true;
        return 0;
    case KEY_JOBS:
        o->jobs = (unsigned)arguments_number(state, "jobs", arg, 1, SLICES_JOBS_MOST, false);
        return 0;
    case KEY_SLICES:
        o->slices = arguments_number(state, "slices", arg, 1, 1000000, false);
        return 0;
    case KEY_SLICE:
        arguments_share(state, "slice", arg, &o->slice, &o->slice_of);
        return 0;
    case KEY_REDUCE:
        o->reduce = arguments_reduce(state, arg);
        return 0;
    case KEY_OUT:
        o->out = arg;
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

static error_t parse_run(int key, char *arg, struct argp_state *state, struct setup *o)
{
    static const char *const models[] = {"fixed", "random", "cache", NULL};
    o->clocked = key == KEY_MEMORY    ? "memory"
                 : key == KEY_LATENCY ? "latency"
                 : key == KEY_NO_SKIP ? "no-skip"
                 : key == KEY_HANG    ? "hang"
                 : key == KEY_WINDOW  ? "window"
                                      : o->clocked;
    switch (key) {
    case KEY_MEMORY:
        o->memory.model = (enum memport_model)arguments_choice(state, "memory", arg, models);
        o->memory_name = models[o->memory.model];
        return 0;
    case KEY_LATENCY:
        o->memory.fixed_latency = (unsigned)arguments_number(state, "latency", arg, 1, 100000, false);
        o->memory.model = MEMPORT_FIXED;
        o->memory_name = models[MEMPORT_FIXED];
        return 0;
    case KEY_SEED:
        o->seed = arguments_number(state, "seed", arg, 0, UINT64_MAX, false);
        o->memory.seed = o->seed;
        return 0;
    case KEY_NO_SKIP:
        o->skip = false;
        return 0;
    case KEY_HANG:
        o->hang_after = arguments_number(state, "hang", arg, 1, UINT64_MAX, false);
        return 0;
    case KEY_JSON:
        o->json = arg;
        return 0;
    case KEY_VERIFY:
        o->verify = arg ? arguments_number(state, "verify", arg, 1, UINT64_MAX, false) : 1000;
        return 0;
    case KEY_RECORDS:
        o->records = arg;
        return 0;
    case KEY_EXPLAIN:
        o->explain = arg;
        return 0;
    case KEY_PINS:
        o->pins = arg;
        return 0;
    case KEY_LIMIT:
        o->limit = arguments_number(state, "limit", arg, 1, UINT64_MAX, false);
        return 0;
    case KEY_WINDOW:
        o->window = (unsigned)arguments_number(state, "window", arg, 1, WORLD_WINDOW_MOST, false);
        return 0;
    case KEY_CYCLES:
        o->cycles = arguments_number(state, "cycles", arg, 1, UINT64_MAX, false);
        return 0;
    case KEY_REQUESTS:
        o->requests = arguments_number(state, "requests", arg, 1, UINT64_MAX, false);
        return 0;
    case KEY_SQUASH:
        o->squash = (int)arguments_number(state, "squash", arg, 0, 100, false);
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

/* The level that a device asks for, when the command line does not. */
static void choose_check(struct argp_state *state, struct setup *o)
{
    const char *check = o->dut && !o->check_asked ? dut_check(o->dut) : NULL;
    if (check)
        o->check = (enum check_level)arguments_choice(state, "check", check, check_levels);
}

/* Checks that need more than one option, and those that must not wait for the end of a long run. */
static void finish(struct argp_state *state, struct setup *o)
{
    const unsigned slowest[] = {o->memory.fixed_latency, o->memory.random_max, o->memory.dram_latency};
    if (o->hang_after == SETUP_HANG_CYCLES)
        o->hang_after += slowest[o->memory.model];
    if (!o->requests)
        o->requests = o->cycles == UINT64_MAX ? REQUESTS : UINT64_MAX;
    if (o->state_asked && o->check != CHECK_STATE)
        argp_error(state, "--state-every is for --check=state");
    if (o->jobs && o->slice_of)
        argp_error(state, "--slice runs one slice in this process, and --jobs all in several: one of them");
    if (o->slices && o->jobs < 2)
        argp_error(state, "--slices is for --jobs=2 and more");
    if (o->from > o->to)
        argp_error(state, "--from=%llu is after --to=%llu", (unsigned long long)o->from, (unsigned long long)o->to);
    if (o->serial.on && o->clocked)
        argp_error(state, "--%s is about the clock, which --serial does without", o->clocked);
    if (!o->waves && (o->waves_from || o->waves_to != UINT64_MAX))
        argp_error(state, "--waves-from and --waves-to are for --waves=FILE, which is missing");
    if (o->waves_from > o->waves_to)
        argp_error(state, "--waves-from=%llu is after --waves-to=%llu", (unsigned long long)o->waves_from,
                   (unsigned long long)o->waves_to);
    const struct kernel_setup *k = &o->kernel;
    const struct outfile_use files[] = {
        {"", o->trace, OUTFILE_READ},           {"json", o->json, OUTFILE_WRITE},
        {"waves", o->waves, OUTFILE_WRITE},     {"smaps", k->smaps, OUTFILE_PRINT},
        {"rollup", k->rollup, OUTFILE_PRINT},   {"top", k->top, OUTFILE_PRINT},
        {"records", o->records, OUTFILE_WRITE}, {"pins", o->pins, OUTFILE_WRITE},
        {"faults", k->faults, OUTFILE_PRINT},
    };
    if (!outfile_apart(files, sizeof files / sizeof *files))
        exit(STATUS_USAGE);
    for (size_t i = 1; i < sizeof files / sizeof *files; i++)
        if (files[i].path && !outfile_possible(files[i].option, files[i].path))
            exit(STATUS_OUTPUT);
}

static error_t parse(int key, char *arg, struct argp_state *state)
{
    struct setup *o = state->input;
    switch (key) {
    case ARGP_KEY_INIT:
        if (state->child_inputs)
            state->child_inputs[0] = &o->kernel;
        return 0;
    case ARGP_KEY_ARG:
        if (o->trace)
            argp_error(state, "%s: one trace at a time", arg);
        o->trace = arg;
        return 0;
    case ARGP_KEY_END:
        choose_check(state, o);
        finish(state, o);
        return 0;
    default:
        break;
    }
    const error_t result = parse_dut(key, arg, state, o);
    return result == ARGP_ERR_UNKNOWN ? parse_run(key, arg, state, o) : result;
}

static const struct argp_child kernel[] = {{&options_kernel_argp, 0, "The OS model:", GROUP_RUN}, {0}};
static const struct argp_child kernel_and_serial[] = {
    {&options_kernel_argp, 0, "The OS model:", GROUP_RUN}, {&options_serial_argp, 0, "Plain counts:", GROUP_RUN}, {0}};

/* As parse, with plain counts too. */
static error_t parse_model(int key, char *arg, struct argp_state *state)
{
    struct setup *o = state->input;
    if (key == ARGP_KEY_INIT)
        state->child_inputs[1] = &o->serial;
    return parse(key, arg, state);
}

static void parse_with(const struct argp *argp, struct setup *o, int argc, char **argv, bool needs_trace)
{
    arguments_parse(argp, argc, argv, o);
    if (needs_trace == (o->trace != NULL))
        return;
    fprintf(stderr,
            needs_trace ? "%s: no trace given; `%s --help` says how\n" : "%s: takes no trace; `%s --help` says how\n",
            argv[0], argv[0]);
    exit(STATUS_USAGE);
}

void options_parse_cosim(struct setup *o, int argc, char **argv)
{
    static const struct argp_option options[] = {DUT_OPTIONS, SLICES_OPTIONS, RUN_OPTIONS, TRACE_OPTIONS, {0}};
    static const struct argp argp = {
        options, parse, "TRACE", "Replays a trace through the cycle model and a device under test, and compares.",
        kernel,  NULL,  NULL};
    parse_with(&argp, o, argc, argv, true);
}

void options_parse_model(struct setup *o, int argc, char **argv)
{
    o->serial.shapes = serial_tlbs_preset();
    static const struct argp_option options[] = {RUN_OPTIONS, TRACE_OPTIONS, {0}};
    static const struct argp argp = {
        options,           parse_model, "TRACE", "Replays a trace through the cycle model alone, at full speed.",
        kernel_and_serial, NULL,        NULL};
    parse_with(&argp, o, argc, argv, true);
}

void options_parse_profile(struct setup *o, int argc, char **argv)
{
    static const struct argp_option options[] = {
        DUT_NAME_OPTION,
        {"records", KEY_RECORDS, "FILE", 0, "Write what became of every access, for `twinwalk compare`", GROUP_OUTPUT},
        {"explain", KEY_EXPLAIN, "N,…", 0, "Print the walks of these accesses, counted from 0 in program order",
         GROUP_OUTPUT},
        {"pins", KEY_PINS, "FILE", 0, "Write the pins of every cycle …", GROUP_OUTPUT},
        {"from", KEY_FROM, "CYCLE", 0, "… from here …", GROUP_OUTPUT},
        {"to", KEY_TO, "CYCLE", 0, "… to here", GROUP_OUTPUT},
        WAVES_OPTIONS,
        RUN_OPTIONS,
        TRACE_OPTIONS,
        {0}};
    static const struct argp argp = {
        options, parse,
        "TRACE", "Replays a trace through one device under test, judged by the oracle, and books every cycle.",
        kernel,  NULL,
        NULL};
    parse_with(&argp, o, argc, argv, true);
}

void options_parse_memory(struct setup *o, int argc, char **argv)
{
    static const struct argp_option options[] = {
        {"seed", KEY_SEED, "N", 0, "Order in which frames are handed out (1)", GROUP_RUN},
        {"limit", KEY_LIMIT, "N", 0, "Replay at most so many accesses", GROUP_RUN},
        {"verify", KEY_VERIFY, "FAULTS", OPTION_ARG_OPTIONAL,
         "Check all that the OS model believes every so many faults (1000) and at the end", GROUP_RUN},
        {"json", KEY_JSON, "FILE", 0, "Write the results as JSON too (-: standard output)", GROUP_OUTPUT},
        {0}};
    static const struct argp argp = {
        options, parse,
        "TRACE", "Replays a trace through the OS model, with the architectural oracle as its MMU: no caches, no clock.",
        kernel,  NULL,
        NULL};
    parse_with(&argp, o, argc, argv, true);
}

void options_parse_tlb(struct setup *o, int argc, char **argv)
{
    static const struct argp_child kernel_and_tlb[] = {{&options_kernel_argp, 0, "The OS model:", GROUP_RUN},
                                                       {&options_tlb_argp, 0, "The TLBs:", GROUP_RUN},
                                                       {0}};
    static const struct argp_option options[] = {
        {"seed", KEY_SEED, "N", 0, "Order in which frames are handed out (1)", GROUP_RUN},
        {"limit", KEY_LIMIT, "N", 0, "Replay at most so many accesses", GROUP_RUN},
        {"json", KEY_JSON, "FILE", 0, "Write the results as JSON too (-: standard output)", GROUP_OUTPUT},
        {0}};
    static const struct argp argp = {options,
                                     parse_model,
                                     "TRACE",
                                     "Counts hits and misses of the TLBs, one access at a time, each once, without a "
                                     "clock (docs/counts.md).",
                                     kernel_and_tlb,
                                     NULL,
                                     NULL};
    o->serial.on = o->serial.quick = true;
    o->serial.shapes = serial_tlbs_preset();
    parse_with(&argp, o, argc, argv, true);
}

void options_parse_random(struct setup *o, int argc, char **argv)
{
    static const struct argp_option options[] = {
        {"requests", KEY_REQUESTS, "N", 0, "How many requests (100000, or as many as --cycles takes)", GROUP_RUN},
        {"cycles", KEY_CYCLES, "N", 0, "Stop after so many cycles; those that are jumped over do not count", GROUP_RUN},
        {"squash", KEY_SQUASH, "PERCENT", 0, "Drop so many of the requests in flight (a few, now and then)", GROUP_RUN},
        DUT_OPTIONS,
        RUN_OPTIONS,
        {0}};
    static const struct argp argp = {
        options, parse,
        "",      "Drives the cycle model and a device under test with constrained-random stimulus, and compares.",
        NULL,    NULL,
        NULL};
    o->memory.model = MEMPORT_RANDOM;
    o->memory_name = "random";
    parse_with(&argp, o, argc, argv, false);
}
