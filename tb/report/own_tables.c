/* What came of a trace's own word, for people and as JSON: equal, or explained by an entry that was legally stale, ours
 * or that of the machine that was recorded. What is neither ends a run, so there is at most one. */
#include <inttypes.h>

#include <jansson.h>

#include "results.h"
#include "rows.h"

static uint64_t sum(const uint64_t n[2][2])
{
    return n[0][0] + n[0][1] + n[1][0] + n[1][1];
}

static uint64_t unexplained(const struct results *r)
{
    const enum finding_kind kind = r->verdict == VERDICT_MISMATCH ? r->finding.kind : FINDING_NONE;
    return kind == FINDING_ORACLE || kind == FINDING_EXPECT;
}

static void kinds(FILE *out, const char *name, const uint64_t n[2][2])
{
    report_row(out, name, "%15s  (%s translations, %s of them by paging-structure caches; %s page faults, %s)",
               report_number(sum(n)), report_number(n[0][0] + n[0][1]), report_number(n[0][1]),
               report_number(n[1][0] + n[1][1]), report_number(n[1][1]));
}

void report_own(FILE *out, const struct results *r)
{
    const struct world_counts *w = &r->world;
    if (w->expectations)
        report_row(out, "expectations checked", "%15s", report_number(w->expectations));
    if (r->has_os || !r->setup->trace)
        return;
    if (w->stale.compared) {
        report_row(out, "  of accesses", "%15s", report_number(w->stale.compared));
        report_row(out, "    equal", "%15s", report_number(w->stale.equal));
        report_row(out, "    ours was stale", "%15s", report_number(w->stale.ours_alone));
        report_row(out, "    theirs was stale", "%15s", report_number(sum(w->stale.theirs)));
        report_row(out, "    unexplained", "%15s", report_number(unexplained(r)));
    }
    kinds(out, "legal stale, ours", w->stale.ours);
    if (w->stale.again)
        report_row(out, "  made again", "%15s  accesses whose fault the trace does not have",
                   report_number(w->stale.again));
    if (w->stale.flags)
        report_row(out, "  A or D not set", "%15s  answers by entries that had it set before software cleared it",
                   report_number(w->stale.flags));
    if (w->stale.compared)
        kinds(out, "legal stale, theirs", w->stale.theirs);
    report_row(out, "A and D at the end", "%15s",
               w->stale.used ? "not compared: a stale entry may have set them" : "compared");
}

static void put(json_t *object, const char *key, uint64_t value)
{
    json_object_set_new(object, key, json_integer((json_int_t)value));
}

static json_t *kinds_json(const uint64_t n[2][2])
{
    json_t *o = json_object();
    put(o, "translations_tlb", n[0][0]);
    put(o, "translations_psc", n[0][1]);
    put(o, "faults_tlb", n[1][0]);
    put(o, "faults_psc", n[1][1]);
    return o;
}

json_t *report_own_json(const struct results *r)
{
    const struct world_counts *w = &r->world;
    json_t *o = json_object();
    put(o, "compared", w->stale.compared);
    put(o, "equal", w->stale.equal);
    put(o, "ours_was_stale", w->stale.ours_alone);
    put(o, "theirs_was_stale", sum(w->stale.theirs));
    put(o, "unexplained", unexplained(r));
    json_object_set_new(o, "stale_ours", kinds_json(w->stale.ours));
    json_object_set_new(o, "stale_theirs", kinds_json(w->stale.theirs));
    put(o, "made_again", w->stale.again);
    put(o, "flags_not_set", w->stale.flags);
    json_object_set_new(o, "flags_compared_at_end", json_boolean(!w->stale.used));
    return o;
}
