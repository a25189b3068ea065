/* Rights against registers: every combination that a walk can give, times every setting of WP, NXE, SMEP, SMAP, PKE,
 * PKS and CET, times every kind of access, found by a walk, by an L1 hit and by an STLB hit.
 *
 * What a walk gives: (R/W, U/S, XD) of the entries above, combined; the same of the leaf; D of the leaf; the key's two
 * rights. That is 8 × 16 × 4 = 512 pages a size. Symmetry: which of the upper entries forbids something is the part
 * `levels`; which of the sixteen keys it is, the part `keys`: here key k, 0 … 3, has AD = bit 0 of k and WD = bit 1 of
 * k in PKRU and PKRS alike.
 *
 * A page is brought into a TLB by an access that must succeed while both key registers are 0: a read by the supervisor
 * with AC set (DTLB, STLB), or a fetch by the kind of CPL that may (ITLB, STLB). A page that may not be fetched at all
 * is in no ITLB. */
#include "sweep/sweep.h"

enum { UPPERS = 8, LEAVES = 16, KEYS = 4, PAGES = UPPERS * LEAVES * KEYS, SETTINGS = 128 };
enum path { WALK, L1_HIT, STLB_HIT, PATHS };

#define KEY_RIGHTS UINT32_C(0xe4) /* keys 3 … 0: AD and WD, WD, AD, none */

struct page {
    uint64_t va, entry; /* entry: its address */
    uint64_t value;     /* as laid out */
};

static uint64_t rights(unsigned n)
{
    return (n & 1 ? ENTRY_RW : 0) | (n & 2 ? ENTRY_US : 0) | (n & 4 ? ENTRY_XD : 0);
}

/* The tables: open down to the entry above the leaf, of which there are eight, each with its table of 64 pages. */
static struct page page_of(unsigned n, unsigned leaf)
{
    const unsigned upper = n % UPPERS, low = n / UPPERS;
    return (struct page){
        .va = (uint64_t)upper << x86_level_shift(leaf + 1) | (uint64_t)low << x86_level_shift(leaf),
        .entry = SWEEP_TABLE(8 + upper) + 8 * low,
        .value = SWEEP_PAGE | rights(low) | ENTRY_P | ENTRY_A | (low & 8 ? ENTRY_D : 0) | (leaf > 1 ? ENTRY_PS : 0) |
                 (uint64_t)(low / LEAVES) << ENTRY_KEY_SHIFT,
    };
}

static bool build(struct sweep *s, unsigned leaf)
{
    for (unsigned level = 4; level > leaf + 1; level--)
        if (!sweep_put(s, SWEEP_TABLE(4 - level), 0, SWEEP_TABLE(5 - level) | SWEEP_OPEN))
            return false;
    for (unsigned upper = 0; upper < UPPERS; upper++)
        if (!sweep_put(s, SWEEP_TABLE(4 - (leaf + 1)), upper,
                       SWEEP_TABLE(8 + upper) | rights(upper) | ENTRY_P | ENTRY_A))
            return false;
    for (unsigned n = 0; n < PAGES; n++) {
        const struct page page = page_of(n, leaf);
        if (!sweep_put(s, page.entry & ~UINT64_C(0xfff), (unsigned)(page.entry >> 3 & 511), page.value))
            return false;
    }
    return true;
}

/* Setting n of the seven bits; false when this processor cannot have it. */
static bool setting(unsigned n, struct oracle_regs *to)
{
    const bool wp = n & 1, pke = n & 16, pks = n & 32, cet = n & 64;
    *to = sweep_plain();
    to->cr0 |= wp ? CR0_WP : 0;
    to->efer |= n & 2 ? EFER_NXE : 0;
    to->cr4 |= (n & 4 ? CR4_SMEP : 0) | (n & 8 ? CR4_SMAP : 0) | (pke ? CR4_PKE : 0) | (pks ? CR4_PKS : 0) |
               (cet ? CR4_CET : 0);
    return !(pke && !CFG_ARCH_PKU) && !(pks && !CFG_ARCH_PKS) && !(cet && (!CFG_ARCH_CET || !wp));
}

/* IA32_PKRS can be written only where it exists. */
static bool keys(struct sweep *s, uint32_t value)
{
    struct oracle_regs to = s->r->regs;
    to.pkru = value;
    to.pkrs = CFG_ARCH_PKS ? value : 0;
    return rig_registers(s->r, &to);
}

/* The access that brings a page into the ITLB (fetch) or the DTLB, and in both cases into the STLB. False: there is
 * none. */
static bool opener(const struct sweep *s, uint64_t upper, uint64_t leaf, bool fetch, struct mode *mode)
{
    const bool user = upper & leaf & ENTRY_US, smep = s->r->regs.cr4 & CR4_SMEP, nxe = s->r->regs.efer & EFER_NXE;
    if ((upper | leaf) & ENTRY_XD && (!nxe || fetch))
        return false; /* reserved, or not to be fetched */
    *mode = fetch ? (struct mode){.acc = ACC_EXECUTE, .user = user && smep}
                  : (struct mode){.acc = ACC_READ, .ac = true};
    return true;
}

/* Brings the page to where it is to be found. False in *made: it cannot be brought there. */
static bool bring(struct sweep *s, unsigned n, const struct page *page, enum path path, bool fetch, bool *made)
{
    struct mode mode;
    const bool keyed = s->r->regs.cr4 & (CR4_PKE | CR4_PKS) && page->value >> ENTRY_KEY_SHIFT & ENTRY_KEY_MASK;
    *made = path == WALK;
    if (!sweep_forget(s, page->va) || path == WALK)
        return !rig_stopped(s->r);
    if (!opener(s, rights(n % UPPERS), page->value, fetch == (path == L1_HIT), &mode))
        return true;
    *made = true;
    const uint64_t cases = s->cases;
    const bool ok = (!keyed || keys(s, 0)) && sweep_access(s, page->va, mode, NULL, NULL) &&
                    (!keyed || keys(s, KEY_RIGHTS));
    s->cases = cases; /* the set-up does not count */
    return ok;
}

/* *there: the last access hit this page in the L1 that this one is to hit it in. */
static bool one(struct sweep *s, unsigned n, const struct page *page, enum path path, struct mode mode, bool *there)
{
    struct oracle_result says;
    struct pins_resp resp;
    bool made = *there;
    if (!made && !bring(s, n, page, path, mode.acc == ACC_EXECUTE, &made))
        return false;
    *there = false;
    if (!made) {
        s->skipped++;
        return true;
    }
    if (!sweep_access(s, page->va, mode, &resp, &says))
        return false;
    /* It was found where it was meant to be; a denied hit (confirmed by a walk) and a write that sets D are walks. */
    static const uint8_t source[PATHS] = {SRC_WALK, SRC_L1, SRC_STLB};
    const bool sets_d = says.kind == KIND_OK && says.step[says.steps - 1].must_d;
    const bool meant = says.kind != KIND_OK || resp.src == (sets_d ? SRC_WALK : source[path]);
    s->elsewhere += !meant && sweep_paced(s);
    if (!meant && !sweep_paced(s)) {
        rig_wrong(s->r, FINDING_EXPECT, "resp_src", source[path], resp.src);
        return false;
    }
    *there = path == L1_HIT && says.kind == KIND_OK && !sets_d;
    return !sets_d || physmem_modify(s->r->pm, page->entry, ENTRY_D, 0);
}

/* L1s that do not hold a size cannot be hit. */
static bool has_path(enum path path, unsigned leaf, bool fetch)
{
    const unsigned held = fetch ? CFG_ITLB_A0_HOLDS | CFG_ITLB_A1_HOLDS | CFG_ITLB_A2_HOLDS
                                : CFG_DTLB_A0_HOLDS | CFG_DTLB_A1_HOLDS | CFG_DTLB_A2_HOLDS;
    return path != L1_HIT || held >> (leaf - 1) & 1;
}

static bool all(struct sweep *s, unsigned leaf)
{
    struct mode mode[MODES_MOST];
    const unsigned modes = sweep_modes(mode);
    for (unsigned n = 0; n < PAGES; n++) {
        const struct page page = page_of(n, leaf);
        for (unsigned path = 0; path < PATHS; path++)
            for (unsigned side = 0; side < 2; side++) {
                bool there = false;
                for (unsigned m = 0; m < modes; m++) {
                    const bool fetch = mode[m].acc == ACC_EXECUTE;
                    if (fetch == side && has_path(path, leaf, fetch) && sweep_turn(s) &&
                        !one(s, n, &page, path, mode[m], &there))
                        return false;
                }
            }
    }
    return true;
}

bool sweep_rights(struct sweep *s)
{
    for (unsigned leaf = 1; leaf <= (CFG_ARCH_PAGE_1G ? 3 : 2); leaf++) {
        if (!build(s, leaf))
            return false;
        for (unsigned n = 0; n < SETTINGS; n++) {
            struct oracle_regs to;
            if (!setting(n, &to))
                continue;
            if (!rig_registers(s->r, &to) || !keys(s, KEY_RIGHTS) || !rig_control(s->r, CTL_MOV_CR3, SWEEP_ROOT, 0) ||
                !all(s, leaf))
                return false;
        }
    }
    return true;
}
