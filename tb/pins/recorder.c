/* What a driver does at the pins: see recorder.h.
 *
 * Software's writes do not show at the pins: memory is compared with a copy whenever its generation says that it was
 * written. What walkers change by compare-and-swap is theirs and is carried into the copy. */
#include "recorder.h"

#include <stdlib.h>
#include <string.h>

#include "mmu_cfg.h"

enum {
    TAGS = 16,
    LINES = 1 << 14,
    NOT_YET = 1000, /* cycles that memory takes for what it had not answered when the run ended */
};

struct recorder {
    const struct driver *driver; /* of a lockstep run; NULL: none */
    const struct physmem *memory;
    uint64_t cycle;               /* the present one */
    struct physmem *copy, *first; /* first: as it was before the run */
    uint64_t generation;
    struct stimulus stimulus;
    bool offered[PINS_MAX_PORTS], ctl_offered;
    struct {
        uint64_t addr, expected, desired;
        size_t event;   /* of its acceptance */
        bool seen, cas; /* seen: its acceptance was */
    } tag[TAGS];
    uint64_t line[LINES]; /* lines that were read, 0: none; open addressing */
    unsigned lines;
    bool bad; /* memory ran short */
};

static void put(struct recorder *r, const struct stimulus_event *e)
{
    if (!stimulus_add(&r->stimulus, e))
        r->bad = true;
}

/* Copies a frame, and with a recorder's stimulus notes each word that differs as a poke. */
struct visit {
    struct recorder *r;
    struct physmem *to;
    bool note;
};

static bool copy_frame(void *context, uint64_t frame_pa, const uint64_t *words)
{
    const struct visit *v = context;
    for (unsigned i = 0; i < 512; i++) {
        const uint64_t pa = frame_pa + 8 * i;
        if (words[i] == physmem_read(v->to, IMAGE_HW, pa))
            continue;
        if (!physmem_write(v->to, pa, words[i]))
            v->r->bad = true;
        if (v->note)
            put(v->r,
                &(struct stimulus_event){.cycle = v->r->cycle, .kind = STIMULUS_POKE, .pa = pa, .value = words[i]});
    }
    return true;
}

static void note_pokes(struct recorder *r)
{
    const uint64_t generation = physmem_generation(r->memory);
    struct visit v = {r, r->copy, true};
    if (generation == r->generation)
        return;
    r->generation = generation;
    physmem_visit(r->memory, IMAGE_HW, copy_frame, &v);
}

static void note_line(struct recorder *r, uint64_t addr)
{
    const uint64_t key = addr >> 6 | UINT64_C(1) << 63;
    size_t at = (addr >> 6) * UINT64_C(0x9e3779b97f4a7c15) >> 50 & (LINES - 1);
    while (r->line[at] && r->line[at] != key)
        at = (at + 1) & (LINES - 1);
    if (r->line[at] == key)
        return;
    if (2 * ++r->lines > LINES)
        r->bad = true;
    else
        r->line[at] = key;
}

static bool was_read(const struct recorder *r, uint64_t pa)
{
    const uint64_t key = pa >> 6 | UINT64_C(1) << 63;
    size_t at = (pa >> 6) * UINT64_C(0x9e3779b97f4a7c15) >> 50 & (LINES - 1);
    while (r->line[at] && r->line[at] != key)
        at = (at + 1) & (LINES - 1);
    return r->line[at] == key;
}

static void note_requests(struct recorder *r, const struct pins_in *in, const struct pins_out *out)
{
    for (unsigned port = 0; port < PINS_MAX_PORTS; port++) {
        const bool valid = in->req_valid >> port & 1;
        if (valid && !r->offered[port])
            put(r, &(struct stimulus_event){.cycle = r->cycle,
                                            .kind = STIMULUS_REQUEST,
                                            .port = (uint8_t)port,
                                            .req = in->req[port]});
        r->offered[port] = valid && !(out->req_ready >> port & 1);
    }
    for (unsigned port = 0; in->squash_valid >> port; port++)
        if (in->squash_valid >> port & 1)
            put(r, &(struct stimulus_event){.cycle = r->cycle,
                                            .kind = STIMULUS_SQUASH,
                                            .port = (uint8_t)port,
                                            .req = {.id = in->squash_id[port]}});
    if (in->ctl_valid && !r->ctl_offered)
        put(r, &(struct stimulus_event){.cycle = r->cycle,
                                        .kind = STIMULUS_CONTROL,
                                        .op = in->ctl_op,
                                        .pa = in->ctl_data,
                                        .value = in->ctl_desc});
    r->ctl_offered = in->ctl_valid && !out->ctl_ready;
}

static void note_memory(struct recorder *r, const struct pins_in *in, const struct pins_out *out)
{
    const uint64_t cycle = r->cycle;
    if (in->mem_rsp_valid && in->mem_rsp_tag < TAGS && r->tag[in->mem_rsp_tag].seen) {
        struct stimulus_event *e = &r->stimulus.event[r->tag[in->mem_rsp_tag].event];
        e->latency = (uint32_t)(cycle - e->cycle);
        e->error = in->mem_rsp_err;
    }
    if (!out->mem_req_valid || out->mem_req_tag >= TAGS)
        return;
    if (!in->mem_req_ready) {
        put(r, &(struct stimulus_event){.cycle = cycle, .kind = STIMULUS_STALL});
        return;
    }
    note_line(r, out->mem_req_addr);
    r->tag[out->mem_req_tag].event = r->stimulus.count;
    r->tag[out->mem_req_tag].seen = true;
    r->tag[out->mem_req_tag].cas = out->mem_req_cas;
    r->tag[out->mem_req_tag].addr = out->mem_req_addr;
    r->tag[out->mem_req_tag].expected = out->mem_req_expected;
    r->tag[out->mem_req_tag].desired = out->mem_req_desired;
    put(r,
        &(struct stimulus_event){.cycle = cycle, .kind = STIMULUS_MEMORY, .latency = NOT_YET, .pa = out->mem_req_addr});
}

/* A compare-and-swap that was carried out in this cycle: not software's. */
static void carry_swap(struct recorder *r, const struct pins_in *in)
{
    if (!in->mem_rsp_valid || in->mem_rsp_err || in->mem_rsp_tag >= TAGS || !r->tag[in->mem_rsp_tag].seen ||
        !r->tag[in->mem_rsp_tag].cas)
        return;
    const uint64_t addr = r->tag[in->mem_rsp_tag].addr, expected = r->tag[in->mem_rsp_tag].expected;
    if (in->mem_rsp_line[addr >> 3 & 7] != expected)
        return;
    struct stimulus_event *e = &r->stimulus.event[r->tag[in->mem_rsp_tag].event];
    e->swapped = true;
    e->value = r->tag[in->mem_rsp_tag].desired;
    if (!physmem_write(r->copy, addr, e->value))
        r->bad = true;
}

void recorder_cycle(struct recorder *r, uint64_t cycle, const struct pins_in *in, const struct pins_out *out)
{
    if (r->bad)
        return;
    r->cycle = cycle;
    carry_swap(r, in);
    note_pokes(r);
    note_requests(r, in, out);
    note_memory(r, in, out);
}

static void on_cycle(void *context, const struct pins_out *out)
{
    struct recorder *r = context;
    recorder_cycle(r, r->driver->cycle, &r->driver->in, out);
}

struct recorder *recorder_new(const struct physmem *memory)
{
    struct recorder *r = calloc(1, sizeof *r);
    if (!r)
        return NULL;
    r->memory = memory;
    r->generation = physmem_generation(memory);
    r->copy = physmem_new(CFG_ARCH_PADDR_BITS);
    r->first = physmem_new(CFG_ARCH_PADDR_BITS);
    if (r->copy && r->first) {
        struct visit copy = {r, r->copy, false}, first = {r, r->first, false};
        physmem_visit(memory, IMAGE_HW, copy_frame, &copy);
        physmem_visit(memory, IMAGE_HW, copy_frame, &first);
    } else {
        r->bad = true;
    }
    return r;
}

struct recorder *recorder_listen(struct lockstep *l, const struct physmem *memory)
{
    struct recorder *r = recorder_new(memory);
    if (!r)
        return NULL;
    r->driver = l->driver;
    l->watch = on_cycle;
    l->watcher = r;
    return r;
}

static bool add_first(void *context, uint64_t frame_pa, const uint64_t *words)
{
    struct recorder *r = context;
    for (unsigned i = 0; i < 512; i++)
        if (words[i] && was_read(r, frame_pa + 8 * i))
            put(r,
                &(struct stimulus_event){.cycle = 0, .kind = STIMULUS_POKE, .pa = frame_pa + 8 * i, .value = words[i]});
    return true;
}

bool recorder_finish(struct recorder *r, struct stimulus *stimulus)
{
    struct stimulus all = r->stimulus;
    r->stimulus = (struct stimulus){0};
    if (!r->bad)
        physmem_visit(r->first, IMAGE_HW, add_first, r);
    for (size_t i = 0; i < all.count; i++)
        if (all.event[i].kind != STIMULUS_POKE || was_read(r, all.event[i].pa))
            put(r, &all.event[i]);
    stimulus_free(&all);
    *stimulus = r->stimulus;
    stimulus_sort(stimulus);
    const bool good = !r->bad;
    if (r->copy)
        physmem_free(r->copy);
    if (r->first)
        physmem_free(r->first);
    free(r);
    return good;
}
