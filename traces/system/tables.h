/* The guest's page tables: which pages are tables, and what the trace has said of them.
 *
 * A page is *live* while one of the roots that CR3 held leads to it. Of every page that ever was live there is a copy,
 * the 8-byte words as the trace's POKE records gave them last: what a replay has in its memory, but for A and D. When a
 * page becomes live, its words are given; from then on each store of the guest to it. Roots are forgotten when others
 * are used instead: their tables may then be freed and hold anything. Should such a root come back, its tables are
 * given again. */
#ifndef TWINWALK_SYSTEM_TABLES_H
#define TWINWALK_SYSTEM_TABLES_H

#include <stdbool.h>
#include <stdint.h>

/* False when there is no memory for it. poke is told every word, those of a table before the entry that links it. */
bool tables_open(uint64_t memory_bytes, void (*poke)(uint64_t pa, uint64_t value));

/* CR3 gets this value, with a root of this level (4 or 5). Called before the trace's MOV CR3. */
void tables_root(uint64_t cr3, unsigned level);
/* The guest has written these bytes (within a page). True when they were part of live tables. */
bool tables_store(uint64_t pa, unsigned bytes);

/* What a replay has in its memory there (walk_reader). */
uint64_t tables_word(uint64_t pa);
/* Words of live tables that differ from the machine's memory in more than A and D: stores that were not seen. 0 is
 * right. */
uint64_t tables_differ(void);

struct tables_counts {
    uint64_t pokes, tables, roots; /* words given; pages that became live; roots that were met (again) */
    uint64_t
        ages_cleared; /* stores that left a present entry as it was, but with A clear: reclaim's look at what is used */
};
const struct tables_counts *tables_get_counts(void);

#endif
