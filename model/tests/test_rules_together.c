/* Rights together: R/W, U/S and XD of every level at once; and everything against a second formulation, in which for
 * each combination of page, access and registers the error code is worked out from a list of things that must not be.
 */
#include "oracle_chain.h"

static void rights_truth_table_by_hand(void **state)
{
    (void)state;
    struct machine m = build(4, 1, 46);
    put(&m, 1, 0x40000000 | P | US | A); /* read-only user page, executable */
    check_ok(&m, ACC_READ, true);
    check_ok(&m, ACC_EXECUTE, true);
    check_fault(&m, ACC_WRITE, true, 7, 4);
    check_fault(&m, ACC_WRITE, false, 3, 4);
    m.regs.cr0 = 0; /* WP = 0 lets the supervisor write, not the user */
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
static unsigned expected_basic(const uint64_t *entries, unsigned count, uint8_t acc, bool user, bool wp, bool nxe)
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
                    unsigned err = expected_basic(entries, count, acc, user, wp, nxe);
                    if (r.err != err || r.kind != (err ? KIND_PF : KIND_OK))
                        fail_msg(
                            "root %u leaf %u rights %o acc %u user %d wp %d nxe %d: error code 0x%x, expected 0x%x",
                            root, leaf, combination, acc, user, wp, nxe, r.err, err);
                }
            }
            physmem_free(m.pm);
        }
}

struct page {
    bool w_leaf, w_above, u, nx, d;
};

struct setting {
    bool wp, nxe, smep, smap, pke, pks, cet;
    bool ad_u, wd_u, ad_s, wd_s; /* the key's bits in PKRU and IA32_PKRS */
};

/* 5.6 and 5.7 once more. */
static unsigned expected_error(const struct page *p, const struct setting *s, const struct oracle_access *a)
{
    bool supervisor = !a->user || a->imp, fetch = a->acc == ACC_EXECUTE, write = a->acc == ACC_WRITE;
    bool ss = a->ss && s->cet && !fetch;
    bool w = p->w_leaf && p->w_above;
    bool stack_page = p->w_above && !p->w_leaf && p->d;
    unsigned own = write * 2u + !supervisor * 4u + (fetch && (s->nxe || s->smep)) * 16u + ss * 64u;
    if (p->nx && !s->nxe)
        return own | 1 | 8;

    bool key;
    if (fetch)
        key = false;
    else if (p->u)
        key = s->pke && (s->ad_u || (s->wd_u && write && !(supervisor && !s->wp)));
    else
        key = s->pks && (s->ad_s || (s->wd_s && write && s->wp));

    const bool wrong[] = {
        !supervisor && !p->u,
        supervisor && fetch && s->smep && p->u,
        supervisor && !fetch && !ss && s->smap && p->u && !(a->ac && !a->imp),
        fetch && p->nx,
        write && !ss && !w && !(supervisor && !s->wp),
        ss && !stack_page,
        ss && supervisor == p->u,
        key,
    };
    for (unsigned i = 0; i < sizeof wrong / sizeof *wrong; i++)
        if (wrong[i])
            return own | 1 | key * 32u;
    return 0;
}

static void set_page(struct machine *m, const struct page *p)
{
    put(m, 1, (uint64_t)3 << 59 | 0x40000000 | P | A | (p->w_leaf ? RW : 0) | US | (p->d ? D : 0));
    put(m, 2, 0x1000 | P | A | (p->w_above ? RW : 0) | US | (p->nx ? XD : 0));
    put(m, 3, 0x2000 | P | A | RW | (p->u ? US : 0));
}

static void set_registers(struct machine *m, const struct setting *s)
{
    m->regs.cr0 = s->wp ? WP : 0;
    m->regs.efer = s->nxe ? NXE : 0;
    m->regs.cr4 = (s->smep ? SMEP : 0) | (s->smap ? SMAP : 0) | (s->pke ? PKE : 0) | (s->pks ? PKS : 0) |
                  (s->cet ? CET : 0);
    m->regs.pkru = (s->ad_u ? 1u << 6 : 0) | (s->wd_u ? 2u << 6 : 0);
    m->regs.pkrs = (s->ad_s ? 1u << 6 : 0) | (s->wd_s ? 2u << 6 : 0);
}

static void every_page_access_and_setting(void **state)
{
    (void)state;
    struct machine m = build(4, 1, 46);
    unsigned allowed = 0, forbidden = 0;
    for (unsigned i = 0; i < 32; i++) {
        struct page p = {.w_leaf = i & 1, .w_above = i & 2, .u = i & 4, .nx = i & 8, .d = i & 16};
        set_page(&m, &p);
        for (unsigned j = 0; j < 1 << 11; j++) {
            struct setting s = {.wp = j & 1,
                                .nxe = j & 2,
                                .smep = j & 4,
                                .smap = j & 8,
                                .pke = j & 16,
                                .pks = j & 32,
                                .cet = j & 64,
                                .ad_u = j & 128,
                                .wd_u = j & 256,
                                .ad_s = j & 512,
                                .wd_s = j & 1024};
            set_registers(&m, &s);
            for (unsigned k = 0; k < 48; k++) {
                struct oracle_access a =
                    {.va = VA, .acc = (uint8_t)(k / 16), .user = k & 1, .imp = k & 2, .ac = k & 4, .ss = k & 8};
                struct oracle_result r = ask_of(&m, &a);
                unsigned err = expected_error(&p, &s, &a);
                if (r.err != err || r.kind != (err ? KIND_PF : KIND_OK))
                    fail_msg("page 0x%x setting 0x%x access 0x%x: error code 0x%x, expected 0x%x", i, j, k, r.err, err);
                err ? forbidden++ : allowed++;
            }
        }
    }
    assert_true(allowed > 100000 && forbidden > 100000);
    physmem_free(m.pm);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(rights_truth_table_by_hand),
        cmocka_unit_test(all_rights_of_all_levels),
        cmocka_unit_test(every_page_access_and_setting),
    };
    return cmocka_run_group_tests_name("oracle rules together", tests, NULL, NULL);
}
