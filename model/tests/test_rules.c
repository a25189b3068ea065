/* The rules on one access: presence, reserved bits, access rights; truth tables by hand and a second formulation of the rights. */
#include "oracle_chain.h"

/* S19: an entry with P = 0 decides whatever its other bits are; the error code has P = 0 and the access's own bits. */
static void not_present_at_every_level(void **state)
{
    (void)state;
    for (unsigned root = 4; root <= 5; root++)
        for (unsigned level = 1; level <= root; level++) {
            struct machine m = build(root, 1, 46);
            put(&m, level, ~(uint64_t)P);
            unsigned steps = root - level + 1;
            check_fault(&m, ACC_READ, false, 0, steps);
            check_fault(&m, ACC_READ, true, 4, steps);
            check_fault(&m, ACC_WRITE, false, 2, steps);
            check_fault(&m, ACC_WRITE, true, 6, steps);
            check_fault(&m, ACC_EXECUTE, true, 0x14, steps);
            m.regs.efer = 0; /* without NXE the I/D bit stays 0 (but XD is ignored here, as P = 0) */
            check_fault(&m, ACC_EXECUTE, true, 4, steps);
            physmem_free(m.pm);
        }
}

/* S15-S17, bit by bit: which single bit, set in an otherwise good entry of each kind, is reserved. */
static bool reserved_by_hand(unsigned bit, unsigned level, bool large, unsigned m_bits, bool nxe, bool page_1g)
{
    if (bit == 63)
        return !nxe;
    if (bit >= m_bits && bit <= 51)
        return true;
    if (bit == 7 && level == 3 && page_1g && !large)
        return true; /* now a leaf, in which bit 13 of the table address 0x2000 is reserved */
    if (bit == 7)
        return level == 4 || level == 5 || (level == 3 && !page_1g);
    if (large && level == 2)
        return bit >= 13 && bit <= 20;
    if (large && level == 3)
        return bit >= 13 && bit <= 29;
    return false;
}

static void reserved_bits_at_every_level(void **state)
{
    (void)state;
    static const unsigned width[] = {36, 46, 52};
    for (unsigned w = 0; w < 3; w++)
        for (unsigned leaf = 1; leaf <= 3; leaf++)
            for (unsigned level = leaf; level <= 5; level++)
                for (unsigned bit = 1; bit < 64; bit++)
                    for (unsigned variant = 0; variant < 4; variant++) {
                        bool nxe = variant & 1, page_1g = variant & 2;
                        if (leaf == 3 && !page_1g)
                            continue;
                        struct machine m = build(5, leaf, width[w]);
                        m.cpu.page_1g = page_1g;
                        m.regs.efer = nxe ? NXE : 0;
                        uint64_t value = physmem_read(m.pm, IMAGE_HW, m.entry[level]);
                        put(&m, level, value | (uint64_t)1 << bit);
                        struct oracle_result r = ask(&m, VA, ACC_READ, true);
                        if (reserved_by_hand(bit, level, level == leaf && leaf > 1, width[w], nxe, page_1g)) {
                            assert_int_equal(r.kind, KIND_PF);
                            assert_int_equal(r.err, 0xd); /* P, U, RSVD */
                            assert_int_equal(r.steps, 5 - level + 1);
                        } else {
                            assert_int_equal(r.err & 8, 0);
                        }
                        physmem_free(m.pm);
                    }
}

/* S5, apart from everything else: the table address 0x1000 has no bit that a leaf's alignment could make reserved. */
static void page_size_is_reserved_above_the_pdpte(void **state)
{
    (void)state;
    for (unsigned level = 4; level <= 5; level++) {
        struct machine m = build(5, 1, 46);
        put(&m, level, 0x1000 | P | RW | US | A | PS);
        check_fault(&m, ACC_READ, true, 0xd, 5 - level + 1);
        physmem_free(m.pm);
    }
}

static void reserved_error_code_carries_the_access(void **state)
{
    (void)state;
    struct machine m = build(4, 2, 46);
    put(&m, 3, (uint64_t)1 << 50 | 0x2000 | P | RW | US);
    check_fault(&m, ACC_READ, false, 0x09, 2);
    check_fault(&m, ACC_WRITE, false, 0x0b, 2);
    check_fault(&m, ACC_WRITE, true, 0x0f, 2);
    check_fault(&m, ACC_EXECUTE, true, 0x1d, 2);
    physmem_free(m.pm);
}

/* S20: rights are judged only after the walk: a lower P = 0 or reserved bit beats a missing right above. */
static void a_failing_walk_beats_rights(void **state)
{
    (void)state;
    struct machine m = build(4, 1, 46);
    put(&m, 4, 0x3000 | P | XD); /* no write, no user, no execute */
    put(&m, 1, 0);
    check_fault(&m, ACC_WRITE, true, 6, 4);
    check_fault(&m, ACC_EXECUTE, true, 0x14, 4);
    put(&m, 1, (uint64_t)1 << 46 | P | RW | US);
    check_fault(&m, ACC_WRITE, true, 0xf, 4);
    put(&m, 2, 0); /* and the upper of two failures decides */
    check_fault(&m, ACC_WRITE, true, 6, 3);
    physmem_free(m.pm);
}

static void rights_truth_table_by_hand(void **state)
{
    (void)state;
    struct machine m = build(4, 1, 46);
    put(&m, 1, 0x40000000 | P | US | A); /* read-only user page, executable */
    check_ok(&m, ACC_READ, true);
    check_ok(&m, ACC_EXECUTE, true);
    check_fault(&m, ACC_WRITE, true, 7, 4);
    check_fault(&m, ACC_WRITE, false, 3, 4);
    m.regs.cr0 = 0; /* S25: WP = 0 lets the supervisor write, not the user */
    check_ok(&m, ACC_WRITE, false);
    check_fault(&m, ACC_WRITE, true, 7, 4);
    m.regs.cr0 = WP;

    put(&m, 1, 0x40000000 | P | RW | A | XD); /* supervisor data page */
    check_ok(&m, ACC_READ, false);
    check_ok(&m, ACC_WRITE, false);
    check_fault(&m, ACC_EXECUTE, false, 0x11, 4);
    check_fault(&m, ACC_READ, true, 5, 4);
    check_fault(&m, ACC_WRITE, true, 7, 4);
    check_fault(&m, ACC_EXECUTE, true, 0x15, 4);

    put(&m, 1, 0x40000000 | P | RW | US | A); /* user page: without SMEP and SMAP the supervisor may do everything */
    check_ok(&m, ACC_READ, false);
    check_ok(&m, ACC_WRITE, false);
    check_ok(&m, ACC_EXECUTE, false);
    physmem_free(m.pm);
}

/* A second formulation of 5.6.1: masks of the three bits over all entries, and one expression for each access. */
static unsigned expected_error(const uint64_t *entries, unsigned count, uint8_t acc, bool user, bool wp, bool nxe)
{
    uint64_t all = UINT64_MAX, any = 0;
    for (unsigned i = 0; i < count; i++) {
        all &= entries[i];
        any |= entries[i];
    }
    unsigned own = (acc == ACC_WRITE ? 2u : 0) + (user ? 4u : 0) + (acc == ACC_EXECUTE && nxe ? 16u : 0);
    if (any >> 63 && !nxe)
        return own | 9;
    bool ok = !(user && !(all & US));
    if (acc == ACC_WRITE && !(all & RW) && (user || wp))
        ok = false;
    if (acc == ACC_EXECUTE && any >> 63)
        ok = false;
    return ok ? 0 : own | 1;
}

static void all_rights_of_all_levels(void **state)
{
    (void)state;
    for (unsigned root = 4; root <= 5; root++)
        for (unsigned leaf = 1; leaf <= 3; leaf++) {
            struct machine m = build(root, leaf, 46);
            unsigned count = root - leaf + 1;
            uint64_t base[5], entries[5];
            for (unsigned i = 0; i < count; i++)
                base[i] = physmem_read(m.pm, IMAGE_HW, m.entry[leaf + i]) & ~(uint64_t)(RW | US);
            for (unsigned combination = 0; combination < 1u << 3 * count; combination++) {
                for (unsigned i = 0; i < count; i++) {
                    unsigned bits = combination >> 3 * i & 7;
                    entries[i] = base[i] | (bits & 1 ? RW : 0) | (bits & 2 ? US : 0) | (bits & 4 ? XD : 0);
                    put(&m, leaf + i, entries[i]);
                }
                for (unsigned c = 0; c < 24; c++) {
                    bool user = c & 1, wp = c & 2, nxe = c & 4;
                    uint8_t acc = (uint8_t)(c / 8);
                    m.regs.cr0 = wp ? WP : 0;
                    m.regs.efer = nxe ? NXE : 0;
                    struct oracle_result r = ask(&m, VA, acc, user);
                    unsigned err = expected_error(entries, count, acc, user, wp, nxe);
                    if (r.err != err || r.kind != (err ? KIND_PF : KIND_OK))
                        fail_msg("root %u leaf %u rights %o acc %u user %d wp %d nxe %d: error code 0x%x, expected 0x%x", root, leaf,
                                 combination, acc, user, wp, nxe, r.err, err);
                }
            }
            physmem_free(m.pm);
        }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(not_present_at_every_level),
        cmocka_unit_test(reserved_bits_at_every_level),
        cmocka_unit_test(page_size_is_reserved_above_the_pdpte),
        cmocka_unit_test(reserved_error_code_carries_the_access),
        cmocka_unit_test(a_failing_walk_beats_rights),
        cmocka_unit_test(rights_truth_table_by_hand),
        cmocka_unit_test(all_rights_of_all_levels),
    };
    return cmocka_run_group_tests_name("oracle rules", tests, NULL, NULL);
}
