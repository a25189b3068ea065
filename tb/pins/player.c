/* Stimulus, played: see player.h. */
#include "player.h"

#include <stdlib.h>
#include <string.h>

#include "mem/physmem.h"
#include "mem/reply.h"
#include "mmu_cfg.h"

enum { TAGS = 16, IDS = 256, PORTS = CFG_PORTS_FETCH + CFG_PORTS_DATA, AFTERWARDS = 64 };

struct player {
    struct driver d;
    const struct stimulus *s;
    const bool *keep;
    size_t next;           /* event that no cycle has seen yet */
    size_t waiting[PORTS]; /* first request of this port that is not offered yet, as far as its cycle has come */
    size_t waiting_ctl;
    struct physmem *physmem;
    struct {
        uint64_t due, addr, expected, desired;
        bool busy, cas, error;
    } memory[TAGS];
    uint64_t line[8]; /* of the reply */
    uint8_t accepted; /* ports, in the cycle before */
    bool ctl_accepted;
    struct {
        struct pins_req req;
        uint64_t number;
        bool busy;
    } flight[PORTS][IDS];
    unsigned outstanding;
    uint64_t squashed; /* requests that were dropped */
    uint64_t quiet;    /* cycle from which nothing was left to do */
    bool failed;       /* memory is short */
};

static bool kept(const struct player *p, size_t i)
{
    return !p->keep || p->keep[i];
}

/* The next event of a kind (and port) from `from` on whose cycle has come; p->s->count: none. */
static size_t come(const struct player *p, size_t from, enum stimulus_kind kind, unsigned port)
{
    for (; from < p->next; from++)
        if (kept(p, from) && p->s->event[from].kind == kind &&
            (kind != STIMULUS_REQUEST || p->s->event[from].port == port))
            return from;
    return p->s->count;
}

static void take_answers(struct player *p, const struct pins_out *out)
{
    for (unsigned valid = out->resp_valid; valid; valid &= valid - 1) {
        const unsigned port = (unsigned)__builtin_ctz(valid), id = out->resp[port].id;
        if (port >= PORTS || !p->flight[port][id].busy) {
            finding_set(&p->d.finding, FINDING_PROTOCOL, p->d.cycle, "resp_id", "only answers to requests in flight",
                        "an answer to none");
            p->d.ended = true;
            return;
        }
        p->flight[port][id].busy = false;
        p->outstanding--;
        p->d.done++;
        p->d.progress = p->d.cycle;
    }
}

/* Everything whose cycle has come: pokes are carried out, the rest waits to be offered. */
static void look_ahead(struct player *p)
{
    for (; p->next < p->s->count && p->s->event[p->next].cycle <= p->d.cycle; p->next++) {
        const struct stimulus_event *e = &p->s->event[p->next];
        if (kept(p, p->next) && e->kind == STIMULUS_POKE && !physmem_write(p->physmem, e->pa, e->value))
            p->failed = p->d.ended = true;
    }
}

static void offer(struct player *p)
{
    for (unsigned port = 0; port < PORTS; port++) {
        if (p->d.in.req_valid >> port & 1)
            continue;
        const size_t at = come(p, p->waiting[port], STIMULUS_REQUEST, port);
        p->waiting[port] = at < p->s->count ? at : p->next;
        if (at == p->s->count || p->flight[port][p->s->event[at].req.id].busy)
            continue;
        p->d.in.req[port] = p->s->event[at].req;
        p->d.in.req_valid |= (uint8_t)(1u << port);
        p->waiting[port] = at + 1;
    }
    if (p->d.in.ctl_valid)
        return;
    const size_t at = come(p, p->waiting_ctl, STIMULUS_CONTROL, 0);
    p->waiting_ctl = at < p->s->count ? at + 1 : p->next;
    if (at == p->s->count)
        return;
    p->d.in.ctl_valid = true;
    p->d.in.ctl_op = p->s->event[at].op;
    p->d.in.ctl_data = p->s->event[at].pa;
    p->d.in.ctl_desc = p->s->event[at].value;
}

/* The squashes of this cycle: of requests that were accepted before it. */
static void squash(struct player *p)
{
    p->d.in.squash_valid = 0;
    for (size_t i = p->next; i-- > 0 && p->s->event[i].cycle == p->d.cycle;) {
        const struct stimulus_event *e = &p->s->event[i];
        if (!kept(p, i) || e->kind != STIMULUS_SQUASH)
            continue;
        p->d.in.squash_valid |= (uint8_t)(1u << e->port);
        p->d.in.squash_id[e->port] = e->req.id;
        if (!p->flight[e->port][e->req.id].busy)
            continue;
        p->flight[e->port][e->req.id].busy = false;
        p->outstanding--;
        p->squashed++;
        p->d.total--; /* no answer is owed to it */
        p->d.progress = p->d.cycle;
    }
}

static void accept(struct player *p, const struct pins_out *out)
{
    p->accepted = p->d.in.req_valid & out->req_ready;
    for (unsigned ports = p->accepted; ports; ports &= ports - 1) {
        const unsigned port = (unsigned)__builtin_ctz(ports);
        const struct pins_req *req = &p->d.in.req[port];
        p->flight[port][req->id].req = *req;
        p->flight[port][req->id].number = p->d.done + p->squashed + p->outstanding;
        p->flight[port][req->id].busy = true;
        p->outstanding++;
    }
    p->ctl_accepted = p->d.in.ctl_valid && out->ctl_ready;
}

/* What the stimulus says of memory in this cycle. */
static const struct stimulus_event *said(const struct player *p, enum stimulus_kind kind)
{
    for (size_t i = p->next; i-- > 0 && p->s->event[i].cycle == p->d.cycle;)
        if (kept(p, i) && p->s->event[i].kind == kind)
            return &p->s->event[i];
    return NULL;
}

static void reply(struct player *p)
{
    unsigned tag = TAGS;
    for (unsigned i = 0; i < TAGS; i++)
        if (p->memory[i].busy && p->memory[i].due <= p->d.cycle &&
            (tag == TAGS || p->memory[i].due < p->memory[tag].due))
            tag = i;
    p->d.in.mem_rsp_valid = tag < TAGS;
    if (tag == TAGS)
        return;
    reply_fill(p->line, physmem_line(p->physmem, p->memory[tag].addr), p->memory[tag].addr, CFG_WALKERS_REPLY_BYTES);
    p->d.in.mem_rsp_tag = (uint8_t)tag;
    p->d.in.mem_rsp_err = p->memory[tag].error;
    p->d.in.mem_rsp_line = p->line;
    if (p->memory[tag].cas && !p->memory[tag].error)
        physmem_cas(p->physmem, p->memory[tag].addr, p->memory[tag].expected, p->memory[tag].desired);
    p->memory[tag].busy = false;
}

static void memory(struct player *p, const struct pins_out *out)
{
    p->d.mem_accepted = false;
    p->d.in.mem_req_ready = !said(p, STIMULUS_STALL);
    if (out->mem_req_valid && p->d.in.mem_req_ready && out->mem_req_tag < TAGS) {
        const struct stimulus_event *e = said(p, STIMULUS_MEMORY);
        const unsigned tag = out->mem_req_tag;
        p->memory[tag].busy = true;
        p->memory[tag].due = p->d.cycle + (e ? e->latency : STIMULUS_LATENCY);
        p->memory[tag].error = e && e->error;
        p->memory[tag].cas = out->mem_req_cas;
        p->memory[tag].addr = out->mem_req_addr;
        p->memory[tag].expected = out->mem_req_expected;
        p->memory[tag].desired = out->mem_req_desired;
        p->d.mem_accepted = true;
    }
    reply(p);
}

/* Nothing left: a little longer, to see what comes that was not asked for. */
static bool over(struct player *p)
{
    bool busy = p->next < p->s->count || p->outstanding || p->d.in.req_valid || p->d.in.ctl_valid;
    for (unsigned tag = 0; tag < TAGS; tag++)
        busy |= p->memory[tag].busy;
    if (busy)
        p->quiet = p->d.cycle;
    return p->d.cycle - p->quiet > AFTERWARDS;
}

static void drive(struct driver *self, const struct pins_out *out)
{
    struct player *p = (struct player *)self;
    p->d.in.req_valid &= (uint8_t)~p->accepted;
    if (p->ctl_accepted)
        p->d.in.ctl_valid = false;
    take_answers(p, out);
    if (p->d.ended)
        return;
    look_ahead(p);
    if (!p->outstanding && p->next < p->s->count)
        p->d.progress = p->d.cycle; /* waiting for a cycle that the stimulus names is no hang */
    offer(p);
    squash(p);
    accept(p, out);
    memory(p, out);
    p->d.ended = p->failed || p->d.stop || over(p);
}

static uint64_t idle(const struct driver *self)
{
    (void)self;
    return 0; /* every cycle is stepped: stimulus is short */
}

static void locate(const struct driver *self, int port, unsigned id, struct finding *f)
{
    const struct player *p = (const struct player *)self;
    if (port < 0 || port >= PORTS || id >= IDS || !p->flight[port][id].busy)
        return;
    const struct pins_req *req = &p->flight[port][id].req;
    f->access = p->flight[port][id].number;
    f->va = req->va;
    f->acc = req->acc;
    f->user = req->user;
    f->imp = req->imp;
    f->ac = req->ac;
    f->ss = req->ss;
}

struct player *player_new(const struct stimulus *stimulus, const bool *keep)
{
    struct player *p = calloc(1, sizeof *p);
    if (!p)
        return NULL;
    p->d.drive = drive;
    p->d.idle = idle;
    p->d.locate = locate;
    p->s = stimulus;
    p->keep = keep;
    for (size_t i = 0; i < stimulus->count; i++)
        p->d.total += kept(p, i) && stimulus->event[i].kind == STIMULUS_REQUEST;
    p->physmem = physmem_new(CFG_ARCH_PADDR_BITS);
    if (!p->physmem) {
        free(p);
        return NULL;
    }
    return p;
}

void player_free(struct player *p)
{
    if (p)
        physmem_free(p->physmem);
    free(p);
}

bool player_failed(const struct player *p)
{
    return p->failed;
}

struct driver *player_driver(struct player *p)
{
    return &p->d;
}
