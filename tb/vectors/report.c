/* What `twinwalk vectors` says: failures, the score of each engine, JSON. */
#include "vectors.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/about.h"
#include "mmu_cfg.h"
#include "traces/format/format.h"
#include "traces/format/plain.h"
#include "traces/format/text_names.h"

/* The failing record, in the words of the text form. */
static void record_text(char line[TEXT_LINE], const struct vector_step *s)
{
    const size_t n = text_put_record(line, &s->rec, &s->extra);
    line[n - 1] = 0; /* its line end */
}

static void place_text(char *text, size_t size, const struct vector *v, size_t at)
{
    const struct vector_step *s = &v->step[at];
    if (s->line)
        snprintf(text, size, "%s:%" PRIu64, plain(v->file), s->line);
    else
        snprintf(text, size, "%s: record %" PRIu64, plain(v->file), s->record);
}

void vector_report_failure(FILE *out, const char *engine, const struct vector *v, const struct vector_verdict *verdict)
{
    char line[TEXT_LINE], place[600];
    record_text(line, &v->step[verdict->at]);
    place_text(place, sizeof place, v, verdict->at);
    fprintf(out, "FAILED on %s: %s\n  %s: %s\n  differs   %s\n  expected  %s\n  got       %s\n", engine,
            plain(vector_case(v)->name), place, line, verdict->field, verdict->expected, verdict->got);
    if (verdict->carried_over)
        fprintf(out, "  It passes after a reset: the device keeps something of the cases before that this one has told "
                     "it to drop.\n");
}

/* Calls say for every need that was not met, with its spelling and its count. */
static void each_need(const uint64_t needs[8], const uint64_t lacks[8], uint64_t paddr,
                      void (*say)(void *context, const char *need, uint64_t count), void *context)
{
    char word[32];
    for (unsigned i = 0; i < 8; i++)
        if (needs[i])
            say(context, name_of(text_features, 1u << i), needs[i]);
    for (unsigned i = 0; i < 8; i++) {
        snprintf(word, sizeof word, "no-%s", name_of(text_features, 1u << i));
        if (lacks[i])
            say(context, 1u << i == TRACE_AMD ? "intel" : word, lacks[i]);
    }
    if (paddr)
        say(context, "another MAXPHYADDR", paddr);
}

struct list {
    FILE *file;
    const char *before;
    bool count;
};

static void say_need(void *context, const char *need, uint64_t count)
{
    struct list *list = context;
    fprintf(list->file, "%s%s", list->before, need);
    if (list->count)
        fprintf(list->file, " %" PRIu64, count);
    list->before = ", ";
}

void vector_report_score(FILE *out, const struct vector_score *s)
{
    struct list list = {out, " (needs ", true};
    fprintf(out, "%-8s %" PRIu64 " cases, %" PRIu64 " passed, %" PRIu64 " failed, %" PRIu64 " skipped", s->engine,
            s->cases, s->passed, s->failed, s->skipped);
    each_need(s->needs, s->lacks, s->paddr, say_need, &list);
    fprintf(out, "%s", s->skipped ? ")" : "");
    if (s->not_run)
        fprintf(out, ", %" PRIu64 " not run since it hung", s->not_run);
    if (s->passed + s->failed && s->seconds > 0)
        fprintf(out, "; %.0f cases/s", (double)(s->passed + s->failed) / s->seconds);
    fprintf(out, "\n");
}

/* ---- JSON ---- */

static void put_text(FILE *f, const char *s)
{
    json_t *text = about_text(s);
    json_dumpf(text, f, JSON_ENCODE_ANY);
    json_decref(text);
}

static void json_pair(FILE *f, const char *before, const char *key, const char *value)
{
    fprintf(f, "%s\"%s\": ", before, key);
    put_text(f, value);
}

void vector_json_begin(struct vector_json *json)
{
    json_t *head = about_json(CFG_NAME);
    char *text = json_dumps(head, JSON_COMPACT);
    fprintf(json->out.file, "%.*s,\n \"testcases\": [", text ? (int)strlen(text) - 1 : 1, text ? text : "{");
    free(text);
    json_decref(head);
}

static void place_pairs(FILE *f, const struct vector *v, size_t at)
{
    json_pair(f, ", ", "file", v->file);
    if (v->step[at].line)
        fprintf(f, ", \"line\": %" PRIu64, v->step[at].line);
    fprintf(f, ", \"record\": %" PRIu64, v->step[at].record);
}

void vector_json_case(struct vector_json *json, const char *engine, const struct vector *v,
                      const struct vector_unmet *unmet, const struct vector_verdict *verdict)
{
    FILE *f = json->out.file;
    char line[TEXT_LINE];
    fprintf(f, "%s\n  {", json->any ? "," : "");
    json->any = true;
    json_pair(f, "", "name", vector_case(v)->name);
    json_pair(f, ", ", "engine", engine);
    place_pairs(f, v, 0);
    const bool unfit = unmet->needs || unmet->lacks || unmet->paddr;
    json_pair(f, ", ", "status", unfit ? "skipped" : !verdict ? "not run" : verdict->passed ? "passed" : "failed");
    if (unfit) {
        uint64_t needs[8], lacks[8];
        struct list list = {f, "", false};
        for (unsigned i = 0; i < 8; i++) {
            needs[i] = unmet->needs >> i & 1;
            lacks[i] = unmet->lacks >> i & 1;
        }
        fprintf(f, ", \"needs\": \"");
        each_need(needs, lacks, unmet->paddr, say_need, &list);
        fprintf(f, "\"");
    } else if (verdict && !verdict->passed) {
        record_text(line, &v->step[verdict->at]);
        json_pair(f, ", ", "failure", line);
        fprintf(f, ", \"at\": {\"record\": %" PRIu64 ", \"line\": %" PRIu64 "}", v->step[verdict->at].record,
                v->step[verdict->at].line);
        json_pair(f, ", ", "expected", verdict->expected);
        json_pair(f, ", ", "got", verdict->got);
        fprintf(f, ", \"carried_over\": %s", verdict->carried_over ? "true" : "false");
    }
    fprintf(f, "}");
}

void vector_json_end(struct vector_json *json, const struct vector_score *scores, size_t engines, const char *error)
{
    FILE *f = json->out.file;
    fprintf(f, "\n ],\n \"testsuites\": [");
    for (size_t i = 0; i < engines; i++) {
        const struct vector_score *s = &scores[i];
        fprintf(f,
                "%s\n  {\"name\": \"%s\", \"tests\": %" PRIu64 ", \"passed\": %" PRIu64 ", \"failures\": %" PRIu64
                ", \"skipped\": %" PRIu64 ", \"not_run\": %" PRIu64 ", \"time\": %.6f}",
                i ? "," : "", s->engine, s->cases, s->passed, s->failed, s->skipped, s->not_run, s->seconds);
    }
    fprintf(f, "\n ]");
    if (error)
        json_pair(f, ",\n ", "error", error);
    fprintf(f, "}\n");
}
