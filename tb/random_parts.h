/* The parts of the random stimulus: page tables and their edits (random_tables.c), what each answer may be (random_check.c),
 * control operations (random_control.c), and the pins (random.c). Only these four include this. */
#ifndef TWINWALK_RANDOM_PARTS_H
#define TWINWALK_RANDOM_PARTS_H

#include "arch/oracle.h"
#include "mem/memport.h"
#include "mem/prng.h"
#include "mmu_cfg.h"
#include "random.h"

enum {
    PORTS = CFG_PORTS_FETCH + CFG_PORTS_DATA,
    IDS = 256,
    ROOTS = 4,              /* address spaces */
    PCIDS = 6,              /* process-context identifiers in use; more than roots, so that one root has several */
    ENTRIES_MOST = 4096,    /* page-table entries that may be edited */
    PAGES_MOST = 4096,      /* places that requests go to */
    INDEX_BITS = 14,        /* of the hash from an entry's address to its number */
    ALLOWED_MOST = 24,      /* results that one request may have */
    OPS_MOST = 8,           /* control operations in a row */
    ROOT_LEVEL = 4,         /* from here up the tables of global pages are each root's own */
    SHARED = -1,            /* an entry below all roots */
};

/* Bits of page-table entries and registers (SDM 3A 5.5.4, 2.5). */
#define E_P   (UINT64_C(1) << 0)
#define E_W   (UINT64_C(1) << 1)
#define E_U   (UINT64_C(1) << 2)
#define E_A   (UINT64_C(1) << 5)
#define E_D   (UINT64_C(1) << 6)
#define E_PS  (UINT64_C(1) << 7)
#define E_G   (UINT64_C(1) << 8)
#define E_XD  (UINT64_C(1) << 63)
#define E_PAT_LARGE (UINT64_C(1) << 12)
#define E_FRAME (((UINT64_C(1) << CFG_ARCH_PADDR_BITS) - 1) & ~UINT64_C(0xfff))
#define R_WP    (UINT64_C(1) << 16)
#define R_PGE   (UINT64_C(1) << 7)
#define R_LA57  (UINT64_C(1) << 12)
#define R_PCIDE (UINT64_C(1) << 17)
#define R_NXE   (UINT64_C(1) << 11)
#define R_CR0   UINT64_C(0x80000001) /* PG and PE */
#define R_CR4   UINT64_C(0x20)       /* PAE */
#define R_EFER  UINT64_C(0x500)      /* LME and LMA */

/* An entry that may be edited. */
struct place {
    uint64_t pa, va;        /* its address; the first linear address it covers */
    uint64_t table;         /* the table below it, for an entry that points to one or may; 0: none */
    int8_t root;            /* whose tables it is in, or SHARED */
    uint8_t level;          /* 1 … 4 */
    bool globals;           /* pages here or below may be global */
};

enum edit { EDIT_MAP, EDIT_UNMAP, EDIT_RESTRICT, EDIT_RELAX, EDIT_RESIZE, EDIT_MOVE, EDIT_CLEAR_AD, EDIT_RESERVED };

/* An edit that the processor has not been told of yet: its old value may still be cached. One at a time. */
struct pending {
    bool active;
    struct place place;
    uint64_t old;           /* what the entry held */
    bool whole;             /* more than one page is concerned: INVLPG is not enough */
};

struct result {
    uint64_t pa;
    uint16_t err;
    uint8_t kind, size, pat;
    bool stale;             /* only by an entry that software has changed since */
};

/* A request that was accepted and not answered. */
struct flight {
    struct oracle_access access;
    bool busy;
    uint16_t position;      /* in the list of those in flight */
    uint8_t allowed;        /* results in result[] */
    bool anything;          /* more than ALLOWED_MOST: not judged */
    uint64_t since;         /* cycle in which it was accepted */
    uint64_t number;        /* of the request */
    uint64_t errors;        /* memory errors that had been answered when it was accepted */
    uint64_t changes;       /* edits and control operations until then */
    struct result result[ALLOWED_MOST];
};

struct op {
    uint8_t op;
    uint64_t data;
    bool settles;           /* with it the pending edit is invalidated */
};

struct random {
    struct driver d;        /* first */
    uint64_t prng;
    uint64_t requests;      /* to be made */
    struct physmem *physmem;
    struct memport *memport;
    struct oracle_cpu cpu;
    struct oracle_regs regs;
    struct random_counts counts;

    /* The pins. */
    bool finishing;         /* all requests are made, or the engine wants to stop: nothing new is begun */
    uint8_t accepted;       /* offers that were accepted in the last cycle */
    bool ctl_taken;         /* so was the control operation, in some cycle before; waits for its end */
    unsigned busy_percent;  /* chance that an idle port gets a request; changes now and then */
    unsigned locality;      /* percent of requests that go where the last one went */
    uint64_t edit_gap, control_gap; /* mean cycles between page-table edits, and between control operations that nothing makes necessary */
    unsigned hot_first, hot_count; /* pages that most requests go to, for now */
    unsigned polite_percent;/* chance that a request that would fault is made up again */
    uint64_t mood_until;    /* cycle of the next change of all the above */
    uint64_t last_va[PORTS];
    uint8_t next_id[PORTS];
    uint64_t outstanding;
    uint16_t flying[PORTS * IDS]; /* port × IDS + id of those in flight */
    struct flight flight[PORTS][IDS];
    uint64_t errors;        /* memory errors answered */
    uint64_t changes;       /* edits and control operations begun */

    /* Control operations. */
    struct op ops[OPS_MOST];
    unsigned op_first, op_count;
    uint64_t next_control, next_edit, settle_at; /* cycles */
    bool quiet;             /* LA57 is about to change: no request until the operations are done */
    int bound[PCIDS];       /* root whose translations may be cached under a PCID; -1: none are */
    bool stale[PCIDS];      /* an edit was not invalidated there: MOV CR3 must flush */
    int root;               /* the present one */

    /* Page tables. */
    struct pending pending;
    uint64_t frames;        /* table frames handed out */
    uint64_t pml4[ROOTS], pml5[ROOTS];
    unsigned places, pages;
    struct place place[ENTRIES_MOST];
    struct { uint64_t va; uint64_t size; } page[PAGES_MOST];
    uint16_t index[1 << INDEX_BITS]; /* place number + 1 by hash of pa */
};

static inline bool chance(struct random *r, unsigned percent)
{
    return prng_below(&r->prng, 100) < percent;
}

/* random_tables.c */
bool tables_build(struct random *r);                        /* false when memory is short */
uint64_t tables_va(struct random *r);                       /* where a request goes */
void tables_edit(struct random *r);                         /* changes an entry */
bool tables_within(struct random *r, uint64_t pa, uint64_t hw); /* hw has no A or D bit that no access could set, and no other change */
uint64_t tables_cr3(const struct random *r, int root);      /* the base of a root under the present CR4.LA57 */

/* random_check.c */
void check_begin(struct random *r, struct flight *f);       /* just accepted: what it may answer now */
void check_all(struct random *r);                           /* something changed: what those in flight may answer too */
void check_answer(struct random *r, unsigned port, const struct pins_resp *resp);
uint64_t check_with_old(struct random *r);                  /* puts the pending entry's old value into the oracle's image; returns the new */
void check_with_new(struct random *r, uint64_t value);      /* and back */

/* random_control.c */
void control_start(struct random *r);                       /* the operations that switch paging on */
void control_choose(struct random *r);                      /* now and then: begins an operation, or settles the pending edit */
void control_pins(struct random *r, const struct pins_out *out);
void control_taken(struct random *r, const struct op *op);  /* keeps the books of what may be cached */

#endif
