/* Operands of control operations, legal ones most of the time, and the invalidation that an edit needs.
 *
 * Software's part is done as the SDM demands (5.10.4): a PCID is loaded without a flush only for the root that it was
 * used with; an edit of a present entry is followed, sooner or later, by an operation that must drop it. Which that is,
 * is drawn, and judged by the books. */
#include "parts.h"

enum { TRIES = 6, RESERVED_FIRST = 12 };

/* A MOV CR3 to a slot; where the books do not forbid it the PCID's translations may be kept. */
static void load(struct random *r, unsigned slot, int root)
{
    const bool pcide = r->regs.cr4 & CR4_PCIDE;
    const bool may_keep = pcide && !(r->must_flush >> slot & 1) && (r->bound[slot] == root || r->bound[slot] < 0);
    const uint64_t lam = CFG_ARCH_LAM ? CR3_LAM_U57 | CR3_LAM_U48 : 0;
    uint64_t cr3 = tables_cr3(r, root) | (r->regs.cr3 & lam);
    if (chance(r, 25))
        cr3 = (cr3 & ~lam) | (prng_next(&r->prng) & lam);
    if (pcide)
        cr3 |= r->pcid[slot] | (may_keep && chance(r, 70) ? CR3_NO_FLUSH : 0);
    else if (chance(r, 60)) /* PCD, PWT, and bits without a meaning */
        cr3 |= below(r, 0x1000);
    control_add(r, CTL_MOV_CR3, cr3, 0);
}

/* A PCID in which an old value may be cached that software has not invalidated there; the present one if there is none.
 * Requests go there. */
static unsigned stale_slot(struct random *r)
{
    const uint32_t others = ~(1u << r->slot) & ~r->must_flush;
    unsigned n = (unsigned)below(r, PENDING_MOST);
    for (unsigned i = 0; i < PENDING_MOST && !(r->pending[n].place && (r->pending[n].stale & others)); i++)
        n = (n + 1) % PENDING_MOST;
    const struct pending *e = &r->pending[n];
    const uint32_t slots = e->place ? e->stale & others : 0;
    for (unsigned tries = 0; slots && tries < 8 * SLOTS; tries++) {
        const unsigned slot = tries ? (unsigned)below(r, SLOTS) : r->slot_before;
        if (!(slots >> slot & 1))
            continue;
        for (unsigned port = 0; port < PORTS; port++)
            r->last_va[port] = e->place->va;
        return slot;
    }
    return r->slot;
}

static void any_cr3(struct random *r)
{
    const unsigned stale = (r->regs.cr4 & CR4_PCIDE) && chance(r, 50) ? stale_slot(r) : r->slot;
    if (stale != r->slot) {
        load(r, stale, r->bound[stale]);
        return;
    }
    unsigned slot = 0;
    if (r->regs.cr4 & CR4_PCIDE)
        slot = chance(r, 40) ? r->slot_before : (unsigned)(chance(r, 60) ? below(r, 4) * 8 % SLOTS : below(r, SLOTS));
    const int usual = r->bound[slot] >= 0 ? r->bound[slot] : (int)(slot % ROOTS);
    load(r, slot, chance(r, 85) ? usual : (int)below(r, ROOTS));
}

static void any_cr0(struct random *r)
{
    const uint64_t how = below(r, 16);
    uint64_t cr0 = r->regs.cr0 | CR0_PG;
    if (how == 0)
        cr0 &= ~CR0_PG;
    else if (how < 5)
        cr0 ^= CR0_CD;
    else
        cr0 ^= CR0_WP;
    cr0 ^= prng_next(&r->prng) & (CR0_MP | CR0_ET | CR0_NE | CR0_AM);
    /* CET needs WP: most of the time CET goes first. */
    if (!(cr0 & CR0_WP) && (r->regs.cr4 & CR4_CET) && chance(r, 80))
        control_add(r, CTL_MOV_CR4, r->regs.cr4 & ~CR4_CET, 0);
    control_add(r, CTL_MOV_CR0, cr0, 0);
}

/* 57-bit paging on or off: either with nothing in flight, or at any time; then the other root comes first, so that all
 * that walks make of the wrong number of levels goes with the change, and nothing is global meanwhile. */
static void change_la57(struct random *r)
{
    const uint64_t cr4 = r->regs.cr4 ^ CR4_LA57, low = r->regs.cr3 & CR3_PCID;
    const uint64_t base = (cr4 & CR4_LA57 ? r->pml5 : r->pml4)[r->root];
    for (unsigned i = 0; i < PENDING_MOST; i++)
        if (r->pending[i].place) {
            control_add(r, CTL_INVPCID_ALL, 0, 0); /* another time */
            return;
        }
    r->switching = true;
    r->quiet = chance(r, 50);
    if (r->quiet) {
        control_add(r, CTL_MOV_CR4, cr4, 0);
        control_add(r, CTL_MOV_CR3, base | low, 0);
    } else {
        if (cr4 & CR4_PGE)
            control_add(r, CTL_MOV_CR4, r->regs.cr4 & ~CR4_PGE, 0);
        control_add(r, CTL_MOV_CR3, base | low, 0);
        control_add(r, CTL_MOV_CR4, cr4, 0);
    }
}

static void any_cr4(struct random *r)
{
    /* Without those that drop everything; they come now and then. */
    static const uint64_t bits[] = {CR4_SMEP, CR4_SMAP, CR4_SMAP,    CR4_CET,
                                    CR4_CET,  CR4_PKS,  CR4_LAM_SUP, CFG_ARCH_AMD ? CR4_PKS : CR4_PKE};
    const uint64_t absent = (CFG_ARCH_PKU ? 0 : CR4_PKE) | (CFG_ARCH_CET ? 0 : CR4_CET) | (CFG_ARCH_PKS ? 0 : CR4_PKS) |
                            (CFG_ARCH_LAM ? 0 : CR4_LAM_SUP);
    uint64_t cr4 = r->regs.cr4;
    if (CFG_ARCH_LA57 && chance(r, 8)) {
        change_la57(r);
        return;
    }
    if (CFG_ARCH_PCID && chance(r, cr4 & CR4_PCIDE ? 7 : 35)) {
        if (!(cr4 & CR4_PCIDE) && chance(r, 85))
            control_add(r, CTL_MOV_CR3, tables_cr3(r, r->root), 0);
        control_add(r, CTL_MOV_CR4, cr4 ^ CR4_PCIDE, 0);
        return;
    }
    for (unsigned n = 1 + (unsigned)below(r, 3); n; n--)
        cr4 ^= bits[below(r, sizeof bits / sizeof *bits)];
    if (chance(r, 25))
        cr4 ^= chance(r, 40) ? CR4_PGE : chance(r, 50) ? CR4_PSE : CR4_PKE;
    if (chance(r, 95))
        cr4 &= ~absent;
    if ((cr4 & CR4_CET) && !(r->regs.cr0 & CR0_WP) && chance(r, 80))
        control_add(r, CTL_MOV_CR0, r->regs.cr0 | CR0_WP, 0);
    control_add(r, CTL_MOV_CR4, cr4 ^ (prng_next(&r->prng) & 0x5), 0); /* VME and TSD do not concern paging */
}

static void any_efer(struct random *r)
{
    uint64_t efer = r->regs.efer ^ EFER_NXE;
    if (CFG_ARCH_AMD && chance(r, 60))
        efer = r->regs.efer ^ EFER_TCE;
    control_add(r, CTL_WRMSR_EFER, efer ^ (prng_next(&r->prng) & EFER_SCE), 0);
}

/* An address that is worth invalidating: of a request in flight, of an edited entry, of any page. */
static uint64_t address(struct random *r)
{
    const struct pending *e = &r->pending[below(r, PENDING_MOST)];
    if (r->outstanding && chance(r, 40))
        return flying(r, (unsigned)below(r, r->outstanding))->va;
    if (e->place && chance(r, 50))
        return e->place->va + below(r, UINT64_C(1) << x86_level_shift(e->place->level));
    return tables_va(r) ^ (chance(r, 5) ? UINT64_C(1) << (47 + below(r, 17)) : 0);
}

static uint64_t some_pcid(struct random *r)
{
    return r->regs.cr4 & CR4_PCIDE ? r->pcid[chance(r, 50) ? r->slot : below(r, SLOTS)] : 0;
}

static void any_invpcid(struct random *r)
{
    const uint8_t op = (uint8_t)(CTL_INVPCID_ADDRESS + (chance(r, 60) ? below(r, 2) : below(r, 4)));
    control_add(r, op, address(r), some_pcid(r));
}

/* Mostly few keys are taken away, else nothing would get through. */
static uint64_t keys(struct random *r)
{
    const uint64_t some = prng_next(&r->prng) & prng_next(&r->prng) & prng_next(&r->prng);
    return (chance(r, 30) ? 0 : chance(r, 80) ? some : prng_next(&r->prng)) & 0xffffffff;
}

static uint64_t memory_types(struct random *r)
{
    static const uint8_t types[] = {MT_UC, MT_WC, MT_WT, MT_WP, MT_WB, MT_UC_MINUS};
    uint64_t pat = 0;
    for (unsigned i = 0; i < 8; i++)
        pat = pat << 8 | types[below(r, sizeof types)];
    return pat;
}

/* An operand with something wrong, or any at all. */
static void illegal(struct random *r)
{
    static const uint64_t cr4_never[] = {CR4_LASS, CR4_LA57, CR4_PCIDE, CR4_PKE, CR4_CET, CR4_PKS, CR4_LAM_SUP};
    const uint8_t op = (uint8_t)below(r, 16);
    const uint64_t bits = prng_next(&r->prng), high = UINT64_C(1) << (32 + below(r, 32));
    const uint64_t cr4 = r->regs.cr4 | cr4_never[below(r, sizeof cr4_never / sizeof *cr4_never)];
    switch (op) {
    case CTL_MOV_CR0:
        control_add(r, op, (r->regs.cr0 | CR0_PG) & ~(bits & 1 ? CR0_WP : CR0_PG), 0);
        break;
    case CTL_MOV_CR3: /* bits M:60 and 63; 62:61 where there is no LAM */
        control_add(
            r, op,
            r->regs.cr3 | UINT64_C(1) << (bits & 1 ? 63 : CFG_ARCH_PADDR_BITS + below(r, 63 - CFG_ARCH_PADDR_BITS)), 0);
        break;
    case CTL_MOV_CR4: /* what would be legal is another's business */
        control_add(r, op,
                    (bits & 3) == 0                                      ? r->regs.cr4 & ~CR4_PAE
                    : !CFG_ARCH_LA57 || !(cr4 & ~r->regs.cr4 & CR4_LA57) ? cr4
                                                                         : r->regs.cr4,
                    0);
        break;
    case CTL_WRMSR_EFER:
        control_add(r, op, r->regs.efer | (bits & 1 ? EFER_TCE : EFER_UAIE), 0);
        break;
    case CTL_INVPCID_ADDRESS:
    case CTL_INVPCID_CONTEXT:
        control_add(r, op, address(r) ^ (bits & 1 ? UINT64_C(1) << (57 + below(r, 7)) : 0),
                    (bits & 6 ? 0 : bits & ~UINT64_C(0xfff)) | below(r, 0x1000));
        break;
    case CTL_INVPCID_ALL:
    case CTL_INVPCID_ALL_NONGLOBAL:
        control_add(r, op, bits, UINT64_C(1) << (12 + below(r, 52)));
        break;
    case CTL_WRPKRU:
    case CTL_WRMSR_PKRS:
        control_add(r, op, keys(r) | high, bits);
        break;
    case CTL_WRMSR_PAT:
        control_add(r, op, memory_types(r) | (bits & 0xff) << 8 * below(r, 8), bits);
        break;
    default: /* INVLPG, and the reserved codes with anything */
        control_add(r, op, bits, prng_next(&r->prng));
        break;
    }
}

/* A reserved code drains and restarts like any operation (section 13). */
static void reserved(struct random *r)
{
    const uint64_t desc = prng_next(&r->prng), data = prng_next(&r->prng);
    control_add(r, (uint8_t)(RESERVED_FIRST + below(r, 16 - RESERVED_FIRST)), data, desc);
}

void ops_any(struct random *r)
{
    const uint64_t kind = below(r, 100);
    if (r->rough && chance(r, 33))
        reserved(r);
    else if (kind < 8)
        illegal(r);
    else if (!(r->regs.efer & EFER_NXE) && kind < 60)
        control_add(r, CTL_WRMSR_EFER, r->regs.efer | EFER_NXE, 0);
    else if (kind < 17)
        any_cr0(r);
    else if (kind < 31)
        any_cr4(r);
    else if (kind < 34)
        any_efer(r);
    else if (kind < 47)
        control_add(r, CTL_INVLPG, address(r), 0);
    else if (kind < 60)
        any_invpcid(r);
    else if (kind < 65)
        control_add(r, CTL_WRPKRU, keys(r), 0);
    else if (kind < 70)
        control_add(r, CTL_WRMSR_PKRS, keys(r), 0);
    else if (kind < 75)
        control_add(r, CTL_WRMSR_PAT, memory_types(r), 0);
    else
        any_cr3(r);
}

static struct op candidate(struct random *r, const struct pending *e)
{
    uint64_t inside = e->place->va + below(r, UINT64_C(1) << x86_level_shift(e->place->level));
    if (e->place->level == 2 && e->place->table) /* of the pages that there are (tables.c) */
        inside = e->place->va + ((inside & 7) == 7 ? 511 : inside & 7) * UINT64_C(4096);
    const uint64_t pcid = r->regs.cr4 & CR4_PCIDE ? r->pcid[r->slot] : 0;
    switch (below(r, 9)) {
    case 5:
        return (struct op){CTL_MOV_CR0, r->regs.cr0 & ~CR0_PG, 0};
    case 0:
        return (struct op){CTL_INVPCID_ADDRESS, inside, pcid};
    case 1:
        return (struct op){CTL_INVPCID_CONTEXT, 0, pcid};
    case 2:
        return (struct op){chance(r, 25) ? CTL_INVPCID_ALL_NONGLOBAL : CTL_INVLPG, chance(r, 75) ? inside : 0, 0};
    case 3:
        return (struct op){CTL_MOV_CR3, r->regs.cr3, 0};
    case 4:
        return (struct op){CTL_MOV_CR4, r->regs.cr4 ^ CR4_SMEP, 0};
    default:
        return (struct op){CTL_INVLPG, inside, 0};
    }
}

void ops_settle(struct random *r, const struct pending *e)
{
    for (unsigned i = 0; i < TRIES; i++) {
        const struct op op = candidate(r, e);
        if (books_would_drop(r, e, &op)) {
            control_add(r, op.op, op.data, op.desc);
            return;
        }
    }
    if (chance(r, 50))
        control_add(r, CTL_MOV_CR4, r->regs.cr4 ^ CR4_PGE, 0);
    else
        control_add(r, CTL_INVPCID_ALL, 0, 0);
}
