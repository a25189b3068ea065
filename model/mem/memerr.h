/* Memory that fails, as directed: the orders of a trace's `memerr` records (docs/trace-format.md section 1), and
 * whether a request meets one. A failing read has no data and a failing compare-and-swap writes nothing; that is up to
 * whoever answers (memport.h). */
#ifndef TWINWALK_MEMERR_H
#define TWINWALK_MEMERR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum memerr_what {
    MEMERR_OFF,  /* nothing fails any more */
    MEMERR_AT,   /* every request for the 64 bytes around a physical address fails */
    MEMERR_READ, /* the nth read from here fails, 1 being the next, and then no other; updates do not count */
    MEMERR_WHATS
};

/* All zero: nothing fails. */
struct memerr {
    uint64_t *line; /* the lines that fail, by number */
    size_t lines, room;
    uint64_t reads; /* so many reads from here one fails; 0: none will */
};

/* Adds an order (a second MEMERR_READ replaces the first), or ends them all. value: the address or the n; MEMERR_READ
 * with 0 is no order. False when memory is short. */
bool memerr_order(struct memerr *m, enum memerr_what what, uint64_t value);

/* Does this request, a read or an update of the 8 bytes at pa, fail? To be asked once of each request, in their order.
 */
bool memerr_strikes(struct memerr *m, uint64_t pa, bool update);

void memerr_free(struct memerr *m);

#endif
