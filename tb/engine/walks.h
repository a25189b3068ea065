/* How many memory accesses each page walk made.
 *
 * The MMU's pins do not say where a walk begins; the reference model's walker state does, and is looked at once for
 * every memory request. */
#ifndef TWINWALK_WALKS_H
#define TWINWALK_WALKS_H

#include <stdbool.h>
#include <stdint.h>

#include "cycle/mmu.h"

enum { WALKS_BINS = 16, WALKS_TAGS = 16 };

struct walks {
    struct {
        uint64_t va, owner; /* whose walk it is: linear address; entry, port and id of the request */
        unsigned level, requests;
    } open[WALKS_TAGS];       /* the latest walk of each walker; requests = 0: none yet */
    uint64_t bin[WALKS_BINS]; /* walks by the number of requests they made; the last holds all beyond */
};

/* A memory request of a walker was accepted; to be called before the step that takes it. */
void walks_note(struct walks *walks, const struct mmu *ref, unsigned tag, bool cas);

/* Closes the walks that are still open. all: walks that the model has begun; those of them that made no request (their
 * lines were read for another one, or they were given up before) are counted too. */
void walks_end(struct walks *walks, uint64_t all);

#endif
