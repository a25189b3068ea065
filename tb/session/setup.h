/* What a run is made of: the command line of `cosim`, `model`, `memory` and `random`, checked and in numbers. */
#ifndef TWINWALK_SETUP_H
#define TWINWALK_SETUP_H

#include <stdbool.h>
#include <stdint.h>

#include "mem/memport.h"
#include "os/os.h"

enum check_level { CHECK_ARCH, CHECK_EVENTS, CHECK_CYCLE, CHECK_STATE };

enum { SETUP_HANG_CYCLES = 100000 }; /* without progress; the slowest memory access comes on top */

/* The OS model: its memory, its page sizes, what its work costs, what it prints. */
struct kernel_setup {
    struct os_config config;                   /* what the processor offers is not in it */
    const char *smaps, *rollup, *top, *faults; /* files to print into; "-": standard output, NULL: nothing */
    const char *asked;                         /* the first of these options that was given; NULL: none */
    bool oom_stop;                             /* no process is killed for memory: the run ends */
    bool signatures;                           /* keep the contents of pages, and check every access by them */
    uint64_t lose_move; /* every so many moves of contents is left out: a defect for `signatures` to find; 0: none */
};

enum { SHAPES_L1 = 3, SHAPES_STLB = 2 };

/* An array of a TLB; without ways it is absent. */
struct tlb_shape {
    unsigned holds; /* bit s: page size s (4K, 2M, 1G) */
    unsigned sets;  /* a power of two */
    unsigned ways;
    bool lru; /* else tree-PLRU */
};

/* A page size is held by one array of each, but for 4K in both arrays of the STLB, which then have the same sets. */
struct tlb_shapes {
    struct tlb_shape itlb[SHAPES_L1], dtlb[SHAPES_L1], stlb[SHAPES_STLB];
};

/* `model --serial` and `tlb`: plain counts. */
struct serial_setup {
    bool on;
    bool quick;     /* `tlb`: with short ways to the same counts */
    bool stacks;    /* … and LRU TLBs of many shapes beside them */
    bool map_first; /* as if every page had been mapped before, with A and D set */
    enum {
        SERIAL_OF_PRESET,
        SERIAL_PLRU,
        SERIAL_LRU
    } replacement;        /* where it is not the preset's, shapes says so too */
    const char *needs_it; /* an option that was given and means nothing without `on`; NULL: none */
    struct tlb_shapes shapes;
};

struct setup {
    const char *trace; /* path, "-" for standard input; NULL for random stimulus */
    const char *dut;   /* name or path of the device under test; NULL: the first of the list */
    enum check_level check;
    bool check_asked;              /* … is given; else a device may ask for its own */
    const char *json;              /* where to write the results as JSON; NULL: nowhere */
    const char *waves;             /* FST to write; NULL: none */
    uint64_t waves_from, waves_to; /* cycles, both included */
    const char *records;           /* `profile`: file for every access and marks of the pins; NULL: none */
    const char *explain;           /* `profile`: numbers of accesses whose walks are printed, with commas; NULL: none */
    const char *pins;              /* `profile`: file for the pins of the cycles from … to; NULL: none */
    struct memport_config memory;  /* the preset's, changed by --memory, --latency, --seed */
    const char *memory_name;       /* fixed, random or cache */
    uint64_t seed;
    struct kernel_setup kernel; /* the OS model, without its seed */
    uint64_t verify;            /* faults between two checks of all that the OS model believes; 0: none */
    uint64_t limit;             /* accesses to replay at most */
    struct serial_setup serial; /* of `model` */
    const char *clocked;        /* an option that was given and is about the clock; NULL: none */
    unsigned window;            /* entries of the reorder window */
    bool skip;                  /* jump over cycles in which everything waits for memory */
    uint64_t state_every;       /* cycles between two comparisons of all state */
    bool speed;                 /* run the DUT alone as well and compare speeds */
    bool state_asked;           /* … are given */
    bool dense;                 /* compare all state in every cycle … */
    uint64_t from, to;          /* … of these, both included */
    uint64_t follow_to;         /* of a device that follows: what is known to be equal need not be stepped again */
    uint64_t hang_after;        /* cycles without progress that count as a hang */
    uint64_t requests;          /* of random stimulus */
    uint64_t cycles;            /* that random stimulus steps through at most */
    int squash;                 /* per cent of its requests that are dropped in flight; negative: by mood */
    unsigned jobs;              /* processes at a time that a trace is cut up for; 0: it is not */
    uint64_t slices;            /* how many equal slices are cut for them; 0: as many as keep them busy */
    uint64_t slice, slice_of;   /* of slice_of equal slices, from 0, this one alone; slice_of 0: all */
    bool brief;                 /* one line instead of the table, when everything is equal */
    double reduce;              /* seconds in which a failure may be cut down to a small trace; 0: it is not */
    const char *out;            /* folder under which mismatch bundles are written */
    const char *program;        /* this program, as a shell calls it (twinwalk) */
    const char *rerun;          /* the command line that repeats this run (for bundles) */
};

/* Every default, from the preset that this binary was built for. */
void setup_defaults(struct setup *setup);

/* One process, 4 GiB, 4-KiB pages, seed 1; everything else as Linux, or off. */
void setup_kernel_defaults(struct kernel_setup *setup);

/* What was chosen of the OS model, with its seed. */
struct os_config setup_os(const struct setup *setup);

const char *check_name(enum check_level check);

#endif
