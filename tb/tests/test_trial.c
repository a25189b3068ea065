/* Whether a trial failed as it should: in the same comparator and field, but for numbers. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include "reduce/trial.h"

static bool same(const char *wanted, const char *found)
{
    struct trial t = {.wanted.kind = FINDING_PIN};
    struct finding f = {.kind = FINDING_PIN};
    snprintf(t.wanted.field, sizeof t.wanted.field, "%s", wanted);
    snprintf(f.field, sizeof f.field, "%s", found);
    return trial_is_wanted(&t, &f);
}

static void numbers_do_not_count(void **unused)
{
    (void)unused;
    assert_true(same("resp[0].addr", "resp[12].addr"));
    assert_true(same("page-table entry at 0x1abc", "page-table entry at 0x7"));
    assert_true(same("access 17: va", "access 4: va"));
    assert_true(same("entry at 0x10, bits 0xff", "entry at 0xdeadbeef, bits 0x1"));
    assert_true(same("", ""));
}

static void words_count(void **unused)
{
    (void)unused;
    assert_false(same("resp[0].addr", "resp[0].err"));
    assert_false(same("A of the entry at 0x1000", "D of the entry at 0x1000"));
    assert_false(same("ad", "dad"));
    assert_false(same("walker 1: level", "walker 1: leaf"));
    assert_false(same("access 17", "access 17: va"));
    assert_false(same("access 17", "access x"));
}

static void the_comparator_counts(void **unused)
{
    (void)unused;
    struct trial t = {.wanted = {.kind = FINDING_EVENT, .field = "a"}};
    const struct finding pin = {.kind = FINDING_PIN, .field = "a"}, other = {.kind = FINDING_EVENT, .field = "b"};
    assert_false(trial_is_wanted(&t, &pin));
    assert_false(trial_is_wanted(&t, &other));
    t.loosely = true; /* any event */
    assert_true(trial_is_wanted(&t, &other));
    assert_false(trial_is_wanted(&t, &pin));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(numbers_do_not_count),
        cmocka_unit_test(words_count),
        cmocka_unit_test(the_comparator_counts),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
