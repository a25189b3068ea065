/* The world's clock: one cycle at the pins of the MMU. See world.h for the story. */
#include "world.h"
#include "remembered.h"
#include "traces/format/plain.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>

void world_fail(struct world *w, int status, const char *format, ...)
{
    va_list arguments;
    if (w->broken)
        return;
    va_start(arguments, format);
    vsnprintf(w->error, sizeof w->error, format, arguments);
    va_end(arguments);
    plain_in_place(w->error, sizeof w->error);
    w->broken = true;
    w->status = (uint8_t)status;
}

static void locate(const struct driver *self, int port, unsigned id, struct finding *finding)
{
    const struct world *w = (const struct world *)self;
    const unsigned slot = port < 0 ? (unsigned)(w->head & w->mask) : id;
    const struct slot *s = &w->slot[slot];
    if (w->head == w->tail || slot > w->mask)
        return;
    finding->access = world_number(w, slot);
    finding->record = s->record;
    finding->va = s->va;
    finding->acc = s->acc;
    world_mode(finding, s->mode);
}

static void explain(const struct driver *self, const struct finding *f, FILE *out)
{
    const struct world *w = (const struct world *)self;
    const struct oracle_access access =
        {.va = f->va, .acc = f->acc, .user = f->user, .imp = f->imp, .ac = f->ac, .ss = f->ss};
    struct oracle_result result;
    oracle_translate(w->physmem, IMAGE_HW, &w->cpu, &w->regs, &access, &result);
    oracle_explain(out, &w->regs, &access, &result);
}

void world_mode(struct finding *finding, uint8_t mode)
{
    finding->user = !(mode & TRACE_SUPERVISOR);
    finding->imp = (mode & TRACE_IMPLICIT) != 0;
    finding->ac = (mode & TRACE_AC) != 0;
    finding->ss = (mode & TRACE_SHADOW_STACK) != 0;
}

void world_finding(struct world *w, enum finding_kind kind, const struct slot *s, const char *field,
                   const char *expected, const char *actual)
{
    if (w->d.finding.kind != FINDING_NONE)
        return;
    finding_set(&w->d.finding, kind, w->d.cycle, field, expected, actual);
    if (s)
        locate(&w->d, s->port, (unsigned)(s - w->slot), &w->d.finding);
    w->phase = PHASE_END;
}

void world_describe(const struct slot *slot, char *text, size_t size)
{
    static const char *const state[] = {"not offered", "offered", "in flight", "answered"};
    struct finding how = {.acc = slot->acc};
    char access[64];
    world_mode(&how, slot->mode);
    finding_access(&how, access, sizeof access);
    snprintf(text, size, "record %" PRIu64 ": %s 0x%" PRIx64 ", %s on port %u", slot->record, access, slot->va,
             state[slot->state & 3], slot->port);
}

static void protocol(struct world *w, const char *what, unsigned port, unsigned id)
{
    char text[64];
    snprintf(text, sizeof text, "port %u id %u", port, id);
    world_finding(w, FINDING_PROTOCOL, NULL, what, "only answers to requests in flight", text);
}

static void take_responses(struct world *w, const struct pins_out *out)
{
    for (unsigned valid = out->resp_valid; valid; valid &= valid - 1) {
        unsigned port = (unsigned)__builtin_ctz(valid);
        const struct pins_resp *resp = &out->resp[port];
        struct slot *s = &w->slot[resp->id];
        if (s->state != SLOT_FLYING || s->port != port) {
            protocol(w, "resp_id", port, resp->id);
            return;
        }
        s->answer = *resp;
        s->state = SLOT_ANSWERED;
        s->alone &= s->order == w->accepts;
        w->in_flight--;
        if (resp->src == SRC_WALK && resp->kind == KIND_OK)
            histogram_add(&w->walk_latency, w->d.cycle - s->accepted);
    }
}

/* The frame that the MMU led the access to holds what its process's page must hold. */
static bool reaches_its_page(struct world *w, const struct slot *s)
{
    uint64_t found = 0, expected = 0;
    char is[96], must[96];
    if (kernelside_reaches(&w->kernel, s->va, s->acc == ACC_WRITE, s->answer.addr, &found, &expected))
        return true;
    snprintf(must, sizeof must, "signature 0x%" PRIx64, expected);
    snprintf(is, sizeof is, "signature 0x%" PRIx64 " at physical address 0x%" PRIx64, found, s->answer.addr);
    world_finding(w, FINDING_CONTENTS, s, "contents of the page", must, is);
    return false;
}

/* Commits what has arrived at the head of the window, in program order. */
static void commit(struct world *w)
{
    while (w->head != w->next && w->phase == PHASE_RUN) {
        struct slot *s = world_slot(w, w->head);
        if (s->state != SLOT_ANSWERED)
            return;
        if (w->judged && is_known(w, s, &s->answer))
            count_remembered(w, 1, s->expected);
        else if (!judge_slow(w, s))
            return;
        if (w->touches && s->answer.kind == KIND_OK)
            memport_touch(w->memport, s->answer.addr);
        if (w->kernel.keeps && s->answer.kind == KIND_OK && !reaches_its_page(w, s))
            return;
        if (w->tap)
            w->tap->commit(w->tap->context, s, w->counts.accesses);
        w->counts.accesses++;
        w->counts.by_acc[s->acc]++;
        w->d.progress = w->d.cycle;
        s->state = SLOT_IDLE;
        w->head++;
    }
}

void world_accept(struct world *w, unsigned accepted, uint64_t cycle)
{
    w->accepted = (uint8_t)accepted;
    for (unsigned ports = accepted; ports; ports &= ports - 1) {
        struct slot *s = &w->slot[w->d.in.req[__builtin_ctz(ports)].id];
        s->state = SLOT_FLYING;
        s->accepted = cycle;
        s->alone = w->in_flight == 0;
        s->order = ++w->accepts;
        w->in_flight++;
    }
}

/* Puts the next accesses in order on ports, until one finds none. */
static void issue(struct world *w)
{
    unsigned idle = (WORLD_FETCH_PORTS | WORLD_DATA_PORTS) & ~(unsigned)w->d.in.req_valid;
    while (idle) {
        if (w->next == w->tail && !window_load(w))
            return;
        struct slot *s = world_slot(w, w->next);
        const unsigned side = idle & (s->acc == ACC_EXECUTE ? WORLD_FETCH_PORTS : WORLD_DATA_PORTS);
        if (!side)
            return;
        const unsigned port = (unsigned)__builtin_ctz(side);
        w->d.in.req[port] = world_request(s->va, s->acc, s->mode, (unsigned)(w->next & w->mask));
        s->port = (uint8_t)port;
        s->state = SLOT_OFFERED;
        w->d.in.req_valid |= (uint8_t)(1u << port);
        idle &= ~(1u << port);
        w->next++;
    }
}

static void memory_port(struct world *w, const struct pins_out *out)
{
    w->d.mem_accepted = false;
    w->d.in.mem_req_ready = false;
    if (out->mem_req_valid) {
        if (out->mem_req_tag > 15 || out->mem_req_addr & 7) {
            world_finding(w, FINDING_PROTOCOL, NULL, "mem_req", "a tag below 16 and an 8-aligned address", "neither");
            return;
        }
        w->d.in.mem_req_ready = memport_ready(w->memport, w->d.cycle);
        if (w->d.in.mem_req_ready) {
            const struct memport_request request = {out->mem_req_tag, out->mem_req_cas, out->mem_req_addr,
                                                    out->mem_req_expected, out->mem_req_desired};
            memport_accept(w->memport, w->d.cycle, &request);
            table_types_note(&w->table_types, w->stamp, request.addr, request.cas, out->mem_req_mt);
            w->d.mem_accepted = true;
            w->mem_next = memport_next(w->memport);
            if (w->tap)
                w->tap->memory(w->tap->context, request.cas, out->mem_req_mt, request.addr);
        }
    }
    w->d.in.mem_rsp_valid = false;
    if (w->d.cycle >= w->mem_next) {
        struct memport_reply reply;
        if (memport_reply(w->memport, w->d.cycle, &reply)) {
            w->d.in.mem_rsp_valid = true;
            w->d.in.mem_rsp_tag = reply.tag;
            w->d.in.mem_rsp_err = reply.err;
            w->d.in.mem_rsp_line = reply.line;
            if (reply.err)
                world_note_error(w, reply.addr);
        }
        w->mem_next = memport_next(w->memport);
    }
}

/* The common cycle: what was taken in the last one, and nothing else, is answered in this one, as the oracle remembers
 * it, and can be committed at once. True if it is; otherwise nothing has changed. */
static inline bool answer_and_commit(struct world *w, const struct pins_out *out)
{
    const unsigned count = w->in_flight;
    if (!all_known(w, out))
        return false;
    for (unsigned i = 0; i < count; i++) {
        struct slot *s = world_slot(w, w->head + i);
        s->answer = out->resp[s->port];
        s->alone &= s->order == w->accepts;
        s->state = SLOT_IDLE;
        count_remembered(w, 1, s->expected);
        if (w->touches)
            memport_touch(w->memport, s->answer.addr);
        w->counts.by_acc[s->acc]++;
    }
    if (count)
        w->d.progress = w->d.cycle;
    w->counts.accesses += count;
    w->in_flight = 0;
    w->head = w->next;
    return true;
}

/* One cycle. */
static void drive(struct driver *self, const struct pins_out *out)
{
    struct world *w = (struct world *)self;
    w->d.in.req_valid &= (uint8_t)~w->accepted;
    if (!answer_and_commit(w, out)) {
        if (out->resp_valid)
            take_responses(w, out);
        if (w->phase == PHASE_RUN)
            commit(w);
    }
    if (w->phase != PHASE_RUN || w->barrier || w->exhausted)
        serial_cycle(w, out);
    if (w->phase == PHASE_RUN)
        issue(w);

    world_accept(w, w->d.in.req_valid & out->req_ready, w->d.cycle);
    memory_port(w, out);
    w->d.ended = w->phase == PHASE_END;
}

static uint64_t idle(const struct driver *self)
{
    const struct world *w = (const struct world *)self;
    if (w->accepted || w->d.mem_accepted || w->d.in.mem_rsp_valid || w->d.in.ctl_valid ||
        (w->phase == PHASE_RUN && w->head == w->tail))
        return 0;
    return w->mem_next == UINT64_MAX ? UINT64_MAX : w->mem_next - w->d.cycle;
}

void world_pins(struct world *w)
{
    w->d.drive = drive;
    w->d.idle = idle;
    w->d.stretch = world_stretch;
    w->d.locate = locate;
    w->d.explain = explain;
}
