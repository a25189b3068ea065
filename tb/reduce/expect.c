/* Expectations: see expect.h. */
#include "expect.h"

#include "arch/x86.h"
#include "engine/rig.h"
#include "kernel/recorded.h"

enum { MEMORY_LATENCY = 4 };

void expect_nothing(struct script *s)
{
    for (size_t i = 0; i < s->count; i++)
        if (s->line[i].rec.flags & TRACE_EXPECT) {
            s->line[i].rec.flags &= (uint8_t)~TRACE_EXPECT;
            if (line_is_access(&s->line[i]))
                s->line[i].extra = (struct trace_extra){0};
            else
                s->line[i].extra.control.gp = false;
        }
}

static bool access_line(struct rig *r, struct line *line)
{
    const struct oracle_access access = recorded_oracle_access(&line->rec);
    struct pins_resp resp;
    if (!rig_access(r, &access, &resp))
        return false;
    line->rec.flags |= TRACE_EXPECT;
    line->extra.expect = (struct trace_expect){.pa = resp.kind == KIND_OK ? resp.addr : 0,
                                               .cr2 = resp.kind == KIND_PF ? resp.addr : 0,
                                               .err = resp.kind == KIND_PF ? resp.err : 0,
                                               .kind = resp.kind,
                                               .size = resp.kind == KIND_OK ? resp.size : 0,
                                               .mt = resp.kind == KIND_OK ? resp.mt : 0,
                                               .has_pa = resp.kind == KIND_OK,
                                               .has_mt = resp.kind == KIND_OK,
                                               .has_cr2 = resp.kind == KIND_PF};
    return true;
}

static bool one(struct rig *r, struct line *line)
{
    const struct trace_control *c = &line->extra.control;
    switch (line->rec.kind) {
    case TRACE_POKE:
        return physmem_write(r->pm, line->extra.poke.pa, line->extra.poke.value);
    case TRACE_CONTROL:
        return rig_control(r, c->op, c->data, c->desc);
    case TRACE_ENTRY:
        return true;
    default:
        return line_is_access(line) && access_line(r, line);
    }
}

bool expect_answers(struct script *s, const bool *keep)
{
    const struct oracle_regs begin = {.cr0 = CR0_PG | CR0_PE,
                                      .cr4 = CR4_PAE,
                                      .efer = EFER_LME | EFER_LMA,
                                      .pat = UINT64_C(0x0007040600070406)};
    struct rig *r = rig_new(NULL, MEMORY_LATENCY, 0);
    bool good = rig_registers(r, &begin);
    for (size_t i = 0; good && i < s->count; i++)
        good = !keep[i] || one(r, &s->line[i]);
    rig_free(r);
    if (!good)
        expect_nothing(s);
    return good;
}
