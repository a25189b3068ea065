/* What stops the stream of accesses: page faults, control operations, and records that change the address space.
 *
 *     RUN ── fault at the head ──► FAULT ── all drained, OS asked ──► CONTROL ── none left ──► RUN, again from the head
 *     RUN ── barrier record, window empty: carried out ─────────────► CONTROL ── none left ──► RUN, the next record
 *     RUN ── trace exhausted, window empty ──────────────────────────► END                                              */
#include "world.h"

#include <inttypes.h>

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
        w->op = (struct os_control){extra->control.op, extra->control.data};
        w->op_single = true;
        break;
    case TRACE_POKE:
        poke(w, &extra->poke);
        break;
    default:
        world_fail(w, "record %" PRIu64 ": unknown kind %u", w->d.done, rec->kind);
    }
    w->rec++;
    w->rec_left--;
    w->d.done++;
    w->phase = w->broken ? PHASE_END : PHASE_CONTROL;
}

static bool next_operation(struct world *w)
{
    if (w->op_single) {
        w->op_single = false;
        return true;
    }
    return w->os && os_control(w->os, &w->op);
}

/* A control operation that has invalidated something ends what software owed since it changed an entry. */
static bool invalidates(const struct world *w, const struct oracle_regs *before)
{
    enum { CR4_PCIDE = 1 << 17 };
    switch (w->op.op) {
    case CTL_INVLPG:
        return true;
    case CTL_MOV_CR3:
        return !(before->cr4 & CR4_PCIDE) || !(w->op.data >> 63);
    case CTL_MOV_CR4:
        return before->cr4 != w->regs.cr4;
    case CTL_WRMSR_EFER:
        return before->efer != w->regs.efer;
    default:
        return false;
    }
}

static void control(struct world *w, const struct pins_out *out)
{
    if (w->ctl == CTL_ACCEPTED)
        w->d.in.ctl_valid = false; /* accepted in the cycle before, at the latest */
    if (w->ctl == CTL_ACCEPTED && out->ctl_done) {
        const struct oracle_regs before = w->regs;
        oracle_control(&w->regs, &w->cpu, w->op.op, w->op.data);
        if (invalidates(w, &before))
            world_fresh(w);
        w->stamp++;
        w->counts.control_ops++;
        w->d.progress = w->d.cycle;
        w->ctl = CTL_NONE;
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
