/* Control operations: what they refuse with #GP(0), each rule with the value next to it that is allowed, and the
 * registers after. */
#include "oracle_chain.h"

#include <string.h>

/* One operation on one set of registers. */
struct row {
    const char *what;
    uint8_t op;
    uint64_t data, desc;
    bool refused;
    struct oracle_regs regs;
    struct oracle_cpu cpu; /* paddr_bits = 0 stands for full_cpu */
};

#define REFUSED .refused = true
#define ALLOWED .refused = false
#define WITHOUT(...) .cpu = {.paddr_bits = 46, .page_1g = true, __VA_ARGS__}

static void check_rows(const struct row *row, unsigned count)
{
    for (; count; row++, count--) {
        struct oracle_regs regs = row->regs;
        bool done = oracle_control(&regs, row->cpu.paddr_bits ? &row->cpu : &full_cpu, row->op, row->data, row->desc);
        if (done == row->refused)
            fail_msg("%s: %s", row->what, done ? "allowed" : "refused");
        if (!done && memcmp(&regs, &row->regs, sizeof regs))
            fail_msg("%s: refused, but the registers changed", row->what);
    }
}
#define CHECK(rows) check_rows(rows, sizeof rows / sizeof *rows)

static void mov_cr0(void **state)
{
    (void)state;
    static const struct row rows[] = {
        {"WP = 0, CET = 1", CTL_MOV_CR0, PG, REFUSED, .regs = {.cr0 = PG | WP, .cr4 = PAE | CET}},
        {"WP = 0, CET = 0", CTL_MOV_CR0, PG, ALLOWED, .regs = {.cr0 = PG | WP, .cr4 = PAE}},
        {"WP = 1, CET = 1", CTL_MOV_CR0, PG | WP | CD, ALLOWED, .regs = {.cr0 = PG | WP, .cr4 = PAE | CET}},
        {"PG = 0, PCIDE = 1", CTL_MOV_CR0, WP, REFUSED, .regs = {.cr0 = PG | WP, .cr4 = PAE | PCIDE}},
        {"PG = 0, PCIDE = 0", CTL_MOV_CR0, WP, ALLOWED, .regs = {.cr0 = PG | WP, .cr4 = PAE}},
    };
    CHECK(rows);
}

static void mov_cr3(void **state)
{
    (void)state;
    static const struct row rows[] = {
        {"bit 46, M = 46", CTL_MOV_CR3, (uint64_t)1 << 46, REFUSED},
        {"bit 45, M = 46", CTL_MOV_CR3, (uint64_t)1 << 45, ALLOWED},
        {"bit 52", CTL_MOV_CR3, (uint64_t)1 << 52, REFUSED},
        {"bit 60", CTL_MOV_CR3, (uint64_t)1 << 60, REFUSED},
        {"LAM_U57", CTL_MOV_CR3, LAM_U57, ALLOWED},
        {"LAM_U48", CTL_MOV_CR3, LAM_U48, ALLOWED},
        {"LAM_U57 without LAM", CTL_MOV_CR3, LAM_U57, REFUSED, WITHOUT(.pcid = true)},
        {"LAM_U48 without LAM", CTL_MOV_CR3, LAM_U48, REFUSED, WITHOUT(.pcid = true)},
        {"bit 63, PCIDE = 0", CTL_MOV_CR3, NO_FLUSH, REFUSED},
        {"bit 63, PCIDE = 1", CTL_MOV_CR3, NO_FLUSH | 0x5fff, ALLOWED, .regs = {.cr4 = PCIDE}},
        {"all low bits, PCIDE = 0", CTL_MOV_CR3, 0x5fff, ALLOWED},
    };
    CHECK(rows);
}

/* The base's width is that of the processor, for every width. */
static void mov_cr3_of_every_width(void **state)
{
    (void)state;
    for (unsigned width = 36; width <= 52; width++)
        for (unsigned bit = 0; bit < 64; bit++) {
            struct oracle_cpu cpu = full_cpu;
            cpu.paddr_bits = width;
            struct oracle_regs regs = {0};
            bool refused = (bit >= width && bit <= 60) || bit == 63;
            assert_int_equal(oracle_control(&regs, &cpu, CTL_MOV_CR3, (uint64_t)1 << bit, 0), !refused);
            assert_int_equal(regs.cr3, refused ? 0 : (uint64_t)1 << bit);
        }
}

static void mov_cr4(void **state)
{
    (void)state;
    static const struct row rows[] = {
        {"PAE = 0", CTL_MOV_CR4, PGE, REFUSED},
        {"PAE = 1", CTL_MOV_CR4, PAE | PGE | PSE | SMEP | SMAP, ALLOWED, WITHOUT()},
        {"LA57", CTL_MOV_CR4, PAE | LA57, ALLOWED},
        {"LA57, not there", CTL_MOV_CR4, PAE | LA57, REFUSED, WITHOUT()},
        {"PCIDE", CTL_MOV_CR4, PAE | PCIDE, ALLOWED},
        {"PCIDE, not there", CTL_MOV_CR4, PAE | PCIDE, REFUSED, WITHOUT()},
        {"PKE", CTL_MOV_CR4, PAE | PKE, ALLOWED},
        {"PKE, not there", CTL_MOV_CR4, PAE | PKE, REFUSED, WITHOUT(.pks = true)},
        {"PKS", CTL_MOV_CR4, PAE | PKS, ALLOWED},
        {"PKS, not there", CTL_MOV_CR4, PAE | PKS, REFUSED, WITHOUT(.pku = true)},
        {"CET", CTL_MOV_CR4, PAE | CET, ALLOWED, .regs = {.cr0 = WP}},
        {"CET, not there", CTL_MOV_CR4, PAE | CET, REFUSED, .regs = {.cr0 = WP}, WITHOUT()},
        {"CET, WP = 0", CTL_MOV_CR4, PAE | CET, REFUSED},
        {"LAM_SUP", CTL_MOV_CR4, PAE | LAM_SUP, ALLOWED},
        {"LAM_SUP, not there", CTL_MOV_CR4, PAE | LAM_SUP, REFUSED, WITHOUT()},
        {"LASS, never there", CTL_MOV_CR4, PAE | LASS, REFUSED},
        {"PCIDE 0 to 1, CR3[11:0] = 1", CTL_MOV_CR4, PAE | PCIDE, REFUSED, .regs = {.cr3 = 0x5001}},
        {"PCIDE 0 to 1, CR3[11:0] = 800H", CTL_MOV_CR4, PAE | PCIDE, REFUSED, .regs = {.cr3 = 0x5800}},
        {"PCIDE 0 to 1, CR3[11:0] = 0", CTL_MOV_CR4, PAE | PCIDE, ALLOWED, .regs = {.cr3 = 0x5000}},
        {"PCIDE stays 1", CTL_MOV_CR4, PAE | PCIDE | PGE, ALLOWED, .regs = {.cr3 = 0x5001, .cr4 = PAE | PCIDE}},
        {"PCIDE 1 to 0", CTL_MOV_CR4, PAE, ALLOWED, .regs = {.cr3 = 0x5001, .cr4 = PAE | PCIDE}},
    };
    CHECK(rows);
}

static void model_specific_registers(void **state)
{
    (void)state;
    static const struct row rows[] = {
        {"TCE, Intel", CTL_WRMSR_EFER, NXE | TCE, REFUSED},
        {"TCE, AMD", CTL_WRMSR_EFER, NXE | TCE, ALLOWED, WITHOUT(.amd = true)},
        {"UAIE, Intel", CTL_WRMSR_EFER, UAIE, REFUSED},
        {"UAIE, AMD", CTL_WRMSR_EFER, UAIE, REFUSED, WITHOUT(.amd = true)},
        {"NXE", CTL_WRMSR_EFER, NXE | 0x501, ALLOWED},
        {"PKRU", CTL_WRPKRU, UINT32_MAX, ALLOWED},
        {"PKRU without PKU", CTL_WRPKRU, UINT32_MAX, ALLOWED, WITHOUT()},
        {"PKRU, bit 32", CTL_WRPKRU, (uint64_t)1 << 32, REFUSED},
        {"PKRU, bit 63", CTL_WRPKRU, (uint64_t)1 << 63, REFUSED},
        {"PKRS", CTL_WRMSR_PKRS, UINT32_MAX, ALLOWED},
        {"PKRS, bit 32", CTL_WRMSR_PKRS, (uint64_t)1 << 32, REFUSED},
        {"PKRS, bit 63", CTL_WRMSR_PKRS, (uint64_t)1 << 63, REFUSED},
        {"PKRS without PKS", CTL_WRMSR_PKRS, 0, REFUSED, WITHOUT(.pku = true)},
    };
    CHECK(rows);
    for (unsigned byte = 0; byte < 8; byte++)
        for (unsigned type = 0; type < 256; type++) {
            struct oracle_regs regs = {.pat = PAT};
            uint64_t pat = (PAT & ~((uint64_t)0xff << 8 * byte)) | (uint64_t)type << 8 * byte;
            bool good = type == 0 || type == 1 || type == 4 || type == 5 || type == 6 || type == 7;
            assert_int_equal(oracle_control(&regs, &full_cpu, CTL_WRMSR_PAT, pat, 0), good);
            assert_int_equal(regs.pat, good ? pat : PAT);
        }
}

static void invpcid_and_invlpg(void **state)
{
    (void)state;
    enum { T0 = CTL_INVPCID_ADDRESS, T1 = CTL_INVPCID_CONTEXT, T2 = CTL_INVPCID_ALL, T3 = CTL_INVPCID_ALL_NONGLOBAL };
    static const uint64_t hole = 0x0000800000000000;
    static const struct row rows[] = {
        {"type 0", T0, 0x1000, 0, ALLOWED},
        {"type 0, descriptor bit 12", T0, 0x1000, 1 << 12, REFUSED, .regs = {.cr4 = PCIDE}},
        {"type 1, descriptor bit 63", T1, 0, (uint64_t)1 << 63, REFUSED, .regs = {.cr4 = PCIDE}},
        {"type 2, descriptor bit 12", T2, 0, 1 << 12, REFUSED, .regs = {.cr4 = PCIDE}},
        {"type 3, descriptor bit 40", T3, 0, (uint64_t)1 << 40, REFUSED, .regs = {.cr4 = PCIDE}},
        {"type 0, PCID, PCIDE = 0", T0, 0x1000, 1, REFUSED},
        {"type 1, PCID, PCIDE = 0", T1, 0, 1, REFUSED},
        {"type 2, PCID, PCIDE = 0", T2, 0, 1, ALLOWED},
        {"type 3, PCID, PCIDE = 0", T3, 0, 1, ALLOWED},
        {"type 0, PCID, PCIDE = 1", T0, 0x1000, 0xfff, ALLOWED, .regs = {.cr4 = PCIDE}},
        {"type 1, PCID, PCIDE = 1", T1, 0, 0xfff, ALLOWED, .regs = {.cr4 = PCIDE}},
        {"type 0, not canonical", T0, hole, 0, REFUSED},
        {"type 0, canonical with 57 bits", T0, hole, 0, ALLOWED, .regs = {.cr4 = LA57}},
        {"type 0, LAM does not mask", T0, 0x4000000000001000, 0, REFUSED, .regs = {.cr3 = LAM_U48}},
        {"type 1 has no address", T1, hole, 0, ALLOWED},
        {"type 2 has no address", T2, hole, 0, ALLOWED},
        {"type 3 has no address", T3, hole, 0, ALLOWED},
        {"INVLPG, not canonical", CTL_INVLPG, hole, 0, ALLOWED},
        {"code 12", 12, UINT64_MAX, UINT64_MAX, ALLOWED},
        {"code 15", 15, UINT64_MAX, UINT64_MAX, ALLOWED},
    };
    CHECK(rows);
}

/* Values are kept as given, only bit 63 of CR3 is not; operations without a register change none. */
static void registers_after(void **state)
{
    (void)state;
    struct oracle_regs regs = {.pat = PAT};
    static const struct {
        uint8_t op;
        uint64_t data;
    } ops[] = {
        {CTL_MOV_CR0, 0x80050033},
        {CTL_MOV_CR4, 0x210a0},
        {CTL_MOV_CR3, 0xe000000000123abc},
        {CTL_WRMSR_EFER, 0xd01},
        {CTL_WRPKRU, 0x55555554},
        {CTL_WRMSR_PKRS, 0xaaaaaaa8},
        {CTL_WRMSR_PAT, 0x0606060606060500},
        {CTL_INVLPG, 0x1000},
        {CTL_INVPCID_ADDRESS, 0x1000},
        {CTL_INVPCID_CONTEXT, 0x1000},
        {CTL_INVPCID_ALL, 0x1000},
        {CTL_INVPCID_ALL_NONGLOBAL, 0x1000},
        {12, 0x1000},
        {13, 0x1000},
        {14, 0x1000},
        {15, 0x1000},
    };
    for (unsigned i = 0; i < sizeof ops / sizeof *ops; i++)
        assert_true(oracle_control(&regs, &full_cpu, ops[i].op, ops[i].data, 0));
    assert_int_equal(regs.cr0, 0x80050033);
    assert_int_equal(regs.cr3, 0x6000000000123abc);
    assert_int_equal(regs.cr4, 0x210a0);
    assert_int_equal(regs.efer, 0xd01);
    assert_int_equal(regs.pkru, 0x55555554);
    assert_int_equal(regs.pkrs, 0xaaaaaaa8);
    assert_int_equal(regs.pat, 0x0606060606060500);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(mov_cr0),
        cmocka_unit_test(mov_cr3),
        cmocka_unit_test(mov_cr3_of_every_width),
        cmocka_unit_test(mov_cr4),
        cmocka_unit_test(model_specific_registers),
        cmocka_unit_test(invpcid_and_invlpg),
        cmocka_unit_test(registers_after),
    };
    return cmocka_run_group_tests_name("oracle control", tests, NULL, NULL);
}
