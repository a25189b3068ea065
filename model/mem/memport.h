/* The far side of the MMU's memory port: takes requests, answers them after their latency.
 *
 * Rules of docs/microarchitecture.md section 2: reads return the line or the entry, and a compare-and-swap is
 * performed, at the reply cycle (of the cycles that the document allows; of some reads it is the accept cycle); at most
 * one reply a cycle (a reply whose cycle is taken slips to the next free one); replies in any order. Latency 1 means a
 * reply in the cycle after the accept. Deterministic for a given configuration, seed and sequence of requests. */
#ifndef TWINWALK_MEMPORT_H
#define TWINWALK_MEMPORT_H

#include "memerr.h"
#include "physmem.h"

enum memport_model { MEMPORT_FIXED = 0, MEMPORT_RANDOM = 1, MEMPORT_CACHE = 2 };

struct memport_cache_level {
    unsigned kib, ways, latency; /* latency in cycles of a hit here */
};

struct memport_config {
    enum memport_model model;
    unsigned fixed_latency;          /* cycles, >= 1 */
    unsigned random_min, random_max; /* cycles, >= 1, uniform, replies out of order */
    struct memport_cache_level level[3];
    unsigned dram_latency;
    unsigned reply_bytes;       /* 8: reads return the 8 bytes at the address (reply.h); else the line */
    unsigned error_per_million; /* share of requests answered with an error (random stimulus) */
    unsigned stall_per_million; /* share of cycles in which memport_ready says no (random stimulus) */
    unsigned early_per_million; /* share of reads that return the line as it was when they were accepted (likewise) */
    uint64_t seed;
};

struct memport_request {
    uint8_t tag;
    bool cas;
    uint64_t addr, expected, desired;
};

struct memport_reply {
    uint8_t tag;
    bool err;
    uint64_t addr;        /* of the request */
    const uint64_t *line; /* 8 words as they are at the reply cycle (early ones: were at the accept), before a CAS takes
                             effect, as the pins carry them (reply.h); valid until the next call */
};

struct memport;

/* NULL when memory is short or the configuration is impossible: a latency of 0, random_min above random_max, or a cache
 * whose sets are not a power of two. Only the fields of the chosen model count. */
struct memport *memport_new(struct physmem *pm, const struct memport_config *config);
void memport_free(struct memport *mp);

/* Whether a request may be accepted in this cycle: false in stalled cycles and while 16 requests are outstanding. The
 * stalls are a function of seed and cycle alone, so asking again, or not asking, changes nothing. */
bool memport_ready(struct memport *mp, uint64_t cycle);

/* Accepts a request in this cycle. At most one a cycle, at most one outstanding per tag (0 … 15). */
void memport_accept(struct memport *mp, uint64_t cycle, const struct memport_request *request);

/* The reply of this cycle, if there is one: performs its CAS and removes it. An erring reply carries a line of zeros,
 * and its CAS writes nothing. Cycles may be skipped up to memport_next, never past it. */
bool memport_reply(struct memport *mp, uint64_t cycle, struct memport_reply *reply);

/* The cycle of the next reply; UINT64_MAX when nothing is outstanding. */
uint64_t memport_next(const struct memport *mp);

/* The orders by which requests fail, to be added to; a request meets them when it is accepted. */
struct memerr *memport_errors(struct memport *mp);

/* The program's own access to pa, which shares the caches with the walkers (no effect under other models, takes no
 * time). */
void memport_touch(struct memport *mp, uint64_t pa);
void memport_touch_all(struct memport *mp, const uint64_t *pa, unsigned count); /* one after another */

/* Fills *config from the preset the program was compiled for (mmu_cfg.h); no errors, no stalls, seed 1. */
void memport_preset(struct memport_config *config);

#endif
