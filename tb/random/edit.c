/* Software changing page-table entries under the feet of the walkers.
 *
 * An entry whose old value may be cached is written down in the books, and one entry has at most one old value open;
 * software invalidates it later (control.c), as SDM 3A 5.10.4.2 asks for. */
#include "parts.h"

bool edit_is_leaf(uint64_t entry, unsigned level)
{
    return level == 1 || ((level == 2 || (level == 3 && CFG_ARCH_PAGE_1G)) && (entry & ENTRY_PS));
}

/* Half of the edits go where a request is under way: its walk shows the entries on its path. */
static const struct place *choose_place(struct random *r)
{
    if (r->pounce.cycle <= r->d.cycle) {
        const struct place *aimed = tables_place(r, r->pounce.pa);
        r->pounce.cycle = UINT64_MAX;
        if (aimed)
            return aimed;
    }
    if (r->outstanding && chance(r, 50)) {
        struct oracle_result walk;
        oracle_translate(r->physmem, IMAGE_HW, &r->cpu, &r->regs,
                         &flying(r, (unsigned)below(r, r->outstanding))->access, &walk);
        if (walk.steps) {
            const struct place *place = tables_place(r, walk.step[below(r, walk.steps)].pa);
            if (place)
                return place;
        }
    }
    return &r->place[below(r, r->places)];
}

static enum edit choose_edit(struct random *r, uint64_t old)
{
    static const enum edit favourite[MOODS] = {
        [MOOD_PLAIN] = EDIT_BACK,   [MOOD_RACE] = EDIT_CLEAR_AD,   [MOOD_FAULTS] = EDIT_UNMAP,
        [MOOD_SIZES] = EDIT_RESIZE, [MOOD_STACKS] = EDIT_RESTRICT, [MOOD_FLOOD] = EDIT_MOVE,
        [MOOD_STALL] = EDIT_RELAX,
    };
    if (!(old & ENTRY_P) && chance(r, 70))
        return EDIT_MAP;
    return chance(r, 40) ? favourite[r->mood.kind] : (enum edit)below(r, EDIT_BACK);
}

static uint64_t changed(struct random *r, const struct place *p, uint64_t old, enum edit *edit)
{
    const bool leaf = edit_is_leaf(old, p->level);
    *edit = choose_edit(r, old);
    switch (*edit) {
    case EDIT_MAP:
        if (!(old & ENTRY_P))
            return old | ENTRY_P;
        break;
    case EDIT_UNMAP:
        return old & ~ENTRY_P;
    case EDIT_RESTRICT:
        return chance(r, 33) ? old | ENTRY_XD : old & ~(chance(r, 60) ? ENTRY_RW : ENTRY_US);
    case EDIT_RELAX:
        return chance(r, 33) ? old & ~ENTRY_XD : old | (chance(r, 50) ? ENTRY_RW : ENTRY_US);
    case EDIT_RESIZE:
        if (p->table && (p->level == 2 || (p->level == 3 && CFG_ARCH_PAGE_1G)))
            return leaf ? tables_pointer(r, p->table, p->level) : tables_leaf(r, p->level, p->globals);
        break;
    case EDIT_MOVE:
        if (leaf && chance(r, 70)) {
            const uint64_t frame = E_FRAME & ~((UINT64_C(1) << x86_level_shift(p->level)) - 1);
            return (old & ~frame) | (prng_next(&r->prng) & frame);
        }
        if (leaf) /* another key, another memory type */
            return old ^ (prng_next(&r->prng) & (UINT64_C(15) << ENTRY_KEY_SHIFT | ENTRY_PWT | ENTRY_PCD));
        break;
    case EDIT_CLEAR_AD:
        return old & ~(chance(r, 50) ? ENTRY_A | (leaf ? ENTRY_D : 0) : leaf ? ENTRY_D : ENTRY_A);
    case EDIT_RESERVED:
        if (chance(r, 20))
            return tables_spoil(r, old, p->level);
        break;
    case EDIT_BACK:
        break;
    }
    /* Something fresh, so that the tables do not wear out. */
    *edit = EDIT_MAP;
    return p->table && !leaf ? tables_pointer(r, p->table, p->level) : tables_leaf(r, p->level, p->globals);
}

static void count(struct random *r, const struct place *p, enum edit edit)
{
    r->counts.edits++;
    r->counts.edits_by[edit]++;
    for (unsigned tag = 0; tag < TAGS; tag++)
        if (r->asked[tag].busy && r->asked[tag].addr >> 6 == p->pa >> 6) {
            if (!r->asked[tag].cas)
                met(r, CORNER_edit_during_read);
            else if (r->asked[tag].addr == p->pa)
                met(r, CORNER_edit_during_cas);
        }
    if (r->ctl_taken)
        met(r, CORNER_edit_during_control);
    if (edit == EDIT_BACK)
        met(r, CORNER_edit_and_back);
}

/* A software store. A compare-and-swap that is under way and expects just this value will still succeed. */
static void store(struct random *r, uint64_t pa, uint64_t value)
{
    physmem_write(r->physmem, pa, value);
    books_store(r, pa);
    for (unsigned tag = 0; tag < TAGS; tag++)
        if (r->asked[tag].busy && r->asked[tag].cas && r->asked[tag].addr == pa && r->asked[tag].expected == value)
            physmem_write_image(r->physmem, IMAGE_ORACLE, pa, value | r->asked[tag].desired);
}

void edit_now(struct random *r)
{
    const struct place *p = choose_place(r);
    if (r->d.cycle >= r->next_edit)
        r->next_edit = r->d.cycle + 1 + below(r, 2 * r->mood.edit_gap);
    struct pending *open = books_open(r, p);
    const uint64_t old = physmem_read(r->physmem, IMAGE_HW, p->pa);
    if (!tables_within(r, p->pa, old))
        return; /* an edit would cover up what the hardware has done */
    enum edit edit = EDIT_BACK;
    uint64_t value = open ? open->old : 0;
    if (open && !(books_stale_here(r, open) && chance(r, 50)))
        return; /* only back to where it was: the books keep one old value of an entry */
    if (!open) {
        if (!books_room(r))
            return;
        value = changed(r, p, old, &edit);
    }
    if (value == old)
        return;
    count(r, p, edit);
    store(r, p->pa, value);
    history_edit(r, p, old, value);
    books_edit(
        r, p,
        old); /* on the way back the value in between is the old one; the first, where it was cached, is right again */
    check_edited(r, p);
}

/* While CR4.CET = 1 no write sets D in a leaf with R/W = 0 (CR0.WP = 1), so its D, which makes a shadow-stack page, is
 * what memory says. Before that the oracle's image may have had D of a write that was never carried out. */
void edit_settle_dirty(struct random *r)
{
    for (unsigned i = 0; i < r->places; i++) {
        const uint64_t pa = r->place[i].pa, oracle = physmem_read(r->physmem, IMAGE_ORACLE, pa);
        if ((oracle & (ENTRY_D | ENTRY_RW)) == ENTRY_D && edit_is_leaf(oracle, r->place[i].level) &&
            !(physmem_read(r->physmem, IMAGE_HW, pa) & ENTRY_D))
            physmem_write_image(r->physmem, IMAGE_ORACLE, pa, oracle & ~ENTRY_D);
    }
}
