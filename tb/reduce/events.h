/* What a run asked of its MMU, seen at the pins: the accesses and control operations in the order in which they were
 * accepted, each access with the page-table entries that its walk reads at that moment.
 *
 * From the last of these events a trace with tables of its own can be made that asks the same, wherever the stimulus
 * came from: a program under the OS model, a recorded kernel, random stimulus. */
#ifndef TWINWALK_EVENTS_H
#define TWINWALK_EVENTS_H

#include "engine/rig.h"
#include "session/session.h"

struct event {
    bool control;
    struct oracle_regs regs; /* before the event */
    struct pins_req req;     /* of an access */
    uint8_t op, steps;       /* of a control operation; of an access: entries read */
    uint64_t data, desc;     /* of a control operation */
    struct oracle_step step[5];
};

struct events {
    struct event *ring;
    uint64_t seen; /* ever; the last EVENTS_MOST of them are in the ring */
    const struct physmem *physmem;
    const struct oracle_regs *regs;
    const struct oracle_cpu *cpu;
    struct driver *driver; /* of a session; NULL for a rig */
    uint64_t until; /* set by the caller: end the run some records after so many were done; UINT64_MAX: let it run */
};

enum { EVENTS_MOST = 1 << 16 };

/* Listens to a session that is open and has not run. False: not enough memory. events_free() in any case. */
bool events_listen(struct events *e, struct session *session);
void events_free(struct events *e);

/* The same for a rig (rig->watch; the context is the events, begun by events_new). */
bool events_new(struct events *e);
void events_rig(void *context, const struct rig *rig);

/* A cycle of the session's driver, for a lane (lane->watch; the context is the events): lockstep calls it by itself. */
void events_cycle(void *context, const struct pins_out *out);

/* The nth from the end, 0 the last; n < EVENTS_MOST and < seen. */
const struct event *events_last(const struct events *e, uint64_t n);

#endif
