/* One device, one trace, every cycle booked: see profile.h. */
#include "profile.h"

#include <ctype.h>
#include <errno.h>
#include <inttypes.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/about.h"
#include "base/exits.h"
#include "base/interrupt.h"
#include "base/progress.h"
#include "dut/dut_list.h"
#include "engine/lane.h"
#include "engine/pincmp.h"
#include "ledger.h"
#include "marks.h"
#include "records.h"
#include "replay/judge.h"
#include "report/rows.h"
#include "report/waveform.h"
#include "session/session.h"
#include "traces/format/plain.h"

enum { BURST = 1 << 14 };

struct profile {
    const struct setup *setup;
    const struct dut_ops *ops;
    struct dut *dut;
    struct world *world;
    struct ledger ledger;
    struct marks marks;
    struct records_writer *records;     /* NULL: not asked for */
    struct outfile pins;                /* likewise */
    uint64_t *explain;                  /* accesses to be explained, in ascending order, NULL: none … */
    size_t explain_next, explain_count; /* … the next one, and how many */
    bool output_failed;                 /* records are not whole: the disk is full */
    struct waveform waveform;
    bool waves_on, waves_failed, waves_begun;
    uint64_t pins_written; /* cycles */
};

static uint32_t narrow(uint64_t n)
{
    return n > UINT32_MAX ? UINT32_MAX : (uint32_t)n;
}

static int ascending(const void *a, const void *b)
{
    const uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;
    return (x > y) - (x < y);
}

/* Numbers with commas between, in any order. A status; not STATUS_EQUAL with a message. */
static int read_explain(struct profile *p, const char *list)
{
    p->explain = calloc(strlen(list) / 2 + 1, sizeof *p->explain);
    if (!p->explain)
        return fprintf(stderr, "twinwalk: --explain: out of memory\n"), STATUS_HOST;
    for (const char *at = list;; at++) {
        char *end;
        errno = 0;
        const uint64_t number = strtoull(at, &end, 10);
        if (!isdigit((unsigned char)*at) || errno || (*end && *end != ',')) {
            fprintf(stderr, "twinwalk: --explain=%s: must be numbers of accesses with commas between\n", plain(list));
            return STATUS_USAGE;
        }
        p->explain[p->explain_count++] = number;
        at = end;
        if (!*at)
            break;
    }
    qsort(p->explain, p->explain_count, sizeof *p->explain, ascending);
    return STATUS_EQUAL;
}

/* Is the access one of those whose walks are asked for? They come in ascending order too. */
static bool to_be_explained(struct profile *p, uint64_t number)
{
    bool found = false;
    for (; p->explain_next < p->explain_count && p->explain[p->explain_next] <= number; p->explain_next++)
        found = found || p->explain[p->explain_next] == number;
    return found;
}

/* As memory stands when the access is committed. */
static void explain(const struct profile *p, const struct ledger_access *a)
{
    const struct world *w = p->world;
    const struct oracle_access access = judge_access(a->slot);
    struct oracle_result result;
    oracle_translate(w->physmem, IMAGE_HW, &w->cpu, &w->regs, &access, &result);
    FILE *out = outfile_table(p->setup->json);
    fprintf(out, "walk of access %" PRIu64 ":\n", a->number);
    oracle_explain(out, &w->regs, &access, &result);
}

static void on_access(void *context, const struct ledger_access *a)
{
    struct profile *p = context;
    if (to_be_explained(p, a->number))
        explain(p, a);
    if (!p->records)
        return;
    struct record_access r = {.va = a->va,
                              .record = a->record,
                              .addr = a->addr,
                              .latency = narrow(a->latency),
                              .acc = a->acc,
                              .src = a->src,
                              .kind = a->kind,
                              .size = a->size};
    memcpy(r.by, a->by, sizeof r.by);
    if (!p->output_failed && !records_access(p->records, &r))
        p->output_failed = true;
}

static void waves(struct profile *p, uint64_t cycle)
{
    const struct setup *s = p->setup;
    if (!p->waves_on && !p->waves_failed && cycle >= s->waves_from && cycle <= s->waves_to) {
        p->waves_on = p->ops->waves_start && p->ops->waves_start(p->dut, p->waveform.part);
        p->waves_failed = !p->waves_on;
        p->waves_begun = true;
    } else if (p->waves_on && cycle > s->waves_to) {
        p->ops->waves_stop(p->dut);
        p->waves_on = false;
    }
}

static void on_cycle(void *context, const struct pins_out *out)
{
    struct profile *p = context;
    const uint64_t cycle = p->world->d.cycle;
    struct record_mark mark;
    ledger_cycle(&p->ledger, out);
    if (p->records && marks_cycle(&p->marks, cycle, out, &mark) && !p->output_failed &&
        !records_mark(p->records, &mark))
        p->output_failed = true;
    if (p->setup->waves)
        waves(p, cycle);
    if (p->pins.file && cycle >= p->setup->from && cycle <= p->setup->to) {
        p->pins_written++;
        fprintf(p->pins.file, "cycle %" PRIu64 "\n", cycle);
        pins_print(p->pins.file, out, &p->world->d.in);
    }
}

/* ---- what comes out -----------------------------------------------------------------------------------------------
 */

static uint64_t booked(const struct ledger *l)
{
    uint64_t sum = 0;
    for (unsigned i = 0; i < LEDGER_ENTRIES; i++)
        sum += l->total[i];
    return sum;
}

static void print_books(FILE *out, const struct profile *p)
{
    static const char *const level[] = {"of no access in flight", "PTE", "PDE", "PDPTE", "PML4E", "PML5E"};
    const struct ledger *l = &p->ledger;
    const double all = (double)booked(l);
    fprintf(out, "twinwalk profile: preset %s, DUT %s, memory %s, seed %" PRIu64 "\n  %s\n", CFG_NAME, p->ops->name,
            p->setup->memory_name, p->setup->seed, plain(p->setup->trace));
    report_row(out, "accesses", "%15s  judged by the oracle", report_number(p->world->counts.accesses));
    report_row(out, "cycles", "%15s", report_number(p->world->d.cycle));
    for (unsigned i = 0; i < LEDGER_ENTRIES; i++)
        if (l->total[i]) {
            char name[64];
            snprintf(name, sizeof name, "  %s", ledger_entry_name((enum ledger_entry)i));
            report_row(out, name, "%15s  %6.2f %%", report_number(l->total[i]), 100 * (double)l->total[i] / all);
        }
    for (unsigned i = LEDGER_LEVELS; i-- > 0;)
        if (l->requests[i]) {
            char name[64];
            snprintf(name, sizeof name, "reads, %s", level[i]);
            report_row(out, name, "%15s", report_number(l->requests[i]));
        }
    report_row(out, "updates of A and D", "%15s", report_number(l->updates));
}

static json_t *books_json(const struct profile *p, const struct finding *finding)
{
    static const char *const level[] = {"unknown", "pte", "pde", "pdpte", "pml4e", "pml5e"};
    static const char *const source[] = {"l1", "stlb", "walk", "merged"};
    const struct ledger *l = &p->ledger;
    json_t *cycles = json_object(), *reads = json_object(), *sources = json_object();
    for (unsigned i = 0; i < LEDGER_ENTRIES; i++)
        json_object_set_new(cycles, ledger_entry_key((enum ledger_entry)i), json_integer((json_int_t)l->total[i]));
    for (unsigned i = 0; i < LEDGER_LEVELS; i++)
        json_object_set_new(reads, level[i], json_integer((json_int_t)l->requests[i]));
    for (unsigned i = 0; i < 4; i++)
        json_object_set_new(sources, source[i], json_integer((json_int_t)l->sources[i][KIND_OK]));
    return json_pack("{s:s, s:s, s:o, s:s, s:s, s:I, s:I, s:I, s:o, s:o, s:I, s:o}", "command", "profile", "preset",
                     CFG_NAME, "trace", about_text(p->setup->trace), "dut", p->ops->name, "finding",
                     finding_name(finding->kind), "accesses", (json_int_t)p->world->counts.accesses, "faults",
                     (json_int_t)p->world->counts.faults_taken, "cycles", (json_int_t)p->world->d.cycle, "ledger",
                     cycles, "reads", reads, "updates", (json_int_t)l->updates, "sources", sources);
}

/* ---- the run ------------------------------------------------------------------------------------------------------
 */

static bool open_outputs(struct profile *p)
{
    const struct setup *s = p->setup;
    if (s->records) {
        json_t *is = json_pack("{s:s, s:o, s:s, s:s, s:I}", "preset", CFG_NAME, "trace", about_text(s->trace), "dut",
                               p->ops->name, "memory", s->memory_name, "seed", (json_int_t)s->seed);
        char *line = is ? json_dumps(is, JSON_COMPACT) : NULL;
        if (!line)
            outfile_complain("records", s->records, "out of memory");
        p->records = line ? records_create(s->records, line) : NULL;
        free(line);
        json_decref(is);
        if (!p->records)
            return false;
    }
    return (!s->pins || outfile_open(&p->pins, "pins", s->pins)) &&
           (!s->waves || waveform_open(&p->waveform, s->waves));
}

static bool close_outputs(struct profile *p, bool whole)
{
    bool good = true;
    const struct ledger *l = &p->ledger;
    struct record_end end = {.cycles = p->world->d.cycle, .updates = l->updates};
    memcpy(end.total, l->total, sizeof end.total);
    memcpy(end.requests, l->requests, sizeof end.requests);
    if (p->records && whole && !records_mark(p->records, &(struct record_mark){end.cycles, p->marks.hash}))
        p->output_failed = true;
    if (p->records)
        good = records_close(p->records, whole && !p->output_failed ? &end : NULL) || !whole;
    good &= outfile_keep(&p->pins);
    if (p->setup->waves && !waveform_keep(&p->waveform, p->waves_begun, 0) && p->waves_begun)
        good = false;
    return good;
}

static void replay(struct profile *p, struct lane *lane)
{
    struct progress progress;
    progress_start(&progress, "records");
    lane_start(lane);
    while (!interrupt_count && !p->output_failed && lane_advance(lane, BURST))
        progress_show(&progress, p->world->d.done, p->world->d.total, p->world->d.cycle);
    progress_end(&progress);
    ledger_end(&p->ledger);
    if (p->waves_on)
        p->ops->waves_stop(p->dut);
}

/* Says how it ended, and gives the status. */
static int verdict(const struct profile *p, const struct finding *finding)
{
    const struct world *w = p->world;
    char access[64];
    if (w->broken) {
        fprintf(stderr, "twinwalk: %s: %s\n", plain(p->setup->trace), plain(w->error));
        return w->status;
    }
    if (finding->kind != FINDING_NONE) {
        FILE *out = outfile_table(p->setup->json);
        fprintf(out, "\n  MISMATCH (%s) in cycle %" PRIu64 ": %s: expected %s, actual %s", finding_name(finding->kind),
                finding->cycle, finding->field, finding->expected, finding->actual);
        if (finding->access != UINT64_MAX) {
            finding_access(finding, access, sizeof access);
            fprintf(out, "; access %" PRIu64 ": %s at 0x%" PRIx64, finding->access, access, finding->va);
        }
        fputc('\n', out);
        return STATUS_MISMATCH;
    }
    if (interrupt_count)
        return STATUS_INTERRUPTED;
    if (w->counts.accesses == 0) {
        fprintf(stderr, "twinwalk: %s: nothing was translated\n", plain(p->setup->trace));
        return STATUS_INCOMPLETE;
    }
    const struct setup *s = p->setup;
    if ((s->pins && !p->pins_written) || (s->waves && !p->waves_begun)) {
        fprintf(stderr,
                "twinwalk: %s: the run ended in cycle %" PRIu64 ", and no cycle of those for %s was stepped through\n",
                plain(s->trace), w->d.cycle, s->pins && !p->pins_written ? "--pins" : "--waves");
        return STATUS_INCOMPLETE;
    }
    if (p->explain_next < p->explain_count) {
        fprintf(stderr, "twinwalk: %s: --explain: the run ended before access %" PRIu64 "\n", plain(s->trace),
                p->explain[p->explain_next]);
        return STATUS_INCOMPLETE;
    }
    fprintf(outfile_table(s->json), "\n  Every translation is right, and every cycle is booked.\n");
    return STATUS_EQUAL;
}

int profile_run(const struct setup *setup)
{
    static struct profile p;
    const char *why = "";
    char error[512];
    int status = STATUS_HOST;
    if (setup->dense && !setup->pins)
        return fprintf(stderr, "twinwalk: --from and --to are for --pins=FILE, which is missing\n"), STATUS_USAGE;
    p = (struct profile){.setup = setup, .ops = setup->dut ? dut_find(setup->dut) : dut_number(0)};
    if (setup->explain && (status = read_explain(&p, setup->explain)) != STATUS_EQUAL) {
        free(p.explain);
        return status;
    }
    p.dut = p.ops ? p.ops->create(&why) : NULL;
    if (!p.dut)
        return fprintf(stderr, "twinwalk: no device under test: %s\n", why), STATUS_HOST;
    status = STATUS_HOST;
    p.world = session_world(setup, true, error, sizeof error, &status);
    if (!p.world) {
        fprintf(stderr, "twinwalk: %s\n", plain(error));
        p.ops->destroy(p.dut);
        return status;
    }
    interrupt_install();
    ledger_start(&p.ledger, p.world);
    if (setup->records || setup->explain) {
        p.ledger.listener = on_access;
        p.ledger.context = &p;
    }
    status = STATUS_OUTPUT;
    struct lane lane = {.driver = &p.world->d,
                        .ops = p.ops,
                        .dut = p.dut,
                        .skip = setup->skip,
                        .hang_after = setup->hang_after,
                        .watch = on_cycle,
                        .watcher = &p};
    if (open_outputs(&p)) {
        replay(&p, &lane);
        if (lane.finding.kind == FINDING_NONE && p.world->d.ended && !p.world->broken && !world_compare_memory(p.world))
            lane.finding = p.world->d.finding;
        print_books(outfile_table(setup->json), &p);
        status = verdict(&p, &lane.finding);
        const bool json = !setup->json || about_save(CFG_NAME, setup->json, books_json(&p, &lane.finding));
        if ((!close_outputs(&p, status == STATUS_EQUAL) || !json) && status == STATUS_EQUAL)
            status = STATUS_OUTPUT;
    }
    world_free(p.world);
    p.ops->destroy(p.dut);
    free(p.explain);
    return status;
}
