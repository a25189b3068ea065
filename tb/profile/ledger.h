/* The ledger: where the cycles of a replay went. Every cycle is booked under exactly one entry, so that the entries add
 * up to the run.
 *
 * A cycle belongs to the oldest access that is not yet committed (the head of the reorder window), for it is what the
 * program waits for; and there to what can be seen of that access from outside, at the pins:
 *
 *     what is so in the cycle                                        entry
 *     a control operation is offered or under way                    CONTROL
 *     the head has faulted, and what is in flight drains             FAULT
 *     the window is empty                                            IDLE
 *     the head is offered and the MMU does not take it               QUEUE (CONTROL, until reset is over)
 *     the head is in flight, and memory reads one of its entries     READ of that level
 *     …, and memory swaps one of its entries                         UPDATE
 *     …, neither                                                     by the answer's source when it comes: L1, STLB,
 *                                                                    MERGED, WALK (its lookups, dispatch and grant), or
 *                                                                    FAULT, when it is none
 *     …, any of these three, and a TLB answers                       L1 or STLB: it has not waited for memory
 *
 * Nothing of this asks the MMU for anything but its pins: the books of two MMUs of different timing, or of two makers,
 * can be laid side by side. Reads of accesses that are not the head are counted (requests[]), and cost no cycle here:
 * they are hidden behind what the head waits for. */
#ifndef TWINWALK_LEDGER_H
#define TWINWALK_LEDGER_H

#include "replay/world.h"

enum ledger_entry {
    LEDGER_L1,
    LEDGER_STLB,
    LEDGER_MERGED,
    LEDGER_WALK,
    LEDGER_READ5,
    LEDGER_READ4,
    LEDGER_READ3,
    LEDGER_READ2,
    LEDGER_READ1,
    LEDGER_UPDATE,
    LEDGER_QUEUE,
    LEDGER_CONTROL,
    LEDGER_FAULT,
    LEDGER_IDLE,
    LEDGER_ENTRIES
};

/* What became of one access, given to the listener when it commits. */
struct ledger_access {
    uint64_t number;             /* in program order, from 0 */
    uint64_t record;             /* of the trace */
    uint64_t va, addr;           /* addr: physical address; CR2 of a fault */
    uint64_t cycles;             /* in which it was the head, its faults and their mending included */
    uint64_t latency;            /* of its last, answered attempt: accept to answer */
    uint8_t acc;                 /* enum pins_access */
    uint8_t src;                 /* enum pins_source */
    uint8_t kind;                /* enum pins_kind: KIND_OK but in traces with tables of their own */
    uint8_t size;                /* enum pins_page_size */
    const struct slot *slot;     /* in the world's window */
    uint32_t by[LEDGER_ENTRIES]; /* cycles, by entry */
};

enum { LEDGER_TAGS = 16, LEDGER_LEVELS = 6 };

struct ledger {
    struct world *world;
    void (*listener)(void *context, const struct ledger_access *access); /* NULL: nobody */
    void *context;

    /* The books. */
    uint64_t total[LEDGER_ENTRIES]; /* cycles; they add up to those that were booked */
    uint64_t
        requests[LEDGER_LEVELS]; /* memory reads accepted, by the level of the entry; [0]: of no access in flight */
    uint64_t updates;            /* compare-and-swaps accepted */
    uint64_t sources[4][4];      /* committed accesses, by enum pins_source and enum pins_kind */

    /* Inside. */
    uint64_t since;                  /* cycle from which `now` holds */
    enum ledger_entry now;           /* LEDGER_WALK: in flight, nothing of it in memory */
    uint64_t attempt;                /* the head's place in the order of accepts, while it is in flight; else 0 */
    struct ledger_access head;       /* of the head: what is booked for it so far … */
    uint32_t before[LEDGER_ENTRIES]; /* … and what of it was, when this attempt began */
    struct {
        uint64_t addr;
        bool busy, cas;
    } memory[LEDGER_TAGS]; /* requests that are offered or wait for their reply */
    uint64_t path_key, path_stamp;
    uint64_t path[LEDGER_LEVELS]; /* addresses of the head's entries by level; 0: none */
    struct tap tap;
};

/* Listens to the world, which must be new; the world's tap is taken. */
void ledger_start(struct ledger *ledger, struct world *world);

/* After each drive() of the world, with the outputs that it was shown. */
void ledger_cycle(struct ledger *ledger, const struct pins_out *out);

/* Books what is left, up to the world's present cycle. */
void ledger_end(struct ledger *ledger);

/* "L1 hit", "read of a PTE", …; a short name for programs: "l1", "read1". */
const char *ledger_entry_name(enum ledger_entry entry);
const char *ledger_entry_key(enum ledger_entry entry);

#endif
