/* What stops the stream of accesses: page faults, control operations, and records that change the address space.
 *
 *     RUN ── fault at the head ──► FAULT ── all drained, OS asked ──► CONTROL ── none left ──► RUN, again from the head
 *     RUN ── barrier record, window empty: carried out ─────────────► CONTROL ── none left ──► RUN, the next record
 *     RUN ── trace exhausted, window empty ──────────────────────────► END                                              */
#include "world.h"

#include <inttypes.h>
#include <stdio.h>

#include "statenames.h"

enum { ENTRY_P = 1 };

/* Nothing stale can be cached any more. Accesses made meanwhile may have found cached entries whose A and D bits software had cleared. */
static void world_fresh(struct world *w)
{
    if (w->stale && w->counts.accesses != w->stale_since)
        w->stale_used = true;
    w->stale = false;
}

static bool quiet(const struct world *w)
{
    return w->in_flight == 0 && w->d.in.req_valid == 0;
}

static const char *access_word(uint8_t acc)
{
    static const char *const words[] = {"read", "write", "execute", "?"};
    return words[acc & 3];
}

/* The head of the window has faulted and nothing is in flight: the OS mends it, and everything from the head on is made again. */
static void take_fault(struct world *w)
{
    struct slot *s = world_slot(w, w->head);
    for (uint64_t sequence = w->head; sequence != w->tail; sequence++)
        world_slot(w, sequence)->state = SLOT_IDLE;
    w->next = w->head;
    w->d.progress = w->d.cycle;
    if (s->answer.kind == KIND_MEMERR) {
        w->counts.memory_errors++;
        w->phase = PHASE_RUN;
        return;
    }
    w->counts.faults_taken++;
    switch (os_fault(w->os, s->va, s->answer.err)) {
    case OS_RETRY:
        w->stamp++;
        w->phase = PHASE_CONTROL;
        return;
    case OS_SEGV:
        world_fail(w, "record %" PRIu64 ": the program may not %s 0x%" PRIx64 ": %s", s->record, access_word(s->acc),
                   s->va, os_error(w->os));
        break;
    case OS_OOM:
        world_fail(w, "record %" PRIu64 ": out of simulated memory (see --ram) at 0x%" PRIx64 ": %s", s->record, s->va,
                   os_error(w->os));
        break;
    }
    w->phase = PHASE_END;
}

static void poke(struct world *w, const struct trace_poke *poke)
{
    const uint64_t old = physmem_read(w->physmem, IMAGE_ORACLE, poke->pa);
    if ((old & ENTRY_P) && old != poke->value && !w->stale) {
        w->stale = true;
        w->stale_since = w->counts.accesses;
    }
    if (!physmem_write(w->physmem, poke->pa, poke->value))
        world_fail(w, "record %" PRIu64 ": physical address 0x%" PRIx64 " cannot be written (%u bits exist)", w->d.done,
                   poke->pa, w->cpu.paddr_bits);
}

/* What memory must hold by the trace's own word, as hardware has left it. */
static void check_entry(struct world *w, const struct trace_entry *entry)
{
    const uint64_t actual = physmem_read(w->physmem, IMAGE_HW, entry->pa);
    char field[96];
    w->counts.expectations++;
    if (((actual ^ entry->value) & entry->mask) == 0 || w->d.finding.kind != FINDING_NONE)
        return;
    snprintf(field, sizeof field, "entry at 0x%" PRIx64 ", bits 0x%" PRIx64, entry->pa, entry->mask);
    finding_numbers(&w->d.finding, FINDING_EXPECT, w->d.cycle, field, entry->value & entry->mask, actual & entry->mask);
    w->d.finding.record = w->d.done;
}

/* The window is empty: carries out the record that waited for it. */
static void carry_out(struct world *w)
{
    const struct trace_rec *rec = w->rec;
    const struct trace_extra *extra = trace_extra(w->trace, rec);
    w->d.progress = w->d.cycle;
    w->stamp++;
    w->barrier = false;
    switch (rec->kind) {
    case TRACE_MAP:
        if (w->os && !os_map(w->os, extra->map.start, extra->map.end, extra->map.prot, extra->map.flags, extra->map.name))
            world_fail(w, "record %" PRIu64 ": %s", w->d.done, os_error(w->os));
        break;
    case TRACE_SYSCALL:
        w->counts.syscalls++;
        if (w->os && !os_syscall(w->os, extra->syscall.number, extra->syscall.arg, extra->syscall.result))
            world_fail(w, "record %" PRIu64 ": %s", w->d.done, os_error(w->os));
        break;
    case TRACE_CONTROL:
        w->op.op = extra->control.op;
        w->op.data = extra->control.data;
        w->op.desc = extra->control.desc;
        w->op.expected = (rec->flags & TRACE_EXPECT) != 0;
        w->op.gp = extra->control.gp;
        w->op_single = true;
        break;
    case TRACE_POKE:
        poke(w, &extra->poke);
        break;
    case TRACE_ENTRY:
        check_entry(w, &extra->entry);
        break;
    case TRACE_CASE:
        world_fail(w, "record %" PRIu64 ": the trace is a set of directed cases; run it with `twinwalk vectors`", w->d.done);
        break;
    default:
        world_fail(w, "record %" PRIu64 ": unknown kind %u", w->d.done, rec->kind);
    }
    w->rec++;
    w->rec_left--;
    w->d.done++;
    w->phase = w->broken || w->d.finding.kind != FINDING_NONE ? PHASE_END : PHASE_CONTROL;
}

static bool next_operation(struct world *w)
{
    if (w->op_single) {
        w->op_single = false;
        return true;
    }
    struct os_control op;
    if (!w->os || !os_control(w->os, &op))
        return false;
    w->op.op = op.op;
    w->op.data = op.data;
    w->op.desc = op.desc;
    w->op.expected = false;
    return true;
}

/* A control operation that has invalidated something ends what software owed since it changed an entry. */
static bool invalidates(const struct world *w, const struct oracle_regs *before)
{
    enum { CR4_PSE = 1 << 4, CR4_PGE = 1 << 7, CR4_LA57 = 1 << 12, CR4_PCIDE = 1 << 17, CR4_SMEP = 1 << 20, CR4_PKE = 1 << 22 };
    const uint64_t changed = before->cr4 ^ w->regs.cr4, set = changed & w->regs.cr4;
    switch (w->op.op) {
    case CTL_MOV_CR0:
        return !(w->op.data >> 31 & 1); /* PG */
    case CTL_MOV_CR3:
        return !(before->cr4 & CR4_PCIDE) || !(w->op.data >> 63);
    case CTL_MOV_CR4:
        return (changed & (CR4_PGE | CR4_LA57)) || (changed & before->cr4 & CR4_PCIDE) || (set & CR4_SMEP) ||
               (w->cpu.amd && ((changed & CR4_PSE) || (set & CR4_PKE)));
    case CTL_WRMSR_EFER:
        return (before->efer ^ w->regs.efer) >> 11 & 1; /* NXE */
    case CTL_INVLPG: {
        const unsigned unused = w->regs.cr4 & CR4_LA57 ? 64 - 57 : 64 - 48; /* not canonical: nothing happens */
        return (uint64_t)((int64_t)(w->op.data << unused) >> unused) == w->op.data;
    }
    case CTL_INVPCID_ADDRESS:
    case CTL_INVPCID_CONTEXT:
    case CTL_INVPCID_ALL:
    case CTL_INVPCID_ALL_NONGLOBAL:
        return true;
    default:
        return false;
    }
}

static void op_finding(struct world *w, enum finding_kind kind, bool expected, bool actual)
{
    char field[96];
    snprintf(field, sizeof field, "ctl_gp of %s 0x%" PRIx64 ", desc 0x%" PRIx64, control_name(w->op.op), w->op.data, w->op.desc);
    world_finding(w, kind, NULL, field, expected ? "#GP(0)" : "no fault", actual ? "#GP(0)" : "no fault");
    w->d.finding.record = w->d.done - 1;
}

/* The operation is done: the registers of the oracle follow, and the two must agree on whether it faulted. */
static void op_done(struct world *w, const struct pins_out *out)
{
    const struct oracle_regs before = w->regs;
    const bool gp = !oracle_control(&w->regs, &w->cpu, w->op.op, w->op.data, w->op.desc);
    if (w->judged && gp != out->ctl_gp) {
        op_finding(w, FINDING_ORACLE, gp, out->ctl_gp);
    } else if (w->op.expected) {
        w->counts.expectations++;
        if (w->op.gp != out->ctl_gp)
            op_finding(w, FINDING_EXPECT, w->op.gp, out->ctl_gp);
    }
    if (gp && w->os)
        world_fail(w, "record %" PRIu64 ": the operating system model's %s 0x%" PRIx64 " raises #GP(0)", w->d.done,
                   control_name(w->op.op), w->op.data);
    if (!gp && invalidates(w, &before))
        world_fresh(w);
    w->switched |= !gp && w->op.op == CTL_MOV_CR3 && w->counts.accesses && (before.cr3 ^ w->regs.cr3) << 12 >> 24;
    w->stamp++;
    w->counts.control_ops++;
    w->counts.control_gp += gp;
    w->d.progress = w->d.cycle;
    w->ctl = CTL_NONE;
    if (w->broken)
        w->phase = PHASE_END;
}

static void control(struct world *w, const struct pins_out *out)
{
    if (w->ctl == CTL_ACCEPTED)
        w->d.in.ctl_valid = false; /* accepted in the cycle before, at the latest */
    if (w->ctl == CTL_ACCEPTED && out->ctl_done) {
        op_done(w, out);
        if (w->phase == PHASE_END)
            return;
    }
    if (w->ctl == CTL_NONE) {
        if (!next_operation(w)) {
            w->phase = PHASE_RUN;
            return;
        }
        w->ctl = CTL_OFFERED;
        w->d.in.ctl_valid = true;
        w->d.in.ctl_op = w->op.op;
        w->d.in.ctl_data = w->op.data;
        w->d.in.ctl_desc = w->op.desc;
    }
    if (w->ctl == CTL_OFFERED && out->ctl_ready)
        w->ctl = CTL_ACCEPTED;
}

void serial_cycle(struct world *w, const struct pins_out *out)
{
    if (w->phase == PHASE_FAULT && quiet(w))
        take_fault(w);
    if (w->phase == PHASE_RUN && w->head == w->tail) {
        if (w->exhausted) {
            world_fresh(w);
            w->phase = PHASE_END;
        } else if (w->barrier && w->d.stop) {
            w->exhausted = true;
        } else if (w->barrier) {
            carry_out(w);
        }
    }
    if (w->phase == PHASE_CONTROL)
        control(w, out);
}
