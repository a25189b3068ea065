/* See bochs_control.h. */
#include "bochs_control.h"

#include <inttypes.h>
#include <string.h>

#include "arch/invalidation.h"
#include "arch/x86.h"
#include "bochs_cpu.h"
#include "bochs_excuses.h"
#include "mem/prng.h"
#include "verdict.h"

static const char *const op_name[CTL_OPS] = {
    "MOV CR0",        "MOV CR3",        "MOV CR4",        "WRMSR EFER", "INVLPG",          "INVPCID type 0",
    "INVPCID type 1", "INVPCID type 2", "INVPCID type 3", "WRPKRU",     "WRMSR IA32_PKRS", "WRMSR IA32_PAT",
};

struct player {
    const struct case_limits *limits;
    const struct judge_case *c;
    struct physmem *pm, *bochs;
    const struct case_sabotage *sabotage;
    struct control_counts *counts;
    uint64_t *excused;
    char *wrong;
    size_t size;
    uint64_t rng;
    struct oracle_cpu cpu;
    struct oracle_regs regs;
    struct oracle_access access;
    struct cached held; /* what the first access has put into the TLB */
    bool is_held;
    struct bochs_outcome before;
};

struct operation {
    uint8_t op;
    uint64_t data, desc;
};

static bool chance(struct player *p, unsigned n)
{
    return prng_below(&p->rng, n) == 0;
}

static bool complain(struct player *p, const struct operation *o, const char *what, uint64_t oracle, uint64_t bochs)
{
    snprintf(p->wrong, p->size,
             "%s%s, source %016" PRIx64 ", descriptor %016" PRIx64 ": %s: oracle %" PRIx64 ", judge %" PRIx64
             " (CR0 %08" PRIx64 " CR3 %016" PRIx64 " CR4 %08" PRIx64 ")",
             o ? "" : "no operation", o ? op_name[o->op] : "", o ? o->data : 0, o ? o->desc : 0, what, oracle, bochs,
             p->regs.cr0, p->regs.cr3, p->regs.cr4);
    return false;
}

/* ---- operations at random ---- */

/* Features that the case does not use may be missing. */
static void choose_cpu(struct player *p)
{
    const uint64_t cr4 = p->regs.cr4;
    p->cpu.la57 = p->cpu.la57 && (cr4 & CR4_LA57 || !chance(p, 4));
    p->cpu.pcid = cr4 & CR4_PCIDE || !chance(p, 8);
    p->cpu.pku = cr4 & CR4_PKE || !chance(p, 4);
    p->cpu.pks = cr4 & CR4_PKS || !chance(p, 4);
    p->cpu.cet = p->cpu.cet && (cr4 & CR4_CET || !chance(p, 4));
}

static uint64_t a_pcid(struct player *p)
{
    return chance(p, 2) ? p->held.pcid : chance(p, 2) ? 0 : prng_next(&p->rng) & CR3_PCID;
}

static uint64_t an_address(struct player *p)
{
    const uint64_t va = p->access.va;
    switch (prng_below(&p->rng, 5)) {
    case 0:
        return va ^ (prng_next(&p->rng) & 0xfff);
    case 1: /* in the same large page, or beside it */
        return va ^ (prng_next(&p->rng) & 0x3fffffff);
    case 2: /* not canonical */
        return va ^ UINT64_C(1) << (47 + prng_below(&p->rng, 17));
    default:
        return va;
    }
}

static uint64_t a_cr3(struct player *p)
{
    uint64_t cr3 = p->regs.cr3;
    if (chance(p, 4))
        cr3 = (cr3 & CR3_PCID) | p->c->table[p->c->leaf];
    if (p->regs.cr4 & CR4_PCIDE)
        cr3 = (cr3 & ~(uint64_t)CR3_PCID) | a_pcid(p);
    else if (chance(p, 2)) /* so that PCIDE can be set */
        cr3 &= ~(uint64_t)CR3_PCID;
    if (p->regs.cr4 & CR4_PCIDE ? chance(p, 2) : chance(p, 16))
        cr3 |= CR3_NO_FLUSH;
    if (chance(p, 12) && p->cpu.paddr_bits < 61)
        cr3 |= UINT64_C(1) << (p->cpu.paddr_bits + prng_below(&p->rng, 61 - p->cpu.paddr_bits));
    if (chance(p, 16))
        cr3 |= chance(p, 2) ? CR3_LAM_U57 : CR3_LAM_U48;
    return cr3;
}

static uint64_t a_cr4(struct player *p)
{
    static const uint64_t bit[] = {CR4_PGE, CR4_PGE, CR4_PCIDE, CR4_PCIDE, CR4_SMEP, CR4_SMAP,
                                   CR4_PKE, CR4_PKS, CR4_CET,   CR4_PSE,   CR4_PAE,  CR4_LASS};
    uint64_t cr4 = p->regs.cr4;
    for (unsigned n = 1 + (unsigned)prng_below(&p->rng, 2); n > 0; n--)
        cr4 ^= bit[prng_below(&p->rng, chance(p, 3) ? sizeof bit / sizeof *bit : 9)];
    return cr4;
}

static uint64_t a_pat(struct player *p)
{
    uint64_t pat = p->regs.pat;
    return pat ^ (prng_next(&p->rng) & (chance(p, 3) ? 0xff : 7)) << 8 * prng_below(&p->rng, 8);
}

/* 32 bits, sometimes more. Key 0 stays free: INVPCID's descriptor has it. */
static uint64_t some_rights(struct player *p)
{
    const uint64_t rights = prng_next(&p->rng) & prng_next(&p->rng) & 0xfffffffc;
    return chance(p, 8) ? rights | UINT64_C(1) << (32 + prng_below(&p->rng, 32)) : rights;
}

/* LA57 and paging itself are left as they are: how a core gets from one mode to another is not the oracle's business.
 * WRPKRU is #UD without CR4.PKE, and INVPCID where it is not. */
static struct operation an_operation(struct player *p)
{
    struct operation o;
    do
        o = (struct operation){.op = (uint8_t)prng_below(&p->rng, CTL_OPS)};
    while ((o.op == CTL_WRPKRU && !(p->regs.cr4 & CR4_PKE)) ||
           (o.op >= CTL_INVPCID_ADDRESS && o.op <= CTL_INVPCID_ALL_NONGLOBAL && !p->cpu.pcid));
    switch (o.op) {
    case CTL_MOV_CR0:
        o.data = p->regs.cr0 ^ (chance(p, 2) ? CR0_WP : 0) ^ (chance(p, 4) ? CR0_CD : 0);
        break;
    case CTL_MOV_CR3:
        o.data = a_cr3(p);
        break;
    case CTL_MOV_CR4:
        o.data = a_cr4(p);
        break;
    case CTL_WRMSR_EFER:
        o.data = p->regs.efer ^ (chance(p, 2) ? EFER_NXE : 0) ^ (chance(p, 8) ? EFER_TCE : 0) ^
                 (chance(p, 8) ? EFER_UAIE : 0);
        break;
    case CTL_WRPKRU:
    case CTL_WRMSR_PKRS:
        o.data = some_rights(p);
        break;
    case CTL_WRMSR_PAT:
        o.data = a_pat(p);
        break;
    default:
        o.data = an_address(p);
        o.desc = a_pcid(p) | (chance(p, 8) ? UINT64_C(1) << (12 + prng_below(&p->rng, 52)) : 0);
    }
    return o;
}

/* ---- one operation ---- */

/* What both keep of a register. */
static bool same_registers(struct player *p, const struct operation *o)
{
    struct oracle_regs seen;
    bochs_get(&seen);
    const struct {
        const char *what;
        uint64_t oracle, bochs;
    } pair[] = {
        {"CR0", p->regs.cr0 & (CR0_WP | CR0_CD), seen.cr0 & (CR0_WP | CR0_CD)},
        {"CR3", p->regs.cr3, seen.cr3},
        {"CR4", p->regs.cr4, seen.cr4},
        {"EFER.NXE", p->regs.efer & EFER_NXE, seen.efer & EFER_NXE},
        {"IA32_PAT", p->regs.pat, seen.pat},
        {"PKRU", p->regs.pkru, seen.pkru},
        {"IA32_PKRS", p->regs.pkrs, seen.pkrs},
    };
    for (unsigned i = 0; i < sizeof pair / sizeof *pair; i++)
        if (pair[i].oracle != pair[i].bochs)
            return complain(p, o, pair[i].what, pair[i].oracle, pair[i].bochs);
    return true;
}

/* Bochs takes the low half of a source of IA32_PKRS and does not look at the other. */
static bool is_wide_pkrs(const struct player *p, const struct operation *o)
{
    return o->op == CTL_WRMSR_PKRS && p->cpu.pks && o->data >> 32;
}

static bool operate(struct player *p, const struct operation *o, bool *must_drop)
{
    const struct oracle_regs before = p->regs;
    bool good = oracle_control(&p->regs, &p->cpu, o->op, o->data, o->desc);
    bool drops = p->is_held && invalidation_must_drop(&p->cpu, &before, o->op, o->data, o->desc, &p->held, NULL);
    if (p->sabotage && p->sabotage->control)
        p->sabotage->control(o->op, o->data, &before, &p->held, &good, &drops);
    const bool bochs = bochs_control(o->op, o->data, o->desc);
    *must_drop = *must_drop || drops;
    p->counts->by_op[o->op]++;
    p->counts->refused += !good;
    if (is_wide_pkrs(p, o) && !good && bochs) {
        p->counts->wide_pkrs++;
        bochs_get(&p->regs); /* go on with what it is now */
        p->regs = (struct oracle_regs){before.cr0, before.cr3,  before.cr4,  before.efer,
                                       before.pat, before.pkru, p->regs.pkrs};
        return true;
    }
    if (good != bochs)
        return complain(p, o, "1 = done, 0 = #GP", good, bochs);
    return same_registers(p, o);
}

/* ---- the access, before and after ---- */

static bool put(struct player *p, const uint64_t entry[6], bool erase)
{
    bool there = true;
    for (unsigned level = p->c->root; level >= p->c->leaf; level--)
        there = physmem_write(p->pm, p->c->entry[level].pa, erase ? 0 : entry[level]) && there;
    return there;
}

static void get(const struct player *p, uint64_t entry[6])
{
    for (unsigned level = p->c->root; level >= p->c->leaf; level--)
        entry[level] = physmem_read(p->bochs, IMAGE_HW, p->c->entry[level].pa);
}

/* What a fresh walk of these entries gives. */
static bool walk(struct player *p, const uint64_t entry[6], const struct oracle_regs *regs, struct oracle_result *out)
{
    if (!put(p, entry, false)) {
        snprintf(p->wrong, p->size, "memory is short");
        return false;
    }
    oracle_translate(p->pm, IMAGE_ORACLE, &p->cpu, regs, &p->access, out);
    put(p, entry, true);
    return true;
}

static void first_access(struct player *p, const struct oracle_result *r)
{
    bochs_access(&p->access, &p->before);
    p->is_held = p->before.kind == KIND_OK &&
                 r->steps; /* whatever the oracle says of the rights: see bochs_excuses.c */
    if (!p->is_held)
        return;
    const struct oracle_step *leaf = &r->step[r->steps - 1];
    p->held = (struct cached){.global = leaf->value & ENTRY_G && p->regs.cr4 & CR4_PGE,
                              .pcid = p->regs.cr4 & CR4_PCIDE ? p->regs.cr3 & CR3_PCID : 0,
                              .level = leaf->level,
                              .va = p->access.va};
}

/* Software changes one entry. */
static bool edit(struct player *p)
{
    static const uint64_t flip[] = {ENTRY_P, ENTRY_RW, ENTRY_US, ENTRY_XD, UINT64_C(1) << 30, ENTRY_G};
    const unsigned level = p->c->leaf + (unsigned)prng_below(&p->rng, p->c->root - p->c->leaf + 1);
    const uint64_t pa = p->c->entry[level].pa;
    uint64_t bits = flip[prng_below(&p->rng, sizeof flip / sizeof *flip)];
    if (level > p->c->leaf && bits == UINT64_C(1) << 30)
        bits = ENTRY_P;
    return physmem_write(p->bochs, pa, physmem_read(p->bochs, IMAGE_HW, pa) ^ bits);
}

static bool same(const struct oracle_result *r, const struct bochs_outcome *seen)
{
    return r->kind == seen->kind && r->err == seen->err && r->addr == seen->addr;
}

/* May an entry from before answer now, by its tag? */
static bool is_usable(const struct player *p)
{
    return p->held.global || p->held.pcid == (p->regs.cr4 & CR4_PCIDE ? p->regs.cr3 & CR3_PCID : 0);
}

/* Bochs' known errors, of an access made now. */
static bool is_excused(struct player *p, const struct oracle_result *fresh, const struct bochs_outcome *seen)
{
    const struct judge_case c = {.cpu = p->cpu, .regs = p->regs, .accesses = 1, .access[0] = p->access};
    const struct case_expected expected = {.result[0] = *fresh};
    const struct case_seen was = {.access[0] = {.kind = seen->kind, .err = seen->err, .addr = seen->addr}};
    const struct case_context context = {&c, &expected, &was};
    const struct case_difference d = {.what = fresh->kind != seen->kind ? DIFFERS_KIND : DIFFERS_ERROR_CODE,
                                      .expected = fresh->kind != seen->kind ? fresh->kind : fresh->err,
                                      .seen = fresh->kind != seen->kind ? seen->kind : seen->err};
    return verdict_excused(bochs_excuses, &context, &d, p->excused);
}

static bool second_access(struct player *p, const uint64_t old[6], const struct oracle_regs *then, bool must_drop,
                          const struct operation *last)
{
    struct oracle_result fresh, held;
    struct bochs_outcome seen;
    uint64_t entry[6];
    get(p, entry);
    bochs_access(&p->access, &seen);
    if (!walk(p, entry, &p->regs, &fresh) || !walk(p, old, then, &held))
        return false;
    const bool would_differ = p->is_held && !same(&fresh, &p->before);
    if (same(&fresh, &seen)) {
        p->counts->fresh++;
        p->counts->dropped += must_drop && would_differ;
        return true;
    }
    if (p->is_held && seen.kind == KIND_OK && seen.addr == p->before.addr && !seen.tables) {
        if (must_drop)
            return complain(p, last, "an entry that had to be dropped answers; physical address", fresh.addr,
                            seen.addr);
        if (!is_usable(p))
            return complain(p, last, "an entry of another PCID answers; physical address", fresh.addr, seen.addr);
        p->counts->stale++;
        p->counts->global += p->held.global && (p->regs.cr3 ^ then->cr3) != 0;
        return true;
    }
    if (is_excused(p, &fresh, &seen))
        return true;
    if (fresh.kind != seen.kind)
        return complain(p, last, "what the access made again comes to", fresh.kind, seen.kind);
    return complain(p, last, "the access made again: error code and address", (uint64_t)fresh.err << 52 ^ fresh.addr,
                    (uint64_t)seen.err << 52 ^ seen.addr);
}

bool control_play(const struct case_limits *limits, uint64_t seed, const struct judge_case *c, struct physmem *pm,
                  struct physmem *bochs, const struct case_sabotage *sabotage, struct control_counts *counts,
                  uint64_t excused[], char *wrong, size_t size)
{
    struct player p = {.limits = limits,
                       .c = c,
                       .pm = pm,
                       .bochs = bochs,
                       .sabotage = sabotage,
                       .counts = counts,
                       .excused = excused,
                       .wrong = wrong,
                       .size = size,
                       .rng = prng_mix(seed ^ prng_mix(c->number + 0x63746c)),
                       .cpu = c->cpu,
                       .regs = c->regs,
                       .access = c->access[0]};
    uint64_t old[6];
    struct oracle_result r;
    struct operation o = {0};
    bool must_drop = false;
    choose_cpu(&p);
    bochs_set(&p.cpu, &p.regs);
    get(&p, old);
    if (!walk(&p, old, &p.regs, &r))
        return false;
    first_access(&p, &r);
    get(&p, old);
    const struct oracle_regs then = p.regs;
    if (!chance(&p, 4) && !edit(&p))
        return false;
    for (unsigned n = 1 + (unsigned)prng_below(&p.rng, 3); n > 0; n--) {
        o = an_operation(&p);
        if (!operate(&p, &o, &must_drop))
            return false;
    }
    return second_access(&p, old, &then, must_drop, &o);
}

/* ---- output ---- */

void control_print(FILE *out, const struct control_counts *c)
{
    fprintf(out, "operations         ");
    for (unsigned i = 0; i < CTL_OPS; i++)
        fprintf(out, "%s %" PRIu64 "%s", op_name[i], c->by_op[i], i + 1 < CTL_OPS ? ", " : "");
    fprintf(out, "; #GP %" PRIu64 "\n", c->refused);
    fprintf(out,
            "accesses made again %" PRIu64 " fresh (%" PRIu64 " where something had to be dropped), %" PRIu64
            " by an entry that may be kept (%" PRIu64 " global, under another CR3)\n",
            c->fresh, c->dropped, c->stale, c->global);
    fprintf(out,
            "excused            %" PRIu64
            " wide-pkrs: bits 63:32 of a WRMSR of IA32_PKRS are not looked at: Bochs is wrong\n",
            c->wide_pkrs);
}

json_t *control_json(const struct control_counts *c)
{
    json_t *ops = json_object();
    for (unsigned i = 0; i < CTL_OPS; i++)
        json_object_set_new(ops, op_name[i], json_integer((json_int_t)c->by_op[i]));
    return json_pack("{s:o, s:I, s:I, s:I, s:I, s:I, s:{s:I}}", "operations", ops, "refused", (json_int_t)c->refused,
                     "fresh", (json_int_t)c->fresh, "dropped", (json_int_t)c->dropped, "stale", (json_int_t)c->stale,
                     "global_under_another_cr3", (json_int_t)c->global, "excused", "wide-pkrs",
                     (json_int_t)c->wide_pkrs);
}
