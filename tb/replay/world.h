/* A world: everything around one MMU that is not the MMU.
 *
 * Physical memory and the port to it, the operating system model (absent when the trace brings its own page tables),
 * the oracle, and a processor of which only the memory accesses are left: the trace, replayed through a reorder window.
 *
 *     trace ─► window ─► ports ─► MMU ─► answers ─► window ─► commit in program order ─► oracle
 *                ▲                                               │ #PF at the head
 *                └──────── again, from the faulting access ◄── OS model, control operations
 *
 * Accesses are offered in program order and answered in any order. Only what reaches the head of the window counts: a
 * fault is taken there and nowhere else, after everything in flight has drained, and all younger accesses are made
 * again. System calls, control operations and page-table writes of the trace wait for an empty window. So the result of
 * every access is independent of timing, and two MMUs with different clocks can be compared access by access.
 *
 * One world drives one MMU, or two in lockstep that are given the same pins. */
#ifndef TWINWALK_WORLD_H
#define TWINWALK_WORLD_H

#include "arch/oracle.h"
#include "base/exits.h"
#include "engine/driver.h"
#include "engine/histogram.h"
#include "kernel/kernelside.h"
#include "kernel/memo.h"
#include "kernel/recorded.h"
#include "mem/memport.h"
#include "mmu_cfg.h"
#include "os/os.h"
#include "pins.h"
#include "table_types.h"
#include "traces/format/trace.h"

enum {
    WORLD_PORTS = CFG_PORTS_FETCH + CFG_PORTS_DATA,
    WORLD_FETCH_PORTS = (1 << CFG_PORTS_FETCH) - 1,
    WORLD_DATA_PORTS = (1 << WORLD_PORTS) - 1 - WORLD_FETCH_PORTS,
    WORLD_WINDOW_MOST = 256, /* ids are window slots, and an id has 8 bits */
    WORLD_ERRED = 512,       /* more than can be of interest: one for each access of the window, and for each walker */
};

enum slot_state {
    SLOT_IDLE,     /* in the window, not offered yet, or to be offered again */
    SLOT_OFFERED,  /* on its port */
    SLOT_FLYING,   /* accepted, not answered */
    SLOT_ANSWERED, /* answered, waits for its turn to commit */
};

/* One access in the reorder window. */
struct slot {
    uint64_t va;
    uint64_t accepted;       /* cycle in which the MMU took it */
    struct pins_resp answer; /* in SLOT_ANSWERED */
    uint64_t record;         /* number of its trace record */
    uint8_t state;           /* enum slot_state */
    uint8_t acc;             /* enum pins_access */
    uint8_t port;            /* in SLOT_OFFERED and SLOT_FLYING */
    uint8_t mode;            /* TRACE_SUPERVISOR … TRACE_SHADOW_STACK of the record */
    bool expected;           /* expect[] of this slot says what must come out */
    bool alone;              /* no other was in flight from its accept to its answer */
    uint64_t order;          /* it was the so manieth accepted */
    uint8_t spurious;        /* page faults in a row that the oracle does not know */
};

/* A reply of memory that was an error. */
struct erred {
    uint64_t line, cycle; /* physical address of the line; when it came */
};

/* What the processor is doing. */
enum world_phase {
    PHASE_RUN,     /* accesses are issued */
    PHASE_FAULT,   /* the head has faulted: wait until nothing is in flight */
    PHASE_CONTROL, /* control operations are carried out one after another */
    PHASE_END,     /* everything is committed, or the run cannot go on (error, finding) */
};

enum world_ctl { CTL_NONE, CTL_OFFERED, CTL_ACCEPTED };

/* Counted at commit, in program order; equal for every timing. */
struct world_counts {
    uint64_t accesses;      /* committed translations */
    uint64_t by_acc[3];     /* of them loads, stores, fetches, indexed by enum pins_access */
    uint64_t oracle_checks; /* results that the oracle judged */
    uint64_t table_types;   /* memory types of walkers' requests that it judged */
    uint64_t expectations;  /* results checked against the trace's own word */
    uint64_t faults_taken;  /* page faults that reached the head of the window */
    uint64_t gp, pf;        /* faults that were committed as results (traces with own tables) */
    uint64_t memory_errors; /* answers that said MEMERR (traces with own tables) */
    uint64_t syscalls, control_ops;
    uint64_t control_gp;    /* of these, those that raised #GP(0) */
    uint64_t shared_global; /* answers by a global page cached in another address space, whose tables here keep their A
                               and D bits */
    struct {
        uint64_t compared, equal; /* accesses for which the trace says what must come out; results that were that */
        uint64_t ours[2][2];      /* results that only a stale entry explains: [translation, page fault][TLB,
                                     paging-structure cache] */
        uint64_t theirs[2][2];    /* the same of the trace's */
        uint64_t ours_alone;      /* compared, not equal, and explained by ours */
        uint64_t again;           /* of ours, page faults that the trace does not have: the access was made again */
        uint64_t flags;           /* answers by an entry whose A or D bit software had cleared, and not invalidated */
        bool used;                /* a stale entry was used, perhaps: A and D bits are not comparable at the end */
    } stale;                      /* traces with their own tables */
};

/* Receives what is compared between worlds that run at their own pace; see decoupled.c. */
struct tap {
    void (*commit)(void *context, const struct slot *slot, uint64_t number);
    void (*memory)(void *context, bool cas, uint8_t mt, uint64_t addr);
    void *context;
};

struct world_setup {
    const char *trace;
    struct memport_config memory;
    struct os_config kernel; /* what the user chose of the OS model */
    bool signatures;         /* pages have contents, and every access must reach the right ones */
    uint64_t lose_move;      /* contents.h */
    uint64_t limit;          /* accesses */
    unsigned window;         /* 1 … WORLD_WINDOW_MOST */
    bool judged;             /* false: the oracle is not asked (speed measurements) */
};

struct world {
    struct driver d; /* first: what the engines see of a world */

    /* What a cycle needs. */
    uint8_t accepted;            /* ports whose offer was accepted in this cycle */
    uint8_t phase;               /* enum world_phase */
    uint8_t ctl;                 /* enum world_ctl */
    bool exhausted;              /* no further access will come from the trace */
    bool barrier;                /* the next record waits for an empty window */
    bool judged, touches;        /* touches: committed accesses go through the caches too */
    unsigned in_flight;          /* accepted, not answered */
    uint64_t accepts;            /* accepted ever */
    unsigned mask, window;       /* slots - 1; entries used */
    uint64_t head, next, tail;   /* sequence numbers: oldest, next to be offered, next to be loaded */
    uint64_t mem_next;           /* cycle of the next memory reply */
    uint64_t stamp;              /* counts changes of page tables and registers: dates the memo */
    const struct trace_rec *run; /* the records at hand: the first of them … */
    const struct trace_rec *rec; /* … and the next */
    size_t rec_left;             /* records from there to the end of the run */
    uint64_t loaded, limit;      /* accesses taken from the trace; at most */
    struct slot slot[WORLD_WINDOW_MOST];
    struct trace_expect expect[WORLD_WINDOW_MOST];
    struct memo memo;
    struct table_types table_types;
    struct memport *memport;
    struct physmem *physmem;

    /* What happens rarely. */
    struct kernelside kernel;
    struct os *os;    /* that of kernel; NULL when the trace has its own tables */
    const char *path; /* of the trace */
    struct trace_reader *trace;
    struct oracle_cpu cpu;
    struct oracle_regs regs;
    struct {
        uint64_t data, desc;
        uint8_t op;
        bool expected, gp; /* the trace says that it must raise #GP(0), or that it must not */
    } op;                  /* the control operation under way */
    bool op_single;        /* it came from the trace, and is the only one */
    bool switched;         /* CR3 has pointed to more than one table */
    struct stale *stale;   /* what may be cached of entries that software has changed; NULL with an OS model */
    bool broken;           /* the run cannot go on: `error` says why */
    uint8_t status;        /* then: enum exit_status, of what kind that is */
    char error[512];
    struct world_counts counts;
    struct erred erred[WORLD_ERRED]; /* the last of them, that of count n at n modulo WORLD_ERRED */
    uint64_t erred_count;
    struct histogram walk_latency; /* accept to response of accesses that were answered by a walk */
    const struct tap *tap;         /* NULL: none */
};

/* Opens the trace and builds the world. NULL on failure with one line in error[], and in *status what kind of failure
 * it is (enum exit_status). */
struct world *world_new(const struct world_setup *setup, char *error, size_t error_size, int *status);
void world_free(struct world *w);

/* The end: both images of memory must be equal, in the bits that are comparable. True if they are; else the finding
 * says where. */
bool world_compare_memory(struct world *w);

/* Of an entry, the bits of which all MMUs must leave the same value at the end: A and D not, when they may depend on
 * what was cached. A not, when the kernel has cleared A bits without invalidation, as Linux does on x86: then a
 * processor that still has the translation need not set A again (SDM 5.10.4.3). */
uint64_t world_comparable(const struct world *w);

/* Fills in how the access was made, from the flags of its trace record. */
void world_mode(struct finding *finding, uint8_t mode);

/* One line that names the access in a slot. */
void world_describe(const struct slot *slot, char *text, size_t size);

/* The access in slot `id`, counted in program order. */
static inline uint64_t world_number(const struct world *w, unsigned id)
{
    return w->counts.accesses + ((id - w->head) & w->mask);
}

static inline struct slot *world_slot(struct world *w, uint64_t sequence)
{
    return &w->slot[sequence & w->mask];
}

/* The request for an access, of the mode in which its trace record has it. */
static inline struct pins_req world_request(uint64_t va, unsigned acc, unsigned mode, unsigned id)
{
    return (struct pins_req){.va = va,
                             .id = (uint8_t)id,
                             .acc = (uint8_t)acc,
                             .user = !(mode & TRACE_SUPERVISOR),
                             .imp = (mode & TRACE_IMPLICIT) != 0,
                             .ac = (mode & TRACE_AC) != 0,
                             .ss = (mode & TRACE_SHADOW_STACK) != 0};
}

/* Between the files of the world only. */
void world_fail(struct world *w, int status, const char *format, ...) __attribute__((format(printf, 3, 4)));
void world_finding(struct world *w, enum finding_kind kind, const struct slot *s, const char *field,
                   const char *expected, const char *actual);
void world_pins(struct world *w);                    /* world.c: what the engines call */
void world_note_error(struct world *w, uint64_t pa); /* judge_memerr.c: memory has answered a request with an error */
void world_accept(struct world *w, unsigned accepted, uint64_t cycle); /* world.c: what these ports offer is taken */
void window_fill(struct world *w); /* window.c: the next record, an access, goes into the window */
bool window_load(struct world *w); /* window.c: the same, if it can be now; else false */
void serial_cycle(struct world *w,
                  const struct pins_out *out); /* serial.c: faults, control operations, serializing records */
void world_stretch(struct driver *self, struct mmu *ref, struct pins_out *out, uint64_t until,
                   struct exercised *exercised, const struct follower *follower); /* stretch.c */
bool judge_slow(struct world *w, struct slot *s); /* judge.c: everything but an OK that the memo knows */

#endif
