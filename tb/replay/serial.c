/* What stops the stream of accesses: page faults, control operations, and records that change the address space.
 *
 *     RUN ── fault at the head ──► FAULT ── all drained, OS asked ──► CONTROL ── none left ──► RUN, again from the head
 *     RUN ── another task's record, window empty: context switch ────► CONTROL ── none left ──► RUN, the same record
 *     RUN ── barrier record, window empty: carried out ─────────────► CONTROL ── none left ──► RUN, the next record
 *     RUN ── trace exhausted, window empty ──────────────────────────► END */
#include "world.h"

#include <inttypes.h>
#include <stdio.h>

#include "engine/statenames.h"
#include "stale/stale.h"
#include "traces/format/check.h"
#include "unfit.h"

enum { AUDIT_FAULTS = 500 };

static bool quiet(const struct world *w)
{
    return w->in_flight == 0 && w->d.in.req_valid == 0;
}

/* The head of the window has faulted and nothing is in flight: the OS mends it, and everything from the head on is made
 * again. */
static void take_fault(struct world *w)
{
    struct slot *s = world_slot(w, w->head);
    for (uint64_t sequence = w->head; sequence != w->tail; sequence++)
        world_slot(w, sequence)->state = SLOT_IDLE;
    w->next = w->head;
    w->d.progress = w->d.cycle;
    if (!w->os) { /* by a stale entry: the trace's kernel would find nothing to mend */
        w->phase = PHASE_RUN;
        return;
    }
    w->counts.faults_taken++;
    w->kernel.record = s->record;
    switch (kernelside_fault(&w->kernel, s->va, s->acc, s->answer.err)) {
    case MEND_RETRY:
        break;
    case MEND_LOST: /* all that is in the window is the lost task's */
        w->kernel.counts.skipped += w->tail - w->head;
        w->loaded -= w->tail - w->head;
        w->next = w->tail = w->head;
        break;
    case MEND_BAD:
        world_fail(w, STATUS_INPUT, "%s: %s", w->path, w->kernel.error);
        w->phase = PHASE_END;
        return;
    }
    w->stamp++;
    w->phase = PHASE_CONTROL;
    if (w->kernel.keeps && w->counts.faults_taken % AUDIT_FAULTS == 0 && !kernelside_audit(&w->kernel))
        world_finding(w, FINDING_MEMORY, NULL, "the OS model", "consistent", w->kernel.error);
}

static void unfit_address(struct world *w, uint64_t pa)
{
    char what[96];
    snprintf(what, sizeof what, "memory at physical address 0x%" PRIx64 " (arch.paddr_bits = %u)", pa,
             w->cpu.paddr_bits);
    unfit(w, w->d.done, what);
}

static void poke(struct world *w, const struct trace_poke *poke)
{
    const uint64_t old = physmem_read(w->physmem, IMAGE_HW, poke->pa);
    if (poke->pa >> w->cpu.paddr_bits) {
        unfit_address(w, poke->pa);
    } else if ((w->stale && !stale_poke(w->stale, w->d.cycle, poke->pa, old, poke->value)) ||
               !physmem_write(w->physmem, poke->pa, poke->value)) {
        world_fail(w, STATUS_HOST, "record %" PRIu64 ": the host has no memory left for page tables", w->d.done);
    }
}

/* From here on memory fails, or no longer. */
static void order_error(struct world *w, const struct trace_memerr *order)
{
    if (order->what == MEMERR_AT && order->value >> w->cpu.paddr_bits)
        unfit_address(w, order->value);
    else if (!memerr_order(memport_errors(w->memport), order->what, order->value))
        world_fail(w, STATUS_HOST, "record %" PRIu64 ": the host has no memory left for the bench", w->d.done);
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

/* The kernel lets the record's task run: at once, or after a context switch, whose control operations come first; the
 * record then waits for another empty window. */
static bool its_turn(struct world *w, const struct trace_rec *rec)
{
    w->kernel.record = w->d.done;
    switch (kernelside_turn(&w->kernel, rec)) {
    case TURN_RUN:
        return true;
    case TURN_SWITCHED:
    case TURN_SKIP: /* the window finds out for itself */
        w->phase = PHASE_CONTROL;
        return false;
    case TURN_BAD:
        break;
    }
    world_fail(w, STATUS_INPUT, "%s: %s", w->path, w->kernel.error);
    w->phase = PHASE_END;
    return false;
}

/* The window is empty: carries out the record that waited for it. */
static void carry_out(struct world *w)
{
    const struct trace_rec *rec = w->rec;
    const struct trace_extra *extra = trace_extra(w->trace, rec);
    w->d.progress = w->d.cycle;
    w->stamp++;
    w->barrier = false;
    const char *misplaced = check_place(w->os == NULL, rec->kind);
    if (misplaced) {
        world_fail(w, STATUS_INPUT, "record %" PRIu64 ": %s", w->d.done, misplaced);
        w->phase = PHASE_END;
        return;
    }
    if (w->os && !its_turn(w, rec))
        return;
    switch (rec->kind) {
    case TRACE_MAP:
    case TRACE_SYSCALL:
    case TRACE_TASK:
        w->counts.syscalls += rec->kind == TRACE_SYSCALL;
        if (w->os && !kernelside_do(&w->kernel, rec, extra))
            world_fail(w, STATUS_INPUT, "%s: %s", w->path, w->kernel.error);
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
    case TRACE_MEMERR:
        order_error(w, &extra->memerr);
        break;
    case TRACE_ENTRY:
        check_entry(w, &extra->entry);
        break;
    case TRACE_CASE:
        world_fail(w, STATUS_INPUT,
                   "record %" PRIu64 ": the trace is a set of directed cases; run it with `twinwalk vectors`",
                   w->d.done);
        break;
    default:
        world_fail(w, STATUS_INPUT, "record %" PRIu64 ": unknown kind %u", w->d.done, rec->kind);
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

static void op_finding(struct world *w, enum finding_kind kind, bool expected, bool actual)
{
    char field[96];
    snprintf(field, sizeof field, "ctl_gp of %s 0x%" PRIx64 ", desc 0x%" PRIx64, control_name(w->op.op), w->op.data,
             w->op.desc);
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
        if (w->op.gp != out->ctl_gp && !unfit_control(w, &before))
            op_finding(w, FINDING_EXPECT, w->op.gp, out->ctl_gp);
    }
    if (gp && w->os)
        world_fail(w, STATUS_INPUT, "record %" PRIu64 ": the operating system model's %s 0x%" PRIx64 " raises #GP(0)",
                   w->d.done, control_name(w->op.op), w->op.data);
    if (!gp && w->stale && !stale_control(w->stale, w->d.cycle, &before, &w->regs, w->op.op, w->op.data, w->op.desc))
        world_fail(w, STATUS_HOST, "record %" PRIu64 ": the host has no memory left for the books of what may be stale",
                   w->d.done);
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
