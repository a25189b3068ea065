/* See stream.h. */
#include "stream.h"

enum { IDS = 256, PATIENCE = 1000000 };

/* Which ids of a port are outstanding, and for which address. */
struct port {
    bool busy[IDS];
    uint64_t va[IDS];
    unsigned last;
};

static void offer(struct stand *r, struct port *port, unsigned p, uint64_t va)
{
    do
        port->last = (port->last + 1) % IDS;
    while (port->busy[port->last]);
    port->busy[port->last] = true;
    port->va[port->last] = va;
    r->in.req[p] =
        (struct pins_req){.va = va, .id = (uint8_t)port->last, .acc = p < PORT_DATA ? ACC_EXECUTE : ACC_READ};
    r->in.req_valid |= (uint8_t)(1u << p);
}

static void take(struct stand *r, struct port *port, const struct pins_resp *resp)
{
    if (resp->kind != KIND_OK || resp->addr != form_tables_pa(port->va[resp->id]))
        stand_wrong(r, "resp_addr", form_tables_pa(port->va[resp->id]), resp->addr);
    port->busy[resp->id] = false;
}

static void count(struct flow *flow, const struct side *side, const struct stream *stream, uint64_t cycle)
{
    for (unsigned p = 0; p < PORTS; p++)
        if (side->out.resp_valid >> p & 1) {
            flow->answers++;
            flow->walks += side->out.resp[p].src == SRC_WALK;
        }
    if (!flow->from && flow->answers >= stream->warm) {
        flow->from = cycle;
        flow->answers_from = flow->answers;
    }
    if (!flow->to && flow->answers >= stream->warm + stream->count) {
        flow->to = cycle;
        flow->answers_to = flow->answers;
    }
}

bool stream_run(struct stand *r, const struct stream *stream, struct flow flow[SIDES])
{
    struct port ports[PORTS] = {0};
    const uint64_t patience = r->cycle + PATIENCE + 1000 * stream->count;
    uint64_t offered = 0;
    flow[SIDE_MODEL] = flow[SIDE_DUT] = (struct flow){0};
    for (unsigned s = 0; s < r->sides; s++)
        flow[s].reads = r->side[s].reads;
    while (!flow[SIDE_MODEL].to || flow[SIDE_MODEL].answers < offered) {
        for (unsigned p = 0; p < PORTS && !flow[SIDE_MODEL].to; p++)
            if (r->side[SIDE_MODEL].out.req_ready >> p & 1)
                offer(r, &ports[p], p, stream->va(stream->context, offered++));
        if (r->cycle == patience)
            finding_set(&r->finding, FINDING_HANG, r->cycle, "stream", "answers", "too few");
        if (!stand_clock(r))
            return false;
        const struct pins_out *out = &r->side[SIDE_MODEL].out;
        for (unsigned p = 0; p < PORTS; p++)
            if (out->resp_valid >> p & 1)
                take(r, &ports[p], &out->resp[p]);
        for (unsigned s = 0; s < r->sides; s++)
            count(&flow[s], &r->side[s], stream, r->cycle);
    }
    for (unsigned s = 0; s < r->sides; s++)
        flow[s].reads = r->side[s].reads - flow[s].reads;
    return true;
}

double flow_rate(const struct flow *flow)
{
    return (double)(flow->answers_to - flow->answers_from) / (double)(flow->to - flow->from);
}
