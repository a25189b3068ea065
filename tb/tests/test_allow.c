/* Policies of `twinwalk compare`: which rules can be read, and where they break. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "profile/allow.h"

static FILE *nowhere;

/* Are the rules kept when cycles (and `read1`) go from base to head? */
static bool kept(const char *rules, uint64_t base, uint64_t head)
{
    struct allow a = {0};
    static struct difference d;
    char error[256];
    json_t *broken = json_array();
    d.books[0].cycles = d.books[0].total[LEDGER_READ1] = base;
    d.books[1].cycles = d.books[1].total[LEDGER_READ1] = head;
    assert_true(allow_parse(&a, rules, error, sizeof error));
    const bool all = allow_judge(&a, &d, nowhere, broken);
    assert_int_equal(all, json_array_size(broken) == 0);
    json_decref(broken);
    return all;
}

static void limits_are_allowed(void **unused)
{
    (void)unused;
    assert_true(kept("cycles<=+2%", 1000, 1020));
    assert_false(kept("cycles<=+2%", 1000, 1021));
    assert_true(kept("cycles<=2%", 1000, 10));
    assert_true(kept("read1>=-5", 1000, 995));
    assert_false(kept("read1>=-5", 1000, 994));
    assert_true(kept("read1<=+0", 7, 7));
    assert_false(kept("read1<=+0", 7, 8));
    assert_false(kept("cycles<=-1", 1000, 1000)); /* must win */
    assert_true(kept("cycles<=-1", 1000, 999));
}

static void of_nothing(void **unused)
{
    (void)unused;
    assert_true(kept("read1<=+5%", 0, 0));
    assert_false(kept("read1<=+5%", 0, 1)); /* whatever it is, it is more than 5 % of nothing */
    assert_true(kept("read1<=+1", 0, 1));
    assert_true(kept("", 0, 1));
}

static void each_rule_counts(void **unused)
{
    (void)unused;
    assert_false(kept("cycles<=+50%; read1<=+1", 100, 120));
    assert_false(kept("read1<=+1 cycles<=+50%", 100, 120));
    assert_true(kept(" ; read1<=+30\tcycles<=+50%\n", 100, 120));
    assert_true(kept("l1<=+0 stlb<=+0 fault>=-0%", 100, 120)); /* are 0 on both sides */
}

static void what_is_no_rule(void **unused)
{
    (void)unused;
    static const char *const wrong[] = {
        "cycles",         "cycles<5",        "cycles=5",
        "cycles<=",       "cycles<=%",       "cycles<=5%%",
        "cycles<=5x",     "cycles<=nan",     "cycles<=inf",
        "cycles<=1e999%", "cycle<=5",        "<=5",
        "cyclesx<=5",     "cycles<= 5",      "read6<=5",
        "READ1<=5",       "cycles<=5,l1<=5", "l1<=5 cycles",
        "cycles>",        "cycles<",         "cycles<=+0000000000000000000000000000000000000000000001",
    };
    char error[256];
    for (unsigned i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        struct allow a = {0};
        *error = 0;
        if (allow_parse(&a, wrong[i], error, sizeof error) || !*error)
            fail_msg("taken: %s", wrong[i]);
    }
}

static void sixteen_rules(void **unused)
{
    (void)unused;
    struct allow a = {0};
    char error[256];
    for (unsigned i = 0; i < ALLOW_MOST; i++)
        assert_true(allow_parse(&a, "l1<=+1", error, sizeof error));
    assert_int_equal(a.count, ALLOW_MOST);
    assert_false(allow_parse(&a, "l1<=+1", error, sizeof error));
}

static int open_nowhere(void **unused)
{
    (void)unused;
    nowhere = fopen("/dev/null", "w");
    return nowhere ? 0 : -1;
}

static int close_nowhere(void **unused)
{
    (void)unused;
    return fclose(nowhere);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(limits_are_allowed), cmocka_unit_test(of_nothing),    cmocka_unit_test(each_rule_counts),
        cmocka_unit_test(what_is_no_rule),    cmocka_unit_test(sixteen_rules),
    };
    return cmocka_run_group_tests(tests, open_nowhere, close_nowhere);
}
