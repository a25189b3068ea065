/* One directed case on one engine: carried out record by record up to the first that is not as expected. */
#include "vectors.h"

#include <inttypes.h>
#include <stdarg.h>

#include "mmu_cfg.h"
#include "traces/format/text_names.h"

struct oracle_access vector_access(const struct trace_rec *rec)
{
    static const uint8_t acc[] = {ACC_EXECUTE, ACC_READ, ACC_WRITE}; /* by enum trace_kind */
    return (struct oracle_access){
        .va = rec->va,
        .acc = acc[rec->kind % 3],
        .user = !(rec->flags & TRACE_SUPERVISOR),
        .imp = rec->flags & TRACE_IMPLICIT,
        .ac = rec->flags & TRACE_AC,
        .ss = rec->flags & TRACE_SHADOW_STACK,
    };
}

struct oracle_cpu vector_cpu(const struct trace_case *c, bool any_cpu, struct vector_unmet *unmet)
{
    uint8_t has = (CFG_ARCH_LA57 ? TRACE_LA57 : 0) | (CFG_ARCH_PCID ? TRACE_PCID : 0) |
                  (CFG_ARCH_PAGE_1G ? TRACE_PAGE_1G : 0) | (CFG_ARCH_PKU ? TRACE_PKU : 0) |
                  (CFG_ARCH_PKS ? TRACE_PKS : 0) | (CFG_ARCH_CET ? TRACE_CET : 0) | (CFG_ARCH_LAM ? TRACE_LAM : 0) |
                  (CFG_ARCH_AMD ? TRACE_AMD : 0);
    unsigned bits = CFG_ARCH_PADDR_BITS;
    const bool paddr = c->paddr_bits && (c->paddr_least ? bits < c->paddr_bits : bits != c->paddr_bits);
    *unmet = (struct vector_unmet){0};
    if (any_cpu) {
        has = (uint8_t)((has | c->needs) & ~c->lacks);
        bits = paddr ? c->paddr_bits : bits;
    } else {
        *unmet = (struct vector_unmet){(uint8_t)(c->needs & ~has), (uint8_t)(c->lacks & has), paddr};
    }
    return (struct oracle_cpu){
        .paddr_bits = bits,
        .page_1g = has & TRACE_PAGE_1G,
        .la57 = has & TRACE_LA57,
        .pcid = has & TRACE_PCID,
        .pku = has & TRACE_PKU,
        .pks = has & TRACE_PKS,
        .cet = has & TRACE_CET,
        .lam = has & TRACE_LAM,
        .amd = has & TRACE_AMD,
    };
}

static void say(char text[VECTOR_TEXT], const char *format, ...) __attribute__((format(printf, 2, 3)));

static void say(char text[VECTOR_TEXT], const char *format, ...)
{
    va_list args;
    va_start(args, format);
    vsnprintf(text, VECTOR_TEXT, format, args);
    va_end(args);
}

static const char *word(const struct name *names, uint64_t value)
{
    const char *found = name_of(names, value);
    return found ? found : "?";
}

/* An outcome as the text form writes it; what does not count is left out. */
static void say_outcome(char text[VECTOR_TEXT], const struct trace_expect *e)
{
    char pa[64] = "", mt[16] = "", cr2[32] = "", mask[16] = "";
    if (e->err_open)
        snprintf(mask, sizeof mask, " mask=0x%x", (uint16_t)~e->err_open);
    if (e->has_pa)
        snprintf(pa, sizeof pa, " pa=0x%" PRIx64 " %s", e->pa, word(text_page_sizes, e->size));
    if (e->has_mt)
        snprintf(mt, sizeof mt, " mt=%s", word(text_memory_types, e->mt));
    if (e->has_cr2)
        snprintf(cr2, sizeof cr2, " cr2=0x%" PRIx64, e->cr2);
    if (e->kind == KIND_PF)
        say(text, "pf 0x%x%s%s", e->err, mask, cr2);
    else
        say(text, "%s%s%s", word(text_results, e->kind), pa, mt);
}

static bool judge(const struct trace_expect *e, const struct pins_resp *r, struct vector_verdict *verdict)
{
    const struct trace_expect got = {
        .pa = r->addr,
        .cr2 = r->addr,
        .err = r->err,
        .kind = r->kind,
        .size = r->size,
        .mt = r->mt,
        .has_pa = r->kind == KIND_OK,
        .has_mt = r->kind == KIND_OK,
        .has_cr2 = r->kind == KIND_PF,
    };
    const char *field = e->kind != r->kind                 ? "result"
                        : (e->err ^ r->err) & ~e->err_open ? "error code"
                        : e->has_pa && e->pa != r->addr    ? "address"
                        : e->has_pa && e->size != r->size  ? "page size"
                        : e->has_mt && e->mt != r->mt      ? "memory type"
                        : e->has_cr2 && e->cr2 != r->addr  ? "CR2"
                                                           : NULL;
    if (!field)
        return true;
    verdict->field = field;
    say_outcome(verdict->expected, e);
    say_outcome(verdict->got, &got);
    return false;
}

static bool hung(struct vector_verdict *verdict, const char *expected)
{
    say(verdict->expected, "%s", expected);
    say(verdict->got, "no answer");
    verdict->field = "answer";
    verdict->hung = true;
    return false;
}

static bool no_memory(struct vector_verdict *verdict, const char *expected)
{
    say(verdict->expected, "%s", expected);
    say(verdict->got, "the host has none left");
    verdict->field = "host";
    return false;
}

/* Carries out one record; false with the verdict's texts if it is not as expected. */
static bool carry_out(struct vector_engine *engine, const struct vector_step *s, struct vector_verdict *verdict)
{
    const struct trace_extra *x = &s->extra;
    const bool expects = s->rec.flags & TRACE_EXPECT;
    switch (s->rec.kind) {
    case TRACE_CONTROL: {
        bool gp;
        if (!engine->control(engine, &x->control, &gp))
            return hung(verdict, "an end of the control operation");
        if (!expects || gp == x->control.gp)
            return true;
        say(verdict->expected, "%s", x->control.gp ? "gp" : "ok");
        say(verdict->got, "%s", gp ? "gp" : "ok");
        verdict->field = "general protection";
        return false;
    }
    case TRACE_POKE:
        if (engine->poke(engine, x->poke.pa, x->poke.value))
            return true;
        return no_memory(verdict, "memory for the page table");
    case TRACE_MEMERR:
        return engine->fail(engine, &x->memerr) || no_memory(verdict, "memory for the bench");
    case TRACE_ENTRY: {
        const uint64_t value = engine->entry(engine, x->entry.pa);
        if (!((value ^ x->entry.value) & x->entry.mask))
            return true;
        say(verdict->expected, "0x%016" PRIx64 " under mask 0x%016" PRIx64, x->entry.value, x->entry.mask);
        say(verdict->got, "0x%016" PRIx64, value);
        verdict->field = "entry in memory";
        return false;
    }
    default: {
        const struct oracle_access access = vector_access(&s->rec);
        struct pins_resp answer;
        if (!engine->access(engine, &access, &answer))
            return hung(verdict, "an answer");
        return !expects || judge(&x->expect, &answer, verdict);
    }
    }
}

/* The design itself has nothing to say, and its ports keep their rules. */
static bool is_quiet(const struct vector_engine *engine, struct vector_verdict *verdict)
{
    const struct dut_event *says = engine->says;
    const struct finding *broken = engine->broken;
    if (broken && broken->kind != FINDING_NONE) {
        say(verdict->expected, "%s: %s", broken->field, broken->expected);
        say(verdict->got, "%s", broken->actual);
        verdict->field = "handshake";
        return false;
    }
    if (!says || says->kind == DUT_QUIET)
        return true;
    say(verdict->expected, "%s",
        says->kind == DUT_FINISHES ? "the simulation goes on" : "the design's assertions hold");
    say(verdict->got, "%.60s: %.90s", says->where, says->text);
    verdict->field = "design";
    return false;
}

static void run_once(struct vector_engine *engine, const struct oracle_cpu *cpu, const struct vector *v, bool thorough,
                     struct vector_verdict *verdict)
{
    verdict->at = 0;
    verdict->hung = false;
    verdict->passed = engine->begin(engine, cpu, v, thorough) || hung(verdict, "to come out of reset");
    if (!is_quiet(engine, verdict))
        verdict->passed = false;
    for (size_t i = 1; verdict->passed && i < v->steps; i++) {
        verdict->at = i;
        verdict->passed = carry_out(engine, &v->step[i], verdict);
        if (!is_quiet(engine, verdict))
            verdict->passed = false;
    }
}

void vector_run(struct vector_engine *engine, const struct oracle_cpu *cpu, const struct vector *v,
                struct vector_verdict *verdict)
{
    struct vector_verdict again;
    verdict->carried_over = false;
    run_once(engine, cpu, v, false, verdict);
    if (verdict->passed)
        return;
    run_once(engine, cpu, v, true, &again);
    again.carried_over = false;
    again.hung |= verdict->hung;
    if (!again.passed)
        *verdict = again;
    else
        verdict->carried_over = true;
}
