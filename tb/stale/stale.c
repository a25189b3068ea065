/* Looks for a mix of present and former values of a walk's entries that gives a result: see stale.h.
 *
 * From the root down each entry is tried with what memory holds and with what it held while it can still be cached; the
 * values are put into the oracle's image of memory, the oracle walks, and they are taken out again. A result that fits
 * is legal by one of two routes: the whole translation is in a TLB since before the first of its entries was changed;
 * or the changed entries are those above some table, and a paging-structure cache leads to it. */
#include <stdlib.h>

#include "parts.h"

enum {
    FIRST_ROOM = 4096,
    WALKS_MOST = 1 << 16, /* mixes that one search tries */
};

#define NOW UINT64_MAX /* the time until which what memory holds is there */

struct stale *stale_new(struct physmem *pm, const struct oracle_cpu *cpu)
{
    struct stale *s = calloc(1, sizeof *s);
    if (!s)
        return NULL;
    s->pm = pm;
    s->cpu = cpu;
    if (past_start(&s->past, FIRST_ROOM) && cuts_start(&s->cuts, FIRST_ROOM))
        return s;
    stale_free(s);
    return NULL;
}

void stale_free(struct stale *s)
{
    if (!s)
        return;
    past_end(&s->past);
    cuts_end(&s->cuts);
    free(s);
}

uint64_t stale_kept(const struct stale *s)
{
    return (uint64_t)s->past.used + s->cuts.used;
}

/* What an entry held is kept if it was present; what it held in between only where that tells two values apart in time.
 */
bool stale_poke(struct stale *s, uint64_t now, uint64_t pa, uint64_t old, uint64_t value)
{
    const uint32_t newest = past_newest(&s->past, pa);
    if (old == value || (!(old & ENTRY_P) && newest == FORMER_NONE))
        return true;
    const uint64_t from = newest == FORMER_NONE ? 0 : s->past.former[newest].to;
    return past_add(s, &(struct former){.pa = pa, .value = old, .from = from, .to = now});
}

/* One search. */
struct search {
    struct stale *s;
    enum stale_who who;
    bool confirmed, global; /* global: only what a global translation may hold */
    bool follow; /* nothing is asked: the oracle's A and D become the hardware's wherever it may have walked */
    struct oracle_regs regs;
    const struct oracle_access *access;
    const struct stale_question *question;
    uint64_t va, since;
    unsigned pcid, walks;
    enum stale_how found;
    /* Of the mix so far. */
    uint64_t first;  /* of the entries above the leaf: the first of its former values ended then; NOW: there is none */
    unsigned lowest; /* level of the lowest of these; 0: there is none */
    uint64_t leaf;   /* that of the leaf ended then; NOW: it is the present one */
    bool unused;     /* a present one has A = 0: no walk of ours before this access has used it */
};

static uint64_t later(uint64_t a, uint64_t b)
{
    return a > b ? a : b;
}

/* Whether paging-structure caches of a PCID may have led past the former values of the entries above `bottom` at time
 * `low` or later, after the first of them was changed. A page fault elsewhere drops the entries that lead there too,
 * and not those below them that lead only here: such a one may have been filled until then. (Of whole PCIDs only the
 * last cut is known.) */
static bool led(const struct search *q, unsigned pcid, unsigned bottom, uint64_t low)
{
    const struct cuts *c = &q->s->cuts;
    uint64_t until = q->first;
    if (low < q->first || (c->psc[pcid] > low && low != NOW))
        return true;
    if (c->psc[pcid] >= q->first)
        return false;
    for (unsigned level = q->lowest; level > bottom && level >= 2; level--) {
        const uint64_t cut = cuts_last(c, q->who, CUT_PSC, level, pcid, q->va, q->since);
        if (cut < until || (cut > low && low != NOW))
            return true;
        until = later(until, cut);
    }
    return false;
}

static bool led_anywhere(const struct search *q, unsigned bottom, uint64_t low)
{
    const struct cuts *c = &q->s->cuts;
    bool found = !q->global && led(q, q->pcid, bottom, low);
    for (unsigned i = 0; q->global && i < c->pcids && !found; i++)
        found = led(q, c->pcid[i], bottom, low);
    return found;
}

/* A TLB may hold the translation that ends in an entry of this level, read at `low` or later. What drops a translation
 * of a PCID drops what leads to it as well; but a global one may be filled again from the paging-structure caches of
 * another PCID. */
static bool in_tlb(const struct search *q, unsigned level, uint64_t low)
{
    const struct cuts *c = &q->s->cuts;
    const enum cut_kind kind = q->global ? CUT_GLOBAL : CUT_TLB;
    const uint64_t whole = q->global ? c->global : c->tlb[q->pcid];
    const uint64_t cut = later(whole, cuts_last(c, q->who, kind, level, q->global ? 0 : q->pcid, q->va, q->since));
    if (q->unused && q->who == STALE_OURS)
        return false;
    return q->leaf > cut && (q->global || q->first > cut) && led_anywhere(q, level, later(low, cut));
}

/* The walk of a mix has come to its end, in an entry of this level. */
static void judge(struct search *q, unsigned level, uint64_t entry, uint64_t low)
{
    struct oracle_result r;
    if (q->follow || q->walks++ >= WALKS_MOST || (!q->lowest && q->leaf == NOW))
        return;
    oracle_translate(q->s->pm, IMAGE_ORACLE, q->s->cpu, &q->regs, q->access, &r);
    const bool missed = r.kind == KIND_PF &&
                        (!(r.err & PF_P) || r.err & PF_RSVD); /* the walk failed: that is never cached itself */
    if (!q->question->fits(q->question->context, &r) || (r.kind == KIND_PF && q->confirmed))
        return;
    if (q->global && !(entry & ENTRY_G))
        return;
    if (!q->global && q->leaf == NOW && led(q, q->pcid, level, NOW))
        q->found = STALE_PSC;
    else if (!missed && in_tlb(q, level, low))
        q->found = STALE_TLB;
}

/* Whether a cache can have been filled with a former value at all. */
static bool cacheable(const struct search *q, const struct former *f)
{
    return f->value & ENTRY_P && (q->who == STALE_THEIRS || f->value & ENTRY_A);
}

static void descend(struct search *q, unsigned level, uint64_t table, uint64_t low, uint64_t high);

static void go_on(struct search *q, unsigned level, uint64_t entry, uint64_t low)
{
    if (!(entry & ENTRY_P) || reserved_bits(q->s->cpu, &q->regs, level, entry) || is_leaf(level, entry))
        judge(q, level, entry, low);
    else
        descend(q, level - 1, entry & ENTRY_FRAME, low, NOW);
}

/* The entry of this level, read at some time from `low` on and before `high`. */
static void descend(struct search *q, unsigned level, uint64_t table, uint64_t low, uint64_t high)
{
    struct stale *s = q->s;
    const uint64_t pa = x86_entry_address(table, q->va, level), hardware = physmem_read(s->pm, IMAGE_HW, pa);
    const uint64_t now = physmem_read(s->pm, IMAGE_ORACLE, pa) | (q->follow ? hardware & (ENTRY_A | ENTRY_D) : 0);
    const bool unused = q->unused;
    const uint32_t newest = past_newest(&s->past, pa);
    const uint64_t present_from = newest == FORMER_NONE ? 0 : s->past.former[newest].to;
    if (q->follow && hardware)
        physmem_write_image(s->pm, IMAGE_ORACLE, pa, now);
    q->unused |= !(now & ENTRY_A);
    if (present_from < high)
        go_on(q, level, now, later(low, present_from));
    q->unused = unused;
    for (uint32_t n = newest; n != FORMER_NONE && !q->found; n = s->past.former[n].before) {
        const struct former f = s->past.former[n];
        if (f.pa != pa)
            continue;
        if (f.to <= low)
            break;
        if (!cacheable(q, &f) || f.from >= high || reserved_bits(s->cpu, &q->regs, level, f.value))
            continue;
        const struct search before = *q;
        if (is_leaf(level, f.value)) {
            q->leaf = f.to;
        } else {
            q->first = f.to < q->first ? f.to : q->first;
            q->lowest = level;
        }
        if (physmem_write_image(s->pm, IMAGE_ORACLE, pa, f.value))
            go_on(q, level, f.value, later(low, f.from));
        physmem_write_image(s->pm, IMAGE_ORACLE, pa, now);
        q->first = before.first;
        q->leaf = before.leaf;
        q->lowest = before.lowest;
    }
}

/* All mixes below a table that was the root from one time to another; other: it is not the present one. */
static void below_root(struct search *q, uint64_t table, uint64_t from, uint64_t to, bool other)
{
    const unsigned top = root_level(&q->regs);
    const uint64_t base = q->global ? q->s->cuts.global : q->s->cuts.tlb[q->pcid];
    if (q->found || to <= base)
        return;
    q->first = to;
    q->leaf = NOW;
    q->lowest = other ? top : 0;
    q->regs.cr3 = (q->regs.cr3 & ~ENTRY_FRAME) | table;
    descend(q, top, table, later(base, from), to);
}

/* A global translation may have come from any table that was a root since they were dropped. */
static void below_other_roots(struct search *q)
{
    const struct cuts *c = &q->s->cuts;
    for (uint32_t i = 0; i < c->room && !q->found; i++)
        if ((c->entry[i].key >> 60 & 3) == CUT_ROOT && c->entry[i].key >> 57 & 7)
            below_root(q, (c->entry[i].key & ((UINT64_C(1) << 45) - 1)) << PAGE_SHIFT, 0, c->entry[i].last, true);
    for (unsigned i = 0; i < c->pcids; i++)
        if (c->pcid[i] != q->pcid)
            below_root(q, q->s->root[c->pcid[i]], q->s->root_from[c->pcid[i]], NOW, true);
}

static void search(struct search *q)
{
    struct stale *s = q->s;
    const uint64_t root = root_table(s->cpu, &q->regs);
    below_root(q, root, s->root_from[q->pcid], NOW, false);
    for (uint32_t n = past_newest(&s->past, past_root(q->pcid)); n != FORMER_NONE && !q->found;
         n = s->past.former[n].before)
        if (s->past.former[n].pa == past_root(q->pcid))
            below_root(q, s->past.former[n].value, s->past.former[n].from, s->past.former[n].to, true);
    if (!q->found && q->regs.cr4 & CR4_PGE) {
        q->global = true;
        below_root(q, root, s->root_from[q->pcid], NOW, false);
        below_other_roots(q);
    }
}

enum stale_how stale_explains(struct stale *s, enum stale_who who, bool confirmed, const struct oracle_regs *regs,
                              const struct oracle_access *access, uint64_t since, const struct stale_question *question)
{
    struct search q = {.s = s,
                       .who = who,
                       .confirmed = confirmed,
                       .regs = *regs,
                       .access = access,
                       .question = question,
                       .since = who == STALE_OURS ? since : UINT64_MAX,
                       .pcid = current_pcid(regs)};
    if (!linear_address(regs, access, &q.va)) /* #GP: nothing cached is asked */
        search(&q);
    return q.found;
}

void stale_follow(struct stale *s, const struct oracle_regs *regs, const struct oracle_access *access)
{
    struct search q =
        {.s = s, .who = STALE_OURS, .follow = true, .regs = *regs, .access = access, .pcid = current_pcid(regs)};
    if (!linear_address(regs, access, &q.va))
        search(&q);
}

/* A former value of an entry, with all bits of `flags`, that was there after `low`. */
static bool had(const struct stale *s, uint64_t pa, uint64_t flags, uint64_t low)
{
    for (uint32_t n = past_newest(&s->past, pa); n != FORMER_NONE && s->past.former[n].to > low;
         n = s->past.former[n].before)
        if (s->past.former[n].pa == pa && (s->past.former[n].value & flags) == flags)
            return true;
    return false;
}

bool stale_owes_nothing(const struct stale *s, const struct oracle_regs *regs, uint64_t va, uint64_t since,
                        const struct oracle_result *result, unsigned step, uint64_t flags)
{
    const struct cuts *c = &s->cuts;
    const struct oracle_step *leaf = &result->step[result->steps - 1], *entry = &result->step[step];
    const unsigned pcid = current_pcid(regs);
    uint64_t low = later(c->tlb[pcid], cuts_last(c, STALE_OURS, CUT_TLB, leaf->level, pcid, va, since));
    if (entry != leaf) { /* a paging-structure cache may have it as well */
        const uint64_t psc = later(c->psc[pcid], cuts_last(c, STALE_OURS, CUT_PSC, entry->level, pcid, va, since));
        low = psc < low ? psc : low;
    }
    if (leaf->value & ENTRY_G && regs->cr4 & CR4_PGE) {
        const uint64_t global = later(c->global, cuts_last(c, STALE_OURS, CUT_GLOBAL, leaf->level, 0, va, since));
        low = global < low ? global : low;
    }
    return had(s, entry->pa, flags | ENTRY_P, low);
}

bool stale_leads_astray(const struct stale *s, const struct oracle_regs *regs, const struct oracle_result *result)
{
    for (unsigned i = 0; i + 1 < result->steps; i++)
        if (had(s, result->step[i].pa, ENTRY_P | ENTRY_A, s->cuts.psc[current_pcid(regs)]))
            return true;
    return false;
}
