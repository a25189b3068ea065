/* A rig: the cycle model and beside it a DUT in lockstep, an own memory, and a hand on the pins.
 *
 *     rig_new ─► reset and its sweep ─► rig_control, rig_access, or rig_clock by hand ─► rig_free
 *
 * Both sides get the same pins; every cycle their outputs are compared, and every `state_every` cycles all their state.
 * What comes back is judged by the oracle (rig_check). The first difference stops the rig: everything then returns
 * false at once, and `finding` says why. Directed benches stand on it: the permission sweep, the invalidation matrix.
 *
 * A device whose timing is its own stands alone in the rig (rig_new_paced): nothing is compared but what the oracle and
 * the rules of the handshakes say, and there is no model to look into. */
#ifndef TWINWALK_RIG_H
#define TWINWALK_RIG_H

#include "arch/oracle.h"
#include "cycle/mmu.h"
#include "dut/dut.h"
#include "finding.h"
#include "handshake.h"
#include "mem/memport.h"
#include "mem/physmem.h"
#include "mmu_cfg.h"

enum { RIG_PORTS = CFG_PORTS_FETCH + CFG_PORTS_DATA, RIG_READS = 16 };

struct rig;

/* Who looks on. */
struct rig_eye {
    void (*watch)(void *watcher,
                  const struct rig *r);               /* in every cycle with all pins chosen, before the clock's edge */
    void (*ends)(void *watcher, const struct rig *r); /* before the rig is freed; NULL: it need not know */
    void *watcher;
};

struct rig {
    struct mmu *model;         /* NULL: the device has a clock of its own */
    const struct dut_ops *ops; /* NULL: the model alone */
    struct dut *dut;
    const struct dut_event *says; /* what its design says of itself; NULL: nothing, ever */
    struct handshake handshake;   /* without a model */
    struct physmem *pm;
    struct memport *mp;
    struct oracle_cpu cpu;
    struct oracle_regs regs;    /* as the oracle has them after the control operations so far */
    struct pins_out out;        /* of the present cycle; both sides', or the device's */
    struct pins_in in;          /* set by the user; what is accepted is withdrawn by rig_clock */
    uint64_t cycle;             /* the present one; 0 is the first after reset */
    uint64_t state_every;       /* 0: state is not compared */
    uint8_t accepted;           /* ports whose request was accepted in the cycle before this one */
    bool ctl_accepted;          /* so was the control operation */
    bool skip;                  /* rig_access jumps over cycles in which everything waits for memory; set by the user */
    uint64_t latency;           /* of the last rig_access, accept to response, cycles */
    unsigned port;              /* that the last data access went through; they take turns */
    unsigned reads;             /* memory requests since the last rig_access began; of the first of them … */
    uint8_t read_mt[RIG_READS]; /* … the types */
    uint64_t read_pa[RIG_READS]; /* … the addresses */
    struct finding finding;      /* what stopped it; FINDING_NONE: nothing */

    struct rig_eye eye; /* set by the user; without a watch nobody looks on */
};

/* Ready, with all registers as after reset and memory of fixed latency (>= 1 cycles). Exits with a message when a rig
 * cannot be made. */
struct rig *rig_new(const struct dut_ops *dut, unsigned memory_latency, uint64_t state_every);

/* The same for a device that is alone, at its own pace. */
struct rig *rig_new_paced(const struct dut_ops *dut, unsigned memory_latency);

void rig_free(struct rig *r);

/* Another latency model in place of the fixed one, while nothing is outstanding; contents stay. False when memory is
 * short. */
bool rig_memory(struct rig *r, const struct memport_config *config);

/* One clock with r->in. False once the rig is stopped. */
bool rig_clock(struct rig *r);

/* Offers a request on a port without a clock: port 0 for fetches, the data ports in turn. Gives the port. */
unsigned rig_offer(struct rig *r, const struct oracle_access *access, uint8_t id);

/* One access, alone, to the end; the present cycle is then that of its response, which is in *resp. */
bool rig_access(struct rig *r, const struct oracle_access *access, struct pins_resp *resp);

/* One control operation to its end; the present cycle is then the one after its done. #GP and registers as the oracle
 * says. */
bool rig_control(struct rig *r, uint8_t op, uint64_t data, uint64_t desc);

/* Sets every register that differs from *to, in an order without #GP. CR3 is written last, by a MOV that flushes. */
bool rig_registers(struct rig *r, const struct oracle_regs *to);

/* The first field in which an answer is not as the oracle says; NULL: it is. */
const char *rig_differs(const struct oracle_result *says, const struct pins_resp *resp, uint64_t *expected,
                        uint64_t *actual);

/* Judges an answer by the oracle, sets the A and D bits that it says in the oracle's image, and compares the entries of
 * the walk in both images. Right for answers that no stale entry gave. *says, unless NULL, is the oracle's own result.
 */
bool rig_check(struct rig *r, const struct oracle_access *access, const struct pins_resp *resp,
               struct oracle_result *says);

/* All state of both sides, now. True without a model, or without readable state. */
bool rig_compare_state(struct rig *r);

/* Stops the rig: something was not as it must be. */
void rig_wrong(struct rig *r, enum finding_kind kind, const char *field, uint64_t expected, uint64_t actual);

static inline bool rig_stopped(const struct rig *r)
{
    return r->finding.kind != FINDING_NONE;
}

#endif
