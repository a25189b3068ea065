/* Plays judge cases in Bochs' processor and counts what came of them. */
#ifndef TWINWALK_BOCHS_PLAY_H
#define TWINWALK_BOCHS_PLAY_H

#include "bochs_control.h"
#include "bochs_excuses.h"
#include "expect.h"

struct bochs_wish {
    uint64_t seed, from; /* first case for every MAXPHYADDR */
    uint64_t show;       /* print so many disagreements whole */
    const struct case_sabotage *sabotage;
};

struct bochs_counts {
    uint64_t cases, accesses, entries; /* compared */
    uint64_t implicit, shadow_stack;   /* accesses that were so */
    uint64_t by_kind[3];               /* accesses by what the oracle expects: OK, #GP, #PF */
    uint64_t by_size[3], by_levels[2]; /* those that complete by page size; cases with four, five levels */
    uint64_t by_error_bit[7];          /* #PF by bit of the error code */
    uint64_t a_set, d_set;             /* entries in which A (D) had to be set */
    uint64_t types, table_types;       /* memory types compared: of pages, of tables read */
    uint64_t panics;                   /* accesses of which Bochs thinks that they cannot be */
    uint64_t excused[BOCHS_EXCUSES];   /* differences by bochs_excuses[] */
    struct control_counts control;
    uint64_t disagreements; /* cases with a difference that nothing excuses */
};

struct bochs_play;

/* NULL: memory is short. One at a time. */
struct bochs_play *bochs_play_new(const struct bochs_wish *wish, struct bochs_counts *counts);
void bochs_play_free(struct bochs_play *play);

/* Plays the case of this number with this MAXPHYADDR, adding to counts. False: memory is short. */
bool bochs_play_case(struct bochs_play *play, unsigned paddr_bits, uint64_t number);

#endif
