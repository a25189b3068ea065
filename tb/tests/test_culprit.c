/* Whose fault a finding is, and in which words a difference of state is told. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "engine/culprit.h"
#include "engine/statenames.h"
#include "mmu_cfg.h"

enum { OLDEST = 1, PEND = 1, WALK = 4, DONE = 8 };

/* A driver whose access number is 100 × port + id, and 1 where nobody in particular is asked for. */
static void locate(const struct driver *self, int port, unsigned id, struct finding *f)
{
    (void)self;
    f->access = port < 0 ? OLDEST : (uint64_t)(100 * port) + id;
}

static uint64_t queue[CFG_MISS_QUEUE_ENTRIES];

static bool state(struct dut *dut, unsigned sel, unsigned idx, uint64_t word[2])
{
    (void)dut;
    word[0] = sel == SEL_MISS_QUEUE && idx < CFG_MISS_QUEUE_ENTRIES ? queue[idx] : 0;
    word[1] = 0;
    return true;
}

static uint64_t entry(unsigned in, unsigned port, unsigned id)
{
    return in | port << 4 | id << 8;
}

static uint64_t hang(void)
{
    const struct driver driver = {.locate = locate};
    const struct dut_ops ops = {.has_state = true, .state = state};
    struct finding f = {.access = UINT64_MAX};
    culprit_of_hang(&driver, NULL, &ops, NULL, &f);
    return f.access;
}

static void hang_of_an_entry(void **unused)
{
    (void)unused;
    memset(queue, 0, sizeof queue);
    assert_int_equal(hang(), OLDEST);
    queue[2] = entry(WALK, 1, 7);
    assert_int_equal(hang(), 107);
    queue[0] = entry(PEND, 1, 9); /* younger */
    assert_int_equal(hang(), 107);
    queue[3] = entry(DONE, 0, 3); /* only waits for its turn to answer */
    assert_int_equal(hang(), 107);
    queue[1] = entry(PEND, 0, 5);
    assert_int_equal(hang(), 5);
}

static void difference_of_state(void **unused)
{
    const struct driver driver = {.locate = locate};
    struct mmu *model = mmu_new();
    struct pins_out out;
    struct state_diff d = {.sel = SEL_MISS_QUEUE, .idx = 1, .expected = {0}, .actual = {entry(WALK, 1, 8)}};
    struct finding f = {.kind = FINDING_NONE};
    (void)unused;
    mmu_reset(model, &out);
    state_finding(&d, 50, &f);
    assert_string_equal(f.field, "miss queue entry 1: state");
    assert_string_equal(f.expected, "FREE");
    assert_string_equal(f.actual, "WALK");
    culprit_of_state(&driver, model, &d, &f);
    assert_int_equal(f.access, 108);
    f = (struct finding){.kind = FINDING_NONE};
    d = (struct state_diff){.sel = SEL_ITLB, .expected = {1 | 7 << 4}, .actual = {1 | 6 << 4}};
    state_finding(&d, 50, &f);
    assert_string_equal(f.expected, "0x7"); /* of the field, not of the word */
    assert_string_equal(f.actual, "0x6");
    culprit_of_state(&driver, model, &d, &f);
    assert_int_equal(f.access, OLDEST);
    mmu_free(model);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(hang_of_an_entry),
        cmocka_unit_test(difference_of_state),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
