/* Whole systems, in small: what Linux does to its page tables, by hand (tb/tests/kernels/), is replayed on an MMU with
 * a defect in what it invalidates or sets, and with a trace in which something is wrong or missing. Each must be seen,
 * and by whom is said. */
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
#include "engine/lane.h"
#include "saboteur.h"
#include "session/session.h"

static char path[] = "/tmp/twinwalk-test-XXXXXX";

/* The trace of this name with the first `what` in it replaced. */
static void rewrite(const char *name, const char *what, const char *by)
{
    static char text[1 << 16];
    char file[128];
    snprintf(file, sizeof file, "tb/tests/kernels/%s.txt", name);
    FILE *in = fopen(file, "r"), *out = fopen(path, "w");
    assert_non_null(in);
    assert_non_null(out);
    text[fread(text, 1, sizeof text - 1, in)] = 0;
    char *at = strstr(text, what);
    assert_non_null(at);
    fprintf(out, "%.*s%s%s", (int)(at - text), text, by, at + strlen(what));
    fclose(in);
    fclose(out);
}

/* The MMU alone, with nobody but the oracle and the trace to judge it. */
static enum finding_kind replay(enum sabotage what, uint64_t from, struct world_counts *counts)
{
    struct setup o;
    char error[512];
    int status;
    const char *why = "";
    setup_defaults(&o);
    o.trace = path;
    sabotage_plan = (struct sabotage_plan){.what = what, .from = from};
    struct world *w = session_world(&o, true, error, sizeof error, &status);
    assert_non_null(w);
    struct dut *dut = dut_saboteur.create(&why);
    struct lane lane = {.driver = &w->d, .ops = &dut_saboteur, .dut = dut, .skip = true, .hang_after = 100000};
    lane_start(&lane);
    while (lane_advance(&lane, 1 << 12)) {
    }
    enum finding_kind found = lane.finding.kind;
    assert_false(w->broken);
    if (found == FINDING_NONE && !world_compare_memory(w))
        found = w->d.finding.kind;
    if (counts)
        *counts = w->counts;
    dut_saboteur.destroy(dut);
    world_free(w);
    return found;
}

static void defects_of_the_mmu(void **state)
{
    static const struct {
        const char *name;
        enum sabotage what;
    } defects[] = {
        {"unmap", SABOTAGE_NO_INVLPG}, {"pcid", SABOTAGE_NO_FLUSH},  {"pcid", SABOTAGE_NO_INVPCID},
        {"pcid", SABOTAGE_NO_INVLPG},  {"young", SABOTAGE_NO_DIRTY}, {"relax", SABOTAGE_RESP_ADDR},
        {"cow", SABOTAGE_RESP_ERR},
    };
    (void)state;
    for (size_t i = 0; i < sizeof defects / sizeof *defects; i++) {
        rewrite(defects[i].name, "tables own", "tables own");
        assert_int_equal(replay(SABOTAGE_NONE, 0, NULL), FINDING_NONE);
        const enum finding_kind found = replay(defects[i].what, 0, NULL);
        if (found != FINDING_ORACLE)
            fail_msg("%s, defect %u: %s", defects[i].name, defects[i].what, finding_name(found));
    }
}

/* What an unruly kernel does, an honest MMU answers as the books allow, and one that invalidates too little does not.
 */
static void an_unruly_kernel(void **state)
{
    static const enum sabotage defects[] = {SABOTAGE_NO_INVLPG, SABOTAGE_NO_FLUSH, SABOTAGE_NO_INVPCID,
                                            SABOTAGE_NO_DIRTY};
    char command[128];
    struct world_counts c;
    (void)state;
    for (unsigned seed = 11; seed < 15; seed++) {
        snprintf(command, sizeof command, "tb/tests/random_tables.py %u 12000 pcid > %s", seed, path);
        assert_int_equal(system(command), 0);
        assert_int_equal(replay(SABOTAGE_NONE, 0, &c), FINDING_NONE);
        assert_true(c.stale.ours[0][0] > 20 && c.stale.ours[0][1] > 20 && c.stale.flags > 0);
        for (size_t i = 0; i < sizeof defects / sizeof *defects; i++)
            assert_int_equal(replay(defects[i], 100, NULL), FINDING_ORACLE);
    }
}

static void mistakes_of_the_trace(void **state)
{
    static const struct {
        const char *name, *what, *by;
        enum finding_kind found;
    } mistakes[] = {
        {"cow", "-> ok pa=0x32010 4k", "-> ok pa=0x32011 4k", FINDING_EXPECT}, /* one bit of an address */
        {"cow", "-> ok pa=0x32010 4k", "-> ok pa=0x32010 2m", FINDING_EXPECT},
        {"cow", "-> pf 0x7 cr2=0x2010", "-> pf 0x6 cr2=0x2010", FINDING_EXPECT}, /* of an error code */
        {"cow", "-> pf 0x7 cr2=0x2010", "-> pf 0x7 cr2=0x2011", FINDING_EXPECT}, /* of CR2 */
        {"cow", "-> pf 0x7 cr2=0x2010", "-> ok", FINDING_EXPECT},
        {"cow", "poke 0x5010 0x32067\n", "", FINDING_EXPECT}, /* a write to a page table is missing */
        {"tables", "poke 0x5008 0x41067\n", "", FINDING_EXPECT},
        {"fork", "mov cr3 0x1000 -> ok\nS 0x1010", "S 0x1010", FINDING_NONE}, /* no flush: ours writes on, legally */
        {"unmap", "invlpg 0x1000\n", "", FINDING_NONE},
        {"global", "mov cr4 0x100020 -> ok\n", "", FINDING_NONE},
        {"unmap", "L 0x1008 8 -> ok pa=0x21008 4k", "invlpg 0x1000\nL 0x1008 8 -> ok pa=0x21008 4k",
         FINDING_EXPECT}, /* theirs can have it no longer */
        {"fork", "S 0x3008 8 -> ok pa=0x23008 4k", "mov cr3 0x1000\nS 0x3008 8 -> ok pa=0x23008 4k", FINDING_EXPECT},
        {"pti", "mov cr4 0x1000a0 -> ok", "mov cr4 0x1000a0 -> gp", FINDING_EXPECT},
    };
    (void)state;
    for (size_t i = 0; i < sizeof mistakes / sizeof *mistakes; i++) {
        rewrite(mistakes[i].name, mistakes[i].what, mistakes[i].by);
        const enum finding_kind found = replay(SABOTAGE_NONE, 0, NULL);
        if (found != mistakes[i].found)
            fail_msg("%s, '%s' for '%s': %s", mistakes[i].name, mistakes[i].by, mistakes[i].what, finding_name(found));
    }
}

static void what_is_counted(void **state)
{
    struct world_counts c;
    (void)state;
    rewrite("unmap", "tables own", "tables own");
    assert_int_equal(replay(SABOTAGE_NONE, 0, &c), FINDING_NONE);
    assert_int_equal(c.stale.compared, 6);
    assert_int_equal(c.stale.equal, 5);
    assert_int_equal(c.stale.ours_alone, 1);
    assert_int_equal(c.stale.ours[0][0], 2);
    /* The recorded machine used what ours has dropped: the first access never filled our TLB. */
    rewrite("unmap", "L 0x1000 8 -> ok pa=0x21000 4k\n", "");
    assert_int_equal(replay(SABOTAGE_NONE, 0, &c), FINDING_NONE);
    assert_int_equal(c.stale.theirs[0][0], 1);
    assert_int_equal(c.stale.compared, c.stale.equal + c.stale.ours_alone + c.stale.theirs[0][0]);
    rewrite("young", "tables own", "tables own");
    assert_int_equal(replay(SABOTAGE_NONE, 0, &c), FINDING_NONE);
    assert_int_equal(c.stale.flags, 2);
}

static int make_path(void **state)
{
    (void)state;
    return close(mkstemp(path));
}

static int remove_path(void **state)
{
    (void)state;
    return unlink(path);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(defects_of_the_mmu),
        cmocka_unit_test(an_unruly_kernel),
        cmocka_unit_test(mistakes_of_the_trace),
        cmocka_unit_test(what_is_counted),
    };
    return cmocka_run_group_tests(tests, make_path, remove_path);
}
