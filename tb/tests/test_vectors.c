/* Directed cases: every sort of expectation is found when it is wrong, on the oracle and on a device; nothing is
 * carried over from case to case; a case runs only on a CPU that meets its needs; a device with a defect, or without an
 * answer, fails. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "dut/dut_list.h"
#include "mmu_cfg.h"
#include "vectors/vectors.h"

#define HEAD "twinwalk-trace 1\ntables own\n"
#define TABLES "mov cr3 0x1000\npoke 0x1000 0x2007\npoke 0x2000 0x3007\npoke 0x3000 0x4007\npoke 0x4000 0x5007\n"

static char path[] = "/tmp/twinwalk-vectors-XXXXXX";

static void write_file(const char *text)
{
    FILE *f = fopen(path, "w");
    assert_non_null(f);
    fputs(text, f);
    assert_int_equal(fclose(f), 0);
}

static struct vector_engine *engine_named(const char *name)
{
    const char *error = "";
    struct vector_engine *e = strcmp(name, "oracle") ? vector_device(dut_find(name), &error) : vector_oracle(&error);
    if (!e)
        fail_msg("%s: %s", name, error);
    return e;
}

/* Runs the cases of a file; the verdicts of the first `most`. Gives their number. */
static size_t run_file(const char *engine, const char *text, struct vector_verdict *verdicts, size_t most)
{
    const char *error;
    struct vector v;
    struct vector_unmet unmet;
    size_t n = 0;
    write_file(text);
    struct vector_source *source = vector_open(path, &error);
    if (!source)
        fail_msg("%s", error);
    struct vector_engine *e = engine_named(engine);
    int got;
    while ((got = vector_next(source, &v, &error)) > 0) {
        assert_true(n < most);
        const struct oracle_cpu cpu = vector_cpu(vector_case(&v), e->any_cpu, &unmet);
        vector_run(e, &cpu, &v, &verdicts[n++]);
    }
    if (got < 0)
        fail_msg("%s", error);
    e->destroy(e);
    vector_close(source);
    return n;
}

static const char *const engines[] = {"oracle", "model"};

static void test_right_and_wrong(void **state)
{
    (void)state;
    static const struct {
        const char *record, *got; /* NULL: as expected */
    } tries[] = {
        {"L 0x8 8 -> ok", NULL},
        {"L 0x8 8 -> ok pa=0x5008 4k", NULL},
        {"L 0x8 8 -> ok mt=wb", NULL},
        {"S 0x8 8 -> ok pa=0x5008 4k mt=wb", NULL},
        {"L 0x8 8 -> ok pa=0x5000 4k", "ok pa=0x5008 4k mt=wb"},
        {"L 0x8 8 -> ok pa=0x5008 2m", "ok pa=0x5008 4k mt=wb"},
        {"L 0x8 8 -> ok mt=uc", "ok pa=0x5008 4k mt=wb"},
        {"L 0x8 8 -> pf 0x5", "ok pa=0x5008 4k mt=wb"},
        {"L 0x8 8 -> gp", "ok pa=0x5008 4k mt=wb"},
        {"L 0x8 8 -> memerr", "ok pa=0x5008 4k mt=wb"},
        {"L 0x1008 8 -> pf 0x4", NULL},
        {"L 0x1008 8 -> pf 0x4 cr2=0x1008", NULL},
        {"L 0x1008 8 -> pf 0x5", "pf 0x4 cr2=0x1008"},
        {"L 0x1008 8 -> pf 0x4 cr2=0x1000", "pf 0x4 cr2=0x1008"},
        {"L 0x1008 8 -> ok", "pf 0x4 cr2=0x1008"},
        {"L 0x1008 8 -> pf 0x5 mask=0xfffe", NULL},
        {"L 0x1008 8 -> pf 0x0 mask=0xfffa cr2=0x1008", NULL},
        {"L 0x1008 8 -> pf 0x6 mask=0xfffe", "pf 0x4 cr2=0x1008"},
        {"L 0x1008 8 -> pf 0x4 mask=0xfffe cr2=0x1000", "pf 0x4 cr2=0x1008"},
        {"L 0x8 8 -> pf 0x0 mask=0x0", "ok pa=0x5008 4k mt=wb"},
        {"L 0x1008 8\nL 0x8 8 -> ok", NULL}, /* the first may end as it will */
        {"F 0x800000000000 1 -> gp", NULL},
        {"F 0x800000000000 1 -> pf 0x4", "gp"},
        {"mov cr4 0 -> gp", NULL},
        {"mov cr4 0 -> ok", "gp"},
        {"mov cr4 0x20 -> ok", NULL},
        {"mov cr4 0x20 -> gp", "ok"},
        {"mov cr4 0\nL 0x8 8 -> ok", NULL},
        {"invpcid 0 0x1000 0 -> ok", "gp"},
        {"entry 0x4000 0x5007", NULL},
        {"entry 0x4000 0x5027", "0x0000000000005007"},
        {"entry 0x4000 0x5027 mask=0xffffffffffffffdf", NULL},
        {"entry 0x4008 1", "0x0000000000000000"},
    };
    for (size_t e = 0; e < 2; e++)
        for (size_t i = 0; i < sizeof tries / sizeof *tries; i++) {
            char text[512];
            struct vector_verdict verdict;
            snprintf(text, sizeof text, HEAD "case x\n" TABLES "%s\n", tries[i].record);
            assert_int_equal(run_file(engines[e], text, &verdict, 1), 1);
            if (verdict.passed != !tries[i].got)
                fail_msg("%s: %s: %s", engines[e], tries[i].record, verdict.passed ? "passed" : verdict.got);
            if (tries[i].got) {
                assert_string_equal(verdict.got, tries[i].got);
                assert_int_equal(verdict.at, 6); /* behind the case and its tables */
            }
        }
}

/* Memory fails by order, and only then; the next case knows nothing of it. */
static void test_memory_errors(void **state)
{
    (void)state;
    static const struct {
        const char *records, *got; /* of two cases; got by the last record of the first, NULL: as expected */
    } tries[] = {
        {"memerr at 0x4000\nL 0x8 8 -> memerr", NULL},
        {"memerr at 0x4038\nS 0x8 8 -> memerr", NULL},
        {"memerr at 0x4040\nL 0x8 8 -> memerr", "ok pa=0x5008 4k mt=wb"},
        {"memerr at 0x4000\nL 0x8 8 -> ok", "memerr"},
        {"memerr at 0x4000\nmemerr off\nL 0x8 8 -> ok", NULL},
        {"memerr read 4\nL 0x8 8 -> memerr", NULL},
        {"memerr read 5\nL 0x8 8 -> memerr", "ok pa=0x5008 4k mt=wb"},
        {"memerr read 2\nL 0x8 8 -> memerr\nL 0x8 8 -> ok", NULL},
        {"memerr at 0x5000\nL 0x8 8 -> ok", NULL},
    };
    for (size_t e = 0; e < 2; e++)
        for (size_t i = 0; i < sizeof tries / sizeof *tries; i++) {
            char text[512];
            struct vector_verdict verdict[2];
            snprintf(text, sizeof text,
                     HEAD "case x\n" TABLES "%s\ncase y\n" TABLES "L 8 8 -> ok\nL 0x1008 8 -> pf 4\n",
                     tries[i].records);
            assert_int_equal(run_file(engines[e], text, verdict, 2), 2);
            if (verdict[0].passed != !tries[i].got || !verdict[1].passed)
                fail_msg("%s: %s: %s", engines[e], tries[i].records, verdict[0].passed ? "passed" : verdict[0].got);
            if (tries[i].got)
                assert_string_equal(verdict[0].got, tries[i].got);
        }
}

/* The second case finds neither memory nor registers nor caches of the first. */
static void test_nothing_is_carried_over(void **state)
{
    (void)state;
    static const char text[] = HEAD
        "case a\n" TABLES
        "mov cr0 0xc0010001\nwrmsr efer 0xd00\nmov cr4 0x3000b0\nwrpkru 0xffffffff\nwrmsr pat 0\nS 0 8 -> ok mt=uc\n"
        "case b\nentry 0x1000 0\nentry 0x4000 0\nL 0 8 -> pf 0x4\n"
        "case c\npoke 0 0x2007\npoke 0x2000 0x3007\npoke 0x3000 0x4007\npoke 0x4000 0x6005\nF 0 8 sup -> ok pa=0x6000 "
        "4k mt=wb\nS 0 8 sup -> ok\nentry 0x4000 0x6065\n"
        "case d\nentry 0 0\nF 0 8 -> pf 0x4\nmov cr3 0x1000\nL 0 8 -> pf 0x4\n"
        "case e\n" TABLES "S 0 8 -> ok pa=0x5000 4k mt=wb\nentry 0x1000 0x2027\nentry 0x4000 0x5067\n";
    for (size_t e = 0; e < 2; e++) {
        struct vector_verdict verdicts[5];
        assert_int_equal(run_file(engines[e], text, verdicts, 5), 5);
        for (size_t i = 0; i < 5; i++)
            if (!verdicts[i].passed)
                fail_msg("%s: case %zu: record %zu: expected %s, got %s", engines[e], i, verdicts[i].at,
                         verdicts[i].expected, verdicts[i].got);
    }
}

static void test_needs(void **state)
{
    (void)state;
    struct vector_unmet unmet;
    const uint8_t has = (CFG_ARCH_LA57 ? TRACE_LA57 : 0) | (CFG_ARCH_PCID ? TRACE_PCID : 0) |
                        (CFG_ARCH_PAGE_1G ? TRACE_PAGE_1G : 0) | (CFG_ARCH_PKU ? TRACE_PKU : 0) |
                        (CFG_ARCH_PKS ? TRACE_PKS : 0) | (CFG_ARCH_CET ? TRACE_CET : 0) |
                        (CFG_ARCH_LAM ? TRACE_LAM : 0) | (CFG_ARCH_AMD ? TRACE_AMD : 0);
    struct trace_case none = {.name = "x"}, all = {.name = "x", .needs = 0xff}, bare = {.name = "x", .lacks = 0xff};
    struct oracle_cpu cpu = vector_cpu(&none, false, &unmet);
    assert_false(unmet.needs || unmet.lacks || unmet.paddr);
    assert_int_equal(cpu.paddr_bits, CFG_ARCH_PADDR_BITS);
    vector_cpu(&all, false, &unmet);
    assert_int_equal(unmet.needs, (uint8_t)~has);
    vector_cpu(&bare, false, &unmet);
    assert_int_equal(unmet.lacks, has);
    cpu = vector_cpu(&all, true, &unmet);
    assert_false(unmet.needs || unmet.lacks || unmet.paddr);
    assert_true(cpu.la57 && cpu.pcid && cpu.page_1g && cpu.pku && cpu.pks && cpu.cet && cpu.lam && cpu.amd);
    cpu = vector_cpu(&bare, true, &unmet);
    assert_false(cpu.la57 || cpu.pcid || cpu.page_1g || cpu.pku || cpu.pks || cpu.cet || cpu.lam || cpu.amd);
    for (unsigned m = 36; m <= 52; m++)
        for (int least = 0; least < 2; least++) {
            struct trace_case c = {.name = "x", .paddr_bits = (uint8_t)m, .paddr_least = least};
            vector_cpu(&c, false, &unmet);
            assert_int_equal(unmet.paddr, least ? CFG_ARCH_PADDR_BITS < m : CFG_ARCH_PADDR_BITS != m);
            cpu = vector_cpu(&c, true, &unmet);
            assert_false(unmet.paddr);
            assert_true(least ? cpu.paddr_bits >= m : cpu.paddr_bits == m);
        }
}

/* ---- Devices with a defect: the cycle model with one output changed ---- */

extern const struct dut_ops dut_model;
static enum {
    NO_DEFECT,
    DEFECT_ADDR,
    DEFECT_ERR,
    DEFECT_MT,
    DEFECT_SIZE,
    DEFECT_KIND,
    DEFECT_GP,
    DEFECT_CAS,
    DEFECT_DEAF,
    DEFECT_SILENT
} defect;

static void defective_step(struct dut *dut, const struct pins_in *in, struct pins_out *out)
{
    struct pins_in heard = *in;
    heard.mem_rsp_err &= defect != DEFECT_DEAF;
    dut_model.step(dut, &heard, out);
    struct pins_resp *r = &out->resp[CFG_PORTS_FETCH];
    r->addr ^= defect == DEFECT_ADDR;
    r->err ^= defect == DEFECT_ERR;
    r->mt ^= defect == DEFECT_MT;
    r->size ^= defect == DEFECT_SIZE;
    r->kind ^= defect == DEFECT_KIND;
    out->ctl_gp ^= defect == DEFECT_GP;
    if (defect == DEFECT_CAS && out->mem_req_cas)
        out->mem_req_desired &= ~UINT64_C(0x40); /* D is lost */
    if (defect == DEFECT_SILENT)
        out->resp_valid = 0;
}

static void test_defective_devices(void **state)
{
    (void)state;
    static const char text[] = HEAD "case a\n" TABLES "L 8 8 -> ok pa=0x5008 4k mt=wb\nL 0x1008 8 -> pf 0x4 "
                                    "cr2=0x1008\nmov cr4 0 -> gp\nS 0 8 -> ok\nentry 0x4000 0x5067\nmemerr at "
                                    "0x4040\nL 0x8000 8 -> memerr\n";
    struct dut_ops ops = dut_model;
    const char *error;
    struct vector v;
    struct vector_unmet unmet;
    ops.step = defective_step;
    write_file(text);
    for (defect = NO_DEFECT; defect <= DEFECT_SILENT; defect++) {
        struct vector_verdict verdict;
        struct vector_source *source = vector_open(path, &error);
        assert_int_equal(vector_next(source, &v, &error), 1);
        struct vector_engine *e = vector_device(&ops, &error);
        const struct oracle_cpu cpu = vector_cpu(vector_case(&v), false, &unmet);
        vector_run(e, &cpu, &v, &verdict);
        if (verdict.passed != (defect == NO_DEFECT))
            fail_msg("defect %d: %s", (int)defect, verdict.passed ? "not seen" : verdict.got);
        if (defect == DEFECT_SILENT)
            assert_string_equal(verdict.got, "no answer");
        e->destroy(e);
        vector_close(source);
    }
    defect = NO_DEFECT;
}

/* ---- Devices that drop too little: the cycle model with one control operation replaced ---- */

static struct {
    uint8_t op, instead;
    bool same_cr3, on;
} less;
static uint64_t cr3;

static void forgetful_reset(struct dut *dut, struct pins_out *out)
{
    cr3 = 0;
    dut_model.reset(dut, out);
}

static void forgetful_step(struct dut *dut, const struct pins_in *in, struct pins_out *out)
{
    struct pins_in changed = *in;
    if (less.on && in->ctl_valid && in->ctl_op == less.op && (!less.same_cr3 || in->ctl_data == cr3))
        changed.ctl_op = less.instead;
    if (in->ctl_valid && in->ctl_op == CTL_MOV_CR3)
        cr3 = in->ctl_data;
    dut_model.step(dut, &changed, out);
}

/* Runs the file; gives the number of cases that failed, and of those that did so only because of what was left by
 * others. */
static unsigned count_failures(const char *file, unsigned *carried_over)
{
    struct dut_ops ops = dut_model;
    const char *error;
    struct vector v;
    struct vector_unmet unmet;
    struct vector_verdict verdict;
    unsigned failed = 0;
    ops.reset = forgetful_reset;
    ops.step = forgetful_step;
    struct vector_engine *e = vector_device(&ops, &error);
    struct vector_source *source = vector_open(file, &error);
    if (!source)
        fail_msg("%s", error);
    *carried_over = 0;
    while (vector_next(source, &v, &error) > 0) {
        const struct oracle_cpu cpu = vector_cpu(vector_case(&v), false, &unmet);
        if (unmet.needs || unmet.lacks || unmet.paddr)
            continue;
        vector_run(e, &cpu, &v, &verdict);
        failed += !verdict.passed;
        *carried_over += verdict.carried_over;
    }
    e->destroy(e);
    vector_close(source);
    return failed;
}

/* Every operation that must drop something: a device in which it drops less fails cases that come with Twinwalk. */
static void test_every_invalidation_is_needed(void **state)
{
    (void)state;
    enum { NOTHING = 12 };
    static const uint8_t pairs[][2] = {
        {CTL_INVLPG, NOTHING},
        {CTL_INVPCID_ADDRESS, NOTHING},
        {CTL_INVPCID_CONTEXT, NOTHING},
        {CTL_INVPCID_ALL, NOTHING},
        {CTL_INVPCID_ALL, CTL_INVPCID_ALL_NONGLOBAL},
        {CTL_INVPCID_ALL_NONGLOBAL, NOTHING},
        {CTL_INVPCID_ALL_NONGLOBAL, CTL_INVPCID_CONTEXT},
        {CTL_INVPCID_CONTEXT, CTL_INVPCID_ADDRESS},
        {CTL_INVLPG, CTL_INVPCID_ADDRESS},
    };
    unsigned carried_over;
    less.on = false;
    assert_int_equal(count_failures("traces/vectors/invalidation.txt", &carried_over), 0);
    less.on = true;
    less.same_cr3 = false;
    for (size_t i = 0; i < sizeof pairs / sizeof *pairs; i++) {
        less.op = pairs[i][0];
        less.instead = pairs[i][1];
        if (!count_failures("traces/vectors/invalidation.txt", &carried_over))
            fail_msg("operation %u in place of %u went unnoticed", pairs[i][1], pairs[i][0]);
    }
    less.on = false;
}

/* MOV CR3 with the value that is there already drops nothing: the second case fails, and it is said that the first is
 * the reason. */
static void test_what_was_left_is_named(void **state)
{
    (void)state;
    unsigned carried_over;
    write_file(HEAD "case a\n" TABLES "L 0 8 -> ok pa=0x5000 4k\n"
                    "case b\nmov cr3 0x1000\npoke 0x1000 0x2007\npoke 0x2000 0x3007\npoke 0x3000 0x4007\npoke 0x4000 "
                    "0x6007\nL 0 8 -> ok pa=0x6000 4k\n");
    less.on = less.same_cr3 = true;
    less.op = CTL_MOV_CR3;
    less.instead = 12;
    assert_int_equal(count_failures(path, &carried_over), 1);
    assert_int_equal(carried_over, 1);
    less.on = false;
    assert_int_equal(count_failures(path, &carried_over), 0);
}

static void test_no_reset(void **state)
{
    (void)state;
    struct vector_verdict verdict;
    assert_int_equal(run_file("null", HEAD "case a\nL 0 1 -> ok\n", &verdict, 1), 1);
    assert_false(verdict.passed);
    assert_string_equal(verdict.got, "no answer");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_right_and_wrong),         cmocka_unit_test(test_memory_errors),
        cmocka_unit_test(test_nothing_is_carried_over), cmocka_unit_test(test_needs),
        cmocka_unit_test(test_defective_devices),       cmocka_unit_test(test_every_invalidation_is_needed),
        cmocka_unit_test(test_what_was_left_is_named),  cmocka_unit_test(test_no_reset),
    };
    const int file = mkstemp(path);
    if (file < 0)
        return 1;
    close(file);
    const int failed = cmocka_run_group_tests_name("bench: directed cases", tests, NULL, NULL);
    unlink(path);
    return failed;
}
