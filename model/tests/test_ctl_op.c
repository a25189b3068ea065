/* Control operations on the registers alone: every #GP rule, what is written, what is to be invalidated (section 13).
 *
 * Bit numbers are those of SDM 3A 2.5 and 2.2.1, written out here once more. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "cycle/ctl_op.h"

#define BIT(n) (1ull << (n))
#define PG BIT(31)
#define WP BIT(16)
#define PAE BIT(5)

enum { CR0 = CTL_MOV_CR0, CR3 = CTL_MOV_CR3, CR4 = CTL_MOV_CR4, EFER = CTL_WRMSR_EFER };

/* What a test starts from: 64-bit paging with WP = 1. */
static struct registers start(void)
{
    struct registers r = {.pat = PAT_AT_RESET, .cr3 = 0x5000, .wp = true};
    registers_derive(&r);
    return r;
}

static bool same(const struct registers *a, const struct registers *b)
{
    return a->cr3 == b->cr3 && a->pat == b->pat && a->pkru == b->pkru && a->pkrs == b->pkrs && a->wp == b->wp &&
           a->cd == b->cd && a->pse == b->pse && a->pge == b->pge && a->la57 == b->la57 && a->pcide == b->pcide &&
           a->smep == b->smep && a->smap == b->smap && a->pke == b->pke && a->cet == b->cet && a->pks == b->pks &&
           a->lam_sup == b->lam_sup && a->nxe == b->nxe && a->tce == b->tce && a->pcid == b->pcid &&
           a->root_pat == b->root_pat && memcmp(a->mt, b->mt, sizeof a->mt) == 0 &&
           memcmp(a->lam, b->lam, sizeof a->lam) == 0;
}

/* The operation raises #GP(0), and does nothing else. */
#define REFUSED(r, op, data, desc)                                            \
    do {                                                                      \
        struct registers after_ = (r);                                        \
        const struct ctl_effect e_ = ctl_op_execute(&after_, op, data, desc); \
        assert_true(e_.gp);                                                   \
        assert_int_equal(e_.what, INV_NONE);                                  \
        assert_true(same(&after_, &(r)));                                     \
    } while (0)

/* It does not, and invalidates this. Writes *r. */
#define DONE(r, op, data, desc, want)                                      \
    do {                                                                   \
        const struct ctl_effect e_ = ctl_op_execute(&(r), op, data, desc); \
        assert_false(e_.gp);                                               \
        assert_int_equal(e_.what, want);                                   \
    } while (0)

static void mov_cr0(void **state)
{
    (void)state;
    struct registers r = start();
    DONE(r, CR0, PG, 0, INV_NONE);
    assert_false(r.wp || r.cd);
    DONE(r, CR0, PG | WP | BIT(30), 0, INV_NONE);
    assert_true(r.wp && r.cd);
    assert_int_equal(r.mt[0], MT_UC);
    DONE(r, CR0, WP, 0, INV_ALL); /* SDM 3A 5.10.4.1: PG to 0 */
    assert_true(r.wp && !r.cd);
    assert_int_equal(r.mt[0], MT_WB);
    r.cet = true; /* SDM 3A 2.5: CET needs WP */
    REFUSED(r, CR0, PG, 0);
    DONE(r, CR0, PG | WP, 0, INV_NONE);
    r = start();
    r.pcide = true; /* SDM 3A 5.10.1 */
    REFUSED(r, CR0, WP, 0);
    DONE(r, CR0, PG, 0, INV_NONE);
}

static void mov_cr3(void **state)
{
    (void)state;
    for (unsigned bit = 0; bit < 64; bit++) {
        struct registers r = start();
        const bool refused = (bit >= CFG_ARCH_PADDR_BITS && bit <= 60) || ((bit == 61 || bit == 62) && !CFG_ARCH_LAM) ||
                             bit == 63;
        if (refused) {
            REFUSED(r, CR3, BIT(bit), 0);
        } else {
            DONE(r, CR3, BIT(bit), 0, INV_NONGLOBAL);
            assert_int_equal(r.cr3, BIT(bit));
            assert_int_equal(r.pcid, 0);
        }
    }
    struct registers r = start();
    r.pcide = true;
    struct ctl_effect e = ctl_op_execute(&r, CR3, 0x7000 | 0xabc, 0);
    assert_true(!e.gp && e.what == INV_NONGLOBAL && e.pcid == 0xabc); /* the new one's */
    assert_int_equal(r.pcid, 0xabc);
    DONE(r, CR3, 0x8000 | 0x123 | BIT(63), 0, INV_NONE);
    assert_int_equal(r.cr3, 0x8123); /* bit 63 is not kept */
    REFUSED(r, CR3, BIT(60) | BIT(63), 0);
}

static void mov_cr4_refuses(void **state)
{
    (void)state;
    const struct {
        unsigned bit;
        bool there;
    } features[] = {
        {12, CFG_ARCH_LA57}, {17, CFG_ARCH_PCID}, {20, true},  {21, true},         {22, CFG_ARCH_PKU},
        {23, CFG_ARCH_CET},  {24, CFG_ARCH_PKS},  {27, false}, {28, CFG_ARCH_LAM},
    };
    struct registers r;
    for (unsigned i = 0; i < sizeof features / sizeof *features; i++) {
        r = start();
        if (!features[i].there) {
            REFUSED(r, CR4, PAE | BIT(features[i].bit), 0);
            continue;
        }
        assert_false(ctl_op_execute(&r, CR4, PAE | BIT(features[i].bit), 0).gp);
        const bool bits[] = {r.la57, r.pcide, r.smep, r.smap, r.pke, r.cet, r.pks, false, r.lam_sup};
        for (unsigned j = 0; j < sizeof bits / sizeof *bits; j++)
            assert_int_equal(bits[j], i == j);
        REFUSED(r, CR4, BIT(features[i].bit), 0); /* PAE = 0 */
    }
    if (CFG_ARCH_PCID) { /* SDM 3A 5.10.1: PCIDE 0 to 1 needs CR3[11:0] = 0 */
        for (unsigned bit = 0; bit < 12; bit++) {
            r = start();
            r.cr3 |= BIT(bit);
            REFUSED(r, CR4, PAE | BIT(17), 0);
            r.pcide = true; /* it is 1 already */
            DONE(r, CR4, PAE | BIT(17), 0, INV_NONE);
        }
    }
    if (CFG_ARCH_CET) {
        r = start();
        r.wp = false;
        REFUSED(r, CR4, PAE | BIT(23), 0);
    }
}

/* MOV CR4 from `was` to `is`, but for PAE. */
static void cr4_changes(uint64_t was, uint64_t is, enum invalidation want)
{
    struct registers r = start();
    assert_false(ctl_op_execute(&r, CR4, PAE | was, 0).gp);
    r.cr3 |= r.pcide ? 0x77 : 0;
    registers_derive(&r);
    const struct ctl_effect e = ctl_op_execute(&r, CR4, PAE | is, 0);
    assert_false(e.gp);
    assert_int_equal(e.what, want);
    if (want == INV_CONTEXT)
        assert_int_equal(e.pcid, r.pcide ? 0x77 : 0);
}

static void mov_cr4_invalidates(void **state)
{
    (void)state;
    const uint64_t PSE = BIT(4), PGE = BIT(7), LA57 = BIT(12), PCIDE = BIT(17), SMEP = BIT(20), SMAP = BIT(21),
                   PKE = BIT(22);
    cr4_changes(0, PGE, INV_ALL);
    cr4_changes(PGE, 0, INV_ALL);
    cr4_changes(PGE, PGE, INV_NONE);
    cr4_changes(0, SMEP, INV_CONTEXT);
    cr4_changes(SMEP, 0, INV_NONE);
    cr4_changes(SMEP, SMEP, INV_NONE);
    cr4_changes(0, SMEP | PGE, INV_ALL);
    cr4_changes(0, SMAP, INV_NONE);
    cr4_changes(SMAP, 0, INV_NONE);
    cr4_changes(0, PSE, CFG_ARCH_AMD ? INV_ALL : INV_NONE);
    cr4_changes(PSE, 0, CFG_ARCH_AMD ? INV_ALL : INV_NONE);
    if (CFG_ARCH_LA57) {
        cr4_changes(0, LA57, INV_ALL);
        cr4_changes(LA57, 0, INV_ALL);
    }
    if (CFG_ARCH_PCID) {
        cr4_changes(0, PCIDE, INV_NONE);
        cr4_changes(PCIDE, 0, INV_ALL);
        cr4_changes(PCIDE, PCIDE | SMEP, INV_CONTEXT);
    }
    if (CFG_ARCH_PKU) {
        cr4_changes(0, PKE, CFG_ARCH_AMD ? INV_ALL : INV_NONE);
        cr4_changes(PKE, 0, INV_NONE);
    }
    if (CFG_ARCH_PKS)
        cr4_changes(0, BIT(24), INV_NONE);
    if (CFG_ARCH_CET)
        cr4_changes(0, BIT(23), INV_NONE);
    if (CFG_ARCH_LAM)
        cr4_changes(0, BIT(28), INV_NONE);
}

static void wrmsr_efer(void **state)
{
    (void)state;
    struct registers r = start();
    DONE(r, EFER, BIT(11), 0, INV_ALL);
    assert_true(r.nxe && !r.tce);
    DONE(r, EFER, BIT(11) | BIT(8) | BIT(10), 0, INV_NONE);
    REFUSED(r, EFER, BIT(11) | BIT(20), 0); /* UAIE */
    if (CFG_ARCH_AMD) {
        DONE(r, EFER, BIT(11) | BIT(15), 0, INV_NONE);
        assert_true(r.nxe && r.tce);
        DONE(r, EFER, BIT(11), 0, INV_NONE);
        assert_false(r.tce);
    } else {
        REFUSED(r, EFER, BIT(11) | BIT(15), 0);
    }
    DONE(r, EFER, 0, 0, INV_ALL);
    assert_false(r.nxe);
}

static void invlpg_never_refuses(void **state)
{
    (void)state;
    struct registers r = start();
    DONE(r, CTL_INVLPG, 0x7fffffffffff, 0, INV_ADDRESS);
    DONE(r, CTL_INVLPG, 0xffff800000000000, 0, INV_ADDRESS);
    DONE(r, CTL_INVLPG, 0x800000000000, 0, INV_NONE);
    DONE(r, CTL_INVLPG, 0x00ff000000000000, 0, INV_NONE);
    r.cr3 |= BIT(61) | BIT(62); /* no masking here */
    registers_derive(&r);
    DONE(r, CTL_INVLPG, 0x7e00000000001000, 0, INV_NONE);
    if (CFG_ARCH_LA57) {
        r.la57 = true;
        DONE(r, CTL_INVLPG, 0x00ff000000000000, 0, INV_ADDRESS);
        DONE(r, CTL_INVLPG, 0x0100000000000000, 0, INV_NONE);
    }
}

static void invpcid(void **state)
{
    (void)state;
    static const enum invalidation what[] = {INV_TARGET, INV_NONGLOBAL, INV_ALL, INV_ALL_NONGLOBAL};
    for (unsigned type = 0; type < 4; type++) {
        const unsigned op = CTL_INVPCID_ADDRESS + type;
        struct registers r = start();
        DONE(r, op, 0x1000, 0, what[type]);
        for (unsigned bit = 0; bit < 64; bit++) {
            r.pcide = false;
            registers_derive(&r);
            if (bit >= 12 || type < 2)
                REFUSED(r, op, 0x1000, BIT(bit)); /* reserved, or a PCID with PCIDE = 0 */
            else
                DONE(r, op, 0x1000, BIT(bit), what[type]);
            r.pcide = true;
            registers_derive(&r);
            if (bit >= 12) {
                REFUSED(r, op, 0x1000, BIT(bit));
                continue;
            }
            const struct ctl_effect e = ctl_op_execute(&r, op, 0x1000, BIT(bit));
            assert_true(!e.gp && e.what == what[type] && (type > 1 || e.pcid == BIT(bit)));
        }
        if (type == 0) /* the address counts with type 0 only */
            REFUSED(r, op, BIT(47), 0);
        else
            DONE(r, op, BIT(47), 0, what[type]);
        if (type == 0 && CFG_ARCH_LA57) {
            r.la57 = true;
            DONE(r, op, BIT(47), 0, INV_TARGET);
            REFUSED(r, op, BIT(56), 0);
        }
    }
}

static void keys_and_types(void **state)
{
    (void)state;
    struct registers r = start();
    DONE(r, CTL_WRPKRU, 0xfedcba98, 0, INV_NONE);
    assert_int_equal(r.pkru, 0xfedcba98);
    assert_int_equal(r.pkrs, 0);
    if (CFG_ARCH_PKS) {
        DONE(r, CTL_WRMSR_PKRS, 0x89abcdef, 0, INV_NONE);
        assert_int_equal(r.pkrs, 0x89abcdef);
        assert_int_equal(r.pkru, 0xfedcba98);
    } else {
        REFUSED(r, CTL_WRMSR_PKRS, 0, 0);
    }
    for (unsigned bit = 32; bit < 64; bit++) {
        REFUSED(r, CTL_WRPKRU, BIT(bit), 0);
        REFUSED(r, CTL_WRMSR_PKRS, BIT(bit), 0);
    }
    DONE(r, CTL_WRMSR_PAT, 0x0001040506070406, 0, INV_NONE);
    assert_int_equal(r.pat, 0x0001040506070406);
    assert_int_equal(r.mt[3], MT_WB);
    for (unsigned i = 0; i < 8; i++)
        for (unsigned type = 0; type < 256; type++) {
            const uint64_t pat = (0x0606060606060606 & ~((uint64_t)0xff << 8 * i)) | (uint64_t)type << 8 * i;
            const bool legal = type == 0 || type == 1 || type == 4 || type == 5 || type == 6 || type == 7;
            if (legal)
                DONE(r, CTL_WRMSR_PAT, pat, 0, INV_NONE);
            else
                REFUSED(r, CTL_WRMSR_PAT, pat, 0);
        }
}

static void reserved_codes_do_nothing(void **state)
{
    (void)state;
    for (unsigned op = CTL_OPS; op < 16; op++) {
        struct registers r = start();
        const struct registers was = r;
        DONE(r, op, ~0ull, ~0ull, INV_NONE);
        assert_true(same(&r, &was));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(mov_cr0),
        cmocka_unit_test(mov_cr3),
        cmocka_unit_test(mov_cr4_refuses),
        cmocka_unit_test(mov_cr4_invalidates),
        cmocka_unit_test(wrmsr_efer),
        cmocka_unit_test(invlpg_never_refuses),
        cmocka_unit_test(invpcid),
        cmocka_unit_test(keys_and_types),
        cmocka_unit_test(reserved_codes_do_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
