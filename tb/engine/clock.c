/* See clock.h. */
#include "clock.h"

bool clock_memory(struct memport *mp, uint64_t cycle, const struct pins_out *out, struct pins_in *in)
{
    struct memport_reply reply;
    in->mem_req_ready = memport_ready(mp, cycle);
    const bool takes = out->mem_req_valid && in->mem_req_ready;
    if (takes) {
        const struct memport_request request = {out->mem_req_tag, out->mem_req_cas, out->mem_req_addr,
                                                out->mem_req_expected, out->mem_req_desired};
        memport_accept(mp, cycle, &request);
    }
    in->mem_rsp_valid = memport_reply(mp, cycle, &reply);
    if (in->mem_rsp_valid) {
        in->mem_rsp_tag = reply.tag;
        in->mem_rsp_err = reply.err;
        in->mem_rsp_line = reply.line;
    }
    return takes;
}

struct clock_taken clock_step(struct mmu *model, const struct dut_ops *ops, struct dut *dut, struct pins_in *in,
                              struct pins_out *out, struct pins_out *actual)
{
    const struct clock_taken taken = {in->req_valid & out->req_ready, in->ctl_valid && out->ctl_ready};
    if (model)
        mmu_step(model, in, out);
    if (ops)
        ops->step(dut, in, model ? actual : out);
    in->req_valid &= (uint8_t)~taken.ports;
    in->ctl_valid &= !taken.control;
    return taken;
}
