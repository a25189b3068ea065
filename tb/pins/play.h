/* One lockstep run of stimulus at the pins. */
#ifndef TWINWALK_PLAY_H
#define TWINWALK_PLAY_H

#include "engine/lockstep.h"
#include "stimulus.h"

struct play {
    /* Set by the caller. */
    const struct stimulus *stimulus;
    const bool *keep; /* which of its events count; NULL: all */
    const struct dut_ops *ops;
    struct dut *dut;      /* reset for it */
    uint64_t state_every; /* compare all state every so many cycles; 0: never */
    uint64_t hang_after;
    const char *waves; /* FST to write; NULL: none */

    /* The result. */
    struct finding finding;
    uint64_t cycles, answers, requests;
    bool ended, waves_failed;
};

/* False: not enough memory. */
bool play_run(struct play *play);

#endif
