/* Between the files of the books of what may be stale (stale.h). */
#ifndef TWINWALK_STALE_PARTS_H
#define TWINWALK_STALE_PARTS_H

#include "arch/rules.h"
#include "arch/x86.h"
#include "stale.h"

enum { PCIDS = 4096 };

/* What memory held at pa from one time to another. */
struct former {
    uint64_t pa, value, from, to; /* from <= t < to; from 0: always */
    uint32_t before;              /* number of the one before at the same address; FORMER_NONE */
};

#define FORMER_NONE UINT32_MAX

/* In the order of `to`. */
struct past {
    struct former *former;
    uint32_t *newest;    /* by hash of pa: number of the newest in the chain, FORMER_NONE */
    uint32_t used, room; /* room: a power of two, also of newest[] */
};

/* The last time at which something was dropped, and the time before that. */
struct cut {
    uint64_t key; /* 0: empty */
    uint64_t last, before;
};

enum cut_kind {
    CUT_TLB,    /* what translates an address under a PCID, and is not global */
    CUT_GLOBAL, /* what translates an address, and is global */
    CUT_PSC,    /* what leads to an address under a PCID */
    CUT_ROOT,   /* no cut: the last time that a table was a root */
};

enum cut_whose { CUT_BOTH, CUT_OURS, CUT_THEIRS };

struct cuts {
    struct cut *entry; /* open addressing, at most 3/4 full */
    uint32_t used, room;
    uint64_t global; /* last time that all global translations were dropped */
    uint64_t tlb[PCIDS],
        psc[PCIDS];       /* … that all that is not global of a PCID was, and all of its paging-structure caches */
    uint16_t pcid[PCIDS]; /* those that were ever current: nothing is cached of others */
    unsigned pcids;
    bool known[PCIDS];
};

struct stale {
    struct physmem *pm;
    const struct oracle_cpu *cpu;
    struct past past;
    struct cuts cuts;
    uint64_t root[PCIDS], root_from[PCIDS]; /* the table that a PCID was last used with */
};

/* stale_past.c */
bool past_start(struct past *p, uint32_t room);
void past_end(struct past *p);
uint32_t past_newest(const struct past *p, uint64_t pa); /* FORMER_NONE: none */
bool past_add(struct stale *s,
              const struct former *former); /* with what can be dropped dropped; false when memory is short */

/* The pseudo address under which the roots of a PCID are kept. */
static inline uint64_t past_root(unsigned pcid)
{
    return UINT64_C(1) << 63 | pcid;
}

/* stale_cuts.c */
bool cuts_start(struct cuts *c, uint32_t room);
void cuts_end(struct cuts *c);
bool cuts_note(struct cuts *c, uint64_t now, enum cut_whose whose, enum cut_kind kind, unsigned level, unsigned pcid,
               uint64_t va);
uint64_t cuts_floor(const struct cuts *c); /* before that nothing but global translations can have been cached */

/* The time of the last one that an access begun at `since` knows of, for one of the two. */
uint64_t cuts_last(const struct cuts *c, enum stale_who who, enum cut_kind kind, unsigned level, unsigned pcid,
                   uint64_t va, uint64_t since);

#endif
