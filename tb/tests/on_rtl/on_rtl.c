/* The interface of the cycle model (model/cycle/mmu.h) with the RTL behind it, for its unit tests (on_rtl.h).
 *
 * The RTL counts nothing, so the counts are taken from outside: from the pins, and from the state words of the miss
 * queue and the walkers (section 17 of docs/microarchitecture.md) before and after each clock. Those that no unit test
 * asks for (hits, misses, reads, faults, operations) stay 0. */
#include <stdio.h>
#include <stdlib.h>

#include "on_rtl.h"

#include "beside.h"
#include "cycle/mmu_state.h"
#include "dut/dut.h"
#include "shape.h"

extern const struct dut_ops dut_rtl; /* tb/dut/verilator.cpp */

/* A walker as its state words show it. */
struct seen_walker {
    uint64_t word0, addr, v;
};

struct seen {
    uint8_t entry[QUEUE]; /* the state of each entry of the miss queue */
    struct seen_walker walker[WALKERS];
};

struct rtl_mmu {
    struct dut *dut;
    struct beside *beside;
    struct seen seen; /* at the last clock */
    struct mmu_counts counts;
};

static struct rtl_mmu *rtl(const struct mmu *m)
{
    return (struct rtl_mmu *)m;
}

static unsigned walker_state_of(const struct seen_walker *w)
{
    return w->word0 & 7;
}
static bool killed(const struct seen_walker *w)
{
    return w->word0 >> 3 & 1;
}
static unsigned level_of(const struct seen_walker *w)
{
    return w->word0 >> 4 & 7;
}
static bool from_psc(const struct seen_walker *w)
{
    return w->word0 >> 7 & 1;
}
static unsigned read_tag(const struct seen_walker *w)
{
    return w->word0 >> 17 & 15;
}

static void look(struct dut *dut, struct seen *seen)
{
    uint64_t w[2];
    for (unsigned n = 0; n < QUEUE; n++) {
        dut_rtl.state(dut, 6, n, w);
        seen->entry[n] = w[0] & 15;
    }
    for (unsigned n = 0; n < WALKERS; n++) {
        dut_rtl.state(dut, 7, 2 * n, w);
        seen->walker[n].word0 = w[0];
        seen->walker[n].addr = w[1];
        dut_rtl.state(dut, 7, 2 * n + 1, w);
        seen->walker[n].v = w[0];
    }
}

/* Section 12: a walker in REQ whose line another one waits for. */
static bool attached(const struct seen *s, unsigned n)
{
    const struct seen_walker *w = &s->walker[n], *other = s->walker;
    if (walker_state_of(w) != W_REQ || killed(w))
        return false;
    for (unsigned o = 0; o < WALKERS; o++, other++)
        if (o != n && walker_state_of(other) == W_WAIT && read_tag(other) == o &&
            other->addr / CFG_WALKERS_REPLY_BYTES == w->addr / CFG_WALKERS_REPLY_BYTES)
            return true;
    return false;
}

static void count(struct rtl_mmu *m, const struct seen *before, const struct pins_in *in, const struct pins_out *out)
{
    const struct seen *after = &m->seen;
    struct mmu_counts *c = &m->counts;
    for (unsigned n = 0; n < QUEUE; n++)
        c->merged += before->entry[n] != FOLLOW && after->entry[n] == FOLLOW;
    for (unsigned n = 0; n < WALKERS; n++) {
        const struct seen_walker *was = &before->walker[n], *is = &after->walker[n];
        if (walker_state_of(was) == W_IDLE && walker_state_of(is) == W_REQ) {
            c->walks++;
            c->psc_hit[from_psc(is) ? level_of(is) + 1 : 0]++;
        }
        c->walk_restarts += from_psc(was) && walker_state_of(was) != W_IDLE && walker_state_of(is) == W_REQ &&
                            !from_psc(is);
        c->line_merges += attached(before, n);
        c->cas_failed += walker_state_of(was) == W_CASW && !killed(was) && in->mem_rsp_valid && !in->mem_rsp_err &&
                         in->mem_rsp_tag == n && in->mem_rsp_line[was->addr >> 3 & 7] != was->v;
    }
    for (unsigned p = 0; p < PORTS; p++)
        c->memory_errors += (out->resp_valid >> p & 1) && out->resp[p].kind == KIND_MEMERR;
}

/* An assertion of the RTL that does not hold ends the test. */
static void listen(struct dut *dut)
{
    const struct dut_event *e = dut_rtl.says(dut);
    if (e->kind == DUT_QUIET)
        return;
    fprintf(stderr, "the RTL says at %s: %s\n", e->where, e->text);
    exit(EXIT_FAILURE);
}

struct mmu *mmu_new(void)
{
    struct rtl_mmu *m = calloc(1, sizeof *m);
    const char *error = "not enough memory";
    if (!m || !(m->dut = dut_rtl.create(&error))) {
        fprintf(stderr, "the RTL cannot be made: %s\n", error);
        exit(EXIT_FAILURE);
    }
    m->beside = beside_new();
    return (struct mmu *)m;
}

void mmu_free(struct mmu *m)
{
    beside_free(rtl(m)->beside, rtl(m)->dut);
    dut_rtl.destroy(rtl(m)->dut);
    free(m);
}

void mmu_reset(struct mmu *m, struct pins_out *out)
{
    dut_rtl.reset(rtl(m)->dut, out);
    beside_reset(rtl(m)->beside, rtl(m)->dut, out);
    look(rtl(m)->dut, &rtl(m)->seen);
}

void mmu_step(struct mmu *m, const struct pins_in *in, struct pins_out *out)
{
    struct rtl_mmu *r = rtl(m);
    const struct seen before = r->seen;
    dut_rtl.step(r->dut, in, out);
    listen(r->dut);
    beside_step(r->beside, r->dut, in, out);
    look(r->dut, &r->seen);
    count(r, &before, in, out);
}

bool mmu_state(const struct mmu *m, unsigned sel, unsigned idx, uint64_t w[2])
{
    return state_word_exists(sel, idx) && dut_rtl.state(rtl(m)->dut, sel, idx, w);
}

const struct mmu_counts *mmu_counts(const struct mmu *m)
{
    return &rtl(m)->counts;
}
