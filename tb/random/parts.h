/* The parts of the random stimulus, one file each:
 *
 *     random.c      the pins, cycle by cycle
 *     mood.c        what is likely for now, and the requests that come of it
 *     tables.c      the page tables as they begin
 *     edit.c        software changing them
 *     control.c     control operations
 *     ops.c         their operands, legal and not
 *     books.c       what may be cached of entries that were changed
 *     check.c       what each answer may be
 *     count.c       corners that were met
 *     explain.c     a finding, for people
 *     squash.c      requests that are dropped in flight
 *     history.c     what was offered lately
 *
 * Only these include this. */
#ifndef TWINWALK_RANDOM_PARTS_H
#define TWINWALK_RANDOM_PARTS_H

#include "arch/oracle.h"
#include "arch/x86.h"
#include "mem/memport.h"
#include "mem/prng.h"
#include "mmu_cfg.h"
#include "random.h"

enum {
    PORTS = CFG_PORTS_FETCH + CFG_PORTS_DATA,
    IDS = 256,
    TAGS = 16,                      /* of the memory port */
    ROOTS = 4,                      /* address spaces */
    SLOTS = CFG_ARCH_PCID ? 32 : 1, /* process-context identifiers in use, out of 4096 */
    ENTRIES_MOST = 4096,            /* page-table entries that may be edited */
    PAGES_MOST = 4096,              /* places that requests go to */
    PLACE_BITS = 14,                /* of the hash from an entry's address to its number */
    ALLOWED_MOST = 24,              /* results that one request may have */
    OPS_MOST = 8,                   /* control operations in a row */
    PENDING_MOST = 8,               /* edits whose old value may be cached */
    FAULTS_MOST = 4,                /* pages known to be free of an old value */
    HAPPENED_MOST = 200,            /* what a finding tells of the past */
    EPOCHS = 16,                    /* control operations whose time is kept */
    ROOT_LEVEL = 4,                 /* from here up the tables of global pages are each root's own */
    LATENCY_MOST = 30,              /* cycles of a memory access; longer ones show nothing more, and cost cycles */
    SHARED = -1,                    /* an entry below all roots */
    /* A control operation restarts every request without a result. One with a result waits for its response slot at
     * most while all other entries of the queue go first (sections 8 and 13). */
    DRAIN_CYCLES = CFG_MISS_QUEUE_ENTRIES + 3,
};

#define E_FRAME (ENTRY_FRAME & ((UINT64_C(1) << CFG_ARCH_PADDR_BITS) - 1))

/* An entry that may be edited. */
struct place {
    uint64_t pa, va; /* its address; the first linear address it covers */
    uint64_t table;  /* the table below it, for an entry that points to one or may; 0: none */
    int8_t root;     /* whose tables it is in, or SHARED */
    uint8_t level;   /* 1 … 5 */
    bool globals;    /* pages here or below may be global */
};

enum edit {
    EDIT_MAP,
    EDIT_UNMAP,
    EDIT_RESTRICT,
    EDIT_RELAX,
    EDIT_RESIZE,
    EDIT_MOVE,
    EDIT_CLEAR_AD,
    EDIT_RESERVED,
    EDIT_BACK
};

/* An edit whose old value may be cached: in the PCIDs of the mask, and as a global translation. */
struct pending {
    const struct place *place; /* NULL: free */
    uint64_t old;              /* what the entry held */
    uint64_t edited;           /* cycle of the edit */
    uint64_t settle_at;        /* cycle from which software invalidates it in the present PCID */
    uint32_t stale;            /* bit i: may be cached in PCID slot i */
    uint64_t dropped[SLOTS];   /* of a pointer: cycle in which all paging-structure caches were, in each slot; 0: never.
                                  Since then only translations that were in a TLB before may come from it */
    bool global;
    uint8_t faults; /* page faults in PCID slot `faults_slot` that the entry could have had a part in; the last ones are
                       in fault[] */
    uint8_t faults_slot;
    uint64_t fault[FAULTS_MOST]; /* their pages: nothing stale is left for these there */
};

struct result {
    uint64_t addr;
    uint32_t epoch; /* control operations taken when it was last found possible */
    uint16_t err;
    uint8_t kind, size, pat, mt;
    bool stale; /* only by an entry that software has changed since */
};

/* A request that was accepted and not answered. */
struct flight {
    struct oracle_access
        access;      /* as it was made; from the next control operation on with the linear address that it had then */
    uint64_t va;     /* as it was made */
    uint64_t linear; /* masked by LAM as at the accept */
    bool busy;
    bool refused;          /* #GP at the accept: nothing that follows matters */
    bool alone;            /* no other was in flight at the accept */
    bool masked;           /* LAM changed the address */
    bool foreign;          /* CR4.LA57 was cleared meanwhile, and the address is none of 48 bits */
    bool restarted;        /* a control operation was taken since the accept */
    bool disturbed;        /* an entry that it uses was edited, or a control operation taken, since the accept */
    bool anything;         /* more than ALLOWED_MOST: not judged */
    uint8_t allowed;       /* results in result[] */
    uint16_t position;     /* in the list of those in flight */
    uint64_t since, start; /* cycle in which it was accepted; and in which its walks began, at the earliest */
    uint64_t oldest;       /* earliest start of all requests in flight at the accept */
    uint64_t number;       /* of the request */
    uint64_t squash_at;    /* cycle in which it is dropped, if it is still in flight then; UINT64_MAX: never */
    uint64_t errors;       /* memory errors that had been answered when it was accepted */
    struct result result[ALLOWED_MOST];
};

struct op {
    uint8_t op;
    uint64_t data, desc;
};

/* What software did: a request that was accepted, an operation that was taken, an entry that was changed. */
struct happened {
    enum { HAPPENED_REQUEST, HAPPENED_CONTROL, HAPPENED_EDIT, HAPPENED_SQUASH } what;
    unsigned port, level; /* of a request; of an entry */
    uint64_t cycle, number;
    struct pins_req req;
    struct op op;
    uint64_t pa, old, value;
};

enum mood_kind { MOOD_PLAIN, MOOD_RACE, MOOD_FAULTS, MOOD_SIZES, MOOD_STACKS, MOOD_FLOOD, MOOD_STALL, MOODS };

/* What is likely for now. */
struct mood {
    enum mood_kind kind;
    unsigned busy[PORTS];          /* chance that a port goes on at once after a request */
    unsigned locality;             /* percent of requests that go where the last one went */
    unsigned polite;               /* chance that a request that would fault is made up again */
    unsigned aim;                  /* percent of memory requests during which a control operation comes */
    unsigned pounce;               /* percent of compare-and-swaps during which their entry is edited */
    unsigned hot_first, hot_count; /* pages that most requests go to */
    uint64_t edit_gap,
        control_gap; /* mean cycles between edits, and between control operations that nothing makes necessary */
    bool step;       /* idle cycles are stepped through */
    uint64_t until;  /* cycle of the next change */
};

struct random {
    struct driver d; /* first */
    uint64_t prng;
    bool rough;                /* the seed is one of the rough ones: random.h */
    uint64_t requests, cycles; /* to be made at most */
    struct physmem *physmem;
    struct memport *memport;
    const struct mmu *model; /* whose state words are counted; NULL: none */
    struct oracle_cpu cpu;
    struct oracle_regs regs;
    struct random_counts counts;
    struct mood mood;

    /* The pins. */
    bool finishing;    /* all requests are made, or the engine wants to stop: nothing new is begun */
    uint8_t accepted;  /* offers that were accepted in this cycle */
    bool offered;      /* the MMU offers a memory request in this cycle */
    bool ctl_taken;    /* so was the control operation, in this cycle or before; waits for its end */
    bool ctl_new;      /* in this cycle */
    bool ctl_gp;       /* it must raise #GP(0) */
    bool stacks_begin; /* it sets CR4.CET */
    bool jumped;       /* the cycles since the last call were not stepped through */
    uint64_t next_watch;
    uint64_t next_offer[PORTS], offered_at[PORTS];
    uint64_t last_va[PORTS];
    uint8_t next_id[PORTS];
    uint64_t outstanding;
    uint16_t flying[PORTS * IDS]; /* port × IDS + id of those in flight */
    struct flight flight[PORTS][IDS];
    uint64_t errors; /* memory errors answered */
    struct {
        bool busy, cas;
        uint64_t addr, expected, desired;
    } asked[TAGS];
    struct {
        uint64_t prng;
        int fixed;      /* per cent of the requests, of the whole run; RANDOM_SQUASH_MOODS: of each mood */
        unsigned share; /* for now */
        uint64_t next;  /* cycle of the next one; UINT64_MAX: none */
        uint8_t late;   /* ports that were to drop a request in this cycle that is answered in it … */
        uint8_t late_id[PORTS];
        uint16_t offered; /* walkers whose compare-and-swap was on offer when a request was dropped, and still is */
    } squash;
    uint64_t stall_until; /* memory takes no request until then */
    bool dirty_read_only; /* a walk set D in a leaf with R/W = 0 since everything was last dropped */

    /* Control operations. */
    struct op ops[OPS_MOST];
    unsigned op_first, op_count;
    uint64_t next_control, next_edit; /* cycles */
    bool quiet;                       /* no request until the operations are done, and they wait for those in flight */
    bool switching;                   /* CR4.LA57 is about to change: no edit until the operations are done */
    uint64_t wait_until;              /* the next operation of a row is not offered before */
    uint32_t epoch;                   /* operations taken */
    uint64_t taken_at[EPOCHS];
    unsigned foreign; /* flights that are so */

    struct happened happened[HAPPENED_MOST]; /* the last of them, in turn */
    uint64_t happenings;

    /* Books. */
    struct pending pending[PENDING_MOST];
    uint16_t pcid[SLOTS]; /* the identifiers */
    int8_t bound[SLOTS];  /* root whose translations may be cached under a PCID; -1: none are */
    uint32_t
        must_flush; /* bit i: slot i has old values that are no longer kept in pending[]: MOV CR3 to it must flush */
    uint32_t used;  /* bit i: slot i was current at least once */
    unsigned slot, slot_before; /* of the current PCID, and of the one before */
    int root;                   /* the present one */
    uint64_t loaded_at;         /* cycle in which the PCID last changed */

    /* Page tables. */
    struct {
        uint64_t pa, cycle;
    } pounce;        /* the entry to edit, and when; UINT64_MAX: none */
    uint64_t frames; /* table frames handed out */
    uint64_t pml4[ROOTS], pml5[ROOTS];
    unsigned places, pages;
    struct place place[ENTRIES_MOST];
    struct {
        uint64_t va;
        uint64_t size;
    } page[PAGES_MOST];
    uint64_t walked_at[ENTRIES_MOST]; /* cycle from which a walk may have set A in a place; 0: always */
    uint16_t index[1 << PLACE_BITS];  /* place number + 1 by hash of pa */
};

static inline uint64_t below(struct random *r, uint64_t bound)
{
    return prng_below(&r->prng, bound);
}

static inline bool chance(struct random *r, unsigned percent)
{
    return below(r, 100) < percent;
}

static inline void met(struct random *r, enum random_corner corner)
{
    r->counts.corner[corner]++;
}

static inline struct flight *flying(struct random *r, unsigned i)
{
    return &r->flight[r->flying[i] / IDS][r->flying[i] % IDS];
}

/* mood.c */
void mood_change(struct random *r);
void mood_offer(struct random *r);                   /* requests for the ports that are due */
void mood_accepted(struct random *r, unsigned port); /* when the port is due again */

/* tables.c */
bool tables_build(struct random *r);                   /* false when memory is short */
uint64_t tables_va(struct random *r);                  /* where a request goes */
uint64_t tables_cr3(const struct random *r, int root); /* the base of a root under the present CR4.LA57 */
const struct place *tables_place(const struct random *r, uint64_t pa);
uint64_t tables_leaf(struct random *r, unsigned level, bool globals);
uint64_t tables_pointer(struct random *r, uint64_t table, unsigned level);
uint64_t tables_spoil(struct random *r, uint64_t entry, unsigned level); /* with a reserved bit, if the level has one */
bool tables_within(struct random *r, uint64_t pa,
                   uint64_t hw); /* hw has no A or D bit that no access could set, and no other change */

/* edit.c */
void edit_now(struct random *r);          /* changes an entry */
void edit_settle_dirty(struct random *r); /* D of read-only leaves in the oracle's image becomes what memory has */
bool edit_is_leaf(uint64_t entry, unsigned level);

/* books.c */
void books_start(struct random *r);
bool books_room(struct random *r);                                       /* one more edit can be kept; makes room */
struct pending *books_open(struct random *r, const struct place *place); /* the pending edit there; NULL: none */
void books_edit(struct random *r, const struct place *place, uint64_t old);
void books_taken(struct random *r, const struct oracle_regs *before,
                 const struct op *op);                      /* carried out; r->regs are the new ones */
void books_fault(struct random *r, const struct flight *f); /* a page fault was answered */
bool books_would_drop(struct random *r, const struct pending *e, const struct op *op); /* for the present PCID, whole */
bool books_stale_here(const struct random *r, const struct pending *e); /* e may be cached for the present PCID */
void books_walk(struct random *r, const struct oracle_result *walk); /* an access may have made it: before its commit */
void books_store(struct random *r, uint64_t pa);                     /* software stored to an entry */
/* Whether a walk by way of the old value of e, which is in the oracle's image meanwhile, may be cached or cache. */
bool books_passable(struct random *r, const struct pending *e, const struct oracle_result *walk);
unsigned books_visible(struct random *r, uint64_t va, struct pending *visible[PENDING_MOST]);
struct pending *books_due(struct random *r); /* an edit that software must now invalidate; NULL: none */

/* check.c */
void check_begin(struct random *r, struct flight *f);           /* just accepted: what it may answer now */
void check_edited(struct random *r, const struct place *place); /* what those in flight may answer too */
void check_control(struct random *r);                           /* the same after a control operation was taken */
void check_again(struct random *r);                             /* the same after the oracle's image was corrected */
void check_answer(struct random *r, unsigned port, const struct pins_resp *resp);
void check_over(struct random *r, struct flight *f);                                /* no longer in flight */
struct oracle_regs check_registers(const struct random *r, const struct flight *f); /* LAM is done with at the accept */
void check_text(const struct result *x, char *text, size_t size);

/* control.c, ops.c */
void control_start(struct random *r); /* the operations that switch paging on */
void control_pins(struct random *r, const struct pins_out *out);
void control_taken(struct random *r, const struct op *op);
void control_add(struct random *r, uint8_t op, uint64_t data, uint64_t desc);
void ops_any(struct random *r);
void ops_settle(struct random *r, const struct pending *e); /* the invalidation that an edit needs */

/* count.c */
void count_answer(struct random *r, const struct flight *f, const struct pins_resp *resp, const struct result *judged);
void count_control(struct random *r, const struct op *op, const struct oracle_regs *before);

/* squash.c */
void squash_start(struct random *r, uint64_t seed, int share);
void squash_mood(struct random *r);
void squash_plan(struct random *r, struct flight *f); /* just accepted */
void squash_answered(struct random *r, unsigned port, const struct flight *f);
void squash_pins(struct random *r, const struct pins_out *out); /* after answers and offers, before accepts */
/* A compare-and-swap is accepted that a dropped request may have left: it may find what it expects, brought back. */
void squash_swap(struct random *r, const struct memport_request *swap);

/* history.c */
void history_request(struct random *r, unsigned port, const struct pins_req *req, uint64_t number); /* accepted */
void history_control(struct random *r, const struct op *op);                                        /* taken */
void history_squash(struct random *r, unsigned port, unsigned id, uint64_t number);
void history_edit(struct random *r, const struct place *place, uint64_t old, uint64_t value);
void history_print(const struct driver *self, FILE *out);

/* explain.c */
void explain(const struct driver *self, const struct finding *finding, FILE *out);

#endif
