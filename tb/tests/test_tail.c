/* The end of a run at the pins, made to stand alone (tb/reduce/tail.c): registers and memory as they were, what was
 * written later left where it was, what no walk reads left out. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "arch/x86.h"
#include "mmu_cfg.h"
#include "reduce/tail.h"

static const uint64_t pat = UINT64_C(0x0007040600070406);

static void add(struct taped *t, struct stimulus_event e)
{
    assert_true(stimulus_add(&t->stimulus, &e));
}

/* Two requests; between them a walker sets A, software writes, a register changes. */
static struct taped run(void)
{
    struct taped t = {.regs = {.pat = pat}, .whole = true};
    add(&t, (struct stimulus_event){.cycle = 0, .kind = STIMULUS_POKE, .pa = 0x1000, .value = 0x2007});
    add(&t, (struct stimulus_event){.cycle = 0, .kind = STIMULUS_POKE, .pa = 0x9000, .value = 0x7});
    add(&t, (struct stimulus_event){.cycle = 10, .kind = STIMULUS_CONTROL, .op = CTL_MOV_CR3, .pa = 0x1000});
    add(&t, (struct stimulus_event){.cycle = 50, .kind = STIMULUS_REQUEST, .port = 1, .req = {.va = 0x5000}});
    add(&t, (struct stimulus_event){.cycle = 55,
                                    .kind = STIMULUS_MEMORY,
                                    .latency = 4,
                                    .swapped = true,
                                    .pa = 0x1000,
                                    .value = 0x2027});
    add(&t, (struct stimulus_event){.cycle = 90, .kind = STIMULUS_POKE, .pa = 0x1000, .value = 0x3027});
    add(&t, (struct stimulus_event){.cycle = 90, .kind = STIMULUS_REQUEST, .port = 1, .req = {.va = 0x6000}});
    add(&t, (struct stimulus_event){.cycle = 95, .kind = STIMULUS_MEMORY, .latency = 4, .pa = 0x1008});
    return t;
}

static void the_last_request(void **state)
{
    struct taped t = run();
    struct stimulus tail;
    bool cr3 = false;
    unsigned pokes = 0;
    (void)state;
    assert_true(tail_of(&t, 1, &tail));
    uint64_t poked = 0, asked = 0;
    for (size_t i = 0; i < tail.count; i++) {
        const struct stimulus_event *e = &tail.event[i];
        assert_true(i == 0 || e->cycle >= tail.event[i - 1].cycle);
        cr3 |= e->kind == STIMULUS_CONTROL && e->op == CTL_MOV_CR3 && e->pa == 0x1000;
        if (e->kind == STIMULUS_POKE) {
            assert_int_equal(e->pa, 0x1000); /* nobody reads 0x9000 */
            assert_int_equal(e->value, pokes ? 0x3027 : 0x2027);
            pokes++;
            poked = e->cycle;
        }
        if (e->kind == STIMULUS_REQUEST) {
            assert_int_equal(e->req.va, 0x6000);
            assert_true(cr3);
            asked = e->cycle;
        }
        if (e->kind == STIMULUS_MEMORY)
            assert_int_equal(e->cycle, asked + 5);
    }
    assert_int_equal(pokes, 2);
    assert_true(asked != 0 && poked == asked);
    stimulus_free(&tail);
    taped_free(&t);
}

static void no_longer_than_the_run(void **state)
{
    struct taped t = run();
    struct stimulus tail;
    (void)state;
    assert_true(tail_of(&t, 2, &tail));
    stimulus_free(&tail);
    assert_false(tail_of(&t, 3, &tail)); /* it is all there is */
    assert_int_equal(tail.count, 0);
    taped_free(&t);
}

static void the_end_of_a_longer_one(void **state)
{
    struct taped t = run();
    struct stimulus tail;
    bool cr4 = false;
    (void)state;
    t.whole = false;
    t.regs.cr4 = CR4_PAE | CR4_PGE;
    assert_true(tail_of(&t, 100, &tail)); /* behind the registers that it began with */
    for (size_t i = 0; i < tail.count; i++)
        cr4 |= tail.event[i].kind == STIMULUS_CONTROL && tail.event[i].op == CTL_MOV_CR4 &&
               tail.event[i].pa == (CR4_PAE | CR4_PGE);
    assert_true(cr4);
    stimulus_free(&tail);
    taped_free(&t);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_last_request),
        cmocka_unit_test(no_longer_than_the_run),
        cmocka_unit_test(the_end_of_a_longer_one),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
