/* Constrained-random stimulus: everything an MMU can be asked, at any time, in any order, as long as the manual allows software to ask it.
 *
 * A driver like a replayed trace (driver.h), but at the level of the pins: requests on all ports at changing rates, held while
 * the port is not ready; memory that is slow, out of order, stalling and failing; control operations and page-table edits while walks are
 * in flight. One seed gives one run. */
#include "random.h"

#include <stdlib.h>
#include <stdio.h>

#include "random_parts.h"

enum {
    LATENCY_MOST = 30,      /* cycles */
    MEMORY_ERRORS = 1500,   /* of a million */
    MEMORY_STALLS = 150000, /* of a million cycles */
    WATCH_EVERY = 1024,     /* cycles between two looks for a request that is never answered */
    MOOD_CYCLES = 8000,     /* most cycles until rates and locality change */
};

static void change_mood(struct random *r)
{
    static const unsigned rates[] = {100, 100, 100, 60, 30, 5}, gaps[] = {60, 400, 2000, 10000}, hot[] = {4, 16, 64, 400};
    r->busy_percent = rates[prng_below(&r->prng, sizeof rates / sizeof *rates)];
    r->edit_gap = gaps[prng_below(&r->prng, sizeof gaps / sizeof *gaps)];
    r->control_gap = gaps[prng_below(&r->prng, sizeof gaps / sizeof *gaps)];
    r->next_edit = r->d.cycle + prng_below(&r->prng, r->edit_gap);
    r->next_control = r->d.cycle + prng_below(&r->prng, r->control_gap);
    r->hot_first = (unsigned)prng_below(&r->prng, r->pages);
    r->hot_count = hot[prng_below(&r->prng, sizeof hot / sizeof *hot)];
    r->polite_percent = chance(r, 75) ? 95 : 0;
    r->locality = (unsigned)prng_below(&r->prng, 100);
    /* Storms are short: not much gets through them. */
    const bool storm = r->control_gap == gaps[0] || r->edit_gap == gaps[0];
    r->mood_until = r->d.cycle + 1 + prng_below(&r->prng, storm ? MOOD_CYCLES / 8 : MOOD_CYCLES);
}

/* One request for a port, at random within the mood. */
static struct pins_req make(struct random *r, unsigned port, uint8_t id)
{
    uint64_t va = r->last_va[port];
    if (!chance(r, r->locality))
        va = chance(r, 30) ? r->last_va[prng_below(&r->prng, PORTS)] : tables_va(r);
    if (chance(r, 50))
        va = (va & ~UINT64_C(0xfff)) | prng_below(&r->prng, 0x1000);
    r->last_va[port] = va;
    const uint64_t bits = prng_next(&r->prng);
    return (struct pins_req){
        .va = va,
        .id = id,
        .acc = port < CFG_PORTS_FETCH ? ACC_EXECUTE : bits & 1 ? ACC_WRITE : ACC_READ,
        .user = bits & 4,
        .imp = !(bits & 12),
        .ac = bits & 16,
    };
}

static bool would_fault(const struct random *r, const struct pins_req *req)
{
    const struct oracle_access access = {req->va, req->acc, req->user, req->imp, req->ac, req->ss};
    struct oracle_result says;
    oracle_translate(r->physmem, IMAGE_HW, &r->cpu, &r->regs, &access, &says);
    return says.kind != KIND_OK;
}

/* Faults are slow, so most of the time most requests that would fault are made up once more. */
static void offer(struct random *r, unsigned port)
{
    uint8_t id = r->next_id[port];
    while (r->flight[port][id].busy)
        id++;
    r->next_id[port] = (uint8_t)(id + 1 + (prng_next(&r->prng) & 7));
    struct pins_req req = make(r, port, id);
    for (unsigned again = 0; again < 4 && chance(r, r->polite_percent) && would_fault(r, &req); again++) {
        r->last_va[port] = tables_va(r);
        req = make(r, port, id);
    }
    r->d.in.req[port] = req;
    r->d.in.req_valid |= (uint8_t)(1u << port);
    r->counts.requests++;
}

static void offer_some(struct random *r)
{
    if (r->quiet || r->finishing)
        return;
    if (r->d.cycle >= r->mood_until)
        change_mood(r);
    for (unsigned port = 0; port < PORTS; port++)
        if (!(r->d.in.req_valid >> port & 1) && r->counts.requests < r->requests && chance(r, r->busy_percent))
            offer(r, port);
}

static void take_requests(struct random *r, const struct pins_out *out)
{
    const unsigned accepted = r->d.in.req_valid & out->req_ready;
    r->accepted = (uint8_t)accepted;
    for (unsigned ports = accepted; ports; ports &= ports - 1) {
        const unsigned port = (unsigned)__builtin_ctz(ports);
        const struct pins_req *req = &r->d.in.req[port];
        struct flight *f = &r->flight[port][req->id];
        f->access = (struct oracle_access){req->va, req->acc, req->user, req->imp, req->ac, req->ss};
        f->busy = true;
        f->number = r->counts.accepted++;
        f->position = (uint16_t)r->outstanding;
        r->flying[r->outstanding++] = (uint16_t)(port * IDS + req->id);
        check_begin(r, f);
    }
}

/* The operation of this cycle is taken: from now on its registers, or the old ones, decide. */
static void take_control(struct random *r, const struct pins_out *out)
{
    if (!r->d.in.ctl_valid || !out->ctl_ready || r->ctl_taken)
        return;
    const struct op *op = &r->ops[r->op_first];
    r->ctl_taken = true;
    r->counts.control_ops[op->op]++;
    r->counts.control_in_flight += r->outstanding > 0;
    r->changes++;
    control_taken(r, op);
    check_all(r);
}

static void memory_port(struct random *r, const struct pins_out *out)
{
    struct memport_reply reply;
    r->d.mem_accepted = false;
    r->d.in.mem_req_ready = memport_ready(r->memport, r->d.cycle);
    if (out->mem_req_valid && r->d.in.mem_req_ready) {
        const struct memport_request request = {out->mem_req_tag, out->mem_req_cas, out->mem_req_addr, out->mem_req_expected,
                                                out->mem_req_desired};
        memport_accept(r->memport, r->d.cycle, &request);
        r->d.mem_accepted = true;
    }
    r->d.in.mem_rsp_valid = memport_reply(r->memport, r->d.cycle, &reply);
    if (!r->d.in.mem_rsp_valid)
        return;
    r->d.in.mem_rsp_tag = reply.tag;
    r->d.in.mem_rsp_err = reply.err;
    r->d.in.mem_rsp_line = reply.line;
    r->errors += reply.err;
}

/* One request that is never answered must not be hidden by the others that are: progress is the age of the oldest. */
static void watch(struct random *r)
{
    r->d.progress = r->d.cycle;
    for (unsigned i = 0; i < r->outstanding; i++) {
        const uint64_t since = r->flight[r->flying[i] / IDS][r->flying[i] % IDS].since;
        if (since < r->d.progress)
            r->d.progress = since;
    }
}

static void drive(struct driver *self, const struct pins_out *out)
{
    struct random *r = (struct random *)self;
    r->d.in.req_valid &= (uint8_t)~r->accepted;
    r->accepted = 0;
    for (unsigned valid = out->resp_valid; valid && !r->d.ended; valid &= valid - 1)
        check_answer(r, (unsigned)__builtin_ctz(valid), &out->resp[__builtin_ctz(valid)]);
    if (r->d.ended)
        return;
    r->finishing = r->counts.requests >= r->requests || r->d.stop;
    if (r->d.cycle % WATCH_EVERY == 0)
        watch(r);
    control_pins(r, out);
    if (!r->pending.active && !r->ctl_taken && r->d.cycle >= r->next_edit && !r->quiet && !r->finishing) {
        r->next_edit = r->d.cycle + 1 + prng_below(&r->prng, 2 * r->edit_gap);
        tables_edit(r);
    }
    offer_some(r);
    take_requests(r, out);
    take_control(r, out);
    memory_port(r, out);
    r->d.ended |= r->finishing && !r->d.in.req_valid && !r->outstanding && !r->op_count && !r->pending.active && !r->accepted;
}

static uint64_t idle(const struct driver *self)
{
    (void)self;
    return 0; /* something may be begun in every cycle */
}

static void locate(const struct driver *self, int port, unsigned id, struct finding *finding)
{
    const struct random *r = (const struct random *)self;
    if (port < 0 || port >= PORTS || !r->flight[port][id].busy)
        return;
    const struct flight *f = &r->flight[port][id];
    finding->access = finding->record = f->number;
    finding->va = f->access.va;
    finding->acc = f->access.acc;
    finding->user = f->access.user;
}

struct random *random_new(const struct options *options, char *error, size_t size)
{
    struct random *r = calloc(1, sizeof *r);
    struct memport_config memory = options->memory;
    /* Longer latencies show nothing more here, and cost cycles. */
    memory.random_max = memory.random_max < LATENCY_MOST ? memory.random_max : LATENCY_MOST;
    memory.random_min = memory.random_min < memory.random_max ? memory.random_min : memory.random_max;
    memory.error_per_million = MEMORY_ERRORS;
    memory.stall_per_million = MEMORY_STALLS;
    if (r) {
        r->d.drive = drive;
        r->d.idle = idle;
        r->d.locate = locate;
        r->d.total = r->requests = options->requests;
        r->prng = prng_mix(options->seed);
        r->cpu = (struct oracle_cpu){CFG_ARCH_PADDR_BITS, CFG_ARCH_PAGE_1G, CFG_ARCH_LA57, CFG_ARCH_PCID};
        r->physmem = physmem_new(CFG_ARCH_PADDR_BITS);
        r->memport = r->physmem ? memport_new(r->physmem, &memory) : NULL;
    }
    if (!r || !r->memport || !tables_build(r)) {
        snprintf(error, size, "not enough memory for the random stimulus");
        random_free(r);
        return NULL;
    }
    change_mood(r);
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
