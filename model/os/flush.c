/* The gathered range may hold more than was changed (the gap between two pages): more invalidation is always allowed, and
 * Linux's mmu_gather does the same. */
#include "flush.h"

void flush_add(struct flush *flush, uint64_t va, unsigned shift)
{
    uint64_t size = (uint64_t)1 << shift;
    uint64_t start = va & ~(size - 1), end = start + size;
    if (!flush->shift) {
        *flush = (struct flush){.start = start, .end = end, .shift = shift};
        return;
    }
    if (start < flush->start)
        flush->start = start;
    if (end > flush->end)
        flush->end = end;
    if (shift < flush->shift)
        flush->shift = shift;
}

void flush_queue(const struct flush *flush, struct control_queue *queue, uint64_t cr3)
{
    if (!flush->shift)
        return;
    if ((flush->end - flush->start) >> flush->shift > FLUSH_CEILING) {
        control_push(queue, CTL_MOV_CR3, cr3, cr3);
        return;
    }
    for (uint64_t va = flush->start; va != flush->end; va += (uint64_t)1 << flush->shift)
        control_push(queue, CTL_INVLPG, va, cr3);
}

void control_push(struct control_queue *queue, uint8_t op, uint64_t data, uint64_t cr3)
{
    if (queue->head == queue->count)
        queue->head = queue->count = 0;
    if (queue->count == QUEUE_SIZE) {
        /* Keep the operations that are no invalidation: those that switch the MMU on stand in front. */
        unsigned kept = 0;
        for (unsigned i = queue->head; i < queue->count; i++)
            if (queue->op[i].op != CTL_INVLPG && queue->op[i].op != CTL_MOV_CR3)
                queue->op[kept++] = queue->op[i];
        queue->op[kept++] = (struct os_control){.op = CTL_MOV_CR3, .data = cr3};
        queue->head = 0;
        queue->count = kept;
        if (op == CTL_INVLPG || op == CTL_MOV_CR3)
            return;
    }
    queue->op[queue->count++] = (struct os_control){.op = op, .data = data};
}

bool control_pop(struct control_queue *queue, struct os_control *op)
{
    if (queue->head == queue->count)
        return false;
    *op = queue->op[queue->head++];
    return true;
}
