/* The generator of judge cases: see case.h.
 *
 * Most cases start from a chain that maps the address and get a few defects, for an entry that is random in every bit
 * faults at once and tells nothing of the rules further down. Bits that the walk must ignore are random always. */
#include "case.h"

#include <inttypes.h>
#include <string.h>

#include "arch/x86.h"
#include "mem/prng.h"

static const uint64_t WORD = 8, FRAME = 4096;

/* Once in n. */
static bool chance(uint64_t *rng, unsigned n)
{
    return prng_below(rng, n) == 0;
}

/* ---- registers -----------------------------------------------------------------------------------------------------
 */

/* Two bits a key; most keys allow everything, so that other rules show as well. */
static uint32_t key_rights(uint64_t *rng, unsigned free_key)
{
    uint32_t rights = (uint32_t)(prng_next(rng) & prng_next(rng));
    if (chance(rng, 8))
        rights = (uint32_t)prng_next(rng);
    return rights & ~(UINT32_C(3) << 2 * free_key);
}

static void make_registers(const struct case_limits *limits, uint64_t seed, struct judge_case *c)
{
    const struct oracle_cpu *cpu = &limits->cpu;
    uint64_t mode = prng_mix(seed ^ prng_mix(c->number / limits->modes + 0x6d6f6465));
    uint64_t rng = prng_mix(seed ^ prng_mix(c->number / limits->group + 0x67726f7570));
    const bool la57 = cpu->la57 && chance(&mode, 2), nxe = limits->nx && !chance(&mode, 4);

    c->regs = (struct oracle_regs){.pat = 0x0007040600070406};
    c->regs.efer = EFER_SCE | EFER_LME | EFER_LMA | (nxe ? EFER_NXE : 0);
    c->regs.cr0 = CR0_PE | CR0_MP | CR0_ET | CR0_NE | CR0_PG | (chance(&rng, 2) ? CR0_WP : 0);
    c->regs.cr4 = CR4_PAE | (la57 ? CR4_LA57 : 0);
    const struct {
        bool offered;
        uint64_t bit;
    } either[] = {
        {true, CR4_PGE},     {cpu->pcid, CR4_PCIDE}, {limits->smep, CR4_SMEP}, {limits->smap, CR4_SMAP},
        {cpu->pku, CR4_PKE}, {cpu->pks, CR4_PKS},    {cpu->lam, CR4_LAM_SUP},
    };
    for (unsigned i = 0; i < sizeof either / sizeof *either; i++)
        if (chance(&rng, 2) && either[i].offered)
            c->regs.cr4 |= either[i].bit;
    c->regs.pkru = cpu->pku ? key_rights(&rng, limits->free_key) : 0;
    c->regs.pkrs = cpu->pks ? key_rights(&rng, limits->free_key) : 0;
    c->root = la57 ? 5 : 4;
}

/* CR3 is the case's own: its root table, any PCID (or PWT and PCD), LAM for user pointers. */
static void make_cr3(const struct case_limits *limits, uint64_t *rng, struct judge_case *c)
{
    c->regs.cr3 = c->table[c->root] |
                  (c->regs.cr4 & CR4_PCIDE ? prng_next(rng) & CR3_PCID : prng_next(rng) & (CR3_PWT | CR3_PCD));
    if (limits->cpu.lam)
        c->regs.cr3 |= (chance(rng, 3) ? CR3_LAM_U57 : 0) | (chance(rng, 3) ? CR3_LAM_U48 : 0);
}

/* ---- the linear address --------------------------------------------------------------------------------------------
 */

static bool is_taken(const struct case_limits *limits, unsigned index)
{
    for (unsigned i = 0; i < limits->taken_count; i++)
        if (limits->taken[i] == index)
            return true;
    return false;
}

static unsigned corner_index(uint64_t *rng)
{
    static const uint16_t corner[] = {0, 1, 255, 256, 510, 511};
    return chance(rng, 3) ? corner[prng_below(rng, sizeof corner / sizeof *corner)]
                          : (unsigned)prng_below(rng, TABLE_WORDS);
}

/* Canonical, the offset in the page 0. */
static uint64_t make_address(const struct case_limits *limits, uint64_t *rng, unsigned root)
{
    uint64_t va = 0;
    for (unsigned level = 1; level <= root; level++) {
        unsigned index;
        do
            index = corner_index(rng);
        while (level == root && is_taken(limits, index));
        va |= (uint64_t)index << x86_level_shift(level);
    }
    const unsigned width = root == 5 ? 57 : 48;
    return va >> (width - 1) ? va | ~UINT64_C(0) << width : va;
}

/* ---- entries -------------------------------------------------------------------------------------------------------
 */

/* A table for every level: a frame of the case's own each, but sometimes one that serves two levels. */
static void place_tables(const struct case_limits *limits, uint64_t *rng, uint64_t va, struct judge_case *c)
{
    const uint64_t base = limits->tables + c->number % limits->batch * CASE_TABLES * FRAME;
    for (unsigned level = c->root; level >= c->leaf; level--) {
        c->table[level] = (base + (5 - level) * FRAME) | (limits->high && chance(rng, 4) ? limits->high : 0);
        c->entry[level].pa = x86_entry_address(c->table[level], va, level);
        if (level == c->root || !chance(rng, 16))
            continue;
        const unsigned other = level + 1 + (unsigned)prng_below(rng, c->root - level);
        const uint64_t shared = x86_entry_address(c->table[other], va, level);
        bool free = !(c->table[other] == c->table[c->root] &&
                      is_taken(limits, (unsigned)(shared / WORD % TABLE_WORDS)));
        for (unsigned above = level + 1; above <= c->root; above++)
            free = free && c->entry[above].pa != shared;
        if (free) {
            c->table[level] = c->table[other];
            c->entry[level].pa = shared;
        }
    }
}

static uint64_t make_page(const struct case_limits *limits, uint64_t *rng, unsigned leaf)
{
    const uint64_t high = limits->high && chance(rng, 4) ? limits->high : 0;
    if (leaf == 3)
        return limits->data | high;
    const uint64_t size = (uint64_t)1 << x86_level_shift(leaf);
    return (limits->data + prng_below(rng, limits->data_bytes / size) * size) | high;
}

/* Bits that no walk looks at in this entry, random: 10:9 and 58:52, 11 (HLAT only), 62:59 (the key of a leaf, else
 * ignored), 6 and 8 of a non-leaf (D and G of a leaf; 8 is reserved at levels 4 and 5 by AMD). PWT, PCD and PAT choose
 * memory types only. */
static uint64_t free_bits(const struct case_limits *limits, uint64_t *rng, unsigned level, bool leaf)
{
    uint64_t mask = UINT64_C(7) << 9 | UINT64_C(0x7ff) << 52 | ENTRY_PWT | ENTRY_PCD | ENTRY_D | ENTRY_G;
    if (leaf)
        mask |= level == 1 ? ENTRY_PAT_4K : ENTRY_PAT_LARGE;
    if (limits->cpu.amd && level >= 4)
        mask &= ~ENTRY_G;
    uint64_t bits = prng_next(rng) & mask;
    if (chance(rng, 4))
        bits &= ~(UINT64_C(0xf) << ENTRY_KEY_SHIFT);
    return bits;
}

/* One thing wrong (or at least: restricted) in one entry. */
static void spoil(const struct case_limits *limits, uint64_t *rng, struct judge_case *c)
{
    const unsigned level = c->leaf + (unsigned)prng_below(rng, c->root - c->leaf + 1), m = limits->cpu.paddr_bits;
    uint64_t *entry = &c->entry[level].value;
    switch (prng_below(rng, 10)) {
    case 0: /* not present: nothing else counts, so anything may stand there */
        *entry = (chance(rng, 2) ? prng_next(rng) : *entry) & ~ENTRY_P;
        break;
    case 1:
    case 2:
        *entry &= ~ENTRY_RW;
        break;
    case 3:
        *entry ^= ENTRY_US;
        break;
    case 4:
    case 5:
        *entry |= ENTRY_XD;
        break;
    case 6: /* bits 51:M */
        if (m < 52)
            *entry |= UINT64_C(1) << (m + prng_below(rng, 52 - m));
        break;
    case 7: /* address bits below a large page; the bits of a smaller one are all address */
        if (level == c->leaf && level > 1)
            *entry |= UINT64_C(1) << (13 + prng_below(rng, x86_level_shift(level) - 13));
        break;
    case 8: /* PS where it is reserved; at level 2 (and 3 with 1-GByte pages) only if the table's address then makes
               reserved bits */
        if (level >= 4 || (level == 3 && !limits->cpu.page_1g) ||
            (level > c->leaf &&
             *entry & ENTRY_FRAME & (((uint64_t)1 << x86_level_shift(level)) - 1) & ~ENTRY_PAT_LARGE))
            *entry |= ENTRY_PS;
        break;
    default: /* bit 8 of a non-leaf: reserved by AMD at levels 4 and 5, ignored elsewhere */
        if (level > c->leaf)
            *entry |= ENTRY_G;
    }
}

static void make_entries(const struct case_limits *limits, uint64_t *rng, struct judge_case *c)
{
    const bool user = chance(rng, 2);
    const unsigned fresh = (unsigned)prng_below(rng, 3); /* A and D: all 0, random, all 1 */
    for (unsigned level = c->root; level >= c->leaf; level--) {
        const bool leaf = level == c->leaf;
        uint64_t value = ENTRY_P | ENTRY_RW | free_bits(limits, rng, level, leaf) |
                         (user || (!leaf && chance(rng, 2)) ? ENTRY_US : 0);
        value |= leaf ? make_page(limits, rng, level) | (level > 1 ? ENTRY_PS : 0) : c->table[level - 1];
        if (fresh == 0)
            value &= ~ENTRY_D;
        if (fresh == 2 || (fresh == 1 && chance(rng, 2)))
            value |= ENTRY_A | (fresh == 2 && chance(rng, 2) ? ENTRY_D : 0);
        c->entry[level].value = value;
    }
    static const uint8_t defects[] = {0, 0, 0, 1, 1, 1, 1, 2, 2, 3};
    for (unsigned n = defects[prng_below(rng, sizeof defects)]; n > 0; n--)
        spoil(limits, rng, c);
}

/* ---- accesses ------------------------------------------------------------------------------------------------------
 */

/* Bits that LAM would ignore, or a canonical address made wrong; never so that the index of a judge's own slot comes
 * out. */
static uint64_t disturb(const struct case_limits *limits, uint64_t *rng, const struct judge_case *c, uint64_t va)
{
    const unsigned width = c->root == 5 ? 57 : 48;
    if (limits->cpu.lam && chance(rng, 3))
        return (va & ~(~UINT64_C(0) << width)) | prng_next(rng) << width;
    if (!chance(rng, 24))
        return va;
    return va ^ (chance(rng, 2) ? UINT64_C(1) << (width - 1 + prng_below(rng, 65 - width)) : prng_next(rng) << width);
}

/* Offsets in the part of the address that the designed leaf leaves free; for 1-GByte pages so that data_bytes are not
 * left. */
static uint64_t make_offset(const struct case_limits *limits, uint64_t *rng, unsigned leaf, uint64_t page_offset)
{
    static const uint16_t corner[] = {0, 8, 0x7f8, 0x800, 0xff0, 0xff8};
    const uint64_t low = chance(rng, 3) ? corner[prng_below(rng, sizeof corner / sizeof *corner)]
                                        : prng_below(rng, 512) * WORD;
    if (chance(rng, 2))
        page_offset = prng_next(rng);
    const uint64_t size = (uint64_t)1 << x86_level_shift(leaf),
                   room = size < limits->data_bytes ? size : limits->data_bytes;
    return page_offset % room / FRAME * FRAME | low;
}

static bool same_word(const struct judge_case *c, unsigned n, uint64_t offset)
{
    const uint64_t mask = (((uint64_t)1 << x86_level_shift(c->leaf)) - 1) & ~(WORD - 1);
    for (unsigned i = 0; i < n; i++)
        if (((c->access[i].va ^ offset) & mask) == 0)
            return true;
    return false;
}

static void make_accesses(const struct case_limits *limits, uint64_t *rng, uint64_t va, struct judge_case *c)
{
    const uint64_t size = (uint64_t)1 << x86_level_shift(c->leaf), page_offset = prng_next(rng);
    c->accesses = chance(rng, 2) ? 1 : 1 + (unsigned)prng_below(rng, CASE_ACCESSES);
    for (unsigned n = 0; n < c->accesses; n++) {
        static const uint8_t kind[] = {ACC_READ,  ACC_READ,  ACC_READ,    ACC_WRITE,
                                       ACC_WRITE, ACC_WRITE, ACC_EXECUTE, ACC_EXECUTE};
        struct oracle_access *access = &c->access[n];
        uint64_t offset;
        do
            offset = make_offset(limits, rng, c->leaf, page_offset);
        while (same_word(c, n, offset));
        *access = (struct oracle_access){.acc = kind[prng_below(rng, sizeof kind)],
                                         .user = chance(rng, 2),
                                         .ac = chance(rng, 2)};
        access->va = disturb(limits, rng, c, (va & ~(size - 1)) | offset);
        if (access->acc == ACC_EXECUTE)
            access->va += prng_below(rng, WORD); /* an instruction of one byte may lie anywhere */
    }
}

/* ---- what only some judges have: their own random numbers, so that the others' cases stay what they are ------------
 */

static void make_types(uint64_t *rng, struct judge_case *c)
{
    static const uint8_t type[] = {MT_UC, MT_WC, MT_WT, MT_WP, MT_WB, MT_WB, MT_UC_MINUS};
    c->regs.pat = 0;
    for (unsigned i = 0; i < 8; i++)
        c->regs.pat |= (uint64_t)type[prng_below(rng, sizeof type)] << 8 * i;
    if (chance(rng, 8))
        c->regs.cr0 |= CR0_CD;
}

/* Half of the cases have CR4.CET, and with it CR0.WP; of these half have a shadow-stack page, and most accesses are
 * shadow-stack accesses then. */
static void make_shadow_stacks(uint64_t *rng, struct judge_case *c)
{
    if (chance(rng, 2))
        return;
    const bool page = chance(rng, 2);
    uint64_t *leaf = &c->entry[c->leaf].value;
    c->regs.cr4 |= CR4_CET;
    c->regs.cr0 |= CR0_WP;
    if (page && *leaf & ENTRY_P)
        *leaf = (*leaf & ~ENTRY_RW) | ENTRY_D;
    for (unsigned n = 0; n < c->accesses; n++)
        if (c->access[n].acc != ACC_EXECUTE && !c->access[n].imp)
            c->access[n].ss = page ? !chance(rng, 4) : chance(rng, 4);
}

void case_generate(const struct case_limits *limits, uint64_t seed, uint64_t number, struct judge_case *c)
{
    uint64_t rng = prng_mix(seed ^ prng_mix(number + 0x63617365));
    *c = (struct judge_case){.number = number, .cpu = limits->cpu};
    make_registers(limits, seed, c);
    c->leaf = 1 + (unsigned)prng_below(&rng, limits->cpu.page_1g ? 3 : 2);
    if (chance(&rng, 3))
        c->leaf = 1;
    const uint64_t va = make_address(limits, &rng, c->root);
    place_tables(limits, &rng, va, c);
    make_cr3(limits, &rng, c);
    make_entries(limits, &rng, c);
    make_accesses(limits, &rng, va, c);
    rng = prng_mix(seed ^ prng_mix(number + 0x6d6f7265));
    if (limits->types)
        make_types(&rng, c);
    if (limits->cpu.cet)
        make_shadow_stacks(&rng, c);
}

void case_print(FILE *out, const struct judge_case *c)
{
    static const char *const kind[] = {"read", "write", "fetch"};
    const struct oracle_regs *r = &c->regs;
    fprintf(out,
            "case %" PRIu64 ": CR0 %08" PRIx64 " CR3 %016" PRIx64 " CR4 %08" PRIx64 " EFER %04" PRIx64
            " PKRU %08" PRIx32 " PKRS %08" PRIx32 " PAT %016" PRIx64 "; M %u\n",
            c->number, r->cr0, r->cr3, r->cr4, r->efer, r->pkru, r->pkrs, r->pat, c->cpu.paddr_bits);
    for (unsigned level = c->root; level >= c->leaf; level--)
        fprintf(out, "  level %u at %013" PRIx64 ": %016" PRIx64 "\n", level, c->entry[level].pa,
                c->entry[level].value);
    for (unsigned n = 0; n < c->accesses; n++)
        fprintf(out, "  access %u: %s%s%s %s at %016" PRIx64 ", AC = %d\n", n, c->access[n].imp ? "implicit, by " : "",
                c->access[n].user ? "user" : "supervisor", c->access[n].ss ? " shadow-stack" : "",
                kind[c->access[n].acc], c->access[n].va, c->access[n].ac);
}
