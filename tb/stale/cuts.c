/* What invalidations and page faults have dropped: see stale.h. The manual's word is model/arch/invalidation.h: it is
 * asked about translations and paging-structure-cache entries that stand for all of their kind. */
#include <stdlib.h>
#include <string.h>

#include "arch/invalidation.h"
#include "parts.h"

enum {
    LARGEST_LEAF = 3,
    LOWEST_TABLE = 2,
    HIGHEST_TABLE = 5,
    OTHER_PCID = 0x555, /* what another PCID may differ by */
    KIND_SHIFT = 60,
    WHOSE_SHIFT = 62,
    LEVEL_SHIFT = 57,
    PCID_SHIFT = 45,
};

bool cuts_start(struct cuts *c, uint32_t room)
{
    c->entry = calloc(room, sizeof *c->entry);
    c->room = room;
    return c->entry != NULL;
}

void cuts_end(struct cuts *c)
{
    free(c->entry);
}

/* Never 0: the level is not. */
static uint64_t key_of(enum cut_whose whose, enum cut_kind kind, unsigned level, unsigned pcid, uint64_t va)
{
    const uint64_t linear = va & ((UINT64_C(1) << 57) - 1);
    return (uint64_t)whose << WHOSE_SHIFT | (uint64_t)kind << KIND_SHIFT | (uint64_t)level << LEVEL_SHIFT |
           (uint64_t)pcid << PCID_SHIFT | linear >> x86_level_shift(level);
}

static struct cut *find(const struct cuts *c, uint64_t key)
{
    uint32_t i = (uint32_t)(key * UINT64_C(0x9e3779b97f4a7c15) >> 32) & (c->room - 1);
    while (c->entry[i].key && c->entry[i].key != key)
        i = (i + 1) & (c->room - 1);
    return &c->entry[i];
}

/* Whether a cut says more than those of whole PCIDs. */
static bool matters(const struct cuts *c, const struct cut *cut)
{
    const unsigned pcid = cut->key >> PCID_SHIFT & (PCIDS - 1);
    switch (cut->key >> KIND_SHIFT & 3) {
    case CUT_TLB:
        return cut->last > c->tlb[pcid];
    case CUT_PSC:
        return cut->last > c->psc[pcid];
    default:
        return cut->last > c->global;
    }
}

/* Drops the cuts that say nothing more, and makes room if they are few. */
static bool sweep(struct cuts *c)
{
    uint32_t living = 0;
    for (uint32_t i = 0; i < c->room; i++)
        living += c->entry[i].key && matters(c, &c->entry[i]);
    struct cuts fresh = {.room = living > c->room / 3 ? 2 * c->room : c->room};
    if (fresh.room < c->room || !cuts_start(&fresh, fresh.room))
        return false;
    for (uint32_t i = 0; i < c->room; i++)
        if (c->entry[i].key && matters(c, &c->entry[i]))
            *find(&fresh, c->entry[i].key) = c->entry[i];
    free(c->entry);
    c->entry = fresh.entry;
    c->room = fresh.room;
    c->used = living;
    return true;
}

bool cuts_note(struct cuts *c, uint64_t now, enum cut_whose whose, enum cut_kind kind, unsigned level, unsigned pcid,
               uint64_t va)
{
    const uint64_t key = key_of(whose, kind, level, pcid, va);
    struct cut *cut = find(c, key);
    if (!cut->key) {
        if (4 * (c->used + 1) > 3 * c->room) {
            if (!sweep(c))
                return false;
            cut = find(c, key);
        }
        *cut = (struct cut){.key = key};
        c->used++;
    }
    if (cut->last != now)
        cut->before = cut->last;
    cut->last = now;
    return true;
}

/* `since` is the time at which the access began: what came later it did not feel. */
static uint64_t time_of(const struct cuts *c, uint64_t key, uint64_t since)
{
    const struct cut *cut = find(c, key);
    if (!cut->key)
        return 0;
    return cut->last < since ? cut->last : cut->before < since ? cut->before : 0;
}

uint64_t cuts_last(const struct cuts *c, enum stale_who who, enum cut_kind kind, unsigned level, unsigned pcid,
                   uint64_t va, uint64_t since)
{
    const uint64_t both = time_of(c, key_of(CUT_BOTH, kind, level, pcid, va), since);
    const uint64_t own = time_of(c, key_of(who == STALE_OURS ? CUT_OURS : CUT_THEIRS, kind, level, pcid, va), since);
    return both > own ? both : own;
}

uint64_t cuts_floor(const struct cuts *c)
{
    uint64_t floor = UINT64_MAX;
    for (unsigned i = 0; i < c->pcids; i++)
        if (c->tlb[c->pcid[i]] < floor)
            floor = c->tlb[c->pcid[i]];
    return floor;
}

struct operation {
    const struct oracle_cpu *cpu;
    const struct oracle_regs *before;
    uint64_t now, data, desc;
    uint8_t op;
    bool names_address;
};

static bool drops(const struct operation *o, bool psc, bool global, unsigned pcid, unsigned level, uint64_t va)
{
    const struct cached cached = {.paging_structure = psc,
                                  .global = global,
                                  .pcid = (uint16_t)pcid,
                                  .level = (uint8_t)level,
                                  .va = va};
    return invalidation_must_drop(o->cpu, o->before, o->op, o->data, o->desc, &cached, NULL);
}

/* One kind of cached entry: all of it when one of quite another address goes, else what the operation's address leads
 * to. */
static bool strike(struct cuts *c, const struct operation *o, enum cut_kind kind, unsigned pcid, unsigned low,
                   unsigned high, uint64_t *all)
{
    enum { FAR_BITS = 1 << 20 | 1 };
    const bool psc = kind == CUT_PSC, global = kind == CUT_GLOBAL;
    const unsigned tag = global ? (o->before->cr3 & CR3_PCID) ^ OTHER_PCID : pcid;
    const uint64_t far = o->data ^ (uint64_t)FAR_BITS << 36; /* another entry at every level */
    if (drops(o, psc, global, tag, low, far)) {
        *all = o->now;
        return true;
    }
    for (unsigned level = low; o->names_address && level <= high; level++)
        if (drops(o, psc, global, tag, level, o->data) &&
            !cuts_note(c, o->now, CUT_BOTH, kind, level, global ? 0 : pcid, o->data))
            return false;
    return true;
}

bool stale_control(struct stale *s, uint64_t now, const struct oracle_regs *before, const struct oracle_regs *after,
                   uint8_t op, uint64_t data, uint64_t desc)
{
    struct cuts *c = &s->cuts;
    const struct operation o = {s->cpu, before, now, data, desc, op, op == CTL_INVLPG || op == CTL_INVPCID_ADDRESS};
    for (unsigned i = 0; i < c->pcids; i++) {
        const unsigned pcid = c->pcid[i];
        if (!strike(c, &o, CUT_TLB, pcid, 1, LARGEST_LEAF, &c->tlb[pcid]) ||
            !strike(c, &o, CUT_PSC, pcid, LOWEST_TABLE, HIGHEST_TABLE, &c->psc[pcid]))
            return false;
    }
    if (!strike(c, &o, CUT_GLOBAL, 0, 1, LARGEST_LEAF, &c->global))
        return false;

    const unsigned pcid = current_pcid(after);
    const uint64_t root = root_table(s->cpu, after);
    bool good = true;
    if (!c->known[pcid]) {
        c->known[pcid] = true;
        c->pcid[c->pcids++] = (uint16_t)pcid;
        c->tlb[pcid] = c->psc[pcid] = now;
    } else if (s->root[pcid] != root) {
        good = cuts_note(c, now, CUT_BOTH, CUT_ROOT, 1, 0, s->root[pcid]);
        if (c->tlb[pcid] < now)
            good = good && past_add(s, &(struct former){.pa = past_root(pcid),
                                                        .value = s->root[pcid],
                                                        .from = s->root_from[pcid],
                                                        .to = now});
    }
    if (s->root[pcid] != root)
        s->root_from[pcid] = now;
    s->root[pcid] = root;
    return good;
}

bool stale_fault(struct stale *s, uint64_t now, enum stale_who who, const struct oracle_regs *regs, uint64_t va)
{
    const unsigned pcid = current_pcid(regs);
    const enum cut_whose whose = who == STALE_OURS ? CUT_OURS : CUT_THEIRS;
    bool good = true;
    if (s->past.used == 0) /* nothing is there that the fault could have dropped */
        return true;
    for (unsigned level = 1; level <= HIGHEST_TABLE; level++) {
        const struct cached global = {.global = true,
                                      .pcid = (uint16_t)(pcid ^ OTHER_PCID),
                                      .level = (uint8_t)level,
                                      .va = va};
        const struct cached table = {.paging_structure = true,
                                     .pcid = (uint16_t)pcid,
                                     .level = (uint8_t)level,
                                     .va = va};
        const struct cached page = {.pcid = (uint16_t)pcid, .level = (uint8_t)level, .va = va};
        if (level <= LARGEST_LEAF && invalidation_fault_must_drop(regs, va, &page, NULL))
            good = good && cuts_note(&s->cuts, now, whose, CUT_TLB, level, pcid, va);
        if (level <= LARGEST_LEAF && invalidation_fault_must_drop(regs, va, &global, NULL))
            good = good && cuts_note(&s->cuts, now, whose, CUT_GLOBAL, level, 0, va);
        if (level >= LOWEST_TABLE && invalidation_fault_must_drop(regs, va, &table, NULL))
            good = good && cuts_note(&s->cuts, now, whose, CUT_PSC, level, pcid, va);
    }
    return good;
}
