/* What is done to a linear address before paging: canonicality, and linear-address masking (LAM). */
#include "oracle_chain.h"

/* 48-bit: the edges of the hole are 00007fff_ffffffff and ffff8000_00000000; 57-bit: 00ffffff_… and ff000000_…. */
static void canonical_edges(void **state)
{
    (void)state;
    static const struct {
        uint64_t va;
        bool ok48, ok57;
    } edge[] = {
        {0, true, true},
        {0x00007fffffffffff, true, true},
        {0x0000800000000000, false, true},
        {0x00ffffffffffffff, false, true},
        {0x0100000000000000, false, false},
        {0x7fffffffffffffff, false, false},
        {0x8000000000000000, false, false},
        {0xfeffffffffffffff, false, false},
        {0xff00000000000000, false, true},
        {0xffff7fffffffffff, false, true},
        {0xffff800000000000, true, true},
        {0xffffffffffffffff, true, true},
        {0x8000000000000000 | 0x1000, false, false},
    };
    for (unsigned root = 4; root <= 5; root++) {
        struct machine m = build(root, 1, 46);
        for (unsigned i = 0; i < sizeof edge / sizeof *edge; i++) {
            struct oracle_result r = ask(&m, edge[i].va, ACC_WRITE, true);
            bool ok = root == 5 ? edge[i].ok57 : edge[i].ok48;
            assert_int_equal(r.kind, ok ? KIND_PF : KIND_GP);
            assert_int_equal(r.err, ok ? PF_W | PF_U : 0);
            assert_int_equal(r.steps > 0, ok);
        }
        physmem_free(m.pm);
    }
}

/* The edges hold for every kind of access; CR2 does not change, and no entry is read. */
static void a_non_canonical_address_is_never_a_page_fault(void **state)
{
    (void)state;
    struct machine m = build(4, 1, 46);
    m.regs.cr4 |= CET | SMEP | SMAP | PKE | PKS;
    for (unsigned k = 0; k < 48; k++) {
        struct oracle_access a = {.va = VA | (uint64_t)1 << 50,
                                  .acc = (uint8_t)(k / 16),
                                  .user = k & 1,
                                  .imp = k & 2,
                                  .ac = k & 4,
                                  .ss = k & 8};
        struct oracle_result r = ask_of(&m, &a);
        assert_int_equal(r.kind, KIND_GP);
        assert_int_equal(r.err, 0);
        assert_int_equal(r.addr, 0);
        assert_int_equal(r.steps, 0);
    }
    physmem_free(m.pm);
}

/* One pointer under one mode. gp: it is #GP; else what paging sees, which is CR2 as nothing is mapped there. */
struct lam_row {
    const char *what;
    uint64_t cr3, cr4, va, seen;
    struct oracle_access access;
    bool gp;
};

#define DATA {.acc = ACC_READ, .user = true}
#define SUPERVISOR {.acc = ACC_WRITE}
#define FETCH {.acc = ACC_EXECUTE, .user = true}
#define IMPLICIT {.acc = ACC_READ, .user = true, .imp = true}

static void check_lam(const struct lam_row *row, unsigned count)
{
    for (; count; row++, count--) {
        struct machine m = {.pm = physmem_new(46), .cpu = full_cpu};
        m.regs = (struct oracle_regs){.cr3 = 0x4000 | row->cr3, .cr4 = row->cr4, .efer = NXE, .pat = PAT};
        struct oracle_access access = row->access;
        access.va = row->va;
        struct oracle_result r = ask_of(&m, &access);
        if (r.kind != (row->gp ? KIND_GP : KIND_PF) || r.addr != row->seen)
            fail_msg("%s: 0x%llx is seen as 0x%llx (kind %u), expected 0x%llx", row->what, (unsigned long long)row->va,
                     (unsigned long long)r.addr, r.kind, (unsigned long long)row->seen);
        physmem_free(m.pm);
    }
}

static void masking_of_user_pointers(void **state)
{
    (void)state;
    static const struct lam_row rows[] = {
        {"off", 0, 0, 0x4000000000001234, 0, DATA, true},
        {"U48, tag in 62:48", LAM_U48, 0, 0x7fff400000001234, 0x400000001234, DATA, .gp = false},
        {"U48, lowest tag bit", LAM_U48, 0, 0x0001400000001234, 0x400000001234, DATA, .gp = false},
        {"U48, bit 47 is 1", LAM_U48, 0, 0x0000800000001234, 0, DATA, true},
        {"U48, no tag", LAM_U48, 0, 0x400000001234, 0x400000001234, DATA, .gp = false},
        {"U57, tag in 62:57", LAM_U57, 0, 0x7e00400000001234, 0x400000001234, DATA, .gp = false},
        {"U57, 4 levels: bit 48 is no tag", LAM_U57, 0, 0x0001400000001234, 0, DATA, true},
        {"U57, 4 levels: bit 47 is no tag", LAM_U57, 0, 0x7e00800000001234, 0, DATA, true},
        {"U57, bit 56 is 1", LAM_U57, 0, 0x0100400000001234, 0, DATA, true},
        {"U57 goes before U48", LAM_U57 | LAM_U48, 0, 0x0001400000001234, 0, DATA, true},
        {"both, tag of U57", LAM_U57 | LAM_U48, 0, 0x7e00400000001234, 0x400000001234, DATA, .gp = false},
        {"U57, 5 levels", LAM_U57, LA57, 0x7e80400000001234, 0x0080400000001234, DATA, .gp = false},
        {"U57, 5 levels, bit 56 is 1", LAM_U57, LA57, 0x0180400000001234, 0, DATA, true},
        {"U48, 5 levels: 62:48 are masked", LAM_U48, LA57, 0x7f80400000001234, 0x400000001234, DATA, .gp = false},
        {"U48, 5 levels: canonical, but bit 47 is 1", LAM_U48, LA57, 0x0000800000001234, 0, DATA, true},
        {"bit 63 chooses, not the mode", LAM_U48, 0, 0x7fff400000001234, 0x400000001234, SUPERVISOR, .gp = false},
        {"LAM_SUP is not for them", 0, LAM_SUP, 0x7fff400000001234, 0, SUPERVISOR, true},
        {"not for fetches", LAM_U48, 0, 0x7fff400000001234, 0, FETCH, true},
        {"a fetch, no tag", LAM_U48, 0, 0x400000001234, 0x400000001234, FETCH, .gp = false},
        {"not for implicit accesses", LAM_U48, 0, 0x7fff400000001234, 0, IMPLICIT, true},
    };
    check_lam(rows, sizeof rows / sizeof *rows);
}

static void masking_of_supervisor_pointers(void **state)
{
    (void)state;
    static const struct lam_row rows[] = {
        {"off", LAM_U48 | LAM_U57, 0, 0x8000c00000001234, 0, SUPERVISOR, true},
        {"4 levels, tag in 62:48", 0, LAM_SUP, 0x8000c00000001234, 0xffffc00000001234, SUPERVISOR, .gp = false},
        {"4 levels, one tag bit 0", 0, LAM_SUP, 0xfffec00000001234, 0xffffc00000001234, SUPERVISOR, .gp = false},
        {"4 levels, bit 47 is 0", 0, LAM_SUP, 0xffff400000001234, 0, SUPERVISOR, true},
        {"5 levels, tag in 62:57", 0, LAM_SUP | LA57, 0x8142c00000001234, 0xff42c00000001234, SUPERVISOR, .gp = false},
        {"5 levels, bit 56 is 0", 0, LAM_SUP | LA57, 0xfe00c00000001234, 0, SUPERVISOR, true},
        {"bit 63 chooses, not the mode", 0, LAM_SUP, 0x8000c00000001234, 0xffffc00000001234, DATA, .gp = false},
        {"not for fetches", 0, LAM_SUP, 0x8000c00000001234, 0, FETCH, true},
        {"not for implicit accesses", 0, LAM_SUP, 0x8000c00000001234, 0, IMPLICIT, true},
    };
    check_lam(rows, sizeof rows / sizeof *rows);
}

/* The masked address is what the walk and the physical address come from. */
static void a_masked_address_is_translated(void **state)
{
    (void)state;
    struct machine m = build(4, 1, 46);
    m.regs.cr3 |= LAM_U48;
    struct oracle_access access = {.va = VA | (uint64_t)0x5a5a << 48, .acc = ACC_READ, .user = true};
    struct oracle_result r = ask_of(&m, &access);
    assert_int_equal(r.kind, KIND_OK);
    assert_int_equal(r.addr, 0x40000dcb);
    assert_int_equal(r.step[0].pa, m.entry[4]); /* CR3's bit 62 is no address */
    physmem_free(m.pm);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(canonical_edges),
        cmocka_unit_test(a_non_canonical_address_is_never_a_page_fault),
        cmocka_unit_test(masking_of_user_pointers),
        cmocka_unit_test(masking_of_supervisor_pointers),
        cmocka_unit_test(a_masked_address_is_translated),
    };
    return cmocka_run_group_tests_name("oracle addresses", tests, NULL, NULL);
}
