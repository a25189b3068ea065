/* Who may use the memory port: one request a cycle, and walkers that want what is already asked for share it
 * (docs/microarchitecture.md section 12). */
#ifndef TWINWALK_CYCLE_MEM_ARB_H
#define TWINWALK_CYCLE_MEM_ARB_H

#include "mmu_state.h"

/* Works out, from the walkers of the present state, who is attached to whom and whose request is offered. */
void mem_arb_choose(struct mmu *m);

/* The offered request, as pins. */
void mem_arb_offer(const struct mmu *m, struct pins_out *out);

/* The offered request was accepted in this cycle, or was not. */
void mem_arb_settle(struct mmu *m, bool accepted);

#endif
