/* A random life of the model, seen from outside: every answer, every #GP of a control operation and every memory type
 * of a table is what the oracle says under the registers of some moment between the request and its answer.
 *
 *     test_mmu_soak [CYCLES [SEED]] */
#include "mmu_soak.h"

static struct oracle_result judge(struct soak *s, const struct pins_req *q, const struct oracle_regs *regs)
{
    struct oracle_result r;
    const struct oracle_access access =
        {.va = q->va, .acc = q->acc, .user = q->user, .imp = q->imp, .ac = q->ac, .ss = q->ss};
    const struct oracle_cpu cpu = preset_cpu();
    oracle_translate(s->tables, IMAGE_ORACLE, &cpu, regs, &access, &r);
    return r;
}

static bool same_answer(const struct pins_resp *r, const struct oracle_result *want)
{
    return r->kind == want->kind && r->err == want->err && r->addr == want->addr && r->size == want->size &&
           r->pat == want->pat && r->mt == want->mt;
}

/* Section 6: masked once, under the registers of the accept. Only asked of addresses that LAM lets pass. */
static uint64_t masked(const struct pins_req *q, const struct oracle_regs *r)
{
    const bool high = q->va >> 63;
    if (q->acc == ACC_EXECUTE || q->imp)
        return q->va;
    const uint64_t ignored = high ? (r->cr4 & CR4_LAM_SUP ? (r->cr4 & CR4_LA57 ? BITS(62, 57) : BITS(62, 48)) : 0)
                                  : (r->cr3 & LAM_U57   ? BITS(62, 57)
                                     : r->cr3 & LAM_U48 ? BITS(62, 48)
                                                        : 0);
    return high ? q->va | ignored : q->va & ~ignored;
}

static void check_answer(struct soak *s, const struct asked *asked, const struct pins_resp *r)
{
    if (r->kind == KIND_MEMERR) {
        assert_true(s->life.errors);
        return;
    }
    struct oracle_result want = judge(s, &asked->req, soak_regs(s, asked->first));
    if (same_answer(r, &want))
        return;
    if (want.kind != KIND_GP && r->kind != KIND_GP) { /* which is answered at once, and by nothing else */
        struct pins_req req = asked->req;
        req.va = masked(&req, soak_regs(s, asked->first));
        for (unsigned long v = asked->first + 1; v <= s->now; v++) {
            struct oracle_regs regs = *soak_regs(s, v);
            regs.cr3 &= ~(LAM_U57 | LAM_U48);
            regs.cr4 &= ~CR4_LAM_SUP;
            want = judge(s, &req, &regs);
            if (same_answer(r, &want))
                return;
        }
    }
    print_error("va %lx acc %u user %u imp %u ac %u ss %u: kind %u err %x addr %lx size %u pat %u mt %u,\n",
                asked->req.va, asked->req.acc, asked->req.user, asked->req.imp, asked->req.ac, asked->req.ss, r->kind,
                r->err, r->addr, r->size, r->pat, r->mt);
    print_error("not kind %u err %x addr %lx size %u pat %u mt %u (%s)\n", want.kind, want.err, want.addr, want.size,
                want.pat, want.mt, want.reason);
    fail();
}

static void check_operation(struct soak *s, bool gp)
{
    assert_int_equal(gp, s->refused);
}

/* The memory type of the walker's request, where it is known which registers hold: outside control operations. The
 * oracle gives it for every entry of every walk; here it is looked up by the table's address, which is the same for all
 * that share it. */
static void check_memory_type(struct soak *s)
{
    const struct pins_out *out = &s->b->out;
    if (!out->mem_req_valid || !out->ctl_ready)
        return;
    uint64_t w[2];
    assert_true(mmu_state(s->b->m, 7, 2u * out->mem_req_tag, w));
    uint64_t entry[2];
    assert_true(mmu_state(s->b->m, 6, w[0] >> 11 & 63, entry));
    const struct pins_req q = {.va = entry[1], .acc = ACC_READ, .imp = true}; /* imp: the address is masked already */
    const struct oracle_result want = judge(s, &q, soak_regs(s, s->now));
    for (unsigned i = 0; i < want.steps; i++)
        if (want.step[i].pa == out->mem_req_addr) {
            assert_int_equal(out->mem_req_mt, want.step[i].mt);
            return;
        }
    print_error("va %lx: an entry at %lx that no walk reads\n", q.va, out->mem_req_addr);
    fail();
}

static const struct soak_watch watch = {
    .answer = check_answer, .operation = check_operation, .cycle = check_memory_type};

SOAK_TESTS(&watch);

int main(int argc, char **argv)
{
    soak_arguments(argc, argv);
    return cmocka_run_group_tests(soak_tests, NULL, NULL);
}
