/* Names the output that differs: see pincmp.h. Only called once something does. */
#include "pincmp.h"

#include <inttypes.h>

/* One comparison; the first difference stands. */
static bool differs(struct finding *f, uint64_t cycle, const char *field, uint64_t expected, uint64_t actual)
{
    if (expected == actual)
        return false;
    finding_numbers(f, FINDING_PIN, cycle, field, expected, actual);
    return true;
}

static bool response_differs(const struct pins_resp *a, const struct pins_resp *b, unsigned port, uint64_t cycle,
                             struct finding *f)
{
    const struct {
        const char *name;
        uint64_t a, b;
    } fields[] = {
        {"id", a->id, b->id},       {"kind", a->kind, b->kind}, {"err", a->err, b->err}, {"addr", a->addr, b->addr},
        {"size", a->size, b->size}, {"pat", a->pat, b->pat},    {"mt", a->mt, b->mt},    {"src", a->src, b->src},
    };
    for (size_t i = 0; i < sizeof fields / sizeof *fields; i++) {
        char name[32];
        snprintf(name, sizeof name, "resp[%u].%s", port, fields[i].name);
        if (differs(f, cycle, name, fields[i].a, fields[i].b))
            return true;
    }
    return false;
}

static bool memory_differs(const struct pins_out *a, const struct pins_out *b, uint64_t cycle, struct finding *f)
{
    return differs(f, cycle, "mem_req_tag", a->mem_req_tag, b->mem_req_tag) ||
           differs(f, cycle, "mem_req_cas", a->mem_req_cas, b->mem_req_cas) ||
           differs(f, cycle, "mem_req_mt", a->mem_req_mt, b->mem_req_mt) ||
           differs(f, cycle, "mem_req_addr", a->mem_req_addr, b->mem_req_addr) ||
           (a->mem_req_cas && (differs(f, cycle, "mem_req_expected", a->mem_req_expected, b->mem_req_expected) ||
                               differs(f, cycle, "mem_req_desired", a->mem_req_desired, b->mem_req_desired)));
}

void pins_explain(const struct pins_out *expected, const struct pins_out *actual, uint64_t cycle,
                  struct finding *finding, int *port, unsigned *id)
{
    *port = -1;
    *id = 0;
    for (unsigned p = 0; p < PINS_MAX_PORTS; p++) {
        const bool a = expected->resp_valid >> p & 1, b = actual->resp_valid >> p & 1;
        char name[32];
        if (!a && !b)
            continue;
        *port = (int)p;
        *id = a ? expected->resp[p].id : actual->resp[p].id;
        snprintf(name, sizeof name, "resp_valid[%u]", p);
        if (differs(finding, cycle, name, a, b))
            return;
        if (response_differs(&expected->resp[p], &actual->resp[p], p, cycle, finding))
            return;
        *port = -1;
    }
    if (differs(finding, cycle, "mem_req_valid", expected->mem_req_valid, actual->mem_req_valid))
        return;
    if (expected->mem_req_valid && memory_differs(expected, actual, cycle, finding))
        return;
    if (differs(finding, cycle, "ctl_done", expected->ctl_done, actual->ctl_done) ||
        (expected->ctl_done && differs(finding, cycle, "ctl_gp", expected->ctl_gp, actual->ctl_gp)) ||
        differs(finding, cycle, "ctl_ready", expected->ctl_ready, actual->ctl_ready) ||
        differs(finding, cycle, "req_ready", expected->req_ready, actual->req_ready))
        return;
    differs(finding, cycle, "waiting", expected->waiting, actual->waiting);
}

void pins_print(FILE *file, const struct pins_out *out, const struct pins_in *in)
{
    static const char *const accesses[] = {"read", "write", "execute", "?"};
    fprintf(file, "  req_ready %02x  ctl_ready %d  ctl_done %d%s  waiting %d\n", out->req_ready, out->ctl_ready,
            out->ctl_done, out->ctl_done && out->ctl_gp ? " #GP" : "", out->waiting);
    for (unsigned p = 0; p < PINS_MAX_PORTS; p++) {
        if (in->req_valid >> p & 1)
            fprintf(file, "  req[%u]   id %u %s 0x%" PRIx64 "%s%s%s%s\n", p, in->req[p].id,
                    accesses[in->req[p].acc & 3], in->req[p].va, in->req[p].user ? " user" : "",
                    in->req[p].imp ? " implicit" : "", in->req[p].ac ? " AC" : "",
                    in->req[p].ss ? " shadow stack" : "");
        if (out->resp_valid >> p & 1)
            fprintf(file, "  resp[%u]  id %u kind %u err 0x%x addr 0x%" PRIx64 " size %u pat %u mt %u src %u\n", p,
                    out->resp[p].id, out->resp[p].kind, out->resp[p].err, out->resp[p].addr, out->resp[p].size,
                    out->resp[p].pat, out->resp[p].mt, out->resp[p].src);
    }
    for (unsigned p = 0; p < PINS_MAX_PORTS; p++)
        if (in->squash_valid >> p & 1)
            fprintf(file, "  squash[%u] id %u\n", p, in->squash_id[p]);
    if (in->ctl_valid)
        fprintf(file, "  ctl      op %u data 0x%" PRIx64 " desc 0x%" PRIx64 "\n", in->ctl_op, in->ctl_data,
                in->ctl_desc);
    if (out->mem_req_valid)
        fprintf(file, "  mem_req  tag %u %s 0x%" PRIx64 " memory type %u ready %d\n", out->mem_req_tag,
                out->mem_req_cas ? "compare-and-swap" : "read", out->mem_req_addr, out->mem_req_mt, in->mem_req_ready);
    if (in->mem_rsp_valid)
        fprintf(file, "  mem_rsp  tag %u%s\n", in->mem_rsp_tag, in->mem_rsp_err ? " error" : "");
}
