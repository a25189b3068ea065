/* The ground on which the headline's numbers are measured: a rig with the caches and the DRAM of the preset's [memory],
 * page tables that are built where they are touched, and accesses made one at a time, as a chase of pointers makes
 * them.
 *
 * Each page table has a frame of its own, scattered over 1 GiB of memory, as on a machine that has been up for a while;
 * data lie elsewhere, and an access goes through the caches that the walkers use too. All entries have A and D set:
 * what is counted are reads. */
#ifndef TWINWALK_HEADLINE_GROUND_H
#define TWINWALK_HEADLINE_GROUND_H

#include <jansson.h>

#include "engine/histogram.h"
#include "engine/rig.h"

enum { GROUND_SOURCES = 4, GROUND_READS = 16 };

/* What was seen of the accesses since ground_count. */
struct tally {
    uint64_t accesses;
    struct histogram latency[GROUND_SOURCES]; /* accept to response, cycles, by enum pins_source */
    uint64_t reads[GROUND_READS];             /* walks, by their memory accesses */
};

struct ground {
    struct rig *r;
    unsigned size, levels; /* of the pages that are mapped from now on: enum pins_page_size; 4 or 5 */
    uint64_t tables;       /* page tables so far */
    uint64_t random;       /* state of the random numbers */
    uint64_t checked;      /* answers that the oracle judged */
    struct tally *tally;
};

/* Room for pages of this size in tables of so many levels; the registers are set. Exits with a message when it cannot
 * be made. */
struct ground *ground_new(const struct dut_ops *dut, unsigned size, unsigned levels);
void ground_free(struct ground *g);

/* From now on the tally counts, from nothing. */
void ground_count(struct ground *g);

/* A load at va, alone, to its end; maps the page if it is not. False once the rig is stopped. */
bool ground_load(struct ground *g, uint64_t va);

/* INVLPG of a page that is in no use: no TLB entry goes, but every entry of the walk caches does (SDM 3A 5.10.4.1). */
bool ground_forget_walks(struct ground *g);

/* An address in one of `pages` pages that follow one another from TABLES_FIRST on, some page or the nth (modulo pages).
 */
uint64_t ground_somewhere(struct ground *g, uint64_t pages);
uint64_t ground_page(const struct ground *g, uint64_t n, uint64_t pages);

/* count, p50, p90, p99, max, mean; with the bins too ([[cycles, times] …]) if wanted. */
json_t *ground_histogram(const struct histogram *h, bool bins);

#endif
