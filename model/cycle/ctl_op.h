/* What each control operation does when its turn comes: the table of docs/microarchitecture.md section 13. */
#ifndef TWINWALK_CYCLE_CTL_OP_H
#define TWINWALK_CYCLE_CTL_OP_H

#include "registers.h"
#include "tlb_array.h"

struct ctl_effect {
    bool gp;                /* it raised #GP(0): nothing else happens */
    enum invalidation what; /* INV_ADDRESS and INV_TARGET: of `data` */
    unsigned pcid;          /* of the invalidation, where it is of one PCID */
};

/* INVPCID, the operations that have a descriptor. */
static inline bool ctl_op_has_desc(unsigned op)
{
    return op >= CTL_INVPCID_ADDRESS && op <= CTL_INVPCID_ALL_NONGLOBAL;
}

/* Writes *r and says what is to be invalidated under the registers as written. */
struct ctl_effect ctl_op_execute(struct registers *r, unsigned op, uint64_t data, uint64_t desc);

#endif
