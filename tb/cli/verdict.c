/* What a run came to: see verdict.h. */
#include "verdict.h"

#include <inttypes.h>
#include <stdio.h>

#include "base/exits.h"

void verdict_of_world(struct results *r, const struct world *w)
{
    if (!w->broken)
        return;
    r->verdict = w->status == STATUS_UNFIT  ? VERDICT_UNFIT
                 : w->status == STATUS_HOST ? VERDICT_HOST
                                            : VERDICT_BAD_INPUT;
    snprintf(r->error, sizeof r->error, "%s", w->error);
}

void verdict_judge(struct results *r, const struct finding *finding, bool ended, bool interrupted)
{
    if (finding->kind != FINDING_NONE) {
        r->finding = *finding;
        r->verdict = finding->kind == FINDING_HANG ? VERDICT_HANG : VERDICT_MISMATCH;
    } else if (interrupted) {
        r->verdict = VERDICT_INTERRUPTED;
    } else if (r->verdict == VERDICT_EQUAL && !ended) {
        r->verdict = VERDICT_INCOMPLETE;
        snprintf(r->error, sizeof r->error, "the run did not come to its end");
    }
}

/* An access, a request, or at least something that the trace itself demands. */
static bool compared_anything(const struct results *r)
{
    return r->random ? r->random->answers != 0 : r->world.accesses || r->world.expectations;
}

void verdict_complete(struct results *r, const struct lockstep *l)
{
    const struct setup *o = r->setup;
    if (r->verdict != VERDICT_EQUAL)
        return;
    if (!compared_anything(r))
        snprintf(r->error, sizeof r->error, "%s, so nothing was compared",
                 r->random ? "no request was answered" : "the trace has no access");
    else if (o->dense && l && !l->dense_compared)
        snprintf(r->error, sizeof r->error,
                 "--from=%" PRIu64 ": the run ended in cycle %" PRIu64 ", and no state was compared there", o->from,
                 r->cycles_ref);
    else if (o->check == CHECK_STATE && l && l->ops && l->ops->state_waits && !l->state_compared)
        snprintf(r->error, sizeof r->error,
                 "the device's state can be read only while it waits, and it never did when state was to be compared");
    else if (o->waves && l && !l->waves_begun)
        snprintf(r->error, sizeof r->error,
                 "--waves-from=%" PRIu64 ": the run ended in cycle %" PRIu64 ", and no waveform was written",
                 o->waves_from, r->cycles_ref);
    else
        return;
    r->verdict = VERDICT_INCOMPLETE;
}
