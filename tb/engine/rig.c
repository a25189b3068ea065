/* See rig.h. */
#include "rig.h"

#include <stdio.h>
#include <stdlib.h>

#include "arch/preset_cpu.h"
#include "arch/x86.h"
#include "base/exits.h"
#include "clock.h"
#include "pincmp.h"
#include "statecmp.h"

enum { PATIENCE = 100000 }; /* cycles without an answer that count as a hang */

static void die(const char *why)
{
    fprintf(stderr, "twinwalk: %s\n", why);
    exit(STATUS_HOST);
}

void rig_wrong(struct rig *r, enum finding_kind kind, const char *field, uint64_t expected, uint64_t actual)
{
    finding_numbers(&r->finding, kind, r->cycle, field, expected, actual);
}

static void hang(struct rig *r, const char *what)
{
    finding_set(&r->finding, FINDING_HANG, r->cycle, what, "an answer", "nothing for a long time");
}

bool rig_compare_state(struct rig *r)
{
    struct state_diff diff;
    const bool readable = r->ops && r->ops->has_state && (!r->ops->state_waits || r->out.waiting);
    if (r->model && readable && !state_same(r->model, r->ops, r->dut, r->cycle, &diff))
        state_finding(&diff, r->cycle, &r->finding);
    return !rig_stopped(r);
}

static void compare(struct rig *r, const struct pins_out *actual)
{
    int port;
    unsigned id;
    if (!pins_same(&r->out, actual))
        pins_explain(&r->out, actual, r->cycle, &r->finding, &port, &id);
}

/* What memory takes: counted, and types and addresses of the first reads noted. */
static bool memory(struct rig *r)
{
    if (!clock_memory(r->mp, r->cycle, &r->out, &r->in))
        return false;
    if (r->reads < RIG_READS) {
        r->read_mt[r->reads] = r->out.mem_req_mt;
        r->read_pa[r->reads] = r->out.mem_req_addr;
    }
    r->reads++;
    return true;
}

bool rig_clock(struct rig *r)
{
    struct pins_out actual;
    if (rig_stopped(r))
        return false;
    const bool takes = memory(r);
    if (!r->model)
        handshake_cycle(&r->handshake, &r->out, &r->in, takes, r->cycle, &r->finding);
    if (r->eye.watch)
        r->eye.watch(r->eye.watcher, r);
    const struct clock_taken taken = clock_step(r->model, r->ops, r->dut, &r->in, &r->out, &actual);
    r->accepted = taken.ports;
    r->ctl_accepted = taken.control;
    r->cycle++;
    if (r->ops)
        finding_says(&r->finding, r->says, r->cycle);
    if (r->ops && r->model) {
        compare(r, &actual);
        if (r->state_every && r->cycle % r->state_every == 0)
            rig_compare_state(r);
    }
    return !rig_stopped(r);
}

unsigned rig_offer(struct rig *r, const struct oracle_access *access, uint8_t id)
{
    unsigned port = 0;
    if (access->acc != ACC_EXECUTE)
        port = r->port = r->port + 1 < RIG_PORTS ? r->port + 1 : CFG_PORTS_FETCH;
    r->in.req[port] = (struct pins_req){.va = access->va,
                                        .id = id,
                                        .acc = access->acc,
                                        .user = access->user,
                                        .imp = access->imp,
                                        .ac = access->ac,
                                        .ss = access->ss};
    r->in.req_valid |= (uint8_t)(1u << port);
    return port;
}

/* On to the next reply of memory, when nothing else can happen before it. */
static void skip(struct rig *r)
{
    const uint64_t next = memport_next(r->mp);
    if (!r->out.waiting || r->out.mem_req_valid || r->in.req_valid || next == UINT64_MAX || next <= r->cycle)
        return;
    if (r->ops && r->ops->skip)
        r->ops->skip(r->dut, next - r->cycle);
    r->cycle = next;
}

bool rig_access(struct rig *r, const struct oracle_access *access, struct pins_resp *resp)
{
    const uint64_t patience = r->cycle + PATIENCE;
    const unsigned port = rig_offer(r, access, 0);
    uint64_t accepted = 0;
    r->reads = 0;
    do {
        if (!rig_clock(r))
            return false;
        if (r->accepted >> port & 1)
            accepted = r->cycle - 1;
        if (r->skip)
            skip(r);
        if (r->cycle >= patience)
            hang(r, "response");
    } while (!(r->out.resp_valid >> port & 1));
    *resp = r->out.resp[port];
    r->latency = r->cycle - accepted;
    return !rig_stopped(r);
}

/* Until ctl_done; the present cycle is then the one with it. */
static bool until_done(struct rig *r)
{
    const uint64_t patience = r->cycle + PATIENCE;
    while (!r->out.ctl_done) {
        if (r->cycle == patience)
            hang(r, "ctl_done");
        if (!rig_clock(r))
            return false;
    }
    return true;
}

bool rig_control(struct rig *r, uint8_t op, uint64_t data, uint64_t desc)
{
    r->in.ctl_valid = true;
    r->in.ctl_op = op;
    r->in.ctl_data = data;
    r->in.ctl_desc = desc;
    do {
        if (!rig_clock(r))
            return false;
    } while (!r->ctl_accepted);
    if (!until_done(r))
        return false;
    const bool done = oracle_control(&r->regs, &r->cpu, op, data, desc);
    if (r->out.ctl_gp == done)
        rig_wrong(r, FINDING_ORACLE, "ctl_gp", !done, r->out.ctl_gp);
    return rig_clock(r);
}

static bool set(struct rig *r, uint8_t op, uint64_t have, uint64_t want)
{
    return have == want || rig_control(r, op, want, 0);
}

bool rig_registers(struct rig *r, const struct oracle_regs *to)
{
    const struct oracle_regs *have = &r->regs;
    const bool wp_first = to->cr0 & CR0_WP; /* CR4.CET needs CR0.WP at any time */
    /* CR4.PCIDE goes from 0 to 1 only under PCID 0. */
    const bool through_zero = to->cr4 & ~have->cr4 & CR4_PCIDE && have->cr3 & CR3_PCID;
    return (!through_zero || set(r, CTL_MOV_CR3, have->cr3, to->cr3 & ~(uint64_t)CR3_PCID)) &&
           (!wp_first || set(r, CTL_MOV_CR0, have->cr0, to->cr0)) && set(r, CTL_MOV_CR4, have->cr4, to->cr4) &&
           set(r, CTL_MOV_CR0, have->cr0, to->cr0) && set(r, CTL_WRMSR_EFER, have->efer, to->efer) &&
           set(r, CTL_WRMSR_PAT, have->pat, to->pat) && set(r, CTL_WRPKRU, have->pkru, to->pkru) &&
           set(r, CTL_WRMSR_PKRS, have->pkrs, to->pkrs) && set(r, CTL_MOV_CR3, have->cr3, to->cr3);
}

static void judged(struct rig *r, const struct oracle_access *access, const char *field, uint64_t expected,
                   uint64_t actual)
{
    if (expected == actual)
        return;
    rig_wrong(r, FINDING_ORACLE, field, expected, actual);
    r->finding.va = access->va;
    r->finding.acc = access->acc;
    r->finding.user = access->user;
}

const char *rig_differs(const struct oracle_result *says, const struct pins_resp *resp, uint64_t *expected,
                        uint64_t *actual)
{
    const struct {
        const char *field;
        uint64_t expected, actual;
    } fields[] = {{"resp_kind", says->kind, resp->kind}, {"resp_err", says->err, resp->err},
                  {"resp_addr", says->addr, resp->addr}, {"resp_size", says->size, resp->size},
                  {"resp_pat", says->pat, resp->pat},    {"resp_mt", says->mt, resp->mt}};
    for (unsigned i = 0; i < sizeof fields / sizeof *fields; i++)
        if (fields[i].expected != fields[i].actual) {
            *expected = fields[i].expected;
            *actual = fields[i].actual;
            return fields[i].field;
        }
    return NULL;
}

bool rig_check(struct rig *r, const struct oracle_access *access, const struct pins_resp *resp,
               struct oracle_result *says)
{
    struct oracle_result own;
    uint64_t expected = 0, actual = 0;
    if (!says)
        says = &own;
    oracle_translate(r->pm, IMAGE_ORACLE, &r->cpu, &r->regs, access, says);
    const char *field = rig_differs(says, resp, &expected, &actual);
    if (field)
        judged(r, access, field, expected, actual);
    oracle_commit(r->pm, says, true);
    for (unsigned i = 0; i < says->steps; i++)
        judged(r, access, "entry in memory", physmem_read(r->pm, IMAGE_ORACLE, says->step[i].pa),
               physmem_read(r->pm, IMAGE_HW, says->step[i].pa));
    return !rig_stopped(r);
}

/* Everything but model and device; registers as after reset. */
static struct rig *new_ground(unsigned memory_latency, uint64_t state_every)
{
    const struct memport_config config = {.model = MEMPORT_FIXED,
                                          .fixed_latency = memory_latency,
                                          .reply_bytes = CFG_WALKERS_REPLY_BYTES};
    struct rig *r = calloc(1, sizeof *r);
    if (!r || !(r->pm = physmem_new(CFG_ARCH_PADDR_BITS)) || !(r->mp = memport_new(r->pm, &config)))
        die("not enough memory");
    r->cpu = preset_cpu();
    r->regs.pat = UINT64_C(0x0007040600070406);
    r->port = RIG_PORTS - 1;
    r->state_every = state_every;
    r->handshake.patience = PATIENCE;
    return r;
}

/* The device in its first cycle, with its outputs. */
static void add_device(struct rig *r, const struct dut_ops *dut, struct pins_out *out)
{
    const char *why = "";
    r->ops = dut;
    if (!(r->dut = dut->create(&why)))
        die(why);
    dut->reset(r->dut, out);
    r->says = dut->says ? dut->says(r->dut) : NULL;
    finding_says(&r->finding, r->says, r->cycle);
}

struct rig *rig_new(const struct dut_ops *dut, unsigned memory_latency, uint64_t state_every)
{
    struct rig *r = new_ground(memory_latency, state_every);
    if (!(r->model = mmu_new()))
        die("not enough memory");
    mmu_reset(r->model, &r->out);
    if (dut) {
        struct pins_out actual;
        add_device(r, dut, &actual);
        compare(r, &actual);
    }
    if (until_done(r))
        rig_clock(r);
    return r;
}

struct rig *rig_new_paced(const struct dut_ops *dut, unsigned memory_latency)
{
    struct rig *r = new_ground(memory_latency, 0);
    add_device(r, dut, &r->out);
    while (!r->out.ctl_ready && rig_clock(r)) /* a reset need not end in ctl_done */
        if (r->cycle == PATIENCE)
            hang(r, "ctl_ready");
    return r;
}

bool rig_memory(struct rig *r, const struct memport_config *config)
{
    struct memport *mp = memport_new(r->pm, config);
    if (!mp)
        return false;
    memport_free(r->mp);
    r->mp = mp;
    return true;
}

void rig_free(struct rig *r)
{
    if (r->eye.ends)
        r->eye.ends(r->eye.watcher, r);
    if (r->dut)
        r->ops->destroy(r->dut);
    if (r->model)
        mmu_free(r->model);
    memport_free(r->mp);
    physmem_free(r->pm);
    free(r);
}
