/* Accesses: puts each with what must come out, after comparing QEMU's physical address with the own walk's. */
#include "machine.h"
#include "pins.h"
#include "recorder.h"
#include "tables.h"

#include <inttypes.h>
#include <stdio.h>

enum { MEMO = 8192, SHOWN = 10 };

/* What the own walk said of a page, and QEMU agreed with. */
static struct memo {
    uint64_t key;   /* linear page | mode << 2 | kind */
    uint64_t pa;    /* of the page */
    uint64_t stamp; /* 0: unused */
    uint8_t page;
} memo[MEMO];

/* Tells of a difference, the first few times. */
static void tell(const char *what, enum trace_kind kind, uint64_t va, uint8_t flags, uint64_t qemu,
                 const struct walked *own)
{
    static unsigned shown;
    if (shown++ < SHOWN)
        fprintf(stderr,
                "twinwalk capture: %s: access %" PRIu64 ", %s at 0x%" PRIx64 ", mode %u: QEMU 0x%" PRIx64
                ", own walk %s0x%" PRIx64 "\n",
                what, recorder.counts.accesses,
                kind == TRACE_FETCH  ? "fetch"
                : kind == TRACE_LOAD ? "load"
                                     : "store",
                va, flags, qemu,
                own->kind == WALK_OK      ? ""
                : own->kind == WALK_FAULT ? "#PF "
                                          : "#GP ",
                own->kind == WALK_OK ? own->pa : own->err);
}

/* The own walk, compared with QEMU's address where there is one. False: they differ. */
static bool explain(enum trace_kind kind, uint64_t va, uint64_t pa, uint8_t flags, struct memo *m)
{
    const struct walked own = walk(&recorder.regs, tables_word, va, kind, flags);
    if (own.kind == WALK_OK && (pa == UINT64_MAX || own.pa == pa)) {
        *m = (struct memo){(va & ~UINT64_C(0xfff)) | (unsigned)flags << 2 | kind, own.pa & ~UINT64_C(0xfff),
                           recorder.stamp, own.size};
        return true;
    }
    const struct walked now = walk(&recorder.regs, machine_word, va, kind, flags);
    const bool lost = now.kind == WALK_OK && (pa == UINT64_MAX || now.pa == pa);
    recorder.counts.lost += lost;
    recorder.counts.stale += !lost;
    tell(lost ? "a change of the tables was not seen" : "QEMU's TLB is older than the tables", kind, va, flags, pa,
         &own);
    return false;
}

static void count(enum trace_kind kind, uint8_t flags)
{
    recorder.counts.fetches += kind == TRACE_FETCH;
    recorder.counts.loads += kind == TRACE_LOAD;
    recorder.counts.stores += kind == TRACE_STORE;
    recorder.counts.user += !(flags & (TRACE_SUPERVISOR | TRACE_IMPLICIT));
    recorder.counts.implicit += (flags & TRACE_IMPLICIT) != 0;
    recorder.counts.accesses++;
    recorder_access_done();
}

static void put_piece(enum trace_kind kind, uint64_t va, uint8_t size, uint64_t pa, uint8_t flags)
{
    const uint64_t key = (va & ~UINT64_C(0xfff)) | (unsigned)flags << 2 | kind, offset = va & 0xfff;
    struct memo *m = &memo[((va >> 12) * 5 + kind + (flags << 9)) % MEMO];
    struct queue_item *item = queue_next();
    *item = (struct queue_item){.va = va, .kind = (uint8_t)kind, .flags = flags, .size = size, .page = QUEUE_NO_PA};
    recorder.counts.compared += pa != UINT64_MAX;
    if ((m->key == key && m->stamp == recorder.stamp && (pa == UINT64_MAX || m->pa + offset == pa)) ||
        explain(kind, va, pa, flags, m)) {
        item->pa = m->pa + offset;
        item->page = m->page;
    }
    count(kind, flags);
}

void access_put(enum trace_kind kind, uint64_t va, unsigned bytes, uint64_t pa, uint8_t flags)
{
    for (uint8_t size; bytes; va += size) {
        bytes = (unsigned)trace_split(va, bytes, &size);
        put_piece(kind, va, size, pa, flags);
        if (bytes && !((va + size) & 0xfff)) { /* the next page lies elsewhere, and QEMU does not say where */
            recorder.counts.second_pages++;
            pa = UINT64_MAX;
        }
        pa += pa == UINT64_MAX ? 0 : size;
    }
}

void access_fault(enum trace_kind kind, uint64_t va, uint16_t err, uint8_t flags)
{
    const struct walked own = walk(&recorder.regs, tables_word, va, kind, flags);
    *queue_next() = (struct queue_item){
        .va = va,
        .pa = va,
        .err = err,
        .kind = (uint8_t)kind,
        .flags = flags,
        .size = 1,
        .page = QUEUE_FAULT,
    };
    if (own.kind != WALK_FAULT || own.err != err) {
        recorder.counts.unexplained++;
        tell("a page fault that the tables do not explain", kind, va, flags, err, &own);
    }
    recorder.counts.faults++;
    count(kind, flags);
}

void access_poke(uint64_t pa, uint64_t value)
{
    recorder.stamp++;
    *queue_next() = (struct queue_item){.va = value, .pa = pa, .kind = TRACE_POKE};
}

void access_control(uint8_t op, uint64_t data)
{
    recorder.stamp++;
    recorder.counts.controls++;
    *queue_next() = (struct queue_item){.va = data, .size = op, .kind = TRACE_CONTROL};
}

uint64_t access_look(uint64_t va)
{
    const struct walk_registers now = {.cr0 = machine_register(REG_CR0),
                                       .cr3 = machine_register(REG_CR3),
                                       .cr4 = machine_register(REG_CR4),
                                       .efer = machine_register(REG_EFER)};
    const struct walked own = walk(&now, machine_word, va, TRACE_LOAD, TRACE_SUPERVISOR | TRACE_AC);
    return own.kind == WALK_OK && machine_has(own.pa & ~UINT64_C(7)) ? own.pa : UINT64_MAX;
}
