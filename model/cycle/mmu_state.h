/* Every register of the MMU, and the decisions of one cycle that its edge will write.
 *
 * The state changes only in mmu_step. Sets of miss-queue entries and of walkers are bit masks, one mask per state, so
 * that a cycle costs what happens in it and nothing for what is idle. The state words of section 17 are made from this
 * by state.c. */
#ifndef TWINWALK_CYCLE_MMU_STATE_H
#define TWINWALK_CYCLE_MMU_STATE_H

#include "mmu.h"
#include "rights.h"
#include "tlb_array.h"

/* ---- L1 TLBs (section 7) ---- */

/* What a hit on a page answers, kept from the last one. No register of the MMU, only a short cut past the search:
 * l1tlb.c forgets a memo whenever the search might find something else, or registers might judge it otherwise. */
struct hit_memo {
    struct repl *repl;      /* of the set that hits */
    struct plru_path *path; /* of the way that hits */
    struct pins_resp resp;  /* the answer but for id and page offset; addr is that of the 4-KByte page */
    uint64_t good;          /* the accesses that may use the entry as it is (rights.h) */
    uint64_t known, stamp;  /* left to who asks by hits.h: what he knows of it, and since when; 0 when it is made */
    uint8_t way, ways;
};

enum { MEMOS = 256 };

struct l1tlb {
    struct tlb_array array[L1_ARRAYS_MAX];
    uint64_t key[MEMOS]; /* [low bits of the page number]: page and PCID of the memo there, or no_memo() (l1tlb.c) */
    struct hit_memo memo[MEMOS];
};

/* ---- miss queue (section 8) ---- */

enum queue_state { FREE, PEND, SLK, NWALK, WALK, FOLLOW, FINV, FINVW, DONE, DENIED, QUEUE_STATES };

struct queue_entry {
    uint64_t va;   /* masked by LAM */
    uint64_t addr; /* of the response; 0 until DONE */
    uint8_t port;
    uint8_t id;
    uint8_t access; /* acc, user, imp, ac, ss (rights.h) */
    bool confirm;   /* the walk is to start at the root: it confirms a fault */
    uint8_t leader; /* of a FOLLOW entry */
    uint8_t src;    /* src … mt: the result, 0 until known */
    uint8_t kind;
    uint8_t err;
    uint8_t size;
    uint8_t pat;
    uint8_t mt;
    uint8_t step; /* page size of the next FINV token, 0 … 2 */
};

struct miss_queue {
    struct queue_entry entry[QUEUE];
    uint64_t in[QUEUE_STATES]; /* bit m of in[s]: entry m is in state s; each bit is in exactly one */
    uint64_t of_port[PORTS];   /* entries that are not FREE, by port */
    uint8_t rr_issue;          /* 0 … QUEUE-1 */
    uint8_t rr_walk;
};

#define QUEUE_ALL (~0ull >> (64 - QUEUE))

/* ---- STLB pipeline (section 9) ---- */

enum token_kind { TOKEN_NONE, TOKEN_LOOKUP, TOKEN_FINV, TOKEN_FILL };

struct token {
    uint8_t entry;
    uint8_t step;
};

struct pipeline {
    uint32_t lookup, finv, fill; /* bit i: stage i holds such a token, i = 1 … k. Bit 0 within a cycle: issued in it */
    uint8_t phase;               /* counts cycles; stage i's token is ring[(phase - i) % 16] */
    struct token ring[16];
    struct cached fill_r, fill_c; /* the entries of FILL tokens in stages R = k-1 and C = k, else 0 */
    struct cached fill_in;        /* granted in this cycle, for R in the next; its mark is bit k-2 of `fill` */
};

/* ---- walkers (section 11) ---- */

enum walker_state { W_IDLE, W_REQ, W_WAIT, W_CAS, W_CASW, W_FIN, WALKER_STATES };
enum walker_outcome { OUTCOME_TRANSLATION, OUTCOME_FAULT, OUTCOME_MEMORY_ERROR };

struct walker {
    uint64_t addr;     /* of the entry asked for, last or next */
    uint64_t v;        /* that entry: in CAS, CASW (expected) and in FIN with a translation (after A/D), else 0 */
    uint8_t entry;     /* of the miss queue */
    uint8_t level;     /* of the entry at addr, 1 … 5 */
    uint8_t table_pat; /* PAT index {0, PCD, PWT} of the table at addr */
    uint8_t rights;    /* of the levels above; in FIN with a translation those of the page: RIGHT_* */
    uint8_t tag;       /* memory tag waited for, in WAIT, else 0 */
    uint8_t outcome;   /* in FIN, else 0 */
    uint8_t err;       /* in FIN with a fault, else 0 */
    bool from_psc;     /* started from a cached entry */
    uint16_t old;      /* walkers whose own reads were outstanding when it was dispatched, and still are */
    bool write;        /* the request is a write; its entry may be another's when kill is set */
};

struct walkers {
    struct walker w[WALKERS];
    uint16_t in[WALKER_STATES]; /* bit w of in[s]: walker w is in state s */
    uint16_t kill;              /* bit w: its request was restarted or squashed, it only drains */
};

#define WALKERS_ALL (0xffffu >> (16 - WALKERS))

/* ---- memory arbitration (section 12) ---- */

struct mem_arb {
    uint8_t rr_mem;
    bool hold;
    uint8_t hold_w; /* 0 unless hold */
    /* Functions of the rest of the state, kept for the cycle: */
    int chosen;        /* walker whose request is offered, -1: none */
    uint16_t attached; /* walkers in REQ whose line another one waits for */
    uint8_t attached_to[WALKERS];
};

/* ---- control operations (section 13) ---- */

enum ctl_state { C_IDLE, C_DRAIN, C_EXEC, C_SWEEP, C_DONE };

struct ctl {
    uint8_t state;
    uint8_t op;             /* as latched; 0 in IDLE */
    uint64_t data;          /* likewise; also the address of the invalidation */
    uint64_t desc;          /* likewise, with INVPCID; else 0 */
    uint16_t j;             /* cycle of the sweep; 0 unless SWEEP */
    enum invalidation what; /* EXEC decides it for SWEEP */
    unsigned pcid;          /* of the invalidation */
    bool gp;                /* EXEC decides it for DONE: the operation raised #GP(0) */
    bool reset;             /* the sweep of reset: replacement state too */
};

/* ---- all of it ---- */

struct mmu {
    struct l1tlb itlb;
    struct l1tlb dtlb;
    struct tlb_array stlb[STLB_ARRAYS_MAX];
    struct tlb_array psc[PSC_ARRAYS_MAX];
    struct registers regs;
    struct miss_queue q;
    struct pipeline pipe;
    struct walkers walkers;
    struct mem_arb arb;
    struct ctl ctl;
    uint8_t ready; /* req_ready as given last */
    struct mmu_counts counts;
};

/* What a request that its L1 did not answer becomes. */
enum miss_what { MISS_PLAIN, MISS_CONFIRM, MISS_FAULT };

/* The decisions of one cycle, all taken from the state at its start, that are carried out at its end. */
struct edge {
    unsigned touches; /* hits used in the L1s, in port order: the last write to a set counts (section 5) */
    struct {
        struct repl *set;
        struct repl value;
    } touch[PORTS];
    unsigned misses;
    struct {
        uint64_t va;
        uint8_t port, what, err;
    } miss[PORTS];          /* in port order; va as masked by LAM */
    uint64_t squashed;      /* miss-queue entries whose request the core drops in this cycle */
    uint64_t free, leaders; /* entries FREE, and in leader states without those that are squashed */
    uint16_t fin, idle;     /* walkers in FIN, in IDLE */
    uint16_t reading;       /* walkers whose own read is outstanding, and not answered in this cycle */
    struct {
        struct repl *set;
        struct repl value;
    } psc_touch; /* set NULL: none */
    struct tlb_plan psc_fill;
    struct tlb_plan l1_fill;
    bool fault_drop; /* a last FINV token acted: drop fault_va from L1s and PSC (SDM 3A 5.10.4.1) */
    uint64_t fault_va;
};

#endif
