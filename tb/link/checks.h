/* The checks of a run: which CRC is expected in which cycle, and what the board has answered. */
#ifndef TWINWALK_CHECKS_H
#define TWINWALK_CHECKS_H

#include <stdbool.h>
#include <stdint.h>

#include "link.h"

enum { CHECKS = 256 }; /* under way at most */

struct checks {
    struct {
        uint64_t cycle, crc;
    } made[CHECKS]; /* number modulo CHECKS */
    uint64_t count, answered;
    uint64_t good; /* cycles before it were equal */
    bool parted;   /* one was not as expected */
};

void checks_begin(struct checks *c);

/* One more: after so many cycles, this CRC. At most CHECKS may be open. */
void checks_add(struct checks *c, uint64_t cycle, uint64_t crc);

/* A status: its last check tells of all before it. */
void checks_answered(struct checks *c, const struct link_status *s);

/* How many have no answer yet. */
uint64_t checks_open(const struct checks *c);

#endif
