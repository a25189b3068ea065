/* A test rig: the cycle model, and beside it a DUT in lockstep, on page tables and a memory of fixed latency.
 *
 *     rig_new ─► reset, its sweep, MOV CR3 ─► rig_access, rig_control, or rig_clock by hand ─► rig_end
 *
 * Both sides get the same pins. Every cycle their outputs are compared, and what a form measures is taken from each
 * side's own outputs. The first difference, wrong answer or hang stops the rig: everything then returns at once, and
 * rig_end says why. */
#ifndef TWINWALK_FORMS_RIG_H
#define TWINWALK_FORMS_RIG_H

#include "dut.h"
#include "finding.h"
#include "mem/memport.h"
#include "mem/physmem.h"
#include "pins.h"
#include "preset.h"
#include "tables.h"

enum { SIDE_MODEL, SIDE_DUT, SIDES };

/* Bits of the control registers' operands. */
#define CR0_WP (UINT64_C(1) << 16)
#define CR3_KEEP (UINT64_C(1) << 63)
#define CR4_PGE (UINT64_C(1) << 7)
#define CR4_LA57 (UINT64_C(1) << 12)
#define CR4_PCIDE (UINT64_C(1) << 17)
#define EFER_NXE (UINT64_C(1) << 11)

struct access {
    uint64_t va;
    uint8_t acc;  /* enum pins_access */
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
    struct answer answer;  /* of the last rig_access */
    uint64_t control_cost; /* accept to done of the last rig_control; after rig_new: cycles from reset to done */
};

struct rig {
    struct mmu *model;
    const struct dut_ops *ops; /* NULL: the model alone */
    struct dut *dut;
    struct physmem *pm;
    struct memport *mp;
    unsigned sides;            /* 1 or 2 */
    struct side side[SIDES];
    uint64_t cycle;            /* the present one; 0 is the first after reset */
    struct pins_in in;         /* set by the user; what is accepted is withdrawn by rig_clock */
    uint8_t accepted;          /* ports whose request was accepted in the cycle before this one */
    bool ctl_accepted;         /* so was the control operation */
    uint64_t mem_accepted;     /* cycle in which memory last accepted a request */
    uint64_t root;             /* CR3 */
    struct finding finding;    /* what stopped it; FINDING_NONE: nothing */
};

/* A number measured on each side. */
struct pair {
    double v[SIDES];
};

#define RIG_PAIR(rig, field) ((struct pair){{(double)(rig)->side[SIDE_MODEL].field, (double)(rig)->side[SIDE_DUT].field}})

/* Ready for requests with 4-level tables. errors: every memory request is answered with an error. Exits with a message
 * when a rig cannot be made. */
struct rig *rig_new(const struct dut_ops *dut, unsigned memory_latency, bool errors);
void rig_free(struct rig *r);

/* One clock with r->in. False once the rig is stopped. */
bool rig_clock(struct rig *r);

/* One access, alone, to the end: offered in the present cycle; the present cycle is then that of its response. */
bool rig_access(struct rig *r, struct access access);

/* Offers one access on its port, with id 0, without a clock. */
void rig_offer(struct rig *r, struct access access);

/* One control operation to its end; the present cycle is then the one after its done. */
bool rig_control(struct rig *r, enum pins_ctl_op op, uint64_t data);

/* Empties every TLB and walk cache: MOV CR3 without PCIDs, to the tables in use. */
bool rig_flush(struct rig *r);

/* Turns 5-level paging on. Only where the preset has it. */
bool rig_five_levels(struct rig *r);

/* Stops the rig: something was not as it must be. */
void rig_wrong(struct rig *r, const char *field, uint64_t expected, uint64_t actual);

#endif
