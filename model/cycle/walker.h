/* The page walkers: one read a level, A and D set by compare-and-swap on the way (docs/microarchitecture.md section
 * 11).
 *
 *     IDLE ─dispatch→ REQ ─accepted→ WAIT ─reply→ REQ (next level) … FIN ─grant→ IDLE
 *                      ↑                └─ A or D = 0 → CAS → CASW ─reply─┘ */
#ifndef TWINWALK_CYCLE_WALKER_H
#define TWINWALK_CYCLE_WALKER_H

#include "mmu_state.h"

static inline void walker_move(struct walkers *ws, unsigned n, enum walker_state from, enum walker_state to)
{
    ws->in[from] &= (uint16_t)~(1u << n);
    ws->in[to] |= (uint16_t)(1u << n);
}

void walker_reset(struct walkers *ws);

/* The walkers that wait for a read of their own. */
static inline uint16_t walkers_reading(const struct walkers *ws)
{
    uint16_t set = 0;
    for (unsigned wait = ws->in[W_WAIT]; wait; wait &= wait - 1) {
        const unsigned n = (unsigned)__builtin_ctz(wait);
        set |= (uint16_t)((ws->w[n].tag == n) << n);
    }
    return set;
}

/* Section 8 "Dispatch": the next NWALK entry goes to the lowest IDLE walker. */
void walker_dispatch(struct mmu *m, struct edge *e);

/* A cycle of the memory port outside DRAIN: attached walkers join, replies are judged, the offered request may be
 * accepted. */
void walker_memory(struct mmu *m, const struct pins_in *in, struct edge *e);

/* The same in DRAIN: every walker ends as soon as memory owes it nothing. */
void walker_drain(struct mmu *m, const struct pins_in *in);

/* Section 11 "Kill": the walkers of squashed entries, on top of the rest of the cycle. */
void walker_squash(struct mmu *m, uint64_t entries);

/* Section 11 "Grant": the lowest walker of e->fin hands its outcome to its miss-queue entry, if the pipeline lets it.
 */
void walker_grant(struct mmu *m, struct edge *e);

/* The value a walker in CAS or CASW wants to write. */
uint64_t walker_desired(const struct mmu *m, unsigned n);

#endif
