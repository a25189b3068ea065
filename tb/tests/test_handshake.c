/* The rules of the ports (tb/engine/handshake.h): each is broken once, and named; what is allowed is let through. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "engine/handshake.h"

struct ports {
    struct handshake h;
    struct pins_out out;
    struct pins_in in;
    uint64_t cycle;
    struct finding finding;
};

static void cycle(struct ports *p)
{
    const bool accepted = p->out.mem_req_valid && p->in.mem_req_ready;
    handshake_cycle(&p->h, &p->out, &p->in, accepted, p->cycle++, &p->finding);
}

/* Out of reset, everything ready, with one request accepted: port 0, id 7. */
static struct ports running(void)
{
    struct ports p = {.h.patience = 100};
    p.out.ctl_done = true;
    cycle(&p);
    p.out = (struct pins_out){.req_ready = 3, .ctl_ready = true};
    p.in.req_valid = 1;
    p.in.req[0].id = 7;
    cycle(&p);
    p.in.req_valid = 0;
    assert_int_equal(p.finding.kind, FINDING_NONE);
    return p;
}

static void expect(const struct ports *p, enum finding_kind kind, const char *field)
{
    assert_int_equal(p->finding.kind, kind);
    assert_string_equal(p->finding.field, field);
}

static void answer(struct ports *p, unsigned port, struct pins_resp resp)
{
    p->out.resp_valid = (uint8_t)(1u << port);
    p->out.resp[port] = resp;
    cycle(p);
    p->out.resp_valid = 0;
}

static void answers(void **state)
{
    (void)state;
    struct ports p = running();
    answer(&p, 0, (struct pins_resp){.id = 7, .kind = KIND_OK, .addr = 0x1000, .mt = MT_WB});
    assert_int_equal(p.finding.kind, FINDING_NONE);
    answer(&p, 0, (struct pins_resp){.id = 7, .kind = KIND_OK, .addr = 0x1000, .mt = MT_WB}); /* a second one */
    expect(&p, FINDING_PROTOCOL, "resp_id");

    p = running();
    answer(&p, 1, (struct pins_resp){.id = 7}); /* another port */
    expect(&p, FINDING_PROTOCOL, "resp_id");

    static const struct pins_resp good[] = {{.id = 7, .kind = KIND_PF, .err = 4, .addr = 0x1234},
                                            {.id = 7, .kind = KIND_GP},
                                            {.id = 7, .kind = KIND_MEMERR, .src = SRC_WALK}};
    static const struct pins_resp bad[] = {{.id = 7, .kind = KIND_PF, .size = SIZE_2M},
                                           {.id = 7, .kind = KIND_GP, .addr = 0x1000},
                                           {.id = 7, .kind = KIND_MEMERR, .mt = MT_WB},
                                           {.id = 7, .kind = KIND_OK, .err = 1}};
    for (unsigned i = 0; i < sizeof good / sizeof *good; i++) {
        p = running();
        answer(&p, 0, good[i]);
        assert_int_equal(p.finding.kind, FINDING_NONE);
    }
    for (unsigned i = 0; i < sizeof bad / sizeof *bad; i++) {
        p = running();
        answer(&p, 0, bad[i]);
        expect(&p, FINDING_PROTOCOL, "resp_kind");
    }
}

static void memory(void **state)
{
    (void)state;
    struct ports p = running();
    p.out.mem_req_valid = true;
    p.out.mem_req_addr = 0x2008;
    cycle(&p);
    p.in.mem_req_ready = true;
    cycle(&p);
    assert_int_equal(p.finding.kind, FINDING_NONE);
    cycle(&p); /* the same tag again */
    expect(&p, FINDING_PROTOCOL, "mem_req_tag");

    p = running();
    p.out.mem_req_valid = true;
    cycle(&p);
    p.out.mem_req_valid = false;
    cycle(&p);
    expect(&p, FINDING_PROTOCOL, "mem_req_valid");

    p = running();
    p.out.mem_req_valid = true;
    cycle(&p);
    p.out.mem_req_addr = 8;
    cycle(&p);
    expect(&p, FINDING_PROTOCOL, "mem_req");

    static const uint64_t bad[] = {4, UINT64_C(1) << 36}; /* preset tiny has 36 bits */
    for (unsigned i = 0; i < 2; i++) {
        p = running();
        p.out.mem_req_valid = true;
        p.out.mem_req_addr = bad[i];
        cycle(&p);
        expect(&p, FINDING_PROTOCOL, "mem_req_addr");
    }
}

static void control(void **state)
{
    (void)state;
    struct ports p = running();
    p.in.ctl_valid = true;
    cycle(&p);
    p.in.ctl_valid = false;
    p.out.ctl_ready = false;
    p.out.ctl_done = true;
    cycle(&p);
    assert_int_equal(p.finding.kind, FINDING_NONE);
    cycle(&p);
    expect(&p, FINDING_PROTOCOL, "ctl_done");

    p = running();
    p.in.ctl_valid = true;
    cycle(&p);
    cycle(&p);
    expect(&p, FINDING_PROTOCOL, "ctl_ready");
}

static void waiting(void **state)
{
    (void)state;
    struct ports p = running();
    p.out.waiting = true;
    cycle(&p);
    cycle(&p);
    p.in.mem_rsp_valid = true; /* an input: whatever follows may change */
    cycle(&p);
    p.in.mem_rsp_valid = false;
    p.out.req_ready = 1;
    cycle(&p);
    assert_int_equal(p.finding.kind, FINDING_NONE);
    p.out.req_ready = 3;
    cycle(&p);
    expect(&p, FINDING_PROTOCOL, "waiting");
}

/* A hundred cycles and no more. */
static void turns(void **state)
{
    (void)state;
    struct ports p = running();
    p.in.req_valid = 2;
    p.out.req_ready = 1;
    for (unsigned n = 0; n <= 100; n++)
        cycle(&p);
    assert_int_equal(p.finding.kind, FINDING_NONE);
    cycle(&p);
    expect(&p, FINDING_HANG, "req_ready");

    p = running();
    p.in.ctl_valid = true;
    p.out.ctl_ready = false;
    for (unsigned n = 0; n <= 101; n++)
        cycle(&p);
    expect(&p, FINDING_HANG, "ctl_ready");

    p = running();
    p.in.ctl_valid = true;
    cycle(&p);
    p.in.ctl_valid = false;
    p.out.ctl_ready = false;
    for (unsigned n = 0; n <= 100; n++)
        cycle(&p);
    expect(&p, FINDING_HANG, "ctl_done");
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(answers), cmocka_unit_test(memory), cmocka_unit_test(control),
                                       cmocka_unit_test(waiting), cmocka_unit_test(turns)};
    return cmocka_run_group_tests_name("handshake", tests, NULL, NULL);
}
