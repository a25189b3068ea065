/* See command.h. */
#include "sweep/command.h"

#include <inttypes.h>
#include <stdio.h>

#include "base/about.h"
#include "base/clock.h"
#include "base/interrupt.h"
#include "engine/bench.h"
#include "reduce/found.h"
#include "sweep/sweep.h"

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
enum { PARTS = sizeof parts / sizeof *parts, MEMORY_LATENCY = 1 };

static const char *part_name(unsigned n)
{
    return n < PARTS ? parts[n].name : NULL;
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

/* A part on a rig of its own, new and as its user has set it up. */
static bool all_of(struct sweep *s, unsigned part)
{
    const struct oracle_regs plain = sweep_plain();
    return rig_registers(s->r, &plain) && parts[part].run(s) && rig_compare_state(s->r);
}

static struct rig *new_rig(const struct bench *b)
{
    return b->paced ? rig_new_paced(b->dut, MEMORY_LATENCY) : rig_new(b->dut, MEMORY_LATENCY, b->state_every);
}

/* A part that failed, to be made again. */
struct failed {
    const struct bench *b;
    unsigned part;
};

static bool again(void *context, const struct rig_eye *eye)
{
    const struct failed *f = context;
    struct sweep s = {.share = f->b->share, .shares = f->b->shares, .quiet = true, .r = new_rig(f->b)};
    s.r->eye = *eye;
    const bool failed = !all_of(&s, f->part);
    rig_free(s.r);
    return failed;
}

/* What a part leaves that failed: waves, a folder. */
static void leave(struct bench *b, unsigned part, const struct finding *finding, double until)
{
    const double left = until - wall_seconds();
    struct failed failed = {b, part};
    const struct found found = {"sweep", parts[part].name, finding, b->dut ? b->dut->name : "model", b->folder};
    const struct rig_run run = {b->dut, b->device, b->paced, MEMORY_LATENCY, b->state_every, finding, again, &failed};
    if (interrupt_count)
        return;
    found_waves(&run, b->waves, b->out);
    b->waves = NULL; /* of the first part */
    if (left > 0)
        found_rig(&found, &run, left, b->out);
}

/* Each part has a rig of its own. */
static bool run(const struct bench *b, unsigned part, uint64_t *cases, json_t *list, struct finding *finding)
{
    struct sweep s = {.share = b->share, .shares = b->shares, .r = new_rig(b)};
    const double began = wall_seconds();
    const bool equal = all_of(&s, part);
    if (!equal)
        complain(s.r, parts[part].name);
    *finding = s.r->finding;
    fprintf(b->out, "  %-10s %14" PRIu64 " accesses %14" PRIu64 " cycles %8.1f s  %s  %s\n", parts[part].name, s.cases,
            s.r->cycle, wall_seconds() - began, equal ? "equal" : "DIFFERENT", parts[part].what);
    if (s.skipped)
        fprintf(b->out, "  %10s %14" PRIu64 " accesses left out: no set-up brings the page into that TLB\n", "",
                s.skipped);
    if (s.elsewhere)
        fprintf(b->out,
                "  %10s %14" PRIu64 " answers from elsewhere than meant (resp_src): right, and where is not judged\n",
                "", s.elsewhere);
    if (s.beside)
        fprintf(b->out, "  %10s %14" PRIu64 " memory requests beside the walk's entries: their types are not judged\n",
                "", s.beside);
    fflush(b->out);
    json_t *row = json_pack("{ss sI sI sI ss}", "part", parts[part].name, "accesses", (json_int_t)s.cases, "left_out",
                            (json_int_t)s.skipped, "cycles", (json_int_t)s.r->cycle, "finding",
                            finding_name(s.r->finding.kind));
    if (b->paced)
        json_object_update_new(row, json_pack("{sI sI}", "elsewhere", (json_int_t)s.elsewhere, "beside",
                                              (json_int_t)s.beside));
    json_array_append_new(list, row);
    *cases += s.cases;
    rig_free(s.r);
    return equal;
}

int sweep_command(int argc, char **argv)
{
    struct bench b = {
        .self = argv[0],
        .doc = "Enumerates the rules of paging: oracle, cycle model and a device in lockstep.",
        .options = BENCH_CHECK | BENCH_SHARE | BENCH_STATE | BENCH_REDUCE,
        .part = part_name,
        .state_every = 100000,
    };
    bench_arguments(&b, argc, argv);
    json_t *root = about_json(CFG_NAME), *list = json_array();
    struct finding finding[PARTS] = {0};
    uint64_t cases = 0;
    bool equal = true;
    fprintf(b.out, "sweep: preset %s, oracle and %s, share %" PRIu64 " of %" PRIu64 "\n", CFG_NAME, bench_who(&b),
            b.share, b.shares);
    for (unsigned part = 0; part < PARTS; part++)
        if (bench_wants(&b, parts[part].name))
            equal &= run(&b, part, &cases, list, &finding[part]);
    fprintf(b.out, "sweep: %" PRIu64 " accesses, %s\n", cases,
            !equal  ? "DIFFERENT"
            : cases ? "0 differences"
                    : "nothing compared");
    const double until = wall_seconds() + b.reduce;
    if (!equal)
        bench_offer_waves(&b);
    for (unsigned part = 0; part < PARTS; part++)
        if (finding[part].kind != FINDING_NONE)
            leave(&b, part, &finding[part], until);
    json_object_set_new(root, "command", json_string("sweep"));
    json_object_set_new(root, "dut", b.dut ? json_string(b.dut->name) : json_null());
    if (b.paced)
        json_object_set_new(root, "check", json_string("arch"));
    json_object_set_new(root, "share", json_pack("[I, I]", (json_int_t)b.share, (json_int_t)b.shares));
    json_object_set_new(root, "accesses", json_integer((json_int_t)cases));
    json_object_set_new(root, "parts", list);
    return bench_end(&b, root, equal, cases, "no combination falls into this share, or this preset has none");
}
