/* See sweep.h: the command, and what the parts share. */
#include "sweep/sweep.h"

#include <argp.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "dut/dut_list.h"
#include "sweep/command.h"

static const struct {
    const char *name, *what;
    bool (*run)(struct sweep *s);
} parts[] = {
    {"levels", "R/W, U/S, XD and D at every level", sweep_levels},
    {"rights", "combined rights x registers x accesses, by walk, L1 hit and STLB hit", sweep_rights},
    {"keys", "every protection key x PKRU and PKRS", sweep_keys},
    {"entries", "not-present, reserved and ignored bits at every level, alone and in pairs", sweep_entries},
    {"flags", "A and D at every level x how the access ends", sweep_flags},
    {"addresses", "canonical addresses and LAM: every value of bits 63:47", sweep_addresses},
    {"types", "memory types of pages, tables and CR3", sweep_types},
};
enum { PARTS = sizeof parts / sizeof *parts };

struct settings {
    const char *dut, *only;
    uint64_t share, shares, state_every;
};

enum { KEY_DUT = 256, KEY_ONLY, KEY_SHARE, KEY_STATE };

static const struct argp_option options[] = {
    {"dut", KEY_DUT, "NAME", 0, "the device under test; without it the cycle model alone is judged", 0},
    {"only", KEY_ONLY, "PART", 0, "one part: levels, rights, keys, entries, flags, addresses, types", 0},
    {"share", KEY_SHARE, "I/N", 0, "only every Nth combination, from the Ith on (0 ... N-1)", 0},
    {"state-every", KEY_STATE, "CYCLES", 0, "compare all state every so many cycles too (default 100000)", 0},
    {0},
};

static error_t parse(int key, char *argument, struct argp_state *state)
{
    struct settings *s = state->input;
    char *end;
    switch (key) {
    case KEY_DUT:
        s->dut = dut_argument(state, argument);
        return 0;
    case KEY_ONLY:
        s->only = argument;
        for (unsigned i = 0; i < PARTS; i++)
            if (strcmp(parts[i].name, argument) == 0)
                return 0;
        argp_error(state, "--only=%s: no such part", argument);
        return 0;
    case KEY_SHARE:
        s->share = strtoull(argument, &end, 10);
        s->shares = *end == '/' ? strtoull(end + 1, &end, 10) : 0;
        if (*end || !s->shares || s->share >= s->shares)
            argp_error(state, "--share=%s: must be I/N with I less than N, like 0/16", argument);
        return 0;
    case KEY_STATE:
        s->state_every = strtoull(argument, &end, 10);
        if (*end || end == argument)
            argp_error(state, "--state-every=%s: must be a number of cycles; 0: never", argument);
        return 0;
    case ARGP_KEY_ARG:
        argp_error(state, "%s: not an option", argument);
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

unsigned sweep_modes(struct mode mode[MODES_MOST])
{
    unsigned n = 0;
    for (unsigned bits = 0; bits < 8; bits++)
        for (uint8_t acc = ACC_READ; acc <= ACC_EXECUTE; acc++)
            for (unsigned ss = 0; ss < (acc == ACC_EXECUTE ? 1 : 2); ss++)
                mode[n++] = (struct mode){.acc = acc, .user = bits & 1, .imp = bits & 2, .ac = bits & 4, .ss = ss};
    return n;
}

bool sweep_turn(struct sweep *s)
{
    return s->number++ % s->shares == s->share;
}

struct oracle_regs sweep_plain(void)
{
    return (struct oracle_regs){.cr0 = CR0_PG | CR0_PE,
                                .cr3 = SWEEP_ROOT,
                                .cr4 = CR4_PAE,
                                .efer = EFER_LME | EFER_LMA,
                                .pat = UINT64_C(0x0007040600070406)};
}

bool sweep_access(struct sweep *s, uint64_t va, struct mode mode, struct pins_resp *resp, struct oracle_result *says)
{
    const struct oracle_access access =
        {.va = va, .acc = mode.acc, .user = mode.user, .imp = mode.imp, .ac = mode.ac, .ss = mode.ss};
    struct pins_resp own_resp;
    struct oracle_result own_says;
    if (!resp)
        resp = &own_resp;
    if (!says)
        says = &own_says;
    if (!rig_access(s->r, &access, resp))
        return false;
    s->cases++;
    if (rig_check(s->r, &access, resp, says))
        return true;
    oracle_explain(stderr, &s->r->regs, &access, says);
    return false;
}

bool sweep_forget(struct sweep *s, uint64_t va)
{
    return rig_control(s->r, CTL_INVLPG, va, 0);
}

bool sweep_put(struct sweep *s, uint64_t table, unsigned index, uint64_t entry)
{
    if (physmem_write(s->r->pm, table + 8 * index, entry))
        return true;
    rig_wrong(s->r, FINDING_PROTOCOL, "memory for page tables", 1, 0);
    return false;
}

static double seconds(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

static void complain(const struct rig *r, const char *part)
{
    const struct finding *f = &r->finding;
    const struct oracle_regs *g = &r->regs;
    fprintf(stderr, "MISMATCH (%s) in part %s, cycle %" PRIu64 ": %s: expected %s, actual %s\n", finding_name(f->kind),
            part, f->cycle, f->field, f->expected, f->actual);
    fprintf(stderr,
            "  registers: CR0 %" PRIx64 " CR3 %" PRIx64 " CR4 %" PRIx64 " EFER %" PRIx64
            " PKRU %x PKRS %x PAT %016" PRIx64 "\n",
            g->cr0, g->cr3, g->cr4, g->efer, g->pkru, g->pkrs, g->pat);
}

/* Each part has a rig of its own. */
static bool run(const struct settings *settings, unsigned part, uint64_t *cases)
{
    struct sweep s = {.share = settings->share, .shares = settings->shares};
    const double began = seconds();
    s.r = rig_new(settings->dut ? dut_find(settings->dut) : NULL, 1, settings->state_every);
    const struct oracle_regs plain = sweep_plain();
    const bool equal = rig_registers(s.r, &plain) && parts[part].run(&s) && rig_compare_state(s.r);
    if (!equal)
        complain(s.r, parts[part].name);
    printf("  %-10s %14" PRIu64 " accesses %14" PRIu64 " cycles %8.1f s  %s  %s\n", parts[part].name, s.cases,
           s.r->cycle, seconds() - began, equal ? "equal" : "DIFFERENT", parts[part].what);
    if (s.skipped)
        printf("  %10s %14" PRIu64 " accesses left out: no set-up brings the page into that TLB\n", "", s.skipped);
    fflush(stdout);
    *cases += s.cases;
    rig_free(s.r);
    return equal;
}

int sweep_command(int argc, char **argv)
{
    static const struct argp argp = {
        .options = options,
        .parser = parse,
        .doc = "Enumerates the rules of paging: oracle, cycle model and a device in lockstep.",
    };
    struct settings settings = {.shares = 1, .state_every = 100000};
    argp_parse(&argp, argc, argv, 0, NULL, &settings);
    uint64_t cases = 0;
    bool equal = true;
    printf("sweep: preset %s, oracle and model%s%s, share %" PRIu64 " of %" PRIu64 "\n", CFG_NAME,
           settings.dut ? " and " : "", settings.dut ? settings.dut : "", settings.share, settings.shares);
    for (unsigned part = 0; part < PARTS; part++)
        if (!settings.only || strcmp(settings.only, parts[part].name) == 0)
            equal &= run(&settings, part, &cases);
    printf("sweep: %" PRIu64 " accesses, %s\n", cases, equal ? "0 differences" : "DIFFERENT");
    return equal ? EXIT_SUCCESS : EXIT_FAILURE;
}
