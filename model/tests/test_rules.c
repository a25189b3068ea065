/* The rules on one entry: presence, reserved bits, and what comes first. The rights are in test_rules_rights.c. */
#include "oracle_chain.h"

/* An entry with P = 0 decides whatever its other bits are; the error code has P = 0 and the access's own bits. */
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

/* Bit by bit: which single bit, set in an otherwise good entry of each kind, is reserved. */
static bool reserved_by_hand(unsigned bit, unsigned level, bool large, const struct oracle_cpu *cpu, bool nxe)
{
    if (bit == 63)
        return !nxe;
    if (bit >= cpu->paddr_bits && bit <= 51)
        return true;
    if (bit == 8)
        return cpu->amd && level >= 4;
    if (bit == 7 && level == 3 && cpu->page_1g && !large)
        return true; /* now a leaf, in which bit 13 of the table address 0x2000 is reserved */
    if (bit == 7)
        return level == 4 || level == 5 || (level == 3 && !cpu->page_1g);
    if (large && level == 2)
        return bit >= 13 && bit <= 20;
    if (large && level == 3)
        return bit >= 13 && bit <= 29;
    return false;
}

/* One entry of the walk with every single bit set in turn. */
static void check_bits_of_entry(struct machine *m, unsigned leaf, unsigned level)
{
    uint64_t value = get(m, level);
    for (unsigned bit = 1; bit < 64; bit++) {
        put(m, level, value | (uint64_t)1 << bit);
        struct oracle_result r = ask(m, VA, ACC_READ, true);
        bool reserved = reserved_by_hand(bit, level, level == leaf && leaf > 1, &m->cpu, m->regs.efer & NXE);
        if (reserved && (r.kind != KIND_PF || r.err != 0xd || r.steps != 5 - level + 1)) /* P, U, RSVD */
            fail_msg("M=%u leaf %u: bit %u at level %u must be reserved", m->cpu.paddr_bits, leaf, bit, level);
        if (!reserved && r.err & 8)
            fail_msg("M=%u leaf %u: bit %u at level %u must not be reserved", m->cpu.paddr_bits, leaf, bit, level);
    }
    put(m, level, value);
}

static void reserved_bits_at_every_level_and_width(void **state)
{
    (void)state;
    for (unsigned leaf = 1; leaf <= 3; leaf++) {
        struct machine m = build(5, leaf, 52);
        for (unsigned level = leaf; level <= 5; level++)
            for (m.cpu.paddr_bits = 36; m.cpu.paddr_bits <= 52; m.cpu.paddr_bits++)
                for (unsigned variant = 0; variant < 8; variant++) {
                    m.cpu.page_1g = variant & 1 || leaf == 3;
                    m.cpu.amd = variant & 2;
                    m.regs.efer = variant & 4 ? NXE : 0;
                    check_bits_of_entry(&m, leaf, level);
                }
        physmem_free(m.pm);
    }
}

/* AMD only: bit 8 of PML4E and PML5E; below it is ignored, and in a leaf it is G. */
static void bit_8_is_reserved_by_amd_only(void **state)
{
    (void)state;
    for (unsigned level = 1; level <= 5; level++)
        for (unsigned amd = 0; amd < 2; amd++) {
            struct machine m = build(5, 1, 46);
            m.cpu.amd = amd;
            put(&m, level, get(&m, level) | G);
            if (amd && level >= 4)
                check_fault(&m, ACC_WRITE, false, 0xb, 5 - level + 1);
            else
                check_ok(&m, ACC_WRITE, false);
            physmem_free(m.pm);
        }
}

/* A large leaf does not depend on CR4.PSE; without 1-GByte pages a PDPTE with PS = 1 is a reserved-bit fault. */
static void large_pages_need_no_pse(void **state)
{
    (void)state;
    for (unsigned leaf = 2; leaf <= 3; leaf++) {
        struct machine m = build(4, leaf, 46);
        check_ok(&m, ACC_READ, true);
        m.regs.cr4 |= PSE;
        check_ok(&m, ACC_READ, true);
        m.cpu.page_1g = false;
        if (leaf == 3)
            check_fault(&m, ACC_READ, true, 0xd, 2);
        else
            check_ok(&m, ACC_READ, true);
        physmem_free(m.pm);
    }
}

/* Apart from everything else: the table address 0x1000 has no bit that a leaf's alignment could make reserved. */
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

/* Rights are judged only after the walk: a lower P = 0 or reserved bit beats a missing right above. */
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

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(not_present_at_every_level),
        cmocka_unit_test(reserved_bits_at_every_level_and_width),
        cmocka_unit_test(bit_8_is_reserved_by_amd_only),
        cmocka_unit_test(large_pages_need_no_pse),
        cmocka_unit_test(page_size_is_reserved_above_the_pdpte),
        cmocka_unit_test(reserved_error_code_carries_the_access),
        cmocka_unit_test(a_failing_walk_beats_rights),
    };
    return cmocka_run_group_tests_name("oracle rules", tests, NULL, NULL);
}
