/* What the registers make of an address: canonical or not, masked by LAM; and what is derived from them (sections 3,
 * 6). */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "cycle/registers.h"

static void canonical_addresses(void **state)
{
    (void)state;
    for (unsigned top = 0; top < 1u << 17; top++) { /* VA[63:47] */
        const uint64_t va = (uint64_t)top << 47 | 0x123456789abcull >> 1;
        assert_int_equal(is_canonical(va, false), top == 0 || top == 0x1ffff);
        if (CFG_ARCH_LA57)
            assert_int_equal(is_canonical(va, true), top >> 9 == 0 || top >> 9 == 0xff);
    }
}

enum { U57 = 1, U48 = 2, SUP = 4, LA57 = 8, REFUSED = 0 };

/* SDM 3A 4.4. `masked` REFUSED: not canonical. */
static const struct {
    unsigned regs;
    uint64_t va, masked;
} lam_table[] = {
    /* No LAM: nothing is masked, whatever pointer it is. */
    {0, 0x7fff000012345678, 0x7fff000012345678},
    {0, 0x8000ffff12345678, 0x8000ffff12345678},
    /* LAM48 of user pointers: 62:48 ignored, 63 against 47. */
    {U48, 0x7fff000012345678, 0x0000000012345678},
    {U48, 0x00007fff12345678, 0x00007fff12345678},
    {U48, 0x0001000012345678, 0x0000000012345678},
    {U48, 0x0000800012345678, REFUSED},
    {U48, 0x7fff800012345678, REFUSED},
    {U48, 0xffff800012345678, 0xffff800012345678}, /* not a user pointer */
    {U48, 0x8000ffff12345678, 0x8000ffff12345678},
    {U48 | LA57, 0x00ab000012345678, 0x0000000012345678},
    /* LAM57 of user pointers: 62:57 ignored, 63 against 56. */
    {U57, 0x7e00000012345678, 0x0000000012345678},
    {U57, 0x7f00000012345678, REFUSED},
    {U57, 0x7e80000012345678, 0x0080000012345678}, /* 55:47 stay for the check that follows */
    {U57 | LA57, 0x42ab000012345678, 0x00ab000012345678},
    {U57 | LA57, 0x43ab000012345678, REFUSED},
    {U57 | U48 | LA57, 0x42ab000012345678, 0x00ab000012345678}, /* U57 counts */
    {U57 | U48, 0x0001000012345678, 0x0001000012345678},
    /* Supervisor pointers: by CR4.LAM_SUP, as wide as the paging mode. */
    {SUP, 0x8000800012345678, 0xffff800012345678},
    {SUP, 0xbeef912345678abc, 0xffff912345678abc},
    {SUP, 0xffff000012345678, REFUSED},
    {SUP, 0x7fff000012345678, 0x7fff000012345678}, /* not a supervisor pointer */
    {SUP | LA57, 0x8100000012345678, 0xff00000012345678},
    {SUP | LA57, 0x80ff000012345678, REFUSED},
    {SUP | LA57, 0xffff000012345678, 0xffff000012345678},
    {U57 | U48 | LA57, 0x8100000012345678, 0x8100000012345678},
};

static void linear_address_masking(void **state)
{
    (void)state;
    for (unsigned i = 0; i < sizeof lam_table / sizeof *lam_table; i++) {
        const unsigned regs = lam_table[i].regs;
        struct registers r = {.cr3 = 0x1000 | (regs & U57 ? 1ull << 61 : 0) | (regs & U48 ? 1ull << 62 : 0),
                              .lam_sup = regs & SUP,
                              .la57 = regs & LA57};
        registers_derive(&r);
        uint64_t va = lam_table[i].va;
        assert_int_equal(lam_mask(&va, &r), lam_table[i].masked != REFUSED);
        assert_int_equal(va, lam_table[i].masked != REFUSED ? lam_table[i].masked : lam_table[i].va);
    }
}

/* SDM 3A 13.12: the table of IA32_PAT; our choice: CR0.CD = 1 uncaches everything. */
static void memory_types(void **state)
{
    (void)state;
    struct registers r = {.pat = 0x0007040600070406};
    static const uint8_t after_reset[] = {MT_WB, MT_WT, MT_UC_MINUS, MT_UC, MT_WB, MT_WT, MT_UC_MINUS, MT_UC};
    registers_derive(&r);
    assert_memory_equal(r.mt, after_reset, sizeof after_reset);
    static const uint8_t other[] = {MT_WC, MT_WP, MT_UC, MT_WB, MT_UC_MINUS, MT_WT, MT_WC, MT_WP};
    r.pat = 0x0501040706000501;
    registers_derive(&r);
    assert_memory_equal(r.mt, other, sizeof other);
    r.cd = true;
    registers_derive(&r);
    for (unsigned i = 0; i < 8; i++)
        assert_int_equal(r.mt[i], MT_UC);
}

/* SDM 3A 5.9.2, 5.10.1: CR3[11:0] is a PCID, or holds PCD and PWT of the root table. */
static void the_low_bits_of_cr3(void **state)
{
    (void)state;
    struct registers r = {.cr3 = 0x5000 | 0x7e7 | 2 << 3}; /* PCD = 1, PWT = 0 */
    registers_derive(&r);
    assert_int_equal(r.pcid, 0);
    assert_int_equal(r.root_pat, 2);
    r.cr3 = 0x5000 | 1 << 3;
    registers_derive(&r);
    assert_int_equal(r.root_pat, 1);
    r.cr3 = 0x5000 | 0x7f8;
    r.pcide = true;
    registers_derive(&r);
    assert_int_equal(r.pcid, 0x7f8);
    assert_int_equal(r.root_pat, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(canonical_addresses),
        cmocka_unit_test(linear_address_masking),
        cmocka_unit_test(memory_types),
        cmocka_unit_test(the_low_bits_of_cr3),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
