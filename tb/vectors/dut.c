/* A device behind its pins as an engine for directed cases: one request at a time, and memory that answers in the cycle
 * after the request.
 *
 * A reset sweeps the whole STLB, and so does nearly every case with its first MOV CR3. Where that MOV CR3 drops all
 * that the cases before can have left, the registers are brought back one by one instead, at four cycles each, and the
 * reset is saved. What such a case finds wrong is looked at again after a reset (run.c), so that a verdict says
 * whose fault it is. */
#include "vectors.h"

#include <stdlib.h>

#include "arch/x86.h"
#include "engine/handshake.h"
#include "mem/memerr.h"
#include "mem/memport.h"
#include "mem/reply.h"
#include "mmu_cfg.h"
#include "touched.h"

enum { PADDR_MOST = 52, PATIENCE = 100000 }; /* cycles without an answer that count as none */

struct device_engine {
    struct vector_engine e; /* first */
    const struct dut_ops *ops;
    struct dut *dut;
    struct physmem *pm;
    struct touched touched;
    struct pins_in in;
    struct pins_out out;          /* of the cycle at hand */
    struct memport_request asked; /* what is to be answered in this cycle, if `answering` */
    bool answering, fails;        /* fails: and it is answered with an error */
    uint64_t data[REPLY_WORDS];   /* of the reply */
    struct memerr errors;
    uint8_t id;
    struct oracle_cpu cpu;
    struct oracle_regs regs; /* what the registers should be */
    uint64_t cycle;
    struct handshake handshake;
    struct finding broken;
    const char *waves; /* FST of the cycles since the last reset; NULL: none */
    bool waves_on;
    bool needs_reset; /* more may be cached than MOV CR3 drops, or the device is not where it should be */
};

static void destroy(struct vector_engine *engine)
{
    struct device_engine *d = (struct device_engine *)engine;
    if (d->waves_on)
        d->ops->waves_stop(d->dut);
    if (d->dut)
        d->ops->destroy(d->dut);
    if (d->pm)
        physmem_free(d->pm);
    touched_free(&d->touched);
    memerr_free(&d->errors);
    free(d);
}

/* One clock. Memory is read, and a compare-and-swap done, in the reply cycle (docs/microarchitecture.md section 2). */
static void step(struct device_engine *d)
{
    const struct memport_request asked = d->asked;
    const bool answered = d->answering, failed = d->fails;
    d->in.mem_req_ready = true;
    d->in.mem_rsp_valid = answered;
    if (answered) {
        d->in.mem_rsp_tag = asked.tag;
        d->in.mem_rsp_err = failed;
        d->in.mem_rsp_line = d->data;
        if (!failed)
            reply_fill(d->data, physmem_line(d->pm, asked.addr), asked.addr, CFG_WALKERS_REPLY_BYTES);
    }
    d->answering = d->out.mem_req_valid;
    d->fails = d->answering && memerr_strikes(&d->errors, d->out.mem_req_addr, d->out.mem_req_cas);
    if (d->answering)
        d->asked = (struct memport_request){d->out.mem_req_tag, d->out.mem_req_cas, d->out.mem_req_addr,
                                            d->out.mem_req_expected, d->out.mem_req_desired};
    handshake_cycle(&d->handshake, &d->out, &d->in, d->answering, d->cycle++, &d->broken);
    d->ops->step(d->dut, &d->in, &d->out);
    if (answered && asked.cas && !failed) {
        touched_add(&d->touched, asked.addr);
        physmem_cas(d->pm, asked.addr, asked.expected, asked.desired);
    }
}

static bool reset(struct device_engine *d)
{
    d->in = (struct pins_in){0};
    d->answering = d->needs_reset = false;
    d->regs = vector_regs_at_reset;
    d->ops->reset(d->dut, &d->out);
    if (d->waves_on)
        d->ops->waves_stop(d->dut);
    d->waves_on = d->waves && d->ops->waves_start(d->dut, d->waves);
    d->handshake = (struct handshake){0};
    d->broken.kind = FINDING_NONE;
    for (unsigned wait = 0; !d->out.ctl_ready; wait++) {
        if (wait == d->e.patience)
            return false;
        step(d);
    }
    return true;
}

void vector_waves(struct vector_engine *device, const char *path)
{
    ((struct device_engine *)device)->waves = path;
}

static bool control(struct vector_engine *engine, const struct trace_control *c, bool *gp)
{
    struct device_engine *d = (struct device_engine *)engine;
    d->in.ctl_valid = true;
    d->in.ctl_op = c->op;
    d->in.ctl_data = c->data;
    d->in.ctl_desc = c->desc;
    for (unsigned wait = 0; wait < d->e.patience; wait++) {
        const bool accepted = d->in.ctl_valid && d->out.ctl_ready;
        step(d);
        if (accepted)
            d->in.ctl_valid = false;
        if (!d->in.ctl_valid && d->out.ctl_done) {
            *gp = d->out.ctl_gp;
            if (*gp == oracle_control(&d->regs, &d->cpu, c->op, c->data, c->desc) ||
                d->regs.cr4 & (CR4_PGE | CR4_PCIDE))
                d->needs_reset = true; /* it and the oracle disagree, or globals and other PCIDs are possible */
            return true;
        }
    }
    d->needs_reset = true;
    return false;
}

/* Does the case drop every translation of PCID 0 that is not global, by MOV CR3, before it makes an access? */
static bool drops_all(const struct device_engine *d, const struct vector *v)
{
    for (size_t i = 1; i < v->steps && v->step[i].rec.kind > TRACE_STORE; i++) {
        const struct trace_control *c = &v->step[i].extra.control;
        if (v->step[i].rec.kind != TRACE_CONTROL)
            continue;
        if (c->op == CTL_MOV_CR4 && c->data & CR4_PCIDE)
            return false;
        if (c->op == CTL_MOV_CR3)
            return !(c->data >> d->cpu.paddr_bits);
    }
    return false;
}

/* The registers as after reset, but for CR3, which drops_all() has seen the case write. False: it has to be a reset. */
static bool restore(struct device_engine *d)
{
    const struct oracle_regs *to = &vector_regs_at_reset;
    const struct {
        uint8_t op;
        bool differs;
        uint64_t data;
    } ops[] = {
        {CTL_MOV_CR4, d->regs.cr4 != to->cr4, to->cr4}, /* before CR0: CET wants WP */
        {CTL_MOV_CR0, d->regs.cr0 != to->cr0, to->cr0},       {CTL_WRPKRU, d->regs.pkru != to->pkru, to->pkru},
        {CTL_WRMSR_PKRS, d->regs.pkrs != to->pkrs, to->pkrs}, {CTL_WRMSR_PAT, d->regs.pat != to->pat, to->pat},
    };
    if ((d->regs.cr4 ^ to->cr4) & CR4_LA57 || d->regs.efer != to->efer)
        return false; /* a sweep, or more than one: no gain */
    for (size_t i = 0; i < sizeof ops / sizeof *ops; i++) {
        bool gp;
        if (ops[i].differs &&
            (!control(&d->e, &(struct trace_control){.op = ops[i].op, .data = ops[i].data}, &gp) || gp))
            return false;
    }
    return true;
}

static bool begin(struct vector_engine *engine, const struct oracle_cpu *cpu, const struct vector *v, bool thorough)
{
    struct device_engine *d = (struct device_engine *)engine;
    touched_clear(&d->touched, d->pm);
    memerr_order(&d->errors, MEMERR_OFF, 0);
    d->cpu = *cpu; /* the preset's */
    const bool quiet = (!d->e.says || d->e.says->kind == DUT_QUIET) && d->broken.kind == FINDING_NONE;
    return (!thorough && quiet && !d->needs_reset && drops_all(d, v) && restore(d)) || reset(d);
}

static bool access_one(struct vector_engine *engine, const struct oracle_access *a, struct pins_resp *answer)
{
    struct device_engine *d = (struct device_engine *)engine;
    const unsigned port = a->acc == ACC_EXECUTE ? 0 : CFG_PORTS_FETCH;
    d->in.req[port] = (struct pins_req){.va = a->va,
                                        .id = ++d->id,
                                        .acc = a->acc,
                                        .user = a->user,
                                        .imp = a->imp,
                                        .ac = a->ac,
                                        .ss = a->ss};
    d->in.req_valid = (uint8_t)(1u << port);
    for (unsigned wait = 0; wait < d->e.patience; wait++) {
        const bool accepted = d->in.req_valid & d->out.req_ready;
        step(d);
        if (accepted)
            d->in.req_valid = 0;
        if (!d->in.req_valid && d->out.resp_valid >> port & 1) {
            *answer = d->out.resp[port];
            return answer->id == d->id;
        }
    }
    d->needs_reset = true;
    return false;
}

static bool poke(struct vector_engine *engine, uint64_t pa, uint64_t value)
{
    struct device_engine *d = (struct device_engine *)engine;
    return touched_add(&d->touched, pa) && physmem_write(d->pm, pa, value);
}

static bool fail(struct vector_engine *engine, const struct trace_memerr *order)
{
    return memerr_order(&((struct device_engine *)engine)->errors, order->what, order->value);
}

static uint64_t entry(struct vector_engine *engine, uint64_t pa)
{
    return physmem_read(((struct device_engine *)engine)->pm, IMAGE_HW, pa);
}

struct vector_engine *vector_device(const struct dut_ops *ops, const char **error)
{
    struct device_engine *d = calloc(1, sizeof *d);
    *error = "not enough memory for the device and its memory";
    if (!d)
        return NULL;
    d->e = (struct vector_engine){ops->name, destroy, begin,    control, access_one, poke,
                                  entry,     fail,    PATIENCE, false,   NULL,       NULL};
    d->e.broken = &d->broken;
    d->ops = ops;
    d->needs_reset = true;
    d->pm = physmem_new(PADDR_MOST);
    d->dut = d->pm ? ops->create(error) : NULL;
    if (d->dut) {
        d->e.says = ops->says ? ops->says(d->dut) : NULL;
        return &d->e;
    }
    destroy(&d->e);
    return NULL;
}
