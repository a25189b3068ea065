/* The books of what may be cached.
 *
 * For each edit: in which PCIDs, and whether as a global translation, the old value may still be cached. An operation,
 * or a page fault, strikes out what the manual says it must drop (model/arch/invalidation.h), and nothing else: what an
 * MMU still uses of it afterwards is its fault; that it may use the rest is its right. An old value that is cached only
 * in PCIDs other than the present one stays in the books while there is room, and decides answers when such a PCID is
 * loaded again without a flush; when room is needed, MOV CR3 to that PCID must flush. */
#include "parts.h"

#include <string.h>

#include "arch/invalidation.h"

enum {
    SETTLE_MOST = 400,  /* cycles until software invalidates */
    OTHER_PCID = 0x555, /* what another PCID may differ by */
};

static unsigned pcid_now(const struct oracle_regs *regs)
{
    return regs->cr4 & CR4_PCIDE ? (unsigned)(regs->cr3 & CR3_PCID) : 0;
}

/* Identifiers that differ in one bit from each other, so that a tag which drops a bit is found. */
void books_start(struct random *r)
{
    for (unsigned i = 0; i < SLOTS; i++) {
        r->bound[i] = -1;
        r->pcid[i] = (uint16_t)(i == 0    ? 0
                                : i <= 12 ? 1u << (i - 1)
                                : i == 13 ? 0xfff
                                : i <= 25 ? 0xfff ^ 1u << (i - 14)
                                          : 0);
        for (bool again = i > 25; again;) {
            r->pcid[i] = (uint16_t)below(r, 0x1000);
            again = false;
            for (unsigned j = 0; j < i; j++)
                again |= r->pcid[j] == r->pcid[i];
        }
    }
}

bool books_stale_here(const struct random *r, const struct pending *e)
{
    return e->place && (e->global || (e->stale >> r->slot & 1));
}

struct pending *books_open(struct random *r, const struct place *place)
{
    for (unsigned i = 0; i < PENDING_MOST; i++)
        if (r->pending[i].place == place)
            return &r->pending[i];
    return NULL;
}

/* No longer kept: the PCIDs where it may be cached must be flushed when they are next loaded. */
static void retire(struct random *r, struct pending *e)
{
    r->must_flush |= e->stale;
    e->place = NULL;
}

bool books_room(struct random *r)
{
    for (unsigned i = 0; i < PENDING_MOST; i++)
        if (!r->pending[i].place)
            return true;
    for (unsigned i = 0; i < PENDING_MOST; i++)
        if (!books_stale_here(r, &r->pending[i])) {
            retire(r, &r->pending[i]);
            return true;
        }
    return false;
}

/* SDM 3A 5.10.2.3, 5.10.3: nothing is cached from an entry with P = 0 or A = 0. */
void books_edit(struct random *r, const struct place *place, uint64_t old)
{
    struct pending *e = books_open(r, place);
    if (!e)
        e = books_open(r, NULL);
    e->place = NULL;
    if ((old & (ENTRY_P | ENTRY_A)) != (ENTRY_P | ENTRY_A))
        return;
    e->stale = 0;
    for (unsigned i = 0; i < SLOTS; i++)
        if (r->bound[i] >= 0 && (place->root == SHARED || place->root == r->bound[i]))
            e->stale |= 1u << i;
    e->global = place->globals && (r->regs.cr4 & CR4_PGE) && (!edit_is_leaf(old, place->level) || (old & ENTRY_G));
    if (!e->stale && !e->global)
        return;
    e->place = place;
    e->old = old;
    memset(e->dropped, 0, sizeof e->dropped);
    e->faults = 0;
    e->edited = r->d.cycle;
    e->settle_at = r->d.cycle + (chance(r, 50) ? 0 : below(r, SETTLE_MOST));
    unsigned here = 0;
    for (unsigned i = 0; i < PENDING_MOST; i++)
        here += books_stale_here(r, &r->pending[i]);
    if (here > 1)
        met(r, CORNER_two_edits_open);
}

/* A page fault has dropped what was stale for this page. */
static bool faulted(const struct random *r, const struct pending *e, uint64_t va)
{
    const unsigned known = e->faults_slot != r->slot ? 0 : e->faults < FAULTS_MOST ? e->faults : FAULTS_MOST;
    for (unsigned i = 0; i < known; i++)
        if (e->fault[i] == va >> PAGE_SHIFT)
            return true;
    return false;
}

unsigned books_visible(struct random *r, uint64_t va, struct pending *visible[PENDING_MOST])
{
    unsigned n = 0;
    for (unsigned i = 0; i < PENDING_MOST; i++) {
        struct pending *e = &r->pending[i];
        if (books_stale_here(r, e) && (va ^ e->place->va) >> x86_level_shift(e->place->level) == 0 &&
            !faulted(r, e, va))
            visible[n++] = e;
    }
    return n;
}

struct pending *books_due(struct random *r)
{
    for (unsigned i = 0; i < PENDING_MOST; i++)
        if (books_stale_here(r, &r->pending[i]) && r->d.cycle >= r->pending[i].settle_at)
            return &r->pending[i];
    return NULL;
}

static bool drops(struct random *r, const struct oracle_regs *before, const struct op *op, struct cached cached)
{
    return invalidation_must_drop(&r->cpu, before, op->op, op->data, op->desc, &cached, NULL);
}

/* What is below a pointer to a page table: nothing is cached from its entries with P = 0 or A = 0, unless they were
 * edited themselves. */
static bool drops_pages(struct random *r, const struct oracle_regs *before, const struct op *op,
                        const struct pending *e, uint16_t pcid, bool global)
{
    for (unsigned i = 0; i < TABLE_WORDS; i++) {
        const uint64_t pa = (e->old & E_FRAME) + 8 * i, now = physmem_read(r->physmem, IMAGE_ORACLE, pa);
        const bool cached = (now & ENTRY_P) && (now & ENTRY_A);
        const struct place *place = now ? tables_place(r, pa) : NULL;
        if (i == 8)
            i = TABLE_WORDS - 2; /* between them nothing is used (tables.c) */
        else if ((cached || (place && books_open(r, place))) &&
                 !drops(r, before, op,
                        (struct cached){.global = global,
                                        .pcid = pcid,
                                        .level = 1,
                                        .va = e->place->va + ((uint64_t)i << PAGE_SHIFT)}))
            return false;
    }
    return true;
}

/* Whether the operation drops all that can be cached of an entry's old value in a PCID. Below an entry that points to a
 * table there are many pages: the first and the last stand for them. */
static bool drops_old(struct random *r, const struct oracle_regs *before, const struct op *op, const struct pending *e,
                      unsigned pcid, bool global)
{
    const uint64_t first = e->place->va, last = first + (UINT64_C(1) << x86_level_shift(e->place->level)) - 1;
    const uint8_t level = e->place->level;
    const uint16_t id = (uint16_t)pcid;
    if (edit_is_leaf(e->old, level))
        return drops(r, before, op, (struct cached){.global = global, .pcid = id, .level = level, .va = first});
    if (level == 2)
        return drops_pages(r, before, op, e, id, global) &&
               drops(r, before, op, (struct cached){.paging_structure = true, .pcid = id, .level = level, .va = first});
    if (!drops(r, before, op, (struct cached){.global = global, .pcid = id, .level = 1, .va = first}) ||
        !drops(r, before, op, (struct cached){.global = global, .pcid = id, .level = 1, .va = last}))
        return false;
    return drops(r, before, op, (struct cached){.paging_structure = true, .pcid = id, .level = level, .va = first}) &&
           drops(r, before, op, (struct cached){.paging_structure = true, .pcid = id, .level = 2, .va = last});
}

bool books_would_drop(struct random *r, const struct pending *e, const struct op *op)
{
    return (!(e->stale >> r->slot & 1) || drops_old(r, &r->regs, op, e, r->pcid[r->slot], false)) &&
           (!e->global || drops_old(r, &r->regs, op, e, r->pcid[r->slot] ^ OTHER_PCID, true));
}

/* All that is not global under a PCID. */
static bool drops_context(struct random *r, const struct oracle_regs *before, const struct op *op, unsigned pcid)
{
    const uint16_t id = (uint16_t)pcid;
    const uint64_t here = UINT64_C(0x123456789000), there = UINT64_C(0xffffedcba9876000);
    return drops(r, before, op, (struct cached){.pcid = id, .level = 1, .va = here}) &&
           drops(r, before, op, (struct cached){.pcid = id, .level = 1, .va = there}) &&
           drops(r, before, op, (struct cached){.paging_structure = true, .pcid = id, .level = 2, .va = here}) &&
           drops(r, before, op, (struct cached){.paging_structure = true, .pcid = id, .level = 2, .va = there});
}

/* No paging-structure cache leads anywhere by way of an entry's old value any more, nor on from where it led. */
static bool drops_tables(struct random *r, const struct oracle_regs *before, const struct op *op,
                         const struct pending *e, unsigned pcid)
{
    const uint64_t first = e->place->va, last = first + (UINT64_C(1) << x86_level_shift(e->place->level)) - 1;
    struct cached table = {.paging_structure = true, .pcid = (uint16_t)pcid, .level = e->place->level, .va = first};
    if (edit_is_leaf(e->old, e->place->level) || !drops(r, before, op, table))
        return false;
    table.level = 2;
    const bool begins = drops(r, before, op, table);
    table.va = last;
    return begins && drops(r, before, op, table);
}

void books_store(struct random *r, uint64_t pa)
{
    const struct place *place = tables_place(r, pa);
    if (place)
        r->walked_at[place - r->place] = 0;
}

void books_walk(struct random *r, const struct oracle_result *walk)
{
    for (unsigned i = 0; i < walk->steps; i++) {
        const struct place *place = walk->step[i].value & ENTRY_A ? NULL : tables_place(r, walk->step[i].pa);
        if (place)
            r->walked_at[place - r->place] = r->d.cycle;
    }
}

/* A TLB has nothing of a walk that no access can have made before the paging-structure caches were dropped: an entry
 * below had A = 0 until then. */
bool books_passable(struct random *r, const struct pending *e, const struct oracle_result *walk)
{
    const uint64_t dropped = e->dropped[r->slot];
    if (!dropped || e->global)
        return true;
    for (unsigned i = 0; i < walk->steps; i++) {
        const struct oracle_step *step = &walk->step[i];
        const struct place *place = step->level < e->place->level ? tables_place(r, step->pa) : NULL;
        if (place && !books_open(r, place) && (!(step->value & ENTRY_A) || r->walked_at[place - r->place] > dropped))
            return false;
    }
    return true;
}

static void strike(struct random *r, const struct oracle_regs *before, const struct op *op)
{
    uint32_t whole = 0;
    for (unsigned i = 0; i < SLOTS; i++)
        if ((r->bound[i] >= 0 || (r->must_flush >> i & 1)) && drops_context(r, before, op, r->pcid[i])) {
            r->bound[i] = -1;
            whole |= 1u << i;
        }
    r->must_flush &= ~whole;
    for (unsigned n = 0; n < PENDING_MOST; n++) {
        struct pending *e = &r->pending[n];
        if (!e->place)
            continue;
        e->stale &= ~whole;
        for (unsigned i = 0; i < SLOTS; i++) {
            if ((e->stale >> i & 1) && drops_old(r, before, op, e, r->pcid[i], false))
                e->stale &= ~(1u << i);
            else if ((e->stale >> i & 1) && !e->dropped[i] && drops_tables(r, before, op, e, r->pcid[i]))
                e->dropped[i] = r->d.cycle;
        }
        /* A global translation may have been cached under any PCID: one that is not in use stands for it. */
        if (e->global && drops_old(r, before, op, e, pcid_now(before) ^ OTHER_PCID, true))
            e->global = false;
        if (!e->stale && !e->global)
            e->place = NULL;
    }
}

void books_taken(struct random *r, const struct oracle_regs *before, const struct op *op)
{
    strike(r, before, op);
    const unsigned pcid = pcid_now(&r->regs);
    const uint64_t base = r->regs.cr3 & E_FRAME;
    const unsigned slot_was = r->slot;
    for (unsigned i = 0; i < SLOTS; i++)
        if (r->pcid[i] == pcid)
            r->slot = i;
    if (r->slot != slot_was)
        r->slot_before = slot_was;
    for (int root = 0; root < ROOTS; root++)
        if (base == r->pml4[root] || base == r->pml5[root])
            r->root = root;
    r->bound[r->slot] = (int8_t)r->root;
    if (!(r->used >> r->slot & 1)) {
        r->used |= 1u << r->slot;
        met(r, CORNER_pcids_used);
    }
}

/* The fault has dropped the translation of its page that the old leaf made. */
static void leaf_fault(struct random *r, struct pending *e, uint64_t va)
{
    const uint16_t pcid = r->pcid[r->slot];
    const struct cached here = {.pcid = pcid, .level = e->place->level, .va = e->place->va};
    const struct cached everywhere = {.global = true,
                                      .pcid = pcid ^ OTHER_PCID,
                                      .level = e->place->level,
                                      .va = e->place->va};
    if (invalidation_fault_must_drop(&r->regs, va, &here, NULL))
        e->stale &= ~(1u << r->slot);
    if (e->global && invalidation_fault_must_drop(&r->regs, va, &everywhere, NULL))
        e->global = false;
    if (!e->stale && !e->global)
        e->place = NULL;
}

/* What was cached from the old pointer for this page is gone; for other pages it is not. Walks for those cannot bring
 * it back: they begin at entries of their own. */
static void pointer_fault(struct random *r, struct pending *e, uint64_t va)
{
    if (e->faults_slot != r->slot)
        e->faults = 0;
    e->faults_slot = (uint8_t)r->slot;
    e->fault[e->faults % FAULTS_MOST] = va >> PAGE_SHIFT;
    e->faults = e->faults + 1 < 2 * FAULTS_MOST ? e->faults + 1 : FAULTS_MOST;
}

/* SDM 3A 5.10.4.1: the fault has dropped what was cached for its page, so that it "will not recur". Requests that were
 * in flight when the entry was edited may have brought the old value back since; so this counts only if there were none
 * any more when the faulting one was accepted. */
void books_fault(struct random *r, const struct flight *f)
{
    struct pending *visible[PENDING_MOST];
    const bool in_present = r->d.cycle > r->taken_at[r->epoch % EPOCHS] +
                                             DRAIN_CYCLES; /* the fault is not from before an operation */
    const unsigned n = in_present ? books_visible(r, f->linear, visible) : 0;
    for (unsigned i = 0; i < n; i++) {
        const bool leaf = edit_is_leaf(visible[i]->old, visible[i]->place->level);
        /* A walk by way of the old pointer may end after the fault; so for that the request must have been alone all
         * the time. */
        if (f->oldest <= visible[i]->edited || (!leaf && (!f->alone || r->counts.accepted != f->number + 1)))
            continue;
        met(r, leaf ? CORNER_fault_not_twice : CORNER_fault_not_twice_table);
        if (leaf)
            leaf_fault(r, visible[i], f->linear);
        else
            pointer_fault(r, visible[i], f->linear);
    }
}
