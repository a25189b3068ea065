/* True LRU, swept cyclically: N pages in W ways all stay at N = W, and at N = W + 1 each has just gone when its turn
 * comes.
 *
 * One set of an L1, one set of the STLB, one array of the walk caches; wherever the preset has LRU. */
#include "form.h"

enum { ROUNDS = 4, L = 2 };

static struct pair percent(struct pair part, unsigned whole)
{
    return (struct pair){{100 * part.v[SIDE_MODEL] / whole, 100 * part.v[SIDE_DUT] / whole}};
}

/* L1: N pages of one set, and no other access. A miss is an answer that is not from the L1. */
static void sweep_l1(const struct forms *f, struct stand *r, const struct preset_structure *l1, uint8_t acc,
                     unsigned size)
{
    const struct preset_room room = preset_room(l1, size);
    if (!room.entries || !l1->lru)
        return;
    for (unsigned n = room.ways; n <= room.ways + 1; n++) {
        struct pair misses = {0};
        stand_flush(r);
        for (unsigned i = 0; i < (1 + ROUNDS) * n; i++) {
            if (!stand_access(r,
                              (struct access){.va = form_tables_va(size, (uint64_t)(i % n) * room.sets), .acc = acc}))
                break;
            for (unsigned s = 0; i >= n && s < r->sides; s++)
                misses.v[s] += r->side[s].answer.resp.src != SRC_L1;
        }
        sheet_row(f->sheet, r, n == room.ways ? 0 : 100, EXACT, percent(misses, ROUNDS * n),
                  "%s, %s: misses in %% of %u pages in %u ways", l1->name, preset_size_name[size], n, room.ways);
    }
}

/* Pages that lie in the same DTLB set as page 0 but in another STLB set than it: accessed between the accesses of an
 * STLB sweep, they push those out of the DTLB, so that each of them comes to the STLB. */
struct fillers {
    unsigned pool, turn; /* so many pages, round and round: enough for each to have left the DTLB when its turn comes */
    unsigned l1_sets, stlb_sets;
};

static uint64_t filler(struct fillers *x)
{
    const unsigned step = x->l1_sets < x->stlb_sets ? x->l1_sets : x->stlb_sets;
    const unsigned others = x->stlb_sets / step - 1; /* STLB sets that such pages can lie in, without that of page 0 */
    const unsigned n = x->turn++ % x->pool;
    return (uint64_t)(n / others) * x->stlb_sets + (n % others + 1) * step;
}

static void sweep_stlb(const struct forms *f, struct stand *r)
{
    const struct preset_room l1 = preset_room(&preset_dtlb, SIZE_4K), stlb = preset_room(&preset_stlb, SIZE_4K);
    const unsigned overflow = l1.entries ? preset_overflow(&preset_dtlb, l1.ways) : 0;
    if (!preset_stlb.lru)
        return;
    if (l1.sets >= stlb.sets) {
        sheet_left_out(f->sheet, "STLB: the DTLB has as many sets, so nothing pushes a page out of it alone");
        return;
    }
    for (unsigned n = stlb.ways; n <= stlb.ways + 1; n++) {
        struct fillers fillers = {.pool = overflow, .l1_sets = l1.sets, .stlb_sets = stlb.sets};
        struct pair misses = {0};
        stand_flush(r);
        for (unsigned i = 0; i < (1 + ROUNDS) * n; i++) {
            for (unsigned k = 0; k < overflow; k++)
                stand_access(r, (struct access){.va = form_tables_va(SIZE_4K, filler(&fillers))});
            if (!stand_access(r, (struct access){.va = form_tables_va(SIZE_4K, (uint64_t)i % n * stlb.sets)}))
                break;
            if (i < n)
                continue;
            for (unsigned s = 0; s < r->sides; s++)
                misses.v[s] += r->side[s].answer.resp.src == SRC_WALK;
            if (r->side[SIDE_MODEL].answer.resp.src == SRC_L1)
                stand_wrong(r, "resp_src of an access meant for the STLB", SRC_STLB, SRC_L1);
        }
        sheet_row(f->sheet, r, n == stlb.ways ? 0 : 100, EXACT, percent(misses, ROUNDS * n),
                  "STLB, 4k: misses in %% of %u pages in %u ways", n, stlb.ways);
    }
}

/* Walk caches: N regions of a level, in each visit a page of it that was never touched. A walk that finds the region's
 * entry reads level-1 entries, and one that does not reads one more (the entry above is there). */
static void sweep_psc(const struct forms *f, struct stand *r, unsigned level)
{
    static const char *const name[] = {"PDE", "PDPTE", "PML4E"};
    const struct preset_room room = preset_room(&preset_psc, level - 2);
    const unsigned region = 9 * (level - 1), below = 9 * (level - 2); /* log2 of the 4k pages of each */
    if (!room.entries || !preset_psc.lru)
        return;
    if (room.shared) {
        sheet_left_out(f->sheet, "%s cache: other levels share its array", name[level - 2]);
        return;
    }
    for (unsigned n = room.ways; n <= room.ways + 1; n++) {
        struct pair misses = {0};
        stand_flush(r);
        for (unsigned i = 0; i < (1 + ROUNDS) * n; i++) {
            const uint64_t page = ((uint64_t)(i % n) << region) + ((uint64_t)(i / n) << below);
            if (!stand_access(r, (struct access){.va = form_tables_va(SIZE_4K, page)}))
                break;
            for (unsigned s = 0; i >= n && s < r->sides; s++)
                misses.v[s] += (double)r->side[s].answer.reads - (level - 1);
        }
        sheet_row(f->sheet, r, n == room.ways ? 0 : 100, EXACT, percent(misses, ROUNDS * n),
                  "%s cache: misses in %% of %u regions in %u ways", name[level - 2], n, room.ways);
    }
}

void form_lru(const struct forms *f)
{
    struct stand *r;
    if (!preset_itlb.lru && !preset_dtlb.lru && !preset_stlb.lru && !preset_psc.lru) {
        sheet_left_out(f->sheet, "no structure of this preset is LRU");
        return;
    }
    r = stand_new(f->dut, L, false);
    for (unsigned size = SIZE_4K; size <= SIZE_1G; size++) {
        sweep_l1(f, r, &preset_itlb, ACC_EXECUTE, size);
        sweep_l1(f, r, &preset_dtlb, ACC_READ, size);
    }
    sweep_stlb(f, r);
    for (unsigned level = 2; level <= 4; level++)
        sweep_psc(f, r, level);
    sheet_end_stand(f->sheet, r);
}
