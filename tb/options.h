/* What the user asked for: the command line of `cosim`, `model` and `random`, checked and in numbers. */
#ifndef TWINWALK_OPTIONS_H
#define TWINWALK_OPTIONS_H

#include <stdbool.h>
#include <stdint.h>

#include <argp.h>

#include "mem/memport.h"
#include "options_kernel.h"

enum check_level { CHECK_ARCH, CHECK_EVENTS, CHECK_CYCLE, CHECK_STATE };

struct options {
    const char *trace;            /* path, "-" for standard input; NULL for random stimulus */
    const char *dut;              /* name of the device under test; NULL: the first of the list */
    enum check_level check;
    const char *json;             /* where to write the results as JSON; NULL: nowhere */
    const char *waves;            /* FST to write; NULL: none */
    uint64_t waves_from, waves_to;/* cycles, both included */
    struct memport_config memory; /* the preset's, changed by --memory, --latency, --seed */
    const char *memory_name;      /* fixed, random or cache */
    uint64_t seed;
    struct kernel_options kernel; /* the OS model, without its seed */
    uint64_t verify;              /* faults between two checks of all that the OS model believes; 0: none */
    uint64_t limit;               /* accesses to replay at most */
    unsigned window;              /* entries of the reorder window */
    bool skip;                    /* jump over cycles in which everything waits for memory */
    uint64_t state_every;         /* cycles between two comparisons of all state */
    bool speed;                   /* run the DUT alone as well and compare speeds */
    uint64_t from, to;            /* cycles between which a rerun compares all state in every cycle */
    uint64_t hang_after;          /* cycles without progress that count as a hang */
    uint64_t requests;            /* of random stimulus */
    uint64_t cycles;              /* that random stimulus steps through at most */
    const char *out;              /* folder under which mismatch bundles are written */
    const char *rerun;            /* the command line that repeats this run (for bundles) */
};

/* Every default, from the preset that this binary was built for. */
void options_defaults(struct options *options);

/* Parses the arguments of a subcommand (argv[0] is its name) with argp, which prints help and complaints and exits. */
void options_parse_cosim(struct options *options, int argc, char **argv);
void options_parse_model(struct options *options, int argc, char **argv);
void options_parse_random(struct options *options, int argc, char **argv);

/* The same for `twinwalk memory`. */
void options_parse_memory(struct options *options, int argc, char **argv);

/* What was chosen of the OS model, with its seed. */
struct os_config options_os(const struct options *options);

/* For parsers: a whole number, decimal or 0x…, with an optional binary suffix; complains and exits when it is none or out of range. */
uint64_t options_number(struct argp_state *state, const char *option, const char *text, uint64_t low, uint64_t high, bool suffix);
/* The position of text in a list of names that ends with NULL; complains and exits when it is not there. */
unsigned options_choice(struct argp_state *state, const char *option, const char *text, const char *const *names);
/* name, when this binary has a device of it; else complains and exits. */
const char *options_dut(struct argp_state *state, const char *name);

const char *check_name(enum check_level check);

#endif
