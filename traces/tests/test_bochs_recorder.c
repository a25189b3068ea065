/* The recorder behind Bochs' instrumentation, on a memory of 32 pages: what it writes for the start, stores, faults and
 * control operations. It belongs to no program of ours, so it is compiled here. */
#include "support.h"

#include "bochs/recorder.c"
#include "system/tables.c"
/* walk.c has its own numbers by these names. */
#define PF_P WALK_PF_P
#define PF_W WALK_PF_W
#define PF_U WALK_PF_U
#define PF_I WALK_PF_I
#define PF_PK WALK_PF_PK
#include "system/walk.c"

enum {
    PAGES = 32,
    ROOT = 0x1000,
    PDPT = 0x2000,
    PD = 0x3000,
    PT = 0x4000,
    NEW_PT = 0x5000,
    OTHER_ROOT = 0x8000,
    PRESENT_RW = 3,
    LARGE_PRESENT_RW = 0x83
};
static uint64_t memory[PAGES][512];

static const uint64_t *page(uint64_t pa)
{
    return pa < sizeof memory ? memory[pa >> 12] : NULL;
}
static void set(uint64_t pa, uint64_t value)
{
    memory[pa >> 12][pa / 8 % 512] = value;
}

static void expect_poke(const struct item *item, uint64_t pa, uint64_t value)
{
    assert_int_equal(item->rec.kind, TRACE_POKE);
    assert_true(item->extra.poke.pa == pa && item->extra.poke.value == value);
}

static void expect_control(const struct item *item, uint8_t op, uint64_t value, uint64_t descriptor)
{
    assert_int_equal(item->rec.kind, TRACE_CONTROL);
    assert_int_equal(item->rec.flags, TRACE_EXPECT);
    assert_true(item->extra.control.op == op && item->extra.control.data == value &&
                item->extra.control.desc == descriptor && !item->extra.control.gp);
}

static size_t read_all(const char *path, struct item *items, size_t most)
{
    const char *error;
    const struct trace_rec *recs;
    size_t n, count = 0;
    struct trace_reader *r = trace_open(path, &error);
    if (!r)
        fail_msg("%s", error);
    assert_true(trace_get_info(r)->own_tables && trace_get_info(r)->linear_bits == 48);
    while (trace_next(r, &recs, &n) > 0)
        for (size_t i = 0; i < n; i++) {
            assert_true(count < most);
            items[count].rec = recs[i];
            if (trace_extra(r, &recs[i]))
                items[count].extra = *trace_extra(r, &recs[i]);
            count++;
        }
    trace_close(r);
    return count;
}

static const uint64_t pcide = UINT64_C(1) << 17, no_flush = UINT64_C(1) << 63;

/* What test_recording recorded. */
static void expect_recording(const char *out)
{
    static struct item items[64];
    const size_t count = read_all(out, items, 64);
    const struct item *at = items;
    while (at->rec.kind == TRACE_POKE)
        at++;
    assert_int_equal(at - items, 5);
    expect_control(at++, CTL_WRMSR_EFER, 0xd00, 0);
    expect_control(at++, CTL_MOV_CR3, ROOT, 0); /* PCIDE may only be set with PCID 0 */
    expect_control(at++, CTL_MOV_CR4, 0x20 | pcide, 0);
    expect_control(at++, CTL_MOV_CR3, ROOT | 5, 0);
    expect_control(at++, CTL_MOV_CR0, 0x80010001, 0);
    expect_control(at++, CTL_WRMSR_PAT, 0x0007040600070406, 0);
    assert_true(at->rec.kind == TRACE_STORE && at->rec.flags == (TRACE_SUPERVISOR | TRACE_EXPECT) &&
                at->rec.va == 0x3010);
    assert_true(at->extra.expect.kind == KIND_OK && at->extra.expect.has_pa && at->extra.expect.pa == PD + 16 &&
                at->extra.expect.size == 1);
    at++;
    expect_poke(at++, NEW_PT + 16, 0x6000 | PRESENT_RW);
    expect_poke(at++, PD + 16, NEW_PT | PRESENT_RW);
    assert_true(at->rec.kind == TRACE_LOAD && at->rec.size == 1 && at->extra.expect.kind == KIND_PF &&
                at->extra.expect.err == 4);
    assert_true(at->extra.expect.has_cr2 && at->extra.expect.cr2 == 0x123456);
    at++;
    expect_poke(at++, PT + 8, 0);
    expect_control(at++, CTL_INVPCID_ADDRESS, 0x1000, 5);
    expect_poke(at++, OTHER_ROOT, PDPT | PRESENT_RW);
    expect_control(at++, CTL_MOV_CR3, OTHER_ROOT | 6 | no_flush, 0);
    assert_true(at->rec.kind == TRACE_FETCH && at->rec.flags == 0 && at->rec.size == 3);
    assert_true((size_t)(++at - items) == count);
}

static void test_recording(void **state)
{
    (void)state;
    set(ROOT, PDPT | PRESENT_RW);
    set(PDPT, PD | PRESENT_RW);
    set(PD, PT | PRESENT_RW);
    set(PD + 8, LARGE_PRESENT_RW); /* maps 2 MiB; page 0 is no table for that */
    set(PT + 8, 0x7000 | PRESENT_RW);
    set(NEW_PT + 16, 0x6000 | PRESENT_RW);
    set(OTHER_ROOT, PDPT | PRESENT_RW);
    const struct recorder_options options =
        {.out = scratch("bochs.tw"), .program = "test", .limit = 3, .level = 3, .memory = sizeof memory, .page = page};
    recorder_begin(&options, &(struct recorder_registers){.cr0 = 0x80010001,
                                                          .cr3 = ROOT | 5,
                                                          .cr4 = 0x20 | pcide,
                                                          .efer = 0xd00,
                                                          .pat = 0x0007040600070406});
    assert_true(recorder_active());

    /* A store that links a table: its words come first. The store's bytes are in memory only after the hook. */
    recorder_access(&(struct recorder_access){.va = 0x3010,
                                              .pa = PD + 16,
                                              .kind = TRACE_STORE,
                                              .flags = TRACE_SUPERVISOR,
                                              .size = 8,
                                              .pages = 1});
    recorder_stores(PD + 16, 8);
    set(PD + 16, NEW_PT | PRESENT_RW);
    recorder_settle();
    /* Memory that is no table: nothing to poke. */
    recorder_stores(0x6000, 8);
    set(0x6000, 42);
    recorder_fault(TRACE_LOAD, 0, 0x123456, 4);
    assert_false(recorder_full());
    /* Stores are settled before what may depend on them; a root seen first brings its tables, those known already do
     * not come again. */
    recorder_stores(PT + 8, 4);
    set(PT + 8, 0);
    recorder_control(CTL_INVPCID_ADDRESS, 0x1000, 5);
    recorder_control(CTL_MOV_CR3, OTHER_ROOT | 6 | no_flush, 0);
    recorder_access(&(struct recorder_access){.va = 0x400000, .kind = TRACE_FETCH, .size = 3, .pages = -1});
    assert_true(recorder_full());
    recorder_end();
    assert_false(recorder_active());

    expect_recording(options.out);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_recording)};
    return cmocka_run_group_tests_name("traces: bochs recorder", tests, NULL, NULL);
}
