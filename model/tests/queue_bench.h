/* What tests of the miss queue share beside cycle_bench.h. */
#ifndef TWINWALK_TESTS_QUEUE_BENCH_H
#define TWINWALK_TESTS_QUEUE_BENCH_H

#include "cycle_bench.h"

/* The entries of DATA's requests in an empty queue: that of the first, of a second beside it, of a third. */
enum { FIRST = DATA, SECOND, THIRD };

/* Are there entries for two requests of DATA beside each other? */
static inline bool room_for_two(void)
{
    return QUEUE >= DATA + 2;
}

/* The state of an entry (enum queue_state). */
static inline unsigned entry_state(const struct bench *b, unsigned n)
{
    return bench_state0(b, 6, n) & 15;
}

#endif
