/* A stream of accesses at saturation: every port that is ready gets the next one, so none waits at a port while others
 * overtake it. */
#ifndef TWINWALK_FORMS_STREAM_H
#define TWINWALK_FORMS_STREAM_H

#include "stand.h"

struct stream {
    uint64_t (*va)(const void *context, uint64_t n); /* address of the nth */
    const void *context;
    uint64_t warm, count; /* answers before the measurement begins, and in it */
};

/* What one side did. */
struct flow {
    uint64_t answers, reads, walks;    /* from the first access to the last answer */
    uint64_t from, to;                 /* cycles between which the rate is taken */
    uint64_t answers_from, answers_to; /* answers up to these */
};

/* Accesses by loads on the data ports and fetches on the others, until warm + count answers and everything outstanding
 * has been answered. False when the stand stopped. */
bool stream_run(struct stand *r, const struct stream *stream, struct flow flow[SIDES]);

/* Answers per cycle. */
double flow_rate(const struct flow *flow);

#endif
