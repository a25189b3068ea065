/* Constrained-random stimulus: everything an MMU can be asked, at any time, in any order, as long as the manual allows
 * software to ask it.
 *
 * A driver like a replayed trace (driver.h), but at the level of the pins: requests on all ports at changing rates,
 * held while the port is not ready; memory that is slow, out of order, stalling and failing; control operations and
 * page-table edits while walks are in flight. One seed gives one run. Nothing is drawn in a cycle without an event, so
 * that jumping over idle cycles changes nothing. */
#include "random.h"

#include <stdlib.h>

#include "arch/preset_cpu.h"
#include "parts.h"

enum {
    MEMORY_ERRORS = 1500,   /* of a million */
    ROUGH_ERRORS = 30000,   /* the same in a rough run */
    ROUGH_SEEDS = 4,        /* one seed in so many */
    MEMORY_STALLS = 150000, /* of a million cycles */
    MEMORY_EARLY = 400000,  /* of a million reads */
    WATCH_EVERY = 1024,     /* cycles between two looks for a request that is never answered */
    STALL_MOST = 200,       /* cycles in which memory takes nothing, in its mood */
    POUNCE_MOST = 10,       /* cycles between a compare-and-swap and the edit aimed at it */
};

static void take_requests(struct random *r, const struct pins_out *out)
{
    r->accepted = r->d.in.req_valid & out->req_ready;
    for (unsigned ports = r->accepted; ports; ports &= ports - 1) {
        const unsigned port = (unsigned)__builtin_ctz(ports);
        const struct pins_req *req = &r->d.in.req[port];
        struct flight *f = &r->flight[port][req->id];
        f->access = (struct oracle_access){req->va, req->acc, req->user, req->imp, req->ac, req->ss};
        f->va = req->va;
        f->busy = true;
        f->number = r->counts.accepted++;
        f->position = (uint16_t)r->outstanding;
        r->flying[r->outstanding++] = (uint16_t)(port * IDS + req->id);
        check_begin(r, f);
        squash_plan(r, f);
        history_request(r, port, req, f->number);
        if (r->offered_at[port] < r->d.cycle)
            met(r, CORNER_held_back);
        mood_accepted(r, port);
    }
    if (r->accepted && r->outstanding >= CFG_MISS_QUEUE_ENTRIES) {
        met(r, CORNER_full_queue);
        if (r->mood.kind == MOOD_FLOOD)
            met(r, CORNER_port_alone_full_queue);
    }
}

/* The operation of this cycle is taken: from now on its registers, or the old ones, decide. */
static void take_control(struct random *r, const struct pins_out *out)
{
    r->ctl_new = r->d.in.ctl_valid && out->ctl_ready && !r->ctl_taken;
    if (!r->ctl_new)
        return;
    r->ctl_taken = true;
    r->counts.control_in_flight += r->outstanding > 0;
    if (r->accepted == (1u << PORTS) - 1)
        met(r, CORNER_ctl_every_port_accepts);
    history_control(r, &r->ops[r->op_first]);
    control_taken(r, &r->ops[r->op_first]);
}

/* A request of a walker was accepted: may be a chance to do something while it is outstanding. */
static void aim(struct random *r, uint64_t addr, bool cas)
{
    const uint64_t control = r->d.cycle + below(r, LATENCY_MOST);
    if (chance(r, r->mood.aim) && control < r->next_control)
        r->next_control = control;
    if (chance(r, cas ? r->mood.pounce : r->mood.pounce / 16)) {
        r->pounce.pa = addr;
        r->pounce.cycle = r->d.cycle + 1 + below(r, POUNCE_MOST);
    }
    if (r->mood.kind == MOOD_STALL && chance(r, 3))
        r->stall_until = r->d.cycle + 1 + below(r, STALL_MOST);
}

static void replied(struct random *r, const struct memport_reply *reply)
{
    r->d.in.mem_rsp_tag = reply->tag;
    r->d.in.mem_rsp_err = reply->err;
    r->d.in.mem_rsp_line = reply->line;
    r->errors += reply->err;
    r->asked[reply->tag].busy = false;
    if (!r->asked[reply->tag].cas || reply->err)
        return;
    const uint64_t old = reply->line[r->asked[reply->tag].addr >> 3 & 7];
    if (old != r->asked[reply->tag].expected)
        met(r, CORNER_cas_failed);
    else if ((r->asked[reply->tag].desired & ~old & ENTRY_D) && !(old & ENTRY_RW))
        r->dirty_read_only = true;
}

static void memory_port(struct random *r, const struct pins_out *out)
{
    struct memport_reply reply;
    r->d.mem_accepted = false;
    r->offered = out->mem_req_valid;
    r->d.in.mem_req_ready = memport_ready(r->memport, r->d.cycle) && r->d.cycle >= r->stall_until;
    if (out->mem_req_valid && r->d.in.mem_req_ready) {
        const struct memport_request request = {out->mem_req_tag, out->mem_req_cas, out->mem_req_addr,
                                                out->mem_req_expected, out->mem_req_desired};
        if (request.cas)
            squash_swap(r, &request);
        memport_accept(r->memport, r->d.cycle, &request);
        r->d.mem_accepted = true;
        r->asked[request.tag].busy = true;
        r->asked[request.tag].cas = request.cas;
        r->asked[request.tag].addr = request.addr;
        r->asked[request.tag].expected = request.expected;
        r->asked[request.tag].desired = request.desired;
        aim(r, request.addr, request.cas);
    }
    r->d.in.mem_rsp_valid = memport_reply(r->memport, r->d.cycle, &reply);
    if (r->d.in.mem_rsp_valid)
        replied(r, &reply);
}

/* One request that is never answered must not be hidden by the others that are: progress is the age of the oldest. */
static void watch(struct random *r)
{
    r->next_watch = r->d.cycle + WATCH_EVERY;
    r->d.progress = r->d.cycle;
    for (unsigned i = 0; i < r->outstanding; i++)
        if (flying(r, i)->since < r->d.progress)
            r->d.progress = flying(r, i)->since;
}

static bool may_edit(const struct random *r)
{
    return !r->quiet && !r->switching && !r->finishing && !r->foreign;
}

static uint64_t earlier(uint64_t a, uint64_t b)
{
    return a < b ? a : b;
}

static void drive(struct driver *self, const struct pins_out *out)
{
    struct random *r = (struct random *)self;
    r->counts.stepped += r->d.cycle && !r->jumped;
    r->jumped = false;
    r->d.in.req_valid &= (uint8_t)~r->accepted;
    r->accepted = 0;
    for (unsigned valid = out->resp_valid; valid && !r->d.ended; valid &= valid - 1)
        check_answer(r, (unsigned)__builtin_ctz(valid), &out->resp[__builtin_ctz(valid)]);
    if (r->d.ended)
        return;
    r->finishing = r->counts.requests >= r->requests || r->counts.stepped >= r->cycles || r->d.stop;
    if (r->d.cycle >= r->next_watch)
        watch(r);
    control_pins(r, out);
    if (r->d.cycle >= earlier(r->next_edit, r->pounce.cycle) && may_edit(r))
        edit_now(r);
    if (!r->quiet && !r->finishing)
        mood_offer(r);
    squash_pins(r, out);
    take_requests(r, out);
    take_control(r, out);
    memory_port(r, out);
    r->d.ended |= r->finishing && !r->d.in.req_valid && !r->outstanding && !r->op_count && !r->accepted;
}

/* Whatever drive() would do of itself in a later cycle has a cycle of its own; the MMU, which waits, does nothing
 * before that. */
static uint64_t idle_cycles(const struct random *r)
{
    if (r->mood.step || r->accepted || r->d.in.squash_valid || r->ctl_new || r->d.in.mem_rsp_valid || r->offered)
        return 0;
    uint64_t next = memport_next(r->memport);
    if (!r->finishing && !r->quiet) {
        next = earlier(next, r->mood.until);
        for (unsigned port = 0; port < PORTS; port++)
            if (!(r->d.in.req_valid >> port & 1))
                next = earlier(next, r->next_offer[port]);
    }
    next = earlier(next, r->squash.next);
    if (may_edit(r))
        next = earlier(next, earlier(r->next_edit, r->pounce.cycle));
    if (r->op_count && r->wait_until > r->d.cycle)
        next = earlier(next, r->wait_until);
    if (!r->op_count && !r->finishing)
        next = earlier(next, r->next_control);
    for (unsigned i = 0; i < PENDING_MOST && !r->op_count; i++)
        if (books_stale_here(r, &r->pending[i]))
            next = earlier(next, r->pending[i].settle_at);
    return next == UINT64_MAX ? next : next > r->d.cycle ? next - r->d.cycle : 0;
}

/* Asked only by an engine that will jump so far. */
static uint64_t idle(const struct driver *self)
{
    struct random *r = (struct random *)self;
    const uint64_t cycles = idle_cycles(r);
    r->jumped = cycles && cycles != UINT64_MAX;
    return cycles;
}

static const struct flight *oldest(const struct random *r)
{
    const struct flight *oldest = NULL;
    for (unsigned i = 0; i < r->outstanding; i++) {
        const struct flight *f = &r->flight[r->flying[i] / IDS][r->flying[i] % IDS];
        if (!oldest || f->number < oldest->number)
            oldest = f;
    }
    return oldest;
}

static void locate(const struct driver *self, int port, unsigned id, struct finding *finding)
{
    const struct random *r = (const struct random *)self;
    if (port >= PORTS || (port < 0 ? !r->outstanding : !r->flight[port][id].busy))
        return;
    const struct flight *f = port < 0 ? oldest(r) : &r->flight[port][id];
    finding->access = finding->record = f->number;
    finding->va = f->va;
    finding->acc = f->access.acc;
    finding->user = f->access.user;
    finding->imp = f->access.imp;
    finding->ac = f->access.ac;
    finding->ss = f->access.ss;
}

struct random *random_new(const struct random_setup *setup, char *error, size_t size)
{
    static const unsigned slowest[] = {LATENCY_MOST, LATENCY_MOST, 8, 3};
    struct random *r = calloc(1, sizeof *r);
    struct memport_config memory = setup->memory;
    if (r) {
        r->d.drive = drive;
        r->d.idle = idle;
        r->d.locate = locate;
        r->d.explain = explain;
        r->d.offered = history_print;
        r->d.total = r->requests = setup->requests;
        r->cycles = setup->cycles;
        r->prng = prng_mix(setup->seed);
        squash_start(r, setup->seed, setup->squash);
        r->next_edit = r->next_control = r->pounce.cycle = UINT64_MAX;
        const unsigned most = slowest[below(r, sizeof slowest / sizeof *slowest)];
        memory.random_max = memory.random_max < most ? memory.random_max : most;
        memory.random_min = memory.random_min < memory.random_max ? memory.random_min : memory.random_max;
        r->rough = setup->seed % ROUGH_SEEDS == 0;
        memory.error_per_million = r->rough ? ROUGH_ERRORS : MEMORY_ERRORS;
        memory.stall_per_million = MEMORY_STALLS;
        memory.early_per_million = MEMORY_EARLY;
        r->cpu = preset_cpu();
        r->regs.pat = UINT64_C(0x0007040600070406);
        r->physmem = physmem_new(CFG_ARCH_PADDR_BITS);
        r->memport = r->physmem ? memport_new(r->physmem, &memory) : NULL;
    }
    if (!r || !r->memport || !tables_build(r)) {
        snprintf(error, size, "not enough memory for the random stimulus");
        random_free(r);
        return NULL;
    }
    books_start(r);
    mood_change(r);
    control_start(r);
    return r;
}

void random_free(struct random *r)
{
    if (!r)
        return;
    if (r->memport)
        memport_free(r->memport);
    if (r->physmem)
        physmem_free(r->physmem);
    free(r);
}

struct driver *random_driver(struct random *r)
{
    return &r->d;
}

void random_watch(struct random *r, const struct mmu *model)
{
    r->model = model;
    r->counts.states_seen = model != NULL;
}

void random_memory(const struct random *r, const struct physmem **physmem, const struct oracle_regs **regs,
                   const struct oracle_cpu **cpu)
{
    *physmem = r->physmem;
    *regs = &r->regs;
    *cpu = &r->cpu;
}

size_t random_table_bytes(const struct random *r)
{
    return physmem_bytes(r->physmem);
}

const struct random_counts *random_counts(const struct random *r)
{
    return &r->counts;
}

static bool within(void *context, uint64_t frame_pa, const uint64_t *words)
{
    bool good = true;
    for (unsigned i = 0; i < 512 && good; i++)
        good = tables_within(context, frame_pa + 8 * i, words[i]);
    return good;
}

bool random_compare_memory(struct random *r)
{
    physmem_visit(r->physmem, IMAGE_HW, within, r);
    return r->d.finding.kind == FINDING_NONE;
}
