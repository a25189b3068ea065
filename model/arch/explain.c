/* The walk, told to a person: one line per entry with its fields by name, then the rights they give together, then the
 * verdict.
 *
 *     write by user at 0x00007f0000000123
 *       CR3    0x…: base 0x313cf000, PCID 1 LAM_U57=0 LAM_U48=0
 *       modes  4-level paging; CR0.WP=1 CR0.CD=0 EFER.NXE=1; CR4 PGE=1 LA57=0 …
 *       keys   PKRU 0x55555554 IA32_PKRS 0x00000000; IA32_PAT 0x0007040600070406
 *       PML4E  0x000000000007f007 at 0x313cf7f0 (WB): P=1 RW=1 US=1 PWT=0 PCD=0 A=0 PS=0 XD=0, table 0x7f000; may set
 *              A (5.8)
 *       …
 *       rights W=0 U=1 NX=1 (R/W and U/S of all entries ANDed, XD ORed); key 0 in PKRU: AD=0 WD=0
 *       result #PF, CR2 0x00007f0000000123, error code 0x7 (P W U): SDM 3A 5.6.1: a user-mode write needs R/W = 1 in
 *         every entry */
#include "oracle.h"

#include <inttypes.h>

#include "rules.h"

static const char *level_name(unsigned level)
{
    static const char *const name[] = {"?", "PTE", "PDE", "PDPTE", "PML4E", "PML5E"};
    return name[level <= 5 ? level : 0];
}

static const char *memory_type_name(unsigned type)
{
    static const char *const name[] = {"UC", "WC", "?", "?", "WT", "WP", "WB", "UC-"};
    return name[type & 7];
}

static void explain_registers(FILE *out, const struct oracle_regs *regs)
{
    fprintf(out, "  CR3    0x%016" PRIx64 ": base 0x%" PRIx64, regs->cr3, regs->cr3 & ENTRY_FRAME);
    if (regs->cr4 & CR4_PCIDE)
        fprintf(out, ", PCID %u", current_pcid(regs));
    else
        fprintf(out, ", PCD=%d PWT=%d", !!(regs->cr3 & CR3_PCD), !!(regs->cr3 & CR3_PWT));
    fprintf(out, " LAM_U57=%d LAM_U48=%d\n", !!(regs->cr3 & CR3_LAM_U57), !!(regs->cr3 & CR3_LAM_U48));

    static const struct {
        uint64_t bit;
        const char *name;
    } cr4[] = {
        {CR4_PGE, "PGE"}, {CR4_LA57, "LA57"}, {CR4_PCIDE, "PCIDE"}, {CR4_SMEP, "SMEP"},       {CR4_SMAP, "SMAP"},
        {CR4_PKE, "PKE"}, {CR4_CET, "CET"},   {CR4_PKS, "PKS"},     {CR4_LAM_SUP, "LAM_SUP"},
    };
    fprintf(out, "  modes  %u-level paging; CR0.WP=%d CR0.CD=%d EFER.NXE=%d; CR4", root_level(regs),
            !!(regs->cr0 & CR0_WP), !!(regs->cr0 & CR0_CD), !!(regs->efer & EFER_NXE));
    for (unsigned i = 0; i < sizeof cr4 / sizeof *cr4; i++)
        fprintf(out, " %s=%d", cr4[i].name, !!(regs->cr4 & cr4[i].bit));
    fprintf(out, "\n  keys   PKRU 0x%08x IA32_PKRS 0x%08x; IA32_PAT 0x%016" PRIx64 "\n", regs->pkru, regs->pkrs,
            regs->pat);
}

/* The access in words, and what the address becomes before paging sees it. */
static void explain_access(FILE *out, const struct oracle_regs *regs, const struct oracle_access *access)
{
    static const char *const acc[] = {"read", "write", "fetch", "access"};
    fprintf(out, "%s%s by %s%s at 0x%016" PRIx64 "\n", shadow_stack_access(regs, access) ? "shadow-stack " : "",
            acc[access->acc & 3], user_mode(access) ? "user" : "supervisor",
            access->imp  ? " (implicit)"
            : access->ac ? " (EFLAGS.AC=1)"
                         : "",
            access->va);
    uint64_t va;
    if (!linear_address(regs, access, &va) && va != access->va)
        fprintf(out, "  LAM    the address becomes 0x%016" PRIx64 "\n", va);
}

/* The fields of a present entry, in the order of the bits. With a reserved bit set nobody can say what it maps. */
static void explain_fields(FILE *out, unsigned level, uint64_t e, bool reserved)
{
    bool leaf = is_leaf(level, e) && !reserved;
    fprintf(out, " P=1 RW=%d US=%d PWT=%d PCD=%d A=%d", !!(e & ENTRY_RW), !!(e & ENTRY_US), !!(e & ENTRY_PWT),
            !!(e & ENTRY_PCD), !!(e & ENTRY_A));
    if (leaf)
        fprintf(out, " D=%d", !!(e & ENTRY_D));
    if (level > 1)
        fprintf(out, " PS=%d", !!(e & ENTRY_PS));
    if (leaf)
        fprintf(out, " G=%d PAT=%d key=%u", !!(e & ENTRY_G), pat_index(level, e) >> 2,
                (unsigned)(e >> ENTRY_KEY_SHIFT & ENTRY_KEY_MASK));
    fprintf(out, " XD=%d", !!(e & ENTRY_XD));
    static const char *const size[] = {"", "4-KByte", "2-MByte", "1-GByte"};
    if (reserved)
        fprintf(out, ", reserved bits are set");
    else if (leaf)
        fprintf(out, ", %s page 0x%" PRIx64, size[level], page_address(level, e, 0));
    else
        fprintf(out, ", table 0x%" PRIx64, e & ENTRY_FRAME);
}

static void explain_step(FILE *out, const struct oracle_step *step, bool reserved)
{
    fprintf(out, "  %-6s 0x%016" PRIx64 " at 0x%" PRIx64 " (%s):", level_name(step->level), step->value, step->pa,
            memory_type_name(step->mt));
    if (step->value & ENTRY_P)
        explain_fields(out, step->level, step->value, reserved);
    else
        fprintf(out, " P=0, the other bits are ignored");
    if (step->must_a)
        fprintf(out, "; sets A");
    if (step->must_d)
        fprintf(out, "; sets D");
    if (step->may_a)
        fprintf(out, "; may set A (5.8)");
    fputc('\n', out);
}

/* A key's two bits, for an address with this U/S. */
static void explain_key(FILE *out, const struct oracle_regs *regs, const struct rights *r)
{
    if (!(regs->cr4 & (r->u ? CR4_PKE : CR4_PKS)))
        return;
    unsigned bits = (r->u ? regs->pkru : regs->pkrs) >> 2 * r->key;
    fprintf(out, "; key %u in %s: AD=%d WD=%d", r->key, r->u ? "PKRU" : "IA32_PKRS", !!(bits & PKEY_AD),
            !!(bits & PKEY_WD));
}

/* Rights have a meaning only when the walk completed (5.6.1). */
static void explain_rights(FILE *out, const struct oracle_regs *regs, const struct oracle_result *result)
{
    bool complete = result->kind == KIND_OK || (result->err & (PF_P | PF_RSVD)) == PF_P;
    if (!complete) {
        fprintf(out, "  rights not determined: the walk did not complete\n");
        return;
    }
    struct rights r = rights_of_root;
    for (unsigned i = 0; i + 1 < result->steps; i++)
        r = combine(r, result->step[i].value);
    r = combine_leaf(r, result->step[result->steps - 1].value);
    fprintf(out, "  rights W=%d U=%d NX=%d (R/W and U/S of all entries ANDed, XD ORed)%s", r.w, r.u, r.nx,
            r.shadow_stack ? "; a shadow-stack page" : "");
    explain_key(out, regs, &r);
    fputc('\n', out);
}

static void explain_error(FILE *out, uint16_t err)
{
    static const struct {
        unsigned bit;
        const char *name;
    } bit[] = {
        {PF_W, " W"}, {PF_U, " U"}, {PF_RSVD, " RSVD"}, {PF_I, " I"}, {PF_PK, " PK"}, {PF_SS, " SS"},
    };
    fprintf(out, "error code 0x%x (%s", err, err & PF_P ? "P" : "not present");
    for (unsigned i = 0; i < sizeof bit / sizeof *bit; i++)
        if (err & bit[i].bit)
            fputs(bit[i].name, out);
    fputc(')', out);
}

void oracle_explain(FILE *out, const struct oracle_regs *regs, const struct oracle_access *access,
                    const struct oracle_result *result)
{
    explain_access(out, regs, access);
    explain_registers(out, regs);
    for (unsigned i = 0; i < result->steps; i++)
        explain_step(out, &result->step[i], result->err & PF_RSVD && i + 1 == result->steps);
    if (result->kind != KIND_GP)
        explain_rights(out, regs, result);

    static const char *const size[] = {"4-KByte", "2-MByte", "1-GByte", "?"};
    if (result->kind == KIND_OK) {
        fprintf(out, "  result 0x%" PRIx64 " in a %s page, PAT index %u (%s): %s\n", result->addr,
                size[result->size & 3], result->pat, memory_type_name(result->mt), result->reason);
    } else if (result->kind == KIND_GP) {
        fprintf(out, "  result #GP: %s\n", result->reason);
    } else {
        fprintf(out, "  result #PF, CR2 0x%016" PRIx64 ", ", result->addr);
        explain_error(out, result->err);
        fprintf(out, ": %s\n", result->reason);
    }
}
