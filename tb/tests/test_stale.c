/* The books of what may be stale: what is legal after software has changed an entry, and what no longer is after an
 * invalidation. Each case sets up page tables, changes them, and asks whether a result may still come out. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "arch/rules.h"
#include "stale/stale.h"

enum { ROOT = 0x1000, PDPT = 0x2000, PD = 0x3000, PT = 0x4000, OLD = 0x50000, NEW = 0x60000, FREE = 0x9000 };
#define VA UINT64_C(0x1000)
#define OTHER_REGION UINT64_C(0x8000000000)
#define TABLE UINT64_C(0x27) /* present, writable, user, A */
#define PAGE UINT64_C(0x67)  /* and D */
#define GLOBAL_PAGE UINT64_C(0x167)

static struct physmem *pm;
static struct stale *books;
static struct oracle_cpu cpu;
static struct oracle_regs regs;
static uint64_t now;

static void poke(uint64_t pa, uint64_t value)
{
    assert_true(stale_poke(books, ++now, pa, physmem_read(pm, IMAGE_HW, pa), value));
    assert_true(physmem_write(pm, pa, value));
}

static void control(uint8_t op, uint64_t data, uint64_t desc)
{
    const struct oracle_regs before = regs;
    assert_true(oracle_control(&regs, &cpu, op, data, desc));
    assert_true(stale_control(books, ++now, &before, &regs, op, data, desc));
}

static int set_up(void **state)
{
    (void)state;
    cpu = (struct oracle_cpu){.paddr_bits = 40, .page_1g = true, .la57 = true, .pcid = true};
    regs = (struct oracle_regs){.pat = PAT_RESET};
    now = 0;
    pm = physmem_new(40);
    books = stale_new(pm, &cpu);
    control(CTL_MOV_CR0, CR0_PG | CR0_PE | CR0_WP, 0);
    control(CTL_MOV_CR4, CR4_PAE | CR4_PGE, 0);
    control(CTL_WRMSR_EFER, EFER_LMA | EFER_LME | EFER_NXE, 0);
    control(CTL_MOV_CR3, ROOT, 0);
    poke(ROOT, PDPT | TABLE);
    poke(PDPT, PD | TABLE);
    poke(PD, PT | TABLE);
    poke(PT + 8, OLD | PAGE);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    stale_free(books);
    physmem_free(pm);
    return 0;
}

struct wanted {
    uint8_t kind;
    uint64_t addr;
    uint16_t err;
};

static bool fits(const void *context, const struct oracle_result *r)
{
    const struct wanted *w = context;
    return r->kind == w->kind && r->addr == w->addr && r->err == w->err;
}

static enum stale_how explain(enum stale_who who, bool confirmed, uint8_t acc, uint64_t va, uint64_t since,
                              struct wanted wanted)
{
    const struct oracle_access access = {.va = va, .acc = acc, .user = true};
    const struct stale_question question = {fits, &wanted};
    return stale_explains(books, who, confirmed, &regs, &access, since, &question);
}

/* Whether a read may still go to a page that is mapped there no longer. */
static enum stale_how goes_to(uint64_t va, uint64_t page)
{
    return explain(STALE_OURS, true, ACC_READ, va, ++now, (struct wanted){KIND_OK, page | (va & 0xfff), 0});
}

static enum stale_how may_fault(enum stale_who who, bool confirmed, uint8_t acc, uint64_t va, uint16_t err)
{
    return explain(who, confirmed, acc, va, ++now, (struct wanted){KIND_PF, va, err});
}

static void until_its_address_is_invalidated(void **state)
{
    (void)state;
    assert_int_equal(goes_to(VA, OLD), STALE_NOT); /* not stale at all: that is for the fresh walk to say */
    poke(PT + 8, NEW | PAGE);
    assert_int_equal(goes_to(VA, OLD), STALE_TLB);
    assert_int_equal(goes_to(VA, FREE), STALE_NOT);
    assert_int_equal(goes_to(VA + 0x1000, OLD), STALE_NOT);
    control(CTL_INVLPG, VA + 0x1000, 0);
    assert_int_equal(goes_to(VA, OLD), STALE_TLB);
    control(CTL_INVLPG, VA + 0xabc, 0);
    assert_int_equal(goes_to(VA, OLD), STALE_NOT);
    poke(PT + 8, 0);
    assert_int_equal(goes_to(VA, NEW), STALE_TLB);
    assert_int_equal(goes_to(VA, OLD), STALE_NOT);
    poke(PT + 8, FREE | PAGE);
    assert_int_equal(goes_to(VA, NEW), STALE_TLB);
    control(CTL_MOV_CR3, ROOT, 0);
    assert_int_equal(goes_to(VA, NEW), STALE_NOT);
}

static void several_former_values(void **state)
{
    (void)state;
    poke(PT + 8, NEW | PAGE);
    poke(PT + 8, FREE | PAGE);
    assert_int_equal(goes_to(VA, OLD), STALE_TLB);
    assert_int_equal(goes_to(VA, NEW), STALE_TLB);
}

static void global_pages_outlive_mov_cr3(void **state)
{
    (void)state;
    poke(PT + 8, OLD | GLOBAL_PAGE);
    poke(PT + 8, NEW | PAGE);
    control(CTL_MOV_CR3, ROOT, 0);
    assert_int_equal(goes_to(VA, OLD), STALE_TLB);
    poke(ROOT, 0);
    assert_int_equal(goes_to(VA, OLD), STALE_TLB);
    control(CTL_MOV_CR3, FREE, 0); /* another address space, where nothing is mapped */
    assert_int_equal(goes_to(VA, OLD), STALE_TLB);
    control(CTL_MOV_CR4, CR4_PAE, 0);
    assert_int_equal(goes_to(VA, OLD), STALE_NOT);
    control(CTL_MOV_CR4, CR4_PAE | CR4_PGE, 0);
    assert_int_equal(goes_to(VA, OLD), STALE_NOT);
}

static void invlpg_reaches_global_pages(void **state)
{
    (void)state;
    poke(PT + 8, OLD | GLOBAL_PAGE);
    poke(PT + 8, 0);
    control(CTL_MOV_CR3, FREE, 0);
    assert_int_equal(goes_to(VA, OLD), STALE_TLB);
    control(CTL_INVLPG, VA, 0);
    assert_int_equal(goes_to(VA, OLD), STALE_NOT);
}

static void pcids_are_apart(void **state)
{
    (void)state;
    control(CTL_MOV_CR4, CR4_PAE | CR4_PGE | CR4_PCIDE, 0);
    control(CTL_MOV_CR3, ROOT | 1, 0);
    control(CTL_MOV_CR3, ROOT | 2, 0);
    poke(PT + 8, NEW | PAGE);
    assert_int_equal(goes_to(VA, OLD), STALE_TLB);
    control(CTL_INVLPG, VA, 0); /* of PCID 2 only */
    assert_int_equal(goes_to(VA, OLD), STALE_NOT);
    control(CTL_MOV_CR3, ROOT | 1 | CR3_NO_FLUSH, 0);
    assert_int_equal(goes_to(VA, OLD), STALE_TLB);
    control(CTL_INVPCID_ADDRESS, VA + 0x1000, 1);
    assert_int_equal(goes_to(VA, OLD), STALE_TLB);
    control(CTL_INVPCID_ADDRESS, VA, 2);
    assert_int_equal(goes_to(VA, OLD), STALE_TLB);
    control(CTL_INVPCID_ADDRESS, VA, 1);
    assert_int_equal(goes_to(VA, OLD), STALE_NOT);
    poke(PT + 8, FREE | PAGE);
    control(CTL_INVPCID_CONTEXT, 0, 2);
    assert_int_equal(goes_to(VA, NEW), STALE_TLB);
    control(CTL_INVPCID_ALL_NONGLOBAL, 0, 0);
    assert_int_equal(goes_to(VA, NEW), STALE_NOT);
    control(CTL_MOV_CR3, ROOT | 3 | CR3_NO_FLUSH, 0); /* never used before: nothing is there */
    assert_int_equal(goes_to(VA, NEW), STALE_NOT);
}

/* One PCID, two tables, no flush between: what was cached under the first still serves. */
static void a_pcid_with_another_root(void **state)
{
    (void)state;
    control(CTL_MOV_CR4, CR4_PAE | CR4_PCIDE, 0);
    control(CTL_MOV_CR3, ROOT | 1, 0);
    control(CTL_MOV_CR3, FREE | 1 | CR3_NO_FLUSH, 0);
    assert_int_not_equal(goes_to(VA, OLD), STALE_NOT);
    control(CTL_MOV_CR3, FREE | 1, 0);
    assert_int_equal(goes_to(VA, OLD), STALE_NOT);
}

/* An upper entry was cleared; the table below it is changed afterwards, and can be reached by a paging-structure cache
 * only. */
static void paging_structure_caches(void **state)
{
    (void)state;
    poke(PD, 0);
    assert_int_not_equal(goes_to(VA, OLD), STALE_NOT);
    poke(PT + 8, NEW | PAGE);
    assert_int_equal(goes_to(VA, NEW), STALE_PSC);
    poke(PT + 8, 0);
    assert_int_equal(goes_to(VA, OLD), STALE_TLB);
    assert_int_equal(may_fault(STALE_OURS, false, ACC_READ, VA, PF_U), STALE_PSC);
    assert_int_equal(may_fault(STALE_OURS, true, ACC_READ, VA, PF_U), STALE_NOT);
    control(CTL_INVLPG, OTHER_REGION, 0); /* of any address: all paging-structure caches of the PCID */
    assert_int_equal(may_fault(STALE_OURS, false, ACC_READ, VA, PF_U), STALE_NOT);
    assert_int_equal(goes_to(VA, OLD), STALE_TLB);
    poke(PT + 8, FREE | PAGE);
    assert_int_equal(goes_to(VA, FREE), STALE_NOT);
}

static void invpcid_of_an_address_keeps_other_tables(void **state)
{
    (void)state;
    control(CTL_MOV_CR4, CR4_PAE | CR4_PCIDE, 0);
    control(CTL_MOV_CR3, ROOT | 1, 0);
    poke(PD, 0);
    poke(PT + 8, NEW | PAGE);
    control(CTL_INVPCID_ADDRESS, OTHER_REGION, 1);
    assert_int_equal(goes_to(VA, NEW), STALE_PSC);
    control(CTL_INVPCID_ADDRESS, VA + 0x3000, 1);  /* the same PDE */
    assert_int_equal(goes_to(VA, NEW), STALE_TLB); /* from before that */
    poke(PT + 8, FREE | PAGE);
    assert_int_equal(goes_to(VA, FREE), STALE_NOT);
}

static void a_page_fault_drops_its_own(void **state)
{
    (void)state;
    poke(PT + 16, OLD | 0x1000 | PAGE);
    poke(PT + 8, NEW | PAGE);
    poke(PT + 16, 0);
    const uint64_t before = ++now;
    assert_true(stale_fault(books, ++now, STALE_OURS, &regs, VA));
    assert_int_equal(goes_to(VA, OLD), STALE_NOT);
    assert_int_equal(goes_to(VA + 0x1000, OLD | 0x1000), STALE_TLB);
    /* One that began earlier did not feel it; and the other MMU has faults of its own. */
    const struct wanted wanted = {KIND_OK, OLD, 0};
    assert_int_equal(explain(STALE_OURS, true, ACC_READ, VA, before, wanted), STALE_TLB);
    assert_int_equal(explain(STALE_THEIRS, true, ACC_READ, VA, 0, wanted), STALE_TLB);
    assert_true(stale_fault(books, ++now, STALE_THEIRS, &regs, VA));
    assert_int_equal(explain(STALE_THEIRS, true, ACC_READ, VA, 0, wanted), STALE_NOT);
}

static void relaxed_rights(void **state)
{
    (void)state;
    poke(PT + 8, OLD | 0x25); /* read only */
    control(CTL_INVLPG, VA, 0);
    poke(PT + 8, OLD | PAGE);
    assert_int_equal(may_fault(STALE_OURS, false, ACC_WRITE, VA, PF_P | PF_W | PF_U), STALE_TLB);
    assert_int_equal(may_fault(STALE_OURS, true, ACC_WRITE, VA, PF_P | PF_W | PF_U), STALE_NOT);
    assert_int_equal(may_fault(STALE_OURS, false, ACC_READ, VA, PF_P | PF_U), STALE_NOT);
    assert_true(stale_fault(books, ++now, STALE_OURS, &regs, VA));
    assert_int_equal(may_fault(STALE_OURS, false, ACC_WRITE, VA, PF_P | PF_W | PF_U), STALE_NOT);
}

static void what_is_never_cached(void **state)
{
    (void)state;
    poke(PT + 8, 0);
    control(CTL_INVLPG, VA, 0);
    poke(PT + 8, (NEW | PAGE) & ~ENTRY_A);
    assert_int_equal(may_fault(STALE_OURS, false, ACC_READ, VA, PF_U), STALE_NOT); /* P = 0 */
    poke(PT + 8, FREE | PAGE);
    assert_int_equal(goes_to(VA, NEW), STALE_NOT); /* A = 0: no walk of ours has used it */
    assert_int_equal(explain(STALE_THEIRS, true, ACC_READ, VA, 0, (struct wanted){KIND_OK, NEW, 0}), STALE_TLB);
    poke(PT + 8, UINT64_C(1) << 45 | NEW | PAGE); /* reserved: MAXPHYADDR is 40 */
    poke(PT + 8, 0);
    assert_int_equal(may_fault(STALE_OURS, false, ACC_READ, VA, PF_P | PF_U | PF_RSVD), STALE_NOT);
}

/* A table is taken into use, above which nothing led to it while it held the old value. */
static void a_table_that_was_not_reachable(void **state)
{
    (void)state;
    poke(PDPT + 8, PD | TABLE); /* another region through the same tables */
    poke(PT + 8, NEW | PAGE);
    control(CTL_MOV_CR3, ROOT, 0);
    poke(PT + 8, FREE | PAGE); /* NEW was there since the flush */
    poke(PD + 8, 0x7000 | TABLE);
    poke(PD + 8, PT | TABLE); /* from here on the second megabytes lead to PT as well */
    assert_int_equal(goes_to(VA, NEW), STALE_TLB);
    assert_int_equal(goes_to(VA + 0x200000, NEW), STALE_NOT);
}

static void large_pages(void **state)
{
    (void)state;
    poke(PD + 8, 0x400000 | PAGE | ENTRY_PS);
    poke(PD + 8, 0x7000 | TABLE);
    assert_int_equal(goes_to(0x201000, 0x401000), STALE_TLB);
    assert_true(stale_fault(books, ++now, STALE_OURS, &regs, 0x201000));
    assert_int_equal(goes_to(0x203000, 0x403000), STALE_NOT);
    poke(PD + 8, 0x400000 | PAGE | ENTRY_PS);
    poke(PD + 8, 0x7000 | TABLE);
    control(CTL_INVLPG, 0x3ff000, 0);
    assert_int_equal(goes_to(0x201000, 0x401000), STALE_NOT);
}

static void amd_keeps_less(void **state)
{
    (void)state;
    poke(PD, 0);
    poke(PT + 8, NEW | PAGE);
    cpu.amd = true;
    regs.efer |= EFER_TCE;
    control(CTL_INVLPG, OTHER_REGION, 0);
    assert_int_equal(goes_to(VA, NEW), STALE_PSC);
    regs.efer &= ~EFER_TCE;
    control(CTL_INVLPG, OTHER_REGION, 0);
    poke(PT + 8, FREE | PAGE);
    assert_int_equal(goes_to(VA, FREE), STALE_NOT);
}

/* Whether A, or A and D, of the page's leaf need not be set again. */
static bool owes_nothing(uint64_t flags)
{
    const struct oracle_access access = {.va = VA, .user = true};
    struct oracle_result r;
    oracle_translate(pm, IMAGE_ORACLE, &cpu, &regs, &access, &r);
    assert_int_equal(r.steps, 4);
    return stale_owes_nothing(books, &regs, VA, ++now, &r, 3, flags);
}

static void flags_that_were_cleared(void **state)
{
    (void)state;
    assert_false(owes_nothing(ENTRY_A));
    poke(PT + 8, (OLD | PAGE) & ~ENTRY_A);
    assert_true(owes_nothing(ENTRY_A));
    poke(PT + 8, (OLD | PAGE) & ~(ENTRY_A | ENTRY_D));
    assert_true(owes_nothing(ENTRY_A | ENTRY_D));
    control(CTL_INVLPG, VA + 0x1000, 0);
    assert_true(owes_nothing(ENTRY_D));
    control(CTL_INVLPG, VA, 0);
    assert_false(owes_nothing(ENTRY_D));
    poke(PT + 8, OLD | PAGE);
    poke(PT + 8, (OLD | PAGE) & ~ENTRY_D);
    assert_true(owes_nothing(ENTRY_D));
    control(CTL_MOV_CR3, ROOT, 0);
    assert_false(owes_nothing(ENTRY_D));
}

/* Memory is bounded by what can still be cached. */
static void what_is_gone_is_forgotten(void **state)
{
    (void)state;
    for (unsigned i = 0; i < 200000; i++) {
        poke(PT + 8 * (i % 512), (OLD + (uint64_t)(i & 0xff) * 0x1000) | PAGE);
        if (i % 64 == 0)
            control(CTL_INVLPG, (uint64_t)(i % 512) << 12, 0);
        if (i % 1000 == 999)
            control(CTL_MOV_CR3, ROOT, 0);
    }
    assert_in_range(stale_kept(books), 1, 10000);
    poke(PT, OLD | GLOBAL_PAGE);
    poke(PT, 0);
    for (unsigned i = 0; i < 200000; i++) {
        poke(PT + 8 + 8 * (i % 256), (OLD + (uint64_t)(i & 0xff) * 0x1000) | PAGE);
        if (i % 1000 == 999)
            control(CTL_MOV_CR3, ROOT, 0);
    }
    assert_int_equal(goes_to(0, OLD), STALE_TLB); /* global: kept all the time */
    for (unsigned i = 0; i < 50000; i++)
        poke(PT + 16, (OLD + (uint64_t)(i & 0xff) * 0x1000) | PAGE); /* nothing is invalidated: nothing is forgotten */
    assert_in_range(stale_kept(books), 50000, 1000000);
    assert_int_equal(goes_to(VA + 0x1000, OLD + 0x7000), STALE_TLB);
}

int main(void)
{
    struct CMUnitTest tests[] = {
        cmocka_unit_test(until_its_address_is_invalidated),
        cmocka_unit_test(several_former_values),
        cmocka_unit_test(global_pages_outlive_mov_cr3),
        cmocka_unit_test(invlpg_reaches_global_pages),
        cmocka_unit_test(pcids_are_apart),
        cmocka_unit_test(a_pcid_with_another_root),
        cmocka_unit_test(paging_structure_caches),
        cmocka_unit_test(invpcid_of_an_address_keeps_other_tables),
        cmocka_unit_test(a_page_fault_drops_its_own),
        cmocka_unit_test(relaxed_rights),
        cmocka_unit_test(what_is_never_cached),
        cmocka_unit_test(a_table_that_was_not_reachable),
        cmocka_unit_test(large_pages),
        cmocka_unit_test(amd_keeps_less),
        cmocka_unit_test(flags_that_were_cleared),
        cmocka_unit_test(what_is_gone_is_forgotten),
    };
    for (size_t i = 0; i < sizeof tests / sizeof *tests; i++) {
        tests[i].setup_func = set_up;
        tests[i].teardown_func = tear_down;
    }
    return cmocka_run_group_tests(tests, NULL, NULL);
}
