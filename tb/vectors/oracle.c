/* The oracle alone as an engine for directed cases: no cache, no clock, A and D bits committed after every access.
 * Memory that fails is here: the oracle itself reads what it needs, and its walk ends at the first entry whose read
 * would have failed. */
#include "vectors.h"

#include <stdlib.h>

#include "mem/memerr.h"
#include "touched.h"

enum { PADDR_MOST = 52 };

/* docs/trace-format.md section 11; SDM 3A 13.12.4 for the PAT */
const struct oracle_regs vector_regs_at_reset = {
    .cr0 = UINT64_C(0x80000001), .cr4 = 0x20, .efer = 0x500, .pat = UINT64_C(0x0007040600070406)};

struct oracle_engine {
    struct vector_engine e; /* first */
    struct physmem *pm;
    struct oracle_cpu cpu;
    struct oracle_regs regs;
    struct touched touched;
    struct memerr errors;
};

static void destroy(struct vector_engine *engine)
{
    struct oracle_engine *o = (struct oracle_engine *)engine;
    physmem_free(o->pm);
    touched_free(&o->touched);
    memerr_free(&o->errors);
    free(o);
}

static bool begin(struct vector_engine *engine, const struct oracle_cpu *cpu, const struct vector *v, bool thorough)
{
    (void)v;
    (void)thorough; /* it always is: there is nothing but registers and memory */
    struct oracle_engine *o = (struct oracle_engine *)engine;
    touched_clear(&o->touched, o->pm);
    o->cpu = *cpu;
    o->regs = vector_regs_at_reset;
    return memerr_order(&o->errors, MEMERR_OFF, 0);
}

static bool control(struct vector_engine *engine, const struct trace_control *c, bool *gp)
{
    struct oracle_engine *o = (struct oracle_engine *)engine;
    *gp = !oracle_control(&o->regs, &o->cpu, c->op, c->data, c->desc);
    return true;
}

static bool meets_an_error(struct oracle_engine *o, const struct oracle_result *result)
{
    bool fails = false;
    for (unsigned i = 0; i < result->steps && !fails; i++)
        fails = memerr_strikes(&o->errors, result->step[i].pa, false);
    return fails;
}

static bool access_one(struct vector_engine *engine, const struct oracle_access *access, struct pins_resp *answer)
{
    struct oracle_engine *o = (struct oracle_engine *)engine;
    struct oracle_result result;
    oracle_translate(o->pm, IMAGE_ORACLE, &o->cpu, &o->regs, access, &result);
    *answer = (struct pins_resp){.kind = KIND_MEMERR};
    if (meets_an_error(o, &result))
        return true;
    oracle_commit(o->pm, &result, false);
    *answer = (struct pins_resp){.addr = result.addr,
                                 .err = result.err,
                                 .kind = result.kind,
                                 .size = result.size,
                                 .pat = result.pat,
                                 .mt = result.mt};
    return true;
}

static bool poke(struct vector_engine *engine, uint64_t pa, uint64_t value)
{
    struct oracle_engine *o = (struct oracle_engine *)engine;
    return touched_add(&o->touched, pa) && physmem_write(o->pm, pa, value);
}

static bool fail(struct vector_engine *engine, const struct trace_memerr *order)
{
    return memerr_order(&((struct oracle_engine *)engine)->errors, order->what, order->value);
}

static uint64_t entry(struct vector_engine *engine, uint64_t pa)
{
    return physmem_read(((struct oracle_engine *)engine)->pm, IMAGE_ORACLE, pa);
}

struct vector_engine *vector_oracle(const char **error)
{
    struct oracle_engine *o = calloc(1, sizeof *o);
    *error = "not enough memory for the oracle";
    if (!o)
        return NULL;
    o->e = (struct vector_engine){"oracle", destroy, begin, control, access_one, poke,
                                  entry,    fail,    0,     true,    NULL,       NULL};
    o->pm = physmem_new(PADDR_MOST);
    if (o->pm)
        return &o->e;
    free(o);
    return NULL;
}

void vector_explain(struct vector_engine *engine, const struct oracle_cpu *cpu, const struct vector *v, size_t at,
                    FILE *out)
{
    struct oracle_engine *o = (struct oracle_engine *)engine;
    struct oracle_result result;
    struct pins_resp answer;
    size_t last = at;
    bool gp;
    while (last && v->step[last].rec.kind > TRACE_STORE)
        last--;
    if (!last)
        return; /* there is no access to explain */
    begin(engine, cpu, v, true);
    for (size_t i = 1; i < last; i++) {
        const struct vector_step *s = &v->step[i];
        const struct oracle_access access = vector_access(&s->rec);
        if (s->rec.kind <= TRACE_STORE)
            access_one(engine, &access, &answer);
        else if (s->rec.kind == TRACE_CONTROL)
            control(engine, &s->extra.control, &gp);
        else if (s->rec.kind == TRACE_POKE)
            poke(engine, s->extra.poke.pa, s->extra.poke.value);
        else if (s->rec.kind == TRACE_MEMERR)
            fail(engine, &s->extra.memerr);
    }
    const struct oracle_access access = vector_access(&v->step[last].rec);
    oracle_translate(o->pm, IMAGE_ORACLE, &o->cpu, &o->regs, &access, &result);
    oracle_explain(out, &o->regs, &access, &result);
}
