/* Two profiles laid side by side: marks of the pins, accesses that lost and won, what is torn. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "profile/difference.h"

static char path[2][40];
static struct records_writer *writer[2];
static struct difference d;
static char error[256];

static int begin(void **unused)
{
    (void)unused;
    for (unsigned i = 0; i < 2; i++) {
        strcpy(path[i], "/tmp/twinwalk-profile-XXXXXX");
        const int file = mkstemp(path[i]);
        if (file < 0 || close(file) != 0)
            return -1;
        writer[i] = records_create(path[i], "{}");
        if (!writer[i])
            return -1;
    }
    memset(&d, 0, sizeof d);
    d.worst_wanted = 3;
    return 0;
}

static int end(void **unused)
{
    (void)unused;
    return unlink(path[0]) | unlink(path[1]);
}

static void mark(unsigned side, uint64_t cycle, uint64_t hash)
{
    assert_true(records_mark(writer[side], &(struct record_mark){cycle, hash}));
}

static void access_of(unsigned side, uint32_t cycles, uint64_t addr)
{
    struct record_access a = {.va = 0x1000, .addr = addr, .latency = cycles, .src = (uint8_t)(cycles > 10 ? 2 : 0)};
    a.by[LEDGER_READ1] = cycles;
    assert_true(records_access(writer[side], &a));
}

static bool read_both(void)
{
    struct records_reader *reader[2];
    const char *description;
    for (unsigned i = 0; i < 2; i++) {
        if (writer[i])
            assert_true(records_close(writer[i], &(struct record_end){.cycles = 100 + i}));
        reader[i] = records_open(path[i], &description, error, sizeof error);
        assert_non_null(reader[i]);
    }
    const bool good = difference_read(&d, reader[0], reader[1], error, sizeof error);
    records_release(reader[0]);
    records_release(reader[1]);
    return good;
}

static void equal_profiles(void **unused)
{
    (void)unused;
    for (unsigned side = 0; side < 2; side++)
        for (unsigned i = 0; i < 3000; i++) {
            if (i % 100 == 0)
                mark(side, 1024 * i / 100, 7 * i);
            access_of(side, 1 + i % 20, i);
        }
    assert_true(read_both());
    assert_false(d.marks_differ || d.any_cycles || d.unequal || d.losers || d.winners);
    assert_int_equal(d.pins_equal_to, 1024 * 29);
    assert_int_equal(d.accesses[0], 3000);
    assert_int_equal(d.books[1].cycles, 101);
}

/* However long an access takes. */
static void many_marks_between_two_accesses(void **unused)
{
    (void)unused;
    for (unsigned side = 0; side < 2; side++) {
        access_of(side, 1, 0);
        for (unsigned i = 0; i < 1000; i++)
            mark(side, 1024 * i, i);
        access_of(side, 1024 * 1000, 0);
    }
    assert_true(read_both());
    assert_false(d.marks_differ);
    assert_int_equal(d.pins_equal_to, 1024 * 999);
}

static void the_first_mark_that_differs(void **unused)
{
    (void)unused;
    for (unsigned side = 0; side < 2; side++)
        for (unsigned i = 0; i < 200; i++) {
            mark(side, 1024 * i, side && i >= 77 ? 1 : 0);
            if (i % (side ? 3 : 5) == 0) /* marks and accesses out of step */
                access_of(side, 1, 0);
        }
    assert_true(read_both());
    assert_true(d.marks_differ);
    assert_int_equal(d.pins_equal_to, 1024 * 76);
    assert_int_equal(d.accesses[0], 40);
    assert_int_equal(d.accesses[1], 67);
}

static void a_mark_of_another_cycle(void **unused)
{
    (void)unused;
    for (unsigned side = 0; side < 2; side++) {
        mark(side, 0, 0);
        access_of(side, 5, 0);
        mark(side, 50 + side, 9);
    }
    assert_true(read_both());
    assert_true(d.marks_differ);
    assert_int_equal(d.pins_equal_to, 0);
}

static void one_runs_on_alone(void **unused)
{
    (void)unused;
    for (unsigned side = 0; side < 2; side++) {
        mark(side, 0, 0);
        access_of(side, 5, 0);
    }
    mark(1, 1024, 9);
    assert_true(read_both());
    assert_true(d.marks_differ);
}

static void the_worst_come_first(void **unused)
{
    (void)unused;
    static const unsigned cycles[][2] = {{5, 6}, {5, 5}, {5, 9}, {9, 5}, {5, 7}, {5, 30}, {30, 5}, {6, 6}, {5, 9}};
    for (unsigned i = 0; i < sizeof cycles / sizeof *cycles; i++)
        for (unsigned side = 0; side < 2; side++)
            access_of(side, cycles[i][side], side && i == 7 ? 1 : 0);
    assert_true(read_both());
    assert_int_equal(d.losers, 3);
    assert_int_equal(d.lost[0].number, 5);
    assert_int_equal(d.lost[1].number, 2); /* of equal ones the first */
    assert_int_equal(d.lost[2].number, 8);
    assert_int_equal(d.winners, 2);
    assert_int_equal(d.won[0].number, 6);
    assert_int_equal(d.first_cycles.number, 0);
    assert_int_equal(d.unequal, 1);
    assert_int_equal(d.first_unequal.number, 7);
    assert_int_equal(d.moved[0][2], 1);
    assert_int_equal(d.moved[2][0], 1);
    assert_int_equal(d.moved[0][0], 7);
}

static void none_of_the_worst(void **unused)
{
    (void)unused;
    d.worst_wanted = 0;
    for (unsigned side = 0; side < 2; side++)
        access_of(side, 1 + side, 0);
    assert_true(read_both());
    assert_int_equal(d.losers + d.winners, 0);
    assert_true(d.any_cycles);
}

static void torn_anywhere(void **unused)
{
    (void)unused;
    static char whole[1 << 16];
    for (unsigned side = 0; side < 2; side++) {
        mark(side, 0, 0);
        for (unsigned i = 0; i < 50; i++)
            access_of(side, 1 + i, i * i);
    }
    assert_true(read_both());
    FILE *file = fopen(path[1], "r");
    const size_t size = fread(whole, 1, sizeof whole, file);
    fclose(file);
    writer[0] = writer[1] = NULL;
    for (size_t cut = strlen("twinwalk-profile 1\n{}\n"); cut < size; cut++) {
        assert_int_equal(truncate(path[1], 0), 0);
        file = fopen(path[1], "w");
        fwrite(whole, 1, cut, file);
        fclose(file);
        memset(&d, 0, sizeof d);
        if (read_both() || !strstr(error, "of the head is torn"))
            fail_msg("cut to %zu bytes: %s", cut, error);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(equal_profiles, begin, end),
        cmocka_unit_test_setup_teardown(many_marks_between_two_accesses, begin, end),
        cmocka_unit_test_setup_teardown(the_first_mark_that_differs, begin, end),
        cmocka_unit_test_setup_teardown(a_mark_of_another_cycle, begin, end),
        cmocka_unit_test_setup_teardown(one_runs_on_alone, begin, end),
        cmocka_unit_test_setup_teardown(the_worst_come_first, begin, end),
        cmocka_unit_test_setup_teardown(none_of_the_worst, begin, end),
        cmocka_unit_test_setup_teardown(torn_anywhere, begin, end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
