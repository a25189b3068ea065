/* The architectural oracle: the walk, A and D, memory types, CR3; all expectations are worked out by hand. */
#include "oracle_chain.h"

static void walks_four_and_five_levels_to_every_page_size(void **state)
{
    (void)state;
    static const uint64_t pa[] = {0, 0x40000dcb, 0x401fedcb, 0x721fedcb};
    for (unsigned root = 4; root <= 5; root++)
        for (unsigned leaf = 1; leaf <= 3; leaf++) {
            struct machine m = build(root, leaf, 46);
            struct oracle_result r = ask(&m, VA, ACC_READ, true);
            assert_int_equal(r.kind, KIND_OK);
            assert_int_equal(r.addr, pa[leaf]);
            assert_int_equal(r.size, leaf - 1);
            assert_int_equal(r.steps, root - leaf + 1);
            for (unsigned i = 0; i < r.steps; i++) {
                assert_int_equal(r.step[i].level, root - i);
                assert_int_equal(r.step[i].pa, m.entry[root - i]);
            }
            physmem_free(m.pm);
        }
}

static void five_level_index_is_bits_56_to_48(void **state)
{
    (void)state;
    struct machine m = build(5, 1, 46);
    physmem_write(m.pm, 0x5000 + 8 * 0xa5, 0x4000 | P | RW | US | A);
    assert_int_equal(ask(&m, VA | (uint64_t)0xa5 << 48, ACC_READ, true).addr, 0x40000dcb);
    assert_int_equal(ask(&m, VA | (uint64_t)0xa4 << 48, ACC_READ, true).kind, KIND_PF);
    physmem_free(m.pm);
}

static void walk_reads_the_image_it_is_told(void **state)
{
    (void)state;
    struct machine m = build(4, 1, 46);
    physmem_write_image(m.pm, IMAGE_ORACLE, m.entry[1], 0x7000 | P | US);
    struct oracle_access access = {.va = VA, .acc = ACC_READ, .user = true};
    struct oracle_result r;
    oracle_translate(m.pm, IMAGE_ORACLE, &m.cpu, &m.regs, &access, &r);
    assert_int_equal(r.addr, 0x7dcb);
    physmem_free(m.pm);
}

/* After an allowed access A is set everywhere, D only in the leaf and only by a write. */
static void accessed_and_dirty(void **state)
{
    (void)state;
    for (unsigned leaf = 1; leaf <= 3; leaf++)
        for (unsigned acc = 0; acc < 3; acc++) {
            struct machine m = build(5, leaf, 46);
            for (unsigned level = leaf; level <= 5; level++)
                put(&m, level, physmem_read(m.pm, IMAGE_HW, m.entry[level]) & ~(uint64_t)(A | D));
            struct oracle_result r = ask(&m, VA, (uint8_t)acc, true);
            oracle_commit(m.pm, &r, false);
            for (unsigned level = leaf; level <= 5; level++) {
                uint64_t before = physmem_read(m.pm, IMAGE_HW, m.entry[level]);
                uint64_t after = physmem_read(m.pm, IMAGE_ORACLE, m.entry[level]);
                uint64_t set = A | (level == leaf && acc == ACC_WRITE ? D : 0);
                assert_int_equal(after, before | set);
                assert_int_equal(before & (A | D), 0);
                assert_true(r.step[5 - level].must_a);
                assert_false(r.step[5 - level].may_a);
                assert_int_equal(r.step[5 - level].must_d, level == leaf && acc == ACC_WRITE);
            }
            physmem_free(m.pm);
        }
}

static void bits_already_set_need_nothing(void **state)
{
    (void)state;
    struct machine m = build(4, 1, 46);
    struct oracle_result r = ask(&m, VA, ACC_WRITE, true);
    for (unsigned i = 0; i < r.steps; i++)
        assert_false(r.step[i].must_a || r.step[i].must_d || r.step[i].may_a);
    put(&m, 1, 0x40000000 | P | RW | US | A); /* A = 1, D = 0 */
    r = ask(&m, VA, ACC_WRITE, true);
    assert_false(r.step[3].must_a);
    assert_true(r.step[3].must_d);
    physmem_free(m.pm);
}

/* After a fault the entries passed may have A, the one that stopped the walk never, and D never. */
static void faults_set_at_most_accessed_above(void **state)
{
    (void)state;
    for (unsigned stop = 0; stop < 3; stop++) {
        struct machine m = build(4, 1, 46);
        for (unsigned level = 2; level <= 4; level++)
            put(&m, level, physmem_read(m.pm, IMAGE_HW, m.entry[level]) & ~(uint64_t)A);
        static const uint64_t leaf[] = {0, (uint64_t)1 << 48 | P | RW | US, 0x40000000 | P | US};
        put(&m, 1, leaf[stop]);
        put(&m, 3, physmem_read(m.pm, IMAGE_HW, m.entry[3]) | A);
        struct oracle_result r = ask(&m, VA, ACC_WRITE, true);
        assert_int_equal(r.kind, KIND_PF);
        oracle_commit(m.pm, &r, false);
        uint64_t pa, hw, oracle;
        assert_false(physmem_compare(m.pm, UINT64_MAX, &pa, &hw, &oracle));
        assert_true(r.step[0].may_a && !r.step[1].may_a && r.step[2].may_a && !r.step[3].may_a);
        oracle_commit(m.pm, &r, true);
        assert_int_equal(physmem_read(m.pm, IMAGE_ORACLE, m.entry[4]) & (A | D), A);
        assert_int_equal(physmem_read(m.pm, IMAGE_ORACLE, m.entry[2]) & (A | D), A);
        assert_int_equal(physmem_read(m.pm, IMAGE_ORACLE, m.entry[1]), leaf[stop]);
        physmem_free(m.pm);
    }
}

/* Rights that only a large leaf denies: A of that leaf stays as it is, whatever the access. */
static void a_failed_access_leaves_the_leaf_alone(void **state)
{
    (void)state;
    for (unsigned leaf = 1; leaf <= 3; leaf++) {
        struct machine m = build(4, leaf, 46);
        put(&m, leaf, (get(&m, leaf) & ~(uint64_t)(A | D | RW | US)) | XD);
        for (unsigned acc = 0; acc < 3; acc++) {
            struct oracle_result r = ask(&m, VA, (uint8_t)acc, true);
            assert_int_equal(r.kind, KIND_PF);
            const struct oracle_step *last = &r.step[r.steps - 1];
            assert_false(last->must_a || last->may_a || last->must_d);
        }
        physmem_free(m.pm);
    }
}

/* A PML4E that points at its own table: the walk reads one word four times, and A and D meet in it. */
static void one_entry_may_serve_several_levels(void **state)
{
    (void)state;
    struct physmem *pm = physmem_new(46);
    struct machine m = {.pm = pm, .cpu = {.paddr_bits = 46}, .regs = {.cr0 = WP, .cr3 = 0x4000, .efer = NXE}};
    uint64_t va = 0xfffffffffffff000; /* index 511 four times */
    physmem_write(pm, 0x4ff8, 0x4000 | P | RW);
    struct oracle_result r = ask(&m, va, ACC_WRITE, false);
    assert_int_equal(r.kind, KIND_OK);
    assert_int_equal(r.addr, 0x4000);
    oracle_commit(pm, &r, false);
    assert_int_equal(physmem_read(pm, IMAGE_ORACLE, 0x4ff8), 0x4000 | P | RW | A | D);
    physmem_free(pm);
}

/* 4*PAT + 2*PCD + PWT; PAT is bit 7 of a PTE and bit 12 of a larger leaf. */
static void pat_index_of_the_leaf(void **state)
{
    (void)state;
    for (unsigned leaf = 1; leaf <= 3; leaf++)
        for (unsigned index = 0; index < 8; index++) {
            struct machine m = build(4, leaf, 46);
            uint64_t value = physmem_read(m.pm, IMAGE_HW, m.entry[leaf]);
            uint64_t pat = leaf == 1 ? 1 << 7 : 1 << 12;
            put(&m, leaf, value | (index & 1 ? PWT : 0) | (index & 2 ? PCD : 0) | (index & 4 ? pat : 0));
            put(&m, 4, physmem_read(m.pm, IMAGE_HW, m.entry[4]) | PWT | PCD); /* upper entries do not count */
            struct oracle_result r = ask(&m, VA, ACC_READ, true);
            assert_int_equal(r.kind, KIND_OK);
            assert_int_equal(r.pat, index);
            assert_int_equal(r.addr & 0x1000, VA & (leaf == 1 ? 0 : 0x1000));
            physmem_free(m.pm);
        }
}

/* The memory type of the page: byte i of IA32_PAT; all UC while CR0.CD = 1. */
static void memory_type_of_the_page(void **state)
{
    (void)state;
    static const uint8_t type[] = {MT_WP, MT_UC, MT_WB, MT_WC, MT_UC_MINUS, MT_WT, MT_UC, MT_WB};
    struct machine m = build(4, 1, 46);
    m.regs.pat = 0x0600040701060005;
    for (unsigned index = 0; index < 8; index++) {
        put(&m, 1, 0x40000000 | P | RW | US | (index & 1 ? PWT : 0) | (index & 2 ? PCD : 0) | (index & 4 ? 1 << 7 : 0));
        m.regs.cr0 = WP;
        struct oracle_result r = ask(&m, VA, ACC_EXECUTE, true);
        assert_int_equal(r.pat, index);
        assert_int_equal(r.mt, type[index]);
        m.regs.cr0 = WP | CD;
        r = ask(&m, VA, ACC_EXECUTE, true);
        assert_int_equal(r.pat, index);
        assert_int_equal(r.mt, MT_UC);
    }
    put(&m, 1, 0x40000000 | P | PWT);
    assert_int_equal(ask(&m, VA, ACC_WRITE, true).mt, 0); /* a fault has none */
    physmem_free(m.pm);
}

/* A table is read with PCD and PWT of what points to it: CR3 (unless CR4.PCIDE = 1) or the entry above; never with
 * PAT's high half. */
static void memory_type_of_the_tables(void **state)
{
    (void)state;
    static const uint8_t type[] = {MT_WB, MT_WT, MT_UC_MINUS, MT_UC}; /* the reset value of IA32_PAT */
    struct machine m = build(5, 1, 46);
    for (unsigned index = 0; index < 4; index++) {
        uint64_t bits = (index & 1 ? PWT : 0) | (index & 2 ? PCD : 0);
        m.regs.cr3 = 0x5000 | bits;
        for (unsigned pcide = 0; pcide < 2; pcide++) {
            m.regs.cr4 = LA57 | (pcide ? PCIDE : 0);
            struct oracle_result r = ask(&m, VA, ACC_READ, true);
            assert_int_equal(r.step[0].mt, pcide ? MT_WB : type[index]);
            assert_int_equal(r.step[1].mt, MT_WB);
        }
        for (unsigned level = 2; level <= 5; level++) {
            uint64_t value = get(&m, level);
            put(&m, level, value | bits | (uint64_t)1 << 12 * (level == 2)); /* bit 12 is address here, not PAT */
            struct oracle_result r = ask(&m, VA, ACC_READ, true);
            for (unsigned i = 0; i + 1 < r.steps; i++)
                assert_int_equal(r.step[i + 1].mt, r.step[i].level == level ? type[index] : MT_WB);
            put(&m, level, value);
        }
        put(&m, 1, (get(&m, 1) & ~(uint64_t)(PWT | PCD)) | bits);
        assert_int_equal(ask(&m, VA, ACC_READ, true).step[4].mt, MT_WB); /* the leaf's own bits are the page's */
        m.regs.cr0 = WP | CD;
        assert_int_equal(ask(&m, VA, ACC_READ, true).step[4].mt, MT_UC);
        m.regs.cr0 = WP;
    }
    physmem_free(m.pm);
}

/* Ignored bits restrict nothing and are kept. */
static void ignored_bits_are_ignored(void **state)
{
    (void)state;
    struct machine m = build(4, 1, 46);
    uint64_t ignored = (uint64_t)0x7ff << 52 | 0xe00 | G;
    for (unsigned level = 2; level <= 4; level++)
        put(&m, level, physmem_read(m.pm, IMAGE_HW, m.entry[level]) | ignored | D);
    put(&m, 1, (0x40000000 | P | RW | US | ignored));
    struct oracle_result r = ask(&m, VA, ACC_WRITE, true);
    assert_int_equal(r.kind, KIND_OK);
    assert_int_equal(r.addr, 0x40000dcb);
    oracle_commit(m.pm, &r, false);
    assert_int_equal(physmem_read(m.pm, IMAGE_ORACLE, m.entry[1]), 0x40000000 | P | RW | US | A | D | ignored);
    physmem_free(m.pm);
}

/* CR3's low 12 bits are PCID or cache bits, its high bits are beyond the CPU: never address. */
static void cr3_base_is_bits_m_to_12(void **state)
{
    (void)state;
    struct machine m = build(4, 1, 36);
    m.regs.cr4 = PCIDE;
    for (unsigned i = 0; i < 12; i++) {
        m.regs.cr3 = 0x4000 | 1u << i;
        check_ok(&m, ACC_READ, true);
    }
    m.regs.cr4 = 0;
    m.regs.cr3 = 0x4018;
    check_ok(&m, ACC_READ, true);
    m.regs.cr3 = 0x4000 | (uint64_t)1 << 40;
    check_ok(&m, ACC_READ, true);
    physmem_free(m.pm);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(walks_four_and_five_levels_to_every_page_size),
        cmocka_unit_test(five_level_index_is_bits_56_to_48),
        cmocka_unit_test(walk_reads_the_image_it_is_told),
        cmocka_unit_test(accessed_and_dirty),
        cmocka_unit_test(bits_already_set_need_nothing),
        cmocka_unit_test(faults_set_at_most_accessed_above),
        cmocka_unit_test(one_entry_may_serve_several_levels),
        cmocka_unit_test(pat_index_of_the_leaf),
        cmocka_unit_test(memory_type_of_the_page),
        cmocka_unit_test(memory_type_of_the_tables),
        cmocka_unit_test(a_failed_access_leaves_the_leaf_alone),
        cmocka_unit_test(ignored_bits_are_ignored),
        cmocka_unit_test(cr3_base_is_bits_m_to_12),
    };
    return cmocka_run_group_tests_name("oracle", tests, NULL, NULL);
}
