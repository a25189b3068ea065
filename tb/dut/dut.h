/* The bench's view of a device under test: a small C ABI.
 *
 * Anything that has the pins of docs/microarchitecture.md section 2 can stand behind it: the Verilated RTL, the same
 * under SystemC, the cycle model, a null device, somebody else's walker. To bring your own, implement struct dut_ops
 * and export it from a shared library (the end of this file): --dut=libmine.so. docs/bring-your-own.md goes through it.
 * This header and pins.h are all that such a library needs. */
#ifndef TWINWALK_DUT_H
#define TWINWALK_DUT_H

#include "pins.h"

struct dut;

/* What a design says of itself in the middle of its work. */
enum dut_event_kind {
    DUT_QUIET,    /* nothing */
    DUT_FAILS,    /* one of its assertions does not hold, or $fatal, $error, $stop */
    DUT_FINISHES, /* it ends the simulation: $finish */
};

struct dut_event {
    enum dut_event_kind kind;
    char where[96]; /* file and line of the design */
    char text[160]; /* its message, one line */
};

/* How a device is simulated. */
struct dut_about {
    const char *simulator; /* name and version */
    unsigned evaluations;  /* of all logic in a clock, as long as no wave is written */
    const char *why;       /* why more than one; NULL: one, or it is that simulator's way */
    const char *fixed;     /* why it cannot be put into a state; NULL: it can, or has no `restore` */
};

/* The state that a device is to be in: the words of section 17, and what the outputs of that cycle are. */
struct dut_state {
    bool (*word)(const void *context, unsigned sel, unsigned idx, uint64_t word[2]);
    const void *context;
    const struct pins_out *out;
    uint64_t cycle;
};

/* Events that a device may count of itself. What a structure is called here stands for whatever takes its place. */
enum dut_counter {
    DUT_ITLB_HITS,   /* answers from the first-level TLB of fetches … */
    DUT_ITLB_MISSES, /* … and all others but #GP: a write that finds D = 0 and a rights failure count as misses */
    DUT_DTLB_HITS,   /* of loads and stores, likewise */
    DUT_DTLB_MISSES,
    DUT_MERGED,      /* answers that came with the outcome of another request */
    DUT_STLB_HITS,   /* lookups in the second-level TLB that gave an answer … */
    DUT_STLB_MISSES, /* … and all others */
    DUT_PSC_NONE,    /* walks begun at the root; at a cached entry of … */
    DUT_PSC_PDE,
    DUT_PSC_PDPTE,
    DUT_PSC_PML4E,
    DUT_PSC_PML5E,
    DUT_WALKS,          /* begun */
    DUT_RESTARTS,       /* walks begun again from the root before a fault */
    DUT_READS,          /* memory reads */
    DUT_SHARED,         /* reads of a walk that another one's memory read served */
    DUT_UPDATES,        /* compare-and-swaps of A and D … */
    DUT_UPDATES_FAILED, /* … and those that found the entry changed */
    DUT_COUNTERS
};

struct dut_counts {
    uint32_t offered; /* bit n: enum dut_counter n is counted */
    uint64_t count[DUT_COUNTERS];
};

/* How it goes with a device that follows (dut_ops.follow). */
enum dut_fares {
    DUT_EQUAL,  /* all that it has told of was as expected */
    DUT_PARTED, /* somewhere it was not */
    DUT_LOST,   /* it cannot be reached any more */
};

struct dut_ops {
    const char *name;

    /* True if section 17's state words can be read (for --check=state). */
    bool has_state;

    /* NULL on failure, with one line in *error. */
    struct dut *(*create)(const char **error);
    void (*destroy)(struct dut *dut);

    /* Reset, and the outputs of the first cycle after it. */
    void (*reset)(struct dut *dut, struct pins_out *out);

    /* One clock: *in belongs to the cycle whose outputs were given last; *out is for the next. */
    void (*step)(struct dut *dut, const struct pins_in *in, struct pins_out *out);

    /* The bench skipped this many cycles in which the DUT said waiting and no input came. NULL if it need not know
     * (waves do, to keep time). */
    void (*skip)(struct dut *dut, uint64_t cycles);

    /* State words of section 17; false when (sel, idx) names nothing. NULL unless has_state. */
    bool (*state)(struct dut *dut, unsigned sel, unsigned idx, uint64_t word[2]);

    /* Writes a waveform (FST) from now on; false if the DUT has none or the file cannot be made. waves_stop closes it.
     * NULL if none. */
    bool (*waves_start)(struct dut *dut, const char *path);
    void (*waves_stop)(struct dut *dut);

    /* Where the device keeps the first thing that its design has said of itself since the last reset, or when it began;
     * the bench looks there after every step, and what it finds ends the run. Valid as long as the device. NULL: it
     * says nothing. */
    const struct dut_event *(*says)(struct dut *dut);

    /* How it is simulated, for the head of a report. NULL if nothing simulates it. */
    void (*about)(struct dut *dut, struct dut_about *about);

    /* Counters of its own, from the first call on at the latest: the bench takes differences. What a report of a device
     * whose timing is its own tells of hits and walks comes from here. NULL: it offers none. */
    void (*counts)(struct dut *dut, struct dut_counts *counts);

    /* True if a process can have only one of them. */
    bool alone;

    /* In the place of reset, on a device that was never reset: puts it into a state in which control is IDLE, and gives
     * the outputs of that cycle. False: this one cannot (about->fixed says why), or it has run already. NULL: none of
     * its kind can. */
    bool (*restore)(struct dut *dut, const struct dut_state *state, struct pins_out *out);

    /* True if state can be read only in cycles in which the MMU says waiting. */
    bool state_waits;

    /* For a device that is far away, and told what to do in advance: like step, but what its outputs are is not asked
     * for. In this cycle they are to be *out, and its inputs are *in; or in so many cycles in a row (then the MMU
     * waits, and nothing comes in). Whether they were as expected says `fares`, sooner or later. NULL: it is stepped.
     */
    void (*follow)(struct dut *dut, const struct pins_in *in, const struct pins_out *out, uint64_t cycles);

    /* What is known of the cycles since reset; with `all` it waits until all is known. *good: before this cycle all was
     * equal. *why: one line, when it is lost. */
    enum dut_fares (*fares)(struct dut *dut, bool all, uint64_t *good, const char **why);

    /* The outputs of this cycle, as step gives them; after it a device that has followed can be stepped. */
    void (*outputs)(struct dut *dut, struct pins_out *out);

    /* True if it drops the requests that struct pins_in squashes (docs/microarchitecture.md section 2). Otherwise the
     * bench squashes none. */
    bool squashes;

    /* New members go here, at the end; 0 and NULL mean that the device has no such thing. */
};

/* ---- A device in a shared library ---- */

/* Counts up when a struct of this file or of pins.h changes in a way that a library would notice. New members at the
 * end of dut_ops and dut_host do not: each side tells the other how much of them it knows, and what a library does not
 * know is NULL to the bench. Nor do new members at the end of pins_in, which dut_host speaks of. */
enum { TWINWALK_DUT_ABI = 1 };

/* Who loads the library: a bench that was built for one preset (docs/configuration.md). Valid as long as the process.
 */
struct dut_host {
    uint32_t size;                    /* bytes of this struct as the bench knows it; members beyond are not there */
    const char *preset;               /* its name */
    uint32_t ports_fetch, ports_data; /* request ports: those of fetches come first */
    uint32_t paddr_bits;              /* width of a physical address */
    bool la57, pcid, page_1g, pku, pks, cet, lam, amd; /* `arch.*` of the preset: what the MMU must have */

    /* For a design that fails when the verdict is given already: the bench will not end with success. */
    void (*not_equal)(void);

    /* struct pins_in has squash_valid and squash_id: only with this are they there to be read. */
    bool squashes;
};

/* What the library exports, under the name twinwalk_dut_abi. */
struct twinwalk_dut {
    uint32_t abi;      /* TWINWALK_DUT_ABI */
    uint32_t ops_size; /* sizeof(struct dut_ops) */

    /* The level at which it is compared when the command line does not say: "arch", "events", "cycle" or "state". NULL:
     * cycle. */
    const char *check;

    /* The device for this bench; called once, before anything else. NULL when it cannot be what the preset asks for,
     * with one line in *error that says why. */
    const struct dut_ops *(*open)(const struct dut_host *host, const char **error);
};

#ifdef __cplusplus
extern "C" {
#endif
extern const struct twinwalk_dut twinwalk_dut_abi __attribute__((visibility("default")));
#ifdef __cplusplus
}
#endif

#endif
