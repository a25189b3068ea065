/* `twinwalk matrix`: every operation that may invalidate × every structure × page size or level × global × PCID ×
 * address × state of a walk in flight.
 *
 * A cell is one run: an entry is brought into the structure; software changes the tables behind it; another request is
 * driven into the wanted state of its walk, and its page is changed under it too; in that very cycle the operation
 * begins. When it is done:
 *  - what the manual says must be gone is gone from the structure, and what the microarchitecture keeps is there;
 *  - the request in flight is answered with the new page (a control operation restarts it);
 *  - an access to the entry's address, if the manual says that the entry must be gone, is answered by the new tables.
 * All the while model and DUT run in lockstep. A cell that cannot exist is counted with its reason.
 *
 * On a device whose clock is its own (--check=arch) no state of a walk can be named, nor a structure be looked into. So
 * the operation is offered in every single cycle from the accept of the request in flight to its answer, each a cell,
 * and the entry is judged by what is answered: STLB cells are filled by a fetch and asked by a load, whose L1 has
 * nothing of it. Whether the device keeps an entry that may go is left to it, and counted. */
#ifndef TWINWALK_MATRIX_H
#define TWINWALK_MATRIX_H

#include "arch/invalidation.h"
#include "arch/x86.h"
#include "engine/rig.h"

/* Structures that hold entries: numbers as state_sel of docs/microarchitecture.md section 17. */
enum structure { ITLB = 1, DTLB = 2, STLB = 3, PSC = 4 };

/* What the request in flight is doing in the cycle in which the operation is accepted. */
enum flight {
    FLY_NONE,
    FLY_PEND,
    FLY_SLK,
    FLY_NWALK,
    FLY_REQ,
    FLY_WAIT,
    FLY_CAS,
    FLY_CASW,
    FLY_FIN,
    FLY_FOLLOW,
    FLY_FINV,
    FLY_FINVW,
    FLY_DENIED, /* its page is in its L1, and it has no right to it */
    FLIGHTS
};
extern const char *const flight_name[FLIGHTS];

/* PCIDs: of the entry, the one that the operation names or makes current, and a third one. */
enum { PCID_ENTRY = 0x5a5, PCID_OTHER = 0x5a4, PCID_CURRENT = 0x321 };

struct cell {
    const struct operation *op;
    enum structure structure;
    unsigned level; /* TLB: of the leaf, 1 … 3; PSC: of the entry, 2 … 5 */
    bool global;
    bool same_pcid;    /* the operation's PCID is the entry's */
    bool same_address; /* the operation's address is in the entry's page (PSC: in its region) */
    enum flight flight;
};

/* A row of the matrix. */
struct operation {
    const char *name;
    uint8_t op; /* enum pins_ctl_op; FAULT: a page fault instead */
    bool addressed, of_pcid;
    bool built;     /* its feature is in this preset */
    bool starts_57; /* CR4.LA57 = 1 before it */
    /* Registers before it (*before has the plain ones) and its operands. va: the address, pcid: the PCID that it is to
     * name. */
    void (*prepare)(struct oracle_regs *before, uint64_t va, unsigned pcid, uint64_t *data, uint64_t *desc);
};
enum { FAULT = 16 };

extern const struct operation operations[];
extern const unsigned operations_count;

/* Drops more than the manual asks: a choice of docs/microarchitecture.md sections 13 and 18, or NULL. */
const char *documented_more(const struct cell *cell, const struct oracle_regs *before, const struct cached *entry);

/* Why the cell cannot exist; NULL: it can. paced: what the device's structures hold is its own business. */
const char *impossible(const struct cell *cell, bool paced);

enum verdict { CELL_GOOD, CELL_BAD, CELL_EVICTED };

/* Runs one cell on a rig that may have run others. *must: the manual demands that the entry goes. CELL_EVICTED: the
 * walk in flight had already taken the entry's only place, so nothing could be seen. CELL_BAD: rig->finding says what.
 */
enum verdict cell_run(struct rig *r, const struct cell *cell, bool *must);

/* The requests in flight of a device whose clock is its own: none, one (FLY_WAIT), one that sets A (FLY_CAS), one that
 * faults (FLY_FINV), two of one page (FLY_FOLLOW). */
bool paced_flight(enum flight flight);
const char *paced_flight_name(enum flight flight);

/* The same on a rig without a model, with the operation offered `delay` cycles after the request. CELL_EVICTED: the
 * request was answered before. */
enum verdict cell_run_paced(struct rig *r, const struct cell *cell, unsigned delay, bool *must);

/* Is there a valid entry for this address, as `entry` says, in the structure? Read from the model's state words. */
bool holds(const struct rig *r, enum structure structure, const struct cached *entry);

#endif
