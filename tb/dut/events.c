/* Events of a device, counted from outside: see events.h. */
#include "events.h"

#include <string.h>

enum { SEL_WALKERS = 7, SEL_PIPELINE = 8, WALKER_IDLE = 0, WALKER_REQ = 1, TOKEN_LOOKUP = 1 };
enum { LAST_STAGE = CFG_STLB_LATENCY - 2 };

static void tick(struct events *e, enum dut_counter counter)
{
    e->counts.count[counter]++;
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

/* The outputs of a cycle that begins: what of them will be needed when it has been stepped. */
static void show(struct events *e, const struct pins_out *out)
{
    unsigned answers = 0;
    for (unsigned valid = out->resp_valid; valid; valid &= valid - 1, answers++)
        tick_answer(e, (unsigned)__builtin_ctz(valid), &out->resp[__builtin_ctz(valid)]);
    e->waiting -= answers;
    e->ready = out->req_ready;
    e->asks = out->mem_req_valid;
    if (!e->asks)
        return;
    e->cas = out->mem_req_cas;
    e->tag = out->mem_req_tag & (EVENTS_TAGS - 1);
    e->addr = out->mem_req_addr;
    e->expected = out->mem_req_expected;
}

void events_begin(struct events *e, bool (*words)(struct dut *dut, unsigned sel, unsigned idx, uint64_t word[2]),
                  const struct pins_out *out)
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
    show(e, out);
}

static void of_memory(struct events *e, const struct pins_in *in)
{
    if (e->asks && in->mem_req_ready) {
        tick(e, e->cas ? DUT_UPDATES : DUT_READS);
        e->update[e->tag].busy = e->cas;
        e->update[e->tag].addr = e->addr;
        e->update[e->tag].expected = e->expected;
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

void events_step(struct events *e, struct dut *dut, const struct pins_in *in, const struct pins_out *out)
{
    if (e->asks | in->mem_rsp_valid)
        of_memory(e, in);
    if (e->words && (e->waiting || e->walks))
        of_words(e, dut);
    for (unsigned taken = in->req_valid & e->ready; taken; taken &= taken - 1)
        e->waiting++;
    show(e, out);
}

struct dut_counts events_counts(const struct events *e)
{
    struct dut_counts counts = e->counts;
    const uint64_t hits = counts.count[DUT_STLB_HITS];
    counts.count[DUT_STLB_MISSES] = e->lookups > hits ? e->lookups - hits : 0;
    return counts;
}
