/* Whatever chooses the pins of an MMU: a replayed trace (world.h) or random stimulus (random.h).
 *
 * The engines in lockstep.c and lane.c know nothing else of it: each cycle they show it the outputs, and it chooses the
 * inputs. */
#ifndef TWINWALK_DRIVER_H
#define TWINWALK_DRIVER_H

#include <stdio.h>

#include "cycle/mmu.h"
#include "exercised.h"
#include "finding.h"
#include "pins.h"

/* Who sees each cycle of a stretch. */
struct follower {
    /* Its inputs are chosen; `now`: its outputs. NULL: nobody wants to know. The driver may have ended then: the cycle
     * does not take place. */
    void (*chosen)(void *context, const struct pins_out *now);
    /* It has taken place, with these inputs; `next`: the outputs that follow. False: no further. NULL: likewise. */
    bool (*stepped)(void *context, const struct pins_in *in, const struct pins_out *next);
    void *context;
};

struct driver {
    uint64_t cycle;         /* the present one; cycle 0 is the first after reset. The engine counts it */
    struct pins_in in;      /* its inputs, chosen by drive() */
    bool mem_accepted;      /* drive() accepted the memory request of this cycle */
    bool ended;             /* nothing is left to do, or nothing more can be done */
    bool stop;              /* set by the engine: begin nothing new, finish what is under way */
    uint64_t progress;      /* cycle in which something was last completed; the hang watch looks at it */
    uint64_t done, total;   /* records or requests, for the progress line; total UINT64_MAX: unknown */
    uint64_t done_most;     /* set by the engine: a stretch goes no further than to the first cycle with so much done */
    struct finding finding; /* what drive() found wrong in the results */

    /* Takes in the outputs of this cycle and chooses its inputs. Called again for a later cycle, with the same outputs,
     * after a skip. */
    void (*drive)(struct driver *self, const struct pins_out *out);

    /* After drive(): how many cycles from this one on can bring nothing new as long as the MMU says waiting; 0: none,
     * UINT64_MAX: it will wait for ever. */
    uint64_t (*idle)(const struct driver *self);

    /* Before drive(): may carry out cycles before `until`, with all that drive(), exercised_note() and mmu_step() would
     * do in them, and leaves the outputs of the cycle in which it stops. follower NULL: nobody sees them. NULL: cannot.
     */
    void (*stretch)(struct driver *self, struct mmu *ref, struct pins_out *out, uint64_t until,
                    struct exercised *exercised, const struct follower *follower);

    /* Adds to a finding about the answer to request id of a port (or about nothing in particular: port < 0) what access
     * it concerns. */
    void (*locate)(const struct driver *self, int port, unsigned id, struct finding *finding);

    /* Prints the walk of the access that a finding concerns, in memory and under the registers of now. NULL: cannot. */
    void (*explain)(const struct driver *self, const struct finding *finding, FILE *out);

    /* Prints what it offered lately, a line each. NULL: a trace says it. */
    void (*offered)(const struct driver *self, FILE *out);
};

#endif
