/* What judges is itself judged: each comparator of the bench is shown a DUT (or a trace) with one defect, and must see
 * it, under the right name. And an honest DUT must pass at every level. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "dut/model.h"
#include "engine/rig.h"
#include "engine/statenames.h"
#include "forms/stand.h"
#include "random/random.h"
#include "replay/decoupled.h"
#include "saboteur.h"
#include "session/session.h"

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

/* A trace with its own page tables: 4 levels to one page, and one access whose expected result is given by the caller.
 */
static void write_own_tables(const char *path, const char *expectation)
{
    FILE *f = fopen(path, "w");
    assert_non_null(f);
    fprintf(f,
            "twinwalk-trace 1\nbits 48\ntables own\n"
            "poke 0x1000 0x2007\npoke 0x2000 0x3007\npoke 0x3000 0x4007\npoke 0x4008 0x5007\n"
            "mov cr0 0x80010001\nmov cr4 0x20\nmov cr3 0x1000\n"
            "L 0x1238 8 -> %s\n",
            expectation);
    fclose(f);
}

static void write_text(const char *path, const char *text)
{
    FILE *f = fopen(path, "w");
    assert_non_null(f);
    fputs(text, f);
    fclose(f);
}

/* Rights that depend on registers and on how the access is made, memory types, #GP of control operations, INVPCID.
 * Every defect of these_are_judged() shows in it. The tables: 0x1000 user with key 1, 0x2000 supervisor, 0x3000 shadow
 * stack, 0x4000 PAT index 1. */
static const char architecture[] =
    "twinwalk-trace 1\nbits 48\ntables own\n"
    "poke 0x1000 0x2007\npoke 0x2000 0x3007\npoke 0x3000 0x4007\n"
    "poke 0x4008 0x0800000000005007\npoke 0x4010 0x6003\npoke 0x4018 0x7065\npoke 0x4020 0x800f\n"
    "mov cr0 0x80010001\nmov cr4 0xf00020\nwrmsr efer 0xd00\nmov cr3 0x1000\n"
    "L 0x1238 8 -> ok pa=0x5238 4k mt=wb\nwrpkru 0\nL 0x4010 8 -> ok pa=0x8010 4k mt=wt\n"
    "wrpkru 0x100000004 -> gp\nL 0x1238 8 -> ok\n"
    "wrpkru 0x4 -> ok\nL 0x1238 8 -> pf 0x25 cr2=0x1238\nwrpkru 0\n"
    "L 0x1240 8 sup ac -> ok\nL 0x1240 8 sup -> pf 0x1\nL 0x1240 8 sup imp ac -> pf 0x1\n"
    "L 0x2008 8 -> pf 0x5\nL 0x2008 8 imp -> ok\n"
    "L 0x3010 8 ss -> ok pa=0x7010 4k\nS 0x3010 8 -> pf 0x7\nL 0x1010 8 ss -> pf 0x45\n"
    "wrmsr pat 0x0007040600070100\nL 0x1248 8 -> ok pa=0x5248 4k mt=uc\nL 0x4010 8 -> ok pa=0x8010 4k mt=wc\n"
    "mov cr0 0xc0010001\nL 0x4018 8 -> ok pa=0x8018 4k mt=uc\n"
    "mov cr3 0x1008\nL 0x4020 8 -> ok\nL 0x1238 8 -> ok\n"
    "poke 0x4008 0x9007\ninvpcid 2 0 0\nL 0x1238 8 -> ok pa=0x9238 4k\n"
    "mov cr4 0x0 -> gp\nL 0x1238 8 -> ok pa=0x9238 4k\n";

/* One global page, mapped by two address spaces through tables of their own; the second finds it cached. */
static const char shared_global[] =
    "twinwalk-trace 1\nbits 48\ntables own\n"
    "poke 0x1000 0x2007\npoke 0x2000 0x3007\npoke 0x3000 0x4007\npoke 0x4008 0x5107\n"
    "poke 0x11000 0x12007\npoke 0x12000 0x13007\npoke 0x13000 0x14007\npoke 0x14008 0x5107\n"
    "mov cr0 0x80010001\nmov cr4 0xa0\nmov cr3 0x1000\nS 0x1238 8 -> ok pa=0x5238 4k\n"
    "mov cr3 0x11000\nL 0x1240 8 -> ok pa=0x5240 4k\nS 0x1248 8 -> ok\n";

/* Memory that fails by order, at an address and at a count of reads. */
static const char failing_memory[] =
    "twinwalk-trace 1\nbits 48\ntables own\nmov cr3 0x1000\n"
    "poke 0x1000 0x2007\npoke 0x2000 0x3007\npoke 0x3010 0x4007\npoke 0x4000 0x5007\npoke 0x4040 0x6007\n"
    "memerr at 0x4008\nL 0x400000 8 -> memerr\nS 0x400008 8 -> memerr\nF 0x408000 4 -> ok pa=0x6000 4k\n"
    "L 0x400010 8\nL 0x408008 8 -> ok\nmemerr off\nS 0x400000 8 -> ok pa=0x5000 4k\n"
    "mov cr3 0x1000\nmemerr read 3\nF 0x400000 1 -> memerr\nF 0x400000 1 -> ok pa=0x5000 4k\n";

static struct setup options_for(const char *path, enum check_level check)
{
    struct setup o;
    setup_defaults(&o);
    o.trace = path;
    o.check = check;
    o.state_every = 64;
    o.memory.model = MEMPORT_FIXED;
    o.memory.fixed_latency = 20;
    o.rerun = "";
    return o;
}

/* One lockstep run; what it found, NONE when everything was compared and equal. */
static struct finding lockstep(const struct setup *o, struct sabotage_plan plan)
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
static struct finding decoupled(const struct setup *o, const struct dut_ops *ops, struct sabotage_plan plan)
{
    static struct decoupled d;
    const char *why = "";
    char error[512];
    int status;
    sabotage_plan = plan;
    struct world *a = session_world(o, true, error, sizeof error, &status),
                 *b = session_world(o, true, error, sizeof error, &status);
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
    struct setup o = options_for(NULL, CHECK_CYCLE);
    const char *why = "";
    char error[512];
    o.requests = requests;
    o.memory.model = MEMPORT_RANDOM;
    o.memory.random_min = 1;
    o.memory.random_max = 30;
    sabotage_plan = plan;
    const struct random_setup stimulus = {.memory = o.memory,
                                          .seed = o.seed,
                                          .requests = o.requests,
                                          .cycles = o.cycles};
    struct random *r = random_new(&stimulus, error, sizeof error);
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
        const struct setup o = options_for(trace_path, check);
        const struct finding f = check <= CHECK_EVENTS
                                     ? decoupled(&o, &dut_saboteur, (struct sabotage_plan){.what = SABOTAGE_NONE})
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
        {SABOTAGE_RESP_ADDR, "].addr"},
        {SABOTAGE_RESP_CR2, "].addr"},
        {SABOTAGE_RESP_MT, "].mt"},
        {SABOTAGE_MEM_MT, "mem_req_mt"},
        {SABOTAGE_RESP_ERR, "].err"},
        {SABOTAGE_RESP_ID, "].id"},
        {SABOTAGE_RESP_KIND, "].kind"},
        {SABOTAGE_RESP_SIZE, "].size"},
        {SABOTAGE_RESP_PAT, "].pat"},
        {SABOTAGE_RESP_SRC, "].src"},
        {SABOTAGE_RESP_LATE, "resp_valid["},
        {SABOTAGE_RESP_LOST, "resp_valid["},
        {SABOTAGE_REQ_READY, "req_ready"},
        {SABOTAGE_CTL_READY, "ctl_ready"},
        {SABOTAGE_CTL_DONE, "ctl_done"},
        {SABOTAGE_WAITING, "waiting"},
        {SABOTAGE_MEM_TAG, "mem_req_tag"},
        {SABOTAGE_MEM_CAS, "mem_req_cas"},
        {SABOTAGE_MEM_ADDR, "mem_req_addr"},
        {SABOTAGE_MEM_EXPECTED, "mem_req_expected"},
        {SABOTAGE_MEM_DESIRED, "mem_req_desired"},
    };
    (void)state;
    const struct setup o = options_for(trace_path, CHECK_CYCLE);
    for (size_t i = 0; i < sizeof pins / sizeof *pins; i++) {
        const struct finding f = lockstep(&o, (struct sabotage_plan){.what = pins[i].what, .from = 3000});
        assert_int_equal(f.kind, FINDING_PIN);
        if (!strstr(f.field, pins[i].field))
            fail_msg("planted %s, saw %s", pins[i].field, f.field);
        assert_true(f.cycle >= 3000);
    }
    const struct finding f = lockstep(&o, (struct sabotage_plan){.what = SABOTAGE_CTL_GP});
    assert_int_equal(f.kind, FINDING_PIN);
    assert_string_equal(f.field, "ctl_gp");
}

static void every_kind_of_state(void **state)
{
    static const struct {
        unsigned sel, idx, word, bit;
        const char *name;
    } words[] = {
        {SEL_REGISTERS, 0, 0, 13, "CR3 base"},
        {SEL_REGISTERS, 2, 0, 16, "rr_mem"},
        {SEL_ITLB, 1, 0, 20, "VPN"},
        {SEL_DTLB, 0, 1, 43, "D"},
        {SEL_STLB, 5, 1, 3, "frame"},
        {SEL_PSC, 0, 1, 41, "U"},
        {SEL_REPLACEMENT, 2 << 14, 0, 1, "bits"},
        {SEL_MISS_QUEUE, 1, 0, 9, "id"},
        {SEL_WALKERS, 0, 0, 5, "level"},
        {SEL_REGISTERS, 0, 1, 9, "CET"},
        {SEL_REGISTERS, 3, 0, 5, "PKRU"},
        {SEL_REGISTERS, 3, 1, 20, "PAT"},
        {SEL_REGISTERS, 4, 0, 3, "control desc"},
        {SEL_STLB, 5, 1, 51, "S"},
        {SEL_MISS_QUEUE, 1, 0, 46, "memory type"},
        {SEL_WALKERS, 0, 0, 31, "PWT"},
        {SEL_WALKERS, 1, 0, 5, "value"},
        {SEL_PIPELINE, 2, 0, 1, "token"},
        {SEL_FILL, 1, 1, 12, "data word"},
    };
    (void)state;
    const struct setup o = options_for(trace_path, CHECK_STATE);
    for (size_t i = 0; i < sizeof words / sizeof *words; i++) {
        const struct finding f = lockstep(&o, (struct sabotage_plan){.what = SABOTAGE_STATE,
                                                                     .from = 5000,
                                                                     .sel = words[i].sel,
                                                                     .idx = words[i].idx,
                                                                     .word = words[i].word,
                                                                     .bit = words[i].bit});
        assert_int_equal(f.kind, FINDING_STATE);
        assert_non_null(strstr(f.field, words[i].name));
        assert_true(f.cycle >= 5000 && f.cycle < 5200);
    }
    /* The same defects are none of the pins' business. */
    const struct setup pins = options_for(trace_path, CHECK_CYCLE);
    assert_int_equal(lockstep(&pins, (struct sabotage_plan){.what = SABOTAGE_STATE, .from = 5000, .bit = 13}).kind,
                     FINDING_NONE);
}

/* Without a common clock a wrong answer is seen by the oracle, a wrong source or request by --check=events, a late
 * answer by neither. */
static void decoupled_levels(void **state)
{
    (void)state;
    const struct setup arch = options_for(trace_path, CHECK_ARCH), events = options_for(trace_path, CHECK_EVENTS);
    const struct sabotage_plan pa = {.what = SABOTAGE_RESP_ADDR, .from = 3000},
                               mt = {.what = SABOTAGE_RESP_MT, .from = 3000},
                               cr2 = {.what = SABOTAGE_RESP_CR2, .from = 3000},
                               table = {.what = SABOTAGE_MEM_MT, .from = 3000},
                               gp = {.what = SABOTAGE_CTL_GP, .from = 100},
                               src = {.what = SABOTAGE_RESP_SRC, .from = 3000},
                               late = {.what = SABOTAGE_RESP_LATE, .from = 3000},
                               cas = {.what = SABOTAGE_MEM_DESIRED, .from = 3000};
    assert_int_equal(decoupled(&arch, &dut_saboteur, pa).kind, FINDING_ORACLE);
    assert_int_equal(decoupled(&arch, &dut_saboteur, mt).kind, FINDING_ORACLE);
    assert_int_equal(decoupled(&arch, &dut_saboteur, cr2).kind, FINDING_ORACLE);
    assert_int_equal(decoupled(&arch, &dut_saboteur, gp).kind, FINDING_ORACLE);
    assert_int_equal(decoupled(&arch, &dut_saboteur, table).kind, FINDING_ORACLE);
    assert_int_equal(decoupled(&events, &dut_saboteur, table).kind, FINDING_ORACLE);
    assert_int_equal(decoupled(&arch, &dut_saboteur, src).kind, FINDING_NONE);
    assert_int_equal(decoupled(&events, &dut_saboteur, src).kind, FINDING_EVENT);
    assert_int_equal(decoupled(&arch, &dut_saboteur, late).kind, FINDING_NONE);
    assert_int_equal(decoupled(&arch, &dut_saboteur, cas).kind, FINDING_MEMORY);
}

static void final_dirty_bits(void **state)
{
    (void)state;
    const struct setup o = options_for(trace_path, CHECK_ARCH);
    const struct finding f = decoupled(&o, &dut_saboteur, (struct sabotage_plan){.what = SABOTAGE_NO_DIRTY});
    assert_int_not_equal(f.kind, FINDING_NONE);
}

static void hangs(void **state)
{
    extern const struct dut_ops dut_null;
    (void)state;
    struct setup o = options_for(trace_path, CHECK_ARCH);
    assert_int_equal(decoupled(&o, &dut_null, (struct sabotage_plan){.what = SABOTAGE_NONE}).kind, FINDING_HANG);
    assert_int_equal(
        decoupled(&o, &dut_saboteur, (struct sabotage_plan){.what = SABOTAGE_RESP_LOST, .from = 3000}).kind,
        FINDING_HANG);
}

static void expectations(void **state)
{
    static const struct {
        const char *text;
        enum finding_kind kind;
    } cases[] = {
        {"ok pa=0x5238 4k", FINDING_NONE},   {"ok", FINDING_NONE},       {"ok pa=0x5230 4k", FINDING_EXPECT},
        {"ok pa=0x5238 2m", FINDING_EXPECT}, {"pf 0x4", FINDING_EXPECT}, {"gp", FINDING_EXPECT},
    };
    char path[] = "/tmp/twinwalk-test-XXXXXX";
    (void)state;
    close(mkstemp(path));
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        write_own_tables(path, cases[i].text);
        const struct setup o = options_for(path, CHECK_CYCLE);
        assert_int_equal(lockstep(&o, (struct sabotage_plan){.what = SABOTAGE_NONE}).kind, cases[i].kind);
    }
    unlink(path);
}

static void these_are_judged(void **state)
{
    static const enum sabotage defects[] = {SABOTAGE_NO_AC,    SABOTAGE_NO_SS,  SABOTAGE_NO_IMP,     SABOTAGE_OLD_PKRU,
                                            SABOTAGE_OLD_PAT,  SABOTAGE_OLD_WP, SABOTAGE_NO_INVPCID, SABOTAGE_RESP_MT,
                                            SABOTAGE_RESP_CR2, SABOTAGE_CTL_GP, SABOTAGE_MEM_MT};
    char path[] = "/tmp/twinwalk-test-XXXXXX";
    (void)state;
    close(mkstemp(path));
    write_text(path, architecture);
    const struct setup arch = options_for(path, CHECK_ARCH), all = options_for(path, CHECK_STATE);
    assert_int_equal(lockstep(&all, (struct sabotage_plan){.what = SABOTAGE_NONE}).kind, FINDING_NONE);
    assert_int_equal(decoupled(&arch, &dut_saboteur, (struct sabotage_plan){.what = SABOTAGE_NONE}).kind, FINDING_NONE);
    for (size_t i = 0; i < sizeof defects / sizeof *defects; i++) {
        const struct finding f = decoupled(&arch, &dut_saboteur,
                                           (struct sabotage_plan){.what = defects[i], .from = 20});
        if (f.kind != FINDING_ORACLE)
            fail_msg("defect %u: the oracle sees nothing (%s)", defects[i], finding_name(f.kind));
    }
    /* What the trace says is judged too, and the entries that it names. */
    write_text(path, "twinwalk-trace 1\nbits 48\ntables own\nmov cr4 0x20 -> gp\n");
    assert_int_equal(lockstep(&all, (struct sabotage_plan){.what = SABOTAGE_NONE}).kind, FINDING_EXPECT);
    write_text(path, "twinwalk-trace 1\nbits 48\ntables own\nmov cr4 0x0 -> ok\n");
    assert_int_equal(lockstep(&all, (struct sabotage_plan){.what = SABOTAGE_NONE}).kind, FINDING_EXPECT);
    unlink(path);
}

/* A memory error is a result where memory has failed, and a finding where it has not; with an OS model too, where
 * nothing else could come of it than the access being made again for ever. */
static void memory_errors(void **state)
{
    static struct session s;
    const struct sabotage_plan honest = {.what = SABOTAGE_NONE}, lie = {.what = SABOTAGE_MEMERR, .from = 3000},
                               early_lie = {.what = SABOTAGE_MEMERR}, deaf = {.what = SABOTAGE_NO_MEMERR};
    char path[] = "/tmp/twinwalk-test-XXXXXX";
    (void)state;
    close(mkstemp(path));
    write_text(path, failing_memory);
    const struct setup arch = options_for(path, CHECK_ARCH), all = options_for(path, CHECK_STATE),
                       program = options_for(trace_path, CHECK_ARCH);
    assert_int_equal(lockstep(&all, honest).kind, FINDING_NONE);
    assert_int_equal(decoupled(&arch, &dut_saboteur, honest).kind, FINDING_NONE);
    assert_true(session_open(&s, &all, NULL, NULL));
    lockstep_run(&s.lockstep);
    assert_int_equal(s.world->counts.memory_errors, 4);
    assert_int_equal(s.world->counts.expectations, 7);
    session_close(&s);
    assert_int_equal(decoupled(&program, &dut_saboteur, lie).kind, FINDING_ORACLE);
    assert_int_not_equal(decoupled(&arch, &dut_saboteur, deaf).kind, FINDING_NONE);
    write_text(path, "twinwalk-trace 1\ntables own\nmov cr3 0x1000\nL 0x400000 8\n");
    assert_int_equal(decoupled(&arch, &dut_saboteur, honest).kind, FINDING_NONE);
    assert_int_equal(decoupled(&arch, &dut_saboteur, early_lie).kind, FINDING_ORACLE);
    /* Expected and not met, and the other way about. */
    write_text(path, "twinwalk-trace 1\ntables own\nmov cr3 0x1000\nmemerr at 0x1040\nL 0x400000 8 -> memerr\n");
    assert_int_equal(lockstep(&all, honest).kind, FINDING_EXPECT);
    write_text(path, "twinwalk-trace 1\ntables own\nmov cr3 0x1000\nmemerr at 0x1000\nL 0x400000 8 -> pf 0x4\n");
    assert_int_equal(lockstep(&all, honest).kind, FINDING_EXPECT);
    unlink(path);
}

/* Bits of an error code may be left open. */
static void open_error_codes(void **state)
{
    static const struct {
        const char *expected;
        enum finding_kind kind;
    } tries[] = {
        {"pf 0x4", FINDING_NONE},
        {"pf 0x4 mask=0xfffe", FINDING_NONE},
        {"pf 0x0 mask=0xfffb cr2=0x400000", FINDING_NONE},
        {"pf 0x6 mask=0xfffe", FINDING_EXPECT},
        {"pf 0x4 mask=0xfffe cr2=0x400008", FINDING_EXPECT},
        {"pf 0x0 mask=0x0", FINDING_NONE},
    };
    char path[] = "/tmp/twinwalk-test-XXXXXX", text[200];
    (void)state;
    close(mkstemp(path));
    for (size_t i = 0; i < sizeof tries / sizeof *tries; i++) {
        snprintf(text, sizeof text, "twinwalk-trace 1\ntables own\nmov cr3 0x1000\nL 0x400000 8 -> %s\n",
                 tries[i].expected);
        write_text(path, text);
        const struct setup o = options_for(path, CHECK_CYCLE);
        assert_int_equal(lockstep(&o, (struct sabotage_plan){.what = SABOTAGE_NONE}).kind, tries[i].kind);
    }
    unlink(path);
}

static void global_pages_of_two_spaces(void **state)
{
    static struct session s;
    char path[] = "/tmp/twinwalk-test-XXXXXX";
    (void)state;
    close(mkstemp(path));
    write_text(path, shared_global);
    const struct setup arch = options_for(path, CHECK_ARCH), all = options_for(path, CHECK_STATE);
    assert_int_equal(lockstep(&all, (struct sabotage_plan){.what = SABOTAGE_NONE}).kind, FINDING_NONE);
    assert_int_equal(decoupled(&arch, &dut_saboteur, (struct sabotage_plan){.what = SABOTAGE_NONE}).kind, FINDING_NONE);
    /* The first space's bits are owed all the same. */
    assert_int_equal(decoupled(&arch, &dut_saboteur, (struct sabotage_plan){.what = SABOTAGE_NO_DIRTY}).kind,
                     FINDING_ORACLE);
    assert_true(session_open(&s, &all, NULL, NULL));
    lockstep_run(&s.lockstep);
    assert_int_equal(s.world->counts.shared_global, 2);
    session_close(&s);
    unlink(path);
}

/* The random stimulus, too, has an oracle that must see what only it can see: stale entries, rights, A and D bits. */
static void random_judge(void **state)
{
    static const enum sabotage defects[] = {SABOTAGE_NO_INVLPG,   SABOTAGE_NO_FLUSH,  SABOTAGE_OLD_WP,
                                            SABOTAGE_NO_DIRTY,    SABOTAGE_RESP_ADDR, SABOTAGE_RESP_ERR,
                                            SABOTAGE_MEM_DESIRED, SABOTAGE_RESP_ID,   SABOTAGE_RESP_LOST};
    (void)state;
    for (size_t i = 0; i < sizeof defects / sizeof *defects; i++) {
        const struct finding f = random_alone(200000, (struct sabotage_plan){.what = defects[i], .from = 5000});
        if (f.kind == FINDING_NONE)
            fail_msg("random stimulus does not see defect %u", defects[i]);
    }
}

/* A finding of random stimulus comes with the walk of its access. */
static void random_finding_explained(void **state)
{
    static struct session s;
    const char *why = "";
    char text[4096] = "", want[32];
    struct setup o = options_for(NULL, CHECK_CYCLE);
    (void)state;
    o.requests = 20000;
    sabotage_plan = (struct sabotage_plan){.what = SABOTAGE_RESP_ADDR, .from = 5000};
    struct dut *dut = dut_saboteur.create(&why);
    assert_true(session_open(&s, &o, &dut_saboteur, dut));
    lockstep_run(&s.lockstep);
    const struct finding f = s.lockstep.finding;
    assert_int_equal(f.kind, FINDING_PIN);
    assert_true(f.access != UINT64_MAX);
    assert_non_null(s.lockstep.driver->explain);
    FILE *out = fmemopen(text, sizeof text - 1, "w");
    s.lockstep.driver->explain(s.lockstep.driver, &f, out);
    fclose(out);
    snprintf(want, sizeof want, "%llx", (unsigned long long)f.va);
    assert_non_null(strstr(text, want));
    session_close(&s);
    dut_saboteur.destroy(dut);
}

/* What a design says of itself ends every kind of run, in its cycle, and comes before all that follows from it. */
static void the_design_speaks(void **state)
{
    static const struct {
        enum sabotage what;
        enum finding_kind kind;
    } says[] = {{SABOTAGE_FAILS, FINDING_DESIGN}, {SABOTAGE_FINISHES, FINDING_FINISH}};
    const struct oracle_access access = {.va = 0x1000};
    struct pins_resp resp;
    (void)state;
    for (unsigned i = 0; i < 2; i++)
        for (unsigned from = 0; from < 5000; from += 2500) {
            const struct sabotage_plan plan = {.what = says[i].what, .from = from};
            for (unsigned traced = 0; traced < 2; traced++) {
                struct setup o = options_for(traced ? trace_path : NULL, CHECK_CYCLE);
                o.requests = 20000;
                o.skip = false; /* the cycle is then that of the event */
                const struct finding f = lockstep(&o, plan);
                assert_int_equal(f.kind, says[i].kind);
                assert_int_equal(f.cycle, from);
                assert_non_null(strstr(f.field, "saboteur.sv:7"));
                assert_true(says[i].what != SABOTAGE_FAILS || strcmp(f.actual, "as planned") == 0);
            }
            const struct setup o = options_for(trace_path, CHECK_ARCH);
            assert_int_equal(decoupled(&o, &dut_saboteur, plan).kind, says[i].kind);
        }
    for (unsigned from = 0; from < 3000; from += 1000) {
        sabotage_plan = (struct sabotage_plan){.what = SABOTAGE_FAILS, .from = from};
        struct rig *r = rig_new(&dut_saboteur, 10, 0);
        while (!rig_stopped(r) && r->cycle < 10000)
            rig_access(r, &access, &resp);
        assert_int_equal(r->finding.kind, FINDING_DESIGN);
        assert_int_equal(r->finding.cycle, from);
        rig_free(r);
        struct stand *s = stand_new(&dut_saboteur, 10, false);
        while (s->finding.kind == FINDING_NONE && s->cycle < 10000)
            stand_flush(s);
        assert_int_equal(s->finding.kind, FINDING_DESIGN);
        assert_int_equal(s->finding.cycle, from);
        stand_free(s);
    }
}

/* Skipping idle cycles must not lose a count. */
static void skipping_changes_nothing(void **state)
{
    static struct session s[2];
    (void)state;
    for (unsigned i = 0; i < 2; i++) {
        struct setup o = options_for(trace_path, CHECK_CYCLE);
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
        cmocka_unit_test(honest_passes),
        cmocka_unit_test(every_pin),
        cmocka_unit_test(every_kind_of_state),
        cmocka_unit_test(decoupled_levels),
        cmocka_unit_test(final_dirty_bits),
        cmocka_unit_test(hangs),
        cmocka_unit_test(expectations),
        cmocka_unit_test(these_are_judged),
        cmocka_unit_test(memory_errors),
        cmocka_unit_test(open_error_codes),
        cmocka_unit_test(global_pages_of_two_spaces),
        cmocka_unit_test(random_judge),
        cmocka_unit_test(random_finding_explained),
        cmocka_unit_test(the_design_speaks),
        cmocka_unit_test(skipping_changes_nothing),
    };
    strcpy(trace_path, "/tmp/twinwalk-test-XXXXXX");
    close(mkstemp(trace_path));
    write_trace(trace_path);
    const int failed = cmocka_run_group_tests_name("judges", tests, NULL, NULL);
    unlink(trace_path);
    return failed;
}
