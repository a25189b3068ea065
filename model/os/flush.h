/* What must be invalidated after page-table entries changed, gathered and then turned into control operations by Linux's rule:
 * up to 33 pages one INVLPG each, above that one MOV CR3 (arch/x86/mm/tlb.c, tlb_single_page_flush_ceiling). */
#ifndef TWINWALK_FLUSH_H
#define TWINWALK_FLUSH_H

#include <stdbool.h>
#include <stdint.h>

#include "os.h"

enum { FLUSH_CEILING = 33, QUEUE_SIZE = 128 };

/* A range of linear addresses [start, end) in steps of the smallest page in it. */
struct flush {
    uint64_t start, end;
    unsigned shift;      /* log2 of the smallest page; 0: nothing was gathered */
};

/* Control operations owed, oldest first. */
struct control_queue {
    struct os_control op[QUEUE_SIZE];
    unsigned head, count; /* op[head … count-1] are owed */
};

/* The page (1 << shift bytes) around va must go. */
void flush_add(struct flush *flush, uint64_t va, unsigned shift);

/* Queues what was gathered, for the address space whose CR3 value is cr3. */
void flush_queue(const struct flush *flush, struct control_queue *queue, uint64_t cr3);

/* Queues one operation. When the queue is full, all that is owed is invalidation of one address space, and one MOV CR3 does for it. */
void control_push(struct control_queue *queue, uint8_t op, uint64_t data, uint64_t cr3);

bool control_pop(struct control_queue *queue, struct os_control *op);

#endif
