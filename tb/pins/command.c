/* The verb `twinwalk pins`: see command.h. */
#include "command.h"

#include <argp.h>
#include <inttypes.h>
#include <stdio.h>

#include "base/arguments.h"
#include "base/exits.h"
#include "base/interrupt.h"
#include "base/outfile.h"
#include "dut/dut_list.h"
#include "mmu_cfg.h"
#include "play.h"
#include "traces/format/plain.h"

enum { KEY_DUT = 256, KEY_STATE, KEY_HANG, KEY_WAVES, HANG_CYCLES = 100000 };

struct wishes {
    const char *path, *dut, *waves;
    struct play play;
};

static const struct argp_option options[] = {
    {"dut", KEY_DUT, "NAME", 0, "Device under test (see `twinwalk version` for those built in)", 0},
    {"state-every", KEY_STATE, "CYCLES", 0, "Compare all state so often (0: never)", 0},
    {"hang", KEY_HANG, "CYCLES", 0, "So many cycles without an answer are a hang (100000)", 0},
    {"waves", KEY_WAVES, "FILE", 0, "Write a waveform (FST)", 0},
    {0},
};

static error_t parse(int key, char *text, struct argp_state *state)
{
    struct wishes *w = state->input;
    switch (key) {
    case KEY_DUT:
        w->dut = dut_argument(state, "dut", text);
        return 0;
    case KEY_STATE:
        w->play.state_every = arguments_number(state, "state-every", text, 0, UINT64_MAX, false);
        return 0;
    case KEY_HANG:
        w->play.hang_after = arguments_number(state, "hang", text, 1, UINT64_MAX, false);
        return 0;
    case KEY_WAVES:
        w->waves = text;
        return 0;
    case ARGP_KEY_ARG:
        if (w->path)
            argp_error(state, "%s: one file at a time", text);
        w->path = text;
        return 0;
    case ARGP_KEY_END:
        if (!w->path)
            argp_error(state, "no file of stimulus given");
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

static int tell(const struct wishes *w)
{
    const struct play *p = &w->play;
    const struct finding *f = &p->finding;
    char access[64];
    printf("twinwalk pins: preset %s, DUT %s\n  %s\n  requests answered %15" PRIu64 "  of %" PRIu64
           "\n  cycles compared   %15" PRIu64 "\n\n",
           CFG_NAME, p->ops->name, plain(w->path), p->answers, p->requests, p->cycles);
    if (f->kind != FINDING_NONE) {
        finding_access(f, access, sizeof access);
        printf("  %s (%s) in cycle %" PRIu64 "\n    %s\n    expected  %s\n    actual    %s\n",
               f->kind == FINDING_HANG ? "HANG" : "MISMATCH", finding_name(f->kind), f->cycle, f->field, f->expected,
               f->actual);
        if (f->access != UINT64_MAX)
            printf("    access    %" PRIu64 ": %s at 0x%" PRIx64 "\n", f->access, access, f->va);
        return STATUS_MISMATCH;
    }
    if (interrupt_count) {
        printf("  INTERRUPTED: what was compared until then is equal.\n");
        return STATUS_INTERRUPTED;
    }
    if (p->answers == 0 || p->answers < p->requests) {
        printf("  INCOMPLETE: %s\n", p->answers ? "not every request was answered" : "no request was answered");
        return STATUS_INCOMPLETE;
    }
    printf("  Equal: every output in every clock%s.\n", p->state_every ? ", and all state" : "");
    return STATUS_EQUAL;
}

/* Plays it, and tells what came of it. The waveform gets its name when it is whole. */
static int play(struct wishes *w)
{
    struct whole waves = {0};
    if (w->waves && !whole_reserve(&waves, w->waves, ".hier"))
        return outfile_complain("waves", w->waves, waves.error), STATUS_OUTPUT;
    w->play.waves = w->waves ? waves.part : NULL;
    if (!play_run(&w->play)) {
        if (w->waves)
            whole_drop(&waves);
        return fprintf(stderr, "twinwalk: not enough memory\n"), STATUS_HOST;
    }
    const int status = tell(w);
    if (!w->waves)
        return status;
    if (w->play.waves_failed) {
        whole_drop(&waves);
        outfile_complain("waves", w->waves, "this device cannot write it");
    } else if (whole_keep(&waves)) {
        return status;
    } else {
        outfile_complain("waves", w->waves, waves.error);
    }
    return exits_both(status, STATUS_OUTPUT);
}

int pins_command(int argc, char **argv)
{
    static const struct argp argp = {options,
                                     parse,
                                     "FILE",
                                     "Plays stimulus at the pins, as a reduction of random stimulus leaves it, through "
                                     "the cycle model and a device, and compares.",
                                     NULL,
                                     NULL,
                                     NULL};
    struct wishes w = {.play.hang_after = HANG_CYCLES};
    struct stimulus stimulus;
    char error[512];
    const char *why = "";
    arguments_parse(&argp, argc, argv, &w);
    const struct outfile_use files[] = {{"", w.path, OUTFILE_READ}, {"waves", w.waves, OUTFILE_WRITE}};
    if (!outfile_apart(files, 2))
        return STATUS_USAGE;
    if (!stimulus_read(&stimulus, w.path, error, sizeof error))
        return fprintf(stderr, "twinwalk: %s\n", plain(error)), STATUS_INPUT;
    w.play.stimulus = &stimulus;
    w.play.ops = w.dut ? dut_find(w.dut) : dut_number(0);
    w.play.dut = w.play.ops ? w.play.ops->create(&why) : NULL;
    int status = STATUS_HOST;
    interrupt_install();
    if (!w.play.dut)
        fprintf(stderr, "twinwalk: no device under test: %s\n", why);
    else
        status = play(&w);
    if (w.play.dut)
        w.play.ops->destroy(w.play.dut);
    stimulus_free(&stimulus);
    return status;
}
