/* Rules of the handshakes: see handshake.h. */
#include "handshake.h"

#include <inttypes.h>
#include <stdio.h>

#include "dut/pins_same.h"
#include "mmu_cfg.h"

static void broken(struct finding *finding, uint64_t cycle, const char *what, const char *rule, const char *instead)
{
    finding_set(finding, FINDING_PROTOCOL, cycle, what, rule, instead);
}

/* What section 2 says of the fields of an answer, by its kind. */
static bool well_formed(const struct pins_resp *resp)
{
    const bool translated = resp->kind == KIND_OK;
    return (translated || !(resp->size | resp->pat | resp->mt)) && (resp->kind == KIND_PF || !resp->err) &&
           (translated || resp->kind == KIND_PF || !resp->addr);
}

static void answers(struct handshake *h, const struct pins_out *out, uint64_t cycle, struct finding *f)
{
    for (unsigned valid = out->resp_valid; valid; valid &= valid - 1) {
        const unsigned port = (unsigned)__builtin_ctz(valid);
        const struct pins_resp *resp = &out->resp[port];
        if (!h->flying[port][resp->id] || !well_formed(resp)) {
            char text[48];
            snprintf(text, sizeof text, "one at port %u, id %u", port, resp->id);
            if (!h->flying[port][resp->id])
                broken(f, cycle, "resp_id", "an answer to a request that has had none", text);
            else
                broken(f, cycle, "resp_kind", "fields that a kind of answer leaves out are 0", text);
        }
        h->flying[port][resp->id] = false;
    }
}

static void memory(struct handshake *h, const struct pins_out *out, bool accepted, uint64_t cycle, struct finding *f)
{
    const unsigned bit = 1u << (out->mem_req_tag & 15);
    if (h->offered && !out->mem_req_valid)
        broken(f, cycle, "mem_req_valid", "an offered request stays until it is accepted", "it is withdrawn");
    else if (h->offered && !pins_mem_same(&h->last, out))
        broken(f, cycle, "mem_req", "an offered request stays unchanged until it is accepted", "it has changed");
    if (out->mem_req_valid && (out->mem_req_addr & 7 || out->mem_req_addr >> CFG_ARCH_PADDR_BITS)) {
        char text[32];
        snprintf(text, sizeof text, "0x%" PRIx64, out->mem_req_addr);
        broken(f, cycle, "mem_req_addr", "eight aligned bytes of physical memory", text);
    }
    if (accepted && h->outstanding & bit)
        broken(f, cycle, "mem_req_tag", "one request of a tag under way", "a second one");
    if (accepted)
        h->outstanding |= (uint16_t)bit;
    h->offered = out->mem_req_valid && !accepted;
}

static void control(struct handshake *h, const struct pins_out *out, const struct pins_in *in, uint64_t cycle,
                    struct finding *f)
{
    if (out->ctl_done && !h->control && h->begun)
        broken(f, cycle, "ctl_done", "done once for each operation that was accepted", "done without one");
    if (out->ctl_done) {
        h->control = false;
        h->begun = true;
    }
    if (in->ctl_valid && out->ctl_ready) {
        if (h->control)
            broken(f, cycle, "ctl_ready", "no operation is accepted while one is under way", "a second one");
        h->control = true;
        h->ctl_since = cycle;
    }
}

static void too_long(struct handshake *h, uint64_t since, uint64_t cycle, const char *what, const char *rule,
                     struct finding *f)
{
    char text[48];
    if (!h->patience || cycle - since <= h->patience)
        return;
    snprintf(text, sizeof text, "not since cycle %" PRIu64, since);
    finding_set(f, FINDING_HANG, cycle, what, rule, text);
}

/* Whatever is offered has its turn. (That a request is answered is its driver's to see.) */
static void turns(struct handshake *h, const struct pins_out *out, const struct pins_in *in, uint64_t cycle,
                  struct finding *f)
{
    /* What is accepted as soon as it is offered has waited for nothing. */
    for (unsigned ports = in->req_valid & (h->waits | ~out->req_ready); ports; ports &= ports - 1) {
        const unsigned port = (unsigned)__builtin_ctz(ports);
        if (!(h->waits >> port & 1))
            h->req_since[port] = cycle;
        too_long(h, h->req_since[port], cycle, "req_ready", "an offered request is accepted", f);
    }
    h->waits = in->req_valid & (uint8_t)~out->req_ready;
    if (!(in->ctl_valid | h->control | h->ctl_waits))
        return;
    if (in->ctl_valid && !h->ctl_waits && !h->control)
        h->ctl_since = cycle;
    if (h->control)
        too_long(h, h->ctl_since, cycle, "ctl_done", "an accepted operation is done", f);
    else if (in->ctl_valid)
        too_long(h, h->ctl_since, cycle, "ctl_ready", "an offered operation is accepted", f);
    h->ctl_waits = in->ctl_valid && !out->ctl_ready;
}

/* The requests of these ports are under way. */
static void take(struct handshake *h, unsigned taken, const struct pins_in *in)
{
    for (; taken; taken &= taken - 1) {
        const unsigned port = (unsigned)__builtin_ctz(taken);
        h->flying[port][in->req[port].id] = true;
    }
}

/* Most cycles have requests that are accepted at once, and answers, and nothing else in this one and the one before. */
static inline bool has_only_hits(const struct handshake *h, const struct pins_out *out, const struct pins_in *in,
                                 bool mem_accepted)
{
    const unsigned waits = h->waits | (in->req_valid & ~out->req_ready), control = h->control | h->ctl_waits,
                   other = out->ctl_done | in->ctl_valid | in->squash_valid,
                   memory = h->offered | out->mem_req_valid | mem_accepted | in->mem_rsp_valid;
    return !(h->quiet | waits | control | other | memory | (out->waiting & !in->req_valid));
}

void handshake_cycle(struct handshake *h, const struct pins_out *out, const struct pins_in *in, bool mem_accepted,
                     uint64_t cycle, struct finding *finding)
{
    if (has_only_hits(h, out, in, mem_accepted)) {
        answers(h, out, cycle, finding);
        take(h, in->req_valid & out->req_ready, in);
        return;
    }
    if (h->quiet && !pins_same(&h->last, out))
        broken(finding, cycle, "waiting", "nothing changes until an input does", "an output has changed");
    answers(h, out, cycle, finding);
    if (h->offered | out->mem_req_valid | mem_accepted)
        memory(h, out, mem_accepted, cycle, finding);
    if (out->ctl_done | in->ctl_valid)
        control(h, out, in, cycle, finding);
    turns(h, out, in, cycle, finding);
    for (unsigned squashes = in->squash_valid; squashes; squashes &= squashes - 1) {
        const unsigned port = (unsigned)__builtin_ctz(squashes);
        h->flying[port][in->squash_id[port]] = false;
    }
    take(h, in->req_valid & out->req_ready, in);
    if (in->mem_rsp_valid)
        h->outstanding &= (uint16_t)~(1u << (in->mem_rsp_tag & 15));
    h->quiet = out->waiting && !in->req_valid && !in->squash_valid && !in->ctl_valid && !in->mem_rsp_valid &&
               !mem_accepted;
    if (h->quiet || h->offered) /* else nobody will look */
        h->last = *out;
}

void handshake_hits(struct handshake *h, const struct pins_out *first, const struct pins_in *last)
{
    for (unsigned valid = first->resp_valid; valid; valid &= valid - 1) {
        const unsigned port = (unsigned)__builtin_ctz(valid);
        h->flying[port][first->resp[port].id] = false;
    }
    take(h, last->req_valid, last);
}
