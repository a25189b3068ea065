/* Stimulus at the pins as text: written, read and written again it is the same, and what it cannot be is refused. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "mmu_cfg.h"
#include "pins/stimulus.h"

enum { FETCH = 0, DATA = CFG_PORTS_FETCH, TEXT = 1 << 20 };

static char path[] = "/tmp/twinwalk-stimulus-XXXXXX", error[512];

static int make(void **unused)
{
    (void)unused;
    const int file = mkstemp(path);
    return file < 0 ? -1 : close(file);
}

static int clear(void **unused)
{
    (void)unused;
    return unlink(path);
}

static char *contents(void)
{
    static char text[2][TEXT];
    static unsigned turn;
    char *now = text[turn++ % 2];
    FILE *file = fopen(path, "r");
    assert_non_null(file);
    now[fread(now, 1, TEXT - 1, file)] = 0;
    fclose(file);
    return now;
}

static bool reads(const char *text, struct stimulus *s)
{
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    fputs(text, file);
    fclose(file);
    return stimulus_read(s, path, error, sizeof error);
}

static void round_trip(const struct stimulus *s)
{
    struct stimulus again;
    assert_true(stimulus_write(s, NULL, path, "# a comment\n"));
    const char *first = contents();
    assert_true(stimulus_read(&again, path, error, sizeof error));
    assert_int_equal(again.count, s->count);
    for (size_t i = 0; i < s->count; i++) {
        const struct stimulus_event *a = &s->event[i], *b = &again.event[i];
        assert_true(a->cycle == b->cycle && a->kind == b->kind && a->port == b->port && a->op == b->op);
        assert_true(a->error == b->error && a->latency == b->latency && a->pa == b->pa && a->value == b->value);
        assert_true(a->req.va == b->req.va && a->req.id == b->req.id && a->req.acc == b->req.acc);
        assert_true(a->req.user == b->req.user && a->req.imp == b->req.imp);
        assert_true(a->req.ac == b->req.ac && a->req.ss == b->req.ss);
    }
    assert_true(stimulus_write(&again, NULL, path, "# a comment\n"));
    assert_string_equal(contents(), first);
    stimulus_free(&again);
}

static void add(struct stimulus *s, struct stimulus_event e)
{
    assert_true(stimulus_add(s, &e));
}

static void every_event_comes_back(void **unused)
{
    (void)unused;
    struct stimulus s = {0};
    uint64_t cycle = 0;
    add(&s, (struct stimulus_event){.kind = STIMULUS_POKE, .pa = 0, .value = 0});
    add(&s, (struct stimulus_event){.kind = STIMULUS_POKE,
                                    .pa = (UINT64_C(1) << CFG_ARCH_PADDR_BITS) - 8,
                                    .value = UINT64_MAX});
    for (uint8_t op = 0; op < 16; op++)
        add(&s, (struct stimulus_event){.cycle = ++cycle,
                                        .kind = STIMULUS_CONTROL,
                                        .op = op,
                                        .pa = UINT64_MAX - op,
                                        .value = op % 2 ? UINT64_MAX : 0});
    for (unsigned flags = 0; flags < 16; flags++)
        for (uint8_t acc = 0; acc < 3; acc++)
            add(&s, (struct stimulus_event){.cycle = ++cycle,
                                            .kind = STIMULUS_REQUEST,
                                            .port = acc == ACC_EXECUTE ? FETCH : DATA,
                                            .req = {.va = UINT64_MAX >> flags,
                                                    .id = (uint8_t)(255 - flags),
                                                    .acc = acc,
                                                    .user = flags & 1,
                                                    .imp = flags >> 1 & 1,
                                                    .ac = flags >> 2 & 1,
                                                    .ss = flags >> 3}});
    add(&s, (struct stimulus_event){.cycle = cycle, .kind = STIMULUS_MEMORY, .latency = 1000000, .error = true});
    add(&s, (struct stimulus_event){.cycle = UINT64_MAX, .kind = STIMULUS_MEMORY, .latency = 1});
    add(&s, (struct stimulus_event){.cycle = UINT64_MAX, .kind = STIMULUS_STALL});
    round_trip(&s);
    stimulus_free(&s);
}

/* What is ordered by its cycle and kind alone keeps its order. */
static void equals_keep_their_order(void **unused)
{
    (void)unused;
    struct stimulus s = {0};
    for (uint64_t i = 0; i < 5000; i++)
        add(&s, (struct stimulus_event){.cycle = 40 - i % 3, .kind = STIMULUS_POKE, .pa = 8, .value = i});
    stimulus_sort(&s);
    for (size_t i = 1; i < s.count; i++)
        assert_true(s.event[i - 1].cycle < s.event[i].cycle ||
                    (s.event[i - 1].cycle == s.event[i].cycle && s.event[i - 1].value < s.event[i].value));
    round_trip(&s);
    stimulus_free(&s);
}

static void some_are_kept(void **unused)
{
    (void)unused;
    struct stimulus s = {0}, again;
    const bool keep[3] = {true, false, true};
    for (uint64_t i = 0; i < 3; i++)
        add(&s, (struct stimulus_event){.cycle = i, .kind = STIMULUS_STALL});
    assert_true(stimulus_write(&s, keep, path, NULL));
    assert_true(stimulus_read(&again, path, error, sizeof error));
    assert_int_equal(again.count, 2);
    assert_int_equal(again.event[1].cycle, 2);
    stimulus_free(&again);
    stimulus_free(&s);
}

static void hands_write_otherwise(void **unused)
{
    (void)unused;
    static char text[4000];
    struct stimulus s;
    snprintf(text, sizeof text,
             "twinwalk-pins 1\r\n# %02000d 5 stall\n\n \t\n9\tpoke 0x4008 1 # 2 3\r\n3 ctl INVPCID_type_0 1 # no "
             "descriptor\n"
             "3 stall",
             1);
    assert_true(reads(text, &s));
    assert_int_equal(s.count, 3);
    assert_int_equal(s.event[0].op, CTL_INVPCID_ADDRESS);
    assert_int_equal(s.event[1].kind, STIMULUS_STALL);
    assert_int_equal(s.event[2].pa, 0x4008);
    stimulus_free(&s);
}

static void refused(const char *line, const char *why)
{
    char text[600];
    struct stimulus s;
    snprintf(text, sizeof text, "twinwalk-pins 1\n1 stall\n%s\n", line);
    assert_false(reads(text, &s));
    if (!strstr(error, why) || !strstr(error, "line 3: "))
        fail_msg("\"%s\": %s", line, error);
    assert_null(s.event);
}

static void what_cannot_be_is_refused(void **unused)
{
    (void)unused;
    struct stimulus s;
    assert_false(reads("", &s));
    assert_false(reads("twinwalk-pins 12\n", &s));
    assert_non_null(strstr(error, "the first line"));
    refused("-1 stall", "a line begins with a cycle");
    refused("18446744073709551616 stall", "a line begins with a cycle");
    refused("5", "a line begins with a cycle");
    refused("5 stal", "a line begins with a cycle");
    refused("5 stall 1", "a stall is");
    refused("5 poke 0x1000", "a poke is");
    refused("5 poke 0x1000 1 2", "a poke is");
    refused("5 poke 0x8000000000000000 1", "a poke is");
    refused("5 memory 3 errors", "memory's answer is");
    refused("5 memory 3 error 4", "memory's answer is");
    refused("5 memory 1000001", "memory's answer is");
    refused("5 ctl MOV_CR3", "a control operation is");
    refused("5 ctl MOV_CR3 1 2 3", "a control operation is");
    refused("5 ctl RESERVED_3 1", "a control operation is");
    refused("5 req 0 256 fetch 0", "a request is");
    refused("5 req 99 1 load 0", "no such port");
    refused("5 req 0 1 load 0", "the first ports take fetches");
    refused("5 req 0 1 jump 0", "fetch, load or store");
    refused("5 req 0 1 fetch 0 user kernel", "user, implicit, ac and ss");
    refused("5 req 0 1 fetch 0 user user user user user user user user", "too many words");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_event_comes_back),
        cmocka_unit_test(equals_keep_their_order),
        cmocka_unit_test(some_are_kept),
        cmocka_unit_test(hands_write_otherwise),
        cmocka_unit_test(what_cannot_be_is_refused),
    };
    return cmocka_run_group_tests(tests, make, clear);
}
