/* What an operation must invalidate (SDM 3A 5.10.4.1; APM 5.5.3, 3.1.7): for every row of the manuals an entry that
 * must go and one next to it that may stay. Expectations by hand. */
#include "oracle_chain.h"

#include <string.h>

#include "arch/invalidation.h"

struct row {
    const char *what;
    uint8_t op;
    uint64_t data, desc;
    struct cached entry;
    bool must;
    uint64_t cr4, cr3; /* before; cr4 gets PAE */
    bool amd, tce;
};

/* Entries by name: a TLB entry or a PSC entry of this level, PCID and address. */
#define TLB(l, p, a) {.level = l, .pcid = p, .va = a}
#define GLOBAL(l, p, a) {.level = l, .pcid = p, .va = a, .global = true}
#define PSC(l, p, a) {.level = l, .pcid = p, .va = a, .paging_structure = true}
#define DROP .must = true
#define STAY .must = false
#define PCID(n) .cr4 = PCIDE, .cr3 = 0x5000 | (n)
#define AMD .amd = true

static bool must_drop(const struct row *row, const char **rule)
{
    struct oracle_cpu cpu = full_cpu;
    cpu.amd = row->amd;
    struct oracle_regs regs = {.cr0 = PG | WP,
                               .cr3 = row->cr3,
                               .cr4 = PAE | row->cr4,
                               .efer = row->tce ? TCE : 0,
                               .pat = PAT};
    const struct oracle_regs before = regs;
    bool must = invalidation_must_drop(&cpu, &regs, row->op, row->data, row->desc, &row->entry, rule);
    assert_memory_equal(&regs, &before, sizeof regs);
    return must;
}

static void check_rows(const struct row *row, unsigned count)
{
    for (; count; row++, count--) {
        const char *rule = "not set";
        bool must = must_drop(row, &rule);
        if (must != row->must)
            fail_msg("%s: %s", row->what, must ? "must go" : "may stay");
        if (must != !!rule || (must && strncmp(rule, "SDM", 3) && strncmp(rule, "APM", 3)))
            fail_msg("%s: rule %s", row->what, rule ? rule : "missing");
        assert_int_equal(must_drop(row, NULL), must); /* nobody need ask for the rule */
    }
}
#define CHECK(rows) check_rows(rows, sizeof rows / sizeof *rows)

static void invlpg(void **state)
{
    (void)state;
    static const struct row rows[] = {
        {"the page", CTL_INVLPG, 0x7fff, 0, TLB(1, 3, 0x7000), DROP, PCID(3)},
        {"the next page", CTL_INVLPG, 0x7fff, 0, TLB(1, 3, 0x8000), STAY, PCID(3)},
        {"the page of another PCID", CTL_INVLPG, 0x7000, 0, TLB(1, 2, 0x7000), STAY, PCID(3)},
        {"the page, global, of another PCID", CTL_INVLPG, 0x7000, 0, GLOBAL(1, 2, 0x7000), DROP, PCID(3)},
        {"the next page, global", CTL_INVLPG, 0x7000, 0, GLOBAL(1, 3, 0x8000), STAY, PCID(3)},
        {"PCIDE = 0: CR3's low bits are no PCID", CTL_INVLPG, 0x7000, 0, TLB(1, 0, 0x7000), DROP, .cr3 = 0x5018},
        {"anywhere in a 2-MByte page", CTL_INVLPG, 0x3ff000, 0, TLB(2, 3, 0x200000), DROP, PCID(3)},
        {"beside the 2-MByte page", CTL_INVLPG, 0x400000, 0, TLB(2, 3, 0x200000), STAY, PCID(3)},
        {"anywhere in a 1-GByte page", CTL_INVLPG, 0x7ffff000, 0, TLB(3, 3, 0x40001000), DROP, PCID(3)},
        {"beside the 1-GByte page", CTL_INVLPG, 0x80000000, 0, TLB(3, 3, 0x40000000), STAY, PCID(3)},
        {"every PSC entry of the PCID, PDE", CTL_INVLPG, 0x7000, 0, PSC(2, 3, 0x12345678000), DROP, PCID(3)},
        {"every PSC entry of the PCID, PML5E", CTL_INVLPG, 0x7000, 0, PSC(5, 3, 0x12345678000), DROP, PCID(3)},
        {"a PSC entry of another PCID", CTL_INVLPG, 0x7000, 0, PSC(2, 2, 0x7000), STAY, PCID(3)},
        {"not canonical: a NOP", CTL_INVLPG, 0x800000007000, 0, PSC(2, 3, 0x7000), STAY, PCID(3)},
        {"not canonical: a NOP (TLB)", CTL_INVLPG, 0x8000000000007000, 0, TLB(1, 3, 0x7000), STAY, PCID(3)},
        {"canonical with 57 bits", CTL_INVLPG, 0x800000007000, 0, TLB(1, 0, 0x800000007000), DROP, .cr4 = LA57},
        {"no masking", CTL_INVLPG, 0x4000000000007000, 0, TLB(1, 0, 0x7000), STAY, .cr3 = LAM_U48},
    };
    CHECK(rows);
}

/* EFER.TCE: with 0 every upper entry goes, with 1 those that lead to the page. */
static void invlpg_and_invpcid_of_amd(void **state)
{
    (void)state;
    enum { TYPE0 = CTL_INVPCID_ADDRESS };
    static const struct row rows[] = {
        {"TCE = 0, any upper entry", CTL_INVLPG, 0x7000, 0, PSC(2, 3, 0x12345678000), DROP, PCID(3), AMD},
        {"TCE = 0, of another PCID", CTL_INVLPG, 0x7000, 0, PSC(4, 2, 0x12345678000), DROP, PCID(3), AMD},
        {"TCE = 1, leads there", CTL_INVLPG, 0x7000, 0, PSC(2, 3, 0x1f0000), DROP, PCID(3), AMD, .tce = true},
        {"TCE = 1, leads elsewhere", CTL_INVLPG, 0x7000, 0, PSC(2, 3, 0x200000), STAY, PCID(3), AMD, .tce = true},
        {"TCE = 1, another PCID", CTL_INVLPG, 0x7000, 0, PSC(2, 2, 0x1f0000), STAY, PCID(3), AMD, .tce = true},
        {"TLB entries as Intel's", CTL_INVLPG, 0x7000, 0, TLB(1, 2, 0x7000), STAY, PCID(3), AMD},
        {"TCE = 0, not canonical", CTL_INVLPG, 0x800000007000, 0, PSC(2, 3, 0x7000), STAY, PCID(3), AMD},
        {"type 0, TCE = 0", TYPE0, 0x7000, 3, PSC(3, 9, 0x12345678000), DROP, PCID(3), AMD},
        {"type 0, TCE = 0, #GP", TYPE0, 0x7000, 0x1003, PSC(3, 9, 0x12345678000), STAY, PCID(3), AMD},
        {"type 0, TCE = 1, leads there", TYPE0, 0x7000, 9, PSC(3, 9, 0x3fffffff), DROP, PCID(3), AMD, .tce = true},
        {"type 0, TCE = 1, leads elsewhere", TYPE0, 0x7000, 9, PSC(3, 9, 0x40000000), STAY, PCID(3), AMD, .tce = true},
        {"type 0, TLB", TYPE0, 0x7000, 9, TLB(1, 3, 0x7000), STAY, PCID(3), AMD},
        {"TCE means nothing to Intel", CTL_INVLPG, 0x7000, 0, PSC(2, 3, 0x12345678000), DROP, PCID(3), .tce = true},
    };
    CHECK(rows);
}

static void invpcid(void **state)
{
    (void)state;
    enum {
        TYPE0 = CTL_INVPCID_ADDRESS,
        TYPE1 = CTL_INVPCID_CONTEXT,
        TYPE2 = CTL_INVPCID_ALL,
        TYPE3 = CTL_INVPCID_ALL_NONGLOBAL
    };
    static const struct row rows[] = {
        {"type 0, the page and PCID", TYPE0, 0x7000, 9, TLB(1, 9, 0x7abc), DROP, PCID(3)},
        {"type 0, in a large page", TYPE0, 0x7000, 9, TLB(2, 9, 0x1ff000), DROP, PCID(3)},
        {"type 0, global", TYPE0, 0x7000, 9, GLOBAL(1, 9, 0x7000), STAY, PCID(3)},
        {"type 0, the current PCID is another", TYPE0, 0x7000, 9, TLB(1, 3, 0x7000), STAY, PCID(3)},
        {"type 0, another page", TYPE0, 0x7000, 9, TLB(1, 9, 0x8000), STAY, PCID(3)},
        {"type 0, PSC that translates it", TYPE0, 0x7000, 9, PSC(4, 9, 0x7fffffffff), DROP, PCID(3)},
        {"type 0, PSC of elsewhere", TYPE0, 0x7000, 9, PSC(4, 9, 0x8000000000), STAY, PCID(3)},
        {"type 0, PSC of another PCID", TYPE0, 0x7000, 9, PSC(4, 3, 0x7000), STAY, PCID(3)},
        {"type 0, not canonical: #GP", TYPE0, 0x800000007000, 0, TLB(1, 0, 0x7000), STAY},
        {"type 0, PCID with PCIDE = 0: #GP", TYPE0, 0x7000, 9, TLB(1, 9, 0x7000), STAY},
        {"type 1, the PCID", TYPE1, 0, 9, TLB(3, 9, 0x12345678000), DROP, PCID(3)},
        {"type 1, its PSC", TYPE1, 0, 9, PSC(2, 9, 0x12345678000), DROP, PCID(3)},
        {"type 1, global", TYPE1, 0, 9, GLOBAL(1, 9, 0x7000), STAY, PCID(3)},
        {"type 1, another PCID", TYPE1, 0, 9, TLB(1, 3, 0x7000), STAY, PCID(3)},
        {"type 1, PSC of another PCID", TYPE1, 0, 9, PSC(2, 3, 0x7000), STAY, PCID(3)},
        {"type 2, global of any PCID", TYPE2, 0, 0, GLOBAL(1, 77, 0x7000), DROP, PCID(3)},
        {"type 2, PSC of any PCID", TYPE2, 0, 0, PSC(3, 77, 0x7000), DROP, PCID(3)},
        {"type 2, descriptor: #GP", TYPE2, 0, 0x1000, GLOBAL(1, 77, 0x7000), STAY, PCID(3)},
        {"type 3, any PCID", TYPE3, 0, 0, TLB(2, 77, 0x7000), DROP, PCID(3)},
        {"type 3, global", TYPE3, 0, 0, GLOBAL(2, 3, 0x7000), STAY, PCID(3)},
        {"type 3, PSC of any PCID", TYPE3, 0, 0, PSC(3, 77, 0x7000), DROP, PCID(3)},
    };
    CHECK(rows);
}

static void mov_cr3(void **state)
{
    (void)state;
    static const struct row rows[] = {
        {"PCIDE = 0", CTL_MOV_CR3, 0x6000, 0, TLB(1, 0, 0x7000), DROP},
        {"PCIDE = 0, the same value", CTL_MOV_CR3, 0x5000, 0, TLB(1, 0, 0x7000), DROP, .cr3 = 0x5000},
        {"PCIDE = 0, low bits are no PCID", CTL_MOV_CR3, 0x6018, 0, TLB(1, 0, 0x7000), DROP},
        {"PCIDE = 0, global", CTL_MOV_CR3, 0x6000, 0, GLOBAL(1, 0, 0x7000), STAY},
        {"PCIDE = 0, PSC", CTL_MOV_CR3, 0x6000, 0, PSC(4, 0, 0x7000), DROP},
        {"the new PCID", CTL_MOV_CR3, 0x6009, 0, TLB(1, 9, 0x7000), DROP, PCID(3)},
        {"its PSC", CTL_MOV_CR3, 0x6009, 0, PSC(2, 9, 0x7000), DROP, PCID(3)},
        {"the new PCID, global", CTL_MOV_CR3, 0x6009, 0, GLOBAL(1, 9, 0x7000), STAY, PCID(3)},
        {"the old PCID", CTL_MOV_CR3, 0x6009, 0, TLB(1, 3, 0x7000), STAY, PCID(3)},
        {"PSC of the old PCID", CTL_MOV_CR3, 0x6009, 0, PSC(2, 3, 0x7000), STAY, PCID(3)},
        {"bit 63 = 1", CTL_MOV_CR3, NO_FLUSH | 0x6009, 0, TLB(1, 9, 0x7000), STAY, PCID(3)},
        {"bit 63 = 1, PSC", CTL_MOV_CR3, NO_FLUSH | 0x6009, 0, PSC(2, 9, 0x7000), STAY, PCID(3)},
        {"bit 63 = 1 with PCIDE = 0: #GP", CTL_MOV_CR3, NO_FLUSH | 0x6000, 0, TLB(1, 0, 0x7000), STAY},
        {"a reserved bit: #GP", CTL_MOV_CR3, (uint64_t)1 << 50, 0, TLB(1, 0, 0x7000), STAY},
    };
    CHECK(rows);
}

static void mov_cr4(void **state)
{
    (void)state;
    static const struct row rows[] = {
        {"nothing changes", CTL_MOV_CR4, PAE | PGE | SMEP, 0, TLB(1, 0, 0x7000), STAY, .cr4 = PGE | SMEP},
        {"PGE 0 to 1", CTL_MOV_CR4, PAE | PGE, 0, TLB(1, 77, 0x7000), DROP},
        {"PGE 1 to 0", CTL_MOV_CR4, PAE, 0, GLOBAL(1, 77, 0x7000), DROP, .cr4 = PGE},
        {"PGE 1 to 0, PSC", CTL_MOV_CR4, PAE, 0, PSC(2, 77, 0x7000), DROP, .cr4 = PGE},
        {"PGE, but #GP", CTL_MOV_CR4, PGE, 0, TLB(1, 0, 0x7000), STAY},
        {"PCIDE 1 to 0", CTL_MOV_CR4, PAE, 0, GLOBAL(1, 77, 0x7000), DROP, PCID(3)},
        {"PCIDE 0 to 1", CTL_MOV_CR4, PAE | PCIDE, 0, TLB(1, 0, 0x7000), STAY, .cr3 = 0x5000},
        {"SMEP 0 to 1", CTL_MOV_CR4, PAE | PCIDE | SMEP, 0, TLB(1, 3, 0x7000), DROP, PCID(3)},
        {"SMEP 0 to 1, global of it", CTL_MOV_CR4, PAE | PCIDE | SMEP, 0, GLOBAL(1, 3, 0x7000), DROP, PCID(3)},
        {"SMEP 0 to 1, PSC", CTL_MOV_CR4, PAE | PCIDE | SMEP, 0, PSC(2, 3, 0x7000), DROP, PCID(3)},
        {"SMEP 0 to 1, another PCID", CTL_MOV_CR4, PAE | PCIDE | SMEP, 0, TLB(1, 9, 0x7000), STAY, PCID(3)},
        {"SMEP 1 to 0", CTL_MOV_CR4, PAE, 0, TLB(1, 0, 0x7000), STAY, .cr4 = SMEP},
        {"SMAP, PKS, CET, LAM_SUP: none", CTL_MOV_CR4, PAE | SMAP | PKS | CET | LAM_SUP, 0, TLB(1, 0, 0x7000), STAY},
        {"LA57: paging was off in between", CTL_MOV_CR4, PAE | LA57, 0, GLOBAL(1, 0, 0x7000), DROP},
        {"PSE, Intel", CTL_MOV_CR4, PAE | PSE, 0, TLB(1, 0, 0x7000), STAY},
        {"PSE 0 to 1, AMD", CTL_MOV_CR4, PAE | PSE, 0, GLOBAL(1, 77, 0x7000), DROP, AMD},
        {"PSE 1 to 0, AMD", CTL_MOV_CR4, PAE, 0, PSC(2, 77, 0x7000), DROP, .cr4 = PSE, AMD},
        {"PKE 0 to 1, Intel", CTL_MOV_CR4, PAE | PKE, 0, TLB(1, 0, 0x7000), STAY},
        {"PKE 0 to 1, AMD", CTL_MOV_CR4, PAE | PKE, 0, GLOBAL(1, 77, 0x7000), DROP, AMD},
        {"PKE 1 to 0, AMD", CTL_MOV_CR4, PAE, 0, TLB(1, 0, 0x7000), STAY, .cr4 = PKE, AMD},
        {"SMAP, CET, LAM_SUP, AMD: none", CTL_MOV_CR4, PAE | SMAP | CET | LAM_SUP, 0, TLB(1, 0, 0x7000), STAY, AMD},
        {"the same 1 to 0, AMD", CTL_MOV_CR4, PAE, 0, TLB(1, 0, 0x7000), STAY, .cr4 = SMAP | CET | LAM_SUP, AMD},
        {"PCIDE 0 to 1, AMD", CTL_MOV_CR4, PAE | PCIDE, 0, TLB(1, 0, 0x7000), STAY, .cr3 = 0x5000, AMD},
    };
    CHECK(rows);
}

static void everything_else(void **state)
{
    (void)state;
    static const struct row rows[] = {
        {"PG = 0", CTL_MOV_CR0, WP, 0, GLOBAL(1, 77, 0x7000), DROP},
        {"PG = 0, PSC", CTL_MOV_CR0, WP, 0, PSC(2, 77, 0x7000), DROP},
        {"PG = 0, PCIDE = 1: #GP", CTL_MOV_CR0, WP, 0, TLB(1, 0, 0x7000), STAY, PCID(0)},
        {"WP and CD: none", CTL_MOV_CR0, PG | CD, 0, TLB(1, 0, 0x7000), STAY},
        {"EFER", CTL_WRMSR_EFER, NXE, 0, TLB(1, 0, 0x7000), STAY},
        {"PKRU", CTL_WRPKRU, 3, 0, TLB(1, 0, 0x7000), STAY},
        {"IA32_PKRS", CTL_WRMSR_PKRS, 3, 0, TLB(1, 0, 0x7000), STAY},
        {"IA32_PAT", CTL_WRMSR_PAT, 0, 0, TLB(1, 0, 0x7000), STAY},
        {"codes without effect", 12, 0, 0, TLB(1, 0, 0x7000), STAY},
    };
    CHECK(rows);
}

static void page_fault(void **state)
{
    (void)state;
    static const struct {
        const char *what;
        struct cached entry;
        bool must;
    } rows[] = {
        {"the page", TLB(1, 3, 0x7fff), DROP},
        {"the page in a larger one", TLB(2, 3, 0x1ff000), DROP},
        {"the next page", TLB(1, 3, 0x8000), STAY},
        {"the page of another PCID", TLB(1, 2, 0x7000), STAY},
        {"the page, global, of another PCID", GLOBAL(1, 2, 0x7000), DROP},
        {"another page, global", GLOBAL(1, 3, 0x6000), STAY},
        {"PSC that leads there", PSC(2, 3, 0x1ff000), DROP},
        {"PSC that leads elsewhere, unlike INVLPG", PSC(2, 3, 0x200000), STAY},
        {"PSC of another PCID", PSC(2, 2, 0x7000), STAY},
    };
    const struct oracle_regs regs = {.cr3 = 0x5003, .cr4 = PAE | PCIDE};
    for (unsigned i = 0; i < sizeof rows / sizeof *rows; i++) {
        const char *rule = "not set";
        bool must = invalidation_fault_must_drop(&regs, 0x7123, &rows[i].entry, &rule);
        if (must != rows[i].must || must != !!rule)
            fail_msg("%s: %s", rows[i].what, must ? "must go" : "may stay");
        assert_int_equal(invalidation_fault_must_drop(&regs, 0x7123, &rows[i].entry, NULL), must);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(invlpg),     cmocka_unit_test(invlpg_and_invpcid_of_amd),
        cmocka_unit_test(invpcid),    cmocka_unit_test(mov_cr3),
        cmocka_unit_test(mov_cr4),    cmocka_unit_test(everything_else),
        cmocka_unit_test(page_fault),
    };
    return cmocka_run_group_tests_name("invalidation", tests, NULL, NULL);
}
