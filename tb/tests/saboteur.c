/* The saboteur: see saboteur.h. */
#include "saboteur.h"

#include <stdlib.h>

#include "dut/model.h"

enum { OP_WITHOUT_EFFECT = 15, ENTRY_D = 0x40 };

struct sabotage_plan sabotage_plan;

struct dut {
    struct dut *model;
    uint64_t cycle;
    bool done;    /* the one defect has been planted */
    bool offered; /* so will it be, once this cycle's memory request is accepted */
    bool late;    /* held is to be given in this cycle */
    unsigned late_port;
    struct pins_resp held;
    struct dut_event said;
};

static struct dut *create(const char **error)
{
    struct dut *d = calloc(1, sizeof *d);
    d->model = dut_model.create(error);
    return d;
}

static void destroy(struct dut *d)
{
    dut_model.destroy(d->model);
    free(d);
}

/* Defects in an answer; true when planted. */
static bool spoil_response(struct dut *d, struct pins_out *out)
{
    const unsigned port = (unsigned)__builtin_ctz(out->resp_valid);
    struct pins_resp *resp = &out->resp[port];
    switch (sabotage_plan.what) {
    case SABOTAGE_RESP_ADDR:
        resp->addr ^= resp->kind == KIND_OK ? 0x1000 : 0;
        return resp->kind == KIND_OK;
    case SABOTAGE_RESP_CR2:
        resp->addr ^= resp->kind == KIND_PF ? 0x1000 : 0;
        return false; /* in every fault: one alone may be of an access that is made again after an older one's fault */
    case SABOTAGE_RESP_ERR:
        resp->err ^= resp->kind == KIND_PF ? PF_P : 0;
        return resp->kind == KIND_PF;
    case SABOTAGE_RESP_ID:
        resp->id ^= 1;
        return true;
    case SABOTAGE_RESP_KIND:
        resp->kind ^= KIND_PF;
        return true;
    case SABOTAGE_MEMERR:
        *resp = (struct pins_resp){.id = resp->id, .kind = KIND_MEMERR, .src = resp->src};
        return true;
    case SABOTAGE_RESP_SIZE:
        resp->size ^= resp->kind == KIND_OK ? 1 : 0;
        return resp->kind == KIND_OK;
    case SABOTAGE_RESP_PAT:
        resp->pat ^= resp->kind == KIND_OK ? 1 : 0;
        return resp->kind == KIND_OK;
    case SABOTAGE_RESP_MT:
        resp->mt ^= resp->kind == KIND_OK ? 1 : 0;
        return resp->kind == KIND_OK;
    case SABOTAGE_RESP_SRC:
        resp->src ^= resp->kind == KIND_OK ? 1 : 0; /* a fault may be of an access that is made again */
        return resp->kind == KIND_OK;
    case SABOTAGE_RESP_LATE:
        d->late = true;
        d->late_port = port;
        d->held = *resp;
        out->resp_valid &= (uint8_t)~(1u << port);
        out->waiting = false;
        return true;
    case SABOTAGE_RESP_LOST:
        out->resp_valid &= (uint8_t)~(1u << port);
        return true;
    default:
        return false;
    }
}

/* Defects in a memory request; they last until it is accepted. */
static bool spoil_memory(struct pins_out *out)
{
    switch (sabotage_plan.what) {
    case SABOTAGE_MEM_TAG:
        out->mem_req_tag ^= 1;
        return true;
    case SABOTAGE_MEM_CAS:
        out->mem_req_cas = !out->mem_req_cas;
        return true;
    case SABOTAGE_MEM_MT:
        out->mem_req_mt ^= 1;
        return true;
    case SABOTAGE_MEM_ADDR:
        out->mem_req_addr ^= 8;
        return true;
    case SABOTAGE_MEM_EXPECTED:
        out->mem_req_expected ^= 1;
        return out->mem_req_cas;
    case SABOTAGE_MEM_DESIRED:
        out->mem_req_desired ^= 1 << 9;
        return out->mem_req_cas;
    default:
        return false;
    }
}

static bool spoil_rest(struct pins_out *out)
{
    switch (sabotage_plan.what) {
    case SABOTAGE_REQ_READY:
        out->req_ready ^= 1;
        return true;
    case SABOTAGE_CTL_READY:
        out->ctl_ready = !out->ctl_ready;
        return true;
    case SABOTAGE_CTL_DONE:
        out->ctl_done = !out->ctl_done;
        return true;
    case SABOTAGE_CTL_GP:
        out->ctl_gp ^= out->ctl_done;
        return out->ctl_done;
    case SABOTAGE_WAITING:
        out->waiting = !out->waiting;
        return true;
    default:
        return false;
    }
}

static void spoil(struct dut *d, struct pins_out *out)
{
    if (d->late) {
        out->resp_valid |= (uint8_t)(1u << d->late_port);
        out->resp[d->late_port] = d->held;
        out->waiting = false; /* an answer on its way is nothing to wait for memory with */
        d->late = false;
    }
    if (sabotage_plan.what == SABOTAGE_NO_DIRTY && out->mem_req_valid && out->mem_req_cas &&
        !(out->mem_req_expected & ENTRY_D))
        out->mem_req_desired &= ~(uint64_t)ENTRY_D;
    if (d->done || d->cycle < sabotage_plan.from)
        return;
    if (sabotage_plan.what == SABOTAGE_FAILS || sabotage_plan.what == SABOTAGE_FINISHES) {
        d->said = (struct dut_event){.kind = sabotage_plan.what == SABOTAGE_FAILS ? DUT_FAILS : DUT_FINISHES,
                                     .where = "saboteur.sv:7",
                                     .text = "as planned"};
        d->done = true;
        return;
    }
    d->done = spoil_rest(out) || (out->resp_valid && spoil_response(d, out));
    d->offered = out->mem_req_valid && spoil_memory(out);
}

static void reset(struct dut *d, struct pins_out *out)
{
    struct dut *model = d->model;
    dut_model.reset(model, out);
    *d = (struct dut){.model = model};
    spoil(d, out);
}

/* Operations that this plan does not let through. */
static bool swallowed(enum sabotage what, uint8_t op)
{
    switch (what) {
    case SABOTAGE_NO_INVLPG:
        return op == CTL_INVLPG;
    case SABOTAGE_NO_INVPCID:
        return op >= CTL_INVPCID_ADDRESS && op <= CTL_INVPCID_ALL_NONGLOBAL;
    case SABOTAGE_OLD_WP:
        return op == CTL_MOV_CR0;
    case SABOTAGE_OLD_PKRU:
        return op == CTL_WRPKRU;
    case SABOTAGE_OLD_PAT:
        return op == CTL_WRMSR_PAT;
    default:
        return false;
    }
}

/* Defects in what the MMU sees of its inputs. */
static void spoil_inputs(struct pins_in *in)
{
    const enum sabotage what = sabotage_plan.what;
    if (in->ctl_valid && swallowed(what, in->ctl_op))
        in->ctl_op = OP_WITHOUT_EFFECT;
    if (in->ctl_valid && what == SABOTAGE_NO_FLUSH && in->ctl_op == CTL_MOV_CR3)
        in->ctl_data |= UINT64_C(1) << 63;
    in->mem_rsp_err &= what != SABOTAGE_NO_MEMERR;
    for (unsigned p = 0; p < PINS_MAX_PORTS; p++) {
        in->req[p].ac &= what != SABOTAGE_NO_AC;
        in->req[p].ss &= what != SABOTAGE_NO_SS;
        in->req[p].imp &= what != SABOTAGE_NO_IMP;
    }
}

static void step(struct dut *d, const struct pins_in *in, struct pins_out *out)
{
    struct pins_in changed = *in;
    d->done |= d->offered && in->mem_req_ready;
    if (d->cycle >= sabotage_plan.from)
        spoil_inputs(&changed);
    dut_model.step(d->model, &changed, out);
    d->cycle++;
    spoil(d, out);
}

static void skip(struct dut *d, uint64_t cycles)
{
    d->cycle += cycles;
}

static const struct dut_event *says(struct dut *d)
{
    return &d->said;
}

static bool state(struct dut *d, unsigned sel, unsigned idx, uint64_t word[2])
{
    const bool known = dut_model.state(d->model, sel, idx, word);
    if (sabotage_plan.what == SABOTAGE_STATE && d->cycle >= sabotage_plan.from && sel == sabotage_plan.sel &&
        idx == sabotage_plan.idx)
        word[sabotage_plan.word] ^= UINT64_C(1) << sabotage_plan.bit;
    return known;
}

const struct dut_ops dut_saboteur = {
    .name = "saboteur",
    .has_state = true,
    .create = create,
    .destroy = destroy,
    .reset = reset,
    .step = step,
    .skip = skip,
    .state = state,
    .says = says,
};
