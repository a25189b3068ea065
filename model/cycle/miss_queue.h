/* The miss queue: every request the L1 could not answer, until it has its response (docs/microarchitecture.md section
 * 8). */
#ifndef TWINWALK_CYCLE_MISS_QUEUE_H
#define TWINWALK_CYCLE_MISS_QUEUE_H

#include "mmu_state.h"

#define LEADER_STATES(q) ((q)->in[PEND] | (q)->in[SLK] | (q)->in[NWALK] | (q)->in[WALK] | (q)->in[DENIED])

/* Moves entry n between two states. */
static inline void queue_move(struct miss_queue *q, unsigned n, enum queue_state from, enum queue_state to)
{
    q->in[from] &= ~(1ull << n);
    q->in[to] |= 1ull << n;
}

/* Round robin: the first member of `set` (not empty) at or above `pointer`, else the lowest. */
static inline unsigned round_robin(uint64_t set, unsigned pointer)
{
    const uint64_t above = set & ~0ull << pointer;
    return (unsigned)__builtin_ctzll(above ? above : set);
}

void queue_reset(struct miss_queue *q);

/* The response stage: one DONE entry a port leaves through *out. */
void queue_respond(struct mmu *m, struct pins_out *out);

/* req_ready of the present state. */
uint8_t queue_ready(const struct mmu *m);

/* Section 8 "Denied": the entries that are DENIED become NWALK, after the dispatch of the cycle. */
void queue_denied(struct miss_queue *q);

/* Allocates entries for this cycle's misses, after every other change of the cycle: e->free and e->leaders are its
 * start. */
void queue_allocate(struct mmu *m, const struct pins_in *in, const struct edge *e);

/* Entry n, now in state `from`, got a translation: it and those of its followers that may use it are DONE; its L1 is
 * filled. */
void queue_complete(struct mmu *m, unsigned n, enum queue_state from, struct cached entry, enum pins_source src,
                    struct edge *e);

/* Entry n got a page fault: its invalidations are next. */
void queue_fault(struct mmu *m, unsigned n, enum queue_state from, unsigned err, enum pins_source src);

/* The invalidations for entry n's page fault are done. */
void queue_fault_done(struct mmu *m, unsigned n);

/* Entry n got a memory error. */
void queue_memory_error(struct mmu *m, unsigned n, enum queue_state from);

/* The entries that the squashes of *in name, in the state at the start of a cycle. */
uint64_t queue_squashed(const struct miss_queue *q, const struct pins_in *in);

/* Their end, on top of the rest of the cycle: FREE, without a response in *out, and without followers. */
void queue_squash(struct mmu *m, uint64_t squashed, struct pins_out *out);

/* A control operation begins: all that has no result starts afresh (section 13). */
void queue_restart(struct miss_queue *q);

#endif
