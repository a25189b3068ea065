/* One long trace in slices: the model runs ahead alone, and at each boundary a device is put into its state and runs
 * the slice that begins there in lockstep (docs/slices.md says why nothing is lost, and what it gains).
 *
 *     model    ├─────┬─────┬─────┬─────┤             forks at each boundary
 *     slice 0  ├─ ─ ─ ─ ─┤                           lockstep, in processes of their own
 *     slice 1        ├─ ─ ─ ─ ─┤
 *     slice 2              ├─ ─ ─ ─ ─┤
 *
 * Every slice's process is what the whole run in one process would be from that boundary on. All but one end at the
 * next boundary, where all state must be equal. The one that does not, the first in the order of the trace (one that
 * finds something, else the last), goes on to the report with the totals of the whole. */
#ifndef TWINWALK_SLICES_H
#define TWINWALK_SLICES_H

#include "base/progress.h"
#include "engine/lockstep.h"
#include "replay/world.h"

/* What a report tells of it. */
struct slices_counts {
    unsigned jobs;           /* processes at work at a time; 0: one slice alone */
    uint64_t slices;         /* cut; of one slice alone: in all */
    uint64_t number;         /* of one slice alone, from 0 */
    uint64_t boundaries;     /* at which all state was equal */
    uint64_t from, to;       /* cycles of one slice alone */
    uint64_t begins, ends;   /* digests of the state there: the next slice begins as this one ends */
    double model_seconds;    /* CPU time of the model ahead */
    double lockstep_seconds; /* … of all slices */
    double wall_seconds;
};

struct slice;

struct slices {
    /* Set by the caller; zero means none. */
    unsigned jobs;       /* 2 … SLICES_JOBS_MOST */
    uint64_t wanted;     /* slices of equal length; 0: as many as keep all busy */
    uint64_t number, of; /* slices_one: slice `number` of `of` */
    struct lockstep *lockstep;
    struct world *world;
    struct dut *dut; /* slices_one: was never reset. slices_run: the parent has none, a child makes its own */
    struct progress *progress;

    /* The result. */
    struct slices_counts counts;
    bool at_boundary; /* what was found is that the state differs at a boundary */
    bool whole;       /* slices_one: the slice was run to its end */
    bool beyond;      /* … the trace ended before it */
    int status;       /* SLICES_ELSEWHERE: its exit status; SLICES_FAILED: of what kind the error is */
    char error[256];

    /* Inside. */
    struct slice *slice; /* those begun */
    uint64_t begun, room, passed;
    unsigned running;
    bool child, reached;
    uint64_t digest; /* … in this state */
    int link;        /* of a child, to its parent */
    double started, cpu_started;
};

enum { SLICES_JOBS_MOST = 256 };

enum slices_end {
    SLICES_HERE,      /* this process has the run's result, in lockstep and counts */
    SLICES_ELSEWHERE, /* another process had, and has reported it */
    SLICES_FAILED,    /* a process was lost: error[] says which, and how */
};

/* Runs the lockstep, whose dut is NULL, in slices. It may return in several processes: see enum slices_end. */
enum slices_end slices_run(struct slices *s);

/* Runs ahead to slice `number` of `of` equal ones, and that one in lockstep, in this process. */
void slices_one(struct slices *s);

#endif
