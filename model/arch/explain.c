/* The walk, told to a person: one line per entry with its fields by name, then the rights they give together, then the verdict.
 *
 *     write by user at 0x00007f0000000123
 *       CR3    0x…: base 0x313cf000, PCID 1; 4-level paging, CR0.WP=1 EFER.NXE=1 CR4.PGE=1 CR4.PCIDE=1
 *       PML4E  0x000000000007f007 at 0x313cf7f0: P=1 RW=1 US=1 PWT=0 PCD=0 A=0 PS=0 XD=0, table 0x7f000; may set A (5.8)
 *       …
 *       rights W=0 U=1 NX=1 (R/W and U/S of all entries ANDed, XD ORed)
 *       result #PF, error code 0x7 (P W U): SDM 3A 5.6.1: a user-mode write needs R/W = 1 in every entry */
#include "oracle.h"

#include <inttypes.h>

#include "rules.h"

static const char *level_name(unsigned level)
{
    static const char *const name[] = {"?", "PTE", "PDE", "PDPTE", "PML4E", "PML5E"};
    return name[level <= 5 ? level : 0];
}

static void explain_registers(FILE *out, const struct oracle_regs *regs)
{
    fprintf(out, "  CR3    0x%016" PRIx64 ": base 0x%" PRIx64, regs->cr3, regs->cr3 & ENTRY_FRAME);
    if (regs->cr4 & CR4_PCIDE)
        fprintf(out, ", PCID %u", current_pcid(regs));
    else
        fprintf(out, ", PCD=%d PWT=%d", !!(regs->cr3 & CR3_PCD), !!(regs->cr3 & CR3_PWT));
    fprintf(out, "; %u-level paging, CR0.WP=%d EFER.NXE=%d CR4.PGE=%d CR4.PCIDE=%d\n", root_level(regs), !!(regs->cr0 & CR0_WP),
            !!(regs->efer & EFER_NXE), !!(regs->cr4 & CR4_PGE), !!(regs->cr4 & CR4_PCIDE));
}

/* The fields of a present entry, in the order of the bits. With a reserved bit set nobody can say what it maps. */
static void explain_fields(FILE *out, unsigned level, uint64_t e, bool reserved)
{
    bool leaf = is_leaf(level, e) && !reserved;
    fprintf(out, " P=1 RW=%d US=%d PWT=%d PCD=%d A=%d", !!(e & ENTRY_RW), !!(e & ENTRY_US), !!(e & ENTRY_PWT), !!(e & ENTRY_PCD),
            !!(e & ENTRY_A));
    if (leaf)
        fprintf(out, " D=%d", !!(e & ENTRY_D));
    if (level > 1)
        fprintf(out, " PS=%d", !!(e & ENTRY_PS));
    if (leaf)
        fprintf(out, " G=%d PAT=%d key=%u", !!(e & ENTRY_G), pat_index(level, e) >> 2, (unsigned)(e >> ENTRY_KEY_SHIFT & ENTRY_KEY_MASK));
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
    fprintf(out, "  %-6s 0x%016" PRIx64 " at 0x%" PRIx64 ":", level_name(step->level), step->value, step->pa);
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

/* Rights have a meaning only when the walk completed (5.6.1). */
static void explain_rights(FILE *out, const struct oracle_result *result)
{
    bool complete = result->kind == KIND_OK || (result->err & (PF_P | PF_RSVD)) == PF_P;
    if (!complete) {
        fprintf(out, "  rights not determined: the walk did not complete\n");
        return;
    }
    struct rights r = {.w = true, .u = true, .nx = false};
    for (unsigned i = 0; i < result->steps; i++)
        r = combine(r, result->step[i].value);
    fprintf(out, "  rights W=%d U=%d NX=%d (R/W and U/S of all entries ANDed, XD ORed)\n", r.w, r.u, r.nx);
}

void oracle_explain(FILE *out, const struct oracle_regs *regs, const struct oracle_access *access, const struct oracle_result *result)
{
    static const char *const acc[] = {"read", "write", "fetch", "access"};
    fprintf(out, "%s by %s at 0x%016" PRIx64 "\n", acc[access->acc & 3], access->user ? "user" : "supervisor", access->va);
    explain_registers(out, regs);
    for (unsigned i = 0; i < result->steps; i++)
        explain_step(out, &result->step[i], result->err & PF_RSVD && i + 1 == result->steps);
    if (result->kind != KIND_GP)
        explain_rights(out, result);

    static const char *const size[] = {"4-KByte", "2-MByte", "1-GByte"};
    if (result->kind == KIND_OK)
        fprintf(out, "  result 0x%" PRIx64 " in a %s page, PAT index %u: %s\n", result->pa, size[result->size], result->pat,
                result->reason);
    else if (result->kind == KIND_GP)
        fprintf(out, "  result #GP: %s\n", result->reason);
    else
        fprintf(out, "  result #PF, error code 0x%x (%s%s%s%s%s): %s\n", result->err, result->err & PF_P ? "P" : "not present",
                result->err & PF_W ? " W" : "", result->err & PF_U ? " U" : "", result->err & PF_RSVD ? " RSVD" : "",
                result->err & PF_I ? " I" : "", result->reason);
}
