/* The parts of the headline: each measures one thing and gives its rows. */
#ifndef TWINWALK_HEADLINE_PART_H
#define TWINWALK_HEADLINE_PART_H

#include <jansson.h>

#include "headline/ground.h"

struct headline {
    const struct dut_ops *dut; /* NULL: the model alone */
    bool quick;                /* a tenth of the accesses, for tests of the command */
    uint64_t checked, cycles;  /* answers judged, cycles stepped or skipped, so far */
    struct finding finding;    /* what stopped it; FINDING_NONE: nothing */
};

/* Each gives a JSON array, and may leave it short when h->finding says why. */
json_t *headline_walks(struct headline *h);
json_t *headline_latency(struct headline *h);
json_t *headline_reach(struct headline *h);
json_t *headline_faults(struct headline *h);

/* n accesses, or a tenth. */
static inline uint64_t headline_count(const struct headline *h, uint64_t n)
{
    return h->quick ? (n + 9) / 10 : n;
}

/* Takes what a ground has to say, and frees it. */
static inline void headline_close(struct headline *h, struct ground *g)
{
    h->checked += g->checked;
    h->cycles += g->r->cycle;
    if (h->finding.kind == FINDING_NONE)
        h->finding = g->r->finding;
    ground_free(g);
}

static inline bool headline_stopped(const struct headline *h)
{
    return h->finding.kind != FINDING_NONE;
}

#endif
