#include "mmu.h"

#include <stdlib.h>
#include <string.h>

#include "ctl.h"
#include "hits.h"
#include "l1tlb.h"
#include "mem_arb.h"
#include "miss_queue.h"
#include "mmu_state.h"
#include "psc.h"
#include "stlb.h"
#include "walker.h"

_Static_assert((int)PORTS <= (int)PINS_MAX_PORTS, "too many ports");
_Static_assert(PORTS <= QUEUE && QUEUE <= 64, "miss queue out of range");
_Static_assert(WALKERS >= 1 && WALKERS <= 16, "walkers out of range");
_Static_assert(STAGES >= 3 && STAGES <= 14, "stlb.latency out of range");

#define ALL_PORTS (0xffu >> (8 - PORTS))

static bool allocate(struct mmu *m)
{
    return tlb_new(&m->itlb.array[0], ITLB_0) && tlb_new(&m->itlb.array[1], ITLB_1) &&
           tlb_new(&m->itlb.array[2], ITLB_2) && tlb_new(&m->dtlb.array[0], DTLB_0) &&
           tlb_new(&m->dtlb.array[1], DTLB_1) && tlb_new(&m->dtlb.array[2], DTLB_2) && tlb_new(&m->stlb[0], STLB_0) &&
           tlb_new(&m->stlb[1], STLB_1) && tlb_new(&m->psc[0], PSC_0) && tlb_new(&m->psc[1], PSC_1) &&
           tlb_new(&m->psc[2], PSC_2) && tlb_new(&m->psc[3], PSC_3);
}

struct mmu *mmu_new(void)
{
    struct mmu *m = calloc(1, sizeof *m);
    if (m && !allocate(m)) {
        mmu_free(m);
        return NULL;
    }
    return m;
}

void mmu_free(struct mmu *m)
{
    if (!m)
        return;
    for (unsigned n = 0; n < L1_ARRAYS_MAX; n++) {
        tlb_free(&m->itlb.array[n]);
        tlb_free(&m->dtlb.array[n]);
    }
    for (unsigned n = 0; n < STLB_ARRAYS_MAX; n++)
        tlb_free(&m->stlb[n]);
    for (unsigned n = 0; n < PSC_ARRAYS_MAX; n++)
        tlb_free(&m->psc[n]);
    free(m);
}

const struct mmu_counts *mmu_counts(const struct mmu *m)
{
    return &m->counts;
}

/* Section 15. */
static bool is_waiting(const struct mmu *m, uint8_t responses)
{
    const struct walkers *ws = &m->walkers;
    const struct miss_queue *q = &m->q;
    if (responses || !pipe_empty(&m->pipe) || (q->in[FINV] | q->in[DONE] | q->in[DENIED]))
        return false;
    if (m->ctl.state == C_DRAIN ? ws->in[W_IDLE] == WALKERS_ALL : m->ctl.state != C_IDLE || q->in[PEND])
        return false;
    if (q->in[NWALK] && ws->in[W_IDLE])
        return false;
    const unsigned held = m->arb.hold ? 1u << m->arb.hold_w : 0;
    return (ws->in[W_IDLE] | ws->in[W_WAIT] | ws->in[W_CASW] | held) == WALKERS_ALL;
}

/* The outputs of the new state; the response registers have been written to *out already. */
static void give_outputs(struct mmu *m, struct pins_out *out)
{
    if (m->walkers.in[W_IDLE] == WALKERS_ALL) {
        m->arb.chosen = -1;
        m->arb.attached = 0;
        out->mem_req_valid = false;
    } else {
        mem_arb_choose(m);
        mem_arb_offer(m, out);
    }
    m->ready = queue_ready(m);
    out->req_ready = m->ready;
    out->ctl_ready = m->ctl.state == C_IDLE;
    out->ctl_done = m->ctl.state == C_DONE;
    out->ctl_gp = m->ctl.gp;
    out->waiting = is_waiting(m, out->resp_valid);
}

/* The same, when control is IDLE and no miss is outstanding. */
static inline void give_idle_outputs(struct mmu *m, struct pins_out *out)
{
    m->ready = ALL_PORTS;
    out->req_ready = ALL_PORTS;
    out->ctl_ready = true;
    out->ctl_done = false;
    out->ctl_gp = false;
    out->mem_req_valid = false;
    out->waiting = !out->resp_valid;
}

void mmu_reset(struct mmu *m, struct pins_out *out)
{
    for (unsigned n = 0; n < L1_ARRAYS_MAX; n++) {
        tlb_reset(&m->itlb.array[n]);
        tlb_reset(&m->dtlb.array[n]);
    }
    for (unsigned n = 0; n < PSC_ARRAYS_MAX; n++)
        tlb_reset(&m->psc[n]);
    m->regs = (struct registers){.pat = PAT_AT_RESET};
    registers_derive(&m->regs);
    l1tlb_forget(m);
    memset(&m->pipe, 0, sizeof m->pipe);
    memset(&m->arb, 0, sizeof m->arb);
    queue_reset(&m->q);
    walker_reset(&m->walkers);
    ctl_reset(m);
    out->resp_valid = 0;
    give_outputs(m, out);
}

/* What happens with misses outstanding. Every part decides from the state at the start of the cycle; the order keeps it
 * so. */
static void work_on_misses(struct mmu *m, const struct pins_in *in, struct edge *e)
{
    const struct walkers *ws = &m->walkers;
    e->fin = ws->in[W_FIN];
    e->idle = ws->in[W_IDLE];
    e->reading = walkers_reading(ws);
    if (e->idle != WALKERS_ALL)
        walker_memory(m, in, e); /* makes no entry NWALK, PEND or FINV */
    if (!e->fin)
        stlb_issue(m);
    walker_dispatch(m, e);
    stlb_act(m, e);
    walker_grant(m, e);
    queue_denied(&m->q); /* is not dispatched in this cycle */
}

static inline void write_touches(const struct edge *e)
{
    for (unsigned i = 0; i < e->touches; i++)
        *e->touch[i].set = e->touch[i].value;
}

/* The clock edge writes what was decided: touches first, then invalidations, then fills (sections 4 and 5). */
static void write_edge(struct mmu *m, const struct edge *e)
{
    write_touches(e);
    if (e->psc_touch.set)
        *e->psc_touch.set = e->psc_touch.value;
    if (e->fault_drop) {
        l1tlb_invalidate(m, INV_ADDRESS, e->fault_va, m->regs.pcid);
        psc_drop_address(m, e->fault_va, m->regs.pcid);
    }
    if (e->psc_fill.array)
        tlb_write(&e->psc_fill);
    if (e->l1_fill.array)
        tlb_write(&e->l1_fill);
}

/* The requests that the core drops (sections 2 and 8). */
static void squash(struct mmu *m, const struct edge *e, struct pins_out *out)
{
    queue_squash(m, e->squashed, out);
    stlb_squash(&m->pipe, e->squashed);
    walker_squash(m, e->squashed);
}

static inline __attribute__((always_inline)) void step_idle(struct mmu *m, const struct pins_in *in,
                                                            struct pins_out *out)
{
    struct edge e;
    e.touches = e.misses = 0;
    e.psc_touch.set = NULL;
    e.psc_fill.array = e.l1_fill.array = NULL;
    e.fault_drop = false;
    e.free = m->q.in[FREE];
    e.squashed = in->squash_valid ? queue_squashed(&m->q, in) : 0;
    e.leaders = LEADER_STATES(&m->q) & ~e.squashed;

    const uint8_t accepted = in->req_valid & m->ready;
    const bool idle = mmu_nothing_outstanding(m);
    if (accepted)
        l1tlb_lookup(m, in, accepted, out, &e);
    if (!idle) {
        queue_respond(m, out);
        work_on_misses(m, in, &e);
    }
    if (idle && !e.misses && !in->ctl_valid) { /* the common cycle: hits or nothing */
        write_touches(&e);
        give_idle_outputs(m, out);
        return;
    }
    if (e.misses)
        queue_allocate(m, in, &e);
    write_edge(m, &e);
    stlb_shift(&m->pipe);
    if (e.squashed)
        squash(m, &e, out);
    if (in->ctl_valid)
        ctl_accept(m, in->ctl_op, in->ctl_data, in->ctl_desc);
    give_outputs(m, out);
}

static void step_control(struct mmu *m, const struct pins_in *in, struct pins_out *out)
{
    const bool quiet = m->walkers.in[W_IDLE] == WALKERS_ALL;
    const uint64_t squashed = in->squash_valid ? queue_squashed(&m->q, in) : 0;
    queue_respond(m, out);
    if (squashed) /* nothing is in the pipeline, and every walker is killed already */
        queue_squash(m, squashed, out);
    if (!quiet)
        walker_drain(m, in);
    ctl_step(m, quiet);
    give_outputs(m, out);
}

void mmu_step(struct mmu *m, const struct pins_in *in, struct pins_out *out)
{
    out->resp_valid = 0;
    if (m->ctl.state == C_IDLE)
        step_idle(m, in, out);
    else
        step_control(m, in, out);
}
