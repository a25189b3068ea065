/* What judges is itself judged: each comparator of the bench is shown a DUT (or a trace) with one defect, and must see it, under the right
 * name. And an honest DUT must pass at every level. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "decoupled.h"
#include "dut/model.h"
#include "random.h"
#include "saboteur.h"
#include "session.h"
#include "statenames.h"

static char trace_path[64];

/* A program of 300 pages: enough that every structure of every preset is used, and every page takes a fault or two. */
static void write_trace(const char *path)
{
    FILE *f = fopen(path, "w");
    uint64_t x = 1;
    assert_non_null(f);
    fprintf(f, "twinwalk-trace 1\nprogram test\nbits 48\nmap 0x400000 0x440000 r-xp\nmap 0x10000000 0x10100000 rw-p\n");
    for (unsigned i = 0; i < 6000; i++) {
        x = x * UINT64_C(6364136223846793005) + 1442695040888963407;
        fprintf(f, "F 0x%x 4\n", 0x400000 + (unsigned)(x >> 40) % 0x40000 / 16 * 16);
        fprintf(f, "%c 0x%x 8\n", x >> 63 ? 'L' : 'S', 0x10000000 + (unsigned)(x >> 33) % 0x100000 / 16 * 16);
    }
    fclose(f);
}

/* A trace with its own page tables: 4 levels to one page, and one access whose expected result is given by the caller. */
static void write_own_tables(const char *path, const char *expectation)
{
    FILE *f = fopen(path, "w");
    assert_non_null(f);
    fprintf(f, "twinwalk-trace 1\nbits 48\ntables own\n"
               "poke 0x1000 0x2007\npoke 0x2000 0x3007\npoke 0x3000 0x4007\npoke 0x4008 0x5007\n"
               "mov cr0 0x80010001\nmov cr4 0x20\nmov cr3 0x1000\n"
               "L 0x1238 8 -> %s\n", expectation);
    fclose(f);
}

static struct options options_for(const char *path, enum check_level check)
{
    struct options o;
    options_defaults(&o);
    o.trace = path;
    o.check = check;
    o.state_every = 64;
    o.memory.model = MEMPORT_FIXED;
    o.memory.fixed_latency = 20;
    o.rerun = "";
    return o;
}

/* One lockstep run; what it found, NONE when everything was compared and equal. */
static struct finding lockstep(const struct options *o, struct sabotage_plan plan)
{
    static struct session s;
    const char *error = "";
    sabotage_plan = plan;
    struct dut *dut = dut_saboteur.create(&error);
    assert_true(session_open(&s, o, &dut_saboteur, dut));
    lockstep_run(&s.lockstep);
    struct finding finding = s.lockstep.finding;
    if (s.lockstep.ended && s.world && !world_compare_memory(s.world))
        finding = s.world->d.finding;
    if (s.lockstep.ended && s.random && !random_compare_memory(s.random))
        finding = random_driver(s.random)->finding;
    assert_true(finding.kind != FINDING_NONE || s.lockstep.ended);
    session_close(&s);
    dut_saboteur.destroy(dut);
    return finding;
}

/* One decoupled run. */
static struct finding decoupled(const struct options *o, const struct dut_ops *ops, struct sabotage_plan plan)
{
    static struct decoupled d;
    const char *why = "";
    char error[512];
    sabotage_plan = plan;
    struct world *a = session_world(o, true, error, sizeof error), *b = session_world(o, true, error, sizeof error);
    struct dut *model = dut_model.create(&why), *dut = ops->create(&why);
    assert_non_null(a);
    assert_non_null(b);
    d = (struct decoupled){
        .ref = {.driver = &a->d, .ops = &dut_model, .dut = model, .skip = true, .hang_after = 20000},
        .dut = {.driver = &b->d, .ops = ops, .dut = dut, .skip = true, .hang_after = 20000},
        .ref_world = a,
        .dut_world = b,
        .events = o->check == CHECK_EVENTS,
    };
    assert_true(decoupled_run(&d));
    struct finding finding = d.finding;
    if (d.ended && !world_compare_memory(b))
        finding = b->d.finding;
    dut_model.destroy(model);
    ops->destroy(dut);
    world_free(a);
    world_free(b);
    return finding;
}

/* The DUT alone under random stimulus, with nobody but the oracle to judge it. */
static struct finding random_alone(uint64_t requests, struct sabotage_plan plan)
{
    struct options o = options_for(NULL, CHECK_CYCLE);
    const char *why = "";
    char error[512];
    o.requests = requests;
    o.memory.model = MEMPORT_RANDOM;
    o.memory.random_min = 1;
    o.memory.random_max = 30;
    sabotage_plan = plan;
    struct random *r = random_new(&o, error, sizeof error);
    assert_non_null(r);
    struct dut *dut = dut_saboteur.create(&why);
    struct lane lane = {.driver = random_driver(r), .ops = &dut_saboteur, .dut = dut, .hang_after = 100000};
    lane_start(&lane);
    while (lane_advance(&lane, 1 << 12)) {
    }
    struct finding finding = lane.finding;
    if (finding.kind == FINDING_NONE && !random_compare_memory(r))
        finding = random_driver(r)->finding;
    dut_saboteur.destroy(dut);
    random_free(r);
    return finding;
}

static void honest_passes(void **state)
{
    (void)state;
    for (enum check_level check = CHECK_ARCH; check <= CHECK_STATE; check++) {
        const struct options o = options_for(trace_path, check);
        const struct finding f = check <= CHECK_EVENTS ? decoupled(&o, &dut_saboteur, (struct sabotage_plan){.what = SABOTAGE_NONE})
                                                       : lockstep(&o, (struct sabotage_plan){.what = SABOTAGE_NONE});
        assert_int_equal(f.kind, FINDING_NONE);
    }
    assert_int_equal(random_alone(20000, (struct sabotage_plan){.what = SABOTAGE_NONE}).kind, FINDING_NONE);
}

static void every_pin(void **state)
{
    static const struct {
        enum sabotage what;
        const char *field; /* what its name must contain */
    } pins[] = {
        {SABOTAGE_RESP_PA, "].pa"},       {SABOTAGE_RESP_ERR, "].err"},     {SABOTAGE_RESP_ID, "].id"},
        {SABOTAGE_RESP_KIND, "].kind"},   {SABOTAGE_RESP_SIZE, "].size"},   {SABOTAGE_RESP_PAT, "].pat"},
        {SABOTAGE_RESP_SRC, "].src"},     {SABOTAGE_RESP_LATE, "resp_valid["}, {SABOTAGE_RESP_LOST, "resp_valid["},
        {SABOTAGE_REQ_READY, "req_ready"},{SABOTAGE_CTL_READY, "ctl_ready"},{SABOTAGE_CTL_DONE, "ctl_done"},
        {SABOTAGE_WAITING, "waiting"},    {SABOTAGE_MEM_TAG, "mem_req_tag"},{SABOTAGE_MEM_CAS, "mem_req_cas"},
        {SABOTAGE_MEM_ADDR, "mem_req_addr"}, {SABOTAGE_MEM_EXPECTED, "mem_req_expected"}, {SABOTAGE_MEM_DESIRED, "mem_req_desired"},
    };
    (void)state;
    const struct options o = options_for(trace_path, CHECK_CYCLE);
    for (size_t i = 0; i < sizeof pins / sizeof *pins; i++) {
        const struct finding f = lockstep(&o, (struct sabotage_plan){.what = pins[i].what, .from = 3000});
        assert_int_equal(f.kind, FINDING_PIN);
        if (!strstr(f.field, pins[i].field))
            fail_msg("planted %s, saw %s", pins[i].field, f.field);
        assert_true(f.cycle >= 3000);
    }
}

static void every_kind_of_state(void **state)
{
    static const struct {
        unsigned sel, idx, word, bit;
        const char *name;
    } words[] = {
        {SEL_REGISTERS, 0, 0, 13, "CR3 base"},  {SEL_REGISTERS, 2, 0, 16, "rr_mem"}, {SEL_ITLB, 1, 0, 20, "VPN"},
        {SEL_DTLB, 0, 1, 43, "D"},              {SEL_STLB, 5, 1, 3, "frame"},        {SEL_PSC, 0, 1, 41, "U"},
        {SEL_REPLACEMENT, 2 << 14, 0, 1, "bits"}, {SEL_MISS_QUEUE, 1, 0, 9, "id"},   {SEL_WALKERS, 0, 0, 5, "level"},
        {SEL_WALKERS, 1, 0, 5, "value"},        {SEL_PIPELINE, 2, 0, 1, "token"},    {SEL_FILL, 1, 1, 12, "data word"},
    };
    (void)state;
    const struct options o = options_for(trace_path, CHECK_STATE);
    for (size_t i = 0; i < sizeof words / sizeof *words; i++) {
        const struct finding f = lockstep(&o, (struct sabotage_plan){.what = SABOTAGE_STATE, .from = 5000, .sel = words[i].sel,
                                                                     .idx = words[i].idx, .word = words[i].word, .bit = words[i].bit});
        assert_int_equal(f.kind, FINDING_STATE);
        assert_non_null(strstr(f.field, words[i].name));
        assert_true(f.cycle >= 5000 && f.cycle < 5200);
    }
    /* The same defects are none of the pins' business. */
    const struct options pins = options_for(trace_path, CHECK_CYCLE);
    assert_int_equal(lockstep(&pins, (struct sabotage_plan){.what = SABOTAGE_STATE, .from = 5000, .bit = 13}).kind, FINDING_NONE);
}

/* Without a common clock a wrong answer is seen by the oracle, a wrong source or request by --check=events, a late answer by neither. */
static void decoupled_levels(void **state)
{
    (void)state;
    const struct options arch = options_for(trace_path, CHECK_ARCH), events = options_for(trace_path, CHECK_EVENTS);
    const struct sabotage_plan pa = {.what = SABOTAGE_RESP_PA, .from = 3000}, src = {.what = SABOTAGE_RESP_SRC, .from = 3000},
                               late = {.what = SABOTAGE_RESP_LATE, .from = 3000}, cas = {.what = SABOTAGE_MEM_DESIRED, .from = 3000};
    assert_int_equal(decoupled(&arch, &dut_saboteur, pa).kind, FINDING_ORACLE);
    assert_int_equal(decoupled(&arch, &dut_saboteur, src).kind, FINDING_NONE);
    assert_int_equal(decoupled(&events, &dut_saboteur, src).kind, FINDING_EVENT);
    assert_int_equal(decoupled(&arch, &dut_saboteur, late).kind, FINDING_NONE);
    assert_int_equal(decoupled(&arch, &dut_saboteur, cas).kind, FINDING_MEMORY);
}

static void final_dirty_bits(void **state)
{
    (void)state;
    const struct options o = options_for(trace_path, CHECK_ARCH);
    const struct finding f = decoupled(&o, &dut_saboteur, (struct sabotage_plan){.what = SABOTAGE_NO_DIRTY});
    assert_int_not_equal(f.kind, FINDING_NONE);
}

static void hangs(void **state)
{
    extern const struct dut_ops dut_null;
    (void)state;
    struct options o = options_for(trace_path, CHECK_ARCH);
    assert_int_equal(decoupled(&o, &dut_null, (struct sabotage_plan){.what = SABOTAGE_NONE}).kind, FINDING_HANG);
    assert_int_equal(decoupled(&o, &dut_saboteur, (struct sabotage_plan){.what = SABOTAGE_RESP_LOST, .from = 3000}).kind, FINDING_HANG);
}

static void expectations(void **state)
{
    static const struct {
        const char *text;
        enum finding_kind kind;
    } cases[] = {
        {"ok pa=0x5238 4k", FINDING_NONE},  {"ok", FINDING_NONE},        {"ok pa=0x5230 4k", FINDING_EXPECT},
        {"ok pa=0x5238 2m", FINDING_EXPECT},{"pf 0x4", FINDING_EXPECT},  {"gp", FINDING_EXPECT},
    };
    char path[] = "/tmp/twinwalk-test-XXXXXX";
    (void)state;
    close(mkstemp(path));
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        write_own_tables(path, cases[i].text);
        const struct options o = options_for(path, CHECK_CYCLE);
        assert_int_equal(lockstep(&o, (struct sabotage_plan){.what = SABOTAGE_NONE}).kind, cases[i].kind);
    }
    unlink(path);
}

/* The random stimulus, too, has an oracle that must see what only it can see: stale entries, rights, A and D bits. */
static void random_judge(void **state)
{
    static const enum sabotage defects[] = {SABOTAGE_NO_INVLPG, SABOTAGE_NO_FLUSH, SABOTAGE_OLD_WP, SABOTAGE_NO_DIRTY, SABOTAGE_RESP_PA,
                                            SABOTAGE_RESP_ERR, SABOTAGE_MEM_DESIRED, SABOTAGE_RESP_ID, SABOTAGE_RESP_LOST};
    (void)state;
    for (size_t i = 0; i < sizeof defects / sizeof *defects; i++) {
        const struct finding f = random_alone(200000, (struct sabotage_plan){.what = defects[i], .from = 5000});
        if (f.kind == FINDING_NONE)
            fail_msg("random stimulus does not see defect %u", defects[i]);
    }
}

/* Skipping idle cycles must not lose a count. */
static void skipping_changes_nothing(void **state)
{
    static struct session s[2];
    (void)state;
    for (unsigned i = 0; i < 2; i++) {
        struct options o = options_for(trace_path, CHECK_CYCLE);
        o.skip = i;
        assert_true(session_open(&s[i], &o, NULL, NULL));
        lockstep_run(&s[i].lockstep);
        assert_true(s[i].lockstep.ended);
    }
    assert_true(s[1].lockstep.skipped > 0);
    assert_int_equal(s[0].lockstep.skipped, 0);
    assert_int_equal(s[0].world->d.cycle, s[1].world->d.cycle);
    assert_memory_equal(mmu_counts(s[0].ref), mmu_counts(s[1].ref), sizeof(struct mmu_counts));
    assert_memory_equal(&s[0].world->counts, &s[1].world->counts, sizeof s[0].world->counts);
    assert_memory_equal(&s[0].world->walk_latency, &s[1].world->walk_latency, sizeof s[0].world->walk_latency);
    session_close(&s[0]);
    session_close(&s[1]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(honest_passes),      cmocka_unit_test(every_pin),    cmocka_unit_test(every_kind_of_state),
        cmocka_unit_test(decoupled_levels),   cmocka_unit_test(final_dirty_bits), cmocka_unit_test(hangs),
        cmocka_unit_test(expectations),       cmocka_unit_test(random_judge), cmocka_unit_test(skipping_changes_nothing),
    };
    strcpy(trace_path, "/tmp/twinwalk-test-XXXXXX");
    close(mkstemp(trace_path));
    write_trace(trace_path);
    const int failed = cmocka_run_group_tests_name("judges", tests, NULL, NULL);
    unlink(trace_path);
    return failed;
}
