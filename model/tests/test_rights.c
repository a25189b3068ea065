/* Rights, reserved bits, error codes and cached words (section 6): the SDM's table, and all of it written out another
 * way. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "cycle/rights.h"
#include "rights_table.h"

static struct registers registers_of(unsigned regs, uint32_t pkru, uint32_t pkrs)
{
    return (struct registers){.wp = regs & WP,
                              .nxe = regs & NXE,
                              .smep = regs & SMEP,
                              .smap = regs & SMAP,
                              .pke = regs & PKE,
                              .pks = regs & PKS,
                              .cet = regs & CET,
                              .pkru = pkru,
                              .pkrs = pkrs};
}

static void the_table(void **state)
{
    (void)state;
    for (unsigned i = 0; i < RIGHTS_ROWS; i++) {
        const struct rights_row *row = &rights_table[i];
        const struct registers r = registers_of(row->regs, row->pkru, row->pkrs);
        const bool allowed = has_access(accesses_allowed(row->page, KEY, &r), row->access);
        const unsigned err = error_code_of_rights(row->page, KEY, row->access, &r);
        if (allowed != !row->err || (row->err && err != row->err)) {
            print_error("%s: allowed %u, error code %x\n", row->clause, allowed, err);
            fail();
        }
    }
}

/* SDM 3A 5.6.2 as a list of sentences. */
static bool key_forbids(unsigned page, unsigned a, const struct registers *r)
{
    const bool user = (a & CPL3) && !(a & IMP), write = (a & 3) == WR;
    if ((a & 3) == EX)
        return false;
    if (page & US)
        return r->pke && ((r->pkru & AD) || ((r->pkru & WD) && write && (user || r->wp)));
    return r->pks && ((r->pkrs & AD) || ((r->pkrs & WD) && write && r->wp));
}

/* SDM 3A 5.6.1, one access at a time. */
static bool may(unsigned page, unsigned a, const struct registers *r)
{
    const bool user = (a & CPL3) && !(a & IMP);
    if (key_forbids(page, a, r))
        return false;
    if ((a & 3) == EX)
        return (user ? !!(page & US) : !((page & US) && r->smep)) && !((page & XD) && r->nxe);
    if ((a & SS) && r->cet)
        return (page & SP) && user == !!(page & US);
    if (user && !(page & US))
        return false;
    if (!user && (page & US) && r->smap && ((a & IMP) || !(a & AC)))
        return false;
    return (a & 3) == RD || (page & RW) || (!user && !r->wp);
}

static void all_of_it(void **state)
{
    (void)state;
    for (unsigned regs = 0; regs < 128; regs++)
        for (unsigned key = 0; key < 16; key++) {
            const uint32_t pkru = (uint32_t)(key & 3) << 2 * KEY, pkrs = (uint32_t)(key >> 2) << 2 * KEY;
            const struct registers r = registers_of(regs, pkru | OTHER_KEYS, pkrs | OTHER_KEYS);
            for (unsigned page = 0; page < 16; page++) {
                if ((page & SP) && (page & RW))
                    continue;
                for (unsigned a = 0; a < 64; a++) {
                    if ((a & 3) == 3)
                        continue;
                    assert_int_equal(has_access(accesses_allowed(page, KEY, &r), a), may(page, a, &r));
                    assert_int_equal(!!(error_code_of_rights(page, KEY, a, &r) & PF_PK), key_forbids(page, a, &r));
                }
            }
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
    for (unsigned a = 0; a < 64; a++) {
        assert_int_equal(has_access(without_update(~DATA_D), a), (a & 3) != WR);
        assert_true(has_access(without_update(DATA_D), a));
    }
}

/* Those of faults that are not of rights: never PK; SS and U/S as for any other. */
static void error_codes_of_walks(void **state)
{
    (void)state;
    const struct registers all = registers_of(WP | NXE | PKE | PKS | CET, ~0u, ~0u), none = registers_of(0, ~0u, ~0u);
    const struct registers smep = registers_of(SMEP, 0, 0);
    assert_int_equal(error_code(0, RD, &all), 0);
    assert_int_equal(error_code(PF_P | PF_RSVD, RD, &all), 0x09);
    assert_int_equal(error_code(PF_P | PF_RSVD, WR | CPL3, &all), 0x0f);
    assert_int_equal(error_code(0, EX | CPL3, &all), 0x14);
    assert_int_equal(error_code(0, EX | CPL3, &none), 0x04);
    assert_int_equal(error_code(0, EX | CPL3, &smep), 0x14);
    assert_int_equal(error_code(0, WR | CPL3 | IMP, &all), 0x02);
    assert_int_equal(error_code(0, WR | CPL3 | SS, &all), 0x46);
    assert_int_equal(error_code(PF_P | PF_RSVD, RD | SS, &all), 0x49);
    assert_int_equal(error_code(0, WR | CPL3 | SS, &none), 0x06);
}

/* SDM 3A 5.6.1: a read-only, dirty leaf below tables that are all writable. */
static void shadow_stack_pages(void **state)
{
    (void)state;
    for (unsigned above = 0; above < 8; above++)
        for (unsigned own = 0; own < 4; own++) {
            const uint64_t leaf = PTE_P | PTE_U | (own & 1 ? PTE_W : 0) | (own & 2 ? PTE_D : 0);
            assert_int_equal(!!(rights_of_page(above, leaf) & RIGHT_S), CFG_ARCH_CET && (above & 1) && own == 2);
            assert_int_equal(rights_of_page(above, leaf) & 7, rights_combine(above, leaf));
            const uint64_t data = rights_to_data(rights_of_page(above, leaf));
            assert_int_equal(data_rights(data), rights_of_page(above, leaf));
            assert_int_equal(data >> 51, CFG_ARCH_CET && (above & 1) && own == 2);
        }
}

static bool reserved_by_the_book(unsigned bit, unsigned level, bool ps, bool nxe)
{
    if (bit >= CFG_ARCH_PADDR_BITS && bit <= 51)
        return true;
    if (bit == 63)
        return !nxe;
    if (bit == 8 && level >= 4)
        return CFG_ARCH_AMD; /* APM vol 2, 5.3 */
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
    struct cached c = leaf_to_cached(pte | flags | PTE_PS, 1, RIGHT_W | RIGHT_NX, va, 0x7ab,
                                     true); /* bit 7 is PAT here */
    assert_int_equal(c.tag, 1 | 0u << 1 | 1u << 3 | 0x7abu << 4 | (va >> 12 & BITS(44, 0)) << 16);
    assert_int_equal(c.data, pte >> 12 | 5ull << 40 | 1ull << 43 | 6ull << 44 | 5ull << 47);
    c = leaf_to_cached((pte & ~BITS(20, 0)) | flags | PTE_PS | 1ull << 12, 2, RIGHT_U, va, 1, false);
    assert_int_equal(c.tag, 1 | 1u << 1 | 0u << 3 | 1u << 4 | (va >> 21 << 9 & BITS(44, 0)) << 16);
    assert_int_equal(c.data, (pte & ~BITS(20, 0)) >> 12 | 2ull << 40 | 1ull << 43 | 6ull << 44 | 5ull << 47);
    c = leaf_to_cached(pte | flags, 1, RIGHT_U | RIGHT_S, va, 1, true);
    assert_int_equal(c.data, pte >> 12 | 2ull << 40 | 1ull << 43 | 2ull << 44 | 5ull << 47 | 1ull << 51);
    c = table_to_cached(pte | flags | 3ull << 3, 3, RIGHT_U, va, 2); /* {0, PCD, PWT} */
    assert_int_equal(c.tag, 1 | 1u << 1 | 2u << 4 | (va >> 30 << 18 & BITS(44, 0)) << 16);
    assert_int_equal(c.data, pte >> 12 | 2ull << 40 | 3ull << 44);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_table),
        cmocka_unit_test(all_of_it),
        cmocka_unit_test(rights_of_all_levels_combine),
        cmocka_unit_test(dirty_is_for_writes_only),
        cmocka_unit_test(error_codes_of_walks),
        cmocka_unit_test(shadow_stack_pages),
        cmocka_unit_test(reserved_bits),
        cmocka_unit_test(cached_words),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
