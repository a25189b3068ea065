/* The difference between two profiles (records.h), gathered in one pass over both. */
#ifndef TWINWALK_DIFFERENCE_H
#define TWINWALK_DIFFERENCE_H

#include "engine/histogram.h"
#include "records.h"

enum { DIFFERENCE_WORST_MOST = 100 };

/* An access and what it cost on both sides. */
struct difference_access {
    uint64_t number;
    struct record_access side[2];
    uint64_t cycles[2];
};

struct difference {
    unsigned worst_wanted; /* set by the caller, at most DIFFERENCE_WORST_MOST */

    uint64_t accesses[2];
    struct record_end books[2];
    uint64_t moved[4][4]; /* accesses by where base found their translation, and where head did */
    struct histogram latency[2];
    uint64_t unequal; /* accesses whose translations differ */
    struct difference_access first_unequal;
    bool any_cycles; /* some access cost other cycles or had another latency */
    struct difference_access first_cycles;
    unsigned losers, winners; /* filled, most first */
    struct difference_access lost[DIFFERENCE_WORST_MOST], won[DIFFERENCE_WORST_MOST];
    bool marks_differ;      /* the pins differed in some cycle from pins_equal_to on */
    uint64_t pins_equal_to; /* in all cycles before this one the pins were equal */
};

/* Reads both to their ends. False with one line in error[] when one is torn. */
bool difference_read(struct difference *d, struct records_reader *base, struct records_reader *head, char *error,
                     size_t size);

#endif
