/* See sweep.h: the command, and what the parts share. */
#include "sweep/sweep.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/about.h"
#include "engine/bench.h"
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

static const char *part_name(unsigned n)
{
    return n < PARTS ? parts[n].name : NULL;
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
static bool run(const struct bench *b, unsigned part, uint64_t *cases, json_t *list)
{
    struct sweep s = {.share = b->share, .shares = b->shares};
    const double began = seconds();
    s.r = rig_new(b->dut, 1, b->state_every);
    const struct oracle_regs plain = sweep_plain();
    const bool equal = rig_registers(s.r, &plain) && parts[part].run(&s) && rig_compare_state(s.r);
    if (!equal)
        complain(s.r, parts[part].name);
    fprintf(b->out, "  %-10s %14" PRIu64 " accesses %14" PRIu64 " cycles %8.1f s  %s  %s\n", parts[part].name, s.cases,
            s.r->cycle, seconds() - began, equal ? "equal" : "DIFFERENT", parts[part].what);
    if (s.skipped)
        fprintf(b->out, "  %10s %14" PRIu64 " accesses left out: no set-up brings the page into that TLB\n", "",
                s.skipped);
    fflush(b->out);
    json_array_append_new(list, json_pack("{ss sI sI sI ss}", "part", parts[part].name, "accesses", (json_int_t)s.cases,
                                          "left_out", (json_int_t)s.skipped, "cycles", (json_int_t)s.r->cycle,
                                          "finding", finding_name(s.r->finding.kind)));
    *cases += s.cases;
    rig_free(s.r);
    return equal;
}

int sweep_command(int argc, char **argv)
{
    struct bench b = {
        .self = argv[0],
        .doc = "Enumerates the rules of paging: oracle, cycle model and a device in lockstep.",
        .options = BENCH_SHARE | BENCH_STATE,
        .part = part_name,
        .state_every = 100000,
    };
    bench_arguments(&b, argc, argv);
    json_t *root = about_json(CFG_NAME), *list = json_array();
    uint64_t cases = 0;
    bool equal = true;
    fprintf(b.out, "sweep: preset %s, oracle and model%s%s, share %" PRIu64 " of %" PRIu64 "\n", CFG_NAME,
            b.dut ? " and " : "", b.dut ? b.dut->name : "", b.share, b.shares);
    for (unsigned part = 0; part < PARTS; part++)
        if (bench_wants(&b, parts[part].name))
            equal &= run(&b, part, &cases, list);
    fprintf(b.out, "sweep: %" PRIu64 " accesses, %s\n", cases,
            !equal  ? "DIFFERENT"
            : cases ? "0 differences"
                    : "nothing compared");
    json_object_set_new(root, "command", json_string("sweep"));
    json_object_set_new(root, "dut", b.dut ? json_string(b.dut->name) : json_null());
    json_object_set_new(root, "share", json_pack("[I, I]", (json_int_t)b.share, (json_int_t)b.shares));
    json_object_set_new(root, "accesses", json_integer((json_int_t)cases));
    json_object_set_new(root, "parts", list);
    return bench_end(&b, root, equal, cases, "no combination falls into this share, or this preset has none");
}
