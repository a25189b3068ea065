/* Two profiles side by side: see compare.h. */
#include "compare.h"

#include <argp.h>
#include <inttypes.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "allow.h"
#include "base/about.h"
#include "base/arguments.h"
#include "base/exits.h"
#include "difference.h"
#include "marks.h"
#include "mmu_cfg.h"
#include "report/rows.h"
#include "traces/format/plain.h"

static const char *const sources[] = {"L1", "STLB", "walk", "merged"};
static const char *const kinds[] = {"ok", "#GP", "#PF", "memory error"};
static const char *const accs[] = {"load", "store", "fetch"};

struct wishes {
    const char *path[2], *json;
    struct allow allow;
    unsigned worst;
};

/* ---- command line -------------------------------------------------------------------------------------------------
 */

enum { KEY_JSON = 256, KEY_ALLOW, KEY_WORST };

static const struct argp_option options[] = {
    {"json", KEY_JSON, "FILE", 0, "Write the comparison as JSON too (-: standard output)", 0},
    {"allow", KEY_ALLOW, "RULES", 0,
     "What may differ: NAME<=+N%, NAME>=-N% or without % in absolute numbers, separated by blanks or semicolons; NAME "
     "is "
     "cycles or an entry of the ledger (l1, stlb, walk, read1, …). Exit status 1 when one is broken",
     0},
    {"worst", KEY_WORST, "N", 0, "Show the N accesses that lost most, and won most (10)", 0},
    {0},
};

static error_t parse(int key, char *text, struct argp_state *state)
{
    struct wishes *w = state->input;
    char error[256];
    switch (key) {
    case KEY_JSON:
        w->json = text;
        return 0;
    case KEY_ALLOW:
        if (!allow_parse(&w->allow, text, error, sizeof error))
            argp_error(state, "--allow=%s: %s", text, error);
        return 0;
    case KEY_WORST:
        w->worst = (unsigned)arguments_number(state, "worst", text, 0, DIFFERENCE_WORST_MOST, false);
        return 0;
    case ARGP_KEY_ARG:
        if (state->arg_num > 1)
            argp_error(state, "%s: two profiles at a time", text);
        w->path[state->arg_num] = text;
        return 0;
    case ARGP_KEY_END:
        if (state->arg_num < 2)
            argp_error(state, "two profiles are needed, the base's and the head's");
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

/* ---- table --------------------------------------------------------------------------------------------------------
 */

static void row(FILE *out, const char *name, uint64_t base, uint64_t head, uint64_t all)
{
    char percent[32] = "";
    if (base)
        snprintf(percent, sizeof percent, "%+8.2f %%", 100 * ((double)head - (double)base) / (double)base);
    const uint64_t by = head > base ? head - base : base - head;
    fprintf(out, "  %-38s %16s %16s %c%15s %11s", name, report_number(base), report_number(head),
            head > base   ? '+'
            : head < base ? '-'
                          : ' ',
            report_number(by), percent);
    if (all && by)
        fprintf(out, "  %+7.2f %% of all", 100 * ((double)head - (double)base) / (double)all);
    fputc('\n', out);
}

static void print_cycles(FILE *out, const struct difference *d)
{
    fprintf(out, "  %-38s %16s %16s %16s\n", "cycles, by what the program waited for", "base", "head", "difference");
    for (unsigned i = 0; i < LEDGER_ENTRIES; i++)
        if (d->books[0].total[i] || d->books[1].total[i])
            row(out, ledger_entry_name((enum ledger_entry)i), d->books[0].total[i], d->books[1].total[i],
                d->books[0].cycles);
    row(out, "sum", d->books[0].cycles, d->books[1].cycles, 0);
}

/* By the level of the entry; [0]: of no access in flight. */
static const char *const levels[LEDGER_LEVELS] = {"of no access in flight", "PTE", "PDE", "PDPTE", "PML4E", "PML5E"};

static void print_requests(FILE *out, const struct difference *d)
{
    fputs("  memory requests\n", out);
    for (unsigned i = LEDGER_LEVELS; i-- > 0;)
        if (d->books[0].requests[i] || d->books[1].requests[i]) {
            char name[64];
            snprintf(name, sizeof name, "  reads, %s", levels[i]);
            row(out, name, d->books[0].requests[i], d->books[1].requests[i], 0);
        }
    row(out, "  updates of A and D", d->books[0].updates, d->books[1].updates, 0);
}

static void print_moves(FILE *out, const struct difference *d)
{
    bool any = false;
    for (unsigned a = 0; a < 4; a++)
        for (unsigned b = 0; b < 4; b++)
            if (a != b && d->moved[a][b]) {
                char name[64];
                if (!any)
                    fprintf(out, "  found elsewhere than before\n");
                any = true;
                snprintf(name, sizeof name, "  %s, then %s", sources[a], sources[b]);
                report_row(out, name, "%15s  accesses", report_number(d->moved[a][b]));
            }
    if (!any)
        fprintf(out, "  every translation was found where it was found before\n");
}

static void print_latency(FILE *out, const struct difference *d)
{
    static const double shares[] = {0.5, 0.9, 0.99, 0.999};
    static const char *const names[] = {"latency, median", "latency, 90 %", "latency, 99 %", "latency, 99.9 %"};
    for (unsigned i = 0; i < 4; i++)
        row(out, names[i], histogram_percentile(&d->latency[0], shares[i]),
            histogram_percentile(&d->latency[1], shares[i]), 0);
    row(out, "latency, most", d->latency[0].max, d->latency[1].max, 0);
}

static void print_access(FILE *out, const struct difference_access *a)
{
    const struct record_access *x = &a->side[0], *y = &a->side[1];
    fprintf(out, "    access %" PRIu64 " (record %" PRIu64 "), %s 0x%" PRIx64 ": %" PRIu64 " -> %" PRIu64 " cycles",
            a->number, x->record, accs[x->acc % 3], x->va, a->cycles[0], a->cycles[1]);
    fprintf(out, "; %s -> %s;", sources[x->src & 3], sources[y->src & 3]);
    for (unsigned i = 0; i < LEDGER_ENTRIES; i++)
        if (x->by[i] != y->by[i])
            fprintf(out, " %s %u -> %u", ledger_entry_key((enum ledger_entry)i), x->by[i], y->by[i]);
    fputc('\n', out);
}

static void print_worst(FILE *out, const char *what, const struct difference_access *list, unsigned count)
{
    if (count)
        fprintf(out, "  %s\n", what);
    for (unsigned i = 0; i < count; i++)
        print_access(out, &list[i]);
}

static void print_unequal(FILE *out, const struct difference *d)
{
    const struct difference_access *a = &d->first_unequal;
    if (d->accesses[0] != d->accesses[1])
        fprintf(out, "  DIFFERENT: %s accesses in the base, %s in the head\n", report_number(d->accesses[0]),
                report_number(d->accesses[1]));
    if (!d->unequal)
        return;
    fprintf(out,
            "  DIFFERENT: %s translations; the first is access %" PRIu64 " (record %" PRIu64 "), %s 0x%" PRIx64 "\n",
            report_number(d->unequal), a->number, a->side[0].record, accs[a->side[0].acc % 3], a->side[0].va);
    for (unsigned i = 0; i < 2; i++)
        fprintf(out, "    %s  %s 0x%" PRIx64 ", page size %u\n", i ? "head" : "base", kinds[a->side[i].kind & 3],
                a->side[i].addr, a->side[i].size);
}

static void print_all(FILE *out, const struct wishes *w, const struct difference *d)
{
    fprintf(out, "twinwalk compare: base %s, head %s\n", plain(w->path[0]), plain(w->path[1]));
    report_row(out, "accesses compared", "%15s", report_number(d->accesses[0]));
    print_unequal(out, d);
    print_cycles(out, d);
    print_requests(out, d);
    print_moves(out, d);
    print_latency(out, d);
    print_worst(out, "accesses that lost most", d->lost, d->losers);
    print_worst(out, "accesses that won most", d->won, d->winners);
    if (d->marks_differ)
        fprintf(out, "  the pins were equal up to cycle %s at least, and differ within the %u cycles after\n",
                report_number(d->pins_equal_to), MARKS_EVERY);
    else
        fprintf(out, "  the pins were equal in every cycle\n");
}

/* ---- JSON ---------------------------------------------------------------------------------------------------------
 */

static json_t *pair(uint64_t base, uint64_t head)
{
    return json_pack("[I, I]", (json_int_t)base, (json_int_t)head);
}

static json_t *access_json(const struct difference_access *a)
{
    json_t *by = json_object();
    for (unsigned i = 0; i < LEDGER_ENTRIES; i++)
        if (a->side[0].by[i] || a->side[1].by[i])
            json_object_set_new(by, ledger_entry_key((enum ledger_entry)i), pair(a->side[0].by[i], a->side[1].by[i]));
    return json_pack("{s:I, s:I, s:I, s:s, s:[s, s], s:o, s:o, s:o}", "access", (json_int_t)a->number, "record",
                     (json_int_t)a->side[0].record, "va", (json_int_t)a->side[0].va, "kind", accs[a->side[0].acc % 3],
                     "found", sources[a->side[0].src & 3], sources[a->side[1].src & 3], "cycles",
                     pair(a->cycles[0], a->cycles[1]), "latency", pair(a->side[0].latency, a->side[1].latency),
                     "ledger", by);
}

static json_t *list_json(const struct difference_access *list, unsigned count)
{
    json_t *all = json_array();
    for (unsigned i = 0; i < count; i++)
        json_array_append_new(all, access_json(&list[i]));
    return all;
}

/* Latencies that occurred: [cycles, base, head]; the last bin holds all beyond. */
static json_t *latency_json(const struct difference *d)
{
    json_t *all = json_array();
    for (unsigned i = 0; i < HISTOGRAM_BINS; i++)
        if (d->latency[0].bin[i] || d->latency[1].bin[i])
            json_array_append_new(all, json_pack("[i, I, I]", (int)i, (json_int_t)d->latency[0].bin[i],
                                                 (json_int_t)d->latency[1].bin[i]));
    return all;
}

static json_t *build(const struct wishes *w, const struct difference *d, const char *const description[2],
                     const json_t *broken)
{
    json_t *ledger = json_object(), *moved = json_object(), *reads = json_object();
    for (unsigned i = LEDGER_LEVELS; i-- > 0;)
        json_object_set_new(reads, levels[i], pair(d->books[0].requests[i], d->books[1].requests[i]));
    for (unsigned i = 0; i < LEDGER_ENTRIES; i++)
        json_object_set_new(ledger, ledger_entry_key((enum ledger_entry)i),
                            pair(d->books[0].total[i], d->books[1].total[i]));
    for (unsigned a = 0; a < 4; a++)
        for (unsigned b = 0; b < 4; b++) {
            char name[32];
            snprintf(name, sizeof name, "%s -> %s", sources[a], sources[b]);
            if (d->moved[a][b])
                json_object_set_new(moved, name, json_integer((json_int_t)d->moved[a][b]));
        }
    json_t *names = json_object();
    for (unsigned i = 0; i < LEDGER_ENTRIES; i++)
        json_object_set_new(names, ledger_entry_key((enum ledger_entry)i),
                            json_string(ledger_entry_name((enum ledger_entry)i)));
    json_t *root =
        json_pack("{s:s, s:[o, o], s:[o, o], s:o, s:I, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:b, s:I, s:O}",
                  "command", "compare", "profiles", about_text(w->path[0]), about_text(w->path[1]), "ran",
                  json_loads(description[0], 0, NULL), json_loads(description[1], 0, NULL), "accesses",
                  pair(d->accesses[0], d->accesses[1]), "unequal", (json_int_t)d->unequal, "cycles",
                  pair(d->books[0].cycles, d->books[1].cycles), "ledger", ledger, "names", names, "reads", reads,
                  "updates", pair(d->books[0].updates, d->books[1].updates), "moved", moved, "latency", latency_json(d),
                  "lost", list_json(d->lost, d->losers), "won", list_json(d->won, d->winners), "pins_differ",
                  d->marks_differ, "pins_equal_to", (json_int_t)d->pins_equal_to, "broken", broken);
    if (root && d->unequal)
        json_object_set_new(root, "first_unequal", access_json(&d->first_unequal));
    if (root && d->any_cycles)
        json_object_set_new(root, "first_cycles", access_json(&d->first_cycles));
    return root;
}

/* ---- the verb -----------------------------------------------------------------------------------------------------
 */

static int judge(const struct wishes *w, const struct difference *d, const char *const description[2])
{
    FILE *out = outfile_table(w->json);
    json_t *broken = json_array();
    print_all(out, w, d);
    const bool kept = allow_judge(&w->allow, d, out, broken);
    int status = d->unequal || d->accesses[0] != d->accesses[1] || !kept ? STATUS_MISMATCH
                 : d->accesses[0] == 0                                   ? STATUS_INCOMPLETE
                                                                         : STATUS_EQUAL;
    if (w->json && !about_save(CFG_NAME, w->json, build(w, d, description, broken)) && status == STATUS_EQUAL)
        status = STATUS_OUTPUT;
    json_decref(broken);
    return status;
}

int compare_command(int argc, char **argv)
{
    static const struct argp argp = {options,
                                     parse,
                                     "BASE.profile HEAD.profile",
                                     "Lays two profiles of one trace side by side (`twinwalk profile --records=FILE`).",
                                     NULL,
                                     NULL,
                                     NULL};
    struct wishes w = {.worst = 10};
    static struct difference d;
    const char *description[2];
    struct records_reader *reader[2] = {NULL, NULL};
    char error[512] = "";
    arguments_parse(&argp, argc, argv, &w);
    const struct outfile_use files[] = {{"", w.path[0], OUTFILE_READ},
                                        {"", w.path[1], OUTFILE_READ},
                                        {"json", w.json, OUTFILE_WRITE}};
    if (!outfile_apart(files, 3))
        return STATUS_USAGE;
    d = (struct difference){.worst_wanted = w.worst};
    bool good = true;
    for (unsigned i = 0; i < 2 && good; i++)
        good = (reader[i] = records_open(w.path[i], &description[i], error, sizeof error)) != NULL;
    good = good && difference_read(&d, reader[0], reader[1], error, sizeof error);
    if (!good)
        fprintf(stderr, "twinwalk: %s\n", plain(error));
    const int status = good ? judge(&w, &d, description) : STATUS_INPUT;
    for (unsigned i = 0; i < 2; i++)
        records_release(reader[i]);
    return status;
}
