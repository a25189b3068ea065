/* The recorder's parts and what they share: everything here is the processor's thread's alone.
 *
 * QEMU translates guest code into blocks; a block is entered at its start only. So: at a block's start RIP and the
 * processor's mode are read, within it addresses follow; what an instruction did to a register is read at the next
 * instruction or block. */
#ifndef TWINWALK_SYSTEM_RECORDER_H
#define TWINWALK_SYSTEM_RECORDER_H

#include "decode.h"
#include "format/trace.h"
#include "queue.h"
#include "walk.h"

#include <stdbool.h>
#include <stdint.h>

/* An instruction that is not like others, and where it stands in its block. */
struct special_insn {
    struct decoded insn;
    uint32_t offset;
};

struct recorder_counts {
    uint64_t accesses, fetches, loads, stores, user, implicit;
    uint64_t faults, unexplained; /* page faults; those that the own walk does not give with the same error code */
    uint64_t controls, refused;   /* control operations; those that had no effect (#GP) and are not recorded */
    uint64_t compared, stale,
        lost; /* addresses compared with QEMU's; differences: QEMU's TLB is older; a change was not seen */
    uint64_t devices, second_pages; /* accesses outside memory; second pieces: the own walk's word alone */
    uint64_t drained;               /* waits for a disk */
};

extern struct recorder {
    bool active;                          /* records are written */
    struct walk_registers regs;           /* as the trace has set them */
    uint64_t rip, rep_va;                 /* of the block; of the repeated instruction fetched last (UINT64_MAX none) */
    uint8_t mode;                         /* of the block: TRACE_SUPERVISOR, TRACE_AC */
    const struct special_insn *pending;   /* executed, its effect not yet looked at */
    uint64_t pending_va, pat, idt, stamp; /* stamp: counts changes of what a walk depends on */
    struct recorder_counts counts;
} recorder;

/* ---- access.c ---- */

/* An access of any length; pa: QEMU's physical address of its first byte, or UINT64_MAX. flags: the mode's. */
void access_put(enum trace_kind kind, uint64_t va, unsigned bytes, uint64_t pa, uint8_t flags);
void access_fault(enum trace_kind kind, uint64_t va, uint16_t err, uint8_t flags);
void access_poke(uint64_t pa, uint64_t value);
void access_control(uint8_t op, uint64_t data);
/* The own walk through the machine's memory; UINT64_MAX: not mapped. */
uint64_t access_look(uint64_t va);

/* ---- control.c ---- */

/* The registers, and everything that CR3 leads to, from the state after reset. */
void control_start(void);
/* What the pending instruction did. Not at the start of a block (rip UINT64_MAX): only what needs no block's end. */
void control_pending(uint64_t rip);

/* ---- faults.c ---- */

/* At a block's start: is it a handler of the guest's? */
void faults_block(uint64_t rip);
/* A store went to this physical address; the table of handlers may lie there. */
void faults_store(uint64_t pa);
void faults_forget(void); /* the table's address has changed */

/* ---- summary.c ---- */

bool recorder_summary(const char *why); /* on stderr; why: it ended. False when the self-check found the trace wrong */

/* ---- recorder.c ---- */

void recorder_access_done(void); /* another access has been put: is it the last? */

#endif
