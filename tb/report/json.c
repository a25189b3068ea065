/* The results as JSON: the same numbers as the table, under the names of the structures they come from. */
#include <inttypes.h>
#include <jansson.h>

#include "base/about.h"
#include "results.h"

static void put(json_t *object, const char *key, uint64_t value)
{
    json_object_set_new(object, key, json_integer((json_int_t)value));
}

static json_t *world_json(const struct results *r)
{
    const struct world_counts *w = &r->world;
    json_t *o = json_object();
    put(o, "accesses", w->accesses);
    put(o, "fetches", w->by_acc[ACC_EXECUTE]);
    put(o, "loads", w->by_acc[ACC_READ]);
    put(o, "stores", w->by_acc[ACC_WRITE]);
    put(o, "records", r->records);
    if (r->record_total != UINT64_MAX)
        put(o, "records_in_trace", r->record_total);
    put(o, "oracle_checks", w->oracle_checks);
    put(o, "table_types", w->table_types);
    put(o, "expectations", w->expectations);
    put(o, "faults_taken", w->faults_taken);
    put(o, "pf_results", w->pf);
    put(o, "gp_results", w->gp);
    put(o, "memory_errors", w->memory_errors);
    put(o, "syscalls", w->syscalls);
    put(o, "control_ops", w->control_ops);
    put(o, "control_gp", w->control_gp);
    put(o, "shared_global", w->shared_global);
    if (r->has_os) {
        put(o, "minor_faults", r->os.minor_faults);
        put(o, "cow_faults", r->os.cow_faults);
        put(o, "spurious_faults", r->os.spurious_faults);
        put(o, "table_frames", r->os.table_frames);
        put(o, "data_frames", r->os.data_frames);
    }
    put(o, "table_bytes", r->table_bytes);
    return o;
}

static json_t *mmu_json(const struct mmu_counts *m)
{
    json_t *o = json_object(), *psc = json_array();
    put(o, "itlb_hit", m->l1_hit[0]);
    put(o, "itlb_miss", m->l1_miss[0]);
    put(o, "dtlb_hit", m->l1_hit[1]);
    put(o, "dtlb_miss", m->l1_miss[1]);
    put(o, "merged", m->merged);
    put(o, "stlb_hit", m->stlb_hit);
    put(o, "stlb_miss", m->stlb_miss);
    for (unsigned level = 0; level < 6; level++)
        json_array_append_new(psc, json_integer((json_int_t)m->psc_hit[level]));
    json_object_set_new(o, "psc_hit", psc);
    put(o, "walks", m->walks);
    put(o, "walk_restarts", m->walk_restarts);
    put(o, "reads", m->reads);
    put(o, "line_merges", m->line_merges);
    put(o, "cas", m->cas);
    put(o, "cas_failed", m->cas_failed);
    put(o, "faults", m->faults);
    put(o, "memory_errors", m->memory_errors);
    put(o, "control_ops", m->control_ops);
    return o;
}

static json_t *walks_json(const struct results *r)
{
    json_t *o = json_object(), *bins = json_array();
    for (unsigned n = 0; n < WALKS_BINS; n++)
        json_array_append_new(bins, json_integer((json_int_t)r->walks.bin[n]));
    json_object_set_new(o, "by_memory_accesses", bins);
    if (r->latency && r->latency->count) {
        put(o, "latency_count", r->latency->count);
        put(o, "latency_p50", histogram_percentile(r->latency, 0.5));
        put(o, "latency_p90", histogram_percentile(r->latency, 0.9));
        put(o, "latency_p99", histogram_percentile(r->latency, 0.99));
        put(o, "latency_max", r->latency->max);
        json_object_set_new(o, "latency_mean", json_real((double)r->latency->sum / (double)r->latency->count));
    }
    return o;
}

static json_t *random_json(const struct random_counts *c)
{
    json_t *o = json_object();
    put(o, "requests", c->requests);
    put(o, "answers", c->answers);
    put(o, "squashed", c->squashed);
    put(o, "ok", c->by_kind[KIND_OK]);
    put(o, "pf", c->by_kind[KIND_PF]);
    put(o, "gp", c->by_kind[KIND_GP]);
    put(o, "memerr", c->by_kind[KIND_MEMERR]);
    put(o, "from_l1", c->by_source[SRC_L1]);
    put(o, "from_stlb", c->by_source[SRC_STLB]);
    put(o, "from_walk", c->by_source[SRC_WALK]);
    put(o, "from_merge", c->by_source[SRC_MERGED]);
    put(o, "oracle_checks", c->oracle_checks);
    put(o, "unjudged", c->unjudged);
    put(o, "several_allowed", c->several);
    put(o, "stale", c->stale);
    put(o, "spurious", c->spurious);
    put(o, "edits", c->edits);
    put(o, "control_in_flight", c->control_in_flight);
    json_t *ops = json_object(), *gp = json_object(), *edits = json_object(), *corners = json_object();
    for (unsigned op = 0; op < 16; op++) {
        put(ops, random_op_name(op), c->control_ops[op]);
        put(gp, random_op_name(op), c->control_gp[op]);
    }
    for (unsigned i = 0; i < RANDOM_EDITS; i++)
        put(edits, random_edit_name(i), c->edits_by[i]);
    for (unsigned i = 0; i < CORNERS; i++)
        put(corners, random_corner_name(i), c->corner[i]);
    json_object_set_new(o, "control_ops", ops);
    json_object_set_new(o, "control_gp", gp);
    json_object_set_new(o, "edits_by", edits);
    json_object_set_new(o, "corners", corners);
    return o;
}

static json_t *finding_json(const struct results *r)
{
    const struct finding *f = &r->finding;
    json_t *o = json_object();
    json_object_set_new(o, "kind", json_string(finding_name(f->kind)));
    json_object_set_new(o, "field", json_string(f->field));
    json_object_set_new(o, "expected", json_string(f->expected));
    json_object_set_new(o, "actual", json_string(f->actual));
    put(o, "cycle", f->cycle);
    if (f->access != UINT64_MAX) {
        put(o, "access", f->access);
        put(o, "record", f->record);
    }
    json_object_set_new(o, "bundle", about_text(r->bundle));
    return o;
}

static json_t *speed_json(const struct results *r)
{
    json_t *o = json_object();
    json_object_set_new(o, "cpu_seconds", json_real(r->seconds));
    if (r->alone_seconds > 0) {
        json_object_set_new(o, "dut_alone_cpu_seconds", json_real(r->alone_seconds));
        put(o, "dut_alone_cycles", r->alone_cycles);
    }
    return o;
}

static json_t *digest(uint64_t value, bool known)
{
    char text[24];
    if (!known)
        return json_null();
    snprintf(text, sizeof text, "%016" PRIx64, value);
    return json_string(text);
}

static json_t *slices_json(const struct slices_counts *s)
{
    json_t *o = json_object();
    put(o, "slices", s->slices);
    put(o, "boundaries_equal", s->boundaries);
    json_object_set_new(o, "model_cpu_seconds", json_real(s->model_seconds));
    json_object_set_new(o, "lockstep_cpu_seconds", json_real(s->lockstep_seconds));
    json_object_set_new(o, "wall_seconds", json_real(s->wall_seconds));
    if (s->jobs) {
        put(o, "jobs", s->jobs);
        return o;
    }
    put(o, "slice", s->number);
    put(o, "from_cycle", s->from);
    put(o, "to_cycle", s->to);
    json_object_set_new(o, "begins", digest(s->begins, s->number > 0));
    json_object_set_new(o, "ends", digest(s->ends, s->number + 1 < s->slices));
    return o;
}

static json_t *build(const struct results *r)
{
    static const char *const verdicts[] = {"equal",     "mismatch",   "hang",       "interrupted",
                                           "bad input", "cannot run", "incomplete", "host failed"};
    json_t *root = about_json(CFG_NAME);
    json_object_set_new(root, "command", json_string(r->command));
    json_object_set_new(root, "trace", r->setup->trace ? about_text(r->setup->trace) : json_null());
    json_object_set_new(root, "dut", r->dut ? json_string(r->dut) : json_null());
    if (r->about.simulator) {
        json_object_set_new(root, "simulator", json_string(r->about.simulator));
        put(root, "evaluations_per_clock", r->about.evaluations);
    }
    json_object_set_new(root, "check", r->dut ? json_string(check_name(r->setup->check)) : json_null());
    json_object_set_new(root, "memory", json_string(r->setup->memory_name));
    put(root, "seed", r->setup->seed);
    json_object_set_new(root, "verdict", json_string(verdicts[r->verdict]));
    put(root, "mismatches", r->verdict == VERDICT_MISMATCH);
    put(root, "cycles_model", r->cycles_ref);
    put(root, "cycles_dut", r->cycles_dut);
    put(root, "cycles_skipped", r->skipped);
    put(root, "states_compared", r->state_compared);
    put(root, "memory_requests_compared", r->events_compared);
    if (r->random)
        json_object_set_new(root, "random", random_json(r->random));
    else
        json_object_set_new(root, "replay", world_json(r));
    if (!r->random && !r->has_os)
        json_object_set_new(root, "own_tables", report_own_json(r));
    if (r->own_clock)
        json_object_set_new(root, "device", report_device_json(r));
    json_object_set_new(root, "mmu", mmu_json(&r->mmu));
    json_object_set_new(root, "walks", walks_json(r));
    json_object_set_new(root, "speed", speed_json(r));
    if (r->slices)
        json_object_set_new(root, "slices", slices_json(r->slices));
    if (r->kernel)
        json_object_set_new(root, "kernel", kernel_report_json(r->kernel));
    if (r->finding.kind != FINDING_NONE)
        json_object_set_new(root, "finding", finding_json(r));
    if (*r->error)
        json_object_set_new(root, "error", about_text(r->error));
    return root;
}

bool report_json(const char *path, const struct results *r)
{
    struct outfile out;
    return outfile_open(&out, "json", path) && about_write(build(r), JSON_INDENT(2), &out);
}
