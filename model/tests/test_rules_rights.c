/* The rights of one access, tables by hand: access modes, WP, SMEP, SMAP, protection keys, shadow stacks.
 * Expectations are error codes: P 1, W 2, U 4, RSVD 8, I 0x10, PK 0x20, SS 0x40; 0: allowed. */
#include "oracle_chain.h"

/* One access to a page: its leaf and the entry above it, all other entries P RW US A. */
struct row {
    const char *what;
    uint64_t leaf, above; /* flags, without frame; P and A are added */
    uint64_t cr4;
    struct oracle_access access;
    unsigned expected;
    bool wp0, nx0; /* CR0.WP = 0, EFER.NXE = 0 */
    uint32_t pkru, pkrs;
};

/* Accesses by name; va is added. */
#define READ .acc = ACC_READ
#define WRITE .acc = ACC_WRITE
#define FETCH .acc = ACC_EXECUTE
#define USER .user = true
#define AC .ac = true
#define IMPLICIT .imp = true
#define SS .ss = true
#define KEY(n) ((uint64_t)(n) << 59)

enum { UD = RW | US, SD = RW, RO = US }; /* user data, supervisor data, user read-only */

static void check_rows(const struct row *row, unsigned count)
{
    for (unsigned i = 0; i < count; i++, row++)
        for (unsigned leaf = 1; leaf <= 3; leaf++) {
            struct machine m = build(4, leaf, 46);
            put(&m, leaf, row->leaf | 0x40000000 | P | A | (leaf > 1 ? PS : 0));
            put(&m, leaf + 1, row->above | 0x1000u * leaf | P | A);
            m.regs.cr0 = row->wp0 ? 0 : WP;
            m.regs.efer = row->nx0 ? 0 : NXE;
            m.regs.cr4 = row->cr4;
            m.regs.pkru = row->pkru;
            m.regs.pkrs = row->pkrs;
            struct oracle_access access = row->access;
            access.va = VA;
            struct oracle_result r = ask_of(&m, &access);
            if (r.err != row->expected || r.kind != (row->expected ? KIND_PF : KIND_OK))
                fail_msg("%s (leaf at level %u): error code 0x%x, expected 0x%x", row->what, leaf, r.err,
                         row->expected);
            physmem_free(m.pm);
        }
}
#define CHECK(rows) check_rows(rows, sizeof rows / sizeof *rows)

static void access_modes(void **state)
{
    (void)state;
    static const struct row rows[] = {
        {"CPL 3 reads a supervisor page", SD, UD, 0, {READ, USER}, .expected = 5},
        {"implicit access at CPL 3 is supervisor", SD, UD, 0, {READ, USER, IMPLICIT}, .expected = 0},
        {"its error code says supervisor", US, UD, 0, {WRITE, USER, IMPLICIT}, .expected = 3},
        {"CPL 0 reads a supervisor page", SD, UD, 0, {READ}, .expected = 0},
        {"CPL 0 reads a user page", UD, UD, 0, {READ}, .expected = 0},
        {"supervisor write with WP = 0", RO, UD, 0, {WRITE}, .expected = 0, .wp0 = true},
        {"implicit write at CPL 3 with WP = 0", RO, UD, 0, {WRITE, USER, IMPLICIT}, .expected = 0, .wp0 = true},
        {"user write with WP = 0", RO, UD, 0, {WRITE, USER}, .expected = 7, .wp0 = true},
        {"WP = 0 also where an upper entry is read-only", UD, US, 0, {WRITE}, .expected = 0, .wp0 = true},
    };
    CHECK(rows);
}

static void smep(void **state)
{
    (void)state;
    static const struct row rows[] = {
        {"SMEP = 0", UD, UD, 0, {FETCH}, .expected = 0},
        {"SMEP = 1, user page", UD, UD, SMEP, {FETCH}, .expected = 0x11},
        {"AC does not help", UD, UD, SMEP, {FETCH, AC}, .expected = 0x11},
        {"supervisor page", SD, UD, SMEP, {FETCH}, .expected = 0},
        {"U/S = 0 above makes it a supervisor address", UD, SD, SMEP, {FETCH}, .expected = 0},
        {"user fetch", UD, UD, SMEP, {FETCH, USER}, .expected = 0},
        {"data accesses are free", UD, UD, SMEP, {READ}, .expected = 0},
        {"without NXE SMEP alone sets I/D", UD, UD, SMEP, {FETCH}, .expected = 0x11, .nx0 = true},
        {"I/D of a user fetch that fails, by SMEP", SD, UD, SMEP, {FETCH, USER}, .expected = 0x15, .nx0 = true},
        {"no I/D with neither", SD, UD, 0, {FETCH, USER}, .expected = 5, .nx0 = true},
    };
    CHECK(rows);
}

static void smap(void **state)
{
    (void)state;
    static const struct row rows[] = {
        {"SMAP = 0", UD, UD, 0, {READ}, .expected = 0},
        {"read, AC = 0", UD, UD, SMAP, {READ}, .expected = 1},
        {"write, AC = 0", UD, UD, SMAP, {WRITE}, .expected = 3},
        {"read, AC = 1", UD, UD, SMAP, {READ, AC}, .expected = 0},
        {"write, AC = 1", UD, UD, SMAP, {WRITE, AC}, .expected = 0},
        {"implicit, AC = 0", UD, UD, SMAP, {READ, IMPLICIT}, .expected = 1},
        {"implicit, AC = 1", UD, UD, SMAP, {READ, IMPLICIT, AC}, .expected = 1},
        {"implicit at CPL 3, AC = 1", UD, UD, SMAP, {WRITE, USER, IMPLICIT, AC}, .expected = 3},
        {"implicit to a supervisor page", SD, UD, SMAP, {READ, USER, IMPLICIT}, .expected = 0},
        {"supervisor page", SD, UD, SMAP, {READ}, .expected = 0},
        {"U/S = 0 above makes it a supervisor address", UD, SD, SMAP, {READ}, .expected = 0},
        {"user access", UD, UD, SMAP, {WRITE, USER}, .expected = 0},
        {"fetches are free", UD, UD, SMAP, {FETCH}, .expected = 0},
        {"WP = 0 does not lift SMAP", RO, UD, SMAP, {WRITE}, .expected = 3, .wp0 = true},
        {"AC lifts SMAP, not WP", RO, UD, SMAP, {WRITE, AC}, .expected = 3},
        {"both lifted", RO, UD, SMAP, {WRITE, AC}, .expected = 0, .wp0 = true},
    };
    CHECK(rows);
}

static void protection_keys_of_user_pages(void **state)
{
    (void)state;
    enum { AD5 = 1 << 10, WD5 = 2 << 10 };
    static const struct row rows[] = {
        {"AD, PKE = 0", UD | KEY(5), UD, PKS, {READ, USER}, .expected = 0, .pkru = AD5},
        {"AD, user read", UD | KEY(5), UD, PKE, {READ, USER}, .expected = 0x25, .pkru = AD5},
        {"AD, user write", UD | KEY(5), UD, PKE, {WRITE, USER}, .expected = 0x27, .pkru = AD5},
        {"AD, user fetch", UD | KEY(5), UD, PKE, {FETCH, USER}, .expected = 0, .pkru = AD5},
        {"AD, supervisor read", UD | KEY(5), UD, PKE, {READ}, .expected = 0x21, .pkru = AD5},
        {"AD, supervisor write, WP = 0", UD | KEY(5), UD, PKE, {WRITE}, .expected = 0x23, .pkru = AD5, .wp0 = true},
        {"AD, implicit at CPL 3", UD | KEY(5), UD, PKE, {READ, USER, IMPLICIT}, .expected = 0x21, .pkru = AD5},
        {"WD, user read", UD | KEY(5), UD, PKE, {READ, USER}, .expected = 0, .pkru = WD5},
        {"WD, user write", UD | KEY(5), UD, PKE, {WRITE, USER}, .expected = 0x27, .pkru = WD5},
        {"WD, user write, WP = 0", UD | KEY(5), UD, PKE, {WRITE, USER}, .expected = 0x27, .pkru = WD5, .wp0 = true},
        {"WD, supervisor write, WP = 1", UD | KEY(5), UD, PKE, {WRITE}, .expected = 0x23, .pkru = WD5},
        {"WD, supervisor write, WP = 0", UD | KEY(5), UD, PKE, {WRITE}, .expected = 0, .pkru = WD5, .wp0 = true},
        {"keys of other entries are ignored", UD, UD | KEY(5), PKE, {WRITE, USER}, .expected = 0, .pkru = AD5 | WD5},
        {"another key", UD | KEY(4), UD, PKE, {WRITE, USER}, .expected = 0, .pkru = AD5 | WD5},
        {"PKRU has no say for supervisor pages", SD | KEY(5), UD, PKE, {WRITE}, .expected = 0, .pkru = UINT32_MAX},
        {"nor where only an upper entry is supervisor",
         UD | KEY(5),
         SD,
         PKE,
         {WRITE},
         .expected = 0,
         .pkru = UINT32_MAX},
        {"nor where only the leaf is supervisor",
         SD | KEY(5),
         UD,
         PKE | PKS,
         {WRITE},
         .expected = 0,
         .pkru = UINT32_MAX},
        {"PK beside a missing R/W", RO | KEY(5), UD, PKE, {WRITE, USER}, .expected = 0x27, .pkru = WD5},
        {"PK beside SMAP", UD | KEY(5), UD, PKE | SMAP, {READ}, .expected = 0x21, .pkru = AD5},
        {"no PK where the key allows it", RO | KEY(5), UD, PKE, {WRITE, USER}, .expected = 7, .pkru = AD5 << 2},
        {"no PK for a fetch", UD | XD | KEY(5), UD, PKE, {FETCH, USER}, .expected = 0x15, .pkru = AD5},
    };
    CHECK(rows);
}

static void protection_keys_of_supervisor_pages(void **state)
{
    (void)state;
    enum { AD5 = 1 << 10, WD5 = 2 << 10 };
    static const struct row rows[] = {
        {"AD, PKS = 0", SD | KEY(5), UD, PKE, {READ}, .expected = 0, .pkrs = AD5},
        {"AD, read", SD | KEY(5), UD, PKS, {READ}, .expected = 0x21, .pkrs = AD5},
        {"AD, write, WP = 0", SD | KEY(5), UD, PKS, {WRITE}, .expected = 0x23, .pkrs = AD5, .wp0 = true},
        {"AD, fetch", SD | KEY(5), UD, PKS, {FETCH}, .expected = 0, .pkrs = AD5},
        {"AD, implicit", SD | KEY(5), UD, PKS, {READ, USER, IMPLICIT}, .expected = 0x21, .pkrs = AD5},
        {"WD, read", SD | KEY(5), UD, PKS, {READ}, .expected = 0, .pkrs = WD5},
        {"WD, write, WP = 1", SD | KEY(5), UD, PKS, {WRITE}, .expected = 0x23, .pkrs = WD5},
        {"WD, write, WP = 0", SD | KEY(5), UD, PKS, {WRITE}, .expected = 0, .pkrs = WD5, .wp0 = true},
        {"IA32_PKRS has no say for user pages", UD | KEY(5), UD, PKS | PKE, {WRITE}, .expected = 0, .pkrs = UINT32_MAX},
        {"U/S = 0 above: a supervisor address", UD | KEY(5), SD, PKS, {READ}, .expected = 0x21, .pkrs = AD5},
        {"user access, key forbids too: PK", SD | KEY(5), UD, PKS, {READ, USER}, .expected = 0x25, .pkrs = AD5},
        {"user access, key allows: no PK", SD | KEY(5), UD, PKS, {READ, USER}, .expected = 5, .pkrs = ~(uint32_t)AD5},
        {"user write, WD, WP = 0: no PK", SD | KEY(5), UD, PKS, {WRITE, USER}, .expected = 7, .pkrs = WD5, .wp0 = true},
    };
    CHECK(rows);
}

static void shadow_stack_pages(void **state)
{
    (void)state;
    enum { USS = US | D, SSS = D, AD5 = 1 << 10, WD5 = 2 << 10 }; /* shadow-stack pages of user and supervisor */
    static const struct row rows[] = {
        {"user reads its shadow stack", USS, UD, CET, {READ, USER, SS}, .expected = 0},
        {"user writes it", USS, UD, CET, {WRITE, USER, SS}, .expected = 0},
        {"R/W = 1 in the leaf", USS | RW, UD, CET, {READ, USER, SS}, .expected = 0x45},
        {"D = 0 in the leaf", US, UD, CET, {WRITE, USER, SS}, .expected = 0x47},
        {"R/W = 0 above", USS, US, CET, {READ, USER, SS}, .expected = 0x45},
        {"D above does not count", USS, UD | D, CET, {READ, USER, SS}, .expected = 0},
        {"user to a supervisor shadow stack", SSS, UD, CET, {READ, USER, SS}, .expected = 0x45},
        {"supervisor to its own", SSS, UD, CET, {WRITE, SS}, .expected = 0},
        {"U/S = 0 above makes it the supervisor's", USS, SD, CET, {WRITE, SS}, .expected = 0},
        {"supervisor to a user shadow stack", USS, UD, CET, {READ, SS}, .expected = 0x41},
        {"AC does not help", USS, UD, CET | SMAP, {WRITE, SS, AC}, .expected = 0x43},
        {"implicit at CPL 3 to the supervisor's", SSS, UD, CET, {WRITE, USER, IMPLICIT, SS}, .expected = 0},
        {"implicit at CPL 3 to the user's", USS, UD, CET, {WRITE, USER, IMPLICIT, SS}, .expected = 0x43},
        {"SMAP does not concern it", SSS, UD, CET | SMAP, {READ, SS}, .expected = 0},
        {"ordinary read by user", USS, UD, CET, {READ, USER}, .expected = 0},
        {"ordinary write by user", USS, UD, CET, {WRITE, USER}, .expected = 7},
        {"ordinary write by the supervisor", SSS, UD, CET, {WRITE}, .expected = 3},
        {"fetch from it", USS, UD, CET, {FETCH, USER}, .expected = 0},
        {"the ss bit of a fetch is nothing", SD, UD, CET, {FETCH, USER, SS}, .expected = 0x15},
        {"CET = 0: an ordinary write", USS, UD, 0, {WRITE, USER, SS}, .expected = 7},
        {"CET = 0: an ordinary read", UD, UD, 0, {READ, USER, SS}, .expected = 0},
        {"key, AD", USS | KEY(5), UD, CET | PKE, {READ, USER, SS}, .expected = 0x65, .pkru = AD5},
        {"key, WD, write", USS | KEY(5), UD, CET | PKE, {WRITE, USER, SS}, .expected = 0x67, .pkru = WD5},
        {"key, WD, read", USS | KEY(5), UD, CET | PKE, {READ, USER, SS}, .expected = 0, .pkru = WD5},
        {"key of the supervisor's, WD, write", SSS | KEY(5), UD, CET | PKS, {WRITE, SS}, .expected = 0x63, .pkrs = WD5},
        {"PK beside another failure", UD | KEY(5), UD, CET | PKE, {WRITE, USER, SS}, .expected = 0x67, .pkru = WD5},
    };
    CHECK(rows);
}

/* SS is in the error code of faults of the walk as well. */
static void shadow_stack_accesses_that_find_no_page(void **state)
{
    (void)state;
    struct machine m = build(4, 1, 46);
    struct oracle_access access = {.va = VA, .acc = ACC_WRITE, .user = true, .ss = true};
    m.regs.cr4 = CET;
    put(&m, 1, 0);
    assert_int_equal(ask_of(&m, &access).err, 0x46);
    put(&m, 1, (uint64_t)1 << 51 | P | US | D);
    assert_int_equal(ask_of(&m, &access).err, 0x4f);
    physmem_free(m.pm);
}

/* Every key, with only its own two bits set or only its own two clear. */
static void every_key(void **state)
{
    (void)state;
    struct machine m = build(4, 1, 46);
    for (unsigned key = 0; key < 16; key++)
        for (unsigned user = 0; user < 2; user++) {
            put(&m, 1, KEY(key) | 0x40000000 | P | A | D | RW | (user ? US : 0));
            m.regs.cr4 = user ? PKE : PKS;
            m.regs.pkru = m.regs.pkrs = 1u << 2 * key;
            check_fault(&m, ACC_READ, user, user ? 0x25 : 0x21, 4);
            m.regs.pkru = m.regs.pkrs = ~(1u << 2 * key);
            check_ok(&m, ACC_READ, user);
            m.regs.pkru = m.regs.pkrs = 2u << 2 * key;
            check_fault(&m, ACC_WRITE, user, user ? 0x27 : 0x23, 4);
            m.regs.pkru = m.regs.pkrs = ~(3u << 2 * key);
            check_ok(&m, ACC_WRITE, user);
        }
    physmem_free(m.pm);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(access_modes),
        cmocka_unit_test(smep),
        cmocka_unit_test(smap),
        cmocka_unit_test(protection_keys_of_user_pages),
        cmocka_unit_test(protection_keys_of_supervisor_pages),
        cmocka_unit_test(shadow_stack_pages),
        cmocka_unit_test(shadow_stack_accesses_that_find_no_page),
        cmocka_unit_test(every_key),
    };
    return cmocka_run_group_tests_name("oracle rights", tests, NULL, NULL);
}
