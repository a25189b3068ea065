/* INVLPG drops every walk-cache entry of the current PCID, whatever its address: the next walk of any address reads all
 * levels. Entries of other PCIDs stay (with AMD's rules they go too), and translations of other addresses too. With
 * AMD's EFER.TCE only what lies above the address goes. */
#include "form.h"

static const struct access page = {.va = 0}, other_page = {.va = 0x1000}, neighbour = {.va = 0x2000},
                           neighbour_again = {.va = 0x5000};

/* Reads of a walk whose path is in the walk caches. */
static unsigned warm_reads(void)
{
    for (unsigned level = 2; level <= 4; level++)
        if (preset_room(&preset_psc, level - 2).entries)
            return level - 1;
    return 4;
}

/* Whether three pages stay in a TLB together, whatever sets they fall into. */
static bool three_stay(void)
{
    return preset_room(&preset_stlb, 0).ways >= 3 || preset_room(&preset_dtlb, 0).ways >= 3;
}

static void row(const struct forms *f, struct stand *r, unsigned reads, struct access access, const char *name)
{
    stand_access(r, access);
    sheet_row(f->sheet, r, reads, EXACT, STAND_PAIR(r, answer.reads), "%s", name);
}

static void same_pcid(const struct forms *f, struct stand *r)
{
    stand_flush(r);
    stand_access(r, page);
    stand_access(r, other_page);
    stand_control(r, CTL_INVLPG, page.va);
    row(f, r, 4, neighbour, "reads of the next walk, of a page beside it");
    row(f, r, warm_reads(), page, "reads of the walk of the page itself, after that one");
    if (three_stay())
        row(f, r, 0, other_page, "reads for another page, whose translation stays");
    else
        sheet_left_out(f->sheet, "reads for another page: the TLBs have no room for three");
    stand_control(r, CTL_INVLPG, TABLES_PRIVATE);
    stand_control(r, CTL_INVLPG, page.va);
    row(f, r, 4, page, "reads of the next walk, of the page itself");
    stand_control(r, CTL_INVLPG, TABLES_HOLE);
    row(f, r, 4, (struct access){.va = 0x3000},
        "reads of the next walk after INVLPG of an address that is nowhere mapped");
    stand_control(r, CTL_INVLPG, UINT64_C(1) << 47);
    row(f, r, warm_reads(), (struct access){.va = 0x4000},
        "reads of the next walk after INVLPG of a non-canonical address");
}

static void other_pcid(const struct forms *f, struct stand *r)
{
    stand_control(r, CTL_MOV_CR4, CR4_PAE | CR4_PCIDE);
    stand_control(r, CTL_MOV_CR3, TABLES_PML4 | 1);
    stand_access(r, page);
    stand_control(r, CTL_MOV_CR3, TABLES_PML4 | 2);
    stand_access(r, page);
    stand_control(r, CTL_INVLPG, page.va);
    row(f, r, 4, neighbour, "PCID 2, INVLPG under it: reads of its next walk");
    stand_control(r, CTL_MOV_CR3, TABLES_PML4 | CR3_KEEP | 1);
    if (three_stay())
        row(f, r, 0, page, "PCID 1 again: reads for the same page, whose translation stays");
    row(f, r, CFG_ARCH_AMD ? 4 : warm_reads(), neighbour,
        CFG_ARCH_AMD ? "PCID 1 again: reads of its next walk; with AMD's rules its path is gone too"
                     : "PCID 1 again: reads of its next walk, whose path is still cached");
    stand_control(r, CTL_MOV_CR4, CR4_PAE);
}

/* APM vol 2, 5.5.3: translation-cache extension. */
static void tce(const struct forms *f, struct stand *r)
{
    stand_control(r, CTL_MOV_CR3, TABLES_PML4);
    stand_control(r, CTL_WRMSR_EFER, EFER_TCE);
    stand_access(r, page);
    stand_control(r, CTL_INVLPG, TABLES_PRIVATE);
    row(f, r, warm_reads(), neighbour, "TCE: reads of the next walk after INVLPG of an address elsewhere");
    stand_control(r, CTL_INVLPG, page.va);
    row(f, r, 4, neighbour_again, "TCE: reads of the next walk after INVLPG of an address beside it");
}

void form_invlpg(const struct forms *f)
{
    struct stand *r = stand_new(f->dut, 3, false);
    same_pcid(f, r);
    if (!CFG_ARCH_PCID)
        sheet_left_out(f->sheet, "other PCIDs: the preset has none");
    else
        other_pcid(f, r);
    if (CFG_ARCH_AMD)
        tce(f, r);
    sheet_end_stand(f->sheet, r);
}
