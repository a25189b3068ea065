/* Plays judge cases in Bochs' processor and counts what came of them. */
#ifndef TWINWALK_BOCHS_PLAY_H
#define TWINWALK_BOCHS_PLAY_H

#include "bochs_control.h"
#include "verdict.h"

struct bochs_wish {
    uint64_t seed, from; /* first case for every MAXPHYADDR */
    uint64_t show;       /* print so many disagreements whole */
    const struct case_sabotage *sabotage;
};

struct bochs_counts {
    struct verdict_counts verdict;
    uint64_t types, table_types; /* memory types compared: of pages, of tables read */
    uint64_t panics;             /* accesses of which Bochs thinks that they cannot be */
    struct control_counts control;
};

struct bochs_play;

/* NULL: memory is short. One at a time. */
struct bochs_play *bochs_play_new(const struct bochs_wish *wish, struct bochs_counts *counts);
void bochs_play_free(struct bochs_play *play);

/* Plays the case of this number with this MAXPHYADDR, adding to counts. False: memory is short. */
bool bochs_play_case(struct bochs_play *play, unsigned paddr_bits, uint64_t number);

#endif
