/* One run, put together from the options: a driver, the reference model, a DUT, the engine between them. */
#ifndef TWINWALK_SESSION_H
#define TWINWALK_SESSION_H

#include "engine/lane.h"
#include "engine/lockstep.h"
#include "replay/world.h"
#include "setup.h"

struct session {
    const struct setup *setup;
    struct world *world;   /* the driver of a trace; NULL for random stimulus */
    struct random *random; /* the driver of random stimulus; NULL for a trace */
    struct mmu *ref;
    struct lockstep lockstep;
    char error[512];
    int status; /* enum exit_status: of what kind the error is */
};

/* Prepares a lockstep run of ops and dut (NULL: the model alone). False with session->error and its status. */
bool session_open(struct session *session, const struct setup *setup, const struct dut_ops *ops, struct dut *dut);
void session_close(struct session *session);

/* A world for these options; NULL with error[] filled in, and *status (enum exit_status) says of what kind it is. */
struct world *session_world(const struct setup *setup, bool judged, char *error, size_t size, int *status);

/* One side at its own pace: held to the rules of its ports, and at arch, where the model's events are not its own,
 * asked for its counters. */
struct lane session_lane(const struct setup *setup, struct driver *driver, const struct dut_ops *ops, struct dut *dut);

#endif
