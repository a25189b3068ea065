/* See stand.h. */
#include "stand.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/exits.h"
#include "cycle/mmu.h"
#include "engine/clock.h"
#include "engine/pincmp.h"

enum { PATIENCE = 100000 }; /* cycles without an answer that count as a hang */

static void die(const char *why)
{
    fprintf(stderr, "twinwalk forms: %s\n", why);
    exit(STATUS_HOST);
}

static void compare(struct stand *r)
{
    int port;
    unsigned id;
    if (r->ops && !pins_same(&r->side[SIDE_MODEL].out, &r->side[SIDE_DUT].out))
        pins_explain(&r->side[SIDE_MODEL].out, &r->side[SIDE_DUT].out, r->cycle, &r->finding, &port, &id);
}

static bool stopped(const struct stand *r)
{
    return r->finding.kind != FINDING_NONE;
}

void stand_wrong(struct stand *r, const char *field, uint64_t expected, uint64_t actual)
{
    finding_numbers(&r->finding, FINDING_EXPECT, r->cycle, field, expected, actual);
}

static void hang(struct stand *r, const char *what)
{
    finding_set(&r->finding, FINDING_HANG, r->cycle, what, "an answer", "nothing for a long time");
}

/* What memory takes is counted on each side by its own outputs. */
static void memory(struct stand *r)
{
    if (clock_memory(r->mp, r->cycle, &r->side[SIDE_MODEL].out, &r->in))
        r->mem_accepted = r->cycle;
    for (unsigned s = 0; s < r->sides; s++) {
        struct side *side = &r->side[s];
        if (side->out.mem_req_valid && r->in.mem_req_ready)
            *(side->out.mem_req_cas ? &side->cas : &side->reads) += 1;
    }
}

bool stand_clock(struct stand *r)
{
    if (stopped(r))
        return false;
    memory(r);
    const struct clock_taken taken = clock_step(r->model, r->ops, r->dut, &r->in, &r->side[SIDE_MODEL].out,
                                                &r->side[SIDE_DUT].out);
    r->accepted = taken.ports;
    r->ctl_accepted = taken.control;
    r->cycle++;
    finding_says(&r->finding, r->says, r->cycle);
    compare(r);
    return !stopped(r);
}

void stand_offer(struct stand *r, struct access access)
{
    const unsigned port = access.acc == ACC_EXECUTE ? PORT_FETCH : PORT_DATA;
    r->in.req[port] = (struct pins_req){.va = access.va, .acc = access.acc, .user = access.user};
    r->in.req_valid |= (uint8_t)(1u << port);
}

static void judge(struct stand *r, struct access access)
{
    const struct pins_resp *resp = &r->side[SIDE_MODEL].answer.resp;
    if (resp->kind != access.kind)
        stand_wrong(r, "resp_kind", access.kind, resp->kind);
    else if (resp->kind == KIND_PF && resp->err != access.err)
        stand_wrong(r, "resp_err", access.err, resp->err);
    else if (resp->kind == KIND_OK && resp->addr != form_tables_pa(access.va))
        stand_wrong(r, "resp_addr", form_tables_pa(access.va), resp->addr);
    else if (resp->kind == KIND_PF && resp->addr != access.va)
        stand_wrong(r, "resp_addr, CR2", access.va, resp->addr);
}

bool stand_access(struct stand *r, struct access access)
{
    const unsigned port = access.acc == ACC_EXECUTE ? PORT_FETCH : PORT_DATA;
    const uint64_t patience = r->cycle + PATIENCE;
    uint64_t accepted = 0;
    stand_offer(r, access);
    for (unsigned s = 0; s < r->sides; s++)
        r->side[s].answer = (struct answer){.reads = r->side[s].reads, .cas = r->side[s].cas};
    do {
        if (!stand_clock(r))
            return false;
        if (r->accepted)
            accepted = r->cycle - 1;
        if (r->cycle == patience)
            hang(r, "response");
    } while (!(r->side[SIDE_MODEL].out.resp_valid >> port & 1));
    for (unsigned s = 0; s < r->sides; s++) {
        struct side *side = &r->side[s];
        side->answer = (struct answer){side->out.resp[port], r->cycle - accepted, side->reads - side->answer.reads,
                                       side->cas - side->answer.cas};
    }
    judge(r, access);
    return !stopped(r);
}

/* Until ctl_done, and one cycle more. Costs are counted from the cycle `from`. */
static bool until_done(struct stand *r, uint64_t from)
{
    const uint64_t patience = r->cycle + PATIENCE;
    while (!r->side[SIDE_MODEL].out.ctl_done) {
        if (r->cycle == patience)
            hang(r, "ctl_done");
        if (!stand_clock(r))
            return false;
    }
    for (unsigned s = 0; s < r->sides; s++) {
        r->side[s].control_cost = r->cycle - from;
        r->side[s].gp = r->side[s].out.ctl_gp;
    }
    return stand_clock(r);
}

bool stand_control_desc(struct stand *r, enum pins_ctl_op op, uint64_t data, uint64_t desc, bool gp)
{
    r->in.ctl_valid = true;
    r->in.ctl_op = op;
    r->in.ctl_data = data;
    r->in.ctl_desc = desc;
    do {
        if (!stand_clock(r))
            return false;
    } while (!r->ctl_accepted);
    if (until_done(r, r->cycle - 1) && r->side[SIDE_MODEL].gp != gp)
        stand_wrong(r, "ctl_gp", gp, r->side[SIDE_MODEL].gp);
    return !stopped(r);
}

bool stand_control(struct stand *r, enum pins_ctl_op op, uint64_t data)
{
    return stand_control_desc(r, op, data, 0, false);
}

bool stand_flush(struct stand *r)
{
    return stand_control(r, CTL_MOV_CR3, r->root);
}

bool stand_five_levels(struct stand *r)
{
    r->root = TABLES_PML5;
    return stand_control(r, CTL_MOV_CR4, CR4_PAE | CR4_LA57) && stand_flush(r);
}

struct stand *stand_new(const struct dut_ops *dut, unsigned memory_latency, bool errors)
{
    const struct memport_config config = {.model = MEMPORT_FIXED,
                                          .fixed_latency = memory_latency,
                                          .reply_bytes = CFG_WALKERS_REPLY_BYTES,
                                          .error_per_million = errors ? 1000000 : 0};
    const char *why = "not enough memory";
    struct stand *r = calloc(1, sizeof *r);
    if (!r || !(r->model = mmu_new()) || !(r->pm = physmem_new(CFG_ARCH_PADDR_BITS)) || !form_tables_build(r->pm) ||
        !(r->mp = memport_new(r->pm, &config)))
        die(why);
    r->sides = 1;
    r->root = TABLES_PML4;
    mmu_reset(r->model, &r->side[SIDE_MODEL].out);
    if (dut) {
        r->ops = dut;
        r->sides = 2;
        if (!(r->dut = dut->create(&why)))
            die(why);
        dut->reset(r->dut, &r->side[SIDE_DUT].out);
        r->says = dut->says ? dut->says(r->dut) : NULL;
        finding_says(&r->finding, r->says, r->cycle);
    }
    compare(r);
    if (until_done(r, 0)) {
        const struct side reset[SIDES] = {r->side[SIDE_MODEL], r->side[SIDE_DUT]};
        stand_flush(r);
        for (unsigned s = 0; s < r->sides; s++)
            r->side[s].control_cost = reset[s].control_cost;
    }
    return r;
}

void stand_free(struct stand *r)
{
    if (r->dut)
        r->ops->destroy(r->dut);
    mmu_free(r->model);
    memport_free(r->mp);
    physmem_free(r->pm);
    free(r);
}
