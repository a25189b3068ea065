/* The world's clock: one cycle at the pins of the MMU. See world.h for the story. */
#include "world.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void world_fail(struct world *w, const char *format, ...)
{
    va_list arguments;
    if (w->broken)
        return;
    va_start(arguments, format);
    vsnprintf(w->error, sizeof w->error, format, arguments);
    va_end(arguments);
    w->broken = true;
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
    finding->user = !(s->mode & TRACE_SUPERVISOR);
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
    static const char *const access[] = {"load", "store", "fetch", "?"};
    static const char *const state[] = {"not offered", "offered", "in flight", "answered"};
    snprintf(text, size, "record %" PRIu64 ": %s %s 0x%" PRIx64 ", %s on port %u", slot->record,
             slot->mode & TRACE_SUPERVISOR ? "supervisor" : "user", access[slot->acc & 3], slot->va,
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
        w->in_flight--;
        if (resp->src == SRC_WALK && resp->kind == KIND_OK)
            histogram_add(&w->walk_latency, w->d.cycle - s->accepted);
    }
}

/* Commits what has arrived at the head of the window, in program order. */
static void commit(struct world *w)
{
    while (w->head != w->next && w->phase == PHASE_RUN) {
        struct slot *s = world_slot(w, w->head);
        if (s->state != SLOT_ANSWERED)
            return;
        if (w->judged && s->answer.kind == KIND_OK && !s->expected) {
            const uint64_t key = memo_key(s->va, s->acc, s->mode);
            const struct memo_entry *m = memo_slot(&w->memo, key);
            if (m->key == key && m->stamp == w->stamp && s->answer.pa == (m->frame | (s->va & 0xfff)) &&
                s->answer.size == m->size && s->answer.pat == m->pat)
                w->counts.oracle_checks++;
            else if (!judge_slow(w, s))
                return;
        } else if (!judge_slow(w, s)) {
            return;
        }
        if (w->touches && s->answer.kind == KIND_OK)
            memport_touch(w->memport, s->answer.pa);
        if (w->tap)
            w->tap->commit(w->tap->context, s, w->counts.accesses);
        w->counts.accesses++;
        w->counts.by_acc[s->acc]++;
        w->d.progress = w->d.cycle;
        s->state = SLOT_IDLE;
        w->head++;
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
        w->d.in.req[port] = (struct pins_req){
            .va = s->va,
            .id = (uint8_t)(w->next & w->mask),
            .acc = s->acc,
            .user = !(s->mode & TRACE_SUPERVISOR),
            .imp = (s->mode & TRACE_IMPLICIT) != 0,
            .ac = (s->mode & TRACE_AC) != 0,
            .ss = (s->mode & TRACE_SHADOW_STACK) != 0,
        };
        w->d.in.req_valid |= (uint8_t)(1u << port);
        idle &= ~(1u << port);
        s->port = (uint8_t)port;
        s->state = SLOT_OFFERED;
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
            w->d.mem_accepted = true;
            w->mem_next = memport_next(w->memport);
            if (w->tap)
                w->tap->memory(w->tap->context, request.cas, request.addr);
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
        }
        w->mem_next = memport_next(w->memport);
    }
}

/* One cycle. */
static void drive(struct driver *self, const struct pins_out *out)
{
    struct world *w = (struct world *)self;
    w->d.in.req_valid &= (uint8_t)~w->accepted;
    if (out->resp_valid)
        take_responses(w, out);
    if (w->phase == PHASE_RUN)
        commit(w);
    if (w->phase != PHASE_RUN || w->barrier || w->exhausted)
        serial_cycle(w, out);
    if (w->phase == PHASE_RUN)
        issue(w);

    const unsigned accepted = w->d.in.req_valid & out->req_ready;
    w->accepted = (uint8_t)accepted;
    for (unsigned ports = accepted; ports; ports &= ports - 1) {
        struct slot *s = &w->slot[w->d.in.req[__builtin_ctz(ports)].id];
        s->state = SLOT_FLYING;
        s->accepted = w->d.cycle;
        w->in_flight++;
    }
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

bool world_compare_memory(struct world *w)
{
    enum { A_AND_D = 0x60 };
    uint64_t pa, hw, oracle;
    if (!physmem_compare(w->physmem, w->stale_used ? ~(uint64_t)A_AND_D : ~UINT64_C(0), &pa, &hw, &oracle))
        return true;
    char field[64];
    snprintf(field, sizeof field, "page-table entry at 0x%" PRIx64 " after the run", pa);
    finding_numbers(&w->d.finding, FINDING_MEMORY, w->d.cycle, field, oracle, hw);
    return false;
}

static bool open_trace(struct world *w, const struct world_setup *setup, char *error, size_t size)
{
    const char *why = NULL;
    w->trace = trace_open(setup->trace, &why);
    if (!w->trace) {
        snprintf(error, size, "%s", why);
        return false;
    }
    const struct trace_info *info = trace_get_info(w->trace);
    if (info->linear_bits > 48 && !w->cpu.la57) {
        snprintf(error, size, "%s needs %u-bit linear addresses, and preset %s has no 57-bit paging (arch.la57 = false)",
                 setup->trace, info->linear_bits, CFG_NAME);
        return false;
    }
    w->d.total = info->records;
    if (trace_next(w->trace, &w->rec, &w->rec_left) != 1) {
        const char *said = trace_error(w->trace);
        snprintf(error, size, "%s", said && *said ? said : "the trace is empty");
        return false;
    }
    return true;
}

/* A trace that does not begin with its program's mappings comes without any: then every page it touches is mapped. */
static bool boot(struct world *w, const struct world_setup *setup, char *error, size_t size)
{
    const struct trace_info *info = trace_get_info(w->trace);
    if (info->own_tables)
        return true;
    const struct os_config config = {
        .paddr_bits = w->cpu.paddr_bits,
        .la57 = w->cpu.la57 && info->linear_bits > 48,
        .pcid = w->cpu.pcid,
        .page_1g = w->cpu.page_1g,
        .implicit_map = w->rec->kind != TRACE_MAP,
        .pages = (enum os_page_policy)setup->pages,
        .ram_bytes = setup->ram,
        .seed = setup->seed,
    };
    w->os = os_new(w->physmem, &config);
    if (!w->os) {
        snprintf(error, size, "the operating system model cannot start: %" PRIu64 " KiB of simulated memory (--ram) are too few, or the host has none left",
                 setup->ram >> 10);
        return false;
    }
    w->phase = PHASE_CONTROL; /* the operations that switch paging on come first */
    return true;
}

struct world *world_new(const struct world_setup *setup, char *error, size_t error_size)
{
    struct world *w = calloc(1, sizeof *w);
    if (!w) {
        snprintf(error, error_size, "not enough memory for the bench");
        return NULL;
    }
    w->d.drive = drive;
    w->d.idle = idle;
    w->d.locate = locate;
    w->cpu = (struct oracle_cpu){CFG_ARCH_PADDR_BITS, CFG_ARCH_PAGE_1G, CFG_ARCH_LA57, CFG_ARCH_PCID};
    w->window = setup->window;
    w->mask = 1;
    while (w->mask < w->window)
        w->mask *= 2;
    w->mask--;
    w->limit = setup->limit;
    w->judged = setup->judged;
    w->touches = setup->memory.model == MEMPORT_CACHE;
    w->mem_next = UINT64_MAX;
    w->stamp = 1;
    w->physmem = physmem_new(CFG_ARCH_PADDR_BITS);
    w->memport = w->physmem ? memport_new(w->physmem, &setup->memory) : NULL;
    if (!w->memport)
        snprintf(error, error_size, "not enough memory for the simulated memory");
    if (!w->memport || !open_trace(w, setup, error, error_size) || !boot(w, setup, error, error_size)) {
        world_free(w);
        return NULL;
    }
    return w;
}

void world_free(struct world *w)
{
    if (!w)
        return;
    if (w->os)
        os_free(w->os);
    if (w->trace)
        trace_close(w->trace);
    if (w->memport)
        memport_free(w->memport);
    if (w->physmem)
        physmem_free(w->physmem);
    free(w);
}
