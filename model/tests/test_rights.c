/* Rights, canonical addresses, reserved bits and error codes (section 6): the whole truth table, written out another way. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "cycle/rights.h"

/* SDM 3A 5.6.1 as a list of sentences. */
static bool may(unsigned acc, bool user, bool w, bool u, bool nx, bool wp, bool nxe)
{
    if (user && !u)
        return false;
    switch (acc) {
    case ACC_READ:
        return true;
    case ACC_WRITE:
        return user ? w : (w || !wp);
    default:
        return nxe ? !nx : true;
    }
}

static void rights_truth_table(void **state)
{
    (void)state;
    for (unsigned bits = 0; bits < 64; bits++)
        for (unsigned acc = ACC_READ; acc <= ACC_EXECUTE; acc++) {
            const bool w = bits & 1, u = bits & 2, nx = bits & 4, wp = bits & 8, nxe = bits & 16, user = bits & 32;
            const struct registers r = {.wp = wp, .nxe = nxe};
            assert_int_equal(rights_pass(bits & 7, acc, user, &r), may(acc, user, w, u, nx, wp, nxe));
        }
}

static void rights_of_all_levels_combine(void **state)
{
    (void)state;
    for (unsigned above = 0; above < 8; above++)
        for (unsigned own = 0; own < 8; own++) {
            const uint64_t pte = PTE_P | (own & 1 ? PTE_W : 0) | (own & 2 ? PTE_U : 0) | (own & 4 ? PTE_XD : 0);
            const unsigned want = (above & own & 3) | ((above | own) & 4);
            assert_int_equal(rights_combine(above, pte), want);
        }
}

static void dirty_is_for_writes_only(void **state)
{
    (void)state;
    assert_true(needs_dirty(0, ACC_WRITE));
    assert_false(needs_dirty(DATA_D, ACC_WRITE));
    assert_false(needs_dirty(0, ACC_READ));
    assert_false(needs_dirty(0, ACC_EXECUTE));
}

static void error_codes(void **state)
{
    (void)state;
    const struct registers nxe = {.nxe = true}, no = {.nxe = false};
    assert_int_equal(error_code(0, ACC_READ, false, &nxe), 0);
    assert_int_equal(error_code(PF_P, ACC_WRITE, true, &nxe), 7);
    assert_int_equal(error_code(PF_P | PF_RSVD, ACC_READ, false, &nxe), 9);
    assert_int_equal(error_code(0, ACC_EXECUTE, true, &nxe), 0x14);
    assert_int_equal(error_code(0, ACC_EXECUTE, true, &no), 4);
}

static void canonical_addresses(void **state)
{
    (void)state;
    for (unsigned top = 0; top < 1u << 17; top++) { /* VA[63:47] */
        const uint64_t va = (uint64_t)top << 47 | 0x123456789abcull >> 1;
        assert_int_equal(is_canonical(va & ~0ull, false), top == 0 || top == 0x1ffff);
        if (CFG_ARCH_LA57)
            assert_int_equal(is_canonical(va, true), top >> 9 == 0 || top >> 9 == 0xff);
    }
}

static bool reserved_by_the_book(unsigned bit, unsigned level, bool ps, bool nxe)
{
    if (bit >= CFG_ARCH_PADDR_BITS && bit <= 51)
        return true;
    if (bit == 63)
        return !nxe;
    if (bit == 7 || !ps)
        return false; /* PS itself is tried by the caller */
    return (level == 2 && bit >= 13 && bit <= 20) || (level == 3 && bit >= 13 && bit <= 29);
}

static void reserved_bits(void **state)
{
    (void)state;
    for (unsigned level = 1; level <= 5; level++)
        for (unsigned ps = 0; ps < 2; ps++)
            for (unsigned nxe = 0; nxe < 2; nxe++) {
                const uint64_t base = PTE_P | (ps ? PTE_PS : 0);
                const bool ps_reserved = ps && (level >= 4 || (level == 3 && !CFG_ARCH_PAGE_1G));
                assert_int_equal(pte_has_reserved(base, level, nxe), ps_reserved);
                for (unsigned bit = 8; bit < 64; bit++)
                    assert_int_equal(pte_has_reserved(base | 1ull << bit, level, nxe),
                                     ps_reserved || reserved_by_the_book(bit, level, ps && level <= 3, nxe));
            }
}

static void cached_words(void **state)
{
    (void)state;
    const uint64_t pte = 0x0000000040201000ull & BITS(CFG_ARCH_PADDR_BITS - 1, 12);
    const uint64_t flags = PTE_P | PTE_W | PTE_A | PTE_D | PTE_G | 2ull << 3 | 5ull << 59;
    const uint64_t va = 0xffff812345678abcull;
    struct cached c = leaf_to_cached(pte | flags | PTE_PS, 1, RIGHT_W | RIGHT_NX, va, 0x7ab, true); /* bit 7 is PAT here */
    assert_int_equal(c.tag, 1 | 0u << 1 | 1u << 3 | 0x7abu << 4 | (va >> 12 & BITS(44, 0)) << 16);
    assert_int_equal(c.data, pte >> 12 | 5ull << 40 | 1ull << 43 | 6ull << 44 | 5ull << 47);
    c = leaf_to_cached((pte & ~BITS(20, 0)) | flags | PTE_PS | 1ull << 12, 2, RIGHT_U, va, 1, false);
    assert_int_equal(c.tag, 1 | 1u << 1 | 0u << 3 | 1u << 4 | (va >> 21 << 9 & BITS(44, 0)) << 16);
    assert_int_equal(c.data, (pte & ~BITS(20, 0)) >> 12 | 2ull << 40 | 1ull << 43 | 6ull << 44 | 5ull << 47);
    c = table_to_cached(pte | flags, 3, RIGHT_U, va, 2);
    assert_int_equal(c.tag, 1 | 1u << 1 | 2u << 4 | (va >> 30 << 18 & BITS(44, 0)) << 16);
    assert_int_equal(c.data, pte >> 12 | 2ull << 40);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(rights_truth_table),  cmocka_unit_test(rights_of_all_levels_combine),
        cmocka_unit_test(dirty_is_for_writes_only), cmocka_unit_test(error_codes),
        cmocka_unit_test(canonical_addresses), cmocka_unit_test(reserved_bits),
        cmocka_unit_test(cached_words),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
