/* Stretches of hits (tb/replay/stretch.c) against the same cycles one by one: wherever a run is stopped, everything is
 * the same, in the model, in the window and on the pins. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "dut/pins_same.h"
#include "engine/handshake.h"
#include "mem/prng.h"
#include "session/session.h"

enum { SELECTORS = 16, STOPS = 20 };

static uint64_t stretched; /* cycles, of all runs */

static void counted(struct driver *self, struct mmu *ref, struct pins_out *out, uint64_t until, struct exercised *e,
                    const struct follower *follower)
{
    const uint64_t before = self->cycle;
    world_stretch(self, ref, out, until, e, follower);
    assert_true(self->cycle <= until);
    stretched += self->cycle - before;
}

/* A device that keeps a sum of all that it is told: in cycles of which it is told afterwards, or that it is to step, as
 * the model does. From cycle `lies` on it has an answer wrong. */
struct dut {
    uint64_t sum, cycles, lies;
    const struct pins_out *expected;
    struct mmu *mmu;
};

static void add(struct dut *dut, uint64_t word)
{
    dut->sum = prng_mix(dut->sum + word);
}

static void note_inputs(struct dut *dut, const struct pins_in *in)
{
    for (unsigned ports = in->req_valid; ports; ports &= ports - 1) {
        const struct pins_req *r = &in->req[__builtin_ctz(ports)];
        add(dut, r->va);
        add(dut, r->id | (unsigned)r->acc << 8 | (unsigned)r->user << 16 | (unsigned)r->imp << 17 |
                     (unsigned)r->ac << 18 | (unsigned)r->ss << 19);
    }
    add(dut, in->req_valid | (unsigned)in->ctl_valid << 8 | (unsigned)in->mem_rsp_valid << 9 |
                 (unsigned)in->squash_valid << 16);
}

static void note_outputs(struct dut *dut, const struct pins_out *out, bool ready)
{
    for (unsigned ports = out->resp_valid; ports; ports &= ports - 1) {
        const struct pins_resp *r = &out->resp[__builtin_ctz(ports)];
        add(dut, r->addr);
        add(dut, r->id | (unsigned)r->kind << 8 | (unsigned)r->size << 16 | (unsigned)r->pat << 24 |
                     (uint64_t)r->mt << 32 | (uint64_t)r->src << 40 | (uint64_t)r->err << 48);
    }
    add(dut, out->req_ready | (unsigned)out->resp_valid << 8 | (unsigned)out->ctl_ready << 16 |
                 (unsigned)out->ctl_done << 17 | (unsigned)out->waiting << 18 | (unsigned)out->mem_req_valid << 19 |
                 (unsigned)(out->mem_req_valid && ready) << 20);
    add(dut, out->mem_req_valid ? out->mem_req_addr : 0);
}

static void listen_reset(struct dut *dut, struct pins_out *out)
{
    dut->sum = dut->cycles = 0;
    mmu_reset(dut->mmu, out);
}

static void listen(struct dut *dut, const struct pins_in *in, const struct pins_out *out, uint64_t cycles)
{
    dut->cycles += cycles;
    add(dut, cycles);
    note_inputs(dut, in);
    note_outputs(dut, out, in->mem_req_ready);
}

static enum dut_fares fares(struct dut *dut, bool all, uint64_t *good, const char **why)
{
    (void)dut, (void)all, (void)good, (void)why;
    return DUT_EQUAL;
}

static void outputs(struct dut *dut, struct pins_out *out)
{
    *out = *dut->expected;
}

static void go(struct dut *dut, const struct pins_in *in, struct pins_out *out)
{
    dut->cycles++;
    note_inputs(dut, in);
    mmu_step(dut->mmu, in, out);
    if (dut->lies && dut->cycles >= dut->lies && out->resp_valid)
        out->resp[__builtin_ctz(out->resp_valid)].addr ^= 1;
}

static void watch(void *context, const struct pins_out *out)
{
    note_outputs(context, out, false);
}

/* The rules of the ports: which requests are under way is known after a stretch too. */
struct ports {
    struct handshake rules;
    struct session *s;
};

static void on_cycle(void *context, const struct pins_out *out)
{
    struct ports *p = context;
    struct driver *d = p->s->lockstep.driver;
    handshake_cycle(&p->rules, out, &d->in, d->mem_accepted, d->cycle, &d->finding);
    d->ended |= d->finding.kind != FINDING_NONE;
}

static void on_hits(void *context, const struct pins_out *first)
{
    struct ports *p = context;
    handshake_hits(&p->rules, first, &p->s->lockstep.driver->in);
}

/* Where a run might be cut: asked for again in the next cycle, or some records later. */
static bool cut(struct lockstep *l)
{
    struct dut *d = l->cutter;
    add(d, l->driver->cycle);
    add(d, l->driver->done);
    if (d->sum % 4 == 0)
        l->cut_at = l->driver->done + 100 + d->sum % 200;
    return true;
}

enum device { NOBODY, FOLLOWING, STEPPED };
static const struct dut_ops device_ops[] = {
    [FOLLOWING] = {.follow = listen, .fares = fares, .outputs = outputs, .reset = listen_reset},
    [STEPPED] = {.step = go, .reset = listen_reset},
};
static enum device device; /* that runs have */
static uint64_t lies;

static struct ports ports[2]; /* of runs that have none */

/* Runs to the end of a cycle. */
static void run(struct session *s, const struct setup *setup, uint64_t to, bool stretches)
{
    static struct dut dut[2];
    struct dut *const d = &dut[stretches];
    if (!d->mmu)
        d->mmu = mmu_new();
    assert_true(session_open(s, setup, device ? &device_ops[device] : NULL, device ? d : NULL));
    d->expected = &s->lockstep.expected; /* with which it always agrees */
    d->lies = lies;
    s->lockstep.follow_to = UINT64_MAX;
    s->lockstep.watch = device == STEPPED ? watch : NULL;
    s->lockstep.watcher = d;
    ports[stretches] = (struct ports){.s = s};
    if (device == NOBODY) {
        s->lockstep.watch = on_cycle;
        s->lockstep.watch_hits = on_hits;
        s->lockstep.watcher = &ports[stretches];
    }
    if (device == STEPPED) {
        s->lockstep.cut = cut;
        s->lockstep.cut_at = 1;
        s->lockstep.cutter = d;
    }
    s->world->d.stretch = stretches ? counted : NULL;
    s->lockstep.run_to = to;
    lockstep_run(&s->lockstep);
    if (s->world->status == STATUS_UNFIT)
        skip(); /* the preset lacks what the trace needs */
    assert_false(s->world->broken);
}

static void same_model(const struct mmu *a, const struct mmu *b)
{
    for (unsigned sel = 0; sel < SELECTORS; sel++)
        for (unsigned idx = 0; idx <= 0xffff; idx++) {
            uint64_t x[2] = {0, 0}, y[2] = {0, 0};
            const bool is = mmu_state(a, sel, idx, x);
            if (is != mmu_state(b, sel, idx, y) || x[0] != y[0] || x[1] != y[1])
                fail_msg("state word %u %u", sel, idx);
        }
    assert_memory_equal(mmu_counts(a), mmu_counts(b), sizeof *mmu_counts(a));
}

static void same_slot(const struct world *a, const struct world *b, uint64_t sequence)
{
    const struct slot *x = &a->slot[sequence & a->mask], *y = &b->slot[sequence & b->mask];
    assert_true(x->va == y->va && x->record == y->record && x->state == y->state && x->acc == y->acc &&
                x->mode == y->mode && x->expected == y->expected && x->spurious == y->spurious);
    if (x->state == SLOT_OFFERED)
        assert_int_equal(x->port, y->port);
    if (x->state == SLOT_FLYING)
        assert_true(x->port == y->port && x->accepted == y->accepted && x->alone == y->alone && x->order == y->order);
    if (x->expected)
        assert_memory_equal(&a->expect[sequence & a->mask], &b->expect[sequence & b->mask], sizeof *a->expect);
}

static void same_world(const struct world *a, const struct world *b)
{
    assert_true(a->d.cycle == b->d.cycle && a->d.done == b->d.done && a->d.progress == b->d.progress &&
                a->d.ended == b->d.ended && a->d.mem_accepted == b->d.mem_accepted);
    assert_true(a->head == b->head && a->next == b->next && a->tail == b->tail && a->loaded == b->loaded);
    assert_true(a->accepted == b->accepted && a->in_flight == b->in_flight && a->accepts == b->accepts);
    assert_true(a->phase == b->phase && a->barrier == b->barrier && a->exhausted == b->exhausted);
    assert_true(a->mem_next == b->mem_next && a->stamp == b->stamp);
    assert_memory_equal(&a->counts, &b->counts, sizeof a->counts);
    for (uint64_t sequence = a->head; sequence != a->tail; sequence++)
        same_slot(a, b, sequence);
    assert_true(a->d.in.req_valid == b->d.in.req_valid && a->d.in.mem_req_ready == b->d.in.mem_req_ready &&
                a->d.in.mem_rsp_valid == b->d.in.mem_rsp_valid && a->d.in.ctl_valid == b->d.in.ctl_valid);
    for (unsigned ports = a->d.in.req_valid; ports; ports &= ports - 1) {
        const unsigned port = (unsigned)__builtin_ctz(ports);
        assert_memory_equal(&a->d.in.req[port], &b->d.in.req[port], sizeof a->d.in.req[port]);
    }
}

static void same(const struct setup *setup, uint64_t to)
{
    static struct session slow, fast;
    run(&slow, setup, to, false);
    run(&fast, setup, to, true);
    assert_int_equal(slow.lockstep.finding.kind, FINDING_NONE);
    assert_int_equal(fast.lockstep.finding.kind, FINDING_NONE);
    same_world(slow.world, fast.world);
    same_model(slow.ref, fast.ref);
    assert_true(pins_same(&slow.lockstep.expected, &fast.lockstep.expected));
    if (device)
        assert_true(slow.lockstep.dut->sum == fast.lockstep.dut->sum &&
                    slow.lockstep.dut->cycles == fast.lockstep.dut->cycles);
    else
        assert_memory_equal(ports[0].rules.flying, ports[1].rules.flying, sizeof ports[0].rules.flying);
    assert_memory_equal(&slow.lockstep.exercised, &fast.lockstep.exercised, offsetof(struct exercised, acc));
    assert_true(slow.lockstep.skipped == fast.lockstep.skipped && slow.lockstep.marker == fast.lockstep.marker);
    session_close(&slow);
    session_close(&fast);
}

/* `most`: cycles among which runs are stopped. */
static void try(const char *trace, unsigned window, uint64_t limit, uint64_t most)
{
    static struct setup setup;
    uint64_t random = 1;
    setup_defaults(&setup);
    setup.trace = trace;
    setup.limit = limit;
    setup.window = window;
    setup.memory.model = MEMPORT_CACHE; /* where what the program touches counts */
    for (unsigned i = 0; i < STOPS; i++)
        same(&setup, prng_below(&random, most));
    same(&setup, UINT64_MAX);
}

/* Some of them: a program, one that misses all the time, a system with expectations, several tasks. */
static void anywhere(enum device with)
{
    device = with;
    stretched = 0;
    try("traces/corpus/sqlite3.tw", 64, 20000, 40000);
    assert_true(stretched > 2000); /* fewer where an L1 has few entries */
    try("traces/corpus/random.tw", 64, 2000, 30000);
    try("traces/corpus/pipeline.tw", 64, 20000, 40000);
    device = NOBODY;
}

static void test_anywhere(void **state)
{
    (void)state;
    anywhere(NOBODY);
}

static void test_told(void **state)
{
    (void)state;
    anywhere(FOLLOWING);
}

static void test_stepped(void **state)
{
    (void)state;
    anywhere(STEPPED);
}

/* A device that is wrong from some cycle on: the finding is the same one. */
static void test_difference(void **state)
{
    (void)state;
    static struct setup setup;
    static struct session slow, fast;
    uint64_t random = 3;
    setup_defaults(&setup);
    setup.trace = "traces/corpus/sqlite3.tw";
    setup.limit = 20000;
    device = STEPPED;
    for (unsigned i = 0; i < STOPS; i++) {
        lies = 3000 + prng_below(&random, 15000);
        run(&slow, &setup, UINT64_MAX, false);
        run(&fast, &setup, UINT64_MAX, true);
        const struct finding *a = &slow.lockstep.finding, *b = &fast.lockstep.finding;
        assert_int_equal(a->kind, FINDING_PIN);
        assert_true(b->kind == a->kind && b->cycle == a->cycle && b->access == a->access && b->record == a->record &&
                    b->va == a->va && b->acc == a->acc);
        assert_string_equal(a->field, b->field);
        assert_string_equal(a->expected, b->expected);
        assert_string_equal(a->actual, b->actual);
        same_world(slow.world, fast.world);
        session_close(&slow);
        session_close(&fast);
    }
    lies = 0;
    device = NOBODY;
}

/* Pages A, B and C that are of one set of every L1. The entry of C changes four times and is not invalidated: its hits
 * go on, and are what the oracle said before, but no longer says. In between A and C are hit in one cycle, where it may
 * be, and only the touch of C counts then. */
static void write_pages(FILE *file)
{
    enum { A = 0x5000, B = 0x45000, C = 0x85000 };
    fputs("twinwalk-trace 1\nbits 48\ntables own\n"
          "poke 0x1000 0x2067\npoke 0x2000 0x3067\npoke 0x3000 0x4067\n"
          "poke 0x4028 0x105067\npoke 0x4228 0x106067\npoke 0x4428 0x107067\n"
          "mov cr0 0x80050033\nmov cr4 0x20\nwrmsr efer 0xd01\nmov cr3 0x1000\n",
          file);
    for (int turn = 0; turn < 4; turn++) {
        for (int i = 0; i < 900; i++) {
            const bool other = i < 800 ? (i + (i >= 400)) % 2 : i % 7 == 1;
            fprintf(file, "L 0x%x 8 sup\n", !other ? A : i / 200 % 2 || i >= 800 ? C : B);
        }
        fprintf(file, "poke 0x4428 0x%x\n", 0x108067 + 0x1000 * turn);
    }
}

static void test_stale(void **state)
{
    (void)state;
    static struct setup setup;
    static struct session s;
    char path[] = "/tmp/twinwalk-stretch-XXXXXX";
    const int fd = mkstemp(path);
    FILE *file = fd < 0 ? NULL : fdopen(fd, "w");
    assert_non_null(file);
    write_pages(file);
    fclose(file);
    stretched = 0;
    try(path, 64, UINT64_MAX, 3000);
    assert_true(stretched > 50);
    setup_defaults(&setup);
    setup.trace = path;
    run(&s, &setup, UINT64_MAX, true);
    assert_true(s.world->counts.stale.ours[0][0] > 200);
    session_close(&s);
    unlink(path);
}

/* A page of the supervisor's: of fetches of one page in a row, those of user mode fault. */
static void test_modes(void **state)
{
    (void)state;
    char path[] = "/tmp/twinwalk-stretch-XXXXXX";
    const int fd = mkstemp(path);
    FILE *file = fd < 0 ? NULL : fdopen(fd, "w");
    assert_non_null(file);
    fputs("twinwalk-trace 1\nbits 48\ntables own\n"
          "poke 0x1000 0x2067\npoke 0x2000 0x3067\npoke 0x3000 0x4067\npoke 0x4028 0x105063\n"
          "mov cr0 0x80050033\nmov cr4 0x20\nwrmsr efer 0xd01\nmov cr3 0x1000\n",
          file);
    for (int i = 0; i < 900; i++)
        fprintf(file, "F 0x5000 4%s\n", i % 50 == 49 ? "" : " sup");
    fclose(file);
    stretched = 0;
    try(path, 64, UINT64_MAX, 3000);
    assert_true(stretched > 50);
    unlink(path);
}

static void test_expectations(void **state)
{
    (void)state;
    stretched = 0;
    try("traces/corpus/linux-4level.tw", 64, 20000, 40000);
    assert_true(stretched > 2000); /* fewer where an L1 has few entries */
}

/* A copy of the first records of a trace, in which the nth expectation of a success is another one. Its record. */
static uint64_t spoil(const char *from, const char *to, uint64_t records, uint64_t nth)
{
    const char *error = "";
    const struct trace_rec *rec;
    uint64_t number = 0, spoilt = 0;
    size_t count;
    struct trace_reader *reader = trace_open(from, &error);
    struct trace_writer *writer = trace_create(to, trace_get_info(reader), false, &error);
    assert_non_null(writer);
    while (number < records && trace_next(reader, &rec, &count) == 1)
        for (size_t i = 0; i < count && number < records; i++, number++) {
            struct trace_extra extra = {0};
            if (trace_extra(reader, &rec[i]) && rec[i].kind <= TRACE_STORE)
                extra.expect = trace_extra(reader, &rec[i])->expect;
            else if (trace_extra(reader, &rec[i]))
                extra = *trace_extra(reader, &rec[i]);
            if (rec[i].kind <= TRACE_STORE && extra.expect.has_pa && nth-- == 0) {
                extra.expect.pa ^= 0x1000;
                spoilt = number;
            }
            assert_true(trace_put(writer, &rec[i], &extra));
        }
    assert_true(trace_finish(writer, &error));
    trace_close(reader);
    return spoilt;
}

static void test_wrong_expectation(void **state)
{
    (void)state;
    static struct setup setup;
    static struct session s;
    char path[] = "/tmp/twinwalk-stretch-XXXXXX";
    const int file = mkstemp(path);
    assert_true(file >= 0);
    close(file);
    setup_defaults(&setup);
    setup.trace = path;
    for (uint64_t nth = 3000; nth < 9000; nth += 777) {
        const uint64_t record = spoil("traces/corpus/linux-4level.tw", path, 20000, nth);
        for (int stretches = 0; stretches < 2; stretches++) {
            run(&s, &setup, UINT64_MAX, stretches);
            assert_int_equal(s.lockstep.finding.kind, FINDING_EXPECT);
            assert_true(s.lockstep.finding.record == record);
            session_close(&s);
        }
    }
    unlink(path);
}

/* Windows that hardly hold what a cycle takes, and the one that more is looked at. */
static void test_windows(void **state)
{
    (void)state;
    for (unsigned window = 1; window <= WORLD_PORTS + 2; window++)
        try("traces/corpus/gcc.tw", window, 3000, 10000);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_anywhere),     cmocka_unit_test(test_told),
        cmocka_unit_test(test_stepped),      cmocka_unit_test(test_difference),
        cmocka_unit_test(test_stale),        cmocka_unit_test(test_modes),
        cmocka_unit_test(test_expectations), cmocka_unit_test(test_wrong_expectation),
        cmocka_unit_test(test_windows),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
