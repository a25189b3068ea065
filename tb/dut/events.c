/* Events of a device, counted from outside: see events.h. */
#include "events.h"

#include <string.h>

enum { SEL_WALKERS = 7, SEL_PIPELINE = 8, WALKER_IDLE = 0, WALKER_REQ = 1, TOKEN_LOOKUP = 1 };
enum { LAST_STAGE = CFG_STLB_LATENCY - 2 };

static void tick(struct events *e, enum dut_counter counter)
{
    e->counts.count[counter]++;
}

void events_begin(struct events *e, bool (*words)(struct dut *dut, unsigned sel, unsigned idx, uint64_t word[2]))
{
    static const enum dut_counter pins[] = {DUT_ITLB_HITS,   DUT_ITLB_MISSES, DUT_DTLB_HITS,
                                            DUT_DTLB_MISSES, DUT_MERGED,      DUT_STLB_HITS,
                                            DUT_READS,       DUT_UPDATES,     DUT_UPDATES_FAILED};
    static const enum dut_counter more[] = {DUT_STLB_MISSES, DUT_PSC_NONE,  DUT_PSC_PDE, DUT_PSC_PDPTE,
                                            DUT_PSC_PML4E,   DUT_PSC_PML5E, DUT_WALKS,   DUT_RESTARTS};
    memset(e, 0, sizeof *e);
    e->words = words;
    for (unsigned i = 0; i < sizeof pins / sizeof *pins; i++)
        e->counts.offered |= UINT32_C(1) << pins[i];
    for (unsigned i = 0; words && i < sizeof more / sizeof *more; i++)
        e->counts.offered |= UINT32_C(1) << more[i];
}

static void tick_answer(struct events *e, unsigned port, const struct pins_resp *resp)
{
    const bool data = port >= CFG_PORTS_FETCH, ok = resp->kind == KIND_OK;
    if (resp->kind == KIND_GP)
        return; /* not looked up */
    if (ok && resp->src == SRC_L1) {
        tick(e, data ? DUT_DTLB_HITS : DUT_ITLB_HITS);
        return;
    }
    tick(e, data ? DUT_DTLB_MISSES : DUT_ITLB_MISSES);
    if (ok && resp->src == SRC_STLB)
        tick(e, DUT_STLB_HITS);
    if (ok && resp->src == SRC_MERGED)
        tick(e, DUT_MERGED);
}

static void answers(struct events *e, const struct pins_out *out)
{
    for (unsigned valid = out->resp_valid; valid; valid &= valid - 1)
        tick_answer(e, (unsigned)__builtin_ctz(valid), &out->resp[__builtin_ctz(valid)]);
}

static void of_pins(struct events *e, const struct pins_out *out, const struct pins_in *in)
{
    answers(e, out);
    if (out->mem_req_valid && in->mem_req_ready) {
        const unsigned tag = out->mem_req_tag & (EVENTS_TAGS - 1);
        tick(e, out->mem_req_cas ? DUT_UPDATES : DUT_READS);
        e->update[tag].busy = out->mem_req_cas;
        e->update[tag].addr = out->mem_req_addr;
        e->update[tag].expected = out->mem_req_expected;
    }
    const unsigned tag = in->mem_rsp_tag & (EVENTS_TAGS - 1);
    if (in->mem_rsp_valid && e->update[tag].busy) {
        e->update[tag].busy = false;
        if (!in->mem_rsp_err && in->mem_rsp_line[e->update[tag].addr >> 3 & 7] != e->update[tag].expected)
            tick(e, DUT_UPDATES_FAILED);
    }
}

static void of_words(struct events *e, struct dut *dut)
{
    uint64_t word[2];
    e->walks = false;
    for (unsigned w = 0; w < CFG_WALKERS_COUNT; w++) {
        if (!e->words(dut, SEL_WALKERS, 2 * w, word))
            continue;
        const uint8_t state = word[0] & 7, level = word[0] >> 4 & 7;
        const bool from_psc = word[0] >> 7 & 1;
        if (e->walker[w].state == WALKER_IDLE && state != WALKER_IDLE) {
            tick(e, DUT_WALKS);
            tick(e, from_psc ? (enum dut_counter)(DUT_PSC_PDE + (level - 1) % 4) : DUT_PSC_NONE);
        } else if (e->walker[w].from_psc && !from_psc && state == WALKER_REQ) {
            tick(e, DUT_RESTARTS);
        }
        e->walks |= state != WALKER_IDLE;
        e->walker[w].state = state;
        e->walker[w].from_psc = state != WALKER_IDLE && from_psc;
    }
    if (e->words(dut, SEL_PIPELINE, LAST_STAGE, word))
        e->lookups += (word[0] & 3) == TOKEN_LOOKUP;
}

void events_step(struct events *e, struct dut *dut, const struct pins_out *out, const struct pins_in *in)
{
    of_pins(e, out, in);
    e->waiting -= (unsigned)__builtin_popcount(out->resp_valid);
    if (e->words && (e->waiting || e->walks))
        of_words(e, dut);
    e->waiting += (unsigned)__builtin_popcount(in->req_valid & out->req_ready);
}

struct dut_counts events_counts(const struct events *e, const struct pins_out *out)
{
    struct events now = *e;
    answers(&now, out);
    const uint64_t hits = now.counts.count[DUT_STLB_HITS];
    now.counts.count[DUT_STLB_MISSES] = now.lookups > hits ? now.lookups - hits : 0;
    return now.counts;
}
