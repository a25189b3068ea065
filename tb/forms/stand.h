/* A test stand: the cycle model, and beside it a DUT in lockstep, on page tables and a memory of fixed latency.
 *
 *     stand_new ─► reset, its sweep, MOV CR3 ─► stand_access, stand_control, or stand_clock by hand ─► sheet_end_stand
 *
 * Both sides get the same pins. Every cycle their outputs are compared, and what a form measures is taken from each
 * side's own outputs. The first difference, wrong answer or hang stops the stand: everything then returns at once, and
 * sheet_end_stand says why. */
#ifndef TWINWALK_FORMS_STAND_H
#define TWINWALK_FORMS_STAND_H

#include "dut/dut.h"
#include "engine/finding.h"
#include "mem/memport.h"
#include "mem/physmem.h"
#include "pins.h"
#include "preset.h"
#include "tables.h"

enum { SIDE_MODEL, SIDE_DUT, SIDES };

/* Bits of the control registers' operands. */
#define CR0_PG (UINT64_C(1) << 31)
#define CR0_WP (UINT64_C(1) << 16)
#define CR0_CD (UINT64_C(1) << 30)
#define CR3_KEEP (UINT64_C(1) << 63)
#define CR4_PSE (UINT64_C(1) << 4)
#define CR4_PAE (UINT64_C(1) << 5) /* must be 1 */
#define CR4_PGE (UINT64_C(1) << 7)
#define CR4_LA57 (UINT64_C(1) << 12)
#define CR4_PCIDE (UINT64_C(1) << 17)
#define CR4_SMEP (UINT64_C(1) << 20)
#define CR4_SMAP (UINT64_C(1) << 21)
#define CR4_PKE (UINT64_C(1) << 22)
#define CR4_CET (UINT64_C(1) << 23)
#define CR4_LASS (UINT64_C(1) << 27) /* never offered */
#define EFER_NXE (UINT64_C(1) << 11)
#define EFER_TCE (UINT64_C(1) << 15)

struct access {
    uint64_t va;
    uint8_t acc; /* enum pins_access */
    bool user;
    uint8_t kind; /* enum pins_kind that must come back */
    uint16_t err; /* error code that must come back with it */
};

struct answer {
    struct pins_resp resp;
    uint64_t latency, reads, cas; /* accept to response; memory requests accepted meanwhile */
};

/* One of the twins, seen from its outputs. */
struct side {
    struct pins_out out;   /* of the present cycle */
    uint64_t reads, cas;   /* memory requests accepted so far */
    struct answer answer;  /* of the last stand_access */
    bool gp;               /* the last operation raised #GP(0) */
    uint64_t control_cost; /* accept to done of the last stand_control; after stand_new: cycles from reset to done */
};

struct stand {
    struct mmu *model;
    const struct dut_ops *ops; /* NULL: the model alone */
    struct dut *dut;
    const struct dut_event *says; /* what its design says of itself; NULL: nothing, ever */
    struct physmem *pm;
    struct memport *mp;
    unsigned sides; /* 1 or 2 */
    struct side side[SIDES];
    uint64_t cycle;         /* the present one; 0 is the first after reset */
    struct pins_in in;      /* set by the user; what is accepted is withdrawn by stand_clock */
    uint8_t accepted;       /* ports whose request was accepted in the cycle before this one */
    bool ctl_accepted;      /* so was the control operation */
    uint64_t mem_accepted;  /* cycle in which memory last accepted a request */
    uint64_t root;          /* CR3 */
    struct finding finding; /* what stopped it; FINDING_NONE: nothing */
};

/* A number measured on each side. */
struct pair {
    double v[SIDES];
};

#define STAND_PAIR(stand, field) \
    ((struct pair){{(double)(stand)->side[SIDE_MODEL].field, (double)(stand)->side[SIDE_DUT].field}})

/* Ready for requests with 4-level tables. errors: every memory request is answered with an error. Exits with a message
 * when a stand cannot be made. */
struct stand *stand_new(const struct dut_ops *dut, unsigned memory_latency, bool errors);
void stand_free(struct stand *r);

/* One clock with r->in. False once the stand is stopped. */
bool stand_clock(struct stand *r);

/* One access, alone, to the end: offered in the present cycle; the present cycle is then that of its response. */
bool stand_access(struct stand *r, struct access access);

/* Offers one access on its port, with id 0, without a clock. */
void stand_offer(struct stand *r, struct access access);

/* One control operation to its end; the present cycle is then the one after its done. It must not raise #GP(0). */
bool stand_control(struct stand *r, enum pins_ctl_op op, uint64_t data);

/* The same with an INVPCID descriptor; gp: whether it must raise #GP(0). */
bool stand_control_desc(struct stand *r, enum pins_ctl_op op, uint64_t data, uint64_t desc, bool gp);

/* Empties every TLB and walk cache: MOV CR3 without PCIDs, to the tables in use. */
bool stand_flush(struct stand *r);

/* Turns 5-level paging on. Only where the preset has it. */
bool stand_five_levels(struct stand *r);

/* Stops the stand: something was not as it must be. */
void stand_wrong(struct stand *r, const char *field, uint64_t expected, uint64_t actual);

#endif
