/* Rules of the handshakes: see handshake.h. */
#include "handshake.h"

#include <stdio.h>

#include "dut/pins_same.h"

static void broken(struct finding *finding, uint64_t cycle, const char *what, const char *rule, const char *instead)
{
    finding_set(finding, FINDING_PROTOCOL, cycle, what, rule, instead);
}

static void memory(struct handshake *h, const struct pins_out *out, bool accepted, uint64_t cycle, struct finding *f)
{
    const unsigned bit = 1u << (out->mem_req_tag & 15);
    if (h->offered && !out->mem_req_valid)
        broken(f, cycle, "mem_req_valid", "an offered request stays until it is accepted", "it is withdrawn");
    else if (h->offered && !pins_mem_same(&h->last, out))
        broken(f, cycle, "mem_req", "an offered request stays unchanged until it is accepted", "it has changed");
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
    }
}

void handshake_cycle(struct handshake *h, const struct pins_out *out, const struct pins_in *in, bool mem_accepted,
                     uint64_t cycle, struct finding *finding)
{
    memory(h, out, mem_accepted, cycle, finding);
    control(h, out, in, cycle, finding);
    if (in->mem_rsp_valid)
        h->outstanding &= (uint16_t)~(1u << (in->mem_rsp_tag & 15));
    h->last = *out;
}
