/* Invalidation as Linux does it (arch/x86/mm/tlb.c): which control operations a change of page tables needs, and which
 * PCID an address space gets.
 *
 *     loaded address space     up to 33 pages one INVLPG each (tlb_single_page_flush_ceiling), above that one MOV CR3
 *     any other                its generation goes up; when it is loaded again while its PCID still has translations
 *                              of an older
 *                              generation, MOV CR3 flushes (or, os_config.invpcid, INVPCID drops them at once)
 *     PCIDs                    a few (Linux: TLB_NR_DYN_ASIDS), handed out in turn; a PCID given to another address
 *                              space is flushed */
#ifndef TWINWALK_TLB_H
#define TWINWALK_TLB_H

#include "flush.h"
#include "os.h"

struct os_mm;

enum { FLUSH_CEILING = 33, QUEUE_SIZE = 128, MOST_PCIDS = 4095, LINUX_PCIDS = 6 };

/* Which address space's translations a PCID has. */
struct pcid_owner {
    uint64_t context;    /* os_mm.context; 0: none */
    uint64_t generation; /* os_mm.tlb_generation when it was last made good */
};

struct tlb {
    struct os_control op[QUEUE_SIZE];
    unsigned head, count;                    /* op[head … count-1] are owed, oldest first */
    bool others;                             /* of those, some invalidate for an address space that is not loaded now */
    struct pcid_owner owner[MOST_PCIDS + 1]; /* by PCID; 0 is not handed out */
    unsigned pcids, last;                    /* how many there are; the last one handed out */
    unsigned pcid;                           /* of the loaded address space; 0 without PCIDs */
};

/* Queues what was gathered for this address space. */
void tlb_flush(struct os *os, struct os_mm *mm, const struct flush *flush);

/* Everything of the address space (Linux: flush_tlb_mm). */
void tlb_flush_all(struct os *os, struct os_mm *mm);

/* What the reverse map gathered in os_mm.owed, of every address space. */
void tlb_flush_owed(struct os *os);

/* Loads CR3 with this address space; nothing when it is loaded. */
void tlb_load(struct os *os, struct os_mm *mm);

/* The CR3 value of the loaded address space. */
uint64_t tlb_cr3(const struct os *os);

/* Queues one operation. When the queue is full, one MOV CR3 does for all invalidation of the loaded address space, and
 * the others' PCIDs count as bad. */
void tlb_push(struct os *os, uint8_t op, uint64_t data, uint64_t desc);

#endif
